/* store_database: the database as a whole: whether it is ours, and whether Dronc can work with this Redis.
 * Pure, as store.h.
 */
#ifndef DRONC_STORE_DATABASE_H
#define DRONC_STORE_DATABASE_H

#include "base/clock.h"
#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_level.h"

#include <stdbool.h>

/* What time it is, by Redis' clock. */
void store_time(struct cmd *cmd);
NODISCARD enum err store_time_reply(const struct reply *reply, struct wall_ms *now, struct errinfo *info);

/* Claim or read the number of shards of this database. It names keys of two slots, so that no node of a
 * cluster takes it (CROSSSLOT, CLUSTERDOWN): such a node has a part of the keys only, and would seem to work.
 * level: the least that must be in force (see store_level.h), STORE_LEVEL_AT_START if nothing needs more.
 * Decoder: ERR_CONFIG if the database was made with another number. *level (may be NULL): the level in force,
 * which may be higher than this program can read. */
void store_setup(struct cmd *cmd, int level);
NODISCARD enum err store_setup_reply(const struct reply *reply, int *level, struct errinfo *info);

/* Would a job be stored? The reply is an error if Redis refuses what that needs; else it is that of
 * store_setup. */
void store_probe(struct cmd *cmd);

/* A write that changes nothing. Only a Redis that takes no writes at all refuses it; one whose memory is full
 * does not. The reply matters only if it is an error. */
void store_try_write(struct cmd *cmd);

/* How many jobs of a shard wait for their next instant (REPLY_INTEGER), and when the earliest of these is. */
void store_due_count(struct cmd *cmd, unsigned shard);
void store_due_first(struct cmd *cmd, unsigned shard);
/* Returns false if there is none, or it cannot be read. */
NODISCARD bool store_due_first_reply(const struct reply *reply, struct wall_ms *at);

#endif
