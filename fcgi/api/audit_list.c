/* audit_list: GET /v1/audit. A page of the trail takes one round trip to all streams, rarely two; with a
 * filter, a few; of one job, its shard's stream alone. */
#include "api/audit.h"
#include "api/merge.h"
#include "api/resources.h"
#include "base/log.h"
#include "http/query.h"
#include "store/store_audit_json.h"

#include <string.h>

#define TEXT_MAX    256 /* bytes of `by` and `object` */
#define ASK_SPARE   5   /* as in track.c */
#define ASK_MAX     128
#define ALL_STREAMS ((1U << STORE_AUDIT_STREAMS) - 1)

_Static_assert(QUERY_LIMIT_MAX <= MERGE_PAGE_MAX, "a page has room for it");
_Static_assert(STORE_AUDIT_STREAMS <= REDIS_SYNC_PIPELINE_MAX, "all streams are asked in one round trip");

/* A list of entries in the making. */
struct page {
    struct context *ctx;
    int limit;
    struct wall_ms since;
    struct wall_ms until;
    struct slice by;     /* data NULL, as in the next: any */
    struct slice object; /* what it is about */
    bool of_job;         /* it is about this job: */
    struct job_id job;
    struct feed_cursor from;
    struct merge merge;
};

/* ---- the query ---- */

static bool read_cursor(struct page *page, const struct request *req, struct api_error *error)
{
    struct slice text = request_param(req, "cursor");
    int64_t last = page->until.ms < INT64_MAX ? page->until.ms - 1 : INT64_MAX;

    page->from = feed_cursor_at(FEED_CURSOR_AUDIT, last);
    return text.data == NULL ||
           (feed_cursor_parse(&page->from, text) && page->from.kind == FEED_CURSOR_AUDIT) ||
           query_refuse_cursor(error);
}

static bool read_query(struct page *page, struct api_error *error)
{
    const struct request *req = &page->ctx->request;

    page->until.ms = INT64_MAX;
    if (!query_limit(req, &page->limit, error) || !query_instant(req, "since", &page->since, error) ||
        !query_instant(req, "until", &page->until, error) ||
        !query_text(req, "by", TEXT_MAX, &page->by, error) ||
        !query_text(req, "object", TEXT_MAX, &page->object, error) || !read_cursor(page, req, error)) {
        return false;
    }
    page->of_job = page->object.data != NULL && job_id_parse(&page->job, page->object);
    return true;
}

/* The streams that may have what is wanted. */
static unsigned streams_of(const struct page *page)
{
    return page->object.data == NULL ? ALL_STREAMS
           : page->of_job            ? 1U << store_shard(&page->job)
                                     : 1U << STORE_AUDIT_INSTALL;
}

/* ---- reading ---- */

static bool is_wanted(const struct page *page, const struct store_audit_entry *entry)
{
    bool about = page->object.data == NULL ||
                 (page->of_job ? entry->is_job && memcmp(&entry->job, &page->job, sizeof page->job) == 0
                               : slice_same(entry->object, page->object));

    return about && entry->recorded_ms < page->until.ms &&
           (page->by.data == NULL || slice_same(entry->who, page->by));
}

/* Where the entries of a reply go. */
struct reading {
    const struct page *page;
    unsigned stream;
    struct store_audit_entry *room; /* for the next one */
};

/* merge_read_fn. */
static enum merge_found read_entry(void *arg, const struct reply *reply, size_t index, struct merge_item *out)
{
    struct reading *reading = arg;
    struct store_audit_entry *entry = reading->room;
    struct errinfo why = {0};
    enum err err = store_audit_at(reply, reading->stream, index, entry, &why);

    if (!entry->position[0] || entry->recorded_ms < reading->page->since.ms) {
        return MERGE_OVER;
    }
    *out = (struct merge_item){entry, entry->position, entry->recorded_ms, entry->at_us};
    if (err != ERR_OK) {
        log_warn("entry of the trail skipped", log_str("error", why.text));
        return MERGE_UNWANTED;
    }
    if (!is_wanted(reading->page, entry)) {
        return MERGE_UNWANTED;
    }
    reading->room++;
    return MERGE_WANTED;
}

static enum err fill(struct page *page, unsigned stream, const struct reply *reply, size_t asked,
                     struct errinfo *info)
{
    size_t count;
    enum err err = store_audit_count(reply, &count, info);

    if (err != ERR_OK) {
        return err;
    }
    struct reading reading = {
        page, stream, arena_alloc(&page->ctx->memory, (count + 1) * sizeof(struct store_audit_entry))};
    if (reading.room == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory for %zu entries", count);
    }
    const struct merge_reply entries = {reply, count, read_entry, &reading};
    return merge_fill(&page->merge, stream, asked, &entries, info);
}

/* Ask the streams (a bit each) for their next `ask` entries. */
static enum err ask_streams(struct page *page, unsigned streams, int ask, struct errinfo *info)
{
    struct cmd cmds[STORE_AUDIT_STREAMS];
    unsigned numbers[STORE_AUDIT_STREAMS];
    const struct reply *replies;
    size_t count = 0;

    for (unsigned stream = 0; stream < STORE_AUDIT_STREAMS; stream++) {
        if (streams & 1U << stream) {
            store_audit(&cmds[count], stream, page->merge.streams[stream].before, ask);
            numbers[count++] = stream;
        }
    }
    enum err err = context_ask(page->ctx, cmds, count, &replies, info);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = fill(page, numbers[i], &replies[i], (size_t)ask, info);
    }
    return err;
}

static enum err load(struct page *page, struct errinfo *info)
{
    bool filtered = page->by.data != NULL || page->object.data != NULL;
    int ask = filtered ? ASK_MAX / 2 : page->limit / STORE_SHARDS + ASK_SPARE;
    unsigned missing;

    merge_begin(&page->merge, &page->ctx->memory, streams_of(page), &page->from, (size_t)page->limit);
    while ((missing = merge_advance(&page->merge)) != 0 && !merge_is_spent(&page->merge)) {
        enum err err = ask_streams(page, missing, ask, info);
        if (err != ERR_OK) {
            return err;
        }
        ask = 2 * ask < ASK_MAX ? 2 * ask : ASK_MAX;
    }
    merge_end(&page->merge);
    return ERR_OK;
}

/* ---- the answer ---- */

static void write_page(struct page *page)
{
    const struct merge *merge = &page->merge;
    char cursor[FEED_CURSOR_SIZE];
    struct json_writer w;

    feed_cursor_format(cursor, &merge->next);
    response_json(&page->ctx->response, 200, &w);
    json_object_begin(&w);
    json_member_i64(&w, "count", (int64_t)merge->page_count);
    json_key(&w, "entries");
    json_array_begin(&w);
    for (size_t i = 0; i < merge->page_count; i++) {
        store_audit_json_write(&w, merge->page[i]);
    }
    json_array_end(&w);
    json_key(&w, "next_cursor");
    if (cursor[0]) {
        json_put_str(&w, cursor);
    } else {
        json_put_null(&w);
    }
    json_object_end(&w);
}

bool audit_list(struct context *ctx, struct api_error *error)
{
    struct page *page = context_new(ctx, sizeof *page, NULL, error);
    struct errinfo info = {0};

    if (page == NULL) {
        return false;
    }
    page->ctx = ctx;
    if (!read_query(page, error)) {
        return false;
    }
    if (load(page, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the trail cannot be read", &info);
    }
    write_page(page);
    return true;
}
