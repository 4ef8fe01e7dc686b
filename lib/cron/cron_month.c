/* cron_month: finds the days of a month that match, and whether any date ever does.
 *
 * Pure calendar: no time of day, no zone.
 */
#include "cron/cron_internal.h"
#include "zone/civil.h"

/* Bits 1 to 31 of a month that repeat a set of weekdays, days of the month without end. */
static uint32_t spread(unsigned weekdays, unsigned first_weekday)
{
    const uint64_t from_first =
        ((weekdays | weekdays << 7) >> first_weekday) & 0x7F; /* bit 0: the weekday of day 1 */

    return (uint32_t)(from_first * UINT64_C(0x10204081) << 1); /* … times 1 + 2^7 + 2^14 + 2^21 + 2^28 */
}

/* The weekday (Monday to Friday) nearest to a day, in the same month. */
static unsigned nearest(unsigned day, unsigned days, unsigned first_weekday)
{
    const unsigned weekday = (first_weekday + day - 1) % 7;

    if (weekday == 6) {
        return day > 1 ? day - 1 : 3;
    }
    if (weekday == 0) {
        return day < days ? day + 1 : day - 2;
    }
    return day;
}

static uint32_t dom_rules(const struct cron *c, unsigned days, unsigned first_weekday)
{
    uint32_t result = 0;

    for (uint32_t rest = c->dom_near; rest; rest &= rest - 1) {
        const unsigned day = (unsigned)__builtin_ctz(rest);

        if (day <= days) {
            result |= UINT32_C(1) << nearest(day, days, first_weekday);
        }
    }
    for (uint32_t rest = c->dom_last | c->dom_last_near; rest; rest &= rest - 1) {
        const unsigned before = (unsigned)__builtin_ctz(rest);

        if (before >= days) {
            break;
        }
        if (c->dom_last >> before & 1) {
            result |= UINT32_C(1) << (days - before);
        }
        if (c->dom_last_near >> before & 1) {
            result |= UINT32_C(1) << nearest(days - before, days, first_weekday);
        }
    }
    return result;
}

static uint32_t dow_rules(const struct cron *c, unsigned days, unsigned first_weekday)
{
    const unsigned last_week = days - 6; /* its first day */
    uint32_t result = spread(c->dow_last, first_weekday) & (UINT32_C(0x7F) << last_week);

    for (unsigned i = 0; i < 5; i++) {
        if (c->dow_nth[i]) {
            result |= spread(c->dow_nth[i], first_weekday) & (uint32_t)(UINT64_C(0xFE) << (7 * i));
        }
    }
    return result;
}

uint32_t cron_month_days(const struct cron *c, unsigned days, unsigned first_weekday)
{
    const uint32_t exist = (uint32_t)((UINT64_C(2) << days) - 2);
    uint32_t dom = c->dom;
    uint32_t dow = spread(c->dow, first_weekday);

    if (c->flags & CRON_FLAG_DAY_RULES) {
        dom |= dom_rules(c, days, first_weekday);
        dow |= dow_rules(c, days, first_weekday);
    }
    return (c->flags & CRON_FLAG_EITHER ? dom | dow : dom & dow) & exist;
}

static bool year_has_date(const struct cron *c, int year, unsigned first_weekday)
{
    for (unsigned month = 1; month <= 12; month++) {
        const unsigned days = civil_month_days(year, month);

        if (c->month >> month & 1 && cron_month_days(c, days, first_weekday)) {
            return true;
        }
        first_weekday = (first_weekday + days) % 7;
    }
    return false;
}

/* There are 14 kinds of years, by their first weekday, common and leap. Look at one of each. */
bool cron_has_date(const struct cron *c)
{
    unsigned first_weekday = 4; /* 1970-01-01 was a Thursday */
    unsigned seen = 0;

    for (int year = CRON_YEAR_FIRST; year <= CRON_YEAR_LAST; year++) {
        const unsigned leap = civil_is_leap(year);
        const unsigned kind = 1U << (leap * 7 + first_weekday);
        const unsigned index = (unsigned)(year - CRON_YEAR_FIRST);

        if (!(seen & kind) && c->year[index >> 6] >> (index & 63) & 1) {
            if (year_has_date(c, year, first_weekday)) {
                return true;
            }
            seen |= kind;
        }
        first_weekday = (first_weekday + 1 + leap) % 7;
    }
    return false;
}
