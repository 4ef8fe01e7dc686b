/* job_export: GET /v1/jobs:export. Writes all jobs as lines that POST /v1/jobs:batch takes, in the order of
 * the shards' indexes. Each page from Redis is one piece of the response, so memory does not grow with the
 * number of jobs. The status is sent with the first piece; a later failure becomes the last line, an error.
 */
#include "api/context.h"
#include "api/job_view.h"
#include "api/resources.h"
#include "base/log.h"
#include "job/job_json.h"
#include "store/store_job_read.h"

#include <string.h>

/* How far the export has come. */
struct export
{
    unsigned shard;      /* the one to read next */
    bool inside;         /* `after` is one of its jobs */
    struct job_id after; /* the last job that was written */
};

#define PAGE 100 /* jobs: they occupy Redis for some 2 ms, and have 7 MB at most */

/* What a backup keeps of a job's state: that it is no longer called, and why. */
static struct job_backup what_is_kept(const struct job_view *view)
{
    const char *state = job_view_state(view);

    if (strcmp(state, "ACTIVE") == 0) {
        return (struct job_backup){0};
    }
    return (struct job_backup){.state = slice_of(state),
                               .reason = view->stored.reason,
                               .note = view->stored.note,
                               .by = view->stored.by};
}

/* A broken job gets a line, too, which POST /v1/jobs:batch refuses. */
static void write_broken(struct json_writer *w, const struct job_view *view)
{
    char id[JOB_ID_TEXT_SIZE];

    job_id_format(id, &view->stored.id);
    json_member_str(w, "job_id", id);
    json_member_str(w, "state", "BROKEN");
    json_member_str(w, "error", view->why);
}

static void write_line(struct context *ctx, const struct job_view *view)
{
    struct buffer *out = &ctx->response.body;
    bool broken = strcmp(job_view_state(view), "BROKEN") == 0;
    struct job_backup kept = broken ? (struct job_backup){0} : what_is_kept(view);
    struct json_writer w;

    json_begin(&w, out);
    json_object_begin(&w);
    if (broken) {
        write_broken(&w, view);
    } else {
        job_json_write_definition(&w, view->job, context_hides(ctx));
        job_json_write_kept(&w, &kept);
    }
    json_object_end(&w);
    buffer_add_char(out, '\n');
}

static enum err write_page(struct context *ctx, struct export *export, const struct reply *reply,
                           size_t *count, struct errinfo *info)
{
    struct store_job_head head;
    enum err err = store_job_page_reply(reply, &head, info);

    *count = head.count;
    for (size_t i = 0; i < head.count && err == ERR_OK; i++) {
        struct arena_mark mark = arena_mark(&ctx->memory);
        const struct job_view *view = job_view_at(ctx, reply, i, head.now, info);
        if (view != NULL) {
            write_line(ctx, view);
            export->after = view->stored.id;
            export->inside = true;
        }
        err = view != NULL ? ERR_OK : info->code;
        arena_release(&ctx->memory, mark);
    }
    return err;
}

/* Ask the shard for its next page, and write it. */
static enum err ask_and_write(struct context *ctx, struct export *export, size_t *count, struct errinfo *info)
{
    struct arena_mark mark = arena_mark(&ctx->memory);
    const struct reply *reply;
    struct cmd cmd;

    store_job_page(&cmd, export->shard, export->inside ? &export->after : NULL, PAGE);
    enum err err = context_ask(ctx, &cmd, 1, &reply, info);
    err = err == ERR_OK ? write_page(ctx, export, reply, count, info) : err;
    arena_release(&ctx->memory, mark);
    return err;
}

/* Write the next jobs, if there are any. Sets response.more if there may be others. */
static enum err go_on(struct context *ctx, struct export *export, struct errinfo *info)
{
    size_t count = 0;

    while (count == 0 && export->shard < STORE_SHARDS) {
        enum err err = ask_and_write(ctx, export, &count, info);
        if (err != ERR_OK) {
            return err;
        }
        if (count < PAGE) {
            export->shard++;
            export->inside = false;
        }
    }
    ctx->response.more = export->shard < STORE_SHARDS;
    return ERR_OK;
}

/* context_more_fn. An export that fails ends with a line that says why. */
static void go_on_or_explain(struct context *ctx, void *export)
{
    struct errinfo info = {0};
    struct api_error error;
    struct json_writer w;

    if (go_on(ctx, export, &info) != ERR_OK) {
        (void)api_error_redis(&error, API_STORAGE_ERROR, "the other jobs cannot be read", &info);
    } else if (buffer_error(&ctx->response.body) != ERR_OK) {
        api_error_set(&error, API_INTERNAL_ERROR, "out of memory");
        buffer_clear(&ctx->response.body);
        ctx->response.more = false;
    } else {
        return;
    }
    log_error("export broken off", log_str("code", api_code_name(error.code)), log_str("error", error.text),
              log_str("detail", error.detail));
    json_begin(&w, &ctx->response.body);
    json_object_begin(&w);
    response_put_error(&w, &error);
    json_object_end(&w);
    buffer_add_char(&ctx->response.body, '\n');
}

bool jobs_export(struct context *ctx, struct api_error *error)
{
    struct export *export = context_new(ctx, sizeof *export, NULL, error);
    struct errinfo info = {0};

    if (export == NULL) {
        return false;
    }
    ctx->more = go_on_or_explain;
    ctx->more_arg = export;
    context_allow_bulk(ctx, CONTEXT_BULK_MS);
    response_lines(&ctx->response, 200);
    if (go_on(ctx, export, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the jobs cannot be read", &info);
    }
    return true;
}
