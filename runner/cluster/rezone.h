/* rezone: what the runner does about a new tzdata (SIGHUP).
 *
 * It reads the zones again, and then looks at every job in Redis that waits for its next instant in a time
 * zone, shard by shard, a page at a time. Where the new rules put the occurrence elsewhere
 * (lib/job/job_rezone.h has the cases, and why nothing is lost or comes twice), it moves it, if it is still
 * due at the instant that was read. It looks at all jobs, whatever zones it has in memory: it knows only
 * those of the jobs that it has claimed, and for the others it does not know the old rules (case Z5).
 *
 * What is claimed keeps its instant. Its holder writes the job's next instant when the attempt starts, by the
 * rules that it knew when it claimed. So if this runner holds such attempts, it looks at all jobs once more
 * when the last of them has written. Each runner does all this for itself, so each needs the signal; doing
 * it more than once does no harm. When the connection is lost, all begins anew. Loop thread only.
 */
#ifndef DRONC_REZONE_H
#define DRONC_REZONE_H

#include "run/attempts.h"
#include "run/runner_context.h"
#include "store/store_rezone.h"
#include "zone/zone.h"

#define REZONE_ZONES_MAX 1024 /* zones whose old rules are remembered; more than there are */

enum rezone_state {
    REZONE_IDLE,    /* nothing to do */
    REZONE_WALKING, /* going through the shards */
    /* all have been looked at; attempts that use old rules have yet to write: then once more */
    REZONE_WAITING,
    REZONE_STATE__COUNT
};

struct rezone {
    const struct runner_context *context; /* borrowed */
    const struct attempts *attempts;      /* borrowed */
    enum rezone_state state;
    unsigned shard;                 /* that is being looked at */
    char cursor[STORE_CURSOR_SIZE]; /* in its `due` */
    bool asking;                    /* a page is under way */
    bool stale;                     /* it was asked for before the walk was begun anew */
    bool again;                     /* at the beginning there were attempts that use old rules */
    size_t moving;                  /* moves under way */
    int64_t seen, moved;            /* jobs, in this walk */
    size_t old_count;
    /* The zones that changed, by their old rules; borrowed from the context's. */
    const struct zone *old[REZONE_ZONES_MAX];
};

/* Borrows both for its life. */
void rezone_init(struct rezone *rezone, const struct runner_context *context,
                 const struct attempts *attempts);

/* Read the zones again, and begin (anew) to look at all jobs. */
void rezone_start(struct rezone *rezone);

/* Ask for the next page when it is time. */
void rezone_turn(struct rezone *rezone);

#endif
