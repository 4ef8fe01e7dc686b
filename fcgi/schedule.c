/* schedule: POST /v1/schedule/api-caller. JSON → job → Redis → 201. What a job may be is decided by lib/job;
 * when it begins by Redis' clock, not by this machine's.
 */
#include "app.h"
#include "job.h"
#include "job_json.h"
#include "job_load.h"
#include "job_patch.h"
#include "resources.h"
#include "store.h"

#include <string.h>

/* One way to go about a request, with what all its steps share. */
struct creation {
    struct app *app;
    struct job_fields fields; /* borrowed from the request's JSON */
    struct job *job;          /* the result: STEP_DONE only */
    struct api_error *error;
};

enum step {
    STEP_DONE,      /* the job is stored */
    STEP_REPLACE,   /* there is a job of that name */
    STEP_FAILED,    /* error is filled */
    STEP_WRONG_TIME /* nothing was done: the job was built as of another time than Redis'. error is filled,
                       too */
};

/* Send cmd, and end it. False: info says why. */
static bool ask(const struct creation *c, struct cmd *cmd, struct errinfo *info)
{
    return app_ask(c->app, cmd, 1, info) == ERR_OK;
}

/* A schedule that is over, as far as this process knows the time. If Redis cannot be asked, that has to do.
 */
static enum step refuse_over(const struct creation *c)
{
    struct errinfo info = {0};
    struct wall_ms now;
    struct cmd cmd;

    api_error_set(c->error, API_JOB_CREATION_FAILED, "this schedule does not fire any more");
    api_error_at(c->error, slice_of("schedule"));
    store_time(&cmd);
    bool known =
        ask(c, &cmd, &info) && store_time_reply(redis_sync_reply(c->app->redis, 0), &now, &info) == ERR_OK;
    return known && redis_time_learn(&c->app->time, now) ? STEP_WRONG_TIME : STEP_FAILED;
}

/* The id is taken by a job that was changed since it was made. If it means what is asked for, all is well. */
static enum step compare_changed(const struct creation *c)
{
    struct job_id id = c->job->id;
    char text[JOB_ID_TEXT_SIZE];
    struct job_load load = {0};
    struct job_id meant;

    if (!job_load(c->app, &id, 0, &load, c->error)) {
        return STEP_FAILED;
    }
    bool same =
        load.readable && job_identify(&load.job, &meant) == ERR_OK && memcmp(&meant, &id, sizeof meant) == 0;
    job_load_fini(&load);
    if (same) {
        return STEP_DONE;
    }
    job_id_format(text, &id);
    api_error_set(c->error, API_CONFLICT,
                  "this definition's id belongs to a job whose definition was changed since: %s", text);
    return STEP_FAILED;
}

static enum step store(const struct creation *c, struct wall_ms due);

/* What is to be done after that answer. */
static enum step take_answer(const struct creation *c, enum store_creation answer, struct wall_ms due,
                             struct wall_ms now)
{
    struct errinfo info = {0};
    bool named = c->job->labels.name.data != NULL;

    switch (answer) {
    case STORE_CREATED:
        return STEP_DONE;
    case STORE_KNOWN:
        return named ? STEP_REPLACE : STEP_DONE;
    case STORE_CHANGED:
        return named ? STEP_REPLACE : compare_changed(c);
    case STORE_TAKEN: /* the next one is further ahead than anything is called */
        return job_next(c->job, due, &due) ? store(c, due) : refuse_over(c);
    case STORE_WRONG_TIME:
        break;
    }
    (void)redis_time_learn(&c->app->time, now);
    (void)err_set(&info, ERR_REFUSED, "built as of another time than Redis', twice");
    (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not stored", &info);
    return STEP_WRONG_TIME;
}

/* Store it unless it is there: both are a success. */
static enum step store(const struct creation *c, struct wall_ms due)
{
    struct errinfo info = {0};
    enum store_creation answer = STORE_KNOWN;
    struct wall_ms now;
    struct cmd cmd;

    store_job_create(&cmd, c->job, due);
    if (!ask(c, &cmd, &info) ||
        store_job_create_reply(redis_sync_reply(c->app->redis, 0), &answer, &now, &info) != ERR_OK) {
        (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not known to be stored", &info);
        return STEP_FAILED;
    }
    return take_answer(c, answer, due, now);
}

/* Build the job as of now, and store it. id: the one that it has, or would have. */
static enum step create(const struct creation *c, struct job_id *id)
{
    struct wall_ms now = redis_time_now(&c->app->time);
    struct job_fault fault;
    struct wall_ms due;

    if (!job_build(c->job, &c->fields, now, c->app->zones, &fault)) {
        api_error_job(c->error, &fault);
        return STEP_FAILED;
    }
    *id = c->job->id;
    enum step step = job_next(c->job, now, &due) ? store(c, due) : refuse_over(c);
    if (step != STEP_DONE) {
        job_fini(c->job);
    }
    return step;
}

/* Create the job that c's fields say, or replace the one of its name, and answer. A second time only if the
 * first one has shown that it is another time: if that happens again, Redis' clock was set just now, or this
 * process was stopped in between, and to post again is right. */
static bool create_and_answer(const struct creation *c)
{
    struct json_writer w;
    struct job_id id;
    enum step step = create(c, &id);

    step = step == STEP_WRONG_TIME ? create(c, &id) : step;
    if (step == STEP_REPLACE) {
        return job_patch_replace(c->app, &id, &c->fields, c->error);
    }
    if (step != STEP_DONE) {
        return false;
    }
    response_json(&c->app->response, 201, &w);
    job_json_write(&w, c->job);
    job_fini(c->job);
    return true;
}

bool schedule_create(struct app *app, struct api_error *error)
{
    struct job job;
    struct creation c = {.app = app, .job = &job, .error = error};
    struct job_json json;
    struct job_fault fault;
    struct slice body;
    bool done = false;

    if (!request_read_body(&app->request, error)) {
        return false;
    }
    body = (struct slice){buffer_str(&app->request.body), app->request.body.len};
    if (job_json_parse(&json, body, &fault)) {
        c.fields = json.fields;
        c.fields.timezone_default = app->timezone;
        done = create_and_answer(&c);
    } else {
        api_error_job(error, &fault);
    }
    job_json_fini(&json);
    return done;
}
