/* run: one attempt at one occurrence, from the claim until it is recorded. Owns the states of a run and the
 * only function that changes them; what is done in each state is runs' business.
 *
 *     CLAIMED ──▶ STARTING ──▶ READY ──▶ (CONFIRMING) ──▶ CALLING ──▶ FINISHING ──▶ ENDED
 *        │            │          │             │                          ▲           ▲
 *        ├────────────┴──────────┴─────────────┴─▶ RELEASING ─────────────│───────────┤
 *        ├─▶ SKIPPING ────────────────────────────────────────────────────│───────────┤
 *        ├─▶ (too late, and no gap to skip) ──────────────────────────────┘           │
 *        └─▶ (the job is set aside) ──────────────────────────────────────────────────┘
 *
 * One that is cancelled for the sake of a later occurrence ends out of READY or CALLING, and is not recorded.
 */
#ifndef DRONC_RUN_H
#define DRONC_RUN_H

#include "http/http_client.h"
#include "http/lookups.h"
#include "job/execution.h"
#include "job/job.h"
#include "loop/heap.h"
#include "run/gate.h"
#include "run/policy.h"
#include "store/store_run.h"

enum run_state {
    RUN_CLAIMED,  /* ours in Redis; waits for a place at the gate, and until shortly before its instant */
    RUN_STARTING, /* Redis is to mark it started: queued or on its way */
    RUN_READY, /* started in Redis, not sent: waits for its instant, and for its host to have a call free */
    RUN_CONFIRMING, /* its instant has come, and Redis is asked whether it is still ours: of jobs whose calls
                       are cancelled by later ones */
    RUN_CALLING,    /* the call is under way */
    RUN_FINISHING,  /* the record is to go to Redis: queued or on its way */
    RUN_SKIPPING,   /* too late to be called; the gap is to go to Redis */
    RUN_RELEASING,  /* not sent: Redis is to make it due again, now or later */
    RUN_ENDED,      /* nothing left to do: freed at the end of the turn */
    RUN_STATE__COUNT
};

struct runs;

struct run {
    struct runs *owner; /* borrowed: the set that it is in */
    struct store_attempt attempt;
    struct wall_ms due; /* when this attempt is to be made: the occurrence's instant, or a retry's */
    struct wall_ms
        following;  /* the job's next instant behind the occurrence's; INT64_MAX: none. From STARTING on */
    struct job job; /* owned; of a notice, the one that stands in for it (notice_job.h) */
    struct buffer body; /* in CALLING: what is sent, where that is not the job's body as it stands;
                         * in FINISHING: what execution.response borrows */
    unsigned shard;
    enum run_state state;
    bool is_notice;  /* no occurrence: neither recorded in the job's history nor ever too late */
    bool from_retry; /* the job's next instant stands in Redis already */
    bool backlog;    /* it had been due for long when it was claimed */
    bool on_the_way; /* in STARTING to RELEASING: sent to Redis, and no answer yet */
    bool cancelled;  /* aborted for the sake of a later occurrence, which is recorded already */
    bool sent_again; /* the answer to an earlier sending was lost: what it did is not known */
    bool answered;   /* its host had something to say to its call, if only that it takes none */
    bool spare;      /* the gate's: its place is one of those for hosts that answered */
    enum gate_place place;
    int confirmations;                 /* in CONFIRMING: how often Redis was asked */
    struct mono_ms asked;              /* and when, the last time */
    struct gate_host *host;            /* borrowed from the gate; NULL: GATE_OUT */
    struct run *line_prev, *line_next; /* the gate's */
    struct mono_ms called;             /* the gate's: when it became GATE_CALLING */
    struct lookup_waiter lookup;       /* in CLAIMED: waits for the addresses of its host */
    struct heap_item waiting; /* in CLAIMED and READY: when to go on, or to wait no longer for the gate */
    struct http_call *call;   /* in CALLING; borrowed */
    struct run *queued;       /* the next one in the outbox' queue; NULL: the last, or in none */
    struct run *prev, *next;  /* in the list of all runs */
    /* From here on filled when the outcome is known. */
    struct execution execution;
    struct policy_failure failure; /* where it is one; scheduled and now are not filled */
    enum store_after after;
    int64_t retry_in_ms;     /* FINISHING with a retry: how long to wait for it */
    struct wall_ms next_due; /* SKIPPING: the job's next instant; FINISHING: when to retry */
};

/* "claimed", … */
const char *run_state_name(enum run_state state);

/* The only way to change a run's state. A move that the table does not allow is logged as a bug, and made. */
void run_set_state(struct run *run, enum run_state state);

#endif
