/* cron_count: counts the instants of a schedule in a span of time, without visiting them.
 *
 * Two layers, as in cron_next. The lower one is the calendar: matching days times matching times of day. The
 * upper one is the zone's stretches of constant offset, with the seven cases of cron.h at their borders.
 * cron_next defines what is counted; a property test compares the two.
 */
#include "cron/cron.h"

#include "cron/cron_internal.h"
#include "zone/civil.h"

/* The lowest n bits, n < 64. */
static uint64_t below(uint64_t set, unsigned n)
{
    return set & ((UINT64_C(1) << n) - 1);
}

static int64_t ones(uint64_t set)
{
    return __builtin_popcountll(set);
}

/* The number of matching times of day before second_of_day (at most 86,400). */
static int64_t times_before(const struct cron *c, unsigned second_of_day)
{
    const unsigned h = second_of_day / 3600;
    const unsigned m = second_of_day / 60 % 60;
    int64_t minutes = ones(below(c->hour, h)) * ones(c->minute);
    int64_t seconds = 0;

    if (c->hour >> h & 1) {
        minutes += ones(below(c->minute, m));
        if (c->minute >> m & 1) {
            seconds = ones(below(c->second, second_of_day % 60));
        }
    }
    return minutes * ones(c->second) + seconds;
}

static bool month_matches(const struct cron *c, struct civil_date date)
{
    const unsigned index = (unsigned)(date.year - CRON_YEAR_FIRST);

    return c->year[index >> 6] >> (index & 63) & 1 && c->month >> date.month & 1;
}

/* The number of matching dates from day number `from` up to, not including, `to`; within 1970 to 2200. */
static int64_t days_between(const struct cron *c, int64_t from, int64_t to)
{
    int64_t count = 0;

    for (int64_t day = from; day < to;) {
        const struct civil_date date = civil_date_of(day);
        const unsigned days = civil_month_days(date.year, date.month);
        const int64_t first = day - date.day + 1;

        if (month_matches(c, date)) {
            uint32_t matching = cron_month_days(c, days, (unsigned)(first + 4) % 7);

            matching = matching >> date.day << date.day;
            if (to - first < days) {
                matching &= (UINT32_C(1) << (to - first + 1)) - 1;
            }
            count += ones(matching);
        }
        day = first + days;
    }
    return count;
}

/* The number of matching local times before local_s on its own day. */
static int64_t times_of_day(const struct cron *c, int64_t local_s)
{
    const int64_t day = local_s / CIVIL_DAY_S;
    const unsigned second_of_day = (unsigned)(local_s % CIVIL_DAY_S);

    return second_of_day > 0 && days_between(c, day, day + 1) > 0 ? times_before(c, second_of_day) : 0;
}

static int64_t clamp(int64_t local_s)
{
    const int64_t end_s = CRON_DAY_END * (int64_t)CIVIL_DAY_S;

    return local_s < 0 ? 0 : local_s > end_s ? end_s : local_s;
}

/* The number of matching local times from low_s up to, not including, high_s. Pure calendar, no zone. */
static int64_t count_local(const struct cron *c, int64_t low_s, int64_t high_s)
{
    const int64_t low = clamp(low_s);
    const int64_t high = clamp(high_s);

    return low >= high
               ? 0
               : days_between(c, low / CIVIL_DAY_S, high / CIVIL_DAY_S) * times_before(c, CIVIL_DAY_S) +
                     times_of_day(c, high) - times_of_day(c, low);
}

/* One call of cron_count. */
struct span {
    const struct cron *c;
    const struct zone_segment *segments;
    size_t count;
    int64_t first_s, last_s; /* instants, both included */
};

/* The number of instants in one stretch of constant offset: see search_segment in cron_next.c. */
static int64_t count_segment(const struct span *s, size_t i)
{
    const int64_t start_s = s->segments[i].start_s;
    const int64_t end_s = i + 1 < s->count ? s->segments[i + 1].start_s : CRON_END_S;
    const int64_t offset_s = s->segments[i].offset_s;
    const int64_t before_s = i > 0 && s->c->hour != CRON_ALL_HOURS ? s->segments[i - 1].offset_s : offset_s;
    const int64_t jump_s = offset_s - before_s; /* 0 for hourly schedules: D1 */
    const int64_t high = (end_s <= s->last_s ? end_s : s->last_s + 1) + offset_s;
    int64_t low = (start_s > s->first_s ? start_s : s->first_s) + offset_s;
    int64_t gap = 0;

    if (jump_s > 0 && jump_s <= CRON_SMALL_S && start_s >= s->first_s &&
        cron_next_local(s->c, start_s + before_s) < start_s + offset_s) {
        gap = 1; /* D3 */
        low = start_s + offset_s + 1;
    }
    if (jump_s < 0 && jump_s >= -CRON_SMALL_S && low < start_s + before_s) {
        low = start_s + before_s; /* D2 */
    }
    return gap + count_local(s->c, low, high);
}

/* Instants of @every are after_s plus multiples of the interval; the first one is never before the epoch. */
static int64_t count_every(const struct cron *c, struct cron_range range)
{
    const int64_t end_s = CRON_DAY_END * (int64_t)CIVIL_DAY_S - 1;
    const int64_t last_s = range.until_s < end_s ? range.until_s : end_s;
    const int64_t start_s = range.after_s < -(int64_t)c->every_s ? -(int64_t)c->every_s : range.after_s;

    return last_s > start_s ? (last_s - start_s) / c->every_s : 0;
}

int64_t cron_count(const struct cron *c, const struct zone *zone, struct cron_range range)
{
    struct span s = {.c = c};
    int64_t count = 0;

    if (c->every_s) {
        return count_every(c, range);
    }
    if (cron_never(c) || range.after_s >= range.until_s || range.after_s >= CRON_END_S ||
        range.until_s < CRON_FIRST_S) {
        return 0;
    }
    if (zone == NULL) {
        zone = zone_utc();
    }
    s.first_s = range.after_s < CRON_FIRST_S ? CRON_FIRST_S : range.after_s + 1;
    s.last_s = range.until_s < CRON_END_S ? range.until_s : CRON_END_S;
    s.segments = zone_segments(zone, &s.count);
    for (size_t i = zone_segment_at(zone, s.first_s); i < s.count; i++) {
        if (s.segments[i].start_s > s.last_s) {
            break;
        }
        count += count_segment(&s, i);
    }
    return count;
}

bool cron_nth_last(const struct cron *c, const struct zone *zone, struct cron_range range, int64_t nth,
                   int64_t *at_s)
{
    const int64_t count = cron_count(c, zone, range);
    /* At least nth instants are later than low, fewer are later than high. */
    int64_t low = range.after_s < CRON_FIRST_S ? CRON_FIRST_S : range.after_s;
    int64_t high = range.until_s < CRON_END_S ? range.until_s : CRON_END_S;

    if (count < nth) {
        return false;
    }
    if (c->every_s) {
        *at_s = (range.after_s < -(int64_t)c->every_s ? -(int64_t)c->every_s : range.after_s) +
                (count - nth + 1) * (int64_t)c->every_s;
        return true;
    }
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;

        if (cron_count(c, zone, (struct cron_range){middle, range.until_s}) >= nth) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *at_s = high;
    return true;
}
