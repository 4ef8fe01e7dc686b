/* runner_context: what every part of the runner works with. The runner owns it, and fills it before it makes
 * the parts. They borrow it for their lives, and change only the time of the cluster_clock. So facts such as
 * how much of the past is kept are stated in one place.
 */
#ifndef DRONC_RUNNER_CONTEXT_H
#define DRONC_RUNNER_CONTEXT_H

#include "loop/loop.h"
#include "redis/cluster_clock.h"
#include "redis/redis_link.h"
#include "store/store.h"

struct vault;
struct zones;

struct runner_context {
    struct loop *loop;
    struct redis_link *link;             /* for commands */
    struct cluster_clock *cluster_clock; /* Redis' clock; the heartbeats feed it */
    struct zones *zones;
    struct vault *vault;    /* NULL: there are neither secrets nor signing keys */
    const char *runner;     /* this runner's id */
    struct store_keep keep; /* how much of the past is kept */
};

#endif
