/* catch_up: see catch_up.h. */
#include "job/catch_up.h"

static const char *const names[CATCH_UP__COUNT] = {
    [CATCH_UP_ALL] = "all",
    [CATCH_UP_LATEST] = "latest",
    [CATCH_UP_NONE] = "none",
};

/* A policy with nothing said about it. */
static struct catch_up plain(enum catch_up_policy policy)
{
    static const struct catch_up rules[CATCH_UP__COUNT] = {
        [CATCH_UP_ALL] = {CATCH_UP_ALL, CATCH_UP_WINDOW_S * INT64_C(1000), CATCH_UP_MAX},
        [CATCH_UP_LATEST] = {CATCH_UP_LATEST, CATCH_UP_WINDOW_S * INT64_C(1000), 1},
        [CATCH_UP_NONE] = {CATCH_UP_NONE, 0, 0},
    };
    return rules[policy];
}

struct catch_up catch_up_default(bool at_least_once)
{
    return plain(at_least_once ? CATCH_UP_ALL : CATCH_UP_NONE);
}

/* ---- reading ---- */

static enum err read_policy(struct catch_up *out, struct slice name, const char **field, struct errinfo *info)
{
    for (unsigned i = 0; i < CATCH_UP__COUNT; i++) {
        if (slice_eq(name, names[i])) {
            *out = plain((enum catch_up_policy)i);
            return ERR_OK;
        }
    }
    *field = "catch_up";
    return err_set(info, ERR_INVALID, "catch_up must be all, latest or none");
}

static enum err check_range(int64_t value, int64_t most, const char *field, struct errinfo *info)
{
    if (value >= 1 && value <= most) {
        return ERR_OK;
    }
    return err_set(info, ERR_INVALID, "%s must be from 1 to %lld", field, (long long)most);
}

/* A limit for what is not called at all is a misunderstanding. */
static enum err refuse_number(const char *field, const struct catch_up *rule, bool by_default,
                              struct errinfo *info)
{
    return err_set(info, ERR_INVALID, "%s means nothing where catch_up is %s%s", field, names[rule->policy],
                   by_default ? ", which it is for this type unless it is given" : "");
}

static enum err read_window(struct catch_up *out, const struct job_fields *fields, struct errinfo *info)
{
    const struct job_number *window_s = &fields->catch_up_window_s;
    if (!window_s->given) {
        return ERR_OK;
    }
    if (out->policy == CATCH_UP_NONE) {
        return refuse_number("catch_up_window_s", out, fields->catch_up.data == NULL, info);
    }
    enum err err = check_range(window_s->value, CATCH_UP_WINDOW_S_MAX, "catch_up_window_s", info);
    if (err == ERR_OK) {
        out->window_ms = window_s->value * 1000;
    }
    return err;
}

static enum err read_max(struct catch_up *out, const struct job_fields *fields, struct errinfo *info)
{
    const struct job_number *max = &fields->catch_up_max;
    if (!max->given) {
        return ERR_OK;
    }
    if (out->policy != CATCH_UP_ALL) {
        return refuse_number("catch_up_max", out, fields->catch_up.data == NULL, info);
    }
    enum err err = check_range(max->value, CATCH_UP_MAX_MAX, "catch_up_max", info);
    if (err == ERR_OK) {
        out->max = (int)max->value;
    }
    return err;
}

enum err catch_up_read(struct catch_up *out, const struct job_fields *fields, bool at_least_once,
                       const char **field, struct errinfo *info)
{
    *out = catch_up_default(at_least_once);
    if (fields->catch_up.data != NULL) {
        enum err err = read_policy(out, fields->catch_up, field, info);
        if (err != ERR_OK) {
            return err;
        }
    }
    *field = "catch_up_window_s";
    enum err err = read_window(out, fields, info);
    if (err == ERR_OK) {
        *field = "catch_up_max";
        err = read_max(out, fields, info);
    }
    return err;
}

/* ---- telling ---- */

void catch_up_describe(const struct catch_up *rule, bool at_least_once, struct job_fields *fields)
{
    struct catch_up usual = catch_up_default(at_least_once);
    if (rule->policy != usual.policy) {
        fields->catch_up = slice_of(names[rule->policy]);
    }
    usual = plain(rule->policy);
    if (rule->window_ms != usual.window_ms) {
        fields->catch_up_window_s = (struct job_number){true, rule->window_ms / 1000};
    }
    if (rule->max != usual.max) {
        fields->catch_up_max = (struct job_number){true, rule->max};
    }
}

bool catch_up_equal(const struct catch_up *a, const struct catch_up *b)
{
    return a->window_ms == b->window_ms && a->max == b->max;
}

void catch_up_print(const struct catch_up *rule, struct buffer *out)
{
    if (rule->policy == CATCH_UP_NONE) {
        buffer_add_str(out, "none");
    } else {
        buffer_printf(out, "%d within %lld s", rule->max, (long long)(rule->window_ms / 1000));
    }
}
