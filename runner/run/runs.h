/* runs: all attempts that this runner holds, and what happens to each in its time. The heart of the runner.
 *
 * A claimed run gets a place at the gate, waits until RUNS_START_LEAD_MS before its instant, is marked as
 * started in Redis, waits for the instant itself, and is called; its outcome is recorded. On the way it may
 * be skipped (too late), handed back (draining, lease lost) or found to be no longer ours. Nothing is sent
 * before Redis has acknowledged the start, nor while the lease is not valid. A later occurrence of its job
 * can take a started claim away, if the job's overlap is `cancel`: such a run asks once more when its instant
 * has come.
 *
 * A run waits RUNS_QUEUE_MS for its host to let it through, and not at all where the host is stuck and enough
 * wait already. Then it is put off: handed back, to be due again after a time that policy decides. So a host
 * that hangs holds neither claims for ever nor memory. Loop thread only.
 */
#ifndef DRONC_RUNS_H
#define DRONC_RUNS_H

#include "http/http_client.h"
#include "loop/alarm.h"
#include "redis/cluster_clock.h"
#include "run/addresses.h"
#include "run/gate.h"
#include "run/outbox.h"
#include "run/run.h"
#include "run/run_call.h"
#include "run/runner_context.h"

/* A start is asked for so long before the instant: the time that Redis may take to make it durable without
 * making the call late. A job that is deleted within that time is still called. */
#define RUNS_START_LEAD_MS 30

#define RUNS_QUEUE_MS      1000 /* how long a run waits for its host to let it through */
#define RUNS_ADDRESSES_MAX 2    /* runs that wait for addresses, in multiples of max_in_flight */
#define RUNS_BACKLOG_MS    1000 /* what was due so long before it was claimed is backlog */

#define RUNS_RESPONSE_MAX  INT64_C(1048576) /* bytes of an answer's body that are read */

struct runs_options {
    const struct runner_context *context;
    struct http_client *http;
    struct outbox *outbox;
    size_t max_in_flight; /* calls at once */
    size_t max_per_host;  /* of these, to one host */
    size_t max_slow;      /* of these, what may turn out slow (gate.h); 0: half of them */
    /* A job turned out to be unreadable: it is to be set aside. */
    void (*on_broken)(void *arg, const struct store_attempt *attempt, const char *why);
    /* A retry or a next occurrence is due in shard at `due`. */
    void (*on_due)(void *arg, unsigned shard, struct wall_ms due);
    void *arg;
}; /* all borrowed for the life of runs */

struct runs {
    struct runs_options options;
    const struct cluster_clock *cluster_clock; /* the context's */
    struct alarm *alarm;                       /* owned: the first in `waiting` */
    struct addresses addresses;
    struct gate gate;
    struct heap waiting;    /* of runs in CLAIMED and READY */
    struct list all;        /* every run that is not ENDED */
    struct list ended;      /* freed at the end of the turn */
    size_t calling;         /* of all: in CALLING */
    size_t backlog;         /* of all: had been due for long when they were claimed */
    struct run_texts texts; /* of the latest request */
    bool lease_is_valid;
    bool draining; /* nothing new is started */
};

NODISCARD enum err runs_init(struct runs *runs, const struct runs_options *options);
/* Frees every run; Redis learns nothing of it. */
void runs_fini(struct runs *runs);

/* Take over what was claimed. Borrows claimed. ERR_NOMEM: the claim stays in Redis, unknown to us. */
NODISCARD enum err runs_add(struct runs *runs, unsigned shard, const struct store_claimed *claimed);

/* ---- how many there are ---- */

/* What claims have to leave room for. */
struct runs_load {
    size_t placed;  /* runs that take a place: all but those that wait for an address or outside the gate */
    size_t outside; /* that wait outside the gate */
    size_t backlog; /* of all: had been due for long when they were claimed */
};
struct runs_load runs_load(const struct runs *runs);
size_t runs_count(const struct runs *runs);
size_t runs_calling(const struct runs *runs);
/* Write the tokens of a shard's runs to out, which has room for runs_count of them. Returns how many. */
size_t runs_tokens(const struct runs *runs, unsigned shard, int64_t *out);
/* Returns true if a run that may yet write its job's next instant holds this zone. */
bool runs_hold_zone(const struct runs *runs, const struct zone *zone);

/* ---- what they may do ---- */

/* Returns true if this runner may take on more, and send: its lease is valid, and it does not drain. */
bool runs_may_go_on(const struct runs *runs);
/* The lease became valid, or ceased to be: then everything that was not sent is handed back. */
void runs_set_lease(struct runs *runs, bool is_valid);
/* Hand back everything that was not sent, and start nothing more. */
void runs_drain(struct runs *runs);
/* A claim was taken away (store_cancel_parse): end its run, if it is one of these, and record nothing. */
void runs_cancel(struct runs *runs, const struct store_attempt *attempt);
/* End the calls that are still under way. */
void runs_abort(struct runs *runs);

/* ---- the turn ---- */

/* Do what is due now, set the alarm for what is next. */
void runs_turn(struct runs *runs);
/* Free what has ended. Last in the turn. */
void runs_sweep(struct runs *runs);

#endif
