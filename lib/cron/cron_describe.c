/* cron_describe: writes a schedule as an English sentence: times of day, then days, months and years.
 *
 * Works from the sets, like cron_print, so equal schedules are described equally. Frequent shapes (clock
 * times, "every n minutes", weekdays) have their own wording; all others are lists.
 */
#include "cron/cron_words.h"

/* What is needed to describe a set of seconds, minutes or hours. */
struct shape {
    struct cron_set set;
    struct cron_progression p; /* the set as a progression; count 0 if it is not one */
    unsigned count;            /* values */
    bool full;                 /* all of them */
    bool zero;                 /* only 0 */
    bool even;                 /* every n-th from 0, n > 1, n divides the field: "every n …" */
};

static struct shape shape_of(const struct cron *c, enum cron_field field)
{
    struct shape s = {.set = cron_field_set(c, field)};

    for (size_t i = 0; i < 4; i++) {
        s.count += (unsigned)__builtin_popcountll(s.set.bits[i]);
    }
    if (!cron_set_progression(&s.set, &s.p)) {
        s.p = (struct cron_progression){0};
    }
    s.full = s.count == cron_limits_of(field)->steps;
    s.zero = s.count == 1 && s.p.first == 0;
    s.even = s.p.count > 1 && s.p.step > 1 && s.p.first == 0 &&
             s.p.count * s.p.step == cron_limits_of(field)->steps;
    return s;
}

static void put_numbers(struct cron_text *out, const char *noun, const struct shape *s)
{
    struct cron_list list = {.count = 0};

    cron_list_add_set(&list, &s->set, 0, cron_word_number);
    cron_put(out, "%s%s ", noun, s->count == 1 ? "" : "s");
    cron_list_put(out, &list, "and");
}

/* "Every minute", "Every 5 minutes", "At minutes 3 and 40". */
static void put_lead(struct cron_text *out, const char *noun, const struct shape *s)
{
    if (s->full) {
        cron_put(out, "Every %s", noun);
    } else if (s->even) {
        cron_put(out, "Every %u %ss", s->p.step, noun);
    } else {
        cron_put(out, "At ");
        put_numbers(out, noun, s);
    }
}

static void put_clock(struct cron_text *out, unsigned hour, unsigned minute, int second)
{
    cron_put(out, "%02u:%02u", hour, minute);
    if (second > 0) {
        cron_put(out, ":%02d", second);
    }
}

/* "At 02:00, 02:30 and 14:00": every single time of day. */
static void put_times(struct cron_text *out, const struct shape *s, const struct shape *m,
                      const struct shape *h)
{
    struct cron_list list = {.count = 0};

    for (int hour = cron_set_next(&h->set, 0); hour >= 0; hour = cron_set_next(&h->set, (unsigned)hour + 1)) {
        for (int minute = cron_set_next(&m->set, 0); minute >= 0;
             minute = cron_set_next(&m->set, (unsigned)minute + 1)) {
            char clock[16];
            struct cron_text text = {.buf = clock, .size = sizeof clock};

            put_clock(&text, (unsigned)hour, (unsigned)minute, (int)s->p.first);
            cron_list_add(&list, "%s", clock);
        }
    }
    cron_put(out, "At ");
    cron_list_put(out, &list, "and");
}

/* "Every hour", "Every 4 hours", "Every hour from 09:00 to 17:00": on the hour. Returns false if the hours
 * have no such shape. */
static bool put_hours(struct cron_text *out, const struct shape *h)
{
    if (h->full || h->even) {
        put_lead(out, "hour", h);
        return true;
    }
    if (h->p.count == 0 || h->p.step != 1) {
        return false;
    }
    cron_put(out, "Every hour from %02u:00 to %02u:00", h->p.first, h->p.last);
    return true;
}

/* The hours that follow "Every 5 minutes" or "At minute 30". */
static void put_in_hours(struct cron_text *out, const struct shape *m, const struct shape *h, bool seconds)
{
    const bool rhythm = m->full || (m->even && !seconds); /* the minutes read "every …" */

    if (h->full) {
        cron_put(out, "%s", rhythm ? "" : " of every hour");
    } else if (rhythm && !seconds && h->p.count > 0 && h->p.step == 1) {
        cron_put(out, " from %02u:%02u to %02u:%02u", h->p.first, m->p.first, h->p.last, m->p.last);
    } else {
        cron_put(out, " %s ", rhythm ? "in" : "of");
        put_numbers(out, "hour", h);
    }
}

static void put_general_time(struct cron_text *out, const struct shape *s, const struct shape *m,
                             const struct shape *h)
{
    if (s->zero) {
        put_lead(out, "minute", m);
    } else {
        put_lead(out, "second", s);
        if (!m->full) {
            cron_put(out, " of ");
            put_numbers(out, "minute", m);
        } else if (!s->full && !s->even) {
            cron_put(out, " of every minute");
        }
    }
    put_in_hours(out, m, h, !s->zero);
}

/* Returns true if it wrote clock times, of which there are a few a day. */
static bool put_time(struct cron_text *out, const struct cron *c)
{
    const struct shape s = shape_of(c, CRON_SECOND);
    const struct shape m = shape_of(c, CRON_MINUTE);
    const struct shape h = shape_of(c, CRON_HOUR);
    const unsigned times = s.count == 1 ? m.count * h.count : 1000;

    if (times > 4 && s.zero && m.zero && put_hours(out, &h)) {
        return false;
    }
    if (times <= 4 || (times <= CRON_LIST_MAX && !m.even)) {
        put_times(out, &s, &m, &h);
        return true;
    }
    put_general_time(out, &s, &m, &h);
    return false;
}

/* "every 4 years from 2024 through 2196", for long regular sets. */
static bool add_progression(struct cron_list *list, const struct cron_set *set, unsigned base,
                            cron_word *word, const char *noun)
{
    struct cron_progression p;
    char first[CRON_ENTRY_MAX];
    char last[CRON_ENTRY_MAX];

    if (!cron_set_progression(set, &p) || p.step == 1 || p.count < 5) {
        return false;
    }
    word(first, p.first + base);
    word(last, p.last + base);
    cron_list_add(list, "every %u%s %s from %.12s through %.12s", p.step, cron_ordinal(p.step), noun, first,
                  last);
    return true;
}

/* "the last day", "the day before the last day", "the day 3 days before the last day", after a lead-in. */
static void add_before_last(struct cron_list *list, const char *lead, unsigned before)
{
    if (before == 0) {
        cron_list_add(list, "%sthe last day", lead);
    } else if (before == 1) {
        cron_list_add(list, "%sthe day before the last day", lead);
    } else {
        cron_list_add(list, "%sthe day %u days before the last day", lead, before);
    }
}

static void list_dom(struct cron_list *list, const struct cron *c)
{
    const struct cron_set days = cron_field_set(c, CRON_DOM);

    if (!add_progression(list, &days, 1, cron_word_day, "day")) {
        cron_list_add_set(list, &days, 1, cron_word_day);
    }
    for (uint32_t rest = c->dom_near; rest; rest &= rest - 1) {
        const unsigned day = (unsigned)__builtin_ctz(rest);

        cron_list_add(list, "the weekday nearest to the %u%s", day, cron_ordinal(day));
    }
    for (unsigned before = 0; before <= 30; before++) {
        if (c->dom_last >> before & 1) {
            add_before_last(list, "", before);
        }
        if (c->dom_last_near >> before & 1 && before == 0) {
            cron_list_add(list, "the last weekday");
        } else if (c->dom_last_near >> before & 1) {
            add_before_last(list, "the weekday nearest to ", before);
        }
    }
}

static void list_weekday_rules(struct cron_list *list, const struct cron *c, unsigned day)
{
    static const char *const nth[] = {"first", "second", "third", "fourth", "fifth"};
    char name[CRON_ENTRY_MAX];

    cron_word_weekday(name, day);
    for (size_t i = 0; i < 5; i++) {
        if (c->dow_nth[i] >> day & 1) {
            cron_list_add(list, "the %s %.12s of the month", nth[i], name);
        }
    }
    if (c->dow_last >> day & 1) {
        cron_list_add(list, "the last %.12s of the month", name);
    }
}

/* Monday comes first. */
static void list_dow(struct cron_list *list, const struct cron *c, bool short_form)
{
    struct cron_set week = {{(uint64_t)(c->dow >> 1 | c->dow << 6) & CRON_ALL_DOW}};

    if (short_form && (week.bits[0] & 0x1F) == 0x1F) {
        cron_list_add(list, "weekdays");
        week.bits[0] &= 0x60;
    } else if (short_form && (week.bits[0] & 0x60) == 0x60) {
        week.bits[0] &= 0x1F;
        cron_list_add_set(list, &week, 1, cron_word_weekday);
        cron_list_add(list, "weekends");
        week.bits[0] = 0;
    }
    cron_list_add_set(list, &week, 1, cron_word_weekday);
    for (unsigned day = 1; day <= 7; day++) {
        list_weekday_rules(list, c, day % 7);
    }
}

static bool is_one_date(const struct cron *c)
{
    return !(c->flags & CRON_FLAG_DAY_RULES) && __builtin_popcount(c->dom) == 1 &&
           __builtin_popcount(c->month) == 1;
}

static void put_dom(struct cron_text *out, const struct cron *c)
{
    struct cron_list list = {.count = 0};

    list_dom(&list, c);
    cron_put(out, " on ");
    cron_list_put(out, &list, "and");
    cron_put(out, " of the month");
}

static void put_dow(struct cron_text *out, const struct cron *c, const char *before, bool either)
{
    struct cron_list list = {.count = 0};

    list_dow(&list, c, either);
    cron_put(out, "%s", before);
    cron_list_put(out, &list, either ? "and" : "or");
}

static void put_months(struct cron_text *out, const struct cron *c)
{
    const struct cron_set months = cron_field_set(c, CRON_MONTH);
    struct cron_list list = {.count = 0};

    if (cron_field_is_full(c, CRON_MONTH)) {
        return;
    }
    cron_list_add_set(&list, &months, 1, cron_word_month);
    cron_put(out, " in ");
    cron_list_put(out, &list, "and");
}

static void put_days(struct cron_text *out, const struct cron *c, bool clock_times)
{
    const bool all_dom = cron_field_is_full(c, CRON_DOM);
    const bool all_dow = cron_field_is_full(c, CRON_DOW);

    if (all_dom && all_dow) {
        cron_put(out, "%s", clock_times ? " every day" : "");
    } else if (all_dom) {
        put_dow(out, c, " on ", true);
    } else if (all_dow && is_one_date(c)) {
        char month[CRON_ENTRY_MAX];

        cron_word_month(month, (unsigned)__builtin_ctz(c->month));
        cron_put(out, " on %s %d", month, __builtin_ctz(c->dom));
        return;
    } else {
        put_dom(out, c);
        if (!all_dow && c->flags & CRON_FLAG_EITHER) {
            put_dow(out, c, ", and on ", true);
        } else if (!all_dow) {
            put_dow(out, c, ", but only if that day is ", false);
        }
    }
    put_months(out, c);
}

static void put_years(struct cron_text *out, const struct cron *c)
{
    const struct cron_set years = cron_field_set(c, CRON_YEAR);
    struct cron_list list = {.count = 0};

    if (cron_field_is_full(c, CRON_YEAR)) {
        return;
    }
    if (!add_progression(&list, &years, CRON_YEAR_FIRST, cron_word_number, "year")) {
        cron_list_add_set(&list, &years, CRON_YEAR_FIRST, cron_word_number);
    }
    cron_put(out, " in ");
    cron_list_put(out, &list, "and");
}

static void put_every(struct cron_text *out, uint32_t every_s)
{
    const unsigned value[] = {every_s / 3600, every_s / 60 % 60, every_s % 60};
    static const char *const unit[] = {"hour", "minute", "second"};
    struct cron_list list = {.count = 0};

    for (size_t i = 0; i < 3; i++) {
        if (value[i] > 0) {
            cron_list_add(&list, "%u %s%s", value[i], unit[i], value[i] == 1 ? "" : "s");
        }
    }
    cron_put(out, "Every ");
    cron_list_put(out, &list, "and");
    cron_put(out, ", counted from the previous scheduled time");
}

size_t cron_describe(const struct cron *c, char *buf, size_t size)
{
    struct cron_text out = {.buf = buf, .size = size};

    if (size > 0) {
        buf[0] = '\0';
    }
    if (c->every_s) {
        put_every(&out, c->every_s);
        return out.len;
    }
    put_days(&out, c, put_time(&out, c));
    put_years(&out, c);
    if (cron_never(c)) {
        cron_put(&out, ", which never happens");
    }
    return out.len;
}
