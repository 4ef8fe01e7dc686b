/* rezone: what the runner does when it is told of a new tzdata (SIGHUP).
 *
 * The zones are read again, and then every job in Redis that waits for its next instant in a time zone is
 * looked at, shard by shard, a page at a time: where the new rules put its occurrence elsewhere
 * (lib/job/job_rezone.h has the cases, and why nothing is lost or comes twice), it is moved, if it is still
 * due at the instant that was read. All jobs are looked at, whatever zones this runner has in memory: it
 * knows only those of the jobs that it has claimed, and for the others it does not know the old rules (case
 * Z5).
 *
 * What is claimed keeps its instant. Its holder writes the job's next instant when the run starts, by the
 * rules that it knew when it claimed; so where this runner holds such runs, all jobs are looked at once more
 * when the last of them has written. Each runner does all this for itself, so each has to be told; doing it
 * more than once does no harm. When the connection is lost, all is begun anew. Loop thread only.
 */
#ifndef DRONC_REZONE_H
#define DRONC_REZONE_H

#include "redis/redis_link.h"
#include "redis/timebase.h"
#include "run/runs.h"
#include "store/store_rezone.h"
#include "zone/zone.h"

#define REZONE_ZONES_MAX 1024 /* zones whose old rules are remembered; more than there are */

enum rezone_state {
    REZONE_IDLE,    /* nothing to do */
    REZONE_WALKING, /* going through the shards */
    REZONE_WAITING  /* all have been looked at; runs that hold old rules have yet to write: then once more */
};

struct rezone {
    struct redis_link *link;         /* borrowed */
    const struct timebase *timebase; /* borrowed */
    struct zones *zones;             /* borrowed */
    const struct runs *runs;         /* borrowed */
    enum rezone_state state;
    unsigned shard;                 /* that is being looked at */
    char cursor[STORE_CURSOR_SIZE]; /* in its `due` */
    bool asking;                    /* a page is under way */
    bool stale;                     /* it was asked for before the walk was begun anew */
    bool again;                     /* at the beginning there were runs that hold old rules */
    size_t moving;                  /* moves under way */
    int64_t seen, moved;            /* jobs, in this walk */
    size_t old_count;
    const struct zone
        *old[REZONE_ZONES_MAX]; /* the zones that changed, by their old rules; borrowed from zones */
};

/* Everything is borrowed for the life of rezone. */
void rezone_init(struct rezone *rezone, struct redis_link *link, const struct runs *runs);

/* Read the zones again, and begin (anew) to look at all jobs. */
void rezone_start(struct rezone *rezone);

/* Ask for the next page when it is time. */
void rezone_turn(struct rezone *rezone);

#endif
