/* cron_every: parses the duration of @every: "90s", "1.5h", "2m30s", "1500ms".
 *
 * Sums nanoseconds, and rounds each term down to a whole one. The schedule keeps whole seconds.
 */
#include "cron/cron_internal.h"

#define NANO     UINT64_C(1000000000)
#define MOST_S   UINT64_C(315360000) /* ten years of 365 days */
#define TOO_MUCH (MOST_S * NANO + 1) /* the value of every sum beyond the limit */

struct unit {
    const char *name;
    uint64_t nanos;
};

/* The longest name that fits: "ms" before "m". */
static const struct unit *find_unit(struct cron_span text)
{
    static const struct unit units[] = {
        {"ms", NANO / 1000}, {"us", NANO / 1000000}, {"ns", 1},   {"d", 86400 * NANO},
        {"h", 3600 * NANO},  {"m", 60 * NANO},       {"s", NANO},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (cron_span_begins(text, units[i].name)) {
            return &units[i];
        }
    }
    return NULL;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a + b < TOO_MUCH ? a + b : TOO_MUCH;
}

/* digits * unit, or TOO_MUCH. */
static uint64_t whole_part(struct cron_span digits, uint64_t unit)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < digits.len; i++) {
        if (sum > TOO_MUCH / 10) {
            return TOO_MUCH;
        }
        sum = add(sum * 10, (uint64_t)(digits.at[i] - '0') * unit);
    }
    return sum;
}

/* 0.digits * unit, rounded down. It is exact: rounding down at each step, from the last digit on, loses
 * nothing more. */
static uint64_t fraction_part(struct cron_span digits, uint64_t unit)
{
    uint64_t sum = 0;

    for (size_t i = digits.len; i > 0; i--) {
        sum = ((uint64_t)(digits.at[i - 1] - '0') * unit + sum) / 10;
    }
    return sum;
}

static struct cron_span take_digits(struct cron_span *text)
{
    size_t len = 0;

    while (len < text->len && cron_is_digit(text->at[len])) {
        len++;
    }
    struct cron_span digits = cron_span_slice(*text, 0, len);
    *text = cron_span_slice(*text, len, text->len);
    return digits;
}

/* Take one term off the text and add it. Returns false if it is malformed; *text then begins at the
 * mistake. */
static bool take_term(struct cron_span *text, uint64_t *sum)
{
    const struct cron_span whole = take_digits(text);
    struct cron_span fraction = {text->at, 0};
    const struct unit *unit = NULL;

    if (whole.len == 0) {
        return false;
    }
    if (text->len > 0 && *text->at == '.') {
        *text = cron_span_slice(*text, 1, text->len);
        fraction = take_digits(text);
        if (fraction.len == 0) {
            return false;
        }
    }
    unit = find_unit(*text);
    if (unit == NULL) {
        return false;
    }
    *text = cron_span_slice(*text, strlen(unit->name), text->len);
    *sum = add(*sum, add(whole_part(whole, unit->nanos), fraction_part(fraction, unit->nanos)));
    return true;
}

enum cron_code cron_parse_every(struct cron_parser *p, struct cron_span text)
{
    struct cron_span rest = text;
    uint64_t sum = 0;

    do {
        if (!take_term(&rest, &sum)) {
            return cron_fail(p, CRON_DURATION, rest,
                             "expected a duration such as 90s or 1h30m (units d h m s ms us ns)");
        }
    } while (rest.len > 0);
    if (sum < NANO || sum > MOST_S * NANO) {
        return cron_fail(p, CRON_DURATION, text, "the duration is out of range 1s-315360000s");
    }
    p->out->every_s = (uint32_t)(sum / NANO);
    if (sum % NANO) {
        p->out->warnings |= CRON_WARN_FRACTION;
    }
    return CRON_OK;
}
