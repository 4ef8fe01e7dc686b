/* policy: see policy.h. */
#include "run/policy.h"

/* Returns a number drawn evenly from 0 to max. */
static int64_t draw(int64_t max, uint32_t random)
{
    return (int64_t)((uint64_t)(max + 1) * random >> 32);
}

int policy_attempt_in_round(int attempt, int attempts)
{
    return (attempt - 1) % attempts + 1;
}

int64_t policy_backoff_ms(const struct retry *rule, int attempt, uint32_t random)
{
    int64_t backoff = rule->min_backoff_ms;
    bool grows = rule->multiplier_milli > 1000;
    for (int i = 1; grows && i < attempt && backoff < rule->max_backoff_ms; i++) {
        int64_t more = backoff * rule->multiplier_milli / 1000;
        grows = more > backoff; /* very small ones may be rounded down to themselves */
        backoff = more;
    }
    if (backoff > rule->max_backoff_ms) {
        backoff = rule->max_backoff_ms;
    }
    return rule->jitter ? draw(backoff, random) : backoff;
}

/* Returns true if the answer says that the same request will fail again. */
static bool is_final(int status)
{
    bool passing = status == 408 || status == 425 || status == 429;
    return status == 501 || (status >= 400 && status <= 499 && !passing);
}

static bool is_worth_a_retry(const struct job *job, const struct policy_failure *failure)
{
    if (failure->forbidden) {
        return false;
    }
    if (job->type == JOB_ATMOST_ONCE) {
        return job->retry.unsent && failure->unsent;
    }
    return !failure->answered || job->retry.client_errors || !is_final(failure->status);
}

/* Returns how long to wait: at least what the target asks for, and at least the backoff. So a target that
 * asks for less, for nothing, or for a time that is over by our clock gets no burst either. */
static int64_t wait_of(const struct retry *rule, const struct policy_failure *failure, uint32_t random)
{
    int attempt = policy_attempt_in_round(failure->attempt, rule->max_attempts);
    int64_t backoff = policy_backoff_ms(rule, attempt, random);
    bool heard = failure->answered && (failure->status == 429 || failure->status == 503);
    int64_t asked = heard ? failure->retry_after_ms : -1;
    asked = asked < POLICY_RETRY_AFTER_MS ? asked : POLICY_RETRY_AFTER_MS;
    return asked > backoff ? asked : backoff;
}

enum store_after policy_after_failure(const struct job *job, const struct policy_failure *failure,
                                      uint32_t random, int64_t *wait_ms)
{
    const struct retry *rule = &job->retry;
    *wait_ms = wait_of(rule, failure, random);
    if (failure->answered && failure->status == 410) {
        return STORE_AFTER_GONE;
    }
    if (failure->forbidden && (failure->unsent || job->type != JOB_ATMOST_ONCE)) {
        return STORE_AFTER_DEAD;
    }
    if (!is_worth_a_retry(job, failure)) {
        return job->type == JOB_ATMOST_ONCE ? STORE_AFTER_NOTHING : STORE_AFTER_DEAD;
    }
    bool first_round = failure->attempt <= rule->max_attempts;
    bool too_late = first_round && rule->max_duration_ms > 0 &&
                    failure->now.ms + *wait_ms > failure->scheduled.ms + rule->max_duration_ms;
    bool spent = policy_attempt_in_round(failure->attempt, rule->max_attempts) == rule->max_attempts;
    return spent || too_late ? STORE_AFTER_DEAD : STORE_AFTER_RETRY;
}

int64_t policy_put_off_ms(int64_t late_ms, uint32_t random)
{
    int64_t wait = late_ms > POLICY_PUT_OFF_MIN_MS ? late_ms : POLICY_PUT_OFF_MIN_MS;
    wait = wait < POLICY_PUT_OFF_MAX_MS ? wait : POLICY_PUT_OFF_MAX_MS;
    return wait / 2 + draw(wait - wait / 2, random);
}

/* Returns the first occurrence at or after `at` of a schedule that has one at scheduled (before at). Instants
 * of @every are known only from one to the next, so it skips the steps in between by division. ms =
 * INT64_MAX: there is none. */
static struct wall_ms first_from(const struct job *job, struct wall_ms scheduled, struct wall_ms at)
{
    struct wall_ms from = {at.ms - 1};
    struct wall_ms next = {INT64_MAX};
    int64_t every_ms = (int64_t)cron_every_s(&job->when.cron) * 1000;
    if (every_ms > 0) {
        from.ms = scheduled.ms + (at.ms - 1 - scheduled.ms) / every_ms * every_ms;
    }
    return job_next(job, from, &next) ? next : (struct wall_ms){INT64_MAX};
}

/* Returns the one of the occurrences from first to now that has max - 1 later ones; first if there are fewer.
 */
static struct wall_ms first_of_latest(const struct job *job, struct wall_ms first, struct wall_ms now,
                                      int max)
{
    struct wall_ms at;
    return job_nth_last(job, (struct when_range){first, now}, max, &at) ? at : first;
}

/* Returns the first occurrence from scheduled on that is still called. */
static struct wall_ms first_to_call(const struct job *job, struct wall_ms scheduled, struct wall_ms now)
{
    const struct catch_up *rule = &job->catch_up;
    bool none = rule->policy == CATCH_UP_NONE;
    struct wall_ms oldest = {now.ms - (none ? POLICY_GRACE_MS : rule->window_ms)};
    struct wall_ms first = oldest.ms <= scheduled.ms ? scheduled : first_from(job, scheduled, oldest);
    return none || first.ms > now.ms ? first : first_of_latest(job, first, now, rule->max);
}

/* Returns the gap from scheduled up to, not including, next. scheduled need not be an instant of the
 * schedule: after a change of a time zone's rules, a job may be due at another instant. */
static struct policy_gap measure(const struct job *job, struct wall_ms scheduled, struct wall_ms next,
                                 struct wall_ms now)
{
    struct policy_gap gap = {.next = next, .until = scheduled};
    struct wall_ms end = {next.ms <= now.ms ? next.ms - 1 : now.ms};
    struct when_range range = {scheduled, end};
    gap.count = 1 + job_count(job, range);
    if (gap.count > 1 && !job_nth_last(job, range, 1, &gap.until)) {
        gap.until = scheduled; /* cannot be */
    }
    return gap;
}

struct policy_gap policy_lateness(const struct job *job, struct wall_ms scheduled, struct wall_ms now)
{
    struct policy_gap none = {0};
    if (now.ms - scheduled.ms <= POLICY_GRACE_MS) {
        return none;
    }
    struct wall_ms keep = first_to_call(job, scheduled, now);
    return keep.ms <= scheduled.ms ? none : measure(job, scheduled, keep, now);
}

bool policy_is_too_old(const struct job *job, struct wall_ms scheduled, struct wall_ms now)
{
    int64_t late_ms = now.ms - scheduled.ms;
    return late_ms > POLICY_GRACE_MS && late_ms > job->catch_up.window_ms;
}
