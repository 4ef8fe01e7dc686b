/* job_patch: PATCH /v1/jobs/{id}. Merges the request into the stored definition; lib/job judges the result as
 * a whole, as for POST. Redis takes it only if the job is still as it was read. A definition that is posted
 * again under the job's name goes the same way, unmerged. */
#include "api/job_patch.h"

#include "api/audit.h"
#include "api/job_view.h"
#include "api/limits.h"
#include "api/owned.h"
#include "api/resources.h"
#include "http/query.h"
#include "job/job_json.h"
#include "job/job_plan.h"
#include "store/store_job.h"

#include <string.h>

#define TRIES 20 /* while other requests change the job */

struct patch {
    struct context *ctx;
    struct api_error *error;
    struct job_id id;
    struct slice body;
    const struct job_fields *whole; /* replaces the definition; NULL: merge body into it */
    bool dry_run;
    bool if_match;                /* the request has If-Match */
    char name[REQUEST_NAME_SIZE]; /* of this request, stored with its change */
    struct wall_ms after;         /* the next instant must also be later than this */
    const struct job_view *view;  /* the job as it is, … */
    struct job *wanted;           /* … and as it shall be; both last for one try */
    bool same_time;               /* the wanted job is called at the same times */
    struct wall_ms due;           /* its next instant; INT64_MAX: none */
};

enum step {
    STEP_DONE,   /* the response is written */
    STEP_FAILED, /* error is filled */
    STEP_AGAIN   /* the job was changed in between */
};

static bool has_prefix(struct slice schedule)
{
    static const char *const prefixes[] = {"CRON_TZ=", "TZ="};
    while (schedule.len > 0 && strchr(" \t\r\n", schedule.data[0]) != NULL) {
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

/* A new schedule with a zone of its own replaces the job's zone, unless the request also gives one. */
static void drop_old_zone(struct job_fields *merged, const struct job_fields *base)
{
    if (merged->schedule.data != base->schedule.data && merged->timezone.data == base->timezone.data &&
        merged->schedule.data != NULL && has_prefix(merged->schedule)) {
        merged->timezone = (struct slice){NULL, 0};
    }
}

/* Build the wanted job, as old as the stored one. Returns false on failure; error is filled. */
static bool build(struct patch *p, const struct job_fields *asked)
{
    struct job_fields fields = *asked;
    struct job_fault fault;

    fields.now_ms = p->view->now.ms;
    p->wanted = owned_job(p->ctx, p->error);
    if (p->wanted == NULL) {
        return false;
    }
    if (!job_build(p->wanted, &fields, p->view->stored.created, p->ctx->zones, &fault)) {
        return api_error_job(p->error, &fault);
    }
    job_set_id(p->wanted, &p->id);
    return true;
}

/* Build the wanted job from the stored one and the body. Returns false on failure; error is filled. */
static bool merge(struct patch *p)
{
    struct job_json *json = owned_job_json(p->ctx, p->error);
    struct job_fields base;
    struct job_fault fault;

    if (json == NULL) {
        return false;
    }
    job_describe(p->view->job, &base);
    base.timezone = slice_of(zone_name(p->view->job->zone));
    if (!job_json_parse_patch(json, p->body, &base, &fault)) {
        return api_error_job(p->error, &fault);
    }
    if (!slice_same(json->fields.name, base.name)) {
        api_error_set(p->error, API_VALIDATION_ERROR, "name cannot be changed: the job's id is made of it");
        return api_error_at(p->error, slice_of("name"));
    }
    drop_old_zone(&json->fields, &base);
    json->fields.timezone_default = p->ctx->timezone;
    json->fields.targets = &p->ctx->targets;
    return build(p, &json->fields);
}

/* Find when the wanted job is next due, if its schedule differs. Returns false if it has no future instant;
 * error is filled. */
static bool plan(struct patch *p)
{
    struct wall_ms behind = p->view->behind;

    p->due.ms = INT64_MAX;
    if (p->same_time || job_view_runs_left(p->wanted, &p->view->stored) == 0 ||
        job_plan_first(p->wanted, p->after.ms > behind.ms ? p->after : behind, &p->due)) {
        return true;
    }
    return job_view_refuse_over(p->wanted, p->error);
}

/* Show what the change would do: the wanted job, and the instants before and after. */
static enum step show_dry_run(struct patch *p)
{
    struct job_view_plan before = job_view_plan_of(p->view);
    struct job_view_plan after = before;
    struct json_writer w;

    after.job = p->wanted;
    after.most = job_view_runs_left(p->wanted, &p->view->stored);
    if (!p->same_time) {
        after.from = p->view->behind;
        after.due.ms = INT64_MAX;
    }
    response_json(&p->ctx->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "dry_run");
    json_put_bool(&w, true);
    json_key(&w, "job");
    job_json_write(&w, p->wanted, context_hides(p->ctx));
    job_view_write_next(&w, "next_before", &before);
    job_view_write_next(&w, "next_after", &after);
    json_object_end(&w);
    response_set_version(&p->ctx->response, p->view->stored.version);
    return STEP_DONE;
}

static enum step show(struct patch *p)
{
    struct json_writer w;

    if (p->whole == NULL) {
        (void)job_view_answer(p->ctx, 200, p->view);
        return STEP_DONE;
    }
    response_json(&p->ctx->response, 201, &w);
    job_json_write(&w, p->wanted, context_hides(p->ctx));
    return STEP_DONE;
}

static enum step show_changed(struct patch *p)
{
    audit_changed(p->ctx, STORE_ACTION_CHANGE, &p->id, 0);
    p->view = job_view_load(p->ctx, &p->id, JOB_VIEW_RECORDS, p->error);
    return p->view != NULL ? show(p) : STEP_FAILED;
}

/* The job is not as it was read. Mostly another request was first; but a command whose reply was lost is sent
 * again, and then the change may be this request's own. */
static enum step ask_whose(struct patch *p)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;
    bool own;

    store_job_changed_by(&cmd, &p->id);
    if (context_ask(p->ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_job_changed_by_reply(reply, p->name, &own, &info) != ERR_OK) {
        (void)api_error_redis(p->error, API_STORAGE_ERROR, "the change is not known to be stored", &info);
        return STEP_FAILED;
    }
    return own ? show_changed(p) : STEP_AGAIN;
}

/* Send the change, then read the job again. (Not in one round trip: a script that Redis has forgotten is sent
 * again after the other commands.) */
static enum step change(struct patch *p)
{
    struct store_change change = {
        .read = &p->view->stored, .definition = p->wanted, .due = p->due, .request = p->name};
    bool paused = slice_eq(p->view->stored.state, "PAUSED") && !p->view->stored.broken;
    enum store_answer answer = STORE_ANSWER_NONE;
    const struct reply *reply;
    struct wall_ms taken;
    struct errinfo info = {0};
    struct cmd cmd;

    change.timing = p->same_time             ? STORE_TIME_KEPT
                    : paused                 ? STORE_TIME_PAUSED
                    : p->due.ms == INT64_MAX ? STORE_TIME_OVER
                                             : STORE_TIME_DUE;
    store_job_change(&cmd, &change, &p->ctx->actor);
    if (context_ask(p->ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_job_change_reply(reply, &answer, &taken, &info) != ERR_OK) {
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
    p->view = job_view_load(p->ctx, &p->id, JOB_VIEW_RECORDS, p->error);
    if (p->view == NULL) {
        return STEP_FAILED;
    }
    if (!p->view->readable) {
        (void)job_view_refuse_broken(p->error);
        return STEP_FAILED;
    }
    if (!(p->whole != NULL ? build(p, p->whole) : merge(p))) {
        return STEP_FAILED;
    }
    enum job_plan_change change_of = job_plan_compare(p->wanted, p->view->job);
    p->same_time = change_of != JOB_PLAN_OTHER_TIME && !p->view->stored.broken;
    bool is_allowed = p->same_time || limits_check_interval(p->ctx, p->wanted, p->error);
    if (!is_allowed || !job_view_if_match(p->ctx, p->view->stored.version, &p->if_match, p->error) ||
        !plan(p)) {
        return STEP_FAILED;
    }
    if (p->dry_run) {
        return show_dry_run(p);
    }
    return change_of == JOB_PLAN_SAME && !p->view->stored.broken ? show(p) : change(p);
}

/* Try until no other request changes the job in between. */
static bool try_often(struct patch *p)
{
    request_make_name(p->name);
    for (int i = 0; i < TRIES; i++) {
        struct arena_mark mark = arena_mark(&p->ctx->memory);
        enum step step = try(p);
        if (step != STEP_AGAIN) {
            return step == STEP_DONE;
        }
        arena_release(&p->ctx->memory, mark);
    }
    return api_error_set(p->error, API_CONFLICT, "the job is being changed all the time: try again");
}

bool job_patch(struct context *ctx, struct api_error *error)
{
    struct patch p = {.ctx = ctx, .error = error};
    bool given;

    if (!job_view_id(ctx, &p.id, error) || !query_bool(&ctx->request, "dry_run", &given, &p.dry_run, error) ||
        !request_read_body(&ctx->request, error)) {
        return false;
    }
    p.body = (struct slice){buffer_str(&ctx->request.body), ctx->request.body.len};
    return try_often(&p);
}

bool job_patch_replace(struct context *ctx, const struct job_id *id, const struct job_fields *whole,
                       struct api_error *error)
{
    struct patch p = {.ctx = ctx, .error = error, .id = *id, .whole = whole};

    if (try_often(&p)) {
        return true;
    }
    if (error->code == API_JOB_NOT_FOUND) { /* it was deleted in between */
        api_error_set(error, API_CONFLICT, "the job is being changed all the time: try again");
    }
    return false;
}
