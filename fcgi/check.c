/* check: see check.h. Both functions ask Redis what the deep health check asks. */
#include "check.h"

#include "access/reach.h"
#include "base/log.h"
#include "redis/redis_health.h"
#include "store/store_key.h"

#define LETS_IN "the API lets in everyone who reaches it"

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

/* Returns ERR_CONFIG if there is no key where there has to be one. */
static enum err look_for_keys(struct redis_sync *redis, const struct config *config, struct errinfo *info)
{
    struct errinfo ignored = {0};
    struct cmd cmd;
    bool any = true;
    if (!reach_is_exposed(config)) {
        return ERR_OK;
    }
    store_keys_exist(&cmd);
    if (redis_sync_call(redis, &cmd, 1, REDIS_HEALTH_BUDGET_MS, &ignored) == ERR_OK &&
        store_keys_exist_reply(redis_sync_reply(redis, 0), &any, &ignored) != ERR_OK) {
        any = true; /* it refuses requests, too, for as long as it does not tell */
    }
    cmd_fini(&cmd);
    return any ? ERR_OK : reach_refuse(config, info);
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
    enum err err = health.trouble == REDIS_FINE ? look_for_keys(redis, config, info) : ERR_OK;
    redis_sync_free(redis);
    arena_fini(&replies);
    if (health.trouble != REDIS_FINE) {
        return refuse(&health, where, info);
    }
    describe(&health, where, out);
    if (config->api_auth == API_AUTH_NONE) {
        buffer_add_str(out, "warning: " LETS_IN "\n");
    }
    return err;
}

enum err check_exposure(const struct config *config, struct errinfo *info)
{
    struct arena replies = {0};
    struct redis_sync *redis = NULL;
    enum err err = ERR_OK;
    if (config->api_auth == API_AUTH_NONE) {
        log_warn(LETS_IN, log_str("api_auth", "none"), log_str("http_addr", config->http_addr));
    }
    if (reach_is_exposed(config)) {
        redis = redis_sync_new(config, clock_system(), &replies);
        err = redis != NULL ? look_for_keys(redis, config, info) : err_set(info, ERR_NOMEM, "out of memory");
    }
    redis_sync_free(redis);
    arena_fini(&replies);
    return err;
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
