/* civil: the proleptic Gregorian calendar as arithmetic on day numbers. Day 0 is 1970-01-01, a Thursday.
 *
 * Every function is pure, and total within the stated years. Knows no time zone and no leap second. Any
 * thread.
 */
#ifndef DRONC_CIVIL_H
#define DRONC_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_DAY_S 86400 /* seconds in a day */

/* A calendar date. */
struct civil_date {
    int year;       /* 4 digits where Dronc prints it, any value in arithmetic */
    unsigned month; /* 1-12 */
    unsigned day;   /* 1-31 */
};

static inline bool civil_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days in a month, 28-31. month must be 1-12. */
static inline unsigned civil_month_days(int year, unsigned month)
{
    if (month == 2) {
        return civil_is_leap(year) ? 29 : 28;
    }
    return 30 + ((month + (month >> 3)) & 1); /* 31 in the odd months to July, in the even ones from August */
}

/* The quotient rounded towards minus infinity; b > 0. */
static inline int64_t civil_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Day number of a date, for years within about +-2,000,000. Counts in years that begin on 1 March, so that
 * the leap day is the last of its year, and in 400-year eras of 146,097 days. */
static inline int64_t civil_day_number(int year, unsigned month, unsigned day)
{
    const int64_t y = (int64_t)year - (month <= 2);
    const int64_t era = civil_floor_div(y, 400);
    const int64_t year_of_era = y - era * 400;
    const int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

/* The date of a day number: the inverse of civil_day_number. */
static inline struct civil_date civil_date_of(int64_t day_number)
{
    const int64_t shifted = day_number + 719468;
    const int64_t era = civil_floor_div(shifted, 146097);
    const uint32_t doe = (uint32_t)(shifted - era * 146097);
    const uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const uint32_t mp = (5 * doy + 2) / 153;
    struct civil_date date;

    date.day = doy - (153 * mp + 2) / 5 + 1;
    date.month = mp < 10 ? mp + 3 : mp - 9;
    date.year = (int)(era * 400) + (int)yoe + (date.month <= 2);
    return date;
}

/* Day of the week of a day number: 0 = Sunday. */
static inline unsigned civil_weekday(int64_t day_number)
{
    return (unsigned)(day_number + 4 - civil_floor_div(day_number + 4, 7) * 7);
}

#endif
