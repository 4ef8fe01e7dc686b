/* job_command: what is done to a job as it is: DELETE /v1/jobs/{id}, and POST …/pause, …/resume and …/run. */
#include "api/job_load.h"
#include "api/resources.h"
#include "job/execution.h"
#include "job/job_plan.h"
#include "serve/app.h"
#include "store/store_job.h"
#include "text/digest.h"
#include "text/json.h"

#define NOTE_MAX 512 /* bytes */
#define TRIES    20  /* when others change the job at the same time */

static bool fail(struct api_error *error, const struct errinfo *info)
{
    return api_error_redis(error, API_STORAGE_ERROR, "it is not known to be done", info);
}

/* Send one command to a job. False: error is filled. */
static bool command(struct app *app, struct cmd *cmd, enum store_answer *answer, struct api_error *error)
{
    struct errinfo info = {0};

    if (app_ask(app, cmd, 1, &info) == ERR_OK &&
        store_answer_reply(redis_sync_reply(app->redis, 0), answer, &info) == ERR_OK) {
        return true;
    }
    return fail(error, &info);
}

/* ---- DELETE ---- */

/* The version that the job must have to be deleted; 0: any. */
static bool read_version(struct app *app, const struct job_id *id, int64_t *version, struct api_error *error)
{
    struct job_load load = {0};
    bool given = *request_header(&app->request, "HTTP_IF_MATCH") != '\0';

    *version = 0;
    if (!given) {
        return true;
    }
    if (!job_load(app, id, 0, &load, error)) {
        return false;
    }
    *version = load.stored.version;
    job_load_fini(&load);
    return job_load_if_match(app, *version, &given, error);
}

bool job_delete(struct app *app, struct api_error *error)
{
    enum store_answer answer = STORE_ANSWER_OTHER;
    struct job_id id;

    if (!job_load_id(app, &id, error)) {
        return false;
    }
    for (int i = 0; i < TRIES && answer == STORE_ANSWER_OTHER; i++) {
        int64_t version;
        struct cmd cmd;
        if (!read_version(app, &id, &version, error)) {
            return false;
        }
        store_job_delete(&cmd, &id, version);
        if (!command(app, &cmd, &answer, error)) {
            return false;
        }
    }
    if (answer == STORE_ANSWER_OTHER) {
        return api_error_set(error, API_PRECONDITION_FAILED, "the job is being changed all the time");
    }
    if (answer != STORE_ANSWER_DONE) {
        return job_load_none(error);
    }
    response_empty(&app->response, 204);
    return true;
}

/* ---- pause ---- */

struct note {
    struct slice text;
    struct api_error *error;
};

static bool take_member(struct slice key, const struct json_value *value, void *arg)
{
    struct note *note = arg;

    if (!slice_eq(key, "note")) {
        return api_error_set(note->error, API_INVALID_REQUEST, "unknown field; there is note");
    }
    note->text = json_string(value);
    if (note->text.data && note->text.len <= NOTE_MAX) {
        return true;
    }
    api_error_set(note->error, API_INVALID_REQUEST, "note must be a string of at most %d bytes", NOTE_MAX);
    return api_error_at(note->error, slice_of("note"));
}

/* The note in a body that may be empty. *doc (returns owned) holds it. */
static bool read_note(struct app *app, struct json_doc **doc, struct note *note)
{
    struct buffer *body = &app->request.body;
    struct errinfo info = {0};

    if (!request_read_body(&app->request, note->error)) {
        return false;
    }
    if (body->len == 0) {
        return true;
    }
    if (json_parse(doc, buffer_str(body), body->len, &info) != ERR_OK) {
        return api_error_set(note->error, API_INVALID_REQUEST, "the body is not JSON: %s", info.text);
    }
    if (json_kind_of(json_root(*doc)) != JSON_OBJECT) {
        return api_error_set(note->error, API_INVALID_REQUEST, "the body must be a JSON object, or empty");
    }
    return json_each(json_root(*doc), take_member, note);
}

static bool pause_and_show(struct app *app, const struct job_id *id, struct slice note,
                           struct api_error *error)
{
    enum store_answer answer = STORE_ANSWER_NONE;
    struct job_load load = {0};
    struct cmd cmd;

    store_job_pause(&cmd, id, "user", note);
    if (!command(app, &cmd, &answer, error)) {
        return false;
    }
    if (answer != STORE_ANSWER_DONE) {
        return answer == STORE_ANSWER_OTHER ? job_load_broken(error) : job_load_none(error);
    }
    bool done = job_load(app, id, JOB_LOAD_RECORDS, &load, error) && job_load_answer(app, 200, &load);
    job_load_fini(&load);
    return done;
}

bool job_pause(struct app *app, struct api_error *error)
{
    struct note note = {.error = error};
    struct json_doc *doc = NULL;
    struct job_id id;
    bool done = job_load_id(app, &id, error) && read_note(app, &doc, &note) &&
                pause_and_show(app, &id, note.text, error);

    json_free(doc);
    return done;
}

/* ---- resume ---- */

/* Make it due at the first instant that is to come and, if there are such, behind `after`. False: error is
 * filled. */
static bool resume(struct app *app, const struct job_load *load, struct wall_ms *after,
                   enum store_answer *answer, struct api_error *error)
{
    struct store_change change = {.read = &load->stored, .timing = STORE_TIME_DUE};
    struct errinfo info = {0};
    struct wall_ms taken;
    struct cmd cmd;

    if (job_load_runs_left(&load->job, &load->stored) == 0 ||
        !job_plan_first(&load->job, after->ms > load->behind.ms ? *after : load->behind, &change.due)) {
        change.timing = STORE_TIME_OVER;
    }
    store_job_change(&cmd, &change);
    if (app_ask(app, &cmd, 1, &info) != ERR_OK ||
        store_job_change_reply(redis_sync_reply(app->redis, 0), answer, &taken, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (*answer == STORE_ANSWER_TAKEN) {
        *after = taken;
    }
    return true;
}

static bool needs_resume(const struct job_load *load)
{
    return load->stored.broken || slice_eq(load->stored.state, "PAUSED");
}

/* Resume it until it is resumed. load: zero-initialised. */
static bool resume_and_show(struct app *app, const struct job_id *id, struct job_load *load,
                            struct api_error *error)
{
    struct wall_ms after = {0};

    for (int i = 0; i < TRIES; i++) {
        enum store_answer answer = STORE_ANSWER_NONE;
        if (!job_load(app, id, JOB_LOAD_RECORDS, load, error)) {
            return false;
        }
        if (!load->readable) {
            return job_load_broken(error);
        }
        if (!needs_resume(load)) {
            return job_load_answer(app, 200, load);
        }
        if (!resume(app, load, &after, &answer, error)) {
            return false;
        }
    }
    return api_error_set(error, API_CONFLICT, "the job is being changed all the time: try again");
}

bool job_resume(struct app *app, struct api_error *error)
{
    struct job_load load = {0};
    struct job_id id;
    bool done = job_load_id(app, &id, error) && resume_and_show(app, &id, &load, error);

    job_load_fini(&load);
    return done;
}

/* ---- run ---- */

/* The milliseconds of the second at which the job's own instants are; -1: it has none. */
static int offset_of(const struct job_load *load)
{
    struct wall_ms next;

    return job_plan_first(&load->job, load->now, &next) ? (int)(next.ms % 1000) : -1;
}

static void write_run(struct app *app, const struct job_id *id, struct wall_ms scheduled)
{
    const struct execution execution = {.job = *id, .scheduled = scheduled, .attempt = 1};
    char execution_id[EXECUTION_ID_SIZE];
    char job_id[JOB_ID_TEXT_SIZE];
    struct json_writer w;

    job_id_format(job_id, id);
    execution_id_format(execution_id, &execution);
    response_json(&app->response, 202, &w);
    json_object_begin(&w);
    json_key(&w, "job_id");
    json_put_str(&w, job_id);
    json_key(&w, "execution_id");
    json_put_str(&w, execution_id);
    json_object_end(&w);
}

bool job_run(struct app *app, struct api_error *error)
{
    struct errinfo info = {0};
    enum store_answer answer = STORE_ANSWER_NONE;
    struct wall_ms scheduled;
    char request[REQUEST_NAME_SIZE];
    struct job_load load = {0};
    struct job_id id;
    struct cmd cmd;

    if (!job_load_id(app, &id, error) || !job_load(app, &id, 0, &load, error)) {
        return false;
    }
    bool broken = !load.readable || load.stored.broken;
    int offset_ms = broken ? -1 : offset_of(&load);
    job_load_fini(&load);
    if (broken) {
        return job_load_broken(error);
    }
    request_make_name(request);
    store_job_run(&cmd, &id, request, offset_ms);
    if (app_ask(app, &cmd, 1, &info) != ERR_OK ||
        store_job_run_reply(redis_sync_reply(app->redis, 0), &answer, &scheduled, &info) != ERR_OK) {
        return fail(error, &info);
    }
    if (answer != STORE_ANSWER_DONE) {
        return answer == STORE_ANSWER_OTHER ? job_load_broken(error) : job_load_none(error);
    }
    write_run(app, &id, scheduled);
    return true;
}
