/* job_read: GET /v1/jobs/{id} and GET /v1/jobs. The list follows the order of the shards' indexes, so a page
 * costs what is in it, and what is looked at and left out by a filter is bounded: then the page is short, and
 * the cursor goes on behind it. */
#include "api/job_load.h"
#include "api/resources.h"
#include "job/labels.h"
#include "serve/app.h"
#include "store/store_job_read.h"

#include <string.h>
#include <strings.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     STORE_JOB_PAGE_MAX
#define LOOK_MAX      1000 /* jobs that one request looks at */
#define ASK_MAX       100 /* of these at once: with all that a job may hold they are far below REPLY_BYTES_MAX */

bool job_show(struct app *app, struct api_error *error)
{
    struct job_load load = {0};
    struct job_id id;

    if (!job_load_id(app, &id, error) || !job_load(app, &id, JOB_LOAD_RECORDS, &load, error)) {
        return false;
    }
    if (job_load_is_known(app, load.stored.version)) {
        response_empty(&app->response, 304);
        app->response.etag = load.stored.version;
    } else {
        (void)job_load_answer(app, 200, &load);
    }
    job_load_fini(&load);
    return true;
}

/* ---- the list ---- */

struct listing {
    struct app *app;
    struct slice state; /* data NULL: any */
    struct slice host;  /* data NULL: any; likewise the next two */
    struct slice tag;
    struct slice name_prefix;
    int64_t limit;
    struct job_id cursor; /* the last job that was looked at */
    bool has_cursor;
    bool more;         /* there may be jobs behind it */
    int64_t looked_at; /* jobs */
    int64_t count;     /* of them in the page */
    struct json_writer w;
};

static bool refuse(struct api_error *error, const char *field, const char *text)
{
    api_error_set(error, API_INVALID_REQUEST, "%s %s", field, text);
    return api_error_at(error, slice_of(field));
}

static bool read_state(struct listing *l, struct api_error *error)
{
    static const char *const states[] = {"ACTIVE", "PAUSED", "COMPLETED", "BROKEN"};

    l->state = request_param(&l->app->request, "state");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (slice_eq(l->state, states[i])) {
            return true;
        }
    }
    return !l->state.data || refuse(error, "state", "must be ACTIVE, PAUSED, COMPLETED or BROKEN");
}

/* A cursor is the id of the last job that was looked at; clients need not know. */
static bool read_cursor(struct listing *l, struct api_error *error)
{
    struct slice text = request_param(&l->app->request, "cursor");
    char id[JOB_ID_TEXT_SIZE] = "capi:";

    l->has_cursor = text.data != NULL;
    if (!text.data) {
        return true;
    }
    if (text.len != JOB_ID_TEXT_LEN - 5) {
        return refuse(error, "cursor", "is none that was given out");
    }
    memcpy(id + 5, text.data, text.len);
    return job_id_parse(&l->cursor, (struct slice){id, JOB_ID_TEXT_LEN}) ||
           refuse(error, "cursor", "is none that was given out");
}

/* A parameter that a label, or a host, is compared with: what none can be is a mistake. */
static bool read_label(struct listing *l, const char *name, size_t max, struct slice *out,
                       struct api_error *error)
{
    *out = request_param(&l->app->request, name);
    if (!out->data || (out->len >= 1 && out->len <= max)) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "%s must have 1 to %zu bytes", name, max);
    return api_error_at(error, slice_of(name));
}

static bool read_query(struct listing *l, struct api_error *error)
{
    l->limit = LIMIT_DEFAULT;
    return request_param_whole(&l->app->request, "limit", 1, LIMIT_MAX, &l->limit, error) &&
           read_state(l, error) && read_label(l, "tag", LABELS_TAG_MAX, &l->tag, error) &&
           read_label(l, "name_prefix", LABELS_NAME_MAX, &l->name_prefix, error) &&
           read_label(l, "host", URL_MAX, &l->host, error) && read_cursor(l, error);
}

/* The host of the job's URL, whatever its case, without the port. */
static bool has_host(const struct job_load *load, struct slice host)
{
    struct slice own = load->job.url.host;

    return load->readable && own.len == host.len && strncasecmp(own.data, host.data, host.len) == 0;
}

static bool has_name(const struct job_load *load, struct slice prefix)
{
    struct slice name = load->readable ? load->job.labels.name : (struct slice){NULL, 0};

    return name.data && name.len >= prefix.len && memcmp(name.data, prefix.data, prefix.len) == 0;
}

static bool has_tag(const struct job_load *load, struct slice tag)
{
    return load->readable && labels_have_tag(&load->job.labels, tag);
}

static bool is_wanted(const struct listing *l, const struct job_load *load)
{
    return (!l->state.data || slice_eq(l->state, job_load_state(load))) &&
           (!l->host.data || has_host(load, l->host)) && (!l->tag.data || has_tag(load, l->tag)) &&
           (!l->name_prefix.data || has_name(load, l->name_prefix));
}

/* Take what is wanted of a page of a shard. */
static enum err take_page(struct listing *l, size_t *count, struct errinfo *info)
{
    const struct reply *reply = redis_sync_reply(l->app->redis, 0);
    struct wall_ms now;
    enum err err = store_job_page_reply(reply, &now, count, info);

    for (size_t i = 0; i < *count && err == ERR_OK && l->count < l->limit; i++) {
        struct job_load load = {.now = now};
        err = store_job_page_at(reply, i, &load.stored, info);
        if (err != ERR_OK) {
            break;
        }
        l->cursor = load.stored.id;
        l->has_cursor = true;
        l->looked_at++;
        job_load_judge(l->app, &load);
        if (is_wanted(l, &load)) {
            job_load_write(&l->w, &load, false);
            l->count++;
        }
        job_load_fini(&load);
    }
    return err;
}

static bool is_filtered(const struct listing *l)
{
    return l->state.data || l->host.data || l->tag.data || l->name_prefix.data;
}

/* Look at more jobs of a shard. *end: there are no more. */
static enum err look(struct listing *l, unsigned shard, bool *end, struct errinfo *info)
{
    int64_t ask = is_filtered(l) || l->limit - l->count > ASK_MAX ? ASK_MAX : l->limit - l->count;
    bool inside = l->has_cursor && store_shard(&l->cursor) == shard;
    struct cmd cmd;
    size_t count;

    store_job_page(&cmd, shard, inside ? &l->cursor : NULL, (int)ask);
    enum err err = app_ask(l->app, &cmd, 1, info);
    if (err == ERR_OK) {
        err = take_page(l, &count, info);
    }
    *end = err == ERR_OK && (int64_t)count < ask && l->count < l->limit;
    return err;
}

/* Go through the shards from where the cursor is. */
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
    char id[JOB_ID_TEXT_SIZE];

    json_array_end(&l->w);
    json_key(&l->w, "count");
    json_put_i64(&l->w, l->count);
    json_key(&l->w, "next_cursor");
    if (l->more) {
        job_id_format(id, &l->cursor);
        json_put_str(&l->w, id + 5);
    } else {
        json_put_null(&l->w);
    }
    json_object_end(&l->w);
}

bool jobs_list(struct app *app, struct api_error *error)
{
    struct listing l = {.app = app};
    struct errinfo info = {0};

    if (!read_query(&l, error)) {
        return false;
    }
    response_json(&app->response, 200, &l.w);
    json_object_begin(&l.w);
    json_key(&l.w, "jobs");
    json_array_begin(&l.w);
    if (walk(&l, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the jobs cannot be read", &info);
    }
    end_list(&l);
    return true;
}
