/* zone_internal: what the zone_*.c files share. Not for users of zone.h. */
#ifndef DRONC_ZONE_INTERNAL_H
#define DRONC_ZONE_INTERNAL_H

#include "zone/zone.h"

#define ZONE_LAST_YEAR    2200            /* footers are expanded to the end of this year */
#define ZONE_PERIOD_SHIFT 24              /* the lookup table has one entry per 2^24 s (194 days) … */
#define ZONE_PERIODS      ((size_t)435)   /* … from 1970 to the end of 2200 (and a little) */
#define ZONE_CHANGES_MAX  ((size_t)10000) /* a file with more is invalid: real ones have at most 250 */

struct zone {
    size_t count;                        /* segments, at least 1 */
    const struct zone_segment *segments; /* ascending; in the same allocation as the struct */
    uint16_t period[ZONE_PERIODS + 1];   /* segment that contains the first instant of each period */
    char name[ZONE_NAME_MAX + 1];        /* the one by which it was loaded */
};

/* A growing table of changes; sorted when it is complete. */
struct zone_builder {
    struct zone_segment *segments; /* owned */
    size_t count, room;
};

/* A day rule of a POSIX TZ string, with its time of day. */
struct zone_rule {
    enum zone_rule_kind {
        ZONE_RULE_MONTH,  /* Mm.w.d: day `day` of the week, the week'th (5: last) in the month */
        ZONE_RULE_JULIAN, /* Jn: day n = 1-365 of the year, 29 February never counted */
        ZONE_RULE_ORDINAL /* n = 0-365, 29 February counted */
    } kind;
    int month, week, day;
    int32_t time_s; /* local time of the change after that day's midnight; -167 h to 167 h */
};

/* A parsed POSIX TZ string. */
struct zone_posix {
    int32_t std_s, dst_s;            /* offsets east of UTC */
    bool has_dst;                    /* without it dst_s and the rules mean nothing */
    struct zone_rule to_dst, to_std; /* to_dst counts in standard time, to_std in daylight time */
};

/* Parse "EST5EDT,M3.2.0,M11.1.0" (len bytes). Returns false if it breaks the grammar of RFC 9636. Pure. */
bool zone_posix_parse(struct zone_posix *out, const char *text, size_t len);

/* The instant of a rule in a year; offset_s is the offset of local time before it. Pure. */
int64_t zone_rule_instant(const struct zone_rule *rule, int year, int32_t offset_s);

/* Append a change. Returns false if memory runs out. */
bool zone_builder_add(struct zone_builder *b, int64_t start_s, int32_t offset_s);

/* Append the footer's changes after the table's last one, to ZONE_LAST_YEAR. Returns false if memory runs
 * out. */
bool zone_posix_expand(const struct zone_posix *posix, struct zone_builder *b);

/* Read the directory's file of that (valid) name. *bytes returns owned (free). */
enum zone_err zone_read_file(const char *tzdir, const char *name, unsigned char **bytes, size_t *len);

#endif
