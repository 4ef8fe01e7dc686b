/* outbox: sends what attempts have for Redis, in batches: one script call for all attempts of a shard that
 * wait for the same thing. A pure transport: it decides nothing about an attempt.
 *
 * An attempt goes in when it enters STARTING, CONFIRMING, FINISHING, SKIPPING or RELEASING; its state says
 * what Redis is asked to do. The outbox sends it in the next turn in which the link is up. It sends it again
 * if the link was lost before the answer came (sent twice, a script works once), or if Redis refused to write
 * (a replica, a full disk). It drops nothing: results wait for Redis. Since nothing starts without Redis
 * either, RUNNER_MAX_IN_FLIGHT bounds their number.
 *
 * At most OUTBOX_UNDER_WAY_MAX batches are under way at once. Redis does one thing at a time: what waits here
 * in the meantime makes the next batches larger, which is cheaper, and the requests of API clients do not
 * have to wait for all of it. Loop thread only.
 */
#ifndef DRONC_OUTBOX_H
#define DRONC_OUTBOX_H

#include "base/list.h"
#include "run/attempt.h"
#include "run/runner_context.h"

#define OUTBOX_RETRY_MS      200 /* between two tries while Redis refuses */
#define OUTBOX_UNDER_WAY_MAX 8   /* batches */

enum outbox_kind {
    OUTBOX_START,
    OUTBOX_START_STATEFUL, /* for stateful jobs (stateful.h) */
    OUTBOX_CONFIRM,
    OUTBOX_FINISH,
    OUTBOX_FINISH_STATEFUL,
    OUTBOX_FINISH_NOTICE,
    OUTBOX_SKIP,
    OUTBOX_RELEASE,
    OUTBOX_KIND__COUNT
};

/* Attempts of one kind in one shard, first in, first out. */
struct outbox_queue {
    struct list attempts;        /* linked by attempt->outgoing */
    struct mono_ms paused_until; /* Redis refused it, so nothing of it is sent before; 0: not paused */
    bool refused;                /* Redis refused it, and has accepted nothing of it since */
};

/* Redis' verdict on an attempt. The attempt is no longer in the outbox. */
typedef void outbox_verdict_cb(void *arg, struct attempt *attempt, enum store_verdict verdict);

struct outbox {
    const struct runner_context *context; /* borrowed */
    struct loop_timer *timer;             /* owned: makes a turn happen when a pause ends */
    outbox_verdict_cb *on_verdict;
    void *arg;
    struct outbox_queue queues[OUTBOX_KIND__COUNT][STORE_SHARDS];
    size_t under_way; /* batches that Redis has not answered */
    unsigned next;    /* the queue to look at first in the next turn, so that queues take turns */
    size_t waiting;   /* attempts in all queues */
    size_t refused;   /* queues that Redis refuses; the log mentions it once, not per queue */
};

/* Borrows context for the outbox' life. ERR_NOMEM. */
NODISCARD enum err outbox_init(struct outbox *outbox, const struct runner_context *context);
/* Pass verdicts to cb. Call it before the first outbox_put. */
void outbox_on_verdict(struct outbox *outbox, outbox_verdict_cb *cb, void *arg);
void outbox_fini(struct outbox *outbox);

/* Queue attempt, which is in one of the five states. */
void outbox_put(struct outbox *outbox, struct attempt *attempt);
/* Take attempt out of its queue before it is sent. Returns false if it is already under way. */
NODISCARD bool outbox_withdraw(struct outbox *outbox, struct attempt *attempt);

/* Returns the number of attempts that wait to be sent. */
size_t outbox_waiting(const struct outbox *outbox);

/* Send what waits. Once per turn. */
void outbox_turn(struct outbox *outbox);

#endif
