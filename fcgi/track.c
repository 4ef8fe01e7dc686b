/* track: GET /v1/track/executions. One job's history is one command; the page of all jobs is a round trip
 * over all shards, and rarely a second one, or with a filter a few of them. */
#include "app.h"
#include "execution_json.h"
#include "resources.h"
#include "store.h"
#include "track_query.h"

/* What a shard is asked for with a filter, at first and then: all shards together a few thousand records at
 * most, and little for a filter that lets most of them through. */
#define ASK_FILTERED       64
#define ASK_FILTERED_AGAIN 128

_Static_assert(STORE_SHARDS <= REDIS_SYNC_PIPELINE_MAX, "all shards are asked in one round trip");

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

static bool is_filtered(const struct feed_filter *filter)
{
    return filter->by_success || filter->by_outcome || filter->since.ms > 0 || filter->until.ms < INT64_MAX;
}

/* Without a filter and from the beginning, one record more than the page has tells whether there is another
 * one; else the page may be anywhere in the history, which is short. */
static enum err load_history(struct app *app, const struct job_id *id, const struct track_query *query,
                             struct errinfo *info)
{
    bool all = is_filtered(&query->filter) || query->from.kind != FEED_CURSOR_NONE;
    struct cmd cmd;
    enum err err;

    store_history(&cmd, id, all ? STORE_HISTORY_MAX : query->limit + 1);
    err = redis_sync_call(app->redis, &cmd, 1, REDIS_SYNC_BUDGET_MS, info);
    cmd_fini(&cmd);
    if (err != ERR_OK) {
        return err;
    }
    return feed_fill_history(&app->feed, id, redis_sync_reply(app->redis, 0), (size_t)query->limit, info);
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
static enum err load_feed(struct app *app, const struct track_query *query, struct errinfo *info)
{
    bool filtered = is_filtered(&query->filter);
    int share = query->limit / STORE_SHARDS * 2 + 8;
    int ask = filtered ? ASK_FILTERED : share < query->limit ? share : query->limit;
    int again = filtered ? ASK_FILTERED_AGAIN : query->limit;
    unsigned missing;

    while ((missing = feed_advance(&app->feed, (size_t)query->limit)) != 0 && !feed_is_spent(&app->feed)) {
        enum err err = ask_shards(app, missing, ask, info);
        if (err != ERR_OK) {
            return err;
        }
        ask = again;
    }
    feed_end(&app->feed, (size_t)query->limit);
    return ERR_OK;
}

static void write_page(struct app *app)
{
    struct json_writer w;
    char cursor[FEED_CURSOR_SIZE];

    feed_cursor_format(cursor, &app->feed.next);
    response_json(&app->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "count");
    json_put_i64(&w, (int64_t)app->feed.page_count);
    json_key(&w, "executions");
    json_array_begin(&w);
    for (size_t i = 0; i < app->feed.page_count; i++) {
        execution_json_put(&w, feed_at(&app->feed, i));
    }
    json_array_end(&w);
    if (cursor[0]) {
        json_key(&w, "next_cursor");
        json_put_str(&w, cursor);
    }
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

/* Answer with a page of all jobs' records (id NULL), or of one job's. */
static bool answer(struct app *app, const struct job_id *id, struct api_error *error)
{
    struct track_query query;
    struct errinfo info = {0};
    enum err err;

    if (!track_query_read(&query, &app->request, id ? FEED_CURSOR_JOB : FEED_CURSOR_FEED, error)) {
        return false;
    }
    feed_begin(&app->feed, &query.filter, &query.from);
    err = id ? load_history(app, id, &query, &info) : load_feed(app, &query, &info);
    if (err != ERR_OK) {
        return fail(app, &info, error);
    }
    feed_sort(&app->feed);
    write_page(app);
    return true;
}

bool track_list_executions(struct app *app, struct api_error *error)
{
    struct job_id id;
    bool one_job;

    return read_job_id(&app->request, &id, &one_job, error) && answer(app, one_job ? &id : NULL, error);
}
