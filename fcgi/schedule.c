/* schedule: POST /v1/schedule/api-caller. JSON → job → Redis → 201. What a job may be is decided by lib/job.
 */
#include "app.h"
#include "job.h"
#include "job_json.h"
#include "resources.h"
#include "store.h"

/* Body → job. False: error is filled. */
static bool read_job(struct app *app, struct job *job, struct wall_ms now, struct api_error *error)
{
    struct slice text = {buffer_str(&app->request.body), app->request.body.len};
    struct job_json json;
    struct job_fault fault;
    bool ok;

    ok = job_json_parse(&json, text, &fault);
    json.fields.timezone_default = app->timezone;
    ok = ok && job_build(job, &json.fields, now, app->zones, &fault);
    if (!ok) {
        api_error_job(error, &fault);
    }
    job_json_fini(&json);
    return ok;
}

/* Store it unless it is there: both are a success. */
static bool store(struct app *app, const struct job *job, struct wall_ms due, struct api_error *error)
{
    struct errinfo info = {0};
    struct cmd cmd;
    bool created;
    enum err err;

    store_job_create(&cmd, job, due);
    err = redis_sync_call(app->redis, &cmd, 1, REDIS_SYNC_BUDGET_MS, &info);
    cmd_fini(&cmd);
    if (err == ERR_OK) {
        err = store_job_create_reply(redis_sync_reply(app->redis, 0), &created, &info);
    }
    return err == ERR_OK ||
           api_error_redis(error, API_STORAGE_ERROR, "the job is not known to be stored", &info);
}

bool schedule_create(struct app *app, struct api_error *error)
{
    struct wall_ms now = clock_wall(&app->clock);
    struct json_writer w;
    struct wall_ms due;
    struct job job;

    if (!request_read_body(&app->request, error) || !read_job(app, &job, now, error)) {
        return false;
    }
    if (!job_next(&job, now, &due)) {
        api_error_set(error, API_JOB_CREATION_FAILED, "this schedule does not fire any more");
        return api_error_at(error, slice_of("schedule"));
    }
    if (!store(app, &job, due, error)) {
        return false;
    }
    response_json(&app->response, 201, &w);
    job_json_write(&w, &job);
    return true;
}
