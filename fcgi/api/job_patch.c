/* job_patch: PATCH /v1/jobs/{id}. The stored definition and what the request says of it are merged, and
 * judged as a whole by lib/job, as for POST. Redis takes the result only if the job is still as it was read.
 * A definition that is posted again under the job's name goes the same way, unmerged.
 */
#include "api/job_patch.h"

#include "api/job_load.h"
#include "api/resources.h"
#include "job/job_json.h"
#include "job/job_plan.h"
#include "store/store_job.h"

#include <string.h>

#define TRIES 20 /* when others change the job at the same time */

struct patch {
    struct app *app;
    struct api_error *error;
    struct job_id id;
    struct slice body;
    const struct job_fields *whole; /* takes the definition's place; NULL: body is merged into it */
    bool dry_run;
    bool if_match;                /* there is one */
    char name[REQUEST_NAME_SIZE]; /* of this request: its changes bear it */
    struct wall_ms after;         /* the next instant must be later than this, too */
    struct job_load load;         /* the job as it is */
    struct job wanted;            /* owned: and as it is to be */
    bool same_time;               /* as before */
    struct wall_ms due;           /* its next instant; INT64_MAX: there is none */
};

enum step {
    STEP_DONE,   /* the answer is written */
    STEP_FAILED, /* error is filled */
    STEP_AGAIN   /* the job is another one by now */
};

static bool read_dry_run(struct patch *p)
{
    struct slice text = request_param(&p->app->request, "dry_run");

    p->dry_run = slice_eq(text, "true");
    if (!text.data || p->dry_run || slice_eq(text, "false")) {
        return true;
    }
    api_error_set(p->error, API_INVALID_REQUEST, "dry_run must be true or false");
    return api_error_at(p->error, slice_of("dry_run"));
}

static bool has_prefix(struct slice schedule)
{
    static const char *const prefixes[] = {"CRON_TZ=", "TZ="};
    while (schedule.len > 0 && strchr(" \t\r\n", schedule.data[0])) {
        schedule.data++;
        schedule.len--;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(prefixes[i]);
        if (schedule.len >= len && memcmp(schedule.data, prefixes[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* A schedule that says its zone says it anew: the one that the job had is no longer meant, unless that is
 * given, too. */
static void drop_old_zone(struct job_fields *merged, const struct job_fields *base)
{
    if (merged->schedule.data != base->schedule.data && merged->timezone.data == base->timezone.data &&
        merged->schedule.data && has_prefix(merged->schedule)) {
        merged->timezone = (struct slice){NULL, 0};
    }
}

static bool same_text(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Make the job that is wanted, of the same age as the one that there is. False: error is filled. */
static bool build(struct patch *p, const struct job_fields *asked)
{
    struct job_fields fields = *asked;
    struct job_fault fault;

    fields.now_ms = p->load.now.ms;
    job_fini(&p->wanted);
    if (!job_build(&p->wanted, &fields, p->load.stored.created, p->app->zones, &fault)) {
        return api_error_job(p->error, &fault);
    }
    job_set_id(&p->wanted, &p->id);
    return true;
}

/* Body and stored job → the job that is wanted. False: error is filled. */
static bool merge(struct patch *p)
{
    struct job_fields base;
    struct job_json json;
    struct job_fault fault;
    bool good;

    job_describe(&p->load.job, &base);
    base.timezone = slice_of(zone_name(p->load.job.zone));
    good = job_json_parse_patch(&json, p->body, &base, &fault);
    if (!good) {
        api_error_job(p->error, &fault);
    } else if (!same_text(json.fields.name, base.name)) {
        api_error_set(p->error, API_VALIDATION_ERROR, "name cannot be changed: the job's id is made of it");
        good = api_error_at(p->error, slice_of("name"));
    } else {
        drop_old_zone(&json.fields, &base);
        json.fields.timezone_default = p->app->timezone;
        good = build(p, &json.fields);
    }
    job_json_fini(&json);
    return good;
}

/* When is it due next, if its time is another one? False: error is filled. */
static bool plan(struct patch *p)
{
    struct wall_ms behind = p->load.behind;

    p->due.ms = INT64_MAX;
    p->same_time = !p->load.stored.broken && job_plan_same(&p->wanted, &p->load.job, true);
    if (p->same_time || job_load_runs_left(&p->wanted, &p->load.stored) == 0 ||
        job_plan_first(&p->wanted, p->after.ms > behind.ms ? p->after : behind, &p->due)) {
        return true;
    }
    return job_load_over(&p->wanted, p->error);
}

/* What would be: the job as wanted, and its instants before and after. */
static enum step show_dry_run(struct patch *p)
{
    struct job_load_plan before = job_load_plan_of(&p->load);
    struct job_load_plan after = before;
    struct json_writer w;

    after.job = &p->wanted;
    after.most = job_load_runs_left(&p->wanted, &p->load.stored);
    if (!p->same_time) {
        after.from = p->load.behind;
        after.due.ms = INT64_MAX;
    }
    response_json(&p->app->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "dry_run");
    json_put_bool(&w, true);
    json_key(&w, "job");
    job_json_write(&w, &p->wanted);
    job_load_write_next(&w, "next_before", &before);
    job_load_write_next(&w, "next_after", &after);
    json_object_end(&w);
    p->app->response.etag = p->load.stored.version;
    return STEP_DONE;
}

static enum step show(struct patch *p)
{
    struct json_writer w;

    if (!p->whole) {
        (void)job_load_answer(p->app, 200, &p->load);
        return STEP_DONE;
    }
    response_json(&p->app->response, 201, &w);
    job_json_write(&w, &p->wanted);
    return STEP_DONE;
}

static enum step show_changed(struct patch *p)
{
    return job_load(p->app, &p->id, JOB_LOAD_RECORDS, &p->load, p->error) ? show(p) : STEP_FAILED;
}

/* It is not the job that was read: mostly somebody else was first, but a command whose answer was lost is
 * sent again, and then that is our own change. */
static enum step ask_whose(struct patch *p)
{
    struct errinfo info = {0};
    struct cmd cmd;
    bool own;

    store_job_changed_by(&cmd, &p->id);
    if (app_ask(p->app, &cmd, 1, &info) != ERR_OK ||
        store_job_changed_by_reply(redis_sync_reply(p->app->redis, 0), p->name, &own, &info) != ERR_OK) {
        (void)api_error_redis(p->error, API_STORAGE_ERROR, "the change is not known to be stored", &info);
        return STEP_FAILED;
    }
    return own ? show_changed(p) : STEP_AGAIN;
}

/* Send the change, and look at what came of it. (Not in one round trip: Redis may have forgotten a script,
 * and then it is sent again behind the others.) */
static enum step change(struct patch *p)
{
    struct store_change change = {
        .read = &p->load.stored, .definition = &p->wanted, .due = p->due, .request = p->name};
    bool paused = slice_eq(p->load.stored.state, "PAUSED") && !p->load.stored.broken;
    enum store_answer answer = STORE_ANSWER_NONE;
    struct wall_ms taken;
    struct errinfo info = {0};
    struct cmd cmd;

    change.timing = p->same_time             ? STORE_TIME_KEPT
                    : paused                 ? STORE_TIME_PAUSED
                    : p->due.ms == INT64_MAX ? STORE_TIME_OVER
                                             : STORE_TIME_DUE;
    store_job_change(&cmd, &change);
    if (app_ask(p->app, &cmd, 1, &info) != ERR_OK ||
        store_job_change_reply(redis_sync_reply(p->app->redis, 0), &answer, &taken, &info) != ERR_OK) {
        (void)api_error_redis(p->error, API_STORAGE_ERROR, "the change is not known to be stored", &info);
        return STEP_FAILED;
    }
    if (answer == STORE_ANSWER_TAKEN) {
        p->after = taken;
    }
    if (answer == STORE_ANSWER_DONE) {
        return show_changed(p);
    }
    return answer == STORE_ANSWER_OTHER ? ask_whose(p) : STEP_AGAIN;
}

/* Read the job, and change it. */
static enum step try(struct patch *p)
{
    bool same;

    if (!job_load(p->app, &p->id, JOB_LOAD_RECORDS, &p->load, p->error)) {
        return STEP_FAILED;
    }
    if (!p->load.readable) {
        (void)job_load_broken(p->error);
        return STEP_FAILED;
    }
    if (!(p->whole ? build(p, p->whole) : merge(p))) {
        return STEP_FAILED;
    }
    same = job_plan_same(&p->wanted, &p->load.job, false);
    if (!job_load_if_match(p->app, p->load.stored.version, &p->if_match, p->error) || !plan(p)) {
        return STEP_FAILED;
    }
    if (p->dry_run) {
        return show_dry_run(p);
    }
    return same && !p->load.stored.broken ? show(p) : change(p);
}

/* Try until the job holds still. */
static bool try_often(struct patch *p)
{
    enum step step = STEP_AGAIN;

    request_make_name(p->name);
    for (int i = 0; i < TRIES && step == STEP_AGAIN; i++) {
        step = try(p);
    }
    job_load_fini(&p->load);
    job_fini(&p->wanted);
    if (step == STEP_AGAIN) {
        return api_error_set(p->error, API_CONFLICT, "the job is being changed all the time: try again");
    }
    return step == STEP_DONE;
}

bool job_patch(struct app *app, struct api_error *error)
{
    struct patch p = {.app = app, .error = error};

    if (!job_load_id(app, &p.id, error) || !read_dry_run(&p) || !request_read_body(&app->request, error)) {
        return false;
    }
    p.body = (struct slice){buffer_str(&app->request.body), app->request.body.len};
    return try_often(&p);
}

bool job_patch_replace(struct app *app, const struct job_id *id, const struct job_fields *whole,
                       struct api_error *error)
{
    struct patch p = {.app = app, .error = error, .id = *id, .whole = whole};

    if (try_often(&p)) {
        return true;
    }
    if (error->code == API_JOB_NOT_FOUND) { /* deleted just now */
        api_error_set(error, API_CONFLICT, "the job is being changed all the time: try again");
    }
    return false;
}
