/* cron: see cron.h. The questions to a schedule that need no instant, and small tools that the other parts
 * share.
 *
 * cron_parse.c parses, with cron_field.c and cron_every.c; cron_next.c finds instants, with cron_month.c;
 * cron_print.c and cron_describe.c write.
 */
#include "cron/cron.h"

#include "cron/cron_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(struct cron) <= 160, "a parsed schedule must stay small");

const struct cron_limits *cron_limits_of(enum cron_field field)
{
    static const struct cron_limits limits[CRON_FIELD_COUNT] = {
        [CRON_SECOND] = {"second", 0, 59, 59, 60},
        [CRON_MINUTE] = {"minute", 0, 59, 59, 60},
        [CRON_HOUR] = {"hour", 0, 23, 23, 24},
        [CRON_DOM] = {"day-of-month", 1, 31, 31, 31},
        [CRON_MONTH] = {"month", 1, 12, 12, 12},
        [CRON_DOW] = {"day-of-week", 0, 7, 6, 7},
        [CRON_YEAR] = {"year", CRON_YEAR_FIRST, CRON_YEAR_LAST, CRON_YEAR_LAST, CRON_YEARS},
    };

    return &limits[field];
}

const char *cron_code_name(enum cron_code code)
{
    static const char *const name[] = {
        [CRON_OK] = "OK",         [CRON_EMPTY] = "EMPTY",
        [CRON_LENGTH] = "LENGTH", [CRON_CHAR] = "CHAR",
        [CRON_FIELDS] = "FIELDS", [CRON_RANGE] = "RANGE",
        [CRON_STEP] = "STEP",     [CRON_NAME] = "NAME",
        [CRON_SYNTAX] = "SYNTAX", [CRON_MODIFIER] = "MODIFIER",
        [CRON_MACRO] = "MACRO",   [CRON_DURATION] = "DURATION",
        [CRON_TZ] = "TZ",         [CRON_UNSUPPORTED] = "UNSUPPORTED",
    };

    return (size_t)code < sizeof name / sizeof name[0] ? name[code] : "?";
}

bool cron_never(const struct cron *c)
{
    return (c->flags & CRON_FLAG_NEVER) != 0;
}

bool cron_is_every(const struct cron *c)
{
    return c->every_s != 0;
}

uint32_t cron_every_s(const struct cron *c)
{
    return c->every_s;
}

bool cron_is_hourly(const struct cron *c)
{
    return c->hour == CRON_ALL_HOURS && !cron_is_every(c);
}

bool cron_equal(const struct cron *a, const struct cron *b)
{
    struct cron x = *a;
    struct cron y = *b;

    x.warnings = 0;
    y.warnings = 0;
    return memcmp(&x, &y, sizeof x) == 0; /* no padding, and the form is normal */
}

unsigned cron_warnings(const struct cron *c)
{
    return c->warnings;
}

const char *cron_warning_text(unsigned warning)
{
    switch (warning) {
    case CRON_WARN_QUARTZ:
        return "weekday numbers count from 0 or 7 = Sunday, 1 = Monday; Quartz and AWS count from 1 = "
               "Sunday: use names";
    case CRON_WARN_STEP:
        return "a step does not divide its field evenly, so the last interval is shorter: */40 in minutes is "
               ":00 and :40";
    case CRON_WARN_EITHER_DAY:
        return "day-of-month and day-of-week are both restricted: a day matches if either does; + before "
               "day-of-week "
               "asks for both";
    case CRON_WARN_SIX_STAR:
        return "six fields begin with seconds; for minute to year write a seventh field, or the year as four "
               "digits";
    case CRON_WARN_FRACTION:
        return "@every counts whole seconds: the fraction of a second is dropped";
    default:
        return "";
    }
}

/* Bits first to last of one word. */
static uint64_t word_mask(unsigned first, unsigned last)
{
    return (~UINT64_C(0) >> (63 - last)) & (~UINT64_C(0) << first);
}

void cron_set_add_range(struct cron_set *set, unsigned first, unsigned last, unsigned step)
{
    if (step > 1) {
        for (unsigned bit = first; bit <= last; bit += step) {
            set->bits[bit >> 6 & 3] |= UINT64_C(1) << (bit & 63);
        }
        return;
    }
    for (unsigned word = first >> 6; word <= last >> 6 && word < 4; word++) {
        const unsigned low = word == first >> 6 ? first & 63 : 0;
        const unsigned high = word == last >> 6 ? last & 63 : 63;

        set->bits[word] |= word_mask(low, high);
    }
}

int cron_set_next(const struct cron_set *set, unsigned from)
{
    for (unsigned word = from >> 6; word < 4; word++) {
        uint64_t bits = set->bits[word];

        if (word == from >> 6) {
            bits &= ~UINT64_C(0) << (from & 63);
        }
        if (bits) {
            return (int)(word * 64) + __builtin_ctzll(bits);
        }
    }
    return -1;
}

unsigned cron_set_run(const struct cron_set *set, unsigned from)
{
    unsigned last = from;

    while (last < 255 && cron_set_has(set, last + 1)) {
        last++;
    }
    return last >= from + 2 ? last : from;
}

bool cron_set_progression(const struct cron_set *set, struct cron_progression *out)
{
    const int first = cron_set_next(set, 0);
    int next = first < 0 ? -1 : cron_set_next(set, (unsigned)first + 1);

    if (first < 0) {
        return false;
    }
    *out = (struct cron_progression){(unsigned)first, (unsigned)first,
                                     next < 0 ? 1 : (unsigned)(next - first), 1};
    for (; next >= 0; next = cron_set_next(set, (unsigned)next + 1)) {
        if ((unsigned)next != out->last + out->step) {
            return false;
        }
        out->last = (unsigned)next;
        out->count++;
    }
    return true;
}

struct cron_set cron_field_set(const struct cron *c, enum cron_field field)
{
    struct cron_set set = {{0}};

    switch (field) {
    case CRON_SECOND:
        set.bits[0] = c->second;
        break;
    case CRON_MINUTE:
        set.bits[0] = c->minute;
        break;
    case CRON_HOUR:
        set.bits[0] = c->hour;
        break;
    case CRON_DOM:
        set.bits[0] = c->dom >> 1;
        break;
    case CRON_MONTH:
        set.bits[0] = c->month >> 1;
        break;
    case CRON_DOW:
        set.bits[0] = c->dow;
        break;
    case CRON_YEAR:
    case CRON_FIELD_COUNT:
        memcpy(set.bits, c->year, sizeof set.bits);
        break;
    }
    return set;
}

bool cron_field_is_full(const struct cron *c, enum cron_field field)
{
    const struct cron_set set = cron_field_set(c, field);
    struct cron_set full = {{0}};

    cron_set_add_range(&full, 0, cron_limits_of(field)->steps - 1U, 1);
    for (unsigned word = 0; word < 4; word++) {
        if ((set.bits[word] & full.bits[word]) != full.bits[word]) {
            return false;
        }
    }
    return true;
}

void cron_put(struct cron_text *out, const char *fmt, ...)
{
    const size_t at = out->len < out->size ? out->len : out->size;
    va_list args;
    int len = 0;

    va_start(args, fmt);
    len = vsnprintf(out->size ? out->buf + at : NULL, out->size - at, fmt, args);
    va_end(args);
    out->len += len > 0 ? (size_t)len : 0;
}

/* These two do without printf: they write the schedule of every new job, for its id. */
void cron_put_text(struct cron_text *out, const char *text)
{
    for (; *text; text++, out->len++) {
        if (out->len + 1 < out->size) {
            out->buf[out->len] = *text;
            out->buf[out->len + 1] = '\0';
        }
    }
}

void cron_put_number(struct cron_text *out, unsigned value)
{
    char digits[11];
    char *first = &digits[sizeof digits - 1];

    *first = '\0';
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    cron_put_text(out, first);
}
