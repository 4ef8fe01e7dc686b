/* attempt_step: see attempt_step.h. */
#include "run/attempt_step.h"

/* Returns true if a first attempt that comes from retry is too late. If its job lets occurrences wait for
 * each other, it may have waited for one, so it is called whenever its turn comes. */
static bool is_too_old(const struct attempt *attempt, struct wall_ms now)
{
    return attempt->job.stateful.overlap != OVERLAP_QUEUE &&
           policy_is_too_old(&attempt->job, attempt->claim.scheduled, now);
}

enum attempt_step attempt_step_claimed(const struct attempt *attempt, struct wall_ms now,
                                       struct policy_gap *gap)
{
    *gap = (struct policy_gap){0};
    if (attempt->claim.number > 1 || attempt->is_notice) {
        return ATTEMPT_STEP_WAIT;
    }
    if (attempt->from_retry) {
        return is_too_old(attempt, now) ? ATTEMPT_STEP_GIVE_UP : ATTEMPT_STEP_WAIT;
    }
    *gap = policy_lateness(&attempt->job, attempt->claim.scheduled, now);
    return gap->count > 0 ? ATTEMPT_STEP_SKIP : ATTEMPT_STEP_WAIT;
}

enum attempt_step attempt_step_started(const struct attempt *attempt, enum store_verdict verdict,
                                       bool may_send)
{
    if (verdict != STORE_DONE || attempt->cancelled) {
        return ATTEMPT_STEP_END;
    }
    return may_send ? ATTEMPT_STEP_WAIT : ATTEMPT_STEP_RELEASE;
}

enum attempt_step attempt_step_ready(const struct attempt *attempt, int64_t age_ms)
{
    bool may_be_void = attempt->job.stateful.overlap == OVERLAP_CANCEL || age_ms > ATTEMPT_STARTED_MS;
    return may_be_void && !attempt->is_notice ? ATTEMPT_STEP_CONFIRM : ATTEMPT_STEP_CALL;
}

enum attempt_step attempt_step_confirmed(const struct attempt *attempt, enum store_verdict verdict,
                                         bool may_send, int64_t age_ms)
{
    if ((verdict != STORE_DONE && verdict != STORE_GONE) || attempt->cancelled) {
        return ATTEMPT_STEP_END;
    }
    if (verdict == STORE_GONE || !may_send) {
        return ATTEMPT_STEP_RELEASE;
    }
    bool again = age_ms > ATTEMPT_CONFIRMED_MS && attempt->confirmations < ATTEMPT_CONFIRM_MAX;
    return again ? ATTEMPT_STEP_CONFIRM : ATTEMPT_STEP_CALL;
}

bool attempt_step_makes_due(const struct attempt *attempt, struct wall_ms *at)
{
    bool released = attempt->state == ATTEMPT_RELEASING;
    *at = released ? attempt->due : attempt->next_due;
    return released || attempt->state == ATTEMPT_SKIPPING || attempt->after == STORE_AFTER_RETRY;
}
