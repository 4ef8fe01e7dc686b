/* due_plan: decides which shard to ask next, when, and for how many attempts. Pure: due (due.h) asks Redis,
 * and reports the result here.
 *
 * For each shard, the plan knows the earliest instant at which something is due. It learns that from the
 * answers to claims, from what this runner makes due itself, and from announcements. Every earlier instant is
 * announced, except that of a new job which is due so far ahead that this runner learns of it in time anyway
 * (lib/store/lua/job_create.lua). So every shard is asked at least once in DUE_RECHECK_MS, which also makes
 * up for an announcement that was lost with a connection.
 *
 * A backlog (after an outage, or if this runner cannot keep up) never keeps what is due now waiting. If both
 * need room in a claim, the backlog gets at most half of it, and its attempts take at most three quarters of
 * all places. An attempt that waits for the address of its host, or outside the gate, takes no place here;
 * once GATE_OUTSIDE_MAX times as many wait outside as there are places, nothing more is claimed.
 *
 * Only a few claims are under way at once: Redis does one after the other anyway, and all its other clients
 * wait in the meantime (some 10 µs for each attempt). A single one would be too few if Redis is far away.
 */
#ifndef DRONC_DUE_PLAN_H
#define DRONC_DUE_PLAN_H

#include "run/attempts.h"
#include "store/store_attempt.h"

#include <stdbool.h>
#include <stddef.h>

#define DUE_LOOK_AHEAD_MS STORE_LOOK_AHEAD_MS /* how long before its instant an attempt may be claimed */
#define DUE_RECHECK_MS    STORE_RECHECK_MS    /* every shard is asked at least this often */
#define DUE_REFUSED_MS    500                 /* how long no shard is asked again after its claim failed */
#define DUE_ASKING_MAX    4                   /* claims under way */

/* A claim to make. */
struct due_ask {
    unsigned shard;
    size_t limit;         /* attempts, 1 to STORE_BATCH_MAX */
    size_t backlog_limit; /* how many of these may be backlog */
};

/* What is known about a shard. */
struct due_shard {
    struct wall_ms next; /* the earliest instant at which something is due; 0: not known, ask at once */
    bool asking;         /* a claim is under way */
    bool earlier;        /* while asking, something was announced, and `next` is when it is due */
    bool backlog;        /* a backlog remains: there was no place, or what is due now came first */
};

/* Zero-initialised, except for a capacity: every shard is to be asked. */
struct due_plan {
    size_t capacity;         /* attempts at once, besides those outside the gate */
    size_t asking;           /* claims under way */
    size_t reserved;         /* places promised to them */
    size_t reserved_backlog; /* of these, for a backlog */
    unsigned first;          /* the shard to look at first the next time, so that shards take turns */
    struct due_shard shards[STORE_SHARDS];
};

/* Something is due in shard at `at`. */
void due_plan_note(struct due_plan *plan, unsigned shard, struct wall_ms at);
/* What the plan knows may be wrong: ask every shard. */
void due_plan_ask_all(struct due_plan *plan);

/* Write the claims to make at now to asks, and return how many. They count as under way until
 * due_plan_answered or due_plan_unsent is called for each. */
size_t due_plan_asks(struct due_plan *plan, const struct attempts_load *load, struct wall_ms now,
                     struct due_ask asks[DUE_ASKING_MAX]);
/* The claim could not be sent. */
void due_plan_unsent(struct due_plan *plan, const struct due_ask *ask, struct wall_ms now);

enum due_answer {
    DUE_CLAIMED, /* Redis made the claim */
    DUE_REFUSED, /* Redis answered with an error */
    DUE_LOST     /* the link was lost before an answer came */
};
/* left: what is left in the shard; only for DUE_CLAIMED. */
void due_plan_answered(struct due_plan *plan, const struct due_ask *ask, enum due_answer answer,
                       const struct store_claim_left *left, struct wall_ms now);

/* Write how long to sleep until there is something to ask. Returns false if there is no such time: then an
 * answer, the end of an attempt or an announcement wakes the runner. */
bool due_plan_sleep(const struct due_plan *plan, const struct attempts_load *load, struct wall_ms now,
                    int64_t *delay_ms);

#endif
