/* due: when to claim, from which shard, and how many. Knows for each shard the earliest instant at which
 * something in it is due, and sleeps until shortly before the earliest of all; it does not poll. What it
 * knows comes from the answers to its claims, from what this runner makes due itself, and from the wake
 * channel, on which every change to an earlier instant is announced, but for new jobs that are due so late
 * that they are learnt of in time anyway (lib/store/lua/job_create.lua): no shard is left unasked for longer
 * than DUE_RECHECK_MS, as an announcement can be lost with a connection, too.
 *
 * A backlog (after an outage, or while this runner cannot keep up) never keeps what is due now waiting: it
 * gets at most half of a claim that the other needs, and its runs take at most three quarters of all places.
 * Claims are few at a time: Redis works on one after the other anyway, and whoever else asks it for
 * something waits meanwhile (some 10 µs for each run). One alone would be too few where Redis is far away.
 * What waits for the address of its host, or outside the gate for its host, takes no place here; when
 * GATE_OUTSIDE_MAX times as many as there are places wait outside, nothing more is claimed. Loop thread only.
 */
#ifndef DRONC_DUE_H
#define DRONC_DUE_H

#include "redis/redis_link.h"
#include "redis/timebase.h"
#include "run/runs.h"

#define DUE_LOOK_AHEAD_MS STORE_LOOK_AHEAD_MS /* claims reach so far ahead of their instant */
#define DUE_RECHECK_MS    STORE_RECHECK_MS    /* every shard is asked at least this often */
#define DUE_REFUSED_MS    500                 /* before a shard is asked again that answered with an error */
#define DUE_ASKING_MAX    4                   /* claims under way */

struct due {
    struct redis_link *link;         /* borrowed */
    const struct timebase *timebase; /* borrowed */
    struct runs *runs;               /* borrowed */
    const char *runner;              /* borrowed */
    struct store_keep keep;          /* as usual after due_init; may be set before the first turn */
    struct loop_timer *timer;        /* owned */
    size_t capacity;                 /* runs at once, besides those outside the gate */
    size_t asking;                   /* claims under way */
    size_t reserved;                 /* places promised to claims that are under way */
    size_t reserved_backlog;         /* of these, for a backlog */
    unsigned first;  /* the shard that is asked first in the next turn: all get their chance */
    bool complained; /* that Redis refuses claims has been logged */
    struct {
        struct wall_ms next; /* the earliest instant known; 0: not known, ask at once */
        bool asking;         /* a claim is under way */
        bool earlier;        /* while it was, something earlier was announced: then `next` is that */
        bool backlog;        /* what is due for long was left, for want of places or in favour of the rest */
    } shards[STORE_SHARDS];
};

/* Everything is borrowed for the life of due. ERR_NOMEM. */
NODISCARD enum err due_init(struct due *due, struct loop *loop, struct redis_link *link, struct runs *runs,
                            size_t capacity);
void due_fini(struct due *due);

/* Something is due in shard at `at`. */
void due_note(struct due *due, unsigned shard, struct wall_ms at);
/* What is known may be wrong: ask every shard. */
void due_ask_all(struct due *due);

/* Claim what is due within the look-ahead, if there is room; set the timer for what is next. */
void due_turn(struct due *due);

#endif
