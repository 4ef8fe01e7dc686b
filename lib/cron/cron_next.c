/* cron_next: finds the next instant of a schedule.
 *
 * Two layers. cron_next_local looks for the next matching local time in the calendar, field by field from the
 * year down, by counting trailing zeros of bit sets. Above it, the search walks the zone's stretches of
 * constant offset and applies the seven cases of cron.h at their borders. The months of 230 years bound the
 * work; if a found time lies far ahead, the search skips the stretches in between. Allocates nothing.
 */
#include "cron/cron.h"

#include "cron/cron_internal.h"
#include "zone/civil.h"

/* The first bit of a set at or after `from` (at most 63), or -1. */
static int next_bit(uint64_t set, unsigned from)
{
    const uint64_t rest = set >> from << from;

    return rest ? __builtin_ctzll(rest) : -1;
}

/* The first time of day at or after second_of_day that matches, or -1. */
static int32_t next_time(const struct cron *c, unsigned second_of_day)
{
    const unsigned h = second_of_day / 3600;
    const unsigned m = second_of_day / 60 % 60;
    const unsigned s = second_of_day % 60;
    int hour = (int)h;
    int minute = -1;
    int second = -1;

    if (c->hour >> h & 1) {
        if (c->minute >> m & 1) {
            second = next_bit(c->second, s);
        }
        if (second >= 0) {
            return (int32_t)(second_of_day - s) + second;
        }
        minute = next_bit(c->minute, m + 1);
    }
    if (minute < 0) {
        hour = next_bit(c->hour, h + 1);
        if (hour < 0) {
            return -1;
        }
        minute = __builtin_ctzll(c->minute);
    }
    return hour * 3600 + minute * 60 + __builtin_ctzll(c->second);
}

static unsigned first_time(const struct cron *c)
{
    return (unsigned)(__builtin_ctz(c->hour) * 3600 + __builtin_ctzll(c->minute) * 60 +
                      __builtin_ctzll(c->second));
}

/* The first year of the schedule at or after `year`, or one after the last. */
static int next_year(const struct cron *c, int year)
{
    for (unsigned index = (unsigned)(year - CRON_YEAR_FIRST); index < CRON_YEARS; index = (index | 63) + 1) {
        const int bit = next_bit(c->year[index >> 6], index & 63);

        if (bit >= 0) {
            return CRON_YEAR_FIRST + (int)(index & ~63U) + bit;
        }
    }
    return CRON_YEAR_LAST + 1;
}

/* The day number of the first matching date at or after the given one, or CRON_DAY_END. */
static int64_t next_day(const struct cron *c, struct civil_date date)
{
    unsigned from = date.day;
    int year = next_year(c, date.year);

    if (year != date.year) {
        date.month = 1;
        from = 1;
    }
    for (; year <= CRON_YEAR_LAST; year = next_year(c, year + 1)) {
        for (unsigned month = date.month; month <= 12; month++, from = 1) {
            if (!(c->month >> month & 1)) {
                continue;
            }
            const int64_t first = civil_day_number(year, month, 1);
            const uint32_t matching =
                cron_month_days(c, civil_month_days(year, month), (unsigned)(first + 4) % 7);
            const int day = next_bit(matching, from);

            if (day >= 0) {
                return first + day - 1;
            }
        }
        date.month = 1;
    }
    return CRON_DAY_END;
}

static bool date_matches(const struct cron *c, struct civil_date date, int64_t day_number)
{
    const unsigned index = (unsigned)(date.year - CRON_YEAR_FIRST);
    const unsigned first_weekday = (unsigned)(day_number - (int64_t)date.day + 1 + 4 + 28) % 7;

    return c->year[index >> 6] >> (index & 63) & 1 && c->month >> date.month & 1 &&
           cron_month_days(c, civil_month_days(date.year, date.month), first_weekday) >> date.day & 1;
}

int64_t cron_next_local(const struct cron *c, int64_t local_s)
{
    int64_t day = local_s > 0 ? (int64_t)((uint64_t)local_s / CIVIL_DAY_S) : 0;
    const unsigned second_of_day = local_s > 0 ? (unsigned)((uint64_t)local_s % CIVIL_DAY_S) : 0;

    if (day >= CRON_DAY_END) {
        return CRON_NONE;
    }
    struct civil_date date = civil_date_of(day);
    if (date_matches(c, date, day)) {
        const int32_t time = next_time(c, second_of_day);

        if (time >= 0) {
            return day * CIVIL_DAY_S + time;
        }
    }
    date.day++; /* may be past the end of the month: then nothing is left of it */
    day = next_day(c, date);
    return day < CRON_DAY_END ? day * CIVIL_DAY_S + first_time(c) : CRON_NONE;
}

/* One call of cron_next. */
struct search {
    const struct cron *c;
    const struct zone_segment *segments;
    size_t count;
    int64_t after_s;    /* the first instant that may be the answer */
    int64_t low, found; /* the last look at the calendar: found is the first match at or after low */
};

/* cron_next_local, with the last answer remembered: it holds for every question between the two. */
static int64_t look(struct search *s, int64_t local_s)
{
    if (local_s < s->low || local_s > s->found) {
        s->low = local_s;
        s->found = cron_next_local(s->c, local_s);
    }
    return s->found;
}

/* How a schedule comes to fire at the end of a gap whose skipped times end at local time end_s. first_s: the
 * first skipped time that matches. */
static enum cron_how how_of_gap(const struct cron *c, int64_t first_s, int64_t end_s)
{
    return cron_next_local(c, first_s + 1) <= end_s ? CRON_HOW_MERGED : CRON_HOW_MOVED;
}

/* Search one stretch of constant offset. */
static bool search_segment(struct search *s, size_t i, int64_t *next_s, enum cron_how *how)
{
    const int64_t start_s = s->segments[i].start_s;
    const int64_t end_s = i + 1 < s->count ? s->segments[i + 1].start_s : CRON_END_S;
    const int64_t offset_s = s->segments[i].offset_s;
    const int64_t before_s = i > 0 && s->c->hour != CRON_ALL_HOURS ? s->segments[i - 1].offset_s : offset_s;
    const int64_t jump_s = offset_s - before_s; /* 0 for hourly schedules: D1 */
    int64_t low = (start_s > s->after_s ? start_s : s->after_s) + offset_s;

    *how = CRON_HOW_PLAIN;
    if (jump_s > 0 && jump_s <= CRON_SMALL_S && start_s >= s->after_s &&
        look(s, start_s + before_s) < start_s + offset_s) {
        *how = how_of_gap(s->c, s->found, start_s + offset_s);
        *next_s = start_s; /* D3 */
        return true;
    }
    if (jump_s < 0 && jump_s >= -CRON_SMALL_S && low < start_s + before_s) {
        low = start_s + before_s; /* D2 */
    }
    if (low >= end_s + offset_s || look(s, low) >= end_s + offset_s) {
        return false;
    }
    *next_s = s->found - offset_s;
    return true;
}

/* The stretch to search after stretch i had no answer. Skips those that end before the time found in the
 * calendar, if they are so late that no local time before s->low can occur again in them. */
static size_t next_segment(const struct search *s, const struct zone *zone, size_t i)
{
    const int64_t margin_s = 2 * (int64_t)CIVIL_DAY_S; /* more than any offset */
    size_t far = 0;

    i++;
    if (i >= s->count || s->found < s->low || s->segments[i].start_s < s->low + margin_s) {
        return i;
    }
    far = zone_segment_at(zone, s->found - margin_s);
    return far > i ? far : i;
}

static bool next_of_every(const struct cron *c, int64_t from_s, int64_t *next_s)
{
    if (from_s >= CRON_DAY_END * (int64_t)CIVIL_DAY_S - (int64_t)c->every_s) {
        return false;
    }
    *next_s = from_s < -(int64_t)c->every_s ? 0 : from_s + (int64_t)c->every_s;
    return true;
}

bool cron_next_info(const struct cron *c, const struct zone *zone, int64_t from_s, int64_t *next_s,
                    enum cron_how *how)
{
    struct search s = {.c = c, .low = 1, .found = 0};

    *how = CRON_HOW_PLAIN;
    if (c->every_s) {
        return next_of_every(c, from_s, next_s);
    }
    if (cron_never(c) || from_s >= CRON_END_S) {
        return false;
    }
    if (zone == NULL) {
        zone = zone_utc();
    }
    s.after_s = from_s < CRON_FIRST_S ? CRON_FIRST_S : from_s + 1;
    s.segments = zone_segments(zone, &s.count);
    for (size_t i = zone_segment_at(zone, s.after_s); i < s.count; i = next_segment(&s, zone, i)) {
        if (search_segment(&s, i, next_s, how)) {
            return true;
        }
    }
    return false;
}

bool cron_next(const struct cron *c, const struct zone *zone, int64_t from_s, int64_t *next_s)
{
    enum cron_how how = CRON_HOW_PLAIN;

    return cron_next_info(c, zone, from_s, next_s, &how);
}
