/* run_step: see run_step.h. */
#include "run/run_step.h"

/* Returns true if a first attempt that comes from retry is too late. If its job lets occurrences wait for
 * each other, it may have done that, and is called whenever its turn comes. */
static bool is_too_old(const struct run *run, struct wall_ms now)
{
    return run->job.stateful.overlap != OVERLAP_QUEUE &&
           policy_is_too_old(&run->job, run->attempt.scheduled, now);
}

enum run_step run_step_claimed(const struct run *run, struct wall_ms now, struct policy_gap *gap)
{
    *gap = (struct policy_gap){0};
    if (run->attempt.number > 1 || run->is_notice) {
        return RUN_STEP_WAIT;
    }
    if (run->from_retry) {
        return is_too_old(run, now) ? RUN_STEP_GIVE_UP : RUN_STEP_WAIT;
    }
    *gap = policy_lateness(&run->job, run->attempt.scheduled, now);
    return gap->count > 0 ? RUN_STEP_SKIP : RUN_STEP_WAIT;
}

enum run_step run_step_started(const struct run *run, enum store_verdict verdict, bool may_send)
{
    if (verdict != STORE_DONE || run->cancelled) {
        return RUN_STEP_END;
    }
    return may_send ? RUN_STEP_WAIT : RUN_STEP_RELEASE;
}

enum run_step run_step_ready(const struct run *run)
{
    bool may_be_taken = run->job.stateful.overlap == OVERLAP_CANCEL && !run->is_notice;
    return may_be_taken ? RUN_STEP_CONFIRM : RUN_STEP_CALL;
}

enum run_step run_step_confirmed(const struct run *run, enum store_verdict verdict, bool may_send,
                                 int64_t age_ms)
{
    if (verdict != STORE_DONE || run->cancelled) {
        return RUN_STEP_END;
    }
    if (!may_send) {
        return RUN_STEP_RELEASE;
    }
    bool again = age_ms > RUN_CONFIRMED_MS && run->confirmations < RUN_CONFIRM_MAX;
    return again ? RUN_STEP_CONFIRM : RUN_STEP_CALL;
}

bool run_step_makes_due(const struct run *run, struct wall_ms *at)
{
    bool released = run->state == RUN_RELEASING;
    *at = released ? run->due : run->next_due;
    return released || run->state == RUN_SKIPPING || run->after == STORE_AFTER_RETRY;
}
