/* rezone: what the runner does about a new tzdata (SIGHUP).
 *
 * It reads the zones again, and then looks at every job in Redis that waits for its next instant in a time
 * zone, shard by shard, a page at a time. If the new rules put the occurrence elsewhere, it moves the
 * occurrence, provided that this is still due at the instant that was read. (lib/job/job_rezone.h has the
 * cases, and why nothing is lost or comes twice.) It looks at all jobs, not only at those whose zones it has
 * in memory: it knows only the zones of jobs that it has claimed, and no old rules of the others (case Z5).
 *
 * What is claimed keeps its instant. When the attempt starts, its holder writes the job's next instant by the
 * rules that it knew when it made the claim. So if this runner holds such attempts, it looks at all jobs once
 * more after the last of them has written. Each runner does this for its own attempts, so each needs the
 * signal; doing it more than once does no harm. If the connection is lost, all begins anew. Loop thread only.
 */
#ifndef DRONC_REZONE_H
#define DRONC_REZONE_H

#include "run/attempts.h"
#include "run/runner_context.h"
#include "store/store_rezone.h"
#include "zone/zone.h"

#define REZONE_ZONES_MAX 1024 /* zones whose old rules are remembered; more than exist */

enum rezone_state {
    REZONE_IDLE,    /* nothing to do */
    REZONE_WALKING, /* going through the shards */
    /* all were looked at, but attempts that use old rules have yet to write: then it walks once more */
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
    bool stale;                     /* that page was asked for before the walk began anew */
    bool again;                     /* when the walk began, there were attempts that use old rules */
    size_t moving;                  /* moves under way */
    int64_t seen, moved;            /* jobs, in this walk */
    size_t old_count;
    /* The zones that changed, with their old rules; borrowed from the context's zones. */
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
