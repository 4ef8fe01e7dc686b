/* retention: keeps the feed of all attempts within its bounds.
 *
 * The scripts that record something limit the number of records. retention limits their age, and their number
 * in shards in which nothing is recorded any more: one shard with each heartbeat, in turn. Several runners
 * may do so at the same time. Loop thread only.
 */
#ifndef DRONC_RETENTION_H
#define DRONC_RETENTION_H

#include "base/config.h"
#include "run/runner_context.h"

struct retention {
    const struct runner_context *context; /* borrowed */
    unsigned shard;                       /* the next one */
    unsigned beats;                       /* heartbeats as of the last look */
};

/* What the settings keep of the past. */
struct store_keep retention_keep(const struct config *config);

/* Borrows context for its life. */
void retention_init(struct retention *retention, const struct runner_context *context);

/* Trim the next shard, if there was a heartbeat since the last. */
void retention_turn(struct retention *retention, unsigned beats);

#endif
