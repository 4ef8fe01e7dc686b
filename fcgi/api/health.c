/* health: is the handler up, and would Redis store a job for it? The bodies are part of the contract
 * (docs/api.md). */
#include "api/context.h"
#include "api/resources.h"
#include "base/log.h"
#include "redis/redis_health.h"

#include <string.h>

bool health_greet(struct context *ctx, struct api_error *error)
{
    (void)error;
    response_text(&ctx->response, 200, "Dronc - Redis-backed Job Scheduler");
    return true;
}

bool health_check(struct context *ctx, struct api_error *error)
{
    struct json_writer w;

    (void)error;
    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "status");
    json_put_str(&w, "healthy");
    json_object_end(&w);
    return true;
}

/* Does the word for the trouble need a reason beside it? */
static bool has_reason(const struct redis_health *health)
{
    return strcmp(redis_trouble_word(health->trouble), "refused") == 0;
}

static void put_warnings(struct json_writer *w, const struct store_durability *durability)
{
    struct store_warning warning;

    if (!store_durability_warn(durability, 0, &warning)) {
        return;
    }
    json_key(w, "warnings");
    json_array_begin(w);
    for (size_t i = 0; store_durability_warn(durability, i, &warning); i++) {
        json_put_str(w, warning.text);
    }
    json_array_end(w);
}

static void put_health(struct json_writer *w, const struct redis_health *health)
{
    json_object_begin(w);
    json_key(w, "status");
    json_put_str(w, health->trouble == REDIS_FINE ? "healthy" : "unhealthy");
    json_key(w, "checks");
    json_object_begin(w);
    json_key(w, "redis");
    json_put_str(w, redis_trouble_word(health->trouble));
    json_object_end(w);
    if (has_reason(health)) {
        json_key(w, "reason");
        json_put_str(w, redis_health_reason(health));
    }
    put_warnings(w, &health->durability);
    json_object_end(w);
}

bool health_check_deep(struct context *ctx, struct api_error *error)
{
    struct redis_health health;
    struct json_writer w;

    (void)error;
    redis_health_check(ctx->redis, &health);
    if (health.trouble != REDIS_FINE) {
        log_error("health check failed", log_str("check", "redis"),
                  log_str("redis", redis_trouble_word(health.trouble)), log_str("error", health.info.text));
    }
    response_json(&ctx->response, health.trouble == REDIS_FINE ? 200 : 503, &w);
    put_health(&w, &health);
    return true;
}
