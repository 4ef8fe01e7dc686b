/* cron_internal: what the cron_*.c files share. Not for users of cron.h. */
#ifndef DRONC_CRON_INTERNAL_H
#define DRONC_CRON_INTERNAL_H

#include "cron/cron.h"
#include "cron/cron_span.h"

#define CRON_FLAG_EITHER    0x01U /* a day matches if one of the day fields does; else both must */
#define CRON_FLAG_NEVER     0x02U /* no date matches */
#define CRON_FLAG_DAY_RULES 0x04U /* the day fields use L, W or #: the slow way to a month's days */

#define CRON_ALL_SECONDS    ((UINT64_C(1) << 60) - 1)
#define CRON_ALL_HOURS      ((UINT32_C(1) << 24) - 1)
#define CRON_ALL_DAYS       UINT32_C(0xFFFFFFFE)
#define CRON_ALL_MONTHS     UINT32_C(0x1FFE)
#define CRON_ALL_DOW        UINT32_C(0x7F)
#define CRON_YEARS          (CRON_YEAR_LAST - CRON_YEAR_FIRST + 1)

#define CRON_NONE           INT64_MAX /* no such local time */

#define CRON_SMALL_S        ((int64_t)3 * 3600)   /* a larger jump is a calendar correction */
#define CRON_DAY_END        84006                 /* the day number of 2200-01-01 */
#define CRON_FIRST_S        (-3 * (int64_t)86400) /* before every instant of local year 1970 */
#define CRON_END_S          ((CRON_DAY_END + 3) * (int64_t)86400)

/* The fields, in the order of the seven-field form. */
enum cron_field {
    CRON_SECOND,
    CRON_MINUTE,
    CRON_HOUR,
    CRON_DOM,
    CRON_MONTH,
    CRON_DOW,
    CRON_YEAR,
    CRON_FIELD_COUNT
};

/* A set of values of one field: bit (value - base of the field), up to 256 of them. */
struct cron_set {
    uint64_t bits[4];
};

/* The state of one parse. */
struct cron_parser {
    const char *text;         /* the given text; offsets count from here */
    struct cron *out;         /* being filled */
    struct cron_error *error; /* may be NULL */
    const char *field;        /* name of the field being parsed, or "" */
    struct cron_span item;    /* the list item being parsed */
    bool dom_open, dow_open;  /* unrestricted: `?` or an item that is exactly `*` */
    bool both;                /* the `+` of day-of-week */
    bool question;            /* a `?` was seen */
    bool numeric_dow;         /* a weekday was given as a number */
};

/* Limits of a field. */
struct cron_limits {
    const char *name;  /* as in struct cron_error */
    uint16_t min, max; /* values that may be written */
    uint16_t top;      /* last value of `*` and `N/S` */
    uint16_t steps;    /* the largest step; an even step divides it */
};

/* The limits of a field. Static storage. */
const struct cron_limits *cron_limits_of(enum cron_field field);

static inline bool cron_set_has(const struct cron_set *set, unsigned bit)
{
    return (set->bits[bit >> 6 & 3] >> (bit & 63) & 1) != 0;
}

/* Add bits first, first + step … up to last; first <= last < 256, step > 0. */
void cron_set_add_range(struct cron_set *set, unsigned first, unsigned last, unsigned step);

/* The first bit of the set at or after `from`, or -1. */
int cron_set_next(const struct cron_set *set, unsigned from);

/* The end of a run of three or more neighbours that begins at bit `from`; `from` itself if there are
 * fewer. */
unsigned cron_set_run(const struct cron_set *set, unsigned from);

/* Bits first, first + step … last, `count` of them. */
struct cron_progression {
    unsigned first, last, step, count;
};

/* Read the set as a progression. Returns false if it is none, or empty. A single value has step 1. */
bool cron_set_progression(const struct cron_set *set, struct cron_progression *out);

/* The values of a field, bit n = the field's minimum + n (day-of-week: 0 = Sunday, never 7). */
struct cron_set cron_field_set(const struct cron *c, enum cron_field field);

/* True if the set holds every value of the field. */
bool cron_field_is_full(const struct cron *c, enum cron_field field);

/* Fill the parser's error (if wanted) and return code: "<field>: <text>, at character N". */
enum cron_code cron_fail(const struct cron_parser *p, enum cron_code code, struct cron_span where,
                         const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* As cron_fail: "'<where>' is not valid here (<hint>)". */
enum cron_code cron_fail_item(const struct cron_parser *p, enum cron_code code, struct cron_span where,
                              const char *hint);

/* As cron_fail: CRON_NAME, with the names that the field has. */
enum cron_code cron_fail_name(const struct cron_parser *p, enum cron_field field, struct cron_span where);

/* Parse one field's text (not empty) into p->out and the parser's flags. */
enum cron_code cron_parse_field(struct cron_parser *p, enum cron_field field, struct cron_span text);

/* Parse a single value of a field: a number, or a name if the field has names. */
enum cron_code cron_parse_value(struct cron_parser *p, enum cron_field field, struct cron_span text,
                                unsigned *out);

/* The value of a month's or weekday's name (any case, three letters or all), or -1. */
int cron_find_name(enum cron_field field, struct cron_span text);

/* Parse an item of day-of-month that has an L or W. */
enum cron_code cron_parse_dom_rule(struct cron_parser *p, struct cron_span item);

/* Parse an item of day-of-week that has a #. */
enum cron_code cron_parse_nth(struct cron_parser *p, struct cron_span item);

/* Parse an item of day-of-week that ends in L. */
enum cron_code cron_parse_last_weekday(struct cron_parser *p, struct cron_span item);

/* Parse the duration of @every. */
enum cron_code cron_parse_every(struct cron_parser *p, struct cron_span text);

/* The smallest local time (seconds since 1970-01-01 00:00:00 local) at or after local_s that matches, or
 * CRON_NONE. Pure calendar, no zone. */
int64_t cron_next_local(const struct cron *c, int64_t local_s);

/* The days of a month that match: bit n = day n. first_weekday: of day 1, 0 = Sunday; days: 28-31. */
uint32_t cron_month_days(const struct cron *c, unsigned days, unsigned first_weekday);

/* True if some date from 1970 to 2199 matches. */
bool cron_has_date(const struct cron *c);

/* A text that is written into a buffer that may be too small. */
struct cron_text {
    char *buf;
    size_t size; /* of buf; 0: nothing is written */
    size_t len;  /* of the text so far, including what does not fit */
};

/* Append formatted text, as far as it fits. The buffer always ends in NUL (if it has any room). */
void cron_put(struct cron_text *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for plain text, and for a decimal number. */
void cron_put_text(struct cron_text *out, const char *text);
void cron_put_number(struct cron_text *out, unsigned value);

#endif
