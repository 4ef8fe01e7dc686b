/* attempt_step: what to do with an attempt next, once something new is known of it. Pure: it decides,
 * attempts (attempts.h) acts.
 */
#ifndef DRONC_ATTEMPT_STEP_H
#define DRONC_ATTEMPT_STEP_H

#include "run/attempt.h"

#define ATTEMPT_CONFIRMED_MS 20 /* how long Redis' word counts that a claim is still ours */
#define ATTEMPT_CONFIRM_MAX  3  /* how often Redis is asked, if its word keeps coming late */

enum attempt_step {
    ATTEMPT_STEP_WAIT,    /* for its instant */
    ATTEMPT_STEP_CONFIRM, /* ask Redis whether it is still ours */
    ATTEMPT_STEP_CALL,
    ATTEMPT_STEP_RELEASE, /* hand it back unsent */
    ATTEMPT_STEP_SKIP,    /* too late: record the gap, and make its job due after it */
    ATTEMPT_STEP_GIVE_UP, /* too late, and its job's next instant is in Redis already: record this one only */
    ATTEMPT_STEP_END      /* it is no longer ours, or over */
};

/* It is claimed, and has its place at the gate. Only first attempts at occurrences can be too late: what was
 * called once is retried however long that takes. gap: filled for ATTEMPT_STEP_SKIP. */
enum attempt_step attempt_step_claimed(const struct attempt *attempt, struct wall_ms now,
                                       struct policy_gap *gap);

/* Redis' verdict on its start. may_send: the lease is valid, and the runner does not drain. */
enum attempt_step attempt_step_started(const struct attempt *attempt, enum store_verdict verdict,
                                       bool may_send);

/* It is started, and its instant has come. Where a later occurrence may have taken its claim since, Redis is
 * asked first: the message that says so may not have come. */
enum attempt_step attempt_step_ready(const struct attempt *attempt);

/* Redis' verdict on whether it is still ours, age_ms after Redis was asked: an answer that was long under way
 * (this process was stopped, say) says what was so then. */
enum attempt_step attempt_step_confirmed(const struct attempt *attempt, enum store_verdict verdict,
                                         bool may_send, int64_t age_ms);

/* Redis has recorded, skipped or released it. Returns true if that makes something due in its shard; *at:
 * when. */
bool attempt_step_makes_due(const struct attempt *attempt, struct wall_ms *at);

#endif
