/* context: sets up what handlers use, and asks Redis for them. Knows no path and no handler. */
#include "api/context.h"

#include "access/scope.h"
#include "api/key_cache.h"
#include "base/log.h"

#include <string.h>

enum err context_init(struct context *ctx, const struct config *config, struct clock clock, const char *tzdir)
{
    memset(ctx, 0, sizeof *ctx);
    ctx->config = config;
    ctx->clock = clock;
    redis_clock_init(&ctx->redis_clock, clock);
    ctx->timezone = config->timezone;
    ctx->actor.keep = config->audit_max / STORE_SHARDS;
    ctx->seal_path = config->secrets_public_key;
    ctx->zones_due.ms = clock_mono(&clock).ms + CONTEXT_ZONES_MS;
    request_init(&ctx->request);
    response_init(&ctx->response);
    ctx->zones = zones_new(tzdir);
    ctx->redis = redis_sync_new(config, clock, &ctx->memory);
    ctx->auth = config->api_auth;
    ctx->keys = key_cache_new();
    bool has_targets = targets_init(&ctx->targets, &config->targets);
    return ctx->zones != NULL && ctx->redis != NULL && ctx->keys != NULL && has_targets ? ERR_OK : ERR_NOMEM;
}

void context_fini(struct context *ctx)
{
    arena_fini(&ctx->memory);
    key_cache_free(ctx->keys);
    redis_sync_free(ctx->redis);
    zones_free(ctx->zones);
    targets_fini(&ctx->targets);
    response_fini(&ctx->response);
    request_fini(&ctx->request);
}

/* No job holds a zone between two requests, so the old zones can go. Reading a zone takes some 10 us. */
static void refresh_zones(struct context *ctx)
{
    struct mono_ms now = clock_mono(&ctx->clock);

    if (now.ms < ctx->zones_due.ms) {
        return;
    }
    ctx->zones_due.ms = now.ms + CONTEXT_ZONES_MS;
    struct zones_reload done = zones_reload(ctx->zones, NULL, NULL);
    zones_sweep(ctx->zones);
    if (done.changed > 0) {
        log_info("new time zones in use", log_i64("changed", (int64_t)done.changed));
    }
    if (done.failed > 0) {
        log_warn("time zones not read again", log_i64("failed", (int64_t)done.failed),
                 log_str("zone", done.name), log_str("error", zone_err_text(done.err)));
    }
}

void context_begin(struct context *ctx)
{
    context_end(ctx); /* a response that goes on may have been given up */
    response_clear(&ctx->response);
    refresh_zones(ctx);
    ctx->is_secret = false;
    ctx->caller = (struct caller){.verdict = KEY_MISSING};
    ctx->barred = (struct errinfo){0};
    ctx->ask_ms = REDIS_SYNC_BUDGET_MS;
    ctx->deadline.ms = clock_mono(&ctx->clock).ms + REDIS_SYNC_BUDGET_MS;
}

bool context_hides(const struct context *ctx)
{
    return (ctx->caller.scopes & (unsigned)SCOPE_SECRETS_READ) == 0;
}

void context_end(struct context *ctx)
{
    arena_clear(&ctx->memory);
    ctx->more = NULL;
    ctx->more_arg = NULL;
}

static void *check_memory(void *made, struct api_error *error)
{
    if (made == NULL) {
        api_error_set(error, API_INTERNAL_ERROR, "out of memory");
    }
    return made;
}

void *context_alloc(struct context *ctx, size_t size, struct api_error *error)
{
    return check_memory(arena_alloc(&ctx->memory, size), error);
}

void *context_new(struct context *ctx, size_t size, arena_end_fn *end, struct api_error *error)
{
    return check_memory(arena_new(&ctx->memory, size, end), error);
}

bool context_own(struct context *ctx, arena_end_fn *end, void *thing, struct api_error *error)
{
    return check_memory(arena_own(&ctx->memory, end, thing) ? thing : NULL, error) != NULL;
}

struct slice context_by(const struct context *ctx, struct slice otherwise)
{
    return ctx->caller.key.id[0] != '\0' ? slice_of(ctx->caller.key.id) : otherwise;
}

void context_allow_bulk(struct context *ctx, int total_ms)
{
    ctx->ask_ms = CONTEXT_BULK_MS;
    ctx->deadline.ms = clock_mono(&ctx->clock).ms + total_ms;
}

enum err context_ask(struct context *ctx, struct cmd *cmds, size_t count, const struct reply **replies,
                     struct errinfo *info)
{
    int64_t left_ms = ctx->deadline.ms - clock_mono(&ctx->clock).ms;
    int64_t budget_ms = left_ms < ctx->ask_ms ? left_ms : ctx->ask_ms;
    enum err err = ctx->barred.code;

    if (err != ERR_OK) {
        *info = ctx->barred;
    } else {
        err = redis_sync_call(ctx->redis, cmds, count, budget_ms > 1 ? (int)budget_ms : 1, info);
    }

    for (size_t i = 0; i < count; i++) {
        cmd_fini(&cmds[i]);
    }
    *replies = err == ERR_OK ? redis_sync_reply(ctx->redis, 0) : NULL;
    return err;
}
