/* schedule: POST /v1/schedule/api-caller. JSON → job → Redis → 201. lib/job decides what a job may be; Redis'
 * clock, not this machine's, decides when it begins. */
#include "api/schedule.h"

#include "api/audit.h"
#include "api/idempotency.h"
#include "api/job_patch.h"
#include "api/job_view.h"
#include "api/limits.h"
#include "api/owned.h"
#include "api/resources.h"
#include "job/job_json.h"
#include "store/store_database.h"

#include <string.h>

#define REASON_MAX 64  /* bytes, of state_reason in a backup */
#define NOTE_MAX   512 /* of state_note, as in POST …/pause */
#define BY_MAX     128

/* One definition on its way into Redis, with what all steps share. */
struct creation {
    struct context *ctx;
    struct job_fields fields; /* borrowed from the JSON */
    struct job_backup kept;   /* likewise */
    struct job *job;          /* made by build */
    struct store_restored as; /* how it begins */
    struct api_error *error;
};

enum step {
    STEP_DONE,      /* the job is stored */
    STEP_REPLACE,   /* a job of that name exists */
    STEP_FAILED,    /* error is filled */
    STEP_WRONG_TIME /* nothing was done: the job was built as of another time than Redis'. error is filled */
};

/* The schedule is over, as far as this process knows the time. Ask Redis for its time; without a reply,
 * believe what is known. */
static enum step refuse_over(const struct creation *c)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct wall_ms now;
    struct cmd cmd;

    (void)job_view_refuse_over(c->job, c->error);
    store_time(&cmd);
    bool known = context_ask(c->ctx, &cmd, 1, &reply, &info) == ERR_OK &&
                 store_time_reply(reply, &now, &info) == ERR_OK;
    return known && redis_clock_learn(&c->ctx->redis_clock, now) ? STEP_WRONG_TIME : STEP_FAILED;
}

/* A job that was changed since it was made has the id. If its definition means the same now, that is a
 * success. */
static enum step compare_changed(const struct creation *c)
{
    struct job_id id = c->job->id;
    const struct job_view *view = job_view_load(c->ctx, &id, 0, c->error);
    char text[JOB_ID_TEXT_SIZE];
    struct job_id meant;
    struct job_id asked;

    if (view == NULL) {
        return STEP_FAILED;
    }
    if (view->readable && job_identify(view->job, &meant) == ERR_OK &&
        job_identify(c->job, &asked) == ERR_OK && memcmp(&meant, &asked, sizeof meant) == 0) {
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

/* The instants up to `taken` are not available: begin after that. (If Redis' clock was set back, `taken` is
 * far ahead, and the job keeps its age.) */
static enum step begin_behind(struct creation *c, struct wall_ms taken)
{
    bool near = taken.ms - c->job->created.ms < STORE_CLOCK_TOLERANCE_MS;

    if (near && !when_is_anchored(&c->job->when)) {
        c->job->created = taken;
    }
    return job_next(c->job, taken, &c->as.due) ? store(c) : refuse_over(c);
}

/* Decide what to do after that answer. */
static enum step take_answer(struct creation *c, enum store_creation answer, struct wall_ms at)
{
    struct errinfo info = {0};
    bool named = c->job->labels.name.data != NULL;

    switch (answer) {
    case STORE_CREATED:
        audit_changed(c->ctx, STORE_ACTION_CREATE, &c->job->id, 0);
        return STEP_DONE;
    case STORE_KNOWN:
        return named ? STEP_REPLACE : c->as.changed ? compare_changed(c) : STEP_DONE;
    case STORE_CHANGED:
        return named ? STEP_REPLACE : compare_changed(c);
    case STORE_LATE:
        return begin_behind(c, c->as.due);
    case STORE_TAKEN:
        return begin_behind(c, at.ms > c->as.due.ms ? at : c->as.due);
    case STORE_FULL:
        (void)api_error_set(c->error, API_QUOTA_EXCEEDED,
                            "there are as many jobs as JOBS_MAX (%d) allows: delete some first",
                            c->ctx->config->jobs_max);
        return STEP_FAILED;
    case STORE_WRONG_TIME:
        break;
    }
    (void)redis_clock_learn(&c->ctx->redis_clock, at);
    (void)err_set(&info, ERR_REFUSED, "built as of another time than Redis', twice");
    (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not stored", &info);
    return STEP_WRONG_TIME;
}

/* Store the job unless it exists; both are a success. */
static enum step store(struct creation *c)
{
    enum store_creation answer = STORE_KNOWN;
    const struct reply *reply;
    struct errinfo info = {0};
    struct wall_ms at;
    struct cmd cmd;

    store_job_restore(&cmd, c->job, &c->as, &c->ctx->actor);
    if (context_ask(c->ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_job_create_reply(reply, &answer, &at, &info) != ERR_OK) {
        (void)api_error_redis(c->error, API_STORAGE_ERROR, "the job is not known to be stored", &info);
        return STEP_FAILED;
    }
    return take_answer(c, answer, at);
}

/* ---- what else a backup has ---- */

/* Always returns false. */
static bool refuse_member(struct api_error *error, const char *name, const char *text)
{
    api_error_set(error, API_VALIDATION_ERROR, "%s %s", name, text);
    return api_error_at(error, slice_of(name));
}

static bool take_id(struct creation *c)
{
    struct job_id id;

    if (c->kept.job_id.data == NULL) {
        return true;
    }
    if (!job_id_parse(&id, c->kept.job_id)) {
        return refuse_member(c->error, "job_id", "must be capi: and 64 hex digits");
    }
    c->as.changed = memcmp(&id, &c->job->id, sizeof id) != 0;
    if (c->as.changed && c->job->labels.name.data != NULL) {
        return refuse_member(c->error, "job_id", "is not the one that the name stands for");
    }
    job_set_id(c->job, &id);
    return true;
}

static bool take_state(struct creation *c)
{
    const struct job_backup *kept = &c->kept;
    bool active = kept->state.data == NULL || slice_eq(kept->state, "ACTIVE");

    if (!active && !slice_eq(kept->state, "PAUSED") && !slice_eq(kept->state, "COMPLETED")) {
        return refuse_member(c->error, "state", "must be ACTIVE, PAUSED or COMPLETED");
    }
    if (active) {
        return true;
    }
    c->as.state = kept->state;
    c->as.reason = kept->reason;
    c->as.note = kept->note;
    c->as.by = context_by(c->ctx, kept->by);
    if (kept->reason.len > REASON_MAX || kept->note.len > NOTE_MAX || kept->by.len > BY_MAX) {
        return refuse_member(c->error, "state",
                             "is explained by more than state_reason, _note and _by may hold");
    }
    return true;
}

/* ---- making it ---- */

/* Build the job as of now: c->job and c->as. Returns false on failure; error is filled. */
static bool build(struct creation *c, struct wall_ms now)
{
    struct job_fault fault;

    c->job = owned_job(c->ctx, c->error);
    if (c->job == NULL) {
        return false;
    }
    c->as = (struct store_restored){.due = {INT64_MAX}, .jobs_max = c->ctx->config->jobs_max};
    if (!job_build(c->job, &c->fields, now, c->ctx->zones, &fault)) {
        return api_error_job(c->error, &fault);
    }
    return limits_check_interval(c->ctx, c->job, c->error) && take_id(c) && take_state(c);
}

/* Find when the job is first called. Returns false if it never is. (A job that a backup shows as ended needs
 * no such instant.) */
static bool plan(struct creation *c, struct wall_ms now)
{
    return c->as.state.data != NULL || job_next(c->job, now, &c->as.due);
}

/* Build the job, and store it. */
static enum step create(struct creation *c)
{
    struct wall_ms now = redis_clock_now(&c->ctx->redis_clock);

    if (!build(c, now)) {
        return STEP_FAILED;
    }
    return plan(c, now) ? store(c) : refuse_over(c);
}

/* Create the job that c's fields define, or replace the one of its name, and answer. Tries again only if the
 * first try revealed that Redis' clock shows another time. If that happens twice, Redis' clock was just set,
 * or this process was stopped in between, and the client can post again. */
static bool create_and_answer(struct creation *c)
{
    struct json_writer w;
    enum step step = create(c);

    step = step == STEP_WRONG_TIME ? create(c) : step;
    if (step == STEP_REPLACE) {
        return job_patch_replace(c->ctx, &c->job->id, &c->fields, c->error);
    }
    if (step != STEP_DONE) {
        return false;
    }
    response_json(&c->ctx->response, 201, &w);
    job_json_write(&w, c->job, false);
    return true;
}

/* Read the text into c. Returns false if it is not a definition; error is filled. */
static bool read_definition(struct creation *c, struct slice text, bool backup)
{
    struct job_json *json = owned_job_json(c->ctx, c->error);
    struct job_fault fault;

    if (json == NULL) {
        return false;
    }
    if (!(backup ? job_json_parse_backup(json, text, &fault) : job_json_parse(json, text, &fault))) {
        return api_error_job(c->error, &fault);
    }
    c->fields = json->fields;
    c->fields.timezone_default = c->ctx->timezone;
    c->fields.targets = &c->ctx->targets;
    c->kept = json->kept;
    return true;
}

bool schedule_store(struct context *ctx, struct slice text, bool backup, struct api_error *error)
{
    struct creation c = {.ctx = ctx, .error = error};

    return read_definition(&c, text, backup) && create_and_answer(&c);
}

static void end_prepared(void *thing)
{
    struct schedule_prepared *prepared = thing;

    cmd_fini(&prepared->cmd);
}

struct schedule_prepared *schedule_prepare(struct context *ctx, struct slice text)
{
    struct wall_ms now = redis_clock_now(&ctx->redis_clock);
    struct api_error ignored;
    struct creation c = {.ctx = ctx, .error = &ignored};
    struct schedule_prepared *made = context_new(ctx, sizeof *made, end_prepared, &ignored);

    if (made == NULL || !read_definition(&c, text, true) || !build(&c, now) || !plan(&c, now)) {
        return NULL;
    }
    made->job = c.job;
    store_job_restore(&made->cmd, c.job, &c.as, &ctx->actor);
    made->own_id = !c.as.changed && c.job->labels.name.data == NULL;
    return made;
}

bool schedule_is_stored(const struct context *ctx, const struct schedule_prepared *prepared,
                        const struct reply *reply)
{
    enum store_creation answer;
    struct wall_ms at;

    if (store_job_create_reply(reply, &answer, &at, NULL) != ERR_OK) {
        return false;
    }
    if (answer == STORE_CREATED) {
        audit_changed(ctx, STORE_ACTION_CREATE, &prepared->job->id, 0);
    }
    return answer == STORE_CREATED || (answer == STORE_KNOWN && prepared->own_id);
}

static bool store_body(struct context *ctx, struct api_error *error)
{
    const struct buffer *body = &ctx->request.body;

    return schedule_store(ctx, (struct slice){buffer_str(body), body->len}, false, error);
}

bool schedule_create(struct context *ctx, struct api_error *error)
{
    return request_read_body(&ctx->request, error) && idempotency_serve(ctx, store_body, error);
}
