/* app: head of the request → route → query → handler → bytes; and what happens when one of them fails. */
#include "serve/app.h"

#include "api/audit.h"
#include "api/auth.h"
#include "base/log.h"
#include "http/front.h"
#include "http/media_type.h"
#include "serve/route.h"

#include <string.h>

enum err app_init(struct app *app, const struct config *config, struct clock clock, const char *tzdir)
{
    memset(app, 0, sizeof *app);
    app->hosts = config->api_hosts;
    buffer_init(&app->wire, 0);
    return context_init(&app->context, config, clock, tzdir);
}

void app_fini(struct app *app)
{
    (void)audit_flush(&app->context, true);
    buffer_fini(&app->wire);
    context_fini(&app->context);
}

/* What may be asked from anywhere, and what the caller's key proves. route NULL: there is none. */
static struct front_pass pass_of(const struct caller *caller, const struct route *route)
{
    bool has_key = caller->key.id[0] != '\0';
    bool is_self = has_key && (caller->scopes & SCOPE_SELF) != 0;

    return (struct front_pass){.any_host = has_key,
                               .any_site = route != NULL && route_is_health(route),
                               .dronc_self = is_self || (route != NULL && route_is_about_program(route))};
}

/* From the head of the request to its handler. Returns false if one of the steps fails; error is filled. */
static bool serve(struct app *app, const struct request_source *source, struct api_error *error)
{
    struct request *request = &app->context.request;

    bool good = request_read_head(request, source, error);
    audit_begin(&app->context);
    if (!good) {
        return false;
    }
    const struct route *route =
        route_find(request->path, request->method, &request->id, app->context.response.allow, error);
    audit_set_route(&app->context, route != NULL ? route->path : NULL);
    if (route != NULL && route->scope != SCOPE_NONE) {
        auth_identify(&app->context);
    }
    if (!front_admits(app->hosts, request, pass_of(&app->context.caller, route), error)) {
        app->context.response.allow[0] = '\0';
        return false;
    }
    if (route != NULL && route->scope != SCOPE_NONE && !auth_count(&app->context, error)) {
        return false;
    }
    if (route != NULL && !auth_require(&app->context, route->scope, error)) {
        return false;
    }
    if (route == NULL || (route->params != NULL && !request_read_query(request, route->params, error))) {
        return false;
    }
    app->left = route_is_bulk(route) && app->admit != NULL && !app->admit(app->admit_arg);
    if (app->left) {
        return true;
    }
    return route->handle(&app->context, error);
}

static void fail(struct app *app, const struct api_error *error)
{
    struct request *request = &app->context.request;
    struct response *response = &app->context.response;

    audit_refused(&app->context, error->code);
    response->as_problem = media_type_wants_problem(request_header(request, "HTTP_ACCEPT"));
    if (api_code_is_failure(error->code)) {
        log_error("request failed", log_str("method", request->method),
                  log_bytes("path", request->path.data, request->path.len),
                  log_str("code", api_code_name(error->code)), log_str("error", error->text),
                  log_str("detail", error->detail[0] ? error->detail : NULL));
    }
    response_error(response, error);
}

/* Large responses are rare. */
static void shrink(struct buffer *buffer)
{
    if (buffer->size > APP_KEPT_MAX) {
        buffer_fini(buffer);
    }
}

/* The response as the transport sends it, or its beginning. */
static struct slice render(struct app *app)
{
    struct response *response = &app->context.response;
    struct api_error error;

    if (buffer_error(&response->body) != ERR_OK) {
        api_error_set(&error, API_INTERNAL_ERROR, "the answer could not be written: %s",
                      err_name(buffer_error(&response->body)));
        fail(app, &error);
    }
    if (response_render(response, app->context.request.head, &app->wire) != ERR_OK) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){app->wire.data, app->wire.len};
}

struct slice app_answer(struct app *app, const struct request_source *source)
{
    struct slice bytes = {NULL, 0};
    struct api_error error;

    api_error_clear(&error);
    app->left = false;
    shrink(&app->context.response.body);
    shrink(&app->wire);
    context_begin(&app->context);
    if (!serve(app, source, &error)) {
        fail(app, &error);
    }
    if (!app->left) {
        bytes = render(app);
    }
    if (!app_has_more(app)) {
        context_end(&app->context);
    }
    return bytes;
}

bool app_has_more(const struct app *app)
{
    return app->context.response.more && !app->context.request.head;
}

struct slice app_go_on(struct app *app)
{
    struct context *ctx = &app->context;
    struct buffer *body = &ctx->response.body;

    if (!app_has_more(app)) {
        return (struct slice){NULL, 0};
    }
    ctx->response.more = false;
    buffer_clear(body);
    ctx->deadline.ms = clock_mono(&ctx->clock).ms + ctx->ask_ms;
    ctx->more(ctx, ctx->more_arg);
    if (buffer_error(body) != ERR_OK) {
        log_error("answer cut", log_str("error", err_name(buffer_error(body))));
        ctx->response.more = false;
    }
    if (!ctx->response.more) {
        context_end(ctx);
    }
    return (struct slice){body->len > 0 ? body->data : NULL, body->len};
}

void app_forget(struct app *app)
{
    struct context *ctx = &app->context;

    if (ctx->is_secret) {
        buffer_wipe(&ctx->request.body);
        buffer_wipe(&ctx->response.body);
        buffer_wipe(&app->wire);
    }
}
