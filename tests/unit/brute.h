/* brute: a second opinion on schedules, for property tests. Shares no code with lib/cron.
 *
 * Makes random schedules as text and, at the same time, as plain tables of what each item selects: nothing is
 * parsed. Asks of every second whether it fires, straight from the rules; the C library tells local time,
 * from the same zone files. Slow and simple on purpose.
 */
#ifndef DRONC_BRUTE_H
#define DRONC_BRUTE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A small deterministic generator (xorshift64*). */
struct brute_random {
    uint64_t state; /* not 0 */
};

static inline unsigned brute_below(struct brute_random *r, unsigned limit)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return (unsigned)((r->state * UINT64_C(2685821657736338717) >> 33) % limit);
}

/* What a schedule selects. */
struct brute {
    char text[2048];
    bool second[60], minute[60], hour[24], dom[32], month[13], dow[7], year[2200];
    bool near[32], last[31], last_near[31]; /* nW, L-n, L-nW */
    bool dow_last[7], nth[7][6];
    bool dom_open, dow_open, both;
};

/* A field being made. */
struct brute_field {
    bool *values;
    int min, max, top; /* as in the language: day-of-week goes to 7 in ranges, to 6 in steps */
    const char *const *names;
};

static inline void brute_put(struct brute *b, const char *text)
{
    strncat(b->text, text, sizeof(b->text) - strlen(b->text) - 1);
}

static inline void brute_put_value(struct brute *b, struct brute_random *r, const struct brute_field *f,
                                   int value)
{
    char text[32];

    if (f->names && (f->max != 7 || value < 7) && brute_below(r, 3) == 0) { /* SUN is 0, never 7 */
        const unsigned style = brute_below(r, 3);

        snprintf(text, style == 0 ? 4 : sizeof(text), "%s",
                 f->names[f->max == 7 ? value % 7 : value - f->min]);
        if (style == 2)
            for (char *c = text; *c; c++)
                *c = (char)(*c >= 'a' ? *c - 32 : *c);
    } else {
        snprintf(text, sizeof(text), brute_below(r, 8) == 0 ? "%04d" : "%d", value);
    }
    brute_put(b, text);
}

static inline void brute_select(const struct brute_field *f, int value)
{
    f->values[f->max == 7 ? value % 7 : value] = true;
}

/* Walk from first to last, around the end if need be, and select every step-th. */
static inline void brute_walk(const struct brute_field *f, int first, int last, int step)
{
    int place = 0;

    if (f->max == 7 && first == 7 && last < 7)
        first = 0;
    for (int value = first;; place++) {
        if (place % step == 0)
            brute_select(f, value);
        if (value == last)
            return;
        value = value == f->top && last < first ? f->min : value + 1;
    }
}

static inline void brute_item(struct brute *b, struct brute_random *r, const struct brute_field *f)
{
    const int size = f->top - f->min + 1;
    int first = f->min + (int)brute_below(r, (unsigned)(f->max - f->min + 1));
    int last = f->min + (int)brute_below(r, (unsigned)(f->max - f->min + 1));
    const int step = 1 + (int)brute_below(r, brute_below(r, 2) ? 5 : (unsigned)size);
    const unsigned kind = brute_below(r, 5);
    char text[32];

    if (f->max > 2000 && last < first) {
        const int swap = first;

        first = last;
        last = swap;
    }
    snprintf(text, sizeof(text), "/%d", step);
    if (kind == 0) {
        brute_put_value(b, r, f, first);
        brute_walk(f, first, first, 1);
    } else if (kind == 1) {
        brute_put(b, "*");
        brute_put(b, text);
        brute_walk(f, f->min, f->top, step);
    } else if (kind == 2) {
        brute_put_value(b, r, f, first);
        brute_put(b, text);
        brute_walk(f, f->max == 7 ? first % 7 : first, f->top, step);
    } else {
        brute_put_value(b, r, f, first);
        brute_put(b, "-");
        brute_put_value(b, r, f, last);
        if (kind == 4)
            brute_put(b, text);
        brute_walk(f, first, last, kind == 4 ? step : 1);
    }
}

static inline void brute_star(struct brute *b, const struct brute_field *f)
{
    brute_put(b, "*");
    brute_walk(f, f->min, f->top, 1);
}

static inline void brute_field(struct brute *b, struct brute_random *r, const struct brute_field *f,
                               unsigned open_in)
{
    if (brute_below(r, open_in) != 0) {
        brute_star(b, f);
        return;
    }
    for (unsigned items = 1 + brute_below(r, 3); items > 0; items--) {
        brute_item(b, r, f);
        brute_put(b, items > 1 ? "," : "");
    }
}

static inline void brute_dom_rule(struct brute *b, struct brute_random *r)
{
    const unsigned day = 1 + brute_below(r, 31);
    const unsigned before = brute_below(r, brute_below(r, 2) ? 31 : 4);
    char text[32];

    switch (brute_below(r, 5)) {
    case 0:
        snprintf(text, sizeof(text), "%uW", day);
        b->near[day] = true;
        break;
    case 1:
        snprintf(text, sizeof(text), "L-%u", before);
        b->last[before] = true;
        break;
    case 2:
        snprintf(text, sizeof(text), "L-%uw", before);
        b->last_near[before] = true;
        break;
    case 3:
        snprintf(text, sizeof(text), "lW");
        b->last_near[0] = true;
        break;
    default:
        snprintf(text, sizeof(text), "L");
        b->last[0] = true;
        break;
    }
    brute_put(b, text);
}

static inline void brute_dow_rule(struct brute *b, struct brute_random *r, const struct brute_field *f)
{
    const int day = (int)brute_below(r, 8);
    const unsigned n = brute_below(r, 7);
    char text[8] = "L";

    brute_put_value(b, r, f, day);
    if (n == 0 || n == 6)
        b->dow_last[day % 7] = true;
    else
        b->nth[day % 7][n] = true;
    if (n == 6)
        snprintf(text, sizeof(text), "#L");
    else if (n > 0)
        snprintf(text, sizeof(text), "#%u", n);
    brute_put(b, text);
}

static inline void brute_dom(struct brute *b, struct brute_random *r)
{
    const struct brute_field f = {b->dom, 1, 31, 31, NULL};
    const unsigned kind = brute_below(r, 8);

    b->dom_open = kind < 3;
    if (kind == 0) {
        brute_put(b, "?");
        brute_walk(&f, 1, 31, 1);
    } else if (kind < 3) {
        if (kind == 2)
            brute_put(b, "7,");
        brute_star(b, &f);
    } else if (kind < 6) {
        brute_field(b, r, &f, 1);
    } else {
        brute_dom_rule(b, r);
        if (kind == 7) {
            brute_put(b, ",");
            brute_item(b, r, &f);
        }
    }
}

static inline void brute_dow(struct brute *b, struct brute_random *r)
{
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    const struct brute_field f = {b->dow, 0, 7, 6, names};
    const unsigned kind = brute_below(r, 8);

    b->both = brute_below(r, 3) == 0;
    if (b->both)
        brute_put(b, "+");
    b->dow_open = kind < 3;
    if (kind == 0) {
        brute_put(b, "?");
        brute_walk(&f, 0, 6, 1);
    } else if (kind < 3) {
        brute_star(b, &f);
        if (kind == 2)
            brute_put(b, ",MON");
    } else if (kind < 6) {
        brute_field(b, r, &f, 1);
    } else {
        brute_dow_rule(b, r, &f);
        if (kind == 7) {
            brute_put(b, ",");
            brute_item(b, r, &f);
        }
    }
}

/* A random schedule of seven fields. Dense in time of day, so that a short window has something in it. */
static inline void brute_make(struct brute *b, struct brute_random *r)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    const struct brute_field second = {b->second, 0, 59, 59, NULL};
    const struct brute_field minute = {b->minute, 0, 59, 59, NULL};
    const struct brute_field hour = {b->hour, 0, 23, 23, NULL};
    const struct brute_field month = {b->month, 1, 12, 12, months};
    const struct brute_field year = {b->year, 1970, 2199, 2199, NULL};

    memset(b, 0, sizeof(*b));
    if (brute_below(r, 2)) {
        brute_put(b, "0");
        b->second[0] = true;
    } else {
        brute_field(b, r, &second, 1);
    }
    brute_put(b, " ");
    brute_field(b, r, &minute, 1);
    brute_put(b, " ");
    brute_field(b, r, &hour, 2);
    brute_put(b, "\t ");
    brute_dom(b, r);
    brute_put(b, " ");
    brute_field(b, r, &month, 4);
    brute_put(b, " ");
    brute_dow(b, r);
    brute_put(b, " ");
    brute_field(b, r, &year, 6);
}

static inline int brute_days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* The weekday nearest to `day` by the words of the rule. */
static inline int brute_nearest(int day, int days, int wday_of_first)
{
    const int wday = (wday_of_first + day - 1) % 7;

    if (wday == 6)
        return day == 1 ? 3 : day - 1;
    if (wday == 0)
        return day == days ? day - 2 : day + 1;
    return day;
}

static inline bool brute_dom_matches(const struct brute *b, const struct tm *date)
{
    const int days = brute_days_in(date->tm_year + 1900, date->tm_mon + 1);
    const int wday_of_first = (date->tm_wday - (date->tm_mday - 1) % 7 + 7) % 7;
    bool result = b->dom[date->tm_mday];

    for (int n = 1; n <= days; n++)
        result |= b->near[n] && brute_nearest(n, days, wday_of_first) == date->tm_mday;
    for (int n = 0; n <= 30 && days - n >= 1; n++) {
        result |= b->last[n] && days - n == date->tm_mday;
        result |= b->last_near[n] && brute_nearest(days - n, days, wday_of_first) == date->tm_mday;
    }
    return result;
}

static inline bool brute_dow_matches(const struct brute *b, const struct tm *date)
{
    const int days = brute_days_in(date->tm_year + 1900, date->tm_mon + 1);

    return b->dow[date->tm_wday] || b->nth[date->tm_wday][(date->tm_mday + 6) / 7] ||
           (b->dow_last[date->tm_wday] && date->tm_mday + 7 > days);
}

static inline bool brute_date_matches(const struct brute *b, const struct tm *date)
{
    const int year = date->tm_year + 1900;
    const bool dom = brute_dom_matches(b, date);
    const bool dow = brute_dow_matches(b, date);

    if (year < 1970 || year > 2199 || !b->year[year] || !b->month[date->tm_mon + 1])
        return false;
    return b->both || b->dom_open || b->dow_open ? dom && dow : dom || dow;
}

/* Does this local time match? Remembers the last day. */
static inline bool brute_local_matches(const struct brute *b, int64_t local_s)
{
    static const struct brute *last_schedule;
    static int64_t last_day = INT64_MIN;
    static bool last_answer;
    const int64_t day = (local_s - ((local_s % 86400) + 86400) % 86400) / 86400;
    const int time = (int)(local_s - day * 86400);

    if (day != last_day || b != last_schedule || time == 0) {
        const time_t midnight = (time_t)(day * 86400);
        struct tm date;

        gmtime_r(&midnight, &date);
        last_answer = brute_date_matches(b, &date);
        last_day = day;
        last_schedule = b;
    }
    return last_answer && b->hour[time / 3600] && b->minute[time / 60 % 60] && b->second[time % 60];
}

/* Seconds east of UTC, as the C library knows it from the TZ variable. */
static inline long brute_offset(int64_t instant_s)
{
    const time_t t = (time_t)instant_s;
    struct tm local;

    localtime_r(&t, &local);
    return local.tm_gmtoff;
}

/* All firings in (from, to], in order: at most `most`. Steps second by second, by the rules D1 to D6. */
static inline size_t brute_fire(const struct brute *b, int64_t from_s, int64_t to_s, int64_t *out,
                                size_t most)
{
    const int64_t limit_s = 3 * 3600;
    long before = brute_offset(from_s - limit_s - 1);
    int64_t minute_s = INT64_MIN; /* the minute that of_minute is the offset of */
    long of_minute = 0;
    int64_t pass_ends_s = INT64_MIN; /* the second pass that goes on until then */
    bool hourly = true;
    size_t count = 0;

    for (int h = 0; h < 24; h++)
        hourly &= b->hour[h];
    for (int64_t t = from_s - limit_s; t <= to_s && count < most; t++) {
        if (t - t % 60 != minute_s) {
            minute_s = t - t % 60;
            of_minute = brute_offset(minute_s);
        }
        const long offset = t % 60 == 0 || before != of_minute ? brute_offset(t) : before;
        const long jump = offset - before;
        bool fires = brute_local_matches(b, t + offset);

        if (!hourly && jump < 0 && -jump <= limit_s && t - jump > pass_ends_s)
            pass_ends_s = t - jump;
        if (!hourly && t < pass_ends_s)
            fires = false;
        if (!hourly && jump > 0 && jump <= limit_s)
            for (int64_t skipped = t + before; skipped < t + offset && !fires; skipped++)
                fires = brute_local_matches(b, skipped);
        if (fires && t > from_s)
            out[count++] = t;
        before = offset;
    }
    return count;
}

#endif
