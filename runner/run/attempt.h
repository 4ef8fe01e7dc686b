/* attempt: one attempt at one occurrence, from the claim until it is recorded. Owns the states of an attempt
 * and the only function that changes them; attempts (attempts.h) decides what happens in each.
 *
 *     CLAIMED ──▶ STARTING ──▶ READY ──▶ (CONFIRMING) ──▶ CALLING ──▶ FINISHING ──▶ ENDED
 *        │            │          │             │                          ▲           ▲
 *        ├────────────┴──────────┴─────────────┴─▶ RELEASING ─────────────│───────────┤
 *        ├─▶ SKIPPING ────────────────────────────────────────────────────│───────────┤
 *        ├─▶ (too late, and no gap to skip) ──────────────────────────────┘           │
 *        └─▶ (the job is broken) ─────────────────────────────────────────────────────┘
 *
 * An attempt that a later occurrence cancels goes from READY or CALLING to ENDED without a record.
 */
#ifndef DRONC_ATTEMPT_H
#define DRONC_ATTEMPT_H

#include "base/list.h"
#include "http/http_client.h"
#include "http/lookups.h"
#include "job/execution.h"
#include "job/job.h"
#include "loop/heap.h"
#include "run/attempt_secrets.h"
#include "run/gate.h"
#include "run/policy.h"
#include "store/store_attempt.h"

enum attempt_state {
    ATTEMPT_CLAIMED,  /* ours in Redis; waits for a place at the gate, and until shortly before its instant */
    ATTEMPT_STARTING, /* Redis is asked to mark it started */
    /* started in Redis, not sent: waits for its instant, and until its host has a call free */
    ATTEMPT_READY,
    /* Its instant has come, and Redis is asked whether it may still be sent: a later occurrence of its job may
     * have cancelled it, or it has waited for long, and its job may be paused or gone. */
    ATTEMPT_CONFIRMING,
    ATTEMPT_CALLING,   /* the call is under way */
    ATTEMPT_FINISHING, /* Redis is asked to record it */
    ATTEMPT_SKIPPING,  /* too late to be called: Redis is asked to record the gap */
    ATTEMPT_RELEASING, /* not sent: Redis is asked to make it due again, now or later */
    ATTEMPT_ENDED,     /* nothing is left to do: freed at the end of the turn */
    ATTEMPT_STATE__COUNT
};

struct attempts;

struct attempt {
    struct attempts *owner; /* borrowed: the set that it is in */
    struct store_attempt claim;
    struct wall_ms due; /* when to make this attempt: the occurrence's instant, or a retry's */
    /* The job's next instant after the occurrence's; INT64_MAX: none. From STARTING on. */
    struct wall_ms following;
    struct job job; /* owned; for a notice, the job that stands in for it (notice_job.h) */
    /* In CALLING: the body that is sent, unless it is exactly the job's. In FINISHING: the memory that
     * execution.response borrows. */
    struct buffer body;
    struct attempt_secrets secrets; /* in CALLING: what the call took from the vault */
    struct mono_ms wanted;          /* when it first asked the vault; 0: not yet */
    unsigned shard;
    enum attempt_state state;
    bool is_notice;  /* not an occurrence: not recorded in the job's history, and never too late */
    bool from_retry; /* the job's next instant is in Redis already */
    bool backlog;    /* it had been due for long when it was claimed */
    bool under_way;  /* in STARTING to RELEASING: sent to Redis, but not answered yet */
    bool cancelled;  /* aborted in favour of a later occurrence, which Redis has already recorded */
    bool sent_again; /* the answer to an earlier command was lost: its effect is not known */
    bool answered;   /* its host answered its call, if only by refusing it */
    bool spare;      /* the gate's: its place is one of those kept for hosts that answered */
    enum gate_place place;
    int confirmations;           /* in CONFIRMING: how often Redis was asked */
    struct mono_ms asked;        /* when it was last asked, or asked to start it */
    struct gate_host *host;      /* borrowed from the gate; NULL in GATE_OUT */
    struct list_item in_line;    /* the gate's */
    struct mono_ms called;       /* the gate's: when it became GATE_CALLING */
    struct lookup_waiter lookup; /* in CLAIMED: waits for the addresses of its host */
    struct heap_item waiting;    /* in CLAIMED and READY: when to go on, or to stop waiting for the gate */
    struct http_call *call;      /* in CALLING; borrowed */
    struct list_item outgoing;   /* in the outbox' queue */
    struct list_item in_set;     /* in the list of all attempts, or of those that ended */
    /* Filled when the outcome is known: */
    struct execution execution;
    struct policy_failure failure; /* if it failed; without scheduled and now */
    enum store_after after;
    int64_t retry_in_ms;     /* FINISHING, if there is a retry: how long to wait for it */
    struct wall_ms next_due; /* SKIPPING: the job's next instant; FINISHING: when to retry */
};

/* "claimed", … */
const char *attempt_state_name(enum attempt_state state);

/* The only way to change an attempt's state. Logs a move that the table does not allow as a bug, and makes
 * it. */
void attempt_set_state(struct attempt *attempt, enum attempt_state state);

#endif
