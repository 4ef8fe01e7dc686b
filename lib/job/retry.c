/* retry: see retry.h. */
#include "job/retry.h"

#include "job/group.h"

#include <stdlib.h>

/* The whole numbers among the members. 0: not given. */
struct numbers {
    int64_t max_attempts;
    int64_t min_backoff_ms;
    int64_t max_backoff_ms;
    int64_t max_duration_ms;
};

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

/* What the functions that read members work on. */
struct reading {
    struct retry *out;
    struct numbers given;
    struct job_fault *fault;
};

static const struct retry usual = {.max_attempts = RETRY_ATTEMPTS,
                                   .min_backoff_ms = RETRY_BACKOFF_MIN_MS,
                                   .max_backoff_ms = RETRY_BACKOFF_MAX_MS,
                                   .multiplier_milli = RETRY_MULTIPLIER_MILLI,
                                   .jitter = true};

/* ---- reading ---- */

static const struct number *find_number(struct slice name)
{
    size_t i = 0;
    while (!slice_eq(name, numbers[i].name)) {
        i++; /* it is one of them: the table of members says so */
    }
    return &numbers[i];
}

static bool read_number(struct slice name, const struct json_value *value, void *arg)
{
    struct reading *reading = arg;
    const struct number *number = find_number(name);
    int64_t *place = (int64_t *)(void *)((char *)&reading->given + number->offset);
    *place = json_int(value);
    if (json_kind_of(value) == JSON_INT && *place >= number->min && *place <= number->max) {
        return true;
    }
    return job_fault_invalid(reading->fault, "retry", "retry.%s must be a whole number from %lld to %lld",
                             number->name, (long long)number->min, (long long)number->max);
}

/* Kept in thousandths, so that everything computed with it is exact. */
static bool read_multiplier(struct slice name, const struct json_value *value, void *arg)
{
    (void)name;
    struct reading *reading = arg;
    double milli = json_double(value) * 1000;
    bool in_range = milli >= 1000 && milli <= 10000;
    int whole = in_range ? (int)(milli + 0.5) : 0;
    if (in_range && milli - whole < 1e-6 && whole - milli < 1e-6) {
        reading->out->multiplier_milli = whole;
        return true;
    }
    return job_fault_invalid(reading->fault, "retry",
                             "retry.multiplier must be a number from 1 to 10 with at most three decimals");
}

static bool read_jitter(struct slice name, const struct json_value *value, void *arg)
{
    (void)name;
    struct reading *reading = arg;
    struct slice word = json_string(value);
    reading->out->jitter = slice_eq(word, "full");
    return reading->out->jitter || slice_eq(word, "none") ||
           job_fault_invalid(reading->fault, "retry", "retry.jitter must be full or none");
}

static const struct group_member members[] = {
    {"max_attempts", read_number},   {"min_backoff_ms", read_number}, {"max_backoff_ms", read_number},
    {"multiplier", read_multiplier}, {"jitter", read_jitter},         {"max_duration_ms", read_number},
};
static const struct group_object object = {"retry", members, sizeof members / sizeof members[0]};

static int64_t given_or(int64_t given, int64_t otherwise)
{
    return given != 0 ? given : otherwise;
}

/* What holds for the numbers that are not given, and whether those that are agree. */
static bool complete(struct reading *reading)
{
    const struct numbers *given = &reading->given;
    struct retry *out = reading->out;
    out->max_attempts = (int)given_or(given->max_attempts, usual.max_attempts);
    out->max_duration_ms = given->max_duration_ms;
    if (given->min_backoff_ms == 0 && given->max_backoff_ms != 0) { /* a given maximum lowers the minimum */
        bool less = given->max_backoff_ms < usual.min_backoff_ms;
        out->min_backoff_ms = less ? given->max_backoff_ms : usual.min_backoff_ms;
    } else {
        out->min_backoff_ms = given_or(given->min_backoff_ms, usual.min_backoff_ms);
    }
    bool more = out->min_backoff_ms > usual.max_backoff_ms;
    out->max_backoff_ms = given_or(given->max_backoff_ms, more ? out->min_backoff_ms : usual.max_backoff_ms);
    return out->max_backoff_ms >= out->min_backoff_ms ||
           job_fault_invalid(reading->fault, "retry",
                             "retry.max_backoff_ms must not be less than retry.min_backoff_ms");
}

static bool read_rule(struct reading *reading, struct slice text)
{
    struct json_doc *doc = group_read_object(&object, text, reading, reading->fault);
    json_free(doc);
    return doc != NULL && complete(reading);
}

static bool is_usual(const struct retry *rule)
{
    return rule->max_attempts == usual.max_attempts && rule->min_backoff_ms == usual.min_backoff_ms &&
           rule->max_backoff_ms == usual.max_backoff_ms && rule->multiplier_milli == usual.multiplier_milli &&
           rule->jitter == usual.jitter && rule->max_duration_ms == usual.max_duration_ms;
}

/* Keep the text, unless the rule is the default. */
static bool keep_text(struct retry *out, struct slice text, struct job_fault *fault)
{
    if (is_usual(out)) {
        return true;
    }
    out->text = text;
    return group_keep(&out->memory, (struct slice *[]){&out->text}, 1) || job_fault_nomem(fault, "retry");
}

bool retry_read(struct retry *out, const struct job_fields *fields, struct job_fault *fault)
{
    struct reading reading = {.out = out, .fault = fault};
    *out = usual;
    out->unsent = fields->retry_unsent.value != 0;
    out->client_errors = fields->retry_client_errors.value != 0;
    return fields->retry.data == NULL ||
           (read_rule(&reading, fields->retry) && keep_text(out, fields->retry, fault));
}

void retry_fini(struct retry *rule)
{
    free(rule->memory);
    *rule = (struct retry){0};
}

/* ---- describing and printing ---- */

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
