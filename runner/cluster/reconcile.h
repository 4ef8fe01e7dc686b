/* reconcile: compares what this runner holds in Redis with the attempts that it has.
 *
 * A claim whose answer was lost with a connection, or that could not be taken in for want of memory, is ours
 * in Redis and unknown to us: no runner would ever call it. So all shards are looked at when the link comes
 * up, and one with each heartbeat (bytes of an old connection may reach Redis after the new one is up). A
 * claim that no attempt has is handed back. Answers come in the order of the commands, so a claim that is
 * seen here has been answered before, if it ever will be.
 *
 * The other way round, a started claim that no attempt has was recorded, and Redis' data has gone back to
 * before that (a failover, a power loss with appendfsync everysec). No runner would ever end it, and a job
 * that lets its occurrences wait for each other would wait for ever. It is handed on as what a dead runner
 * had started. Loop thread only.
 */
#ifndef DRONC_RECONCILE_H
#define DRONC_RECONCILE_H

#include "run/attempts.h"
#include "run/runner_context.h"

struct reconcile {
    const struct runner_context *context; /* borrowed */
    const struct attempts *attempts;      /* borrowed */
    unsigned shard;                       /* the next one */
    unsigned beats;                       /* heartbeats as of the last look */
    unsigned looks;                       /* that Redis has not answered */
    size_t unknown;                       /* claims that they found so far: the log has them once */
    size_t lost;                          /* likewise, started ones */
};

/* Borrows both for its life. */
void reconcile_init(struct reconcile *reconcile, const struct runner_context *context,
                    const struct attempts *attempts);

/* Look at all shards. */
void reconcile_all(struct reconcile *reconcile);
/* Look at the next shard, if there was a heartbeat since the last look. */
void reconcile_turn(struct reconcile *reconcile, unsigned beats);

/* What a claim in Redis means. */
enum reconcile_finding {
    RECONCILE_KNOWN,   /* an attempt has it */
    RECONCILE_UNKNOWN, /* its answer was lost: hand it back */
    RECONCILE_LOST     /* it was started, and known once; its record was lost: hand it on */
};
/* Pure. tokens: of all attempts in the claim's shard, sorted. */
enum reconcile_finding reconcile_judge(const struct store_claimed *claim, const int64_t *tokens,
                                       size_t count);

#endif
