/* dead_act: POST /v1/dead/{id}/redrive and DELETE /v1/dead/{id}, and both for many: POST /v1/dead:redrive and
 * DELETE /v1/dead. Those for many go through one shard after the other, a bounded number of entries per
 * request. */
#include "api/audit.h"
#include "api/dead.h"
#include "api/resources.h"
#include "job/execution.h"

#define LOOK_AT 1000 /* entries that one request looks at */
#define AT_ONCE 100  /* entries in one command */

static bool fail(struct api_error *error, const struct errinfo *info)
{
    return api_error_redis(error, API_STORAGE_ERROR, "it is not known to be done", info);
}

static bool no_such_dead(struct api_error *error)
{
    return api_error_set(error, API_DEAD_NOT_FOUND, "this occurrence is not among the dead");
}

/* ---- one ---- */

static bool refuse_redrive(enum store_redriven why, struct api_error *error)
{
    switch (why) {
    case STORE_REDRIVE_GONE:
        return api_error_set(error, API_JOB_NOT_FOUND, "its job is gone, or was made anew since");
    case STORE_REDRIVE_PAUSED:
        return api_error_set(error, API_CONFLICT, "its job is paused: resume it first");
    case STORE_REDRIVE_ONCE:
        return api_error_set(error, API_CONFLICT, "its job is ATMOST_ONCE by now: nothing is called again");
    default:
        return no_such_dead(error);
    }
}

static void write_redriven(struct context *ctx, const struct execution *next)
{
    char dead[DEAD_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];
    char id[EXECUTION_ID_SIZE];
    struct json_writer w;

    dead_id_format(dead, &next->job, next->scheduled);
    job_id_format(job_id, &next->job);
    execution_id_format(id, next);
    response_json(&ctx->response, 202, &w);
    json_object_begin(&w);
    json_member_str(&w, "id", dead);
    json_member_str(&w, "job_id", job_id);
    json_member_str(&w, "execution_id", id);
    json_member_i64(&w, "attempt", next->attempt);
    json_object_end(&w);
}

bool dead_redrive(struct context *ctx, struct api_error *error)
{
    const struct store_pace at_once = {0};
    struct execution next = {0};
    const struct reply *reply;
    struct errinfo info = {0};
    enum store_redriven done;
    struct cmd cmd;

    if (!dead_id_parse(ctx->request.id, &next.job, &next.scheduled)) {
        return no_such_dead(error);
    }
    store_dead_redrive(&cmd, store_shard(&next.job), STORE_ATTEMPTS, &at_once, &ctx->actor);
    store_dead_add(&cmd, &next.job, next.scheduled);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_dead_redrive_at(reply, 0, &done, &next.attempt, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (done != STORE_REDRIVE_DONE) {
        return refuse_redrive(done, error);
    }
    audit_changed(ctx, STORE_ACTION_REDRIVE, &next.job, 1);
    write_redriven(ctx, &next);
    return true;
}

bool dead_delete(struct context *ctx, struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct wall_ms scheduled;
    struct job_id job;
    int64_t dropped;
    struct cmd cmd;

    if (!dead_id_parse(ctx->request.id, &job, &scheduled)) {
        return no_such_dead(error);
    }
    store_dead_drop(&cmd, store_shard(&job), &ctx->actor);
    store_dead_add(&cmd, &job, scheduled);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_dead_drop_reply(reply, &dropped, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (dropped == 0) {
        return no_such_dead(error);
    }
    audit_changed(ctx, STORE_ACTION_DROP, &job, 1);
    response_empty(&ctx->response, 204);
    return true;
}

/* ---- many ---- */

/* The state of going through the shards. */
struct sweep {
    const struct dead_query *query; /* borrowed */
    struct dead_cursor at;          /* where it is */
    unsigned end;                   /* one past the last shard */
    bool redrive;                   /* else delete */
    int64_t looked_at;
    int64_t done;
    int64_t skipped; /* could not be redriven */
    size_t count;    /* entries in found */
    struct store_dead_position found[AT_ONCE];
};

static enum err find(struct context *ctx, struct sweep *sweep, struct errinfo *info)
{
    const struct dead_query *query = sweep->query;
    const struct store_dead_query wanted = {.after = sweep->at.inside ? &sweep->at.position : NULL,
                                            .job = query->one_job ? &query->job : NULL,
                                            .before = query->before,
                                            .limit = AT_ONCE,
                                            .look_at = LOOK_AT - (int)sweep->looked_at};
    struct store_dead_page page = {0};
    const struct reply *reply;
    struct store_dead dead;
    struct cmd cmd;

    store_dead_page(&cmd, sweep->at.shard, &wanted);
    enum err err = context_ask(ctx, &cmd, 1, &reply, info);
    err = err == ERR_OK ? store_dead_page_reply(reply, &page, info) : err;
    for (sweep->count = 0; err == ERR_OK && sweep->count < page.count && sweep->count < AT_ONCE;) {
        err = store_dead_page_at(reply, sweep->count, &dead, info);
        sweep->found[sweep->count++] = dead.position;
    }
    sweep->looked_at += page.looked_at;
    sweep->at.inside = page.more;
    sweep->at.position = page.position;
    return err;
}

static enum err count_redriven(struct sweep *sweep, const struct reply *reply, struct errinfo *info)
{
    enum err err = store_dead_redrive_next(reply, &sweep->at.next_us, info);

    for (size_t i = 0; err == ERR_OK && i < sweep->count; i++) {
        enum store_redriven done = STORE_REDRIVE_NONE;
        int attempt;
        err = store_dead_redrive_at(reply, i, &done, &attempt, info);
        sweep->done += done == STORE_REDRIVE_DONE ? 1 : 0;
        sweep->skipped += done == STORE_REDRIVE_DONE || done == STORE_REDRIVE_NONE ? 0 : 1;
    }
    return err;
}

static enum err count_dropped(struct sweep *sweep, const struct reply *reply, struct errinfo *info)
{
    int64_t dropped = 0;
    enum err err = store_dead_drop_reply(reply, &dropped, info);

    sweep->done += dropped;
    return err;
}

static enum err act(struct context *ctx, struct sweep *sweep, unsigned shard, struct errinfo *info)
{
    const struct store_pace pace = {sweep->at.next_us, sweep->query->step_us};
    const struct reply *reply;
    struct cmd cmd;

    if (sweep->redrive) {
        store_dead_redrive(&cmd, shard, STORE_ATTEMPTS, &pace, &ctx->actor);
    } else {
        store_dead_drop(&cmd, shard, &ctx->actor);
    }
    for (size_t i = 0; i < sweep->count; i++) {
        store_dead_add(&cmd, &sweep->found[i].job, sweep->found[i].scheduled);
    }
    int64_t before = sweep->done;
    enum err err = context_ask(ctx, &cmd, 1, &reply, info);
    if (err == ERR_OK) {
        err = sweep->redrive ? count_redriven(sweep, reply, info) : count_dropped(sweep, reply, info);
    }
    if (sweep->done > before) {
        audit_changed(ctx, sweep->redrive ? STORE_ACTION_REDRIVE : STORE_ACTION_DROP,
                      sweep->query->one_job ? &sweep->query->job : NULL, sweep->done - before);
    }
    return err;
}

static enum err run_sweep(struct context *ctx, struct sweep *sweep, struct errinfo *info)
{
    enum err err = ERR_OK;

    while (err == ERR_OK && sweep->at.shard < sweep->end && sweep->looked_at < LOOK_AT) {
        struct arena_mark mark = arena_mark(&ctx->memory);
        unsigned shard = sweep->at.shard;
        err = find(ctx, sweep, info);
        if (err == ERR_OK && sweep->count > 0) {
            err = act(ctx, sweep, shard, info);
        }
        sweep->at.shard += sweep->at.inside ? 0 : 1;
        arena_release(&ctx->memory, mark);
    }
    return err;
}

static void write_sweep(struct context *ctx, const struct sweep *sweep)
{
    char cursor[DEAD_CURSOR_SIZE];
    struct json_writer w;

    dead_cursor_format(cursor, &sweep->at);
    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_member_i64(&w, sweep->redrive ? "redriven" : "deleted", sweep->done);
    if (sweep->redrive) {
        json_member_i64(&w, "skipped", sweep->skipped);
    }
    json_key(&w, "next_cursor");
    if (sweep->at.shard < sweep->end) {
        json_put_str(&w, cursor);
    } else {
        json_put_null(&w);
    }
    json_object_end(&w);
}

static bool act_upon_many(struct context *ctx, const struct dead_query *query, bool redrive,
                          struct api_error *error)
{
    struct sweep sweep = {.query = query, .at = query->from, .end = STORE_SHARDS, .redrive = redrive};
    struct errinfo info = {0};

    if (query->one_job) {
        sweep.at.shard = store_shard(&query->job);
        sweep.end = sweep.at.shard + 1;
    }
    if (run_sweep(ctx, &sweep, &info) != ERR_OK) {
        return fail(error, &info);
    }
    write_sweep(ctx, &sweep);
    return true;
}

bool dead_redrive_many(struct context *ctx, struct api_error *error)
{
    struct dead_query query;

    return dead_query_read(&query, &ctx->request, error) && act_upon_many(ctx, &query, true, error);
}

bool dead_delete_many(struct context *ctx, struct api_error *error)
{
    struct dead_query query;

    if (!dead_query_read(&query, &ctx->request, error)) {
        return false;
    }
    if (!query.one_job && query.before.ms == INT64_MAX) {
        return api_error_set(error, API_INVALID_REQUEST,
                             "say which: job_id, or before (which may be an instant to come)");
    }
    return act_upon_many(ctx, &query, false, error);
}
