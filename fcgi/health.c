/* health: is the handler up, and does Redis answer it. The bodies are part of the contract (docs/api.md). */
#include "app.h"
#include "log.h"
#include "resources.h"

/* A check must be over within a second, whatever Redis does. */
#define PING_BUDGET_MS 700

bool health_greet(struct app *app, struct api_error *error)
{
    (void)error;
    response_text(&app->response, 200, "Dronc - Redis-backed Job Scheduler");
    return true;
}

bool health_check(struct app *app, struct api_error *error)
{
    struct json_writer w;

    (void)error;
    response_json(&app->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "status");
    json_put_str(&w, "healthy");
    json_object_end(&w);
    return true;
}

static enum err ping(struct redis_sync *redis, struct errinfo *info)
{
    struct cmd cmd;
    enum err err;

    cmd_init(&cmd, "PING");
    err = redis_sync_call(redis, &cmd, 1, PING_BUDGET_MS, info);
    cmd_fini(&cmd);
    return err == ERR_OK ? reply_check(redis_sync_reply(redis, 0), info) : err;
}

bool health_check_deep(struct app *app, struct api_error *error)
{
    struct errinfo info = {0};
    struct json_writer w;
    bool healthy = ping(app->redis, &info) == ERR_OK;

    (void)error;
    if (!healthy) {
        log_error("health check failed", log_str("check", "redis"), log_str("error", info.text));
    }
    response_json(&app->response, healthy ? 200 : 503, &w);
    json_object_begin(&w);
    json_key(&w, "status");
    json_put_str(&w, healthy ? "healthy" : "unhealthy");
    json_key(&w, "checks");
    json_object_begin(&w);
    json_key(&w, "redis");
    json_put_str(&w, healthy ? "healthy" : "unreachable");
    json_object_end(&w);
    json_object_end(&w);
    return true;
}
