/* outbox: what Redis is to be told about runs, in batches: one script call for all runs of a shard that wait
 * for the same thing.
 *
 * A run is put in when it enters STARTING, CONFIRMING, FINISHING, SKIPPING or RELEASING; its state says what
 * is told. It is sent in the next turn in which the link is up, and again when the link was lost before the
 * answer came (the scripts do nothing twice) or when Redis refused to write (a replica, a full disk). Nothing
 * is dropped: results wait for Redis, and as nothing is started without Redis either, their number is bounded
 * by RUNNER_MAX_IN_FLIGHT.
 *
 * No more than OUTBOX_UNDER_WAY_MAX batches are on their way at once. Redis works on one thing at a time:
 * what waits here meanwhile makes the next batches larger, which is cheaper, and the requests of API clients
 * do not stand in line behind all of it. Loop thread only.
 */
#ifndef DRONC_OUTBOX_H
#define DRONC_OUTBOX_H

#include "loop/loop.h"
#include "redis/redis_link.h"
#include "run/run.h"

#define OUTBOX_RETRY_MS      200 /* between two tries while Redis refuses */
#define OUTBOX_UNDER_WAY_MAX 8   /* batches */

enum outbox_kind {
    OUTBOX_START,
    OUTBOX_START_WATCHED, /* of a job that is watched (watch.h) */
    OUTBOX_CONFIRM,
    OUTBOX_FINISH,
    OUTBOX_FINISH_WATCHED,
    OUTBOX_FINISH_NOTICE,
    OUTBOX_SKIP,
    OUTBOX_RELEASE,
    OUTBOX_KIND__COUNT
};

/* Runs that wait, first in, first out. */
struct outbox_queue {
    struct run *first;
    struct run *last;
    size_t count;
    struct mono_ms hold; /* nothing of it is sent before: Redis refused. 0: no hold */
    bool refused;        /* Redis did, and has not taken anything of it since */
};

/* What Redis said of a run. The run is no longer in the outbox. */
typedef void outbox_verdict_cb(void *arg, struct run *run, enum store_verdict verdict);

struct outbox {
    struct redis_link *link; /* borrowed */
    const char *runner;      /* this runner's id; borrowed */
    struct store_keep keep;  /* as usual after outbox_init; may be set before the first turn */
    struct clock clock;
    struct loop_timer *timer; /* owned: makes a turn happen when the hold ends */
    outbox_verdict_cb *on_verdict;
    void *arg;
    struct outbox_queue queues[OUTBOX_KIND__COUNT][STORE_SHARDS];
    size_t under_way; /* batches that Redis has not answered */
    unsigned next;    /* the queue that is looked at first in the next turn: all get their chance */
    size_t waiting;   /* runs in all queues */
    size_t refused;   /* queues that were: the log has it once, whatever their number */
};

/* loop, link and runner are borrowed for the outbox' life. ERR_NOMEM. */
NODISCARD enum err outbox_init(struct outbox *outbox, struct loop *loop, struct redis_link *link,
                               const char *runner, struct clock clock);
/* Who is told. Before the first outbox_put. */
void outbox_on_verdict(struct outbox *outbox, outbox_verdict_cb *cb, void *arg);
void outbox_fini(struct outbox *outbox);

/* Queue run, which is in one of the five states. */
void outbox_put(struct outbox *outbox, struct run *run);
/* Take run out of its queue before it is sent. False: it is on its way. */
NODISCARD bool outbox_withdraw(struct outbox *outbox, struct run *run);

/* Send what waits. */
void outbox_turn(struct outbox *outbox);

#endif
