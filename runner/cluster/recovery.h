/* recovery: takes over what dead runners held.
 *
 * A runner on the list whose heartbeat has expired is dead: what it held is handed on at once, shard by
 * shard, whatever the time-outs of its calls. Then it is taken off the list.
 *
 * A runner that holds claims but is not on the list, for whatever reason, must not be forgotten. So recovery
 * looks at one shard's holders with each heartbeat. A holder that holds nothing is removed. A holder that
 * holds something but is not on the list is added to it with one lease to live: if it is alive, it renews
 * that itself; if not, it is found dead like any other. Loop thread only.
 */
#ifndef DRONC_RECOVERY_H
#define DRONC_RECOVERY_H

#include "redis/redis_link.h"
#include "run/runner_context.h"
#include "store/store_runner.h"

#define RECOVERY_HOLDERS_MAX 64 /* holders of one shard that are looked at with one heartbeat */

struct recovery {
    const struct runner_context *context; /* borrowed */
    int64_t lease_ms;
    unsigned shard;   /* whose holders are looked at */
    size_t under_way; /* scripts that Redis has not answered */
    size_t holder_count;
    char holders[RECOVERY_HOLDERS_MAX][STORE_RUNNER_ID_MAX + 1]; /* of that shard */
};

/* Borrows context for its life. lease_ms: how long a runner counts as alive after a heartbeat. */
void recovery_init(struct recovery *recovery, const struct runner_context *context, int64_t lease_ms);

/* Ask for the next shard's holders. Call it before the heartbeat is sent: a runner is on the list before it
 * holds anything, so a holder that is missing in the later list is really not on it. */
void recovery_ask(struct recovery *recovery);

/* Returns true if runner is dead at redis_now, and not this runner, whose id is `own`. Pure. */
bool recovery_is_dead(const struct store_runner *runner, const char *own, struct wall_ms redis_now);

/* Hand on what dead runners hold, given the list of runners as of redis_now. */
void recovery_take_over(struct recovery *recovery, const struct store_runner *runners, size_t count,
                        struct wall_ms redis_now);

/* Look at the holders that recovery_ask asked for. runners must be the whole list. */
void recovery_look_at_holders(struct recovery *recovery, const struct store_runner *runners, size_t count);

#endif
