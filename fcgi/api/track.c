/* track: GET /v1/track/executions, /v1/jobs/{id}/executions and /v1/executions/{id}. One job's history is one
 * command, whatever happened elsewhere; the page of all jobs is a round trip over all shards, and rarely a
 * second one, or with a filter a few of them. */
#include "api/job_load.h"
#include "api/resources.h"
#include "api/track_query.h"
#include "job/execution_json.h"
#include "serve/app.h"
#include "store/store_job_read.h"

/* How many records a shard is asked for: without a filter its share of the page and a few to spare; with one
 * more, though little for a filter that lets most of them through; and never more than a few thousand of all
 * shards together. */
#define ASK_SPARE    5
#define ASK_FILTERED 64
#define ASK_MAX      128

_Static_assert(STORE_SHARDS <= REDIS_SYNC_PIPELINE_MAX, "all shards are asked in one round trip");

static bool is_filtered(const struct feed_filter *filter)
{
    return filter->by_success || filter->by_outcome || filter->since.ms > 0 || filter->until.ms < INT64_MAX;
}

/* How many records of a history are read. Without a filter and from the beginning, one more than the page has
 * tells whether there is another one; else the page may be anywhere in the history, which is short. */
static int history_needed(const struct track_query *query)
{
    bool all = is_filtered(&query->filter) || query->from.kind != FEED_CURSOR_NONE;

    return all ? STORE_HISTORY_MAX : query->limit + 1;
}

/* must_exist: ERR_NOT_FOUND where there is no such job. */
static enum err load_history(struct app *app, const struct job_id *id, const struct track_query *query,
                             bool must_exist, struct errinfo *info)
{
    struct cmd cmds[2];
    struct store_job job;
    struct wall_ms now;
    size_t count;
    enum err err;

    store_history(&cmds[0], id, history_needed(query));
    if (must_exist) {
        store_job_get(&cmds[1], id, 0);
    }
    err = app_ask(app, cmds, must_exist ? 2 : 1, info);
    if (err == ERR_OK && must_exist) {
        err = store_job_get_reply(redis_sync_reply(app->redis, 1), id, &job, &now, &count, info);
    }
    return err == ERR_OK ? feed_fill_history(&app->feed, id, redis_sync_reply(app->redis, 0),
                                             (size_t)query->limit, info)
                         : err;
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
    err = app_ask(app, cmds, count, info);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = feed_fill(&app->feed, numbers[i], redis_sync_reply(app->redis, i), (size_t)ask, info);
    }
    return err;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* How many records the shards that fall short are asked for next; asked: how many they were before, 0 at
 * first. Calls are spread over the shards by chance: of a page of 50, four out of five have no shard with
 * more than its share and ASK_SPARE. During a herd, though, the latest records are of a few shards, for they
 * are made in batches: so the second time is for all that the page has room for, and there is no third. */
static int how_many(const struct app *app, const struct track_query *query, int asked)
{
    if (is_filtered(&query->filter)) {
        return asked == 0 ? ASK_FILTERED : min(2 * asked, ASK_MAX);
    }
    return asked == 0 ? min(query->limit / STORE_SHARDS + ASK_SPARE, query->limit)
                      : query->limit - (int)app->feed.page_count;
}

static enum err load_feed(struct app *app, const struct track_query *query, struct errinfo *info)
{
    int ask = 0;
    unsigned missing;

    while ((missing = feed_advance(&app->feed, (size_t)query->limit)) != 0 && !feed_is_spent(&app->feed)) {
        ask = how_many(app, query, ask);
        enum err err = ask_shards(app, missing, ask, info);
        if (err != ERR_OK) {
            return err;
        }
    }
    feed_end(&app->feed, (size_t)query->limit);
    return ERR_OK;
}

/* say_end: show that there is nothing behind the page, too. */
static void write_page(struct app *app, bool say_end)
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
        execution_json_write(&w, feed_at(&app->feed, i));
    }
    json_array_end(&w);
    if (cursor[0] || say_end) {
        json_key(&w, "next_cursor");
    }
    if (cursor[0]) {
        json_put_str(&w, cursor);
    } else if (say_end) {
        json_put_null(&w);
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

bool track_list_executions(struct app *app, struct api_error *error)
{
    struct track_query query;
    struct errinfo info = {0};
    struct job_id id;
    bool one_job;
    enum err err;

    if (!track_query_job_id(&app->request, &id, &one_job, error) ||
        !track_query_read(&query, &app->request, one_job ? FEED_CURSOR_JOB : FEED_CURSOR_FEED, error)) {
        return false;
    }
    feed_begin(&app->feed, &query.filter, &query.from);
    err = one_job ? load_history(app, &id, &query, false, &info) : load_feed(app, &query, &info);
    if (err != ERR_OK) {
        return fail(app, &info, error);
    }
    feed_sort(&app->feed);
    write_page(app, false);
    return true;
}

static bool no_such_job(struct api_error *error)
{
    return api_error_set(error, API_JOB_NOT_FOUND, "there is no such job");
}

bool track_list_of_job(struct app *app, struct api_error *error)
{
    struct track_query query;
    struct errinfo info = {0};
    struct job_id id;
    enum err err;

    if (!job_load_id(app, &id, error) || !track_query_read(&query, &app->request, FEED_CURSOR_JOB, error)) {
        return false;
    }
    feed_begin(&app->feed, &query.filter, &query.from);
    err = load_history(app, &id, &query, true, &info);
    if (err != ERR_OK) {
        return err == ERR_NOT_FOUND ? no_such_job(error) : fail(app, &info, error);
    }
    feed_sort(&app->feed);
    write_page(app, true);
    return true;
}

/* The record of the attempt that wanted names, among the replies' history. ERR_NOT_FOUND: it is not there. */
static enum err find_execution(const struct reply *reply, const struct execution *wanted,
                               struct store_record *out, struct errinfo *info)
{
    size_t count;
    enum err err = store_history_count(reply, &count, info);

    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct errinfo why;
        if (store_history_at(reply, i, &wanted->job, out, &why) == ERR_OK &&
            out->execution.scheduled.ms == wanted->scheduled.ms &&
            out->execution.attempt == wanted->attempt) {
            return ERR_OK;
        }
    }
    return err == ERR_OK ? ERR_NOT_FOUND : err;
}

bool track_show_execution(struct app *app, struct api_error *error)
{
    struct execution wanted;
    struct store_record record;
    struct errinfo info = {0};
    struct json_writer w;
    struct cmd cmd;
    enum err err = ERR_NOT_FOUND;

    if (execution_id_parse(&wanted, app->request.id)) {
        store_history(&cmd, &wanted.job, STORE_HISTORY_MAX);
        err = app_ask(app, &cmd, 1, &info);
        err = err == ERR_OK ? find_execution(redis_sync_reply(app->redis, 0), &wanted, &record, &info) : err;
    }
    if (err == ERR_NOT_FOUND) {
        return api_error_set(error, API_EXECUTION_NOT_FOUND,
                             "there is no such execution, or it is not among those of its job that are kept");
    }
    if (err != ERR_OK) {
        return fail(app, &info, error);
    }
    response_json(&app->response, 200, &w);
    execution_json_write(&w, &record.execution);
    return true;
}
