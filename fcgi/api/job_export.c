/* job_export: GET /v1/jobs:export. All jobs as lines that POST /v1/jobs:batch takes, in the order of the
 * shards' indexes, a page of Redis' at a time: each is a piece of the answer, so that the memory that this
 * takes does not grow with the number of jobs. The status goes out with the first piece. What fails later is
 * the last line, an error.
 */
#include "api/job_load.h"
#include "api/resources.h"
#include "base/log.h"
#include "job/job_json.h"
#include "serve/app.h"
#include "store/store_job_read.h"

#include <string.h>

#define PAGE 100 /* jobs: Redis does nothing else for some 2 ms, and the longest are 7 MB */

/* What of a job's life outlasts it: that, and why, it is called no more. */
static struct job_backup what_is_kept(const struct job_load *load)
{
    const char *state = job_load_state(load);

    if (strcmp(state, "ACTIVE") == 0) {
        return (struct job_backup){0};
    }
    return (struct job_backup){.state = slice_of(state),
                               .reason = load->stored.reason,
                               .note = load->stored.note,
                               .by = load->stored.by};
}

/* One that cannot be read is not passed over in silence: its line is none that is taken back. */
static void write_broken(struct json_writer *w, const struct job_load *load)
{
    char id[JOB_ID_TEXT_SIZE];

    job_id_format(id, &load->stored.id);
    json_member_str(w, "job_id", id);
    json_member_str(w, "state", "BROKEN");
    json_member_str(w, "error", load->why);
}

static void write_line(struct buffer *out, const struct job_load *load)
{
    bool broken = strcmp(job_load_state(load), "BROKEN") == 0;
    struct job_backup kept = broken ? (struct job_backup){0} : what_is_kept(load);
    struct json_writer w;

    json_begin(&w, out);
    json_object_begin(&w);
    if (broken) {
        write_broken(&w, load);
    } else {
        job_json_write_definition(&w, &load->job);
        job_json_write_kept(&w, &kept);
    }
    json_object_end(&w);
    buffer_add_char(out, '\n');
}

static enum err write_page(struct app *app, size_t *count, struct errinfo *info)
{
    const struct reply *reply = redis_sync_reply(app->redis, 0);
    struct wall_ms now;
    enum err err = store_job_page_reply(reply, &now, count, info);

    for (size_t i = 0; i < *count && err == ERR_OK; i++) {
        struct job_load load = {.now = now};
        err = store_job_page_at(reply, i, &load.stored, info);
        if (err == ERR_OK) {
            job_load_judge(app, &load);
            write_line(&app->response.body, &load);
            app->export.after = load.stored.id;
            app->export.inside = true;
        }
        job_load_fini(&load);
    }
    return err;
}

/* Write the next jobs, if there are any, and say in response.more whether this was all. */
static enum err go_on(struct app *app, struct errinfo *info)
{
    struct job_export *export = &app->export;
    size_t count = 0;
    struct cmd cmd;

    while (count == 0 && export->shard < STORE_SHARDS) {
        store_job_page(&cmd, export->shard, export->inside ? &export->after : NULL, PAGE);
        enum err err = app_ask(app, &cmd, 1, info);
        if (err == ERR_OK) {
            err = write_page(app, &count, info);
        }
        if (err != ERR_OK) {
            return err;
        }
        if (count < PAGE) {
            export->shard++;
            export->inside = false;
        }
    }
    app->response.more = export->shard < STORE_SHARDS;
    return ERR_OK;
}

static void go_on_or_say_why(struct app *app)
{
    struct errinfo info = {0};
    struct api_error error;
    struct json_writer w;

    if (go_on(app, &info) != ERR_OK) {
        (void)api_error_redis(&error, API_STORAGE_ERROR, "the other jobs cannot be read", &info);
    } else if (buffer_error(&app->response.body) != ERR_OK) {
        api_error_set(&error, API_INTERNAL_ERROR, "out of memory");
        buffer_clear(&app->response.body);
        app->response.more = false;
    } else {
        return;
    }
    log_error("export broken off", log_str("code", api_code_name(error.code)), log_str("error", error.text),
              log_str("detail", error.detail));
    json_begin(&w, &app->response.body);
    json_object_begin(&w);
    response_put_error(&w, &error);
    json_object_end(&w);
    buffer_add_char(&app->response.body, '\n');
}

bool jobs_export(struct app *app, struct api_error *error)
{
    struct errinfo info = {0};

    app->export = (struct job_export){0};
    app->more = go_on_or_say_why;
    app->ask_ms = APP_BULK_MS;
    app->deadline.ms = clock_mono(&app->clock).ms + APP_BULK_MS;
    response_lines(&app->response, 200);
    if (go_on(app, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the jobs cannot be read", &info);
    }
    return true;
}
