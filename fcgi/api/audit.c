/* audit: see audit.h. */
#include "api/audit.h"

#include "base/log.h"

#include <string.h>

_Static_assert(REFUSALS_NOTED_MAX <= REDIS_SYNC_PIPELINE_MAX, "they are noted in one round trip");

static struct slice meta(const struct request *request, const char *name)
{
    const char *value = request->source->meta(request->source->arg, name);

    return value != NULL ? slice_of(value) : (struct slice){NULL, 0};
}

void audit_begin(struct context *ctx)
{
    ctx->actor = (struct store_actor){.who = slice_of(AUDIT_LOCAL),
                                      .address = meta(&ctx->request, "REMOTE_ADDR"),
                                      .method = ctx->request.method,
                                      .request_id = meta(&ctx->request, "HTTP_X_REQUEST_ID"),
                                      .keep = ctx->actor.keep};
}

void audit_set_route(struct context *ctx, const char *route)
{
    ctx->actor.route = route;
}

void audit_set_who(struct context *ctx, struct slice who)
{
    ctx->actor.who = who;
}

static struct log_field log_text(const char *key, struct slice text)
{
    struct log_field field = log_bytes(key, text.data, text.len);

    return text.data != NULL ? field : log_str(key, NULL);
}

/* object: what was changed. */
static void log_change(const struct store_actor *actor, const char *action, struct log_field object,
                       struct log_field count)
{
    log_info("audit", log_str("action", action), object, count, log_text("by", actor->who),
             log_text("address", actor->address), log_str("method", actor->method),
             log_str("route", actor->route), log_text("request_id", actor->request_id));
}

void audit_changed(const struct context *ctx, const char *action, const struct job_id *job, int64_t count)
{
    char id[JOB_ID_TEXT_SIZE];
    char digits[I64_DIGITS + 1];

    if (LOG_INFO < log_get_level()) {
        return;
    }
    if (job != NULL) {
        job_id_format(id, job);
    }
    digits[i64_format(digits, count)] = '\0';
    log_change(&ctx->actor, action, log_str("job_id", job != NULL ? id : NULL),
               log_str("count", count > 0 ? digits : NULL));
}

void audit_object_changed(const struct context *ctx, const char *action, const char *kind, struct slice name)
{
    log_change(&ctx->actor, action, log_text(kind, name), log_str("count", NULL));
}

/* ---- refusals ---- */

static bool is_refusal(enum api_code code)
{
    switch (api_code_status(code)) {
    case 401: /* no key */
    case 403: /* not this key, this page, or a job's own call */
    case 421: /* not this host */
    case 429: /* too many requests */
    case 507: /* too many jobs */
        return true;
    default:
        return false;
    }
}

void audit_refused(struct context *ctx, enum api_code code)
{
    if (is_refusal(code)) {
        refusals_add(&ctx->refusals, &ctx->actor, code, clock_mono(&ctx->clock));
    }
}

static struct store_actor actor_of(const struct refusal *refusal)
{
    return (struct store_actor){.who = slice_of(refusal->who),
                                .address = slice_of(refusal->address),
                                .method = refusal->method[0] ? refusal->method : NULL,
                                .route = refusal->route};
}

static void note(struct cmd *cmd, const struct refusal *refusal)
{
    struct store_actor actor = actor_of(refusal);

    store_audit_refuse(cmd, &actor, api_code_name(refusal->code), refusal->count);
    log_warn("requests refused", log_str("code", api_code_name(refusal->code)),
             log_i64("count", refusal->count), log_str("by", refusal->who[0] ? refusal->who : NULL),
             log_str("address", refusal->address[0] ? refusal->address : NULL),
             log_str("method", actor.method), log_str("route", refusal->route));
}

/* What Redis did not take is counted on. */
static void send(struct context *ctx, struct refusal *const *taken, struct cmd *cmds, size_t count)
{
    const struct reply *replies;
    struct errinfo info = {0};
    bool failed = false;

    ctx->barred = (struct errinfo){0}; /* that was the latest request's */
    ctx->ask_ms = AUDIT_FLUSH_MS;
    ctx->deadline.ms = clock_mono(&ctx->clock).ms + AUDIT_FLUSH_MS;
    enum err err = context_ask(ctx, cmds, count, &replies, &info);
    for (size_t i = 0; i < count; i++) {
        if (err == ERR_OK && reply_check(&replies[i], &info) == ERR_OK) {
            refusals_noted(&ctx->refusals, taken[i]);
        } else {
            failed = true;
        }
    }
    if (failed) {
        log_warn("refusals not in the trail", log_str("error", info.text));
    }
}

int audit_flush(struct context *ctx, bool all)
{
    struct mono_ms now = clock_mono(&ctx->clock);
    struct refusal *taken[REFUSALS_NOTED_MAX];
    struct cmd cmds[REFUSALS_NOTED_MAX];
    size_t count = refusals_take(&ctx->refusals, now, all, taken);

    if (count > 0) {
        struct arena_mark mark = arena_mark(&ctx->memory);
        for (size_t i = 0; i < count; i++) {
            note(&cmds[i], taken[i]);
        }
        send(ctx, taken, cmds, count);
        arena_release(&ctx->memory, mark);
    }
    return refusals_wait_ms(&ctx->refusals, now);
}

void audit_forget(struct context *ctx)
{
    memset(&ctx->refusals, 0, sizeof ctx->refusals);
}
