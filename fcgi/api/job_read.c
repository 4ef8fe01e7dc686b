/* job_read: GET /v1/jobs/{id} and GET /v1/jobs. The list follows the order of the shards' indexes, so a page
 * costs no more than its jobs. A filtered request looks at a bounded number of jobs; its page may be short,
 * and the cursor goes on after them. */
#include "api/context.h"
#include "api/job_view.h"
#include "api/resources.h"
#include "http/query.h"
#include "job/labels.h"
#include "secret/secret.h"
#include "store/store_job_read.h"

#include <string.h>
#include <strings.h>

#define LOOK_MAX 1000 /* jobs that one request looks at */
#define ASK_MAX  100  /* of them in one reply; the largest jobs stay far below REPLY_BYTES_MAX */

bool job_show(struct context *ctx, struct api_error *error)
{
    struct job_id id;

    const struct job_view *view =
        job_view_id(ctx, &id, error) ? job_view_load(ctx, &id, JOB_VIEW_RECORDS, error) : NULL;
    if (view == NULL) {
        return false;
    }
    if (!job_view_is_known(ctx, view->stored.version)) {
        return job_view_answer(ctx, 200, view);
    }
    response_empty(&ctx->response, 304);
    response_set_version(&ctx->response, view->stored.version);
    return true;
}

/* ---- the list ---- */

struct listing {
    struct context *ctx;
    struct slice state; /* data NULL: any */
    struct slice host;  /* data NULL: any, as in the next three */
    struct slice tag;
    struct slice name_prefix;
    struct slice signing;
    int limit;
    struct job_id cursor; /* the latest job that was looked at */
    bool has_cursor;
    bool more;         /* there may be jobs after it */
    int64_t looked_at; /* jobs */
    int64_t count;     /* jobs in the page */
    struct json_writer w;
};

static bool read_state(struct listing *l, struct api_error *error)
{
    static const char *const states[] = {"ACTIVE", "PAUSED", "COMPLETED", "BROKEN"};
    l->state = request_param(&l->ctx->request, "state");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (slice_eq(l->state, states[i])) {
            return true;
        }
    }
    return l->state.data == NULL ||
           query_refuse(error, "state", "must be ACTIVE, PAUSED, COMPLETED or BROKEN");
}

/* A cursor is the id of the latest job that was looked at, without its prefix. */
static bool read_cursor(struct listing *l, struct api_error *error)
{
    struct slice text = request_param(&l->ctx->request, "cursor");
    l->has_cursor = text.data != NULL;
    return !l->has_cursor || job_id_parse_hex(&l->cursor, text) ||
           query_refuse(error, "cursor", "is none that was given out");
}

static bool read_query(struct listing *l, struct api_error *error)
{
    const struct request *req = &l->ctx->request;
    return query_limit(req, &l->limit, error) && read_state(l, error) &&
           query_text(req, "tag", LABELS_TAG_MAX, &l->tag, error) &&
           query_text(req, "name_prefix", LABELS_NAME_MAX, &l->name_prefix, error) &&
           query_text(req, "host", URL_MAX, &l->host, error) &&
           query_text(req, "signing", SECRET_NAME_MAX, &l->signing, error) && read_cursor(l, error);
}

/* Compares with the host of the job's URL, without the port and ignoring case. */
static bool has_host(const struct job_view *view, struct slice host)
{
    struct slice own = view->job->url.host;

    return view->readable && own.len == host.len && strncasecmp(own.data, host.data, host.len) == 0;
}

static bool has_name(const struct job_view *view, struct slice prefix)
{
    struct slice name = view->readable ? view->job->labels.name : (struct slice){NULL, 0};

    return name.data != NULL && name.len >= prefix.len && memcmp(name.data, prefix.data, prefix.len) == 0;
}

static bool has_tag(const struct job_view *view, struct slice tag)
{
    return view->readable && labels_have_tag(&view->job->labels, tag);
}

/* Is it signed by the keys of that name? */
static bool has_signing(const struct job_view *view, struct slice name)
{
    return view->readable && view->job->call.signing.data != NULL &&
           slice_same(view->job->call.signing, name);
}

static bool is_wanted(const struct listing *l, const struct job_view *view)
{
    return (l->state.data == NULL || slice_eq(l->state, job_view_state(view))) &&
           (l->host.data == NULL || has_host(view, l->host)) &&
           (l->tag.data == NULL || has_tag(view, l->tag)) &&
           (l->name_prefix.data == NULL || has_name(view, l->name_prefix)) &&
           (l->signing.data == NULL || has_signing(view, l->signing));
}

/* Look at the job at index of a page. */
static enum err take_job(struct listing *l, const struct reply *reply, size_t index, struct wall_ms now,
                         struct errinfo *info)
{
    const struct job_view *view = job_view_at(l->ctx, reply, index, now, info);

    if (view == NULL) {
        return info->code;
    }
    l->cursor = view->stored.id;
    l->has_cursor = true;
    l->looked_at++;
    if (is_wanted(l, view)) {
        job_view_write(l->ctx, &l->w, view, false);
        l->count++;
    }
    return ERR_OK;
}

/* Take the jobs that are wanted of a page of a shard. */
static enum err take_page(struct listing *l, const struct reply *reply, size_t *count, struct errinfo *info)
{
    struct store_job_head head;
    enum err err = store_job_page_reply(reply, &head, info);

    *count = head.count;
    for (size_t i = 0; i < head.count && err == ERR_OK && l->count < l->limit; i++) {
        struct arena_mark mark = arena_mark(&l->ctx->memory);
        err = take_job(l, reply, i, head.now, info);
        arena_release(&l->ctx->memory, mark);
    }
    return err;
}

static bool is_filtered(const struct listing *l)
{
    return l->state.data != NULL || l->host.data != NULL || l->tag.data != NULL ||
           l->name_prefix.data != NULL || l->signing.data != NULL;
}

/* Look at more jobs of a shard. *end: the shard has no more. */
static enum err look(struct listing *l, unsigned shard, bool *end, struct errinfo *info)
{
    int64_t ask = is_filtered(l) || l->limit - l->count > ASK_MAX ? ASK_MAX : l->limit - l->count;
    bool inside = l->has_cursor && store_shard(&l->cursor) == shard;
    struct arena_mark mark = arena_mark(&l->ctx->memory);
    const struct reply *reply;
    struct cmd cmd;
    size_t count;

    store_job_page(&cmd, shard, inside ? &l->cursor : NULL, (int)ask);
    enum err err = context_ask(l->ctx, &cmd, 1, &reply, info);
    if (err == ERR_OK) {
        err = take_page(l, reply, &count, info);
    }
    arena_release(&l->ctx->memory, mark);
    *end = err == ERR_OK && (int64_t)count < ask && l->count < l->limit;
    return err;
}

/* Go through the shards from the cursor on. */
static enum err walk(struct listing *l, struct errinfo *info)
{
    unsigned shard = l->has_cursor ? store_shard(&l->cursor) : 0;

    l->more = true;
    while (l->count < l->limit && l->looked_at < LOOK_MAX) {
        bool end = false;
        enum err err = look(l, shard, &end, info);
        if (err != ERR_OK) {
            return err;
        }
        shard += end ? 1 : 0;
        if (shard == STORE_SHARDS) {
            l->more = false;
            break;
        }
    }
    return ERR_OK;
}

static void end_list(struct listing *l)
{
    char hex[JOB_ID_HEX_SIZE];

    json_array_end(&l->w);
    json_key(&l->w, "count");
    json_put_i64(&l->w, l->count);
    json_key(&l->w, "next_cursor");
    if (l->more) {
        job_id_format_hex(hex, &l->cursor);
        json_put_str(&l->w, hex);
    } else {
        json_put_null(&l->w);
    }
    json_object_end(&l->w);
}

bool jobs_list(struct context *ctx, struct api_error *error)
{
    struct listing l = {.ctx = ctx};
    struct errinfo info = {0};

    if (!read_query(&l, error)) {
        return false;
    }
    response_json(&ctx->response, 200, &l.w);
    json_object_begin(&l.w);
    json_key(&l.w, "jobs");
    json_array_begin(&l.w);
    if (walk(&l, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the jobs cannot be read", &info);
    }
    end_list(&l);
    return true;
}
