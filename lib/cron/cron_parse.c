/* cron_parse: parses a schedule: the prefix, macros, the number of fields, and what the fields mean together.
 *
 * One pass from left to right, which the first error ends. cron_field.c parses the fields, cron_every.c
 * durations. Does not look at zone files: the caller gets the name in the prefix.
 */
#include "cron/cron_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define FIELDS_MAX 7

enum cron_code cron_fail(const struct cron_parser *p, enum cron_code code, struct cron_span where,
                         const char *fmt, ...)
{
    struct cron_error *const error = p->error;
    char detail[160];
    va_list args;

    if (error == NULL) {
        return code;
    }
    *error = (struct cron_error){.code = code, .field = p->field, .length = where.len};
    error->offset = (size_t)(where.at - p->text);
    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    struct cron_text text = {.buf = error->message, .size = sizeof error->message};
    cron_put(&text, "%s%s%s, at character %zu", p->field, *p->field ? ": " : "", detail, error->offset + 1);
    return code;
}

/* A month has each weekday four or five times: drop the rules that other rules of the same weekday imply. */
static void reduce_weekday(struct cron *c, uint8_t bit)
{
    const bool fourth = (c->dow_nth[3] & bit) != 0;
    const bool last = (c->dow_last & bit) != 0;
    uint8_t *const nth = c->dow_nth;

    if (last && fourth) {
        nth[4] = (uint8_t)(nth[4] | bit); /* fourth and last: fourth and fifth */
    }
    if (last && (nth[4] & bit)) {
        if (fourth) {
            c->dow_last = (uint8_t)(c->dow_last & ~bit);
        } else {
            nth[4] = (uint8_t)(nth[4] & ~bit); /* a fifth is always the last */
        }
    }
    if (nth[0] & nth[1] & nth[2] & nth[3] & nth[4] & bit) {
        c->dow = (uint8_t)(c->dow | bit);
    }
    if (c->dow & bit) {
        c->dow_last = (uint8_t)(c->dow_last & ~bit);
        for (size_t i = 0; i < 5; i++) {
            nth[i] = (uint8_t)(nth[i] & ~bit);
        }
    }
}

/* Bring day fields of equal meaning into one form: a field that selects every day needs no rules, and in an
 * "either" no other field. */
static void normalise_days(struct cron *c, bool either)
{
    for (unsigned day = 0; day < 7; day++) {
        reduce_weekday(c, (uint8_t)(1U << day));
    }
    if (either && (c->dom == CRON_ALL_DAYS || c->dow == CRON_ALL_DOW)) {
        c->dom = CRON_ALL_DAYS;
        c->dow = CRON_ALL_DOW;
        for (unsigned day = 0; day < 7; day++) {
            reduce_weekday(c, (uint8_t)(1U << day));
        }
    } else if (either) {
        c->flags |= CRON_FLAG_EITHER;
    }
    if (c->dom == CRON_ALL_DAYS) {
        c->dom_near = c->dom_last = c->dom_last_near = 0;
    }
    if (c->dom_near || c->dom_last || c->dom_last_near || c->dow_last || c->dow_nth[0] || c->dow_nth[1] ||
        c->dow_nth[2] || c->dow_nth[3] || c->dow_nth[4]) {
        c->flags |= CRON_FLAG_DAY_RULES;
    }
}

/* Called when all fields are parsed: decide how the day fields combine, and whether any date matches. */
static void finish_fields(struct cron_parser *p)
{
    struct cron *const c = p->out;
    const bool either = !p->dom_open && !p->dow_open && !p->both;

    if (either) {
        c->warnings |= CRON_WARN_EITHER_DAY;
    }
    normalise_days(c, either);
    if (!cron_has_date(c)) {
        c->flags |= CRON_FLAG_NEVER;
    }
}

static bool has_four_digits(struct cron_span text)
{
    unsigned run = 0;

    for (size_t i = 0; i < text.len && run < 4; i++) {
        run = cron_is_digit(text.at[i]) ? run + 1 : 0;
    }
    return run == 4;
}

static void add_all_years(struct cron *c)
{
    struct cron_set set = {{0}};

    cron_set_add_range(&set, 0, CRON_YEARS - 1, 1);
    for (size_t i = 0; i < 4; i++) {
        c->year[i] = set.bits[i];
    }
}

/* Split the text into fields. CRON_FIELDS if there are too few or too many. */
static enum cron_code split(struct cron_parser *p, struct cron_span text, struct cron_span field[FIELDS_MAX],
                            size_t *count)
{
    struct cron_span rest = text;

    for (*count = 0; rest.len > 0 && *count < FIELDS_MAX; (*count)++) {
        field[*count] = cron_span_token(&rest);
    }
    if (rest.len > 0) {
        return cron_fail(p, CRON_FIELDS, rest, "more than 7 fields");
    }
    if (*count < 5) {
        return cron_fail(p, CRON_FIELDS, text, "%zu field%s, expected 5, 6 or 7", *count,
                         *count == 1 ? "" : "s");
    }
    return CRON_OK;
}

static enum cron_code parse_fields(struct cron_parser *p, struct cron_span text)
{
    struct cron_span field[FIELDS_MAX];
    size_t count = 0;
    enum cron_code code = split(p, text, field, &count);

    if (code != CRON_OK) {
        return code;
    }
    const bool year_last = count == 7 || (count == 6 && has_four_digits(field[5]));
    const bool second_first = count == 7 || (count == 6 && !year_last);
    const size_t shift = second_first ? 0 : 1; /* the index of the first field in the seven-field form */

    if (!second_first) {
        p->out->second = 1;
    }
    if (!year_last) {
        add_all_years(p->out);
    }
    for (size_t i = 0; i < count; i++) {
        code = cron_parse_field(p, (enum cron_field)(i + shift), field[i]);
        if (code != CRON_OK) {
            return code;
        }
    }
    if (count == 6 && second_first && field[5].len == 1 && *field[5].at == '*') {
        p->out->warnings |= CRON_WARN_SIX_STAR;
    }
    if (count >= 6 && p->question && p->numeric_dow) {
        p->out->warnings |= CRON_WARN_QUARTZ;
    }
    finish_fields(p);
    return CRON_OK;
}

/* The fields that a macro stands for; NULL for an unknown one. */
static const char *find_macro(struct cron_span name)
{
    static const struct macro {
        const char *name, *fields;
    } macros[] = {
        {"@YEARLY", "0 0 0 1 1 * *"},     {"@ANNUALLY", "0 0 0 1 1 * *"},   {"@MONTHLY", "0 0 0 1 * * *"},
        {"@WEEKLY", "0 0 0 * * 0 *"},     {"@DAILY", "0 0 0 * * * *"},      {"@MIDNIGHT", "0 0 0 * * * *"},
        {"@HOURLY", "0 0 * * * * *"},     {"@MINUTELY", "0 * * * * * *"},   {"@SECONDLY", "* * * * * * *"},
        {"@WEEKDAYS", "0 0 0 * * 1-5 *"}, {"@WEEKENDS", "0 0 0 * * 0,6 *"},
    };

    for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++) {
        if (cron_span_is(name, macros[i].name)) {
            return macros[i].fields;
        }
    }
    return NULL;
}

static enum cron_code parse_macro(struct cron_parser *p, struct cron_span text)
{
    struct cron_span rest = text;
    const struct cron_span name = cron_span_token(&rest);
    const char *const fields = find_macro(name);

    if (cron_span_is(name, "@REBOOT")) {
        return cron_fail(p, CRON_UNSUPPORTED, name, "@reboot is not a schedule of times");
    }
    if (cron_span_is(name, "@EVERY")) {
        return cron_parse_every(p, rest);
    }
    if (fields == NULL) {
        return cron_fail(p, CRON_MACRO, name, "unknown macro '%.*s'", cron_span_shown(name), name.at);
    }
    if (rest.len > 0) {
        return cron_fail(p, CRON_MACRO, rest, "unexpected text behind the macro");
    }
    return parse_fields(p, (struct cron_span){fields, strlen(fields)});
}

/* Take a CRON_TZ= or TZ= prefix off the text. */
static enum cron_code parse_prefix(struct cron_parser *p, struct cron_span *text,
                                   char zone_name[CRON_ZONE_MAX + 1])
{
    const size_t skip = cron_span_begins(*text, "CRON_TZ=") ? 8 : cron_span_begins(*text, "TZ=") ? 3 : 0;

    if (skip == 0) {
        return CRON_OK;
    }
    struct cron_span name = cron_span_token(text);
    name = cron_span_slice(name, skip, name.len);
    if (!zone_name_is_valid(name.at, name.len)) {
        return cron_fail(p, CRON_TZ, name, "'%.*s' is not a time zone's name", cron_span_shown(name),
                         name.at);
    }
    memcpy(zone_name, name.at, name.len);
    zone_name[name.len] = '\0';
    return CRON_OK;
}

static bool is_trimmed(char c)
{
    return cron_is_space(c) || c == '\r' || c == '\n';
}

static enum cron_code check_bytes(struct cron_parser *p, struct cron_span text)
{
    if (text.len > CRON_TEXT_MAX) {
        return cron_fail(p, CRON_LENGTH, cron_span_slice(text, CRON_TEXT_MAX, text.len),
                         "longer than %d bytes", CRON_TEXT_MAX);
    }
    for (size_t i = 0; i < text.len; i++) {
        const unsigned byte = (unsigned char)text.at[i];

        if (byte != '\t' && (byte < 0x20 || byte > 0x7E)) {
            return cron_fail(p, CRON_CHAR, cron_span_slice(text, i, i + 1),
                             "byte 0x%02X is not allowed (only ASCII, spaces and tabs)", byte);
        }
    }
    return CRON_OK;
}

static enum cron_code parse_schedule(struct cron_parser *p, struct cron_span text, char *zone_name)
{
    enum cron_code code = CRON_OK;

    while (text.len > 0 && is_trimmed(*text.at)) {
        text = cron_span_slice(text, 1, text.len);
    }
    while (text.len > 0 && is_trimmed(text.at[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0) {
        return cron_fail(p, CRON_EMPTY, (struct cron_span){p->text, 0}, "the schedule is empty");
    }
    code = check_bytes(p, text);
    if (code == CRON_OK) {
        code = parse_prefix(p, &text, zone_name);
    }
    if (code != CRON_OK) {
        return code;
    }
    return text.len > 0 && *text.at == '@' ? parse_macro(p, text) : parse_fields(p, text);
}

enum cron_code cron_parse(struct cron *out, char zone_name[CRON_ZONE_MAX + 1], const char *text, size_t len,
                          struct cron_error *error)
{
    struct cron_parser parser = {.text = text, .out = out, .error = error, .field = ""};
    enum cron_code code = CRON_OK;

    memset(out, 0, sizeof *out);
    zone_name[0] = '\0';
    if (error != NULL) {
        *error = (struct cron_error){.field = ""};
    }
    code = parse_schedule(&parser, (struct cron_span){text, len}, zone_name);
    if (code == CRON_OK) {
        return CRON_OK;
    }
    zone_name[0] = '\0';
    memset(out, 0, sizeof *out);
    out->flags = CRON_FLAG_NEVER;
    return code;
}
