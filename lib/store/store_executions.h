/* store_executions: executions, which are the records of attempts: a job's history and a shard's feed, and
 * what trims the feed. Builders and decoders, as in store.h.
 */
#ifndef DRONC_STORE_EXECUTIONS_H
#define DRONC_STORE_EXECUTIONS_H

#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* The latest `limit` executions of one job, newest first. */
void store_history(struct cmd *cmd, const struct job_id *job, int limit);
/* The latest `limit` executions recorded in one shard before feed position `before` ("": from the end). */
void store_executions(struct cmd *cmd, unsigned shard, const char *before, int limit);

#define STORE_FEED_ID_MAX 48
/* One entry of either list: a position in the shard's feed ("" in a history), and the execution. */
struct store_execution {
    char position[STORE_FEED_ID_MAX];
    int64_t recorded_ms; /* what the position begins with: when it was recorded, by Redis' clock; else 0 */
    struct execution execution;
};
/* How many executions a reply holds, and the one at index. ERR_PROTOCOL names one that cannot be read; the
 * others are still good. */
NODISCARD enum err store_history_count(const struct reply *reply, size_t *count, struct errinfo *info);
NODISCARD enum err store_history_at(const struct reply *reply, size_t index, const struct job_id *job,
                                    struct store_execution *out, struct errinfo *info);
NODISCARD enum err store_executions_count(const struct reply *reply, size_t *count, struct errinfo *info);
NODISCARD enum err store_executions_at(const struct reply *reply, size_t index, struct store_execution *out,
                                       struct errinfo *info);

/* Trim a shard's feed to what is kept, by some thousand entries at most. */
void store_trim(struct cmd *cmd, unsigned shard, const struct store_keep *keep);

#endif
