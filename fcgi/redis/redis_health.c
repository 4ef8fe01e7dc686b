/* redis_health: see redis_health.h. One round trip. */
#include "redis/redis_health.h"

#include "store/store_database.h"

static void read_replies(const struct redis_sync *redis, size_t count, struct redis_health *out)
{
    const struct reply *probe = redis_sync_reply(redis, 0);

    out->trouble = redis_trouble_of(probe);
    if (store_setup_reply(probe, NULL, &out->info) == ERR_CONFIG) {
        out->trouble = REDIS_FOREIGN;
    }
    for (size_t i = 1; i < count; i++) {
        store_durability_take(&out->durability, redis_sync_reply(redis, i));
    }
}

void redis_health_check(struct redis_sync *redis, struct redis_health *out)
{
    struct cmd cmds[1 + STORE_DURABILITY_COMMANDS];

    *out = (struct redis_health){0};
    store_probe(&cmds[0]);
    size_t count = 1 + store_durability(cmds + 1, redis_sync_config(redis), &out->durability);
    if (redis_sync_call(redis, cmds, count, REDIS_HEALTH_BUDGET_MS, &out->info) == ERR_OK) {
        read_replies(redis, count, out);
    } else {
        out->trouble = redis_sync_trouble(redis);
    }
    for (size_t i = 0; i < count; i++) {
        cmd_fini(&cmds[i]);
    }
}

const char *redis_health_reason(const struct redis_health *health)
{
    return health->trouble == REDIS_FOREIGN ? health->info.text : redis_trouble_reason(health->trouble);
}
