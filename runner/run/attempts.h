/* attempts: holds all attempts of this runner, and takes each through its states in time. The heart of the
 * runner.
 *
 * A claimed attempt gets a place at the gate, waits until ATTEMPTS_START_LEAD_MS before its instant, is
 * marked as started in Redis, waits for the instant itself, and is called; then its outcome is recorded. On
 * the way it may be skipped (too late), handed back (draining, lease lost) or turn out to be no longer ours.
 * Nothing is sent before Redis has acknowledged the start, or while the lease is not valid. A later
 * occurrence of its job can take a started claim away, if the job's overlap is `cancel`: such an attempt
 * asks once more when its instant has come.
 *
 * An attempt waits ATTEMPTS_QUEUE_MS for a place at its host, or not at all if the host is stuck and enough
 * attempts already wait. Then it is put off: handed back, to be due again after a time that policy decides.
 * So a host that hangs does not tie up claims or memory for long. Loop thread only.
 */
#ifndef DRONC_ATTEMPTS_H
#define DRONC_ATTEMPTS_H

#include "http/http_client.h"
#include "loop/alarm.h"
#include "run/addresses.h"
#include "run/attempt.h"
#include "run/attempt_call.h"
#include "run/gate.h"
#include "run/outbox.h"
#include "run/runner_context.h"

/* How long before the instant a start is asked for: the time that Redis may take to make it durable without
 * making the call late. A job that is deleted within that time is still called. */
#define ATTEMPTS_START_LEAD_MS 30

#define ATTEMPTS_QUEUE_MS      1000 /* how long an attempt waits for a place at its host */
#define ATTEMPTS_ADDRESSES_MAX 2    /* attempts that wait for addresses, in multiples of max_in_flight */
#define ATTEMPTS_BACKLOG_MS    1000 /* an attempt that was due so long before its claim is backlog */

#define ATTEMPTS_RESPONSE_MAX  INT64_C(1048576) /* bytes of an answer's body that are read */

struct attempts_options {
    const struct runner_context *context;
    struct http_client *http;
    struct outbox *outbox;
    size_t max_in_flight; /* calls at once */
    size_t max_per_host;  /* of these, to one host */
    size_t max_slow;      /* of these, calls that may turn out slow (gate.h); 0: half of them */
    /* A job is broken, and must be marked so. */
    void (*on_broken)(void *arg, const struct store_attempt *claim, const char *why);
    /* A retry or a next occurrence is due in shard at `due`. */
    void (*on_due)(void *arg, unsigned shard, struct wall_ms due);
    void *arg;
}; /* all borrowed for the life of attempts */

struct attempts {
    struct attempts_options options;
    struct alarm *alarm; /* owned: the first in `waiting` */
    struct addresses addresses;
    struct gate gate;
    struct heap waiting;        /* of attempts in CLAIMED and READY */
    struct list all;            /* every attempt that is not ENDED */
    struct list ended;          /* freed at the end of the turn */
    size_t calling;             /* of all: in CALLING */
    size_t backlog;             /* of all: were due for long when they were claimed */
    struct attempt_texts texts; /* of the latest request */
    bool lease_is_valid;
    bool draining; /* nothing new is started */
};

NODISCARD enum err attempts_init(struct attempts *attempts, const struct attempts_options *options);
/* Frees every attempt; Redis learns nothing of it. */
void attempts_fini(struct attempts *attempts);

/* Take over what was claimed. Borrows claimed. ERR_NOMEM: the claim stays in Redis, and reconcile finds it.
 */
NODISCARD enum err attempts_add(struct attempts *attempts, unsigned shard,
                                const struct store_claimed *claimed);

/* ---- how many there are ---- */

/* How many there are already, for which new claims must leave room. */
struct attempts_load {
    /* attempts that take a place: all except those that wait for an address or outside the gate */
    size_t placed;
    size_t outside; /* attempts that wait outside the gate */
    size_t backlog; /* of all attempts: were due for long when they were claimed */
};
struct attempts_load attempts_load(const struct attempts *attempts);
size_t attempts_count(const struct attempts *attempts);
size_t attempts_calling(const struct attempts *attempts);
/* Write the tokens of a shard's attempts to out, which has room for attempts_count of them. Returns how
 * many. */
size_t attempts_tokens(const struct attempts *attempts, unsigned shard, int64_t *out);
/* Returns true if an attempt that may still write its job's next instant uses this zone. */
bool attempts_use_zone(const struct attempts *attempts, const struct zone *zone);

/* ---- what they may do ---- */

/* Returns true if this runner may take on more, and send: its lease is valid, and it does not drain. */
bool attempts_may_go_on(const struct attempts *attempts);
/* The lease became valid or invalid. If it became invalid, everything that was not sent is handed back. */
void attempts_set_lease(struct attempts *attempts, bool is_valid);
/* Hand back everything that was not sent, and start no more. */
void attempts_drain(struct attempts *attempts);
/* A claim was taken away (store_cancel_parse): end its attempt, if it is one of these, and record nothing. */
void attempts_cancel(struct attempts *attempts, const struct store_attempt *claim);
/* End the calls that are still under way. */
void attempts_abort(struct attempts *attempts);

/* ---- the turn ---- */

/* Do what is due now, and set the alarm for what is next. */
void attempts_turn(struct attempts *attempts);
/* Free what has ended. Call it last in the turn. */
void attempts_sweep(struct attempts *attempts);

#endif
