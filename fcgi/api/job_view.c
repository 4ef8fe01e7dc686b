/* job_view: see job_view.h. */
#include "api/job_view.h"

#include "api/owned.h"
#include "base/log.h"
#include "http/etag.h"
#include "http/response.h"
#include "job/execution_json.h"
#include "job/job_json.h"
#include "job/job_plan.h"
#include "job/notice.h"

#include <stdio.h>
#include <string.h>

#define NEXT_COUNT 5

bool job_view_refuse_missing(struct api_error *error)
{
    return api_error_set(error, API_JOB_NOT_FOUND, "there is no such job");
}

bool job_view_refuse_broken(struct api_error *error)
{
    return api_error_set(error, API_CONFLICT, "the job is BROKEN: what is stored of it cannot be read");
}

bool job_view_refuse_over(const struct job *job, struct api_error *error)
{
    bool windowed = job->when.ends.ms < INT64_MAX;

    api_error_set(error, API_JOB_CREATION_FAILED,
                  windowed ? "this schedule does not fire any more before ends_at"
                           : "this schedule does not fire any more");
    return api_error_at(error, slice_of(windowed ? "ends_at" : "schedule"));
}

bool job_view_id(const struct context *ctx, struct job_id *id, struct api_error *error)
{
    return job_id_parse(id, ctx->request.id) ||
           api_error_set(error, API_NOT_FOUND, "there is nothing at this path");
}

/* ---- reading ---- */

static struct job_view *new_view(struct context *ctx, struct api_error *error)
{
    struct job_view *view = context_new(ctx, sizeof *view, NULL, error);

    if (view == NULL) {
        return NULL;
    }
    view->job = owned_job(ctx, error);
    return view->job != NULL ? view : NULL;
}

/* Fill readable, and job or why, from stored. */
static void judge(struct context *ctx, struct job_view *view)
{
    const struct store_job *stored = &view->stored;
    struct errinfo info = {0};

    const struct job_stored definition = {&stored->id, &stored->fields, stored->created};
    view->readable =
        stored->created.ms > 0 && job_restore(view->job, &definition, ctx->zones, &info) == ERR_OK;
    (void)snprintf(view->why, sizeof view->why, "%s",
                   info.text[0] ? info.text : "it is not known when it was created");
}

static bool is_failure(const struct execution *execution)
{
    return execution->outcome == EXECUTION_FAILED || execution->outcome == EXECUTION_LOST ||
           execution->outcome == EXECUTION_UNKNOWN;
}

/* Does the record stand for something that was not called: a gap, a skipped occurrence, or a cancelled retry?
 */
static bool is_no_run(const struct execution *execution)
{
    return execution->attempt == 0 || execution->outcome == EXECUTION_CANCELLED ||
           execution->outcome == EXECUTION_SKIPPED;
}

/* The state of counting, from the newest record to the oldest. Attempts at one occurrence are mostly
 * adjacent. */
struct tally {
    int64_t before; /* the occurrence of the record before */
    bool unbroken;  /* all occurrences so far failed */
};

static void count_record(struct job_view *view, struct tally *tally, const struct execution *execution)
{
    if (!view->has_latest) {
        view->latest = *execution;
        view->has_latest = true;
    }
    if (execution->attempt > 0 && execution->scheduled.ms > view->behind.ms) {
        view->behind = execution->scheduled;
    }
    if (is_no_run(execution) || execution->scheduled.ms == tally->before) {
        return;
    }
    tally->before = execution->scheduled.ms;
    tally->unbroken = tally->unbroken && is_failure(execution);
    view->runs++;
    view->failures += tally->unbroken ? 1 : 0;
}

static void read_records(struct job_view *view, const struct reply *reply,
                         const struct job_view_visitor *visitor)
{
    struct tally tally = {.before = INT64_MIN, .unbroken = true};
    struct execution execution;
    struct errinfo info = {0};

    view->behind = view->now;
    for (size_t i = 0; i < view->records; i++) {
        if (store_job_execution_at(reply, i, &view->stored.id, &execution, &info) != ERR_OK) {
            log_warn("record skipped", log_str("error", info.text));
            continue;
        }
        count_record(view, &tally, &execution);
        if (visitor != NULL) {
            visitor->visit(visitor->arg, &execution);
        }
    }
}

struct job_view *job_view_read(struct context *ctx, const struct job_id *id, const struct reply *reply,
                               const struct job_view_visitor *visitor, struct api_error *error)
{
    struct job_view *view = new_view(ctx, error);
    struct store_job_head head;
    struct errinfo info = {0};

    if (view == NULL) {
        return NULL;
    }
    enum err err = store_job_get_reply(reply, id, &view->stored, &head, &info);
    if (err == ERR_NOT_FOUND) {
        (void)job_view_refuse_missing(error);
        return NULL;
    }
    if (err != ERR_OK) {
        (void)api_error_redis(error, API_STORAGE_ERROR, "the job cannot be read", &info);
        return NULL;
    }
    view->now = head.now;
    view->records = head.count;
    judge(ctx, view);
    read_records(view, reply, visitor);
    return view;
}

struct job_view *job_view_load(struct context *ctx, const struct job_id *id, int records,
                               struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;

    store_job_get(&cmd, id, records);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK) {
        (void)api_error_redis(error, API_STORAGE_ERROR, "the job cannot be read", &info);
        return NULL;
    }
    return job_view_read(ctx, id, reply, NULL, error);
}

struct job_view *job_view_at(struct context *ctx, const struct reply *reply, size_t index, struct wall_ms now,
                             struct errinfo *info)
{
    struct api_error ignored;
    struct job_view *view = new_view(ctx, &ignored);

    if (view == NULL) {
        (void)err_set(info, ERR_NOMEM, "out of memory for a job");
        return NULL;
    }
    view->now = now;
    if (store_job_page_at(reply, index, &view->stored, info) != ERR_OK) {
        return NULL;
    }
    judge(ctx, view);
    return view;
}

/* ---- showing ---- */

const char *job_view_state(const struct job_view *view)
{
    static const char *const known[] = {"PAUSED", "COMPLETED"};
    struct wall_ms next;

    if (view->stored.broken || !view->readable) {
        return "BROKEN";
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (slice_eq(view->stored.state, known[i])) {
            return known[i];
        }
    }
    /* Jobs that ended before that state was introduced. */
    return view->stored.due.ms == INT64_MAX && !job_plan_first(view->job, view->now, &next) ? "COMPLETED"
                                                                                            : "ACTIVE";
}

static void put_text(struct json_writer *w, const char *key, struct slice text)
{
    if (text.data != NULL) {
        json_key(w, key);
        json_put_bytes(w, text);
    }
}

static void put_instant(struct json_writer *w, const struct job *job, struct wall_ms at)
{
    char local[ZONE_STAMP_SIZE];

    json_object_begin(w);
    json_member_i64(w, "unix", at.ms / 1000);
    json_member_time(w, "utc", at);
    json_member_str(w, "local", zone_format(job->zone, at.ms / 1000, local) ? local : NULL);
    json_object_end(w);
}

int64_t job_view_runs_left(const struct job *job, const struct store_job *stored)
{
    int64_t most = job->stateful.max_runs;

    return most == 0 ? INT64_MAX : stored->runs < most ? most - stored->runs : 0;
}

struct job_view_plan job_view_plan_of(const struct job_view *view)
{
    bool active = strcmp(job_view_state(view), "ACTIVE") == 0;
    struct wall_ms from = view->behind.ms > view->now.ms ? view->behind : view->now;

    return (struct job_view_plan){.job = view->job,
                                  .from = active ? from : (struct wall_ms){INT64_MAX},
                                  .now = view->now,
                                  .due = active ? view->stored.due : (struct wall_ms){INT64_MAX},
                                  .most = job_view_runs_left(view->job, &view->stored)};
}

bool job_view_passes(const struct job_view_plan *plan, struct wall_ms at)
{
    return at.ms > plan->now.ms && at.ms < plan->due.ms && plan->due.ms < INT64_MAX;
}

/* Find the first instant after `after`. Returns false if there is none. */
static bool plan_first(const struct job_view_plan *plan, struct wall_ms after, struct wall_ms *at)
{
    if (after.ms == INT64_MAX || !job_plan_first(plan->job, after, at)) {
        return false;
    }
    *at = job_view_passes(plan, *at) ? plan->due : *at;
    return true;
}

void job_view_write_next(struct json_writer *w, const char *key, const struct job_view_plan *plan)
{
    struct wall_ms at = plan->from;

    json_key(w, key);
    json_array_begin(w);
    for (int i = 0; i < NEXT_COUNT && i < plan->most && plan_first(plan, at, &at); i++) {
        put_instant(w, plan->job, at);
    }
    json_array_end(w);
}

static void put_state(struct json_writer *w, const struct job_view *view)
{
    const struct store_job *stored = &view->stored;

    json_member_str(w, "state", job_view_state(view));
    put_text(w, "state_reason", stored->reason);
    put_text(w, "state_note", stored->note);
    put_text(w, "state_by", stored->by);
    if (stored->since.ms > 0) {
        json_member_time(w, "state_since", stored->since);
    }
    if (!view->readable) {
        json_member_str(w, "error", view->why);
    }
    if (stored->created.ms > 0) {
        json_member_time(w, "created_at", stored->created);
    }
    json_member_i64(w, "version", stored->version);
}

static void put_history(struct json_writer *w, const struct job_view *view)
{
    json_key(w, "last_execution");
    if (view->has_latest) {
        execution_json_write(w, &view->latest);
    } else {
        json_put_null(w);
    }
    if (view->stored.notice.data != NULL) {
        notice_write_fate(w, "last_notice", view->stored.notice);
    }
    json_key(w, "counts");
    json_object_begin(w);
    json_member_i64(w, "of_latest", (int64_t)view->records);
    json_member_i64(w, "runs", view->job->stateful.max_runs > 0 ? view->stored.runs : view->runs);
    json_member_i64(w, "failures_in_a_row", view->failures);
    if (view->readable && stateful_counts_failures(&view->job->stateful)) {
        json_member_i64(w, "failures", view->stored.failures);
    }
    json_object_end(w);
}

void job_view_write(struct context *ctx, struct json_writer *w, const struct job_view *view, bool whole)
{
    char id[JOB_ID_TEXT_SIZE];
    struct job_view_plan plan = job_view_plan_of(view);

    json_object_begin(w);
    if (view->readable) {
        job_json_write_members(w, view->job, context_hides(ctx));
    } else {
        job_id_format(id, &view->stored.id);
        json_member_str(w, "job_id", id);
    }
    put_state(w, view);
    job_view_write_next(w, "next", &plan);
    if (whole) {
        put_history(w, view);
    }
    json_object_end(w);
}

bool job_view_answer(struct context *ctx, int status, const struct job_view *view)
{
    struct json_writer w;

    response_json(&ctx->response, status, &w);
    job_view_write(ctx, &w, view, true);
    response_set_version(&ctx->response, view->stored.version);
    return true;
}

/* ---- preconditions ---- */

bool job_view_is_known(struct context *ctx, int64_t version)
{
    char tag[ETAG_SIZE];

    etag_of_version(tag, version);
    return etag_is_known(request_header(&ctx->request, "HTTP_IF_NONE_MATCH"), tag);
}

bool job_view_if_match(struct context *ctx, int64_t version, bool *given, struct api_error *error)
{
    const char *list = request_header(&ctx->request, "HTTP_IF_MATCH");
    char tag[ETAG_SIZE];

    etag_of_version(tag, version);
    *given = *list != '\0';
    if (!*given || etag_matches(list, tag)) {
        return true;
    }
    return api_error_set(error, API_PRECONDITION_FAILED,
                         "the job's version is \"%lld\", not what If-Match says", (long long)version);
}
