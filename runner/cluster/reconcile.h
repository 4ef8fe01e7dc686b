/* reconcile: what Redis says this runner holds, compared with what it knows to hold.
 *
 * A claim whose answer was lost with a connection, or that could not be taken in for want of memory, is ours
 * in Redis and unknown to us: nobody would ever call it. So all shards are looked at when the link comes up,
 * and one with each heartbeat (bytes of an old connection may reach Redis after the new one is up); what is
 * unknown is handed back. Answers come in the order of the commands, so a claim that is seen here has been
 * answered before, if it ever will be.
 *
 * The other way round, a started claim that no run has was recorded, and Redis' data has gone back behind
 * that (a failover, a power loss with appendfsync everysec): nobody would ever end it, and a job that lets
 * its occurrences wait for each other would wait for ever. It is handed on as what a dead runner had started.
 * Loop thread only.
 */
#ifndef DRONC_RECONCILE_H
#define DRONC_RECONCILE_H

#include "redis/redis_link.h"
#include "run/runs.h"

struct reconcile {
    struct redis_link *link; /* borrowed */
    const struct runs *runs; /* borrowed */
    const char *runner;      /* borrowed */
    unsigned shard;          /* the next one */
    unsigned beats;          /* heartbeats as of the last look */
    unsigned looks;          /* that have no answer yet */
    size_t unknown;          /* claims that they found so far: the log has them once */
    size_t lost;             /* likewise, started ones */
    struct store_keep keep;  /* as usual after reconcile_init; may be set before the first look */
};

void reconcile_init(struct reconcile *reconcile, struct redis_link *link, const struct runs *runs);

/* Look at all shards. */
void reconcile_all(struct reconcile *reconcile);
/* Look at the next shard, if there was a heartbeat since the last look. */
void reconcile_turn(struct reconcile *reconcile, unsigned beats);

#endif
