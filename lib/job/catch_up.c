/* catch_up: see catch_up.h. */
#include "job/catch_up.h"

#include "job/job_type.h"

static const char *const names[CATCH_UP__COUNT] = {
    [CATCH_UP_ALL] = "all",
    [CATCH_UP_LATEST] = "latest",
    [CATCH_UP_NONE] = "none",
};

/* A policy with the default window and max. */
static struct catch_up plain(enum catch_up_policy policy, bool at_least_once)
{
    static const struct {
        int64_t window_ms;
        int max;
    } rules[CATCH_UP__COUNT] = {
        [CATCH_UP_ALL] = {CATCH_UP_WINDOW_S * INT64_C(1000), CATCH_UP_MAX},
        [CATCH_UP_LATEST] = {CATCH_UP_WINDOW_S * INT64_C(1000), 1},
        [CATCH_UP_NONE] = {0, 0},
    };
    return (struct catch_up){policy, rules[policy].window_ms, rules[policy].max, at_least_once};
}

struct catch_up catch_up_default(bool at_least_once)
{
    return plain(at_least_once ? CATCH_UP_ALL : CATCH_UP_NONE, at_least_once);
}

/* ---- reading ---- */

static bool read_policy(struct catch_up *out, struct slice name, struct job_fault *fault)
{
    if (name.data == NULL) {
        return true;
    }
    for (unsigned i = 0; i < CATCH_UP__COUNT; i++) {
        if (slice_eq(name, names[i])) {
            *out = plain((enum catch_up_policy)i, out->at_least_once);
            return true;
        }
    }
    return job_fault_invalid(fault, "catch_up", "catch_up must be all, latest or none");
}

/* A limit means nothing under a policy that calls no occurrence, or only one: a misunderstanding. */
static bool refuse_number(const struct catch_up *rule, bool by_default, const char *field,
                          struct job_fault *fault)
{
    return job_fault_invalid(fault, field, "%s means nothing where catch_up is %s%s", field,
                             names[rule->policy],
                             by_default ? ", which it is for this type unless it is given" : "");
}

static bool read_window(struct catch_up *out, const struct job_fields *fields, struct job_fault *fault)
{
    const struct job_number *window_s = &fields->catch_up_window_s;
    if (!window_s->given) {
        return true;
    }
    if (out->policy == CATCH_UP_NONE) {
        return refuse_number(out, fields->catch_up.data == NULL, "catch_up_window_s", fault);
    }
    if (!job_field_check_number(fields, job_field_find(slice_of("catch_up_window_s")), fault)) {
        return false;
    }
    out->window_ms = window_s->value * 1000;
    return true;
}

static bool read_max(struct catch_up *out, const struct job_fields *fields, struct job_fault *fault)
{
    const struct job_number *max = &fields->catch_up_max;
    if (!max->given) {
        return true;
    }
    if (out->policy != CATCH_UP_ALL) {
        return refuse_number(out, fields->catch_up.data == NULL, "catch_up_max", fault);
    }
    if (!job_field_check_number(fields, job_field_find(slice_of("catch_up_max")), fault)) {
        return false;
    }
    out->max = (int)max->value;
    return true;
}

bool catch_up_read(struct catch_up *out, const struct job_fields *fields, struct job_fault *fault)
{
    *out = catch_up_default(slice_eq(fields->type, job_type_name(JOB_ATLEAST_ONCE)));
    return read_policy(out, fields->catch_up, fault) && read_window(out, fields, fault) &&
           read_max(out, fields, fault);
}

void catch_up_fini(struct catch_up *rule)
{
    (void)rule; /* owns nothing */
}

/* ---- describing and printing ---- */

void catch_up_describe(const struct catch_up *rule, struct job_fields *fields)
{
    struct catch_up usual = catch_up_default(rule->at_least_once);
    if (rule->policy != usual.policy) {
        fields->catch_up = slice_of(names[rule->policy]);
    }
    usual = plain(rule->policy, rule->at_least_once);
    if (rule->window_ms != usual.window_ms) {
        fields->catch_up_window_s = (struct job_number){true, rule->window_ms / 1000};
    }
    if (rule->max != usual.max) {
        fields->catch_up_max = (struct job_number){true, rule->max};
    }
}

void catch_up_print(const struct catch_up *rule, struct buffer *out)
{
    struct catch_up usual = catch_up_default(rule->at_least_once);
    if (rule->window_ms == usual.window_ms && rule->max == usual.max) {
        return; /* it means the same, whatever its policy is called */
    }
    if (rule->policy == CATCH_UP_NONE) {
        buffer_add_str(out, "catch up none\n");
    } else {
        buffer_printf(out, "catch up %d within %lld s\n", rule->max, (long long)(rule->window_ms / 1000));
    }
}
