/* runs: all attempts that this runner holds, and what happens to each in its time. The heart of the runner.
 *
 * A claimed run gets a place at the gate, waits until RUNS_START_LEAD_MS before its instant, is marked as
 * started in Redis, waits for the instant itself, is called, and its outcome is recorded; on the way it may
 * be skipped (too late), handed back (draining, lease lost) or found to be no longer ours. Nothing is sent
 * before Redis has acknowledged the start, nor while the lease is not valid. A started claim can be taken
 * away by a later occurrence of its job, where the job's overlap is `cancel`: such a run asks once more when
 * its instant has come.
 *
 * A run whose host lets nothing more through waits RUNS_HOLD_MS, and not at all where the host is stuck and
 * enough wait already; then it is put off: handed back, to be due again after a time that policy tells. So a
 * host that hangs holds no claims for ever, and no memory. Loop thread only.
 */
#ifndef DRONC_RUNS_H
#define DRONC_RUNS_H

#include "http/http_client.h"
#include "loop/alarm.h"
#include "redis/timebase.h"
#include "run/addresses.h"
#include "run/gate.h"
#include "run/outbox.h"
#include "run/run.h"
#include "run/run_call.h"

/* Starts are asked for so long before the instant: the time that Redis may take to make them durable without
 * making a call late. A job that is deleted within it is still called. */
#define RUNS_START_LEAD_MS 30

#define RUNS_CONFIRMED_MS  20 /* so long Redis' word counts that a claim is still ours */
#define RUNS_CONFIRM_MAX   3  /* times that it is asked for, if it keeps coming late */

#define RUNS_HOLD_MS       1000 /* how long a run waits for its host to let it through */
#define RUNS_ADDRESSES_MAX 2    /* runs that wait for addresses, in multiples of max_in_flight */
#define RUNS_BACKLOG_MS    1000 /* what was due so long before it was claimed is backlog */

#define RUNS_RESPONSE_MAX  INT64_C(1048576) /* bytes of an answer's body that are read */

struct runs_options {
    struct loop *loop;
    struct http_client *http;
    struct outbox *outbox;
    const struct timebase *timebase;
    struct zones *zones;
    const char *runner;   /* this runner's id */
    size_t max_in_flight; /* calls at once */
    size_t max_per_host;  /* of these, to one host */
    size_t max_slow;      /* of these, what may turn out slow (gate.h); 0: half of them */
    /* A job turned out to be unreadable: it is to be put aside. */
    void (*on_broken)(void *arg, const struct store_attempt *attempt, const char *why);
    /* A retry or a next occurrence is due in shard at `due`. */
    void (*on_due)(void *arg, unsigned shard, struct wall_ms due);
    void *arg;
}; /* all borrowed for the life of runs */

struct runs {
    struct runs_options options;
    struct alarm *alarm; /* owned: the first in `waiting` */
    struct addresses addresses;
    struct gate gate;
    struct heap waiting;    /* of runs in CLAIMED and READY */
    struct run *all;        /* every run that is not ENDED */
    struct run *ended;      /* freed at the end of the turn */
    size_t count;           /* of all */
    size_t calling;         /* of all: in CALLING */
    size_t backlog;         /* of all: had been due for long when they were claimed */
    struct run_texts texts; /* of the latest request */
    bool may_send;          /* the lease is valid */
    bool draining;          /* nothing new is started */
};

NODISCARD enum err runs_init(struct runs *runs, const struct runs_options *options);
/* Frees every run without telling anybody. */
void runs_fini(struct runs *runs);

/* Take over what was claimed. claimed is borrowed. ERR_NOMEM: the claim stays in Redis, unknown to us. */
NODISCARD enum err runs_add(struct runs *runs, unsigned shard, const struct store_claimed *claimed);

/* Does a run that may yet write its job's next instant hold this zone? */
bool runs_hold_zone(const struct runs *runs, const struct zone *zone);

/* The lease became valid, or ceased to be: then everything that was not sent is handed back. */
void runs_set_may_send(struct runs *runs, bool may_send);
/* Hand back everything that was not sent, and start nothing more. */
void runs_drain(struct runs *runs);
/* A claim was taken away from whoever has it (store_cancel_parse): end its run, if it is one of these, and
 * record nothing. */
void runs_cancel(struct runs *runs, const struct store_attempt *attempt);
/* End the calls that are still under way. */
void runs_abort(struct runs *runs);

/* Do what is due now, set the alarm for what is next. */
void runs_turn(struct runs *runs);
/* Free what has ended. Last in the turn. */
void runs_sweep(struct runs *runs);

#endif
