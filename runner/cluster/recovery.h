/* recovery: what this runner does about those that stopped giving proof of life.
 *
 * A runner on the list whose heartbeat is past is dead: what it held is handed on at once, shard by shard,
 * whatever the time-outs of its calls, and then it is taken off the list.
 *
 * So that nobody's claims are forgotten (of a runner that is not on the list, however that came about), one
 * shard's holders are looked at with each beat. A holder that holds nothing is struck off. One that does, and
 * is not on the list, is put there with one lease to live: if it is alive it renews that by itself, and if
 * not, it will be found dead like any other. Loop thread only.
 */
#ifndef DRONC_RECOVERY_H
#define DRONC_RECOVERY_H

#include "redis/redis_link.h"
#include "store/store_runner.h"

#define RECOVERY_HOLDERS_MAX 64 /* holders of one shard that are looked at in one beat */

struct recovery {
    struct redis_link *link; /* borrowed */
    const char *runner;      /* this runner's id; borrowed */
    int64_t lease_ms;
    struct store_keep keep; /* as usual after recovery_init; may be set before the first turn */
    unsigned shard;         /* whose holders are looked at */
    size_t under_way;       /* recoveries that have no answer yet */
    size_t holder_count;
    char holders[RECOVERY_HOLDERS_MAX][STORE_RUNNER_ID_MAX + 1]; /* of shard */
};

void recovery_init(struct recovery *recovery, struct redis_link *link, const char *runner, int64_t lease_ms);

/* Ask for the next shard's holders. Before the heartbeat is sent: a runner is on the list before it holds
 * anything, so a holder that is not on the later list is not on it for a reason. */
void recovery_ask(struct recovery *recovery);

/* The list of runners came, as of redis_now: hand on what the dead ones hold. */
void recovery_bury(struct recovery *recovery, const struct store_runner *runners, size_t count,
                   struct wall_ms redis_now);

/* And look at the holders that were asked for. runners must be the whole list. */
void recovery_look_at_holders(struct recovery *recovery, const struct store_runner *runners, size_t count);

#endif
