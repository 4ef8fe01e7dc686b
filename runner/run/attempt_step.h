/* attempt_step: decides what to do next with an attempt when something new is known about it. Pure: attempts
 * (attempts.h) acts.
 */
#ifndef DRONC_ATTEMPT_STEP_H
#define DRONC_ATTEMPT_STEP_H

#include "run/attempt.h"

#define ATTEMPT_STARTED_MS   250 /* how long the answer counts that it is started, its job not paused */
#define ATTEMPT_CONFIRMED_MS 20  /* how long Redis' answer counts that a claim is still ours */
#define ATTEMPT_CONFIRM_MAX  3   /* how often Redis is asked if its answers keep coming late */

enum attempt_step {
    ATTEMPT_STEP_WAIT,    /* for its instant */
    ATTEMPT_STEP_CONFIRM, /* ask Redis whether it may still be sent */
    ATTEMPT_STEP_CALL,
    ATTEMPT_STEP_RELEASE, /* hand it back unsent */
    ATTEMPT_STEP_SKIP,    /* too late: record the gap, and make its job due after the gap */
    ATTEMPT_STEP_GIVE_UP, /* too late, but its job's next instant is already in Redis: record only this one */
    ATTEMPT_STEP_END      /* it is no longer ours, or it is over */
};

/* It is claimed and has its place at the gate. Only first attempts at occurrences can be too late: what was
 * called once is retried, however late. gap: filled for ATTEMPT_STEP_SKIP. */
enum attempt_step attempt_step_claimed(const struct attempt *attempt, struct wall_ms now,
                                       struct policy_gap *gap);

/* Redis' verdict on its start. may_send: the lease is valid, and the runner does not drain. */
enum attempt_step attempt_step_started(const struct attempt *attempt, enum store_verdict verdict,
                                       bool may_send);

/* It is started, its instant has come, and its host has a call free, age_ms after Redis was asked to start it. If a later
 * occurrence may have taken its claim since, Redis is asked first, because the message about it may be missing. So it
 * is after a long wait (the host was full, or Redis' clock was set back): its job may have been paused or deleted. */
enum attempt_step attempt_step_ready(const struct attempt *attempt, int64_t age_ms);

/* Redis' verdict on whether it may still be sent, age_ms after Redis was asked. An answer that took long (perhaps
 * this process was stopped) no longer counts: it describes the past. */
enum attempt_step attempt_step_confirmed(const struct attempt *attempt, enum store_verdict verdict,
                                         bool may_send, int64_t age_ms);

/* Redis has recorded, skipped or released it. Returns true if that makes something due in its shard; *at:
 * when. */
bool attempt_step_makes_due(const struct attempt *attempt, struct wall_ms *at);

#endif
