/* job_load: see job_load.h. */
#include "api/job_load.h"

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

bool job_load_none(struct api_error *error)
{
    return api_error_set(error, API_JOB_NOT_FOUND, "there is no such job");
}

bool job_load_broken(struct api_error *error)
{
    return api_error_set(error, API_CONFLICT, "the job is BROKEN: what is stored of it cannot be read");
}

bool job_load_id(const struct context *ctx, struct job_id *id, struct api_error *error)
{
    return job_id_parse(id, ctx->request.id) ||
           api_error_set(error, API_NOT_FOUND, "there is nothing at this path");
}

bool job_load_over(const struct job *job, struct api_error *error)
{
    bool windowed = job->when.ends.ms < INT64_MAX;

    api_error_set(error, API_JOB_CREATION_FAILED,
                  windowed ? "this schedule does not fire any more before ends_at"
                           : "this schedule does not fire any more");
    return api_error_at(error, slice_of(windowed ? "ends_at" : "schedule"));
}

/* ---- reading ---- */

void job_load_judge(struct context *ctx, struct job_load *out)
{
    const struct store_job *stored = &out->stored;
    struct errinfo info = {0};

    out->readable = stored->created.ms > 0 && job_restore(&out->job, &stored->id, &stored->fields,
                                                          stored->created, ctx->zones, &info) == ERR_OK;
    (void)snprintf(out->why, sizeof out->why, "%s",
                   info.text[0] ? info.text : "it is not known when it was created");
}

static bool is_failure(const struct execution *execution)
{
    return execution->outcome == EXECUTION_FAILED || execution->outcome == EXECUTION_LOST ||
           execution->outcome == EXECUTION_UNKNOWN;
}

void job_load_fini(struct job_load *load)
{
    job_fini(&load->job);
    memset(load, 0, sizeof *load);
}

/* Does a record tell of nothing that was called: a gap, what was left out, or what was not tried again? */
static bool is_no_run(const struct execution *execution)
{
    return execution->attempt == 0 || execution->outcome == EXECUTION_CANCELLED ||
           execution->outcome == EXECUTION_SKIPPED;
}

/* Count from the newest record to the oldest. Attempts at one occurrence mostly stand side by side. */
static void count_records(const struct reply *reply, size_t count, struct job_load *out)
{
    struct execution execution;
    struct errinfo info = {0};
    int64_t before = INT64_MIN;
    bool unbroken = true;

    out->records = count;
    out->behind = out->now;
    for (size_t i = 0; i < count; i++) {
        if (store_job_record_at(reply, i, &out->stored.id, &execution, &info) != ERR_OK) {
            log_warn("record skipped", log_str("error", info.text));
            continue;
        }
        if (!out->has_latest) {
            out->latest = execution;
            out->has_latest = true;
        }
        if (execution.attempt > 0 && execution.scheduled.ms > out->behind.ms) {
            out->behind = execution.scheduled;
        }
        if (is_no_run(&execution) || execution.scheduled.ms == before) {
            continue;
        }
        before = execution.scheduled.ms;
        unbroken = unbroken && is_failure(&execution);
        out->runs++;
        out->failures += unbroken ? 1 : 0;
    }
}

bool job_load(struct context *ctx, const struct job_id *id, int records, struct job_load *out,
              struct api_error *error)
{
    struct errinfo info = {0};
    struct cmd cmd;
    size_t count = 0;
    enum err err;

    job_load_fini(out);
    store_job_get(&cmd, id, records);
    err = context_ask(ctx, &cmd, 1, &info);
    if (err == ERR_OK) {
        err =
            store_job_get_reply(redis_sync_reply(ctx->redis, 0), id, &out->stored, &out->now, &count, &info);
    }
    if (err == ERR_NOT_FOUND) {
        return job_load_none(error);
    }
    if (err != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the job cannot be read", &info);
    }
    job_load_judge(ctx, out);
    count_records(redis_sync_reply(ctx->redis, 0), count, out);
    return true;
}

/* ---- showing ---- */

const char *job_load_state(const struct job_load *load)
{
    static const char *const known[] = {"PAUSED", "COMPLETED"};
    struct wall_ms next;

    if (load->stored.broken || !load->readable) {
        return "BROKEN";
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (slice_eq(load->stored.state, known[i])) {
            return known[i];
        }
    }
    /* Those that ended before there was such a state. */
    return load->stored.due.ms == INT64_MAX && !job_plan_first(&load->job, load->now, &next) ? "COMPLETED"
                                                                                             : "ACTIVE";
}

static void put_text(struct json_writer *w, const char *key, struct slice text)
{
    if (text.data) {
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

int64_t job_load_runs_left(const struct job *job, const struct store_job *stored)
{
    int64_t most = job->watch.max_runs;

    return most == 0 ? INT64_MAX : stored->runs < most ? most - stored->runs : 0;
}

struct job_load_plan job_load_plan_of(const struct job_load *load)
{
    bool active = strcmp(job_load_state(load), "ACTIVE") == 0;
    struct wall_ms from = load->behind.ms > load->now.ms ? load->behind : load->now;

    return (struct job_load_plan){.job = &load->job,
                                  .from = active ? from : (struct wall_ms){INT64_MAX},
                                  .now = load->now,
                                  .due = active ? load->stored.due : (struct wall_ms){INT64_MAX},
                                  .most = job_load_runs_left(&load->job, &load->stored)};
}

bool job_load_passes(const struct job_load_plan *plan, struct wall_ms at)
{
    return at.ms > plan->now.ms && at.ms < plan->due.ms && plan->due.ms < INT64_MAX;
}

/* The first instant behind `after`. */
static bool plan_first(const struct job_load_plan *plan, struct wall_ms after, struct wall_ms *at)
{
    if (after.ms == INT64_MAX || !job_plan_first(plan->job, after, at)) {
        return false;
    }
    *at = job_load_passes(plan, *at) ? plan->due : *at;
    return true;
}

void job_load_write_next(struct json_writer *w, const char *key, const struct job_load_plan *plan)
{
    struct wall_ms at = plan->from;

    json_key(w, key);
    json_array_begin(w);
    for (int i = 0; i < NEXT_COUNT && i < plan->most && plan_first(plan, at, &at); i++) {
        put_instant(w, plan->job, at);
    }
    json_array_end(w);
}

static void put_state(struct json_writer *w, const struct job_load *load)
{
    const struct store_job *stored = &load->stored;

    json_member_str(w, "state", job_load_state(load));
    put_text(w, "state_reason", stored->reason);
    put_text(w, "state_note", stored->note);
    put_text(w, "state_by", stored->by);
    if (stored->since.ms > 0) {
        json_member_time(w, "state_since", stored->since);
    }
    if (!load->readable) {
        json_member_str(w, "error", load->why);
    }
    if (stored->created.ms > 0) {
        json_member_time(w, "created_at", stored->created);
    }
    json_member_i64(w, "version", stored->version);
}

static void put_history(struct json_writer *w, const struct job_load *load)
{
    json_key(w, "last_execution");
    if (load->has_latest) {
        execution_json_write(w, &load->latest);
    } else {
        json_put_null(w);
    }
    if (load->stored.notice.data) {
        notice_write_fate(w, "last_notice", load->stored.notice);
    }
    json_key(w, "counts");
    json_object_begin(w);
    json_member_i64(w, "of_latest", (int64_t)load->records);
    json_member_i64(w, "runs", load->job.watch.max_runs > 0 ? load->stored.runs : load->runs);
    json_member_i64(w, "failures_in_a_row", load->failures);
    if (load->readable && watch_counts_failures(&load->job.watch)) {
        json_member_i64(w, "failures", load->stored.failures);
    }
    json_object_end(w);
}

void job_load_write(struct json_writer *w, const struct job_load *load, bool whole)
{
    char id[JOB_ID_TEXT_SIZE];
    struct job_load_plan plan = job_load_plan_of(load);

    json_object_begin(w);
    if (load->readable) {
        job_json_write_members(w, &load->job);
    } else {
        job_id_format(id, &load->stored.id);
        json_member_str(w, "job_id", id);
    }
    put_state(w, load);
    job_load_write_next(w, "next", &plan);
    if (whole) {
        put_history(w, load);
    }
    json_object_end(w);
}

bool job_load_answer(struct context *ctx, int status, const struct job_load *load)
{
    struct json_writer w;

    response_json(&ctx->response, status, &w);
    job_load_write(&w, load, true);
    ctx->response.etag = load->stored.version;
    return true;
}

/* ---- preconditions ---- */

#define TAG_SIZE 24

static void make_tag(char out[TAG_SIZE], int64_t version)
{
    (void)snprintf(out, TAG_SIZE, "%lld", (long long)version);
}

bool job_load_is_known(struct context *ctx, int64_t version)
{
    char tag[TAG_SIZE];

    make_tag(tag, version);
    return etag_is_known(request_header(&ctx->request, "HTTP_IF_NONE_MATCH"), tag);
}

bool job_load_if_match(struct context *ctx, int64_t version, bool *given, struct api_error *error)
{
    const char *list = request_header(&ctx->request, "HTTP_IF_MATCH");
    char tag[TAG_SIZE];

    make_tag(tag, version);
    *given = *list != '\0';
    if (!*given || etag_matches(list, tag)) {
        return true;
    }
    return api_error_set(error, API_PRECONDITION_FAILED,
                         "the job's version is \"%lld\", not what If-Match says", (long long)version);
}
