/* cron_rule: parses the items of the day fields that depend on the month: L and W in day-of-month, L and # in
 * day-of-week. cron_month.c finds the days that they mean in a given month.
 */
#include "cron/cron_internal.h"

/* L, L-n, LW, L-nW: the part after the L. */
static enum cron_code parse_last(struct cron_parser *p, struct cron_span item)
{
    const bool near = cron_upper(item.at[item.len - 1]) == 'W';
    const struct cron_span rest = cron_span_slice(item, 1, item.len - near);
    unsigned before = 0;

    if (rest.len > 0) {
        const struct cron_span digits = cron_span_slice(rest, 1, rest.len);

        if (rest.at[0] != '-' || digits.len > 2 || !cron_span_all(digits, cron_is_digit)) {
            return cron_fail_item(p, CRON_MODIFIER, item, "expected L, L-n, LW, L-nW or nW");
        }
        before = cron_span_number(digits);
        if (before > 30) {
            return cron_fail(p, CRON_RANGE, digits, "%u days before the last one is out of range 0-30",
                             before);
        }
    }
    if (near) {
        p->out->dom_last_near |= UINT32_C(1) << before;
    } else {
        p->out->dom_last |= UINT32_C(1) << before;
    }
    return CRON_OK;
}

static bool is_any_name(struct cron_span text)
{
    return cron_find_name(CRON_MONTH, text) >= 0 || cron_find_name(CRON_DOW, text) >= 0;
}

enum cron_code cron_parse_dom_rule(struct cron_parser *p, struct cron_span item)
{
    const struct cron_span digits = cron_span_slice(item, 0, item.len - 1);
    unsigned day = 0;

    if (is_any_name(item)) {
        return cron_fail_name(p, CRON_DOM, item);
    }
    if (cron_upper(item.at[0]) == 'L') {
        return parse_last(p, item);
    }
    if (cron_upper(item.at[item.len - 1]) != 'W' || !cron_span_all(digits, cron_is_digit)) {
        return cron_fail_item(p, CRON_MODIFIER, item, "expected L, L-n, LW, L-nW or nW");
    }
    day = cron_span_number(digits);
    if (day < 1 || day > 31) {
        return cron_fail(p, CRON_RANGE, digits, "%.*s is out of range 1-31", cron_span_shown(digits),
                         digits.at);
    }
    p->out->dom_near |= UINT32_C(1) << day;
    return CRON_OK;
}

/* d#1 to d#5, d#L. */
enum cron_code cron_parse_nth(struct cron_parser *p, struct cron_span item)
{
    const size_t hash = cron_span_find(item, '#');
    const struct cron_span day_text = cron_span_slice(item, 0, hash);
    const struct cron_span nth = cron_span_slice(item, hash + 1, item.len);
    const bool single = hash > 0 && cron_span_find(day_text, '-') == hash &&
                        cron_span_find(day_text, '/') == hash && *item.at != '*';
    unsigned day = 0;
    enum cron_code code = CRON_OK;

    if (!single) {
        return cron_fail_item(p, CRON_MODIFIER, item, "# follows a single weekday");
    }
    code = cron_parse_value(p, CRON_DOW, day_text, &day);
    if (code != CRON_OK) {
        return code;
    }
    if (nth.len == 1 && cron_upper(*nth.at) == 'L') {
        p->out->dow_last |= (uint8_t)(1U << day % 7);
    } else if (nth.len == 1 && *nth.at >= '1' && *nth.at <= '5') {
        p->out->dow_nth[*nth.at - '1'] |= (uint8_t)(1U << day % 7);
    } else {
        return cron_fail_item(p, CRON_MODIFIER, item, "# is followed by 1-5 or L");
    }
    return CRON_OK;
}

/* dL */
enum cron_code cron_parse_last_weekday(struct cron_parser *p, struct cron_span item)
{
    unsigned day = 0;
    enum cron_code code = CRON_MODIFIER;

    if (item.len == 1) {
        return cron_fail_item(p, CRON_MODIFIER, item, "L follows a weekday: 5L is the last Friday");
    }
    code = cron_parse_value(p, CRON_DOW, cron_span_slice(item, 0, item.len - 1), &day);
    if (code == CRON_OK) {
        p->out->dow_last |= (uint8_t)(1U << day % 7);
    }
    return code;
}
