/* due_plan: which shard to ask next, when, and for how many. Pure: due (due.h) asks Redis, and reports here
 * what became of it.
 *
 * The plan knows for each shard the earliest instant at which something in it is due: from the answers to
 * claims, from what this runner makes due itself, and from the announcements of others. Announcements cover
 * every change to an earlier instant but new jobs that are due so late that they are learnt of in time anyway
 * (lib/store/lua/job_create.lua). So no shard is left unasked for longer than DUE_RECHECK_MS, which also
 * makes up for an announcement that was lost with a connection.
 *
 * A backlog (after an outage, or while this runner cannot keep up) never keeps what is due now waiting: it
 * gets at most half of a claim that the other needs, and its attempts take at most three quarters of all
 * places. An attempt that waits for the address of its host, or outside the gate, takes no place here; once
 * GATE_OUTSIDE_MAX times as many wait outside as there are places, nothing more is claimed.
 *
 * Claims are few at a time: Redis works on one after the other anyway, and every other client waits meanwhile
 * (some 10 µs for each attempt). One alone would be too few where Redis is far away.
 */
#ifndef DRONC_DUE_PLAN_H
#define DRONC_DUE_PLAN_H

#include "run/attempts.h"
#include "store/store_attempt.h"

#include <stdbool.h>
#include <stddef.h>

#define DUE_LOOK_AHEAD_MS STORE_LOOK_AHEAD_MS /* claims reach so far ahead of their instant */
#define DUE_RECHECK_MS    STORE_RECHECK_MS    /* every shard is asked at least this often */
#define DUE_REFUSED_MS    500                 /* how long a shard is left alone after a claim that failed */
#define DUE_ASKING_MAX    4                   /* claims under way */

/* A claim to be made. */
struct due_ask {
    unsigned shard;
    size_t limit;         /* attempts, 1 to STORE_BATCH_MAX */
    size_t backlog_limit; /* of these, of a backlog */
};

/* What is known of a shard. */
struct due_shard {
    struct wall_ms next; /* the earliest instant at which something is due; 0: not known, ask at once */
    bool asking;         /* a claim is under way */
    bool earlier;        /* something was announced meanwhile, and `next` is when that is due */
    bool backlog;        /* some of a backlog was left, for want of places or in favour of the rest */
};

/* Zero-initialised with a capacity: every shard is to be asked. */
struct due_plan {
    size_t capacity;         /* attempts at once, besides those outside the gate */
    size_t asking;           /* claims under way */
    size_t reserved;         /* places promised to them */
    size_t reserved_backlog; /* of these, for a backlog */
    unsigned first;          /* the shard that is looked at first the next time: all get their chance */
    struct due_shard shards[STORE_SHARDS];
};

/* Something is due in shard at `at`. */
void due_plan_note(struct due_plan *plan, unsigned shard, struct wall_ms at);
/* What is known may be wrong: ask every shard. */
void due_plan_ask_all(struct due_plan *plan);

/* The claims to be made at now, at most DUE_ASKING_MAX; returns how many. They count as under way until
 * due_plan_answered or due_plan_unsent is called for each. */
size_t due_plan_asks(struct due_plan *plan, const struct attempts_load *load, struct wall_ms now,
                     struct due_ask asks[DUE_ASKING_MAX]);
/* The claim could not be sent. */
void due_plan_unsent(struct due_plan *plan, const struct due_ask *ask, struct wall_ms now);

enum due_answer {
    DUE_CLAIMED, /* Redis did as it was asked */
    DUE_REFUSED, /* Redis answered with an error */
    DUE_LOST     /* the link was lost before an answer came */
};
/* left: what Redis has left in the shard; for DUE_CLAIMED only. */
void due_plan_answered(struct due_plan *plan, const struct due_ask *ask, enum due_answer answer,
                       const struct store_claim_left *left, struct wall_ms now);

/* How long to sleep until there is something to ask. Returns false if there is nothing to wait for: then an
 * answer, the end of an attempt or an announcement wakes the runner. */
bool due_plan_sleep(const struct due_plan *plan, const struct attempts_load *load, struct wall_ms now,
                    int64_t *delay_ms);

#endif
