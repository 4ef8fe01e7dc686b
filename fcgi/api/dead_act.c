/* dead_act: POST /v1/dead/{id}/redrive and DELETE /v1/dead/{id}, and both for many: POST /v1/dead:redrive and
 * DELETE /v1/dead. The latter go through one shard after the other, a bounded part in each request. */
#include "api/dead.h"
#include "api/resources.h"
#include "job/execution.h"
#include "serve/app.h"

#define LOOK_AT 1000 /* entries that are looked at in one request */
#define AT_ONCE 100  /* that are acted upon in one command */

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

static void write_redriven(struct app *app, const struct execution *next)
{
    char dead[DEAD_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];
    char id[EXECUTION_ID_SIZE];
    struct json_writer w;

    dead_id_format(dead, &next->job, next->scheduled);
    job_id_format(job_id, &next->job);
    execution_id_format(id, next);
    response_json(&app->response, 202, &w);
    json_object_begin(&w);
    json_member_str(&w, "id", dead);
    json_member_str(&w, "job_id", job_id);
    json_member_str(&w, "execution_id", id);
    json_member_i64(&w, "attempt", next->attempt);
    json_object_end(&w);
}

bool dead_redrive(struct app *app, struct api_error *error)
{
    const struct store_pace at_once = {0};
    struct execution next = {0};
    struct errinfo info = {0};
    enum store_redriven done;
    struct cmd cmd;

    if (!dead_id_parse(app->request.id, &next.job, &next.scheduled)) {
        return no_such_dead(error);
    }
    store_dead_redrive(&cmd, store_shard(&next.job), STORE_ATTEMPTS, &at_once);
    store_dead_add(&cmd, &next.job, next.scheduled);
    if (app_ask(app, &cmd, 1, &info) != ERR_OK ||
        store_dead_redrive_at(redis_sync_reply(app->redis, 0), 0, &done, &next.attempt, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (done != STORE_REDRIVE_DONE) {
        return refuse_redrive(done, error);
    }
    write_redriven(app, &next);
    return true;
}

bool dead_delete(struct app *app, struct api_error *error)
{
    struct errinfo info = {0};
    struct wall_ms scheduled;
    struct job_id job;
    int64_t dropped;
    struct cmd cmd;

    if (!dead_id_parse(app->request.id, &job, &scheduled)) {
        return no_such_dead(error);
    }
    store_dead_drop(&cmd, store_shard(&job));
    store_dead_add(&cmd, &job, scheduled);
    if (app_ask(app, &cmd, 1, &info) != ERR_OK ||
        store_dead_drop_reply(redis_sync_reply(app->redis, 0), &dropped, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (dropped == 0) {
        return no_such_dead(error);
    }
    response_empty(&app->response, 204);
    return true;
}

/* ---- many ---- */

/* A way through the shards. */
struct sweep {
    const struct dead_query *query; /* borrowed */
    struct dead_cursor at;          /* how far it has come */
    unsigned end;                   /* past the last shard */
    bool redrive;                   /* else forget */
    int64_t looked_at;
    int64_t done;
    int64_t skipped; /* that cannot be redriven */
    size_t count;    /* found, to be acted upon */
    struct store_dead_position found[AT_ONCE];
};

static enum err find(struct app *app, struct sweep *sweep, struct errinfo *info)
{
    const struct dead_query *query = sweep->query;
    const struct store_dead_query wanted = {.after = sweep->at.inside ? &sweep->at.position : NULL,
                                            .job = query->one_job ? &query->job : NULL,
                                            .before = query->before,
                                            .limit = AT_ONCE,
                                            .look_at = LOOK_AT - (int)sweep->looked_at};
    struct store_dead_page page = {0};
    struct store_dead dead;
    struct cmd cmd;
    enum err err;

    store_dead_page(&cmd, sweep->at.shard, &wanted);
    err = app_ask(app, &cmd, 1, info);
    err = err == ERR_OK ? store_dead_page_reply(redis_sync_reply(app->redis, 0), &page, info) : err;
    for (sweep->count = 0; err == ERR_OK && sweep->count < page.count && sweep->count < AT_ONCE;) {
        err = store_dead_page_at(redis_sync_reply(app->redis, 0), sweep->count, &dead, info);
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

static enum err act(struct app *app, struct sweep *sweep, unsigned shard, struct errinfo *info)
{
    const struct store_pace pace = {sweep->at.next_us, sweep->query->step_us};
    int64_t dropped = 0;
    struct cmd cmd;
    enum err err;

    if (sweep->redrive) {
        store_dead_redrive(&cmd, shard, STORE_ATTEMPTS, &pace);
    } else {
        store_dead_drop(&cmd, shard);
    }
    for (size_t i = 0; i < sweep->count; i++) {
        store_dead_add(&cmd, &sweep->found[i].job, sweep->found[i].scheduled);
    }
    err = app_ask(app, &cmd, 1, info);
    if (err != ERR_OK) {
        return err;
    }
    if (sweep->redrive) {
        return count_redriven(sweep, redis_sync_reply(app->redis, 0), info);
    }
    err = store_dead_drop_reply(redis_sync_reply(app->redis, 0), &dropped, info);
    sweep->done += dropped;
    return err;
}

static enum err run_sweep(struct app *app, struct sweep *sweep, struct errinfo *info)
{
    enum err err = ERR_OK;

    while (err == ERR_OK && sweep->at.shard < sweep->end && sweep->looked_at < LOOK_AT) {
        unsigned shard = sweep->at.shard;
        err = find(app, sweep, info);
        if (err == ERR_OK && sweep->count > 0) {
            err = act(app, sweep, shard, info);
        }
        sweep->at.shard += sweep->at.inside ? 0 : 1;
    }
    return err;
}

static void write_sweep(struct app *app, const struct sweep *sweep)
{
    char cursor[DEAD_CURSOR_SIZE];
    struct json_writer w;

    dead_cursor_format(cursor, &sweep->at);
    response_json(&app->response, 200, &w);
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

static bool act_upon_many(struct app *app, const struct dead_query *query, bool redrive,
                          struct api_error *error)
{
    struct sweep sweep = {.query = query, .at = query->from, .end = STORE_SHARDS, .redrive = redrive};
    struct errinfo info = {0};

    if (query->one_job) {
        sweep.at.shard = store_shard(&query->job);
        sweep.end = sweep.at.shard + 1;
    }
    if (run_sweep(app, &sweep, &info) != ERR_OK) {
        return fail(error, &info);
    }
    write_sweep(app, &sweep);
    return true;
}

bool dead_redrive_many(struct app *app, struct api_error *error)
{
    struct dead_query query;

    return dead_query_read(&query, &app->request, error) && act_upon_many(app, &query, true, error);
}

bool dead_delete_many(struct app *app, struct api_error *error)
{
    struct dead_query query;

    if (!dead_query_read(&query, &app->request, error)) {
        return false;
    }
    if (!query.one_job && query.before.ms == INT64_MAX) {
        return api_error_set(error, API_INVALID_REQUEST,
                             "say which: job_id, or before (which may be an instant to come)");
    }
    return act_upon_many(app, &query, false, error);
}
