/* health: is the handler up, and does Redis answer it. The bodies are part of the contract (docs/api.md). */
#include "app.h"
#include "log.h"
#include "resources.h"

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

bool health_check_deep(struct app *app, struct api_error *error)
{
    struct errinfo info = {0};
    struct json_writer w;
    bool healthy = app_ping_redis(app, &info) == ERR_OK;

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
