/* reconcile: compares what this runner holds in Redis with the attempts that it has.
 *
 * If the answer to a claim was lost with a connection, or memory was too short to take it in, the claim is
 * ours in Redis but unknown to us: no runner would ever call it. So reconcile looks at all shards when the
 * link comes up, and at one with each heartbeat (bytes of an old connection may reach Redis after the new one
 * is up). It hands back a claim that no attempt has. Answers come in the order of the commands, so the answer
 * to a claim that is seen here has already come, if it comes at all.
 *
 * A started claim that no attempt has is another case: it was recorded, and then Redis' data went back to
 * before that (a failover, a power loss with appendfsync everysec). No runner would ever end it, and a job
 * that lets its occurrences wait for each other would wait for ever. So it is handed on like what a dead
 * runner had started. Loop thread only.
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
    unsigned looks;                       /* looks that Redis has not answered */
    size_t unknown;                       /* unknown claims found so far, which are logged together */
    size_t lost;                          /* the same for started ones */
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
    RECONCILE_LOST     /* it was started and recorded, but Redis lost the record: hand it on */
};
/* Pure. tokens: of all attempts in the claim's shard, sorted. */
enum reconcile_finding reconcile_judge(const struct store_claimed *claim, const int64_t *tokens,
                                       size_t count);

#endif
