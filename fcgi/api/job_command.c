/* job_command: commands that leave a job's definition as it is: DELETE /v1/jobs/{id}, and POST …/pause,
 * …/resume and …/run. */
#include "api/context.h"
#include "api/job_view.h"
#include "api/resources.h"
#include "job/execution.h"
#include "job/job_plan.h"
#include "store/store_job.h"
#include "text/digest.h"
#include "text/json.h"

#define NOTE_MAX 512 /* bytes */
#define TRIES    20  /* while other requests change the job */

static bool fail(struct api_error *error, const struct errinfo *info)
{
    return api_error_redis(error, API_STORAGE_ERROR, "it is not known to be done", info);
}

/* Send one command to a job. Returns false on failure; error is filled. */
static bool command(struct context *ctx, struct cmd *cmd, enum store_answer *answer, struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};

    if (context_ask(ctx, cmd, 1, &reply, &info) == ERR_OK &&
        store_answer_reply(reply, answer, &info) == ERR_OK) {
        return true;
    }
    return fail(error, &info);
}

/* ---- DELETE ---- */

/* Find the version that the job must have to be deleted; 0: any. */
static bool read_version(struct context *ctx, const struct job_id *id, int64_t *version,
                         struct api_error *error)
{
    bool given = *request_header(&ctx->request, "HTTP_IF_MATCH") != '\0';

    *version = 0;
    if (!given) {
        return true;
    }
    const struct job_view *view = job_view_load(ctx, id, 0, error);
    if (view == NULL) {
        return false;
    }
    *version = view->stored.version;
    return job_view_if_match(ctx, *version, &given, error);
}

bool job_delete(struct context *ctx, struct api_error *error)
{
    enum store_answer answer = STORE_ANSWER_OTHER;
    struct job_id id;

    if (!job_view_id(ctx, &id, error)) {
        return false;
    }
    for (int i = 0; i < TRIES && answer == STORE_ANSWER_OTHER; i++) {
        int64_t version;
        struct cmd cmd;
        if (!read_version(ctx, &id, &version, error)) {
            return false;
        }
        store_job_delete(&cmd, &id, version);
        if (!command(ctx, &cmd, &answer, error)) {
            return false;
        }
    }
    if (answer == STORE_ANSWER_OTHER) {
        return api_error_set(error, API_PRECONDITION_FAILED, "the job is being changed all the time");
    }
    if (answer != STORE_ANSWER_DONE) {
        return job_view_refuse_missing(error);
    }
    response_empty(&ctx->response, 204);
    return true;
}

/* ---- pause ---- */

/* The body of a request, parsed. */
struct note {
    struct json_doc *doc; /* owned */
    struct slice text;    /* data NULL: no note */
    struct api_error *error;
};

static void end_note(void *thing)
{
    struct note *note = thing;

    json_free(note->doc);
}

static bool take_member(struct slice key, const struct json_value *value, void *arg)
{
    struct note *note = arg;

    if (!slice_eq(key, "note")) {
        return api_error_set(note->error, API_INVALID_REQUEST, "unknown field; there is note");
    }
    note->text = json_string(value);
    if (note->text.data != NULL && note->text.len <= NOTE_MAX) {
        return true;
    }
    api_error_set(note->error, API_INVALID_REQUEST, "note must be a string of at most %d bytes", NOTE_MAX);
    return api_error_at(note->error, slice_of("note"));
}

/* Read the note in a body that may be empty. Returns false if it is malformed; error is filled. */
static bool read_note(struct context *ctx, struct note *note)
{
    struct buffer *body = &ctx->request.body;
    struct errinfo info = {0};

    if (!request_read_body(&ctx->request, note->error)) {
        return false;
    }
    if (body->len == 0) {
        return true;
    }
    if (json_parse(&note->doc, buffer_str(body), body->len, &info) != ERR_OK) {
        return api_error_set(note->error, API_INVALID_REQUEST, "the body is not JSON: %s", info.text);
    }
    if (json_kind_of(json_root(note->doc)) != JSON_OBJECT) {
        return api_error_set(note->error, API_INVALID_REQUEST, "the body must be a JSON object, or empty");
    }
    return json_each(json_root(note->doc), take_member, note);
}

static bool pause_and_show(struct context *ctx, const struct job_id *id, struct slice note,
                           struct api_error *error)
{
    enum store_answer answer = STORE_ANSWER_NONE;
    struct cmd cmd;

    store_job_pause(&cmd, id, "user", note, context_by(ctx, (struct slice){"", 0}));
    if (!command(ctx, &cmd, &answer, error)) {
        return false;
    }
    if (answer != STORE_ANSWER_DONE) {
        return answer == STORE_ANSWER_OTHER ? job_view_refuse_broken(error) : job_view_refuse_missing(error);
    }
    const struct job_view *view = job_view_load(ctx, id, JOB_VIEW_RECORDS, error);
    return view != NULL && job_view_answer(ctx, 200, view);
}

bool job_pause(struct context *ctx, struct api_error *error)
{
    struct note *note = context_new(ctx, sizeof *note, end_note, error);
    struct job_id id;

    if (note == NULL) {
        return false;
    }
    note->error = error;
    return job_view_id(ctx, &id, error) && read_note(ctx, note) &&
           pause_and_show(ctx, &id, note->text, error);
}

/* ---- resume ---- */

/* Make the job due at its first future instant after `after`; if there is none, complete it. Returns false on
 * failure; error is filled. */
static bool resume(struct context *ctx, const struct job_view *view, struct wall_ms *after,
                   enum store_answer *answer, struct api_error *error)
{
    struct store_change change = {.read = &view->stored, .timing = STORE_TIME_DUE};
    const struct reply *reply;
    struct errinfo info = {0};
    struct wall_ms taken;
    struct cmd cmd;

    if (job_view_runs_left(view->job, &view->stored) == 0 ||
        !job_plan_first(view->job, after->ms > view->behind.ms ? *after : view->behind, &change.due)) {
        change.timing = STORE_TIME_OVER;
    }
    store_job_change(&cmd, &change);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_job_change_reply(reply, answer, &taken, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (*answer == STORE_ANSWER_TAKEN) {
        *after = taken;
    }
    return true;
}

static bool needs_resume(const struct job_view *view)
{
    return view->stored.broken || slice_eq(view->stored.state, "PAUSED");
}

enum step {
    STEP_DONE,   /* the response is written */
    STEP_FAILED, /* error is filled */
    STEP_AGAIN   /* the job was resumed, or another request changed it: read it again */
};

static enum step try_to_resume(struct context *ctx, const struct job_id *id, struct wall_ms *after,
                               struct api_error *error)
{
    const struct job_view *view = job_view_load(ctx, id, JOB_VIEW_RECORDS, error);
    enum store_answer answer = STORE_ANSWER_NONE;

    if (view == NULL) {
        return STEP_FAILED;
    }
    if (!view->readable) {
        (void)job_view_refuse_broken(error);
        return STEP_FAILED;
    }
    if (!needs_resume(view)) {
        (void)job_view_answer(ctx, 200, view);
        return STEP_DONE;
    }
    return resume(ctx, view, after, &answer, error) ? STEP_AGAIN : STEP_FAILED;
}

bool job_resume(struct context *ctx, struct api_error *error)
{
    struct wall_ms after = {0};
    struct job_id id;

    if (!job_view_id(ctx, &id, error)) {
        return false;
    }
    for (int i = 0; i < TRIES; i++) {
        struct arena_mark mark = arena_mark(&ctx->memory);
        enum step step = try_to_resume(ctx, &id, &after, error);
        if (step != STEP_AGAIN) {
            return step == STEP_DONE;
        }
        arena_release(&ctx->memory, mark);
    }
    return api_error_set(error, API_CONFLICT, "the job is being changed all the time: try again");
}

/* ---- run ---- */

/* Returns the milliseconds within the second of the job's own instants; -1: it has none. */
static int offset_of(const struct job_view *view)
{
    struct wall_ms next;

    return job_plan_first(view->job, view->now, &next) ? (int)(next.ms % 1000) : -1;
}

static void write_run(struct context *ctx, const struct job_id *id, struct wall_ms scheduled)
{
    const struct execution execution = {.job = *id, .scheduled = scheduled, .attempt = 1};
    char execution_id[EXECUTION_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];
    struct json_writer w;

    job_id_format(job_id, id);
    execution_id_format(execution_id, &execution);
    response_json(&ctx->response, 202, &w);
    json_object_begin(&w);
    json_key(&w, "job_id");
    json_put_str(&w, job_id);
    json_key(&w, "execution_id");
    json_put_str(&w, execution_id);
    json_object_end(&w);
}

bool job_run(struct context *ctx, struct api_error *error)
{
    enum store_answer answer = STORE_ANSWER_NONE;
    char request[REQUEST_NAME_SIZE];
    const struct reply *reply;
    struct errinfo info = {0};
    struct wall_ms scheduled;
    struct job_id id;
    struct cmd cmd;

    const struct job_view *view = job_view_id(ctx, &id, error) ? job_view_load(ctx, &id, 0, error) : NULL;
    if (view == NULL) {
        return false;
    }
    if (!view->readable || view->stored.broken) {
        return job_view_refuse_broken(error);
    }
    request_make_name(request);
    store_job_run(&cmd, &id, request, offset_of(view));
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_job_run_reply(reply, &answer, &scheduled, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (answer != STORE_ANSWER_DONE) {
        return answer == STORE_ANSWER_OTHER ? job_view_refuse_broken(error) : job_view_refuse_missing(error);
    }
    write_run(ctx, &id, scheduled);
    return true;
}
