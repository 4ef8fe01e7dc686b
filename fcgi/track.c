/* track: GET /v1/track/executions. One job's history is one command; the page of all jobs is a round trip
 * over all shards, and rarely a second one. */
#include "track.h"
#include "app.h"
#include "execution.h"
#include "log.h"
#include "resources.h"
#include "store.h"

#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     STORE_HISTORY_PER_JOB
_Static_assert(STORE_SHARDS <= REDIS_SYNC_PIPELINE_MAX, "all shards are asked in one round trip");

/* A positive decimal integer, however long: what is more than LIMIT_MAX means LIMIT_MAX. */
static bool parse_limit(struct slice text, int *limit)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        value = value * 10 + (text.data[i] - '0');
        value = value > LIMIT_MAX ? LIMIT_MAX : value;
    }
    *limit = (int)value;
    return value > 0;
}

static bool read_limit(const struct request *req, int *limit, struct api_error *error)
{
    struct slice text = request_param(req, "limit");

    *limit = LIMIT_DEFAULT;
    if (!text.data || parse_limit(text, limit)) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "limit must be a positive whole number");
    return api_error_at(error, slice_of("limit"));
}

/* *given: a job was asked for. */
static bool read_job_id(const struct request *req, struct job_id *id, bool *given, struct api_error *error)
{
    struct slice text = request_param(req, "job_id");

    *given = text.data != NULL;
    if (!*given || job_id_parse(id, text)) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "job_id must be \"capi:\" and 64 lower-case hex digits");
    return api_error_at(error, slice_of("job_id"));
}

static enum err load_history(struct app *app, const struct job_id *id, int limit, struct errinfo *info)
{
    struct cmd cmd;
    enum err err;

    store_history(&cmd, id, limit);
    err = redis_sync_call(app->redis, &cmd, 1, REDIS_SYNC_BUDGET_MS, info);
    cmd_fini(&cmd);
    if (err != ERR_OK) {
        return err;
    }
    return feed_fill_history(&app->feed, id, redis_sync_reply(app->redis, 0), info);
}

/* Ask the shards (a bit each) for their next `ask` records. */
static enum err ask_shards(struct app *app, unsigned shards, int ask, struct errinfo *info)
{
    struct cmd cmds[STORE_SHARDS];
    unsigned numbers[STORE_SHARDS];
    size_t count = 0;
    enum err err;

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (shards & 1U << shard) {
            store_executions(&cmds[count], shard, app->feed.shards[shard].before, ask);
            numbers[count++] = shard;
        }
    }
    err = redis_sync_call(app->redis, cmds, count, REDIS_SYNC_BUDGET_MS, info);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = feed_fill(&app->feed, numbers[i], redis_sync_reply(app->redis, i), (size_t)ask, info);
    }
    for (size_t i = 0; i < count; i++) {
        cmd_fini(&cmds[i]);
    }
    return err;
}

/* Calls are spread evenly over the shards: twice a shard's share and a few more are nearly always enough. A
 * shard that falls short of it is asked for all that the page still lacks, so that no page takes more than a
 * few round trips. */
static enum err load_feed(struct app *app, int limit, struct errinfo *info)
{
    int ask = limit / STORE_SHARDS * 2 + 8;
    unsigned missing;

    ask = ask < limit ? ask : limit;
    feed_begin(&app->feed);
    while ((missing = feed_advance(&app->feed, (size_t)limit)) != 0) {
        enum err err = ask_shards(app, missing, ask, info);
        if (err != ERR_OK) {
            return err;
        }
        ask = limit;
    }
    return ERR_OK;
}

static void put_i64(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, key);
    json_put_i64(w, value);
}

static void put_str(struct json_writer *w, const char *key, const char *value)
{
    json_key(w, key);
    json_put_str(w, value);
}

/* The fields that the issue names first, then those that came later. */
static void put_ids(struct json_writer *w, const struct execution *execution)
{
    char id[EXECUTION_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];

    execution_id_format(id, execution);
    job_id_format(job_id, &execution->job);
    put_str(w, "id", id);
    put_str(w, "job_id", job_id);
}

static void put_details(struct json_writer *w, const struct execution *execution)
{
    put_str(w, "outcome", execution_outcome_name(execution->outcome));
    put_i64(w, "attempt", execution->attempt);
    put_i64(w, "lateness_ms", execution->lateness_ms);
    put_i64(w, "scheduled_time_ms", execution->scheduled.ms);
    put_i64(w, "execution_time_ms", execution->started.ms);
    if (execution->error_class[0]) {
        put_str(w, "error_class", execution->error_class);
    }
    if (execution->error[0]) {
        put_str(w, "error", execution->error);
    }
    if (execution->outcome == EXECUTION_MISSED) {
        put_i64(w, "missed_count", execution->missed_count);
        put_i64(w, "missed_until", execution->missed_until.ms / 1000);
    }
}

void track_write_execution(struct json_writer *w, const struct execution *execution)
{
    json_object_begin(w);
    put_ids(w, execution);
    put_i64(w, "scheduled_time", execution->scheduled.ms / 1000);
    put_i64(w, "execution_time", execution->started.ms / 1000);
    put_i64(w, "status_code", execution->status);
    json_key(w, "success");
    json_put_bool(w, execution->outcome == EXECUTION_SUCCEEDED);
    put_i64(w, "time_taken_ms", execution->took_ms);
    put_details(w, execution);
    json_object_end(w);
}

static void write_page(struct app *app)
{
    struct json_writer w;

    response_json(&app->response, 200, &w);
    json_object_begin(&w);
    put_i64(&w, "count", (int64_t)app->feed.page_count);
    json_key(&w, "executions");
    json_array_begin(&w);
    for (size_t i = 0; i < app->feed.page_count; i++) {
        track_write_execution(&w, feed_at(&app->feed, i));
    }
    json_array_end(&w);
    json_object_end(&w);
}

static bool fail(const struct app *app, const struct errinfo *info, struct api_error *error)
{
    if (redis_sync_was_reached(app->redis)) {
        return api_error_redis(error, API_EXECUTION_EVENTS_QUERY_FAILED, "the executions cannot be read",
                               info);
    }
    return api_error_redis(error, API_REDIS_NOT_INITIALIZED, "Redis was never reached so far", info);
}

bool track_list_executions(struct app *app, struct api_error *error)
{
    struct errinfo info = {0};
    struct job_id id;
    bool one_job;
    int limit;

    if (!read_limit(&app->request, &limit, error) || !read_job_id(&app->request, &id, &one_job, error)) {
        return false;
    }
    if ((one_job ? load_history(app, &id, limit, &info) : load_feed(app, limit, &info)) != ERR_OK) {
        return fail(app, &info, error);
    }
    feed_sort(&app->feed);
    write_page(app);
    return true;
}
