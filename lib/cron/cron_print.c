/* cron_print: writes the canonical text of a schedule: seven numeric fields, or @every in seconds.
 *
 * It depends only on the sets, so that equal schedules print equally. cron_parse accepts every text.
 */
#include "cron/cron_internal.h"

/* Runs of three or more as ranges, all others as single values. */
static void put_runs(struct cron_text *out, const struct cron_set *set, unsigned base, const char **comma)
{
    for (int bit = cron_set_next(set, 0); bit >= 0;) {
        const unsigned last = cron_set_run(set, (unsigned)bit);

        cron_put_text(out, *comma);
        if (last != (unsigned)bit) {
            cron_put_number(out, (unsigned)bit + base);
            cron_put_text(out, "-");
        }
        cron_put_number(out, last + base);
        *comma = ",";
        bit = cron_set_next(set, last + 1);
    }
}

static void put_set(struct cron_text *out, const struct cron *c, enum cron_field field, const char **comma)
{
    const struct cron_limits *const limits = cron_limits_of(field);
    const struct cron_set set = cron_field_set(c, field);
    struct cron_progression p;

    if (field == CRON_DOW || !cron_set_progression(&set, &p) || p.step == 1) {
        put_runs(out, &set, limits->min, comma);
        return;
    }
    if (p.first == 0 && p.last + p.step > (unsigned)(limits->top - limits->min) &&
        (p.count > 2 || limits->steps % p.step == 0)) {
        cron_put(out, "%s*/%u", *comma, p.step);
    } else if (p.count > 3) {
        cron_put(out, "%s%u-%u/%u", *comma, p.first + limits->min, p.last + limits->min, p.step);
    } else {
        put_runs(out, &set, limits->min, comma);
    }
    *comma = ",";
}

/* One item for each bit of a set: the format, with the bit's number. */
static void put_bits(struct cron_text *out, uint32_t bits, const char *before, const char *behind,
                     const char **comma)
{
    for (; bits; bits &= bits - 1) {
        cron_put(out, "%s%s%d%s", *comma, before, __builtin_ctz(bits), behind);
        *comma = ",";
    }
}

static void put_dom_rules(struct cron_text *out, const struct cron *c, const char **comma)
{
    put_bits(out, c->dom_near, "", "W", comma);
    if (c->dom_last & 1) {
        cron_put(out, "%sL", *comma);
        *comma = ",";
    }
    put_bits(out, c->dom_last & ~1U, "L-", "", comma);
    if (c->dom_last_near & 1) {
        cron_put(out, "%sLW", *comma);
        *comma = ",";
    }
    put_bits(out, c->dom_last_near & ~1U, "L-", "W", comma);
}

static void put_dow_rules(struct cron_text *out, const struct cron *c, const char **comma)
{
    static const char *const nth[] = {"#1", "#2", "#3", "#4", "#5"};

    for (size_t i = 0; i < 5; i++) {
        put_bits(out, c->dow_nth[i], "", nth[i], comma);
    }
    put_bits(out, c->dow_last, "", "L", comma);
}

static void put_field(struct cron_text *out, const struct cron *c, enum cron_field field)
{
    const bool restricted = !cron_field_is_full(c, CRON_DOM) && !cron_field_is_full(c, CRON_DOW);
    const char *comma = "";

    if (cron_field_is_full(c, field)) {
        cron_put_text(out, "*");
        return;
    }
    if (field == CRON_DOW && restricted && !(c->flags & CRON_FLAG_EITHER)) {
        cron_put_text(out, "+");
    }
    put_set(out, c, field, &comma);
    if (field == CRON_DOM) {
        put_dom_rules(out, c, &comma);
    }
    if (field == CRON_DOW) {
        put_dow_rules(out, c, &comma);
    }
}

size_t cron_print(const struct cron *c, char *buf, size_t size)
{
    struct cron_text out = {.buf = buf, .size = size};

    if (size > 0) {
        buf[0] = '\0';
    }
    if (c->every_s) {
        cron_put(&out, "@every %us", (unsigned)c->every_s);
        return out.len;
    }
    for (unsigned field = CRON_SECOND; field <= CRON_YEAR; field++) {
        if (field > CRON_SECOND) {
            cron_put_text(&out, " ");
        }
        put_field(&out, c, (enum cron_field)field);
    }
    return out.len;
}
