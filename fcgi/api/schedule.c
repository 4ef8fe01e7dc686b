/* schedule: POST /v1/schedule/api-caller. JSON → job → Redis → 201. What a job may be is decided by lib/job;
 * when it begins by Redis' clock, not by this machine's.
 */
#include "api/schedule.h"

#include "api/idempotency.h"
#include "api/job_load.h"
#include "api/job_patch.h"
#include "api/resources.h"
#include "job/job_json.h"
#include "store/store_database.h"

#include <string.h>

#define REASON_MAX 64  /* bytes, of what a backup says of a job's state */
#define NOTE_MAX   512 /* as of POST …/pause */
#define BY_MAX     128

/* One way to go about a request, with what all its steps share. */
struct creation {
    struct app *app;
    struct job_fields fields; /* borrowed from the JSON */
    struct job_backup kept;   /* likewise */
    struct job *job;          /* the result: STEP_DONE only */
    struct store_restored as; /* and how it begins */
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

    (void)job_load_over(c->job, c->error);
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
    struct job_id meant, asked;

    if (!job_load(c->app, &id, 0, &load, c->error)) {
        return STEP_FAILED;
    }
    bool same = load.readable && job_identify(&load.job, &meant) == ERR_OK &&
                job_identify(c->job, &asked) == ERR_OK && memcmp(&meant, &asked, sizeof meant) == 0;
    job_load_fini(&load);
    if (same) {
        return STEP_DONE;
    }
    job_id_format(text, &id);
    api_error_set(c->error, API_CONFLICT,
                  c->as.changed
                      ? "there is a job of this job_id, and its definition is another one: %s"
                      : "this definition's id belongs to a job whose definition was changed since: %s",
                  text);
    return STEP_FAILED;
}

static enum step store(struct creation *c);

/* The job does not get an instant up to `taken`: it begins behind that. (Not where Redis' clock was set back,
 * so that `taken` is far ahead: a job is as old as it is.) */
static enum step begin_behind(struct creation *c, struct wall_ms taken)
{
    bool near = taken.ms - c->job->created.ms < STORE_CLOCK_TOLERANCE_MS;

    if (near && !when_is_anchored(&c->job->when)) {
        c->job->created = taken;
    }
    return job_next(c->job, taken, &c->as.due) ? store(c) : refuse_over(c);
}

/* What is to be done after that answer. */
static enum step take_answer(struct creation *c, enum store_creation answer, struct wall_ms at)
{
    struct errinfo info = {0};
    bool named = c->job->labels.name.data != NULL;

    switch (answer) {
    case STORE_CREATED:
        return STEP_DONE;
    case STORE_KNOWN:
        return named ? STEP_REPLACE : c->as.changed ? compare_changed(c) : STEP_DONE;
    case STORE_CHANGED:
        return named ? STEP_REPLACE : compare_changed(c);
    case STORE_LATE:
        return begin_behind(c, c->as.due);
    case STORE_TAKEN:
        return begin_behind(c, at.ms > c->as.due.ms ? at : c->as.due);
    case STORE_WRONG_TIME:
        break;
    }
    (void)redis_time_learn(&c->app->time, at);
    (void)err_set(&info, ERR_REFUSED, "built as of another time than Redis', twice");
    (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not stored", &info);
    return STEP_WRONG_TIME;
}

/* Store it unless it is there: both are a success. */
static enum step store(struct creation *c)
{
    struct errinfo info = {0};
    enum store_creation answer = STORE_KNOWN;
    struct wall_ms at;
    struct cmd cmd;

    store_job_restore(&cmd, c->job, &c->as);
    if (!ask(c, &cmd, &info) ||
        store_job_create_reply(redis_sync_reply(c->app->redis, 0), &answer, &at, &info) != ERR_OK) {
        (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not known to be stored", &info);
        return STEP_FAILED;
    }
    return take_answer(c, answer, at);
}

/* ---- what a backup says besides ---- */

/* Always false. */
static bool refuse_member(struct api_error *error, const char *name, const char *text)
{
    api_error_set(error, API_VALIDATION_ERROR, "%s %s", name, text);
    return api_error_at(error, slice_of(name));
}

static bool take_id(struct creation *c)
{
    struct job_id id;

    if (!c->kept.job_id.data) {
        return true;
    }
    if (!job_id_parse(&id, c->kept.job_id)) {
        return refuse_member(c->error, "job_id", "must be capi: and 64 hex digits");
    }
    c->as.changed = memcmp(&id, &c->job->id, sizeof id) != 0;
    if (c->as.changed && c->job->labels.name.data) {
        return refuse_member(c->error, "job_id", "is not the one that the name stands for");
    }
    job_set_id(c->job, &id);
    return true;
}

static bool take_state(struct creation *c)
{
    const struct job_backup *kept = &c->kept;
    bool active = !kept->state.data || slice_eq(kept->state, "ACTIVE");

    if (!active && !slice_eq(kept->state, "PAUSED") && !slice_eq(kept->state, "COMPLETED")) {
        return refuse_member(c->error, "state", "must be ACTIVE, PAUSED or COMPLETED");
    }
    if (active) {
        return true;
    }
    c->as.state = kept->state;
    c->as.reason = kept->reason;
    c->as.note = kept->note;
    c->as.by = kept->by;
    if (kept->reason.len > REASON_MAX || kept->note.len > NOTE_MAX || kept->by.len > BY_MAX) {
        return refuse_member(c->error, "state",
                             "is explained by more than state_reason, _note and _by may hold");
    }
    return true;
}

/* ---- making it ---- */

/* Build the job as of now: c->job, which is to be ended, and c->as. False: error is filled. */
static bool build(struct creation *c, struct wall_ms now)
{
    struct job_fault fault;

    c->as = (struct store_restored){.due = {INT64_MAX}};
    if (!job_build(c->job, &c->fields, now, c->app->zones, &fault)) {
        return api_error_job(c->error, &fault);
    }
    if (take_id(c) && take_state(c)) {
        return true;
    }
    job_fini(c->job);
    return false;
}

/* When is it called first? False: never again. (One that is called no more needs no such instant.) */
static bool plan(struct creation *c, struct wall_ms now)
{
    return c->as.state.data || job_next(c->job, now, &c->as.due);
}

/* Build the job, and store it. id: the one that it has, or would have. */
static enum step create(struct creation *c, struct job_id *id)
{
    struct wall_ms now = redis_time_now(&c->app->time);

    if (!build(c, now)) {
        return STEP_FAILED;
    }
    *id = c->job->id;
    enum step step = plan(c, now) ? store(c) : refuse_over(c);
    if (step != STEP_DONE) {
        job_fini(c->job);
    }
    return step;
}

/* Create the job that c's fields say, or replace the one of its name, and answer. A second time only if the
 * first one has shown that it is another time: if that happens again, Redis' clock was set just now, or this
 * process was stopped in between, and to post again is right. */
static bool create_and_answer(struct creation *c)
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

/* Read the text into json, which is to be ended in any case, and c. False: error is filled. */
static bool read_definition(struct creation *c, struct slice text, bool backup, struct job_json *json)
{
    struct job_fault fault;
    bool good = backup ? job_json_parse_backup(json, text, &fault) : job_json_parse(json, text, &fault);

    if (!good) {
        return api_error_job(c->error, &fault);
    }
    c->fields = json->fields;
    c->fields.timezone_default = c->app->timezone;
    c->kept = json->kept;
    return true;
}

bool schedule_store(struct app *app, struct slice text, bool backup, struct api_error *error)
{
    struct job job;
    struct creation c = {.app = app, .job = &job, .error = error};
    struct job_json json;
    bool done = read_definition(&c, text, backup, &json) && create_and_answer(&c);

    job_json_fini(&json);
    return done;
}

bool schedule_prepare(struct app *app, struct slice text, struct schedule_prepared *out)
{
    struct wall_ms now = redis_time_now(&app->time);
    struct api_error ignored;
    struct creation c = {.app = app, .job = &out->job, .error = &ignored};
    struct job_json json;
    bool built = read_definition(&c, text, true, &json) && build(&c, now);
    bool good = built && plan(&c, now);

    if (good) {
        store_job_restore(&out->cmd, &out->job, &c.as);
        out->own_id = !c.as.changed && !out->job.labels.name.data;
    } else if (built) {
        job_fini(&out->job);
    }
    job_json_fini(&json);
    return good;
}

bool schedule_is_stored(const struct schedule_prepared *prepared, const struct reply *reply)
{
    enum store_creation answer;
    struct wall_ms at;

    return store_job_create_reply(reply, &answer, &at, NULL) == ERR_OK &&
           (answer == STORE_CREATED || (answer == STORE_KNOWN && prepared->own_id));
}

static bool store_body(struct app *app, struct api_error *error)
{
    const struct buffer *body = &app->request.body;

    return schedule_store(app, (struct slice){buffer_str(body), body->len}, false, error);
}

bool schedule_create(struct app *app, struct api_error *error)
{
    return request_read_body(&app->request, error) && idempotency_serve(app, store_body, error);
}
