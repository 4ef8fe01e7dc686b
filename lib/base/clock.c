/* clock.c: the machine's clocks, and instants as text.
 *
 * The only file that asks the system for the time. Computes the calendar itself (proleptic Gregorian, UTC):
 * no struct tm, no locale, no time zone. zone knows the time zones.
 */
#include "base/clock.h"

#include <stdbool.h>
#include <time.h>

#define MS_PER_SECOND 1000
#define MS_PER_DAY    INT64_C(86400000)
#define YEAR_0_MS     (-INT64_C(62167219200) * MS_PER_SECOND)     /* 0000-01-01T00:00:00Z */
#define YEAR_9999_MS  (INT64_C(253402300800) * MS_PER_SECOND - 1) /* 9999-12-31T23:59:59.999Z */

/* Microseconds on one of the system's clocks. It cannot fail: the kernel has both clocks since 2.6.39. */
static int64_t read_clock_us(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t read_clock(clockid_t id)
{
    return read_clock_us(id) / 1000;
}

static struct wall_ms system_wall(void *arg)
{
    (void)arg;
    return (struct wall_ms){read_clock(CLOCK_REALTIME)};
}

static struct mono_ms system_mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){read_clock(CLOCK_BOOTTIME)};
}

static int64_t system_mono_us(void *arg)
{
    (void)arg;
    return read_clock_us(CLOCK_BOOTTIME);
}

struct clock clock_system(void)
{
    return (struct clock){.wall = system_wall, .mono = system_mono, .mono_us = system_mono_us, .arg = NULL};
}

struct wall_ms clock_wall(const struct clock *clock)
{
    return clock->wall(clock->arg);
}

struct mono_ms clock_mono(const struct clock *clock)
{
    return clock->mono(clock->arg);
}

int64_t clock_mono_us(const struct clock *clock)
{
    return clock->mono_us != NULL ? clock->mono_us(clock->arg) : clock->mono(clock->arg).ms * 1000;
}

/* A day in the civil calendar. */
struct civil {
    unsigned year, month, day;
};

/* The date of a day counted from 0000-03-01 (not negative). Counts in eras of 400 years, and in years that
 * begin in March, so that the leap day comes last: Howard Hinnant, "chrono-compatible low-level date
 * algorithms". */
static struct civil civil_of(unsigned days)
{
    unsigned era = days / 146097;
    unsigned day_of_era = days % 146097;
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    return (struct civil){
        .year = era * 400 + year_of_era + (month <= 2 ? 1 : 0),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

/* Write value with exactly width digits. Returns the position after them. */
static char *put_digits(char *out, unsigned value, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

static char *put_date(char *out, unsigned days_from_year_0)
{
    struct civil date;
    if (days_from_year_0 < 60) { /* January and February of year 0 lie before the first era */
        date = (struct civil){0, days_from_year_0 < 31 ? 1 : 2, days_from_year_0 % 31 + 1};
    } else {
        date = civil_of(days_from_year_0 - 60);
    }
    out = put_digits(out, date.year, 4);
    *out++ = '-';
    out = put_digits(out, date.month, 2);
    *out++ = '-';
    return put_digits(out, date.day, 2);
}

static char *put_time(char *out, unsigned ms_of_day)
{
    unsigned seconds = ms_of_day / MS_PER_SECOND;
    out = put_digits(out, seconds / 3600, 2);
    *out++ = ':';
    out = put_digits(out, seconds / 60 % 60, 2);
    *out++ = ':';
    out = put_digits(out, seconds % 60, 2);
    return out;
}

static size_t format_rfc3339(char *out, struct wall_ms at, bool always_ms)
{
    int64_t ms = at.ms < YEAR_0_MS ? YEAR_0_MS : at.ms > YEAR_9999_MS ? YEAR_9999_MS : at.ms;
    int64_t from_year_0 = ms - YEAR_0_MS;
    unsigned ms_of_day = (unsigned)(from_year_0 % MS_PER_DAY);
    char *end = put_date(out, (unsigned)(from_year_0 / MS_PER_DAY));
    *end++ = 'T';
    end = put_time(end, ms_of_day);
    if (always_ms || ms_of_day % MS_PER_SECOND != 0) {
        *end++ = '.';
        end = put_digits(end, ms_of_day % MS_PER_SECOND, 3);
    }
    *end++ = 'Z';
    *end = '\0';
    return (size_t)(end - out);
}

size_t clock_format_rfc3339(char out[CLOCK_RFC3339_SIZE], struct wall_ms at)
{
    return format_rfc3339(out, at, false);
}

size_t clock_format_rfc3339_ms(char out[CLOCK_RFC3339_SIZE], struct wall_ms at)
{
    return format_rfc3339(out, at, true);
}
