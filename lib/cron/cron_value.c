/* cron_value: parses single values of a schedule's fields: numbers, and the names of months and weekdays.
 *
 * cron_field.c parses lists, ranges and steps, cron_rule.c the rules L, W and #.
 */
#include "cron/cron_internal.h"

#include <string.h>

static bool is_name(struct cron_span text, const char *name)
{
    if (text.len != 3 && text.len != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (cron_upper(text.at[i]) != cron_upper(name[i])) {
            return false;
        }
    }
    return true;
}

/* The value of a month's or weekday's name, or -1. */
int cron_find_name(enum cron_field field, struct cron_span text)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
    const char *const *const names = field == CRON_MONTH ? months : weekdays;
    const int count = field == CRON_MONTH ? 12 : field == CRON_DOW ? 7 : 0;

    for (int i = 0; i < count; i++) {
        if (is_name(text, names[i])) {
            return i + cron_limits_of(field)->min;
        }
    }
    return -1;
}

enum cron_code cron_fail_name(const struct cron_parser *p, enum cron_field field, struct cron_span where)
{
    const char *hint = "this field takes no names";

    if (field == CRON_MONTH) {
        hint = "expected 1-12 or JAN-DEC";
    } else if (field == CRON_DOW) {
        hint = "expected 0-7 or SUN-SAT";
    }
    return cron_fail(p, CRON_NAME, where, "unknown name '%.*s' (%s)", cron_span_shown(where), where.at, hint);
}

enum cron_code cron_fail_item(const struct cron_parser *p, enum cron_code code, struct cron_span where,
                              const char *hint)
{
    return cron_fail(p, code, where, "'%.*s' is not valid here (%s)", cron_span_shown(where), where.at, hint);
}

static enum cron_code parse_number(struct cron_parser *p, enum cron_field field, struct cron_span text,
                                   unsigned *out)
{
    const struct cron_limits *const limits = cron_limits_of(field);

    *out = cron_span_number(text);
    if (text.len > 4 || *out < limits->min || *out > limits->max) {
        return cron_fail(p, CRON_RANGE, text, "%.*s is out of range %d-%d", cron_span_shown(text), text.at,
                         limits->min, limits->max);
    }
    if (field == CRON_DOW) {
        p->numeric_dow = true;
    }
    return CRON_OK;
}

enum cron_code cron_parse_value(struct cron_parser *p, enum cron_field field, struct cron_span text,
                                unsigned *out)
{
    if (cron_span_all(text, cron_is_digit)) {
        return parse_number(p, field, text, out);
    }
    if (cron_span_all(text, cron_is_alpha)) {
        const int value = cron_find_name(field, text);

        *out = value < 0 ? 0 : (unsigned)value;
        return value < 0 ? cron_fail_name(p, field, text) : CRON_OK;
    }
    if (text.len == 0) {
        return cron_fail(p, CRON_SYNTAX, p->item, "a value is missing in '%.*s'", cron_span_shown(p->item),
                         p->item.at);
    }
    return cron_fail_item(p, CRON_SYNTAX, text,
                          "expected *, a value, a range A-B, or one of them with a step /S");
}
