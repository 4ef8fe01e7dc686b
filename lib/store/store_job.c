/* store_job: see store_job.h. */
#include "store/store_job.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

#define CHANGED_BY "changed_by" /* a field of a job's hash: the request of the latest change */

static void begin(struct cmd *cmd, const struct store_script *script, const struct job_id *id)
{
    store_begin(cmd, script, &(struct store_scope){.shard = store_shard(id), .job = id});
}

/* Append another field of the job's hash. */
static void add_pair(struct cmd *cmd, const char *name, struct slice value)
{
    if (value.data != NULL) {
        store_arg_str(cmd, ARG_field, name);
        store_arg(cmd, ARG_value, value.data, value.len);
    }
}

void store_job_restore(struct cmd *cmd, const struct job *job, const struct store_restored *restored)
{
    store_job_create(cmd, job, restored->due);
    add_pair(cmd, "state", restored->state);
    add_pair(cmd, "state_reason", restored->reason);
    add_pair(cmd, "state_note", restored->note);
    add_pair(cmd, "state_by", restored->by);
    if (restored->state.data != NULL) {
        store_arg_str(cmd, ARG_field, "state_since");
        store_arg_i64(cmd, ARG_value, job->created.ms);
    }
    if (restored->changed) {
        add_pair(cmd, "version", slice_of("2"));
    }
}

void store_job_create(struct cmd *cmd, const struct job *job, struct wall_ms due)
{
    struct job_fields fields;
    job_describe(job, &fields);
    begin(cmd, &store_script_job_create, &job->id);
    store_arg_instant(cmd, ARG_first_due, due);
    store_arg_i64(cmd, ARG_created, job->created.ms);
    store_arg_fields(cmd, &fields);
}

/* The value, or first or last if it is beyond. */
static int64_t clamp(int64_t value, int64_t first, int64_t last)
{
    return value < first ? first : value > last ? last : value;
}

enum err store_job_create_reply(const struct reply *reply, enum store_creation *out, struct wall_ms *at,
                                struct errinfo *info)
{
    int64_t value;
    enum err err = store_reply_i64(reply, "job_create", &value, info);
    if (err == ERR_OK) {
        *out = (enum store_creation)clamp(value, STORE_TAKEN, STORE_WRONG_TIME);
        at->ms = value < 0 ? -value : value;
    }
    return err;
}

/* ---- commands ---- */

enum err store_answer_reply(const struct reply *reply, enum store_answer *out, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    if (err != ERR_OK) {
        return err;
    }
    if (reply->kind != REPLY_INTEGER || reply->integer < STORE_ANSWER_LATE) {
        return err_set(info, ERR_PROTOCOL, "Redis answered with something that the script does not return");
    }
    *out = (enum store_answer)clamp(reply->integer, STORE_ANSWER_LATE, STORE_ANSWER_DONE);
    return ERR_OK;
}

enum err store_job_change_reply(const struct reply *reply, enum store_answer *out, struct wall_ms *taken,
                                struct errinfo *info)
{
    bool is_taken = reply->kind == REPLY_INTEGER && reply->integer <= STORE_ANSWER_TAKEN;
    taken->ms = is_taken ? -reply->integer : 0;
    *out = STORE_ANSWER_TAKEN;
    return is_taken ? ERR_OK : store_answer_reply(reply, out, info);
}

void store_job_delete(struct cmd *cmd, const struct job_id *id, int64_t version)
{
    begin(cmd, &store_script_job_delete, id);
    if (version == 0) {
        store_arg_str(cmd, ARG_version, "");
    } else {
        store_arg_i64(cmd, ARG_version, version);
    }
}

void store_job_pause(struct cmd *cmd, const struct job_id *id, const char *reason, struct slice note,
                     struct slice by)
{
    begin(cmd, &store_script_job_pause, id);
    store_arg_str(cmd, ARG_reason, reason);
    store_arg(cmd, ARG_note, note.data == NULL ? "" : note.data, note.len);
    store_arg(cmd, ARG_by, by.data == NULL ? "" : by.data, by.len);
}

static void add_timing(struct cmd *cmd, const struct store_change *change)
{
    static const char *const words[] = {
        [STORE_TIME_KEPT] = "", [STORE_TIME_DUE] = "", [STORE_TIME_OVER] = "n", [STORE_TIME_PAUSED] = "p"};
    if (change->timing == STORE_TIME_DUE) {
        store_arg_i64(cmd, ARG_timing, change->due.ms);
    } else {
        store_arg_str(cmd, ARG_timing, words[change->timing]);
    }
}

static void add_definition(struct cmd *cmd, const struct store_change *change)
{
    struct job_fields fields;
    job_describe(change->definition, &fields);
    store_arg_fields(cmd, &fields);
    if (change->request != NULL) {
        store_arg_str(cmd, ARG_field, CHANGED_BY);
        store_arg_str(cmd, ARG_value, change->request);
    }
}

void store_job_change(struct cmd *cmd, const struct store_change *change)
{
    const struct store_job *read = change->read;
    char state[96];
    (void)snprintf(state, sizeof state, "%lld %lld %lld %lld", (long long)read->created.ms,
                   (long long)read->version, (long long)read->epoch, (long long)read->born);
    begin(cmd, &store_script_job_change, &read->id);
    store_arg_str(cmd, ARG_read_state, state);
    add_timing(cmd, change);
    store_arg_str(cmd, ARG_redefined, change->definition != NULL ? "1" : "0");
    if (change->definition != NULL) {
        add_definition(cmd, change);
    }
}

void store_job_changed_by(struct cmd *cmd, const struct job_id *id)
{
    cmd_init(cmd, "HGET");
    store_key_of_job(cmd, KEY_job, id);
    cmd_arg_str(cmd, CHANGED_BY);
}

enum err store_job_changed_by_reply(const struct reply *reply, const char *request, bool *own,
                                    struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    *own = err == ERR_OK && reply->kind == REPLY_TEXT && slice_eq(reply->text, request);
    return err;
}

void store_job_run(struct cmd *cmd, const struct job_id *id, const char *request, int offset_ms)
{
    begin(cmd, &store_script_job_run, id);
    store_arg_str(cmd, ARG_request, request);
    store_arg_i64(cmd, ARG_offset_ms, offset_ms);
}

enum err store_job_run_reply(const struct reply *reply, enum store_answer *out, struct wall_ms *scheduled,
                             struct errinfo *info)
{
    enum err err = store_answer_reply(reply, out, info);
    scheduled->ms = err == ERR_OK ? reply->integer : 0;
    return err;
}
