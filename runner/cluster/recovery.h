/* recovery: takes over what dead runners held.
 *
 * A runner on the list whose heartbeat is past is dead: what it held is handed on at once, shard by shard,
 * whatever the time-outs of its calls, and then it is taken off the list.
 *
 * A runner that holds claims and is not on the list, however that came about, must not be forgotten. So one
 * shard's holders are looked at with each beat. A holder that holds nothing is struck off. A holder that
 * holds something, and is not on the list, is put there with one lease to live: if it is alive it renews that
 * by itself, and if not, it is found dead like any other. Loop thread only.
 */
#ifndef DRONC_RECOVERY_H
#define DRONC_RECOVERY_H

#include "redis/redis_link.h"
#include "run/runner_context.h"
#include "store/store_runner.h"

#define RECOVERY_HOLDERS_MAX 64 /* holders of one shard that are looked at in one beat */

struct recovery {
    const struct runner_context *context; /* borrowed */
    int64_t lease_ms;
    unsigned shard;   /* whose holders are looked at */
    size_t under_way; /* scripts that Redis has not answered */
    size_t holder_count;
    char holders[RECOVERY_HOLDERS_MAX][STORE_RUNNER_ID_MAX + 1]; /* of shard */
};

/* Borrows context for its life. lease_ms: how long a runner counts as alive after a heartbeat. */
void recovery_init(struct recovery *recovery, const struct runner_context *context, int64_t lease_ms);

/* Ask for the next shard's holders. Before the heartbeat is sent: a runner is on the list before it holds
 * anything, so a holder that is missing in the later list is missing for a reason. */
void recovery_ask(struct recovery *recovery);

/* Returns true if runner is dead at redis_now, and not this runner, whose id is `own`. Pure. */
bool recovery_is_dead(const struct store_runner *runner, const char *own, struct wall_ms redis_now);

/* The list of runners came, as of redis_now: hand on what the dead ones hold. */
void recovery_take_over(struct recovery *recovery, const struct store_runner *runners, size_t count,
                        struct wall_ms redis_now);

/* And look at the holders that were asked for. runners must be the whole list. */
void recovery_look_at_holders(struct recovery *recovery, const struct store_runner *runners, size_t count);

#endif
