/* rfc3339: see rfc3339.h. Checks the form first, against a pattern; the rest finds digits where it expects
 * them. */
#include "text/rfc3339.h"

#include "zone/civil.h"

#include <stdbool.h>
#include <string.h>

#define DATE_TIME  "####-##-##T##:##:##" /* # is a digit, T is also t */
#define OFFSET     "##:##"               /* after the sign */
#define NOT_A_TIME "it is not a date and time as in 2026-03-08T07:00:00Z or 2026-03-08T03:00:00-04:00"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* True if text begins with the pattern. */
static bool fits(struct slice text, const char *pattern)
{
    if (text.len < strlen(pattern)) {
        return false;
    }
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        char c = text.data[i] == 't' ? 'T' : text.data[i];
        if (pattern[i] == '#' ? !is_digit(c) : c != pattern[i]) {
            return false;
        }
    }
    return true;
}

/* The number that count digits at index at stand for. */
static int number(struct slice text, size_t at, size_t count)
{
    int value = 0;
    for (size_t i = at; i < at + count; i++) {
        value = value * 10 + (text.data[i] - '0');
    }
    return value;
}

static struct slice skip(struct slice text, size_t count)
{
    return (struct slice){text.data + count, text.len - count};
}

/* Take ".123" off rest, if it is there. Returns false for a point without a digit after it. */
static bool take_fraction(struct slice *rest, int *ms)
{
    size_t len = 1;
    *ms = 0;
    if (rest->len == 0 || rest->data[0] != '.') {
        return true;
    }
    for (int worth = 100; len < rest->len && is_digit(rest->data[len]); len++, worth /= 10) {
        *ms += (rest->data[len] - '0') * worth;
    }
    *rest = skip(*rest, len);
    return len > 1;
}

/* Read rest, the end of the text: "Z" or "+01:00". Returns false if it is neither. */
static bool read_offset(struct slice rest, int *minutes)
{
    *minutes = 0;
    if (rest.len == 1 && (rest.data[0] == 'Z' || rest.data[0] == 'z')) {
        return true;
    }
    if (rest.len != 1 + strlen(OFFSET) || (rest.data[0] != '+' && rest.data[0] != '-') ||
        !fits(skip(rest, 1), OFFSET)) {
        return false;
    }
    int hour = number(rest, 1, 2);
    int minute = number(rest, 4, 2);
    *minutes = (hour * 60 + minute) * (rest.data[0] == '-' ? -1 : 1);
    return hour <= 23 && minute <= 59;
}

static enum err check_date(int year, unsigned month, unsigned day, struct errinfo *info)
{
    if (month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month)) {
        return err_set(info, ERR_INVALID, "there is no such day");
    }
    return ERR_OK;
}

static enum err check_time(int64_t hour, int64_t minute, int64_t second, struct errinfo *info)
{
    if (second == 60) {
        return err_set(info, ERR_INVALID, "a leap second (:60) is no instant here");
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return err_set(info, ERR_INVALID, "there is no such time of day");
    }
    return ERR_OK;
}

/* The date and time of day, whose form has been checked, as if they were UTC. */
static enum err read_local(struct slice text, int64_t *local_s, struct errinfo *info)
{
    int year = number(text, 0, 4);
    unsigned month = (unsigned)number(text, 5, 2);
    unsigned day = (unsigned)number(text, 8, 2);
    int64_t hour = number(text, 11, 2);
    int64_t minute = number(text, 14, 2);
    int64_t second = number(text, 17, 2);
    enum err err = check_date(year, month, day, info);
    if (err == ERR_OK) {
        err = check_time(hour, minute, second, info);
    }
    if (err == ERR_OK) {
        *local_s = civil_day_number(year, month, day) * CIVIL_DAY_S + hour * 3600 + minute * 60 + second;
    }
    return err;
}

enum err rfc3339_parse(struct wall_ms *out, struct slice text, struct errinfo *info)
{
    const int64_t end_s = civil_day_number(2200, 1, 1) * CIVIL_DAY_S;
    int64_t local_s = 0;
    int ms = 0;
    int offset = 0;
    if (text.data == NULL || !fits(text, DATE_TIME)) {
        return err_set(info, ERR_INVALID, NOT_A_TIME);
    }
    struct slice rest = skip(text, strlen(DATE_TIME));
    if (!take_fraction(&rest, &ms) || !read_offset(rest, &offset)) {
        return err_set(info, ERR_INVALID, NOT_A_TIME);
    }
    enum err err = read_local(text, &local_s, info);
    if (err != ERR_OK) {
        return err;
    }
    int64_t at_s = local_s - (int64_t)offset * 60;
    if (at_s < 0 || at_s >= end_s) {
        return err_set(info, ERR_INVALID, "it is not in the years 1970 to 2199");
    }
    out->ms = at_s * 1000 + ms;
    return ERR_OK;
}
