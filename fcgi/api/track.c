/* track: GET /v1/track/executions, /v1/jobs/{id}/executions and /v1/executions/{id}. The history of one job
 * takes one command, however much other jobs do. A page of all jobs takes one round trip to all shards,
 * rarely two; with a filter, a few. */
#include "api/context.h"
#include "api/job_view.h"
#include "api/resources.h"
#include "api/track_query.h"
#include "http/query.h"
#include "job/execution_json.h"
#include "store/store_executions.h"
#include "store/store_job_read.h"

/* How many records to ask a shard for: without a filter, its share of the page and a few more; with a filter,
 * more, though few enough for one that most records pass; and never more than a few thousand of all shards
 * together. */
#define ASK_SPARE    5
#define ASK_FILTERED 64
#define ASK_MAX      128

_Static_assert(STORE_SHARDS <= REDIS_SYNC_PIPELINE_MAX, "all shards are asked in one round trip");

/* A list of executions in the making. */
struct page {
    struct context *ctx;
    struct track_query query;
    struct feed feed;
};

static bool is_filtered(const struct feed_filter *filter)
{
    return filter->by_success || filter->by_outcome || filter->since.ms > 0 || filter->until.ms < INT64_MAX;
}

/* Returns how many records of a history to read. Without a filter and from the beginning, one more than the
 * page holds shows whether there is another page. Otherwise the page may be anywhere in the history, which is
 * short. */
static int history_needed(const struct track_query *query)
{
    bool all = is_filtered(&query->filter) || query->from.kind != FEED_CURSOR_NONE;

    return all ? STORE_HISTORY_MAX : query->limit + 1;
}

/* must_exist: return ERR_NOT_FOUND if there is no such job. */
static enum err load_history(struct page *page, const struct job_id *id, bool must_exist,
                             struct errinfo *info)
{
    const struct track_query *query = &page->query;
    const struct reply *replies;
    struct cmd cmds[2];
    struct store_job job;
    struct store_job_head head;

    store_history(&cmds[0], id, history_needed(query));
    if (must_exist) {
        store_job_get(&cmds[1], id, 0);
    }
    enum err err = context_ask(page->ctx, cmds, must_exist ? 2 : 1, &replies, info);
    if (err == ERR_OK && must_exist) {
        err = store_job_get_reply(&replies[1], id, &job, &head, info);
    }
    return err == ERR_OK ? feed_fill_history(&page->feed, id, &replies[0], info) : err;
}

/* Ask the shards (a bit each) for their next `ask` records. */
static enum err ask_shards(struct page *page, unsigned shards, int ask, struct errinfo *info)
{
    struct cmd cmds[STORE_SHARDS];
    unsigned numbers[STORE_SHARDS];
    const struct reply *replies;
    size_t count = 0;

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (shards & 1U << shard) {
            store_executions(&cmds[count], shard, page->feed.shards[shard].before, ask);
            numbers[count++] = shard;
        }
    }
    enum err err = context_ask(page->ctx, cmds, count, &replies, info);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = feed_fill(&page->feed, numbers[i], &replies[i], (size_t)ask, info);
    }
    return err;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* Returns how many records to ask the missing shards for. asked: for how many the last time; 0: the first
 * time. Chance spreads calls over the shards: in four of five pages of 50, no shard has more than its share
 * plus ASK_SPARE. During a herd, however, the latest records come from a few shards, since they are made in
 * batches. So the second question asks for all that the page has room for, and there is no third. */
static int how_many(const struct page *page, int asked)
{
    const struct track_query *query = &page->query;

    if (is_filtered(&query->filter)) {
        return asked == 0 ? ASK_FILTERED : min(2 * asked, ASK_MAX);
    }
    return asked == 0 ? min(query->limit / STORE_SHARDS + ASK_SPARE, query->limit)
                      : query->limit - (int)page->feed.page_count;
}

static enum err load_feed(struct page *page, struct errinfo *info)
{
    struct feed *feed = &page->feed;
    int ask = 0;
    unsigned missing;

    while ((missing = feed_advance(feed)) != 0 && !feed_is_spent(feed)) {
        ask = how_many(page, ask);
        enum err err = ask_shards(page, missing, ask, info);
        if (err != ERR_OK) {
            return err;
        }
    }
    feed_end(feed);
    return ERR_OK;
}

/* with_end: write next_cursor even on the last page, as null. */
static void write_page(struct page *page, bool with_end)
{
    struct json_writer w;
    char cursor[FEED_CURSOR_SIZE];

    feed_cursor_format(cursor, &page->feed.next);
    response_json(&page->ctx->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "count");
    json_put_i64(&w, (int64_t)page->feed.page_count);
    json_key(&w, "executions");
    json_array_begin(&w);
    for (size_t i = 0; i < page->feed.page_count; i++) {
        execution_json_write(&w, feed_at(&page->feed, i));
    }
    json_array_end(&w);
    if (cursor[0] || with_end) {
        json_key(&w, "next_cursor");
    }
    if (cursor[0]) {
        json_put_str(&w, cursor);
    } else if (with_end) {
        json_put_null(&w);
    }
    json_object_end(&w);
}

static bool fail(const struct context *ctx, const struct errinfo *info, struct api_error *error)
{
    if (redis_sync_was_reached(ctx->redis)) {
        return api_error_redis(error, API_EXECUTION_EVENTS_QUERY_FAILED, "the executions cannot be read",
                               info);
    }
    return api_error_redis(error, API_REDIS_NOT_INITIALIZED, "Redis was never reached so far", info);
}

/* Fill the page with the history of the job id (NULL: of all jobs), and answer with it. must_exist: the job
 * must exist. Returns false on failure; error is filled. */
static bool answer_page(struct page *page, const struct job_id *id, bool must_exist, struct api_error *error)
{
    struct errinfo info = {0};

    feed_begin(&page->feed, &page->ctx->memory, &page->query.filter, &page->query.from,
               (size_t)page->query.limit);
    enum err err = id != NULL ? load_history(page, id, must_exist, &info) : load_feed(page, &info);
    if (err == ERR_NOT_FOUND) {
        return job_view_refuse_missing(error);
    }
    if (err != ERR_OK) {
        return fail(page->ctx, &info, error);
    }
    feed_sort(&page->feed);
    write_page(page, must_exist);
    return true;
}

bool track_list_executions(struct context *ctx, struct api_error *error)
{
    struct page page = {.ctx = ctx};
    struct job_id id;
    bool one_job;

    return query_job_id(&ctx->request, &id, &one_job, error) &&
           track_query_read(&page.query, &ctx->request, one_job ? FEED_CURSOR_JOB : FEED_CURSOR_FEED,
                            error) &&
           answer_page(&page, one_job ? &id : NULL, false, error);
}

bool track_list_of_job(struct context *ctx, struct api_error *error)
{
    struct page page = {.ctx = ctx};
    struct job_id id;

    return job_view_id(ctx, &id, error) &&
           track_query_read(&page.query, &ctx->request, FEED_CURSOR_JOB, error) &&
           answer_page(&page, &id, true, error);
}

/* Find the record of the attempt that wanted names in the history of the reply. ERR_NOT_FOUND: it is not
 * there. */
static enum err find_execution(const struct reply *reply, const struct execution *wanted,
                               struct store_execution *out, struct errinfo *info)
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

bool track_show_execution(struct context *ctx, struct api_error *error)
{
    struct execution wanted;
    struct store_execution record;
    const struct reply *reply;
    struct errinfo info = {0};
    struct json_writer w;
    struct cmd cmd;
    enum err err = ERR_NOT_FOUND;

    if (execution_id_parse(&wanted, ctx->request.id)) {
        store_history(&cmd, &wanted.job, STORE_HISTORY_MAX);
        err = context_ask(ctx, &cmd, 1, &reply, &info);
        err = err == ERR_OK ? find_execution(reply, &wanted, &record, &info) : err;
    }
    if (err == ERR_NOT_FOUND) {
        return api_error_set(error, API_EXECUTION_NOT_FOUND,
                             "there is no such execution, or it is not among those of its job that are kept");
    }
    if (err != ERR_OK) {
        return fail(ctx, &info, error);
    }
    response_json(&ctx->response, 200, &w);
    execution_json_write(&w, &record.execution);
    return true;
}
