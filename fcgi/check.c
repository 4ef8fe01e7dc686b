/* check: see check.h. Both functions ask Redis what the deep health check asks. */
#include "check.h"

#include "base/log.h"
#include "redis/redis_health.h"

static void describe(const struct redis_health *health, const char *redis, struct buffer *out)
{
    char durability[STORE_DURABILITY_SIZE];
    store_durability_describe(durability, &health->durability);
    buffer_printf(out, "Redis at %s: good; what it keeps: %s\n", redis, durability);
    store_durability_print_warnings(&health->durability, out);
}

static enum err refuse(const struct redis_health *health, const char *redis, struct errinfo *info)
{
    bool is_final = health->trouble == REDIS_CLUSTER || health->trouble == REDIS_FOREIGN;
    bool is_told = health->trouble != REDIS_CLUSTER && health->info.text[0] != '\0';
    return err_set(info, is_final ? ERR_CONFIG : ERR_DOWN, "Redis at %.200s: %s", redis,
                   is_told ? health->info.text : redis_trouble_reason(health->trouble));
}

enum err check_redis(const struct config *config, struct buffer *out, struct errinfo *info)
{
    char where[CONFIG_REDIS_SIZE];
    struct redis_health health;
    struct arena replies = {0};
    struct redis_sync *redis = redis_sync_new(config, clock_system(), &replies);
    if (redis == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    config_describe_redis(where, config);
    redis_health_check(redis, &health);
    redis_sync_free(redis);
    arena_fini(&replies);
    if (health.trouble != REDIS_FINE) {
        return refuse(&health, where, info);
    }
    describe(&health, where, out);
    return ERR_OK;
}

enum err check_at_start(struct redis_sync *redis, struct errinfo *info)
{
    struct redis_health health;
    redis_health_check(redis, &health);
    if (health.trouble == REDIS_CLUSTER) {
        return err_set(info, ERR_CONFIG, "%s", redis_trouble_reason(health.trouble));
    }
    if (health.trouble != REDIS_FINE) {
        log_warn("redis not ready yet", log_str("redis", redis_trouble_word(health.trouble)),
                 log_str("error", health.info.text));
    }
    store_durability_log_warnings(&health.durability);
    return ERR_OK;
}
