/* job_plan: see job_plan.h. */
#include "job/job_plan.h"

#include <string.h>

/* The fields that say when a job is called. */
static const char *const time_fields[] = {"schedule", "timezone",  "starts_at",
                                          "ends_at",  "jitter_ms", "max_runs"};

bool job_plan_first(const struct job *job, struct wall_ms after, struct wall_ms *first)
{
    int64_t every_ms = (int64_t)cron_every_s(&job->when.cron) * 1000;
    if (every_ms > 0 && !when_is_anchored(&job->when)) {
        int64_t base = job->created.ms - job->created.ms % 1000;
        int64_t steps = after.ms > base ? (after.ms - base) / every_ms : 0;
        after.ms = base + steps * every_ms;
    }
    return job_next(job, after, first);
}

static bool is_about_time(const struct job_field *field)
{
    for (size_t i = 0; i < sizeof time_fields / sizeof time_fields[0]; i++) {
        if (strcmp(field->name, time_fields[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_number(struct job_number a, struct job_number b)
{
    return a.given == b.given && (!a.given || a.value == b.value);
}

enum job_plan_change job_plan_compare(const struct job *a, const struct job *b)
{
    enum job_plan_change change = JOB_PLAN_SAME;
    struct job_fields x;
    struct job_fields y;
    job_describe(a, &x);
    job_describe(b, &y);
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        bool same = job_field_is_slice(field)
                        ? slice_same(*job_field_text(&x, field), *job_field_text(&y, field))
                        : same_number(*job_field_number(&x, field), *job_field_number(&y, field));
        if (!same && is_about_time(field)) {
            return JOB_PLAN_OTHER_TIME;
        }
        change = same ? change : JOB_PLAN_SAME_TIME;
    }
    return change;
}
