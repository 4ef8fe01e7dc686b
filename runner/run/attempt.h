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
 * An attempt that a later occurrence cancels ends out of READY or CALLING, and is not recorded.
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
    /* started in Redis, not sent: waits for its instant, and for its host to have a call free */
    ATTEMPT_READY,
    /* Its instant has come, and Redis is asked whether it is still ours: later occurrences of its job cancel
     * its call. */
    ATTEMPT_CONFIRMING,
    ATTEMPT_CALLING,   /* the call is under way */
    ATTEMPT_FINISHING, /* its record goes to Redis */
    ATTEMPT_SKIPPING,  /* too late to be called: the gap goes to Redis */
    ATTEMPT_RELEASING, /* not sent: Redis is asked to make it due again, now or later */
    ATTEMPT_ENDED,     /* nothing left to do: freed at the end of the turn */
    ATTEMPT_STATE__COUNT
};

struct attempts;

struct attempt {
    struct attempts *owner; /* borrowed: the set that it is in */
    struct store_attempt claim;
    struct wall_ms due; /* when this attempt is to be made: the occurrence's instant, or a retry's */
    /* The job's next instant after the occurrence's; INT64_MAX: none. From STARTING on. */
    struct wall_ms following;
    struct job job; /* owned; of a notice, the one that stands in for it (notice_job.h) */
    /* In CALLING: what is sent, if that is not the job's body as it stands. In FINISHING: what
     * execution.response borrows. */
    struct buffer body;
    struct attempt_secrets secrets; /* in CALLING: what the call took from the vault */
    struct mono_ms wanted;          /* when it first asked the vault; 0: not yet */
    unsigned shard;
    enum attempt_state state;
    bool is_notice;  /* no occurrence: neither recorded in the job's history nor ever too late */
    bool from_retry; /* the job's next instant is in Redis already */
    bool backlog;    /* it had been due for long when it was claimed */
    bool under_way;  /* in STARTING to RELEASING: sent to Redis, and no answer yet */
    bool cancelled;  /* aborted for the sake of a later occurrence, which is recorded already */
    bool sent_again; /* the answer to an earlier sending was lost: what it did is not known */
    bool answered;   /* its host answered its call, if only by refusing it */
    bool spare;      /* the gate's: its place is one of those for hosts that answered */
    enum gate_place place;
    int confirmations;           /* in CONFIRMING: how often Redis was asked */
    struct mono_ms asked;        /* and when, the last time */
    struct gate_host *host;      /* borrowed from the gate; NULL: GATE_OUT */
    struct list_item in_line;    /* the gate's */
    struct mono_ms called;       /* the gate's: when it became GATE_CALLING */
    struct lookup_waiter lookup; /* in CLAIMED: waits for the addresses of its host */
    struct heap_item waiting;    /* in CLAIMED and READY: when to go on, or to stop waiting for the gate */
    struct http_call *call;      /* in CALLING; borrowed */
    struct list_item outgoing;   /* in the outbox' queue */
    struct list_item in_set;     /* in the list of all attempts, or of those that ended */
    /* From here on filled when the outcome is known. */
    struct execution execution;
    struct policy_failure failure; /* if it is one; scheduled and now are not filled */
    enum store_after after;
    int64_t retry_in_ms;     /* FINISHING with a retry: how long to wait for it */
    struct wall_ms next_due; /* SKIPPING: the job's next instant; FINISHING: when to retry */
};

/* "claimed", … */
const char *attempt_state_name(enum attempt_state state);

/* The only way to change an attempt's state. Logs a move that the table does not allow as a bug, and makes
 * it. */
void attempt_set_state(struct attempt *attempt, enum attempt_state state);

#endif
