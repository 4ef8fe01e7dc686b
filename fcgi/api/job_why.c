/* job_why: GET /v1/jobs/{id}/why. Explains what happened at an instant, or why nothing did, from the job's
 * history, its state, and its present schedule. */
#include "api/context.h"
#include "api/job_view.h"
#include "api/resources.h"
#include "base/log.h"
#include "http/query.h"
#include "http/response.h"
#include "job/execution_json.h"
#include "job/job_plan.h"

#include <stdio.h>

#define AHEAD_MS 1000 /* a runner may already have claimed what is closer */

struct why {
    struct context *ctx;
    struct wall_ms at;
    const struct job_view *view;
    struct execution *records; /* of its history, those about the instant, newest first */
    size_t record_count;
    const char *code;                   /* static */
    char text[EXECUTION_ERROR_MAX + 1]; /* for a person */
    const char *field;     /* the field of the schedule that excludes the instant; NULL: none does */
    struct wall_ms called; /* when the job is called instead; 0: it is not */
    bool waits;            /* its first attempt was put off, or released, and is still to come */
};

static void set_reason(struct why *why, const char *code, const char *text)
{
    why->code = code;
    (void)snprintf(why->text, sizeof why->text, "%s", text);
}

/* ---- what was recorded ---- */

static bool is_about(const struct execution *execution, struct wall_ms at)
{
    return execution->scheduled.ms == at.ms ||
           (execution->outcome == EXECUTION_MISSED && execution->scheduled.ms < at.ms &&
            at.ms <= execution->missed_until.ms);
}

/* job_view_visit. */
static void keep_record(void *arg, const struct execution *execution)
{
    struct why *why = arg;

    if (is_about(execution, why->at) && why->record_count < JOB_VIEW_RECORDS) {
        why->records[why->record_count++] = *execution;
    }
}

/* Read the job, its history, and whether the occurrence waits, in one round trip. Returns false on failure;
 * error is filled. */
static bool load(struct why *why, const struct job_id *id, struct api_error *error)
{
    const struct job_view_visitor visitor = {keep_record, why};
    const struct reply *replies;
    struct errinfo info = {0};
    struct cmd cmds[2];

    why->records = context_alloc(why->ctx, JOB_VIEW_RECORDS * sizeof *why->records, error);
    if (why->records == NULL) {
        return false;
    }
    store_job_get(&cmds[0], id, JOB_VIEW_RECORDS);
    store_job_waits(&cmds[1], id, why->at);
    if (context_ask(why->ctx, cmds, 2, &replies, &info) != ERR_OK ||
        store_job_waits_reply(&replies[1], &why->waits, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the job cannot be read", &info);
    }
    why->view = job_view_read(why->ctx, id, &replies[0], &visitor, error);
    return why->view != NULL;
}

/* Describe a record to a person. That of an occurrence that gave way to another one names the other. */
static const char *text_of(const struct execution *execution)
{
    static const char *const texts[EXECUTION_OUTCOME__COUNT] = {
        [EXECUTION_SUCCEEDED] = "it was called, and answered well",
        [EXECUTION_FAILED] = "it was called, and failed",
        [EXECUTION_LOST] = "the runner that was about to call it died: whether the call left is not known",
        [EXECUTION_MISSED] = "no runner was there to call it in time",
        [EXECUTION_UNKNOWN] =
            "it was called, and there was no whole answer: what the target did is not known",
        [EXECUTION_CANCELLED] = "its retry came due while the job was paused",
    };

    if (slice_eq(slice_of(execution->error_class), "overlap")) {
        return execution->error;
    }
    return execution->outcome < EXECUTION_OUTCOME__COUNT && texts[execution->outcome] != NULL
               ? texts[execution->outcome]
               : "see its record";
}

/* Explain the instant by its newest record. Returns false if it has none. */
static bool explain_record(struct why *why)
{
    if (why->record_count == 0) {
        return false;
    }
    set_reason(why, execution_outcome_name(why->records[0].outcome), text_of(&why->records[0]));
    return true;
}

/* ---- why there is no record ---- */

/* Is the instant outside of the schedule's window, or the schedule a single other instant? */
static bool refuse_window(struct why *why)
{
    const struct when *when = &why->view->job->when;

    if (why->at.ms < when->starts.ms) {
        set_reason(why, "outside_window", "it is before starts_at");
    } else if (why->at.ms > when->ends.ms) {
        set_reason(why, "outside_window", "it is after ends_at");
    } else if (when->once.ms > 0) {
        why->called.ms = when->once.ms + when->offset_ms;
        set_reason(why, "not_scheduled", "the job is called once, at another instant");
    } else {
        return false;
    }
    return true;
}

/* Is the instant not one of the schedule's? */
static bool refuse_schedule(struct why *why)
{
    const struct job *job = why->view->job;
    struct wall_ms first;
    int64_t jump_s = 0;

    if (job_plan_first(job, (struct wall_ms){why->at.ms - 1}, &first) && first.ms == why->at.ms) {
        return false;
    }
    if (refuse_window(why)) {
        return true;
    }
    int64_t plain_ms = why->at.ms - job->when.offset_ms;
    set_reason(why, "not_scheduled", "the schedule does not fire then");
    switch (cron_why_not(&job->when.cron, job->zone, plain_ms / 1000, &why->field, &jump_s)) {
    case CRON_REFUSED_FIELD:
        (void)snprintf(why->text, sizeof why->text, "the schedule does not fire then: its %s says no",
                       why->field);
        break;
    case CRON_REFUSED_GAP:
        why->field = NULL;
        why->called.ms = jump_s * 1000 + job->when.offset_ms;
        set_reason(why, "dst_gap", "the clock skipped that time: the job is called at the jump instead");
        break;
    case CRON_REFUSED_OVERLAP:
        set_reason(why, "dst_overlap",
                   "the clock shows that time twice: the job is called at the first of them");
        break;
    case CRON_FIRES: /* between two instants of @every, or inside a second */
        break;
    }
    return true;
}

/* Explain an instant of the schedule that has no record. */
static void explain_silence(struct why *why)
{
    const struct store_job *stored = &why->view->stored;
    struct job_view_plan plan = job_view_plan_of(why->view);

    if (!why->waits && slice_eq(stored->state, "COMPLETED") && stored->since.ms <= why->at.ms) {
        set_reason(why, "completed", "the job was completed before");
    } else if (slice_eq(stored->state, "PAUSED") &&
               (why->at.ms > why->view->now.ms || stored->since.ms <= why->at.ms)) {
        set_reason(why, "paused", "the job is paused");
    } else if (why->at.ms - why->view->now.ms > AHEAD_MS && job_view_passes(&plan, why->at)) {
        why->called = stored->due;
        set_reason(why, "passed_over", "the clock was set back: the job goes on with a later instant");
    } else if (why->at.ms > why->view->now.ms) {
        set_reason(why, "not_yet", "it is still to come");
    } else if (stored->due.ms <= why->at.ms) {
        set_reason(why, "waiting", "it is due, and no runner has taken it up so far");
    } else if (stored->waiting.ms == why->at.ms) {
        set_reason(why, "queued", "it waits until an earlier occurrence is over");
    } else if (why->waits) {
        set_reason(why, "waiting", "it was put off, and waits to be called");
    } else if (stored->running.ms == why->at.ms || why->view->now.ms - why->at.ms < 60000) {
        set_reason(why, "under_way", "it is being called, or waits for its host");
    } else {
        set_reason(
            why, "not_recorded",
            "there is no record of it: the job was paused or had another schedule then, or the record is too "
            "old to be kept");
    }
}

static void explain(struct why *why)
{
    if (explain_record(why)) {
        return;
    }
    if (why->at.ms <= why->view->stored.created.ms) {
        set_reason(why, "not_created", "there was no such job yet");
    } else if (!refuse_schedule(why)) {
        explain_silence(why);
    }
}

/* ---- the answer ---- */

static void put_str(struct json_writer *w, const char *key, const char *value)
{
    if (value != NULL) {
        json_member_str(w, key, value);
    }
}

static void put_paused(struct json_writer *w, const struct store_job *stored)
{
    if (stored->reason.data != NULL) {
        json_key(w, "state_reason");
        json_put_bytes(w, stored->reason);
    }
    if (stored->note.data != NULL) {
        json_key(w, "state_note");
        json_put_bytes(w, stored->note);
    }
    json_member_time(w, "state_since", stored->since);
}

static void put_records(struct json_writer *w, const struct why *why)
{
    json_key(w, "executions");
    json_array_begin(w);
    for (size_t i = 0; i < why->record_count; i++) {
        execution_json_write(w, &why->records[i]);
    }
    json_array_end(w);
}

static void write_answer(const struct why *why)
{
    char id[JOB_ID_TEXT_SIZE];
    struct job_view_plan plan = job_view_plan_of(why->view);
    struct json_writer w;

    plan.from = why->at; /* what the schedule says, even if the job is no longer called */
    job_id_format(id, &why->view->stored.id);
    response_json(&why->ctx->response, 200, &w);
    json_object_begin(&w);
    put_str(&w, "job_id", id);
    json_member_time(&w, "at", why->at);
    put_str(&w, "why", why->code);
    put_str(&w, "explanation", why->text);
    put_str(&w, "field", why->field);
    if (why->called.ms > 0) {
        json_member_time(&w, "called_at", why->called);
    }
    if (slice_eq(slice_of(why->code), "paused")) {
        put_paused(&w, &why->view->stored);
    }
    put_records(&w, why);
    job_view_write_next(&w, "next", &plan);
    json_object_end(&w);
}

bool job_why(struct context *ctx, struct api_error *error)
{
    struct why why = {.ctx = ctx};
    struct job_id id;

    if (!job_view_id(ctx, &id, error) || !query_required_instant(&ctx->request, "at", &why.at, error) ||
        !load(&why, &id, error)) {
        return false;
    }
    if (!why.view->readable) {
        return job_view_refuse_broken(error);
    }
    explain(&why);
    write_answer(&why);
    return true;
}
