/* cron_field: parses one field of a schedule: lists, ranges and steps.
 *
 * Collects values into sets; cron_parse.c decides what the sets of different fields mean together.
 * cron_value.c parses single values, cron_rule.c the rules L, W and #.
 */
#include "cron/cron_internal.h"

#include <string.h>

/* Add first, first + step … up to last to the field's set in p->out. */
static void add_values(struct cron_parser *p, enum cron_field field, unsigned first, unsigned last,
                       unsigned step)
{
    struct cron *const c = p->out;
    const unsigned base = field == CRON_YEAR ? CRON_YEAR_FIRST : 0;
    struct cron_set set = {{0}};

    if (first > last) {
        return;
    }
    cron_set_add_range(&set, first - base, last - base, step);
    if (field == CRON_DOW) {
        set.bits[0] = (set.bits[0] | set.bits[0] >> 7) & CRON_ALL_DOW; /* 7 is Sunday, too */
    }
    switch (field) {
    case CRON_SECOND:
        c->second |= set.bits[0];
        break;
    case CRON_MINUTE:
        c->minute |= set.bits[0];
        break;
    case CRON_HOUR:
        c->hour |= (uint32_t)set.bits[0];
        break;
    case CRON_DOM:
        c->dom |= (uint32_t)set.bits[0];
        break;
    case CRON_MONTH:
        c->month = (uint16_t)(c->month | set.bits[0]);
        break;
    case CRON_DOW:
        c->dow = (uint8_t)(c->dow | set.bits[0]);
        break;
    case CRON_YEAR:
    case CRON_FIELD_COUNT:
        for (size_t i = 0; i < 4; i++) {
            c->year[i] |= set.bits[i];
        }
        break;
    }
}

/* A range. One that runs backwards goes on from the field's bottom; its step counts on. */
static void add_range(struct cron_parser *p, enum cron_field field, unsigned first, unsigned last,
                      unsigned step)
{
    const struct cron_limits *const limits = cron_limits_of(field);
    const unsigned count = limits->top - limits->min + 1U;

    if (first <= last) {
        add_values(p, field, first, last, step);
        return;
    }
    if (field == CRON_DOW) {
        first %= 7;
    }
    if (first <= last) {
        add_values(p, field, first, last, step);
        return;
    }
    const unsigned above = (limits->top - first) / step + 1;
    const unsigned next = first + above * step - count; /* after the top, back at the bottom */

    add_values(p, field, first, limits->top, step);
    add_values(p, field, next, last, step);
}

static enum cron_code parse_step(struct cron_parser *p, enum cron_field field, struct cron_span text,
                                 unsigned *out)
{
    const unsigned most = cron_limits_of(field)->steps;

    if (text.len == 0) {
        return cron_fail(p, CRON_SYNTAX, p->item, "a step is missing in '%.*s'", cron_span_shown(p->item),
                         p->item.at);
    }
    if (!cron_span_all(text, cron_is_digit)) {
        return cron_fail_item(p, CRON_SYNTAX, text, "a step is a number");
    }
    *out = cron_span_number(text);
    if (text.len > 4 || *out == 0 || *out > most) {
        return cron_fail(p, CRON_STEP, text, "step %.*s is out of range 1-%u", cron_span_shown(text), text.at,
                         most);
    }
    return CRON_OK;
}

/* The range that a step counts along, and whether it runs to the field's end by itself. */
struct base {
    unsigned first, last;
    bool open;
};

static enum cron_code parse_range(struct cron_parser *p, enum cron_field field, struct cron_span text,
                                  struct base *out)
{
    const size_t dash = cron_span_find(text, '-');
    enum cron_code code = cron_parse_value(p, field, cron_span_slice(text, 0, dash), &out->first);

    if (code == CRON_OK) {
        code = cron_parse_value(p, field, cron_span_slice(text, dash + 1, text.len), &out->last);
    }
    if (code == CRON_OK && field == CRON_YEAR && out->first > out->last) {
        return cron_fail(p, CRON_RANGE, text, "the range %.*s runs backwards", cron_span_shown(text),
                         text.at);
    }
    return code;
}

static enum cron_code parse_base(struct cron_parser *p, enum cron_field field, struct cron_span text,
                                 bool stepped, struct base *out)
{
    const struct cron_limits *const limits = cron_limits_of(field);
    enum cron_code code = CRON_OK;

    *out = (struct base){.first = limits->min, .last = limits->top, .open = true};
    if (text.len == 1 && *text.at == '*') {
        return CRON_OK;
    }
    if (cron_span_find(text, '-') < text.len) {
        out->open = false;
        return parse_range(p, field, text, out);
    }
    code = cron_parse_value(p, field, text, &out->first);
    if (!stepped) {
        out->last = out->first;
    } else if (field == CRON_DOW) {
        out->first %= 7;
    }
    return code;
}

static enum cron_code parse_plain(struct cron_parser *p, enum cron_field field, struct cron_span item)
{
    const size_t slash = cron_span_find(item, '/');
    const bool stepped = slash < item.len;
    unsigned step = 1;
    struct base base;
    enum cron_code code = CRON_OK;

    if (stepped) {
        code = parse_step(p, field, cron_span_slice(item, slash + 1, item.len), &step);
    }
    if (code == CRON_OK) {
        code = parse_base(p, field, cron_span_slice(item, 0, slash), stepped, &base);
    }
    if (code != CRON_OK) {
        return code;
    }
    if (item.len == 1 && *item.at == '*') {
        p->dom_open |= field == CRON_DOM;
        p->dow_open |= field == CRON_DOW;
    }
    if (base.open && field != CRON_YEAR && cron_limits_of(field)->steps % step != 0) {
        p->out->warnings |= CRON_WARN_STEP;
    }
    add_range(p, field, base.first, base.last, step);
    return CRON_OK;
}

static bool has_letter(struct cron_span item, char letter)
{
    return cron_span_find(item, letter) < item.len ||
           cron_span_find(item, (char)(letter - 'A' + 'a')) < item.len;
}

static enum cron_code parse_item(struct cron_parser *p, enum cron_field field, struct cron_span item)
{
    p->item = item;
    if (item.len == 0) {
        return cron_fail(p, CRON_SYNTAX, item, "a list item is missing");
    }
    if (cron_span_find(item, '?') < item.len) {
        return cron_fail_item(p, CRON_SYNTAX, item,
                              "? stands alone, as a whole day-of-month or day-of-week field");
    }
    if (field == CRON_DOM && (has_letter(item, 'L') || has_letter(item, 'W'))) {
        return cron_parse_dom_rule(p, item);
    }
    if (field == CRON_DOW && cron_span_find(item, '#') < item.len) {
        return cron_parse_nth(p, item);
    }
    if (field == CRON_DOW && cron_upper(item.at[item.len - 1]) == 'L' &&
        cron_span_find(item, '-') == item.len && cron_span_find(item, '/') == item.len) {
        return cron_parse_last_weekday(p, item);
    }
    return parse_plain(p, field, item);
}

/* `?` as a whole field: the same as `*`. */
static bool parse_question(struct cron_parser *p, enum cron_field field, struct cron_span text)
{
    if (text.len != 1 || *text.at != '?' || (field != CRON_DOM && field != CRON_DOW)) {
        return false;
    }
    p->question = true;
    p->dom_open |= field == CRON_DOM;
    p->dow_open |= field == CRON_DOW;
    add_values(p, field, cron_limits_of(field)->min, cron_limits_of(field)->top, 1);
    return true;
}

enum cron_code cron_parse_field(struct cron_parser *p, enum cron_field field, struct cron_span text)
{
    size_t at = 0;

    p->field = cron_limits_of(field)->name;
    if (field == CRON_DOW && *text.at == '+') {
        p->both = true;
        text = cron_span_slice(text, 1, text.len);
    }
    if (parse_question(p, field, text)) {
        return CRON_OK;
    }
    while (at <= text.len) {
        const size_t len = cron_span_find(cron_span_slice(text, at, text.len), ',');
        const enum cron_code code = parse_item(p, field, cron_span_slice(text, at, at + len));

        if (code != CRON_OK) {
            return code;
        }
        at += len + 1;
    }
    return CRON_OK;
}
