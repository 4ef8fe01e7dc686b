/* zone: the time zones of the world, as sorted tables of "from here on, local time is so far from UTC".
 *
 * Owns the reading of TZif files (RFC 9636) and what is learnt from them; decides which zone names are
 * acceptable. Leaves to the caller where the files are (main reads the TZDIR variable; NULL means
 * ZONE_DIR_DEFAULT): nothing here reads the environment or calls localtime, mktime or tzset. Leaves
 * daylight-saving policy to cron.
 *
 * A zone is built from the file's 64-bit block, then from its POSIX-TZ footer, year by year to the end of
 * 2200; changes that leave the offset as it is (another abbreviation, another is-DST flag) are dropped. Leap
 * seconds do not exist.
 *
 * Life cycle: zone_load or zone_parse makes a zone, zone_free ends it; in between it never changes, so any
 * thread may read it. Programs with many users of few zones take them from a registry (struct zones), which
 * reads each file once and owns the result. A registry is used by one thread at a time.
 *
 * Depends on libc (POSIX for opening files) and civil.h only: with cron*.{c,h} the files lib/zone*.{c,h} and
 * lib/zone/civil.h can be copied into another program.
 */
#ifndef DRONC_ZONE_H
#define DRONC_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_NAME_MAX    64                    /* bytes in a zone's name, without the NUL */
#define ZONE_FILE_MAX    ((size_t)256 * 1024)  /* a larger file is refused */
#define ZONE_DIR_DEFAULT "/usr/share/zoneinfo" /* where zones are read from, unless told otherwise */
#define ZONE_OFFSET_MAX  93599 /* seconds; no offset is further from UTC, in either direction */
#define ZONE_STAMP_SIZE  32    /* bytes that zone_format needs, with the NUL */

#define ZONE_MUST_CHECK  __attribute__((warn_unused_result))

enum zone_err {
    ZONE_OK = 0,  /* done */
    ZONE_NAME,    /* the name breaks the grammar, or is one of the refused ones */
    ZONE_UNKNOWN, /* there is no such file, or it is not a regular file */
    ZONE_FORMAT,  /* the file is not a sound TZif file, or larger than ZONE_FILE_MAX */
    ZONE_IO,      /* the file is there but cannot be read; errno says why */
    ZONE_NOMEM    /* out of memory */
};

/* One stretch of constant offset. The stretch ends where the next one starts, the last one never. */
struct zone_segment {
    int64_t start_s;  /* first instant, seconds since the epoch; INT64_MIN in the first segment */
    int32_t offset_s; /* seconds to add to UTC to get local time; within +-ZONE_OFFSET_MAX */
};

struct zone;

/* A phrase for a code: "unknown time zone", … Static storage. */
const char *zone_err_text(enum zone_err code);

/* Does a name follow the grammar: segments of letters, digits, '_', '+', '-' that begin with a letter, joined
 * by single '/', at most ZONE_NAME_MAX bytes; and none of posix/..., right/..., localtime, posixrules,
 * Factory, Local. Such a name cannot leave the directory it is looked up in. Does not look whether the zone
 * exists. */
bool zone_name_is_valid(const char *name, size_t len);

/* UTC, without any file. Static storage: never freed, and zone_free ignores it. */
const struct zone *zone_utc(void);

/* Read zone `name` from directory tzdir (borrowed; NULL or "": ZONE_DIR_DEFAULT). "UTC" needs no file. On
 * ZONE_OK *out is owned by the caller, on anything else *out is NULL. The file must be regular (symbolic
 * links are followed). */
ZONE_MUST_CHECK enum zone_err zone_load(struct zone **out, const char *tzdir, const char *name);

/* As zone_load, from the bytes of a TZif file (borrowed until return). All of them are treated as hostile:
 * ZONE_FORMAT if any count, index, offset or order is unsound. Version 1 files (32-bit, no footer) are read
 * as far as they go, to 2037. Files with leap seconds are refused. name must be valid. */
ZONE_MUST_CHECK enum zone_err zone_parse(struct zone **out, const char *name, const unsigned char *bytes,
                                         size_t len);

/* Free a zone from zone_load or zone_parse; not one that a registry owns. NULL is fine. */
void zone_free(struct zone *zone);

/* The name it was asked for by. Lives as long as the zone. */
const char *zone_name(const struct zone *zone);

/* The segments, ascending, neighbours always of different offset; at least one. Live as long as the zone. */
const struct zone_segment *zone_segments(const struct zone *zone, size_t *count);

/* Index of the segment that contains an instant. A table by 194-day periods leads to it: constant time for
 * real zones, logarithmic for hostile ones. */
size_t zone_segment_at(const struct zone *zone, int64_t instant_s);

/* Seconds east of UTC at an instant. */
int32_t zone_offset_at(const struct zone *zone, int64_t instant_s);

/* True if both have the same segments, whatever their names. */
bool zone_equal(const struct zone *a, const struct zone *b);

/* The instant in RFC 3339 as local time: "2026-03-08T03:00:00-04:00", and "…Z" in a zone that is always UTC
 * or for zone NULL. Where an old offset has seconds (+00:19:32) it is cut to minutes and the clock time
 * follows, so that the text still denotes the instant exactly. False, and buf is "", if the local year is
 * outside 0000-9999. */
ZONE_MUST_CHECK bool zone_format(const struct zone *zone, int64_t instant_s, char buf[ZONE_STAMP_SIZE]);

/* A registry: zones by name, each read once. */
struct zones;

/* Called by zones_reload for each zone that changed. Both are alive; `was` is retired. */
typedef void zones_changed_cb(void *arg, const char *name, const struct zone *was, const struct zone *now);

/* What a reload did. */
struct zones_reload {
    size_t checked;    /* zones read again */
    size_t changed;    /* of them: replaced since their segments differ */
    size_t failed;     /* of them: no longer readable; the zone as it was stays in use */
    const char *name;  /* one that failed, or NULL; valid until the next zones_reload or zones_sweep */
    enum zone_err err; /* why that one failed */
};

/* Make an empty registry for directory tzdir (copied; NULL or "": ZONE_DIR_DEFAULT). Returns owned, NULL: out
 * of memory. */
struct zones *zones_new(const char *tzdir);

/* Free the registry and every zone it ever gave out. NULL is fine. */
void zones_free(struct zones *zones);

/* The zone of a name (len bytes, no NUL needed), read at the first request. *out is borrowed and lives until
 * zones_free or until a zones_sweep after the zone was retired. A failure is not remembered: the next call
 * tries again. */
ZONE_MUST_CHECK enum zone_err zones_get(struct zones *zones, const char *name, size_t len,
                                        const struct zone **out);

/* Read every zone again. One whose segments differ is replaced: later zones_get calls give the new one, the
 * old one is retired, stays valid, and cb (may be NULL) is told. Zones that did not change keep their
 * address. */
struct zones_reload zones_reload(struct zones *zones, zones_changed_cb *cb, void *arg);

/* Free the retired zones. Only when the caller holds none of them any more. */
void zones_sweep(struct zones *zones);

#endif
