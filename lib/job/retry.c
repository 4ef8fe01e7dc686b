/* retry: see retry.h. */
#include "job/retry.h"

#include "text/json.h"

#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN_MAX 32 /* bytes of an unknown member that a message repeats */

/* What the visitor of the members fills. 0: not given. */
struct numbers {
    int64_t max_attempts;
    int64_t min_backoff_ms;
    int64_t max_backoff_ms;
    int64_t max_duration_ms;
};

/* A member that is a whole number. */
static const struct number {
    const char *name;
    int64_t min;
    int64_t max;
    size_t offset; /* in struct numbers */
} numbers[] = {
    {"max_attempts", 1, RETRY_ATTEMPTS_MAX, offsetof(struct numbers, max_attempts)},
    {"min_backoff_ms", 1, RETRY_BACKOFF_LIMIT_MS, offsetof(struct numbers, min_backoff_ms)},
    {"max_backoff_ms", 1, RETRY_BACKOFF_LIMIT_MS, offsetof(struct numbers, max_backoff_ms)},
    {"max_duration_ms", 1, RETRY_DURATION_MAX_MS, offsetof(struct numbers, max_duration_ms)},
};

struct reading {
    struct retry *out;
    struct numbers given;
    struct errinfo *info;
};

static const struct retry usual = {.max_attempts = RETRY_ATTEMPTS,
                                   .min_backoff_ms = RETRY_BACKOFF_MIN_MS,
                                   .max_backoff_ms = RETRY_BACKOFF_MAX_MS,
                                   .multiplier_milli = RETRY_MULTIPLIER_MILLI,
                                   .jitter = true};

/* ---- reading ---- */

static bool take_number(struct reading *reading, const struct number *number, const struct json_value *value)
{
    int64_t *place = (int64_t *)(void *)((char *)&reading->given + number->offset);
    *place = json_int(value);
    if (json_kind_of(value) == JSON_INT && *place >= number->min && *place <= number->max) {
        return true;
    }
    (void)err_set(reading->info, ERR_INVALID, "retry.%s must be a whole number from %lld to %lld",
                  number->name, (long long)number->min, (long long)number->max);
    return false;
}

/* Thousandths, so that all that is computed with it is exact. */
static bool take_multiplier(struct reading *reading, const struct json_value *value)
{
    double milli = json_double(value) * 1000;
    bool in_range = milli >= 1000 && milli <= 10000;
    int whole = in_range ? (int)(milli + 0.5) : 0;
    if (in_range && milli - whole < 1e-6 && whole - milli < 1e-6) {
        reading->out->multiplier_milli = whole;
        return true;
    }
    (void)err_set(reading->info, ERR_INVALID,
                  "retry.multiplier must be a number from 1 to 10 with at most three decimals");
    return false;
}

static bool take_jitter(struct reading *reading, const struct json_value *value)
{
    struct slice word = json_string(value);
    reading->out->jitter = slice_eq(word, "full");
    if (reading->out->jitter || slice_eq(word, "none")) {
        return true;
    }
    (void)err_set(reading->info, ERR_INVALID, "retry.jitter must be full or none");
    return false;
}

static bool take_member(struct slice name, const struct json_value *value, void *arg)
{
    struct reading *reading = arg;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (slice_eq(name, numbers[i].name)) {
            return take_number(reading, &numbers[i], value);
        }
    }
    if (slice_eq(name, "multiplier")) {
        return take_multiplier(reading, value);
    }
    if (slice_eq(name, "jitter")) {
        return take_jitter(reading, value);
    }
    int shown = name.len < NAME_SHOWN_MAX ? (int)name.len : NAME_SHOWN_MAX;
    (void)err_set(reading->info, ERR_INVALID,
                  "retry: unknown member \"%.*s\"; there are max_attempts, min_backoff_ms, max_backoff_ms, "
                  "multiplier, jitter, max_duration_ms",
                  shown, name.data);
    return false;
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
    return given != 0 ? given : otherwise;
}

/* The numbers together, and what holds for those that are not given. */
static enum err conclude(struct reading *reading)
{
    const struct numbers *given = &reading->given;
    struct retry *out = reading->out;
    out->max_attempts = (int)given_or(given->max_attempts, usual.max_attempts);
    out->max_duration_ms = given->max_duration_ms;
    if (given->min_backoff_ms == 0 && given->max_backoff_ms != 0) { /* it is the one that says something */
        bool less = given->max_backoff_ms < usual.min_backoff_ms;
        out->min_backoff_ms = less ? given->max_backoff_ms : usual.min_backoff_ms;
    } else {
        out->min_backoff_ms = given_or(given->min_backoff_ms, usual.min_backoff_ms);
    }
    bool more = out->min_backoff_ms > usual.max_backoff_ms;
    out->max_backoff_ms = given_or(given->max_backoff_ms, more ? out->min_backoff_ms : usual.max_backoff_ms);
    return out->max_backoff_ms >= out->min_backoff_ms
               ? ERR_OK
               : err_set(reading->info, ERR_INVALID,
                         "retry.max_backoff_ms must not be less than retry.min_backoff_ms");
}

static enum err read_rule(struct reading *reading, struct slice text)
{
    struct errinfo bad = {0};
    struct json_doc *doc = NULL;
    enum err err = json_parse(&doc, text.data, text.len, &bad);
    if (err != ERR_OK) {
        return err == ERR_NOMEM ? err : err_set(reading->info, ERR_INVALID, "retry: %s", bad.text);
    }
    if (json_kind_of(json_root(doc)) != JSON_OBJECT) {
        err = err_set(reading->info, ERR_INVALID, "retry must be an object");
    } else {
        err = json_each(json_root(doc), take_member, reading) ? conclude(reading) : ERR_INVALID;
    }
    json_free(doc);
    return err;
}

static bool is_usual(const struct retry *rule)
{
    return rule->max_attempts == usual.max_attempts && rule->min_backoff_ms == usual.min_backoff_ms &&
           rule->max_backoff_ms == usual.max_backoff_ms && rule->multiplier_milli == usual.multiplier_milli &&
           rule->jitter == usual.jitter && rule->max_duration_ms == usual.max_duration_ms;
}

/* Keep the text, unless it says nothing. */
static enum err keep(struct retry *out, struct slice text, struct errinfo *info)
{
    if (is_usual(out)) {
        return ERR_OK;
    }
    out->memory = malloc(text.len);
    if (out->memory == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    memcpy(out->memory, text.data, text.len);
    out->text = (struct slice){out->memory, text.len};
    return ERR_OK;
}

enum err retry_read(struct retry *out, const struct job_fields *fields, struct errinfo *info)
{
    struct reading reading = {.out = out, .info = info};
    *out = usual;
    out->unsent = fields->retry_unsent.value != 0;
    out->client_errors = fields->retry_client_errors.value != 0;
    if (fields->retry.data == NULL) {
        return ERR_OK;
    }
    enum err err = read_rule(&reading, fields->retry);
    return err == ERR_OK ? keep(out, fields->retry, info) : err;
}

void retry_fini(struct retry *rule)
{
    free(rule->memory);
    *rule = (struct retry){0};
}

/* ---- telling ---- */

void retry_describe(const struct retry *rule, struct job_fields *fields)
{
    fields->retry = rule->text;
    if (rule->unsent) {
        fields->retry_unsent = (struct job_number){true, 1};
    }
    if (rule->client_errors) {
        fields->retry_client_errors = (struct job_number){true, 1};
    }
}

void retry_print(const struct retry *rule, struct buffer *out)
{
    if (!is_usual(rule)) {
        buffer_printf(out, "retry %d in %lld to %lld ms times %d jitter %s within %lld ms\n",
                      rule->max_attempts, (long long)rule->min_backoff_ms, (long long)rule->max_backoff_ms,
                      rule->multiplier_milli, rule->jitter ? "full" : "none",
                      (long long)rule->max_duration_ms);
    }
    if (rule->unsent) {
        buffer_add_str(out, "retry unsent\n");
    }
    if (rule->client_errors) {
        buffer_add_str(out, "retry client errors\n");
    }
}

const char *retry_warning(const struct retry *rule, bool at_least_once)
{
    if (at_least_once) {
        return rule->unsent ? "retry_unsent changes nothing: ATLEAST_ONCE tries again anyway" : NULL;
    }
    if (rule->client_errors) {
        return "retry_client_errors changes nothing: ATMOST_ONCE never tries again what was sent";
    }
    return !is_usual(rule) && !rule->unsent ? "retry changes nothing: ATMOST_ONCE tries again only with "
                                              "retry_unsent, and what was not sent"
                                            : NULL;
}
