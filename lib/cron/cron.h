/* cron: schedules as text, and the instants that they mean.
 *
 * Owns the schedule language and the daylight-saving policy. Parses a schedule (cron_parse), finds its next
 * instant in a time zone (cron_next), and writes it in one canonical form (cron_print) and in English
 * (cron_describe). Leaves time zones to zone.h. Leaves to its callers reading the clock, opening the zone
 * that a prefix names, and refusing schedules that never fire (cron_never).
 *
 * Life cycle: none. A struct cron is plain data of 88 bytes without pointers, which may be copied and
 * dropped. All functions are pure: none allocates, does I/O, or reads the environment or the locale. Any
 * thread.
 *
 * Depends only on libc and zone.h: lib/cron and lib/zone can be copied into another program.
 *
 *
 * The language
 *
 *     schedule = [ ("CRON_TZ=" | "TZ=") zone space ] ( macro | "@every" space duration | fields )
 *
 *     5 fields          minute hour day-of-month month day-of-week
 *     6 fields   second minute hour day-of-month month day-of-week
 *     6 fields          minute hour day-of-month month day-of-week year   (if the last has a 4-digit number)
 *     7 fields   second minute hour day-of-month month day-of-week year
 *
 *     field         values           also
 *     second        0-59
 *     minute        0-59
 *     hour          0-23
 *     day-of-month  1-31             ?  L  L-3  15W  LW  L-3W
 *     month         1-12, JAN-DEC
 *     day-of-week   0-7, SUN-SAT     ?  5L  FRI#2  FRI#L  and a leading + ; 0 and 7 are Sunday
 *     year          1970-2199
 *
 * A field is a list of items with commas between them: `*`, `N`, `A-B`, each with an optional step `/S`.
 * `N/S` runs from N to the field's top. Ranges wrap (22-2, FRI-MON), except those of years. Names are
 * English, three letters or all of them, in any case. A space is any number of spaces and tabs.
 *
 *     macros     @yearly @annually @monthly @weekly @weekdays @weekends @daily @midnight @hourly @minutely
 *                @secondly
 *     durations  90s, 1.5h, 2m30s ... in d h m s ms us ns; 1 s to 10 years, whole seconds count
 *
 *     L     the last day of the month      L-3   three days before it
 *     15W   the weekday (Mon-Fri) nearest to the 15th, within the month; nothing if there is no such day
 *     LW    the last weekday               L-3W  the weekday nearest to three days before the last day
 *     5L    the last Friday of the month   5#2   the second Friday; 5#L is the last one
 *
 * Which days match: if both day fields are restricted, the days that match either of them. With a leading `+`
 * in day-of-week, or if one field is unrestricted (`?`, or a list with an item that is exactly `*`), the days
 * that match both.
 *
 *
 * Daylight saving
 *
 * Local time jumps at instant T, from offset A to offset B. A gap (B > A) skips local times [T+A, T+B), an
 * overlap (B < A) repeats local times [T+B, T+A). A jump of at most 3 hours is small. A schedule is hourly if
 * its hour field selects all 24 hours, however that is spelt; else it is wall-clock. Seven cases:
 *
 *   D1 hourly        It fires whenever local date and time match: nothing in a gap, both passes of an
 *                    overlap.
 *
 *   D2 overlap       A wall-clock schedule does not fire in the second pass of a small overlap.
 *
 *   D3 gap           A wall-clock schedule fires at T if a skipped time of a small gap matches: once, even if
 *                    several match, or T itself does.
 *
 *   D4 calendar      A jump of more than 3 hours is a correction of the calendar (Apia lost a day in 2011):
 *                    D1 for every schedule.
 *
 *   D5 offsets only  A change of only the abbreviation or the is-DST flag has no effect. Standard time that
 *                    moves (Moscow 2014) and negative daylight saving (Dublin) are jumps like any other.
 *
 *   D6 no memory     Asked from inside a second pass, a wall-clock schedule fires next after it, an hourly
 *                    one within it.
 *
 *   D7 far future    Jumps after the zone file's table follow from its footer, to the end of 2200.
 */
#ifndef DRONC_CRON_H
#define DRONC_CRON_H

#include "zone/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRON_TEXT_MAX     1024          /* bytes in a schedule's text, without spaces around it */
#define CRON_ZONE_MAX     ZONE_NAME_MAX /* bytes in the zone's name of a prefix, without the NUL */
#define CRON_YEAR_FIRST   1970          /* nothing fires before this local year … */
#define CRON_YEAR_LAST    2199          /* … or after this one */
#define CRON_PRINT_MAX    2048          /* a buffer that always suffices for cron_print */
#define CRON_DESCRIBE_MAX 2048          /* a buffer that always suffices for cron_describe */

/* Why a text was refused. */
enum cron_code {
    CRON_OK = 0,
    CRON_EMPTY,      /* only spaces */
    CRON_LENGTH,     /* more than CRON_TEXT_MAX bytes */
    CRON_CHAR,       /* a control character or a byte outside ASCII */
    CRON_FIELDS,     /* not 5, 6 or 7 fields */
    CRON_RANGE,      /* a number outside its field, or years in the wrong order */
    CRON_STEP,       /* a step of 0, or larger than its field */
    CRON_NAME,       /* an unknown name, or one of another field */
    CRON_SYNTAX,     /* not an item of the language */
    CRON_MODIFIER,   /* L, W or # where they have no meaning */
    CRON_MACRO,      /* an unknown macro, or text after one */
    CRON_DURATION,   /* not a duration, or outside 1 s to 315,360,000 s */
    CRON_TZ,         /* not a time zone's name; callers use it for a zone that does not exist, too */
    CRON_UNSUPPORTED /* @reboot: known, but not a schedule of times */
};

/* Why and where a text was refused. Zero-initialised: it was not. */
struct cron_error {
    enum cron_code code;
    const char *field; /* "second" "minute" "hour" "day-of-month" "month" "day-of-week" "year"; "": no single
                        * field. Static storage */
    size_t offset;     /* of the offending text: bytes from the start of the given text, from 0 */
    size_t length;     /* of the offending text, in bytes; 0 if something is missing */
    char message[192]; /* for a person, one line of printable ASCII:
                        * "minute: 60 is out of range 0-59, at character 3" (counting from 1) */
};

/* What is valid, but often not what was meant. Bits of cron_warnings. They come from the spelling: schedules
 * of equal meaning may differ in them, and a printed schedule may have others than its source. */
enum cron_warning {
    CRON_WARN_QUARTZ = 1 << 0, /* 6-7 fields, a `?` and a numeric weekday: Quartz counts 1-7 from Sunday */
    CRON_WARN_STEP = 1 << 1,   /* a step does not divide its field: the last interval is shorter */
    CRON_WARN_EITHER_DAY = 1 << 2, /* day-of-month and day-of-week both restricted: either suffices */
    CRON_WARN_SIX_STAR = 1 << 3,   /* six fields ending in `*`: seconds come first; some read a year last */
    CRON_WARN_FRACTION = 1 << 4    /* @every: the fraction of a second was dropped */
};
#define CRON_WARNINGS 5 /* bits 0 to 4 */

/* A schedule. Private: use the functions. Always in normal form (see cron_equal). */
struct cron {
    uint64_t second;        /* bit n: second n */
    uint64_t minute;        /* bit n: minute n */
    uint64_t year[4];       /* bit n of the 256: year 1970 + n */
    uint32_t hour;          /* bit n: hour n */
    uint32_t dom;           /* bit n: day n of the month, 1-31 */
    uint32_t dom_near;      /* bit n: nW, the weekday nearest to day n */
    uint32_t dom_last;      /* bit n: L-n, n days before the last one, 0-30 */
    uint32_t dom_last_near; /* bit n: L-nW */
    uint32_t every_s;    /* @every: seconds between two instants, and no other field counts; 0: not @every */
    uint16_t month;      /* bit n: month n, 1-12 */
    uint8_t dow;         /* bit n: weekday n, 0 = Sunday */
    uint8_t dow_last;    /* bit n: the last weekday n of the month */
    uint8_t dow_nth[5];  /* [k] bit n: the (k+1)-th weekday n of the month */
    uint8_t flags;       /* CRON_FLAG_…, see cron_internal.h */
    uint8_t warnings;    /* enum cron_warning */
    uint8_t reserved[5]; /* 0; they leave the struct without padding */
};

/* How an instant came about. */
enum cron_how {
    CRON_HOW_PLAIN = 0, /* its local date and time match */
    CRON_HOW_MOVED,     /* a gap skipped the one local time that matches; this is the gap's end (D3) */
    CRON_HOW_MERGED     /* as MOVED, for several local times: skipped ones, and perhaps the gap's end */
};

/* The name of a code as in the language's definition: "RANGE"; "OK" for CRON_OK. Static storage. */
const char *cron_code_name(enum cron_code code);

/* Parse a text of len bytes (borrowed; need not end in NUL; a NUL inside is an error). zone_name gets the
 * name of the CRON_TZ=/TZ= prefix, or "". Only its grammar is checked: the caller opens the zone and passes
 * it to cron_next. CRON_OK: *out is the schedule, and *error (may be NULL) is zero, with field "". Anything
 * else: *out never fires, zone_name is "", and *error has the mistake. A schedule that never fires is not an
 * error.
 */
ZONE_MUST_CHECK enum cron_code cron_parse(struct cron *out, char zone_name[CRON_ZONE_MAX + 1],
                                          const char *text, size_t len, struct cron_error *error);

/* The first instant of the schedule that is later than from_s (seconds since the epoch; round a fraction
 * down), in zone (borrowed; NULL: UTC). Returns false, with *next_s untouched, if there is none.
 *
 * For @every: from_s + the interval. So pass the previous scheduled instant, and at first the one to count
 * from. Never before the epoch, and none after 2199. */
ZONE_MUST_CHECK bool cron_next(const struct cron *c, const struct zone *zone, int64_t from_s,
                               int64_t *next_s);

/* As cron_next; *how: how the instant came about. */
ZONE_MUST_CHECK bool cron_next_info(const struct cron *c, const struct zone *zone, int64_t from_s,
                                    int64_t *next_s, enum cron_how *how);

/* The instants later than after_s and not later than until_s. For @every, after_s is as from_s of
 * cron_next. */
struct cron_range {
    int64_t after_s, until_s;
};

/* The exact number of instants of the schedule in range. Does not visit them, but takes a step for each month
 * and each jump of the zone in between. */
int64_t cron_count(const struct cron *c, const struct zone *zone, struct cron_range range);

/* Of the instants that cron_count counts, the one with nth - 1 later ones: 1 is the last of them. nth > 0.
 * Returns false, with *at_s untouched, if there are fewer. Costs as much as 20 to 30 cron_count. */
ZONE_MUST_CHECK bool cron_nth_last(const struct cron *c, const struct zone *zone, struct cron_range range,
                                   int64_t nth, int64_t *at_s);

/* True if the schedule never fires in any zone ("0 0 30 2 *"). cron_parse finds it out, so this is cheap. */
bool cron_never(const struct cron *c);

/* Why a schedule does not fire at an instant. */
enum cron_refusal {
    CRON_FIRES, /* it does: its local date and time match (@every: always, as its beginning is unknown) */
    CRON_REFUSED_FIELD,  /* a field of the schedule does not match */
    CRON_REFUSED_GAP,    /* the clock skipped the local time that was meant: it fired at the jump (D3) */
    CRON_REFUSED_OVERLAP /* the clock shows this time for the second time: it fired at the first (D2) */
};
/* *field: REFUSED_FIELD: the first one that does not match, from "year" to "second"; static. *jump_s:
 * REFUSED_GAP: when the clock jumped. */
enum cron_refusal cron_why_not(const struct cron *c, const struct zone *zone, int64_t at_s,
                               const char **field, int64_t *jump_s);

/* True for @every. */
bool cron_is_every(const struct cron *c);

/* The seconds between two instants of @every; 0 for any other schedule. */
uint32_t cron_every_s(const struct cron *c);

/* True if the hour field selects all 24 hours: the class "hourly" of the rules above. False for @every, which
 * does not depend on a zone. */
bool cron_is_hourly(const struct cron *c);

/* True if both mean the same: equal sets of values, and an equal way to combine the day fields. Spelling and
 * warnings do not count: "0 0 * * *", "0 00 0-23/24 1-31 * ?" and "@daily" are equal. */
bool cron_equal(const struct cron *a, const struct cron *b);

/* Write the canonical form: seven fields with numbers, or "@every 90s". Equal schedules print equally, and
 * cron_parse of the printed text gives an equal schedule. (Unless it is longer than CRON_TEXT_MAX: irregular
 * sets in several fields at once can grow to CRON_PRINT_MAX.) Writes at most size bytes with the NUL, and
 * cuts the rest; returns the length of the whole, as snprintf does. */
size_t cron_print(const struct cron *c, char *buf, size_t size);

/* Write one English sentence without a full stop: "At 09:30 on weekdays", "Every 5 minutes", "At 00:00 on the
 * last day of the month". It covers all that the schedule means; lists of more than 12 entries end in the
 * number of the rest ("and 7 more"). The wording may change. Buffer and result as in cron_print. */
size_t cron_describe(const struct cron *c, char *buf, size_t size);

/* The warnings about the parsed spelling: bits of enum cron_warning. */
unsigned cron_warnings(const struct cron *c);

/* A sentence for one bit of cron_warnings; "" for any other value. Static storage. */
const char *cron_warning_text(unsigned warning);

#endif
