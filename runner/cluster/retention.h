/* retention: the feed of all attempts holds no more than it shall.
 *
 * By number that is enforced wherever something is recorded. By age, and in shards where nothing is recorded
 * any more, here: one shard with each heartbeat, in turn. Runners that do so at the same time do no harm.
 * Loop thread only.
 */
#ifndef DRONC_RETENTION_H
#define DRONC_RETENTION_H

#include "base/config.h"
#include "redis/redis_link.h"
#include "store/store.h"

struct retention {
    struct redis_link *link; /* borrowed */
    struct store_keep keep;
    unsigned shard; /* the next one */
    unsigned beats; /* heartbeats as of the last look */
};

/* What the settings say is to be kept. */
struct store_keep retention_keep(const struct config *config);

void retention_init(struct retention *retention, struct redis_link *link, const struct store_keep *keep);

/* Trim the next shard, if there was a heartbeat since the last. */
void retention_turn(struct retention *retention, unsigned beats);

#endif
