/* retention: see retention.h. */
#include "cluster/retention.h"

#include "base/log.h"
#include "store/store_executions.h"

#define DAY_MS INT64_C(86400000)

struct store_keep retention_keep(const struct config *config)
{
    struct store_keep keep = STORE_KEEP_STANDARD;
    keep.executions = config->executions_max / STORE_SHARDS;
    keep.history = config->history_per_job;
    keep.age_ms = config->executions_days * DAY_MS;
    return keep;
}

void retention_init(struct retention *retention, const struct runner_context *context)
{
    *retention = (struct retention){.context = context};
}

void retention_turn(struct retention *retention, unsigned beats)
{
    struct cmd cmd;
    if (beats == retention->beats) {
        return;
    }
    retention->beats = beats;
    store_trim(&cmd, retention->shard, &retention->context->keep);
    if (redis_link_submit(retention->context->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("feed not trimmed for now", log_i64("shard", retention->shard));
    }
    retention->shard = (retention->shard + 1) % STORE_SHARDS;
}
