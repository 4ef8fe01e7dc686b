/* zone: the time zones of the world, as sorted tables: from which instant on local time has which offset from
 * UTC.
 *
 * Owns the reading of TZif files (RFC 9636), and decides which zone names are acceptable. Leaves to the
 * caller where the files are (main reads the TZDIR variable; NULL means ZONE_DIR_DEFAULT): nothing here
 * reads the environment or calls localtime, mktime or tzset. Leaves daylight-saving policy to cron.
 *
 * A zone is built from the file's 64-bit block, then from its POSIX-TZ footer, year by year to the end of
 * 2200. Changes that keep the offset (another abbreviation, another is-DST flag) are dropped. Leap seconds do
 * not exist.
 *
 * Life cycle: zone_load or zone_parse makes a zone, zone_free ends it. In between it never changes, so any
 * thread may read it. Programs with many users of few zones take them from a registry (struct zones), which
 * reads each file once and owns the result. One thread at a time may use a registry.
 *
 * Depends only on libc (POSIX for opening files): lib/zone can be copied into another program, with or
 * without lib/cron.
 */
#ifndef DRONC_ZONE_H
#define DRONC_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_NAME_MAX    64                    /* bytes in a zone's name, without the NUL */
#define ZONE_FILE_MAX    ((size_t)256 * 1024)  /* a larger file is refused */
#define ZONE_DIR_DEFAULT "/usr/share/zoneinfo" /* where zones are read from by default */
#define ZONE_OFFSET_MAX  93599 /* seconds; no offset is further from UTC, in either direction */
#define ZONE_STAMP_SIZE  32    /* bytes that zone_format needs, with the NUL */

#define ZONE_MUST_CHECK  __attribute__((warn_unused_result))

enum zone_err {
    ZONE_OK = 0,  /* done */
    ZONE_NAME,    /* the name breaks the grammar, or is one of the refused ones */
    ZONE_UNKNOWN, /* there is no such file, or it is not a regular one */
    ZONE_FORMAT,  /* the file is not a valid TZif file, or larger than ZONE_FILE_MAX */
    ZONE_IO,      /* the file is there but cannot be read; errno has the reason */
    ZONE_NOMEM    /* out of memory */
};

/* A stretch of constant offset. It ends where the next one starts; the last one never ends. */
struct zone_segment {
    int64_t start_s;  /* first instant, seconds since the epoch; INT64_MIN in the first segment */
    int32_t offset_s; /* local time minus UTC, in seconds; within +-ZONE_OFFSET_MAX */
};

struct zone;

/* A phrase for a code: "unknown time zone", … Static storage. */
const char *zone_err_text(enum zone_err code);

/* True if a name follows the grammar: segments of letters, digits, '_', '+', '-' that begin with a letter,
 * joined by single '/', at most ZONE_NAME_MAX bytes; and is none of posix/..., right/..., localtime,
 * posixrules, Factory, Local. Such a name cannot leave the directory in which it is looked up. Does not check
 * that the zone exists. */
bool zone_name_is_valid(const char *name, size_t len);

/* UTC, which needs no file. Static storage; zone_free ignores it. */
const struct zone *zone_utc(void);

/* Read zone `name` from directory tzdir (borrowed; NULL or "": ZONE_DIR_DEFAULT). "UTC" needs no file. The
 * file must be regular; symbolic links are followed. *out returns owned on ZONE_OK, and is NULL on anything
 * else. */
ZONE_MUST_CHECK enum zone_err zone_load(struct zone **out, const char *tzdir, const char *name);

/* As zone_load, from the bytes of a TZif file (borrowed until return), which may be hostile: ZONE_FORMAT if
 * any count, index, offset or order is invalid. Files of version 1 (32-bit, no footer) are read as far as
 * they go, to 2037. Files with leap seconds are refused. name must be valid. */
ZONE_MUST_CHECK enum zone_err zone_parse(struct zone **out, const char *name, const unsigned char *bytes,
                                         size_t len);

/* Free a zone from zone_load or zone_parse; not one that a registry owns. NULL is fine. */
void zone_free(struct zone *zone);

/* The name by which it was loaded. Lives as long as the zone. */
const char *zone_name(const struct zone *zone);

/* The segments, ascending; neighbours have different offsets; at least one. They live as long as the zone. */
const struct zone_segment *zone_segments(const struct zone *zone, size_t *count);

/* The index of the segment that contains an instant. A table by 194-day periods leads to it: constant time
 * for real zones, logarithmic for hostile ones. */
size_t zone_segment_at(const struct zone *zone, int64_t instant_s);

/* The seconds east of UTC at an instant. */
int32_t zone_offset_at(const struct zone *zone, int64_t instant_s);

/* True if both have the same segments, whatever their names. */
bool zone_equal(const struct zone *a, const struct zone *b);

/* Write the instant in RFC 3339 as local time: "2026-03-08T03:00:00-04:00"; "…Z" in a zone that is always
 * UTC, or for zone NULL. An old offset with seconds (+00:19:32) is cut to minutes, and the clock time
 * changed with it, so that the text still denotes the instant exactly. Returns false, with buf "", if the
 * local year is outside 0000-9999. */
ZONE_MUST_CHECK bool zone_format(const struct zone *zone, int64_t instant_s, char buf[ZONE_STAMP_SIZE]);

/* A registry: zones by name, each read once. */
struct zones;

/* Called by zones_reload for each zone that changed. Both are alive; `was` is retired. */
typedef void zones_changed_cb(void *arg, const char *name, const struct zone *was, const struct zone *now);

/* The result of a reload. */
struct zones_reload {
    size_t checked;    /* zones read again */
    size_t changed;    /* of them: replaced, because their segments differ */
    size_t failed;     /* of them: no longer readable; the old zone stays in use */
    const char *name;  /* one that failed, or NULL; valid until the next zones_reload or zones_sweep */
    enum zone_err err; /* why that one failed */
};

/* Make an empty registry for directory tzdir (copied; NULL or "": ZONE_DIR_DEFAULT). Returns owned; NULL if
 * memory runs out. */
struct zones *zones_new(const char *tzdir);

/* Free the registry and every zone it ever gave out. NULL is fine. */
void zones_free(struct zones *zones);

/* The zone of a name (len bytes, no NUL needed), read at the first request. *out is borrowed; it lives until
 * zones_free, or until a zones_sweep after the zone was retired. A failure is not remembered: the next call
 * tries again. */
ZONE_MUST_CHECK enum zone_err zones_get(struct zones *zones, const char *name, size_t len,
                                        const struct zone **out);

/* Read every zone again, and replace those whose segments differ: later zones_get calls give the new zone;
 * the old one is retired but stays valid; cb (may be NULL) gets both. Zones that did not change keep their
 * address. */
struct zones_reload zones_reload(struct zones *zones, zones_changed_cb *cb, void *arg);

/* Free the retired zones. The caller must not hold any of them. */
void zones_sweep(struct zones *zones);

#endif
