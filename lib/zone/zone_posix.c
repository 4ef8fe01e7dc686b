/* zone_posix: parses POSIX TZ strings as RFC 9636 allows them in the footer of a TZif file, and expands them
 * into changes.
 *
 * Accepts the extension of version 3 (hours of a rule from -167 to 167) in every file. Checks abbreviations,
 * but does not keep them. Refuses a leading ':' and a daylight time without rules: a footer never has them.
 */
#include "zone/civil.h"
#include "zone/zone_internal.h"

#include <string.h>

/* The rest of the text. */
struct cursor {
    const char *at, *end;
};

static bool peek(const struct cursor *in, char c)
{
    return in->at < in->end && *in->at == c;
}

static bool take_char(struct cursor *in, char c)
{
    if (!peek(in, c)) {
        return false;
    }
    in->at++;
    return true;
}

static bool take_number(struct cursor *in, int max, int *out)
{
    const char *const start = in->at;
    int value = 0;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && in->at - start < 3) {
        value = value * 10 + (*in->at++ - '0');
    }
    *out = value;
    return in->at > start && value <= max;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* An abbreviation: three or more letters, or three or more letters, digits and signs in angle brackets. */
static bool take_name(struct cursor *in)
{
    const bool quoted = take_char(in, '<');
    const char *const start = in->at;

    while (in->at < in->end &&
           (is_letter(*in->at) || (quoted && *in->at && strchr("0123456789+-", *in->at) != NULL))) {
        in->at++;
    }
    return in->at - start >= 3 && (!quoted || take_char(in, '>'));
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(struct cursor *in, int max_hours, int32_t *out)
{
    const bool minus = take_char(in, '-');
    int hours = 0;
    int minutes = 0;
    int seconds = 0;

    if (!minus) {
        take_char(in, '+');
    }
    if (!take_number(in, max_hours, &hours)) {
        return false;
    }
    if (take_char(in, ':')) {
        if (!take_number(in, 59, &minutes) || (take_char(in, ':') && !take_number(in, 59, &seconds))) {
            return false;
        }
    }
    *out = (minus ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool take_month_rule(struct cursor *in, struct zone_rule *rule)
{
    rule->kind = ZONE_RULE_MONTH;
    return take_number(in, 12, &rule->month) && rule->month >= 1 && take_char(in, '.') &&
           take_number(in, 5, &rule->week) && rule->week >= 1 && take_char(in, '.') &&
           take_number(in, 6, &rule->day);
}

static bool take_day(struct cursor *in, struct zone_rule *rule)
{
    if (take_char(in, 'M')) {
        return take_month_rule(in, rule);
    }
    if (take_char(in, 'J')) {
        rule->kind = ZONE_RULE_JULIAN;
        return take_number(in, 365, &rule->day) && rule->day >= 1;
    }
    rule->kind = ZONE_RULE_ORDINAL;
    return take_number(in, 365, &rule->day);
}

static bool take_rule(struct cursor *in, struct zone_rule *rule)
{
    rule->time_s = 2 * 3600;
    return take_char(in, ',') && take_day(in, rule) &&
           (!take_char(in, '/') || take_time(in, 167, &rule->time_s));
}

bool zone_posix_parse(struct zone_posix *out, const char *text, size_t len)
{
    struct cursor in = {text, text + len};
    int32_t west_s = 0;

    memset(out, 0, sizeof *out);
    if (!take_name(&in) || !take_time(&in, 24, &west_s)) {
        return false;
    }
    out->std_s = -west_s;
    if (in.at == in.end) {
        return true;
    }
    out->has_dst = true;
    out->dst_s = out->std_s + 3600;
    if (!take_name(&in)) {
        return false;
    }
    if (!peek(&in, ',')) {
        if (!take_time(&in, 24, &west_s)) {
            return false;
        }
        out->dst_s = -west_s;
    }
    return take_rule(&in, &out->to_dst) && take_rule(&in, &out->to_std) && in.at == in.end;
}

static int64_t month_rule_day(const struct zone_rule *rule, int year)
{
    const unsigned month = (unsigned)rule->month;
    const int64_t first = civil_day_number(year, month, 1);
    const int64_t days = civil_month_days(year, month);
    int64_t day = (rule->day - (int64_t)civil_weekday(first) + 7) % 7 + (int64_t)(rule->week - 1) * 7;

    if (day >= days) {
        day -= 7;
    }
    return first + day;
}

static int64_t rule_day(const struct zone_rule *rule, int year)
{
    switch (rule->kind) {
    case ZONE_RULE_MONTH:
        return month_rule_day(rule, year);
    case ZONE_RULE_JULIAN:
        return civil_day_number(year, 1, 1) + rule->day - 1 + (rule->day >= 60 && civil_is_leap(year));
    case ZONE_RULE_ORDINAL:
        break;
    }
    return civil_day_number(year, 1, 1) + rule->day;
}

int64_t zone_rule_instant(const struct zone_rule *rule, int year, int32_t offset_s)
{
    return rule_day(rule, year) * CIVIL_DAY_S + rule->time_s - offset_s;
}

/* Move the newest change down to its place. Equal instants stay in the order in which they were made, so the
 * later one holds: a daylight time that ends and begins again at New Year is permanent. */
static void settle(struct zone_builder *b, size_t lowest)
{
    for (size_t i = b->count - 1; i > lowest && b->segments[i - 1].start_s > b->segments[i].start_s; i--) {
        const struct zone_segment lower = b->segments[i];

        b->segments[i] = b->segments[i - 1];
        b->segments[i - 1] = lower;
    }
}

/* Add one change of the footer, unless the file's own table reaches beyond it. */
static bool add_change(struct zone_builder *b, size_t lowest, int64_t start_s, int32_t offset_s)
{
    if (start_s <= b->segments[lowest - 1].start_s) {
        return true;
    }
    if (!zone_builder_add(b, start_s, offset_s)) {
        return false;
    }
    settle(b, lowest);
    return true;
}

static bool expand_year(const struct zone_posix *posix, struct zone_builder *b, size_t lowest, int year)
{
    const int64_t to_dst_s = zone_rule_instant(&posix->to_dst, year, posix->std_s);
    const int64_t to_std_s = zone_rule_instant(&posix->to_std, year, posix->dst_s);

    if (to_dst_s <= to_std_s) {
        return add_change(b, lowest, to_dst_s, posix->dst_s) && add_change(b, lowest, to_std_s, posix->std_s);
    }
    return add_change(b, lowest, to_std_s, posix->std_s) && add_change(b, lowest, to_dst_s, posix->dst_s);
}

bool zone_posix_expand(const struct zone_posix *posix, struct zone_builder *b)
{
    const size_t lowest = b->count; /* at least 1: the segment from the beginning of time */
    const int64_t last_s = b->segments[lowest - 1].start_s;
    const int64_t epoch_s = -3 * (int64_t)366 * CIVIL_DAY_S; /* no caller needs earlier changes */
    const int64_t end_s = civil_day_number(ZONE_LAST_YEAR + 1, 1, 1) * CIVIL_DAY_S;
    int year = 0;

    if (!posix->has_dst) {
        if (b->segments[lowest - 1].start_s == INT64_MIN) {
            b->segments[lowest - 1].offset_s =
                posix->std_s; /* no change in the file: the footer is all there is */
        }
        return true;
    }
    if (last_s > end_s) {
        return true;
    }
    year = civil_date_of(civil_floor_div(last_s > epoch_s ? last_s : epoch_s, CIVIL_DAY_S)).year - 1;
    for (; year <= ZONE_LAST_YEAR; year++) {
        if (!expand_year(posix, b, lowest, year)) {
            return false;
        }
    }
    return true;
}
