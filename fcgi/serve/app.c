/* app: head of the request → route → query → handler → bytes; and what happens when one of them fails. */
#include "serve/app.h"

#include "base/log.h"
#include "http/media_type.h"
#include "serve/route.h"

#include <string.h>

enum err app_init(struct app *app, const struct config *config, struct clock clock, const char *tzdir)
{
    memset(app, 0, sizeof *app);
    app->clock = clock;
    redis_time_init(&app->time, clock);
    app->timezone = config->timezone;
    app->zones_due.ms = clock_mono(&clock).ms + APP_ZONES_MS;
    feed_init(&app->feed);
    request_init(&app->request);
    response_init(&app->response);
    buffer_init(&app->wire, 0);
    app->zones = zones_new(tzdir);
    app->redis = redis_sync_new(config, clock);
    return app->zones && app->redis ? ERR_OK : ERR_NOMEM;
}

void app_fini(struct app *app)
{
    redis_sync_free(app->redis);
    zones_free(app->zones);
    buffer_fini(&app->wire);
    response_fini(&app->response);
    request_fini(&app->request);
    feed_fini(&app->feed);
}

enum err app_ask(struct app *app, struct cmd *cmds, size_t count, struct errinfo *info)
{
    int64_t left_ms = app->deadline.ms - clock_mono(&app->clock).ms;
    int64_t budget_ms = left_ms < app->ask_ms ? left_ms : app->ask_ms;
    enum err err = redis_sync_call(app->redis, cmds, count, budget_ms > 1 ? (int)budget_ms : 1, info);

    for (size_t i = 0; i < count; i++) {
        cmd_fini(&cmds[i]);
    }
    return err;
}

/* Between two requests nobody holds a zone, so that the old ones can go. */
static void refresh_zones(struct app *app)
{
    struct mono_ms now = clock_mono(&app->clock);
    struct zones_reload done;

    if (now.ms < app->zones_due.ms) {
        return;
    }
    app->zones_due.ms = now.ms + APP_ZONES_MS;
    done = zones_reload(app->zones, NULL, NULL);
    zones_sweep(app->zones);
    if (done.changed > 0) {
        log_info("new time zones in use", log_i64("changed", (int64_t)done.changed));
    }
    if (done.failed > 0) {
        log_warn("time zones not read again", log_i64("failed", (int64_t)done.failed),
                 log_str("zone", done.name), log_str("error", zone_err_text(done.err)));
    }
}

/* The request's way to its handler. False: error is filled. */
static bool serve(struct app *app, const struct request_source *source, struct api_error *error)
{
    const struct route *route;

    if (!request_read_head(&app->request, source, error)) {
        return false;
    }
    route = route_find(app->request.path, app->request.method, app->response.allow, error);
    if (!route || (route->params && !request_read_query(&app->request, route->params, error))) {
        return false;
    }
    app->left = route_is_bulk(route) && app->admit && !app->admit(app->admit_arg);
    if (app->left) {
        return true;
    }
    (void)route_match(route->path, app->request.path, &app->request.id);
    return route->handle(app, error);
}

static void fail(struct app *app, const struct api_error *error)
{
    app->response.problem = media_type_wants_problem(request_header(&app->request, "HTTP_ACCEPT"));
    if (api_code_status(error->code) >= 500) {
        log_error("request failed", log_str("method", app->request.method),
                  log_bytes("path", app->request.path.data, app->request.path.len),
                  log_str("code", api_code_name(error->code)), log_str("error", error->text),
                  log_str("detail", error->detail[0] ? error->detail : NULL));
    }
    response_error(&app->response, error);
}

/* Large answers are rare: their memory is given back. */
static void shrink(struct buffer *buffer)
{
    if (buffer->size > APP_KEPT_MAX) {
        buffer_fini(buffer);
    }
}

struct slice app_answer(struct app *app, const struct request_source *source)
{
    struct api_error error;
    bool head;

    api_error_clear(&error);
    response_clear(&app->response);
    app->left = false;
    shrink(&app->response.body);
    shrink(&app->wire);
    refresh_zones(app);
    app->ask_ms = REDIS_SYNC_BUDGET_MS;
    app->deadline.ms = clock_mono(&app->clock).ms + REDIS_SYNC_BUDGET_MS;
    if (!serve(app, source, &error)) {
        fail(app, &error);
    }
    if (app->left) {
        return (struct slice){NULL, 0};
    }
    if (buffer_error(&app->response.body) != ERR_OK) {
        api_error_set(&error, API_INTERNAL_ERROR, "the answer could not be written: %s",
                      err_name(buffer_error(&app->response.body)));
        fail(app, &error);
    }
    head = app->request.head;
    if (response_render(&app->response, head, &app->wire) != ERR_OK) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){app->wire.data, app->wire.len};
}

struct slice app_go_on(struct app *app)
{
    struct buffer *body = &app->response.body;

    if (!app->response.more || app->request.head) {
        return (struct slice){NULL, 0};
    }
    app->response.more = false;
    buffer_clear(body);
    app->deadline.ms = clock_mono(&app->clock).ms + app->ask_ms;
    app->more(app);
    if (buffer_error(body) != ERR_OK) {
        log_error("answer cut", log_str("error", err_name(buffer_error(body))));
        app->response.more = false;
    }
    return (struct slice){body->len > 0 ? body->data : NULL, body->len};
}
