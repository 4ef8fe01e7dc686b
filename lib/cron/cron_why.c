/* cron_why: finds out why a schedule does not fire at an instant. Looks at one local date and time only. */
#include "cron/cron_internal.h"
#include "zone/civil.h"

/* The two day fields refuse a date together; name the one that is restricted. */
static const char *day_field(const struct cron *c)
{
    if (cron_field_is_full(c, CRON_DOM) && !(c->flags & CRON_FLAG_DAY_RULES)) {
        return "day-of-week";
    }
    return cron_field_is_full(c, CRON_DOW) && !(c->flags & CRON_FLAG_DAY_RULES) ? "day-of-month" : "day";
}

static bool has(uint64_t set, int64_t bit)
{
    return (set >> bit & 1) != 0;
}

static bool has_year(const struct cron *c, int year)
{
    const struct cron_set years = cron_field_set(c, CRON_YEAR);

    return year >= CRON_YEAR_FIRST && year <= CRON_YEAR_LAST &&
           cron_set_has(&years, (unsigned)(year - CRON_YEAR_FIRST));
}

static bool has_day(const struct cron *c, struct civil_date date, int64_t day_number)
{
    const unsigned first = civil_weekday(day_number - (int64_t)date.day + 1);
    const unsigned days = civil_month_days(date.year, date.month);

    return has(cron_month_days(c, days, first), date.day);
}

/* The first field that does not match a local time; NULL if all do. */
static const char *field_against(const struct cron *c, int64_t local_s)
{
    const int64_t day_number = civil_floor_div(local_s, 86400);
    const int64_t second = local_s - day_number * 86400;
    const struct civil_date date = civil_date_of(day_number);

    if (!has_year(c, date.year)) {
        return "year";
    }
    if (!has(c->month, date.month)) {
        return "month";
    }
    if (!has_day(c, date, day_number)) {
        return day_field(c);
    }
    if (!has(c->hour, second / 3600)) {
        return "hour";
    }
    if (!has(c->minute, second / 60 % 60)) {
        return "minute";
    }
    return has(c->second, second % 60) ? NULL : "second";
}

/* True if the clock has just jumped forward over a time that matches. */
static bool is_in_gap(const struct cron *c, const struct zone *zone, int64_t at_s, int64_t *jump_s)
{
    size_t count;
    const struct zone_segment *segments = zone_segments(zone, &count);
    const size_t index = zone_segment_at(zone, at_s);

    if (index == 0) {
        return false;
    }
    const int64_t jump = segments[index].offset_s - segments[index - 1].offset_s;
    *jump_s = segments[index].start_s;
    return jump > 0 && jump <= CRON_SMALL_S && at_s < *jump_s + jump &&
           field_against(c, at_s + segments[index - 1].offset_s) == NULL;
}

enum cron_refusal cron_why_not(const struct cron *c, const struct zone *zone, int64_t at_s,
                               const char **field, int64_t *jump_s)
{
    int64_t next_s;

    if (cron_is_every(c) || (cron_next(c, zone, at_s - 1, &next_s) && next_s == at_s)) {
        return CRON_FIRES;
    }
    *field = field_against(c, at_s + zone_offset_at(zone, at_s));
    if (*field == NULL) {
        return CRON_REFUSED_OVERLAP;
    }
    return is_in_gap(c, zone, at_s, jump_s) ? CRON_REFUSED_GAP : CRON_REFUSED_FIELD;
}
