/* store_job: see store_job.h. */
#include "store/store_job.h"

#include "store/store_keys.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

#define CHANGED_BY "changed_by" /* of a job's hash */

/* A further field of the job's hash. */
static void add_pair(struct cmd *cmd, const char *name, struct slice value)
{
    if (value.data != NULL) {
        cmd_arg_str(cmd, name);
        cmd_arg(cmd, value.data, value.len);
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
        cmd_arg_str(cmd, "state_since");
        cmd_arg_i64(cmd, job->created.ms);
    }
    if (restored->changed) {
        add_pair(cmd, "version", slice_of("2"));
    }
}

void store_job_create(struct cmd *cmd, const struct job *job, struct wall_ms due)
{
    unsigned shard = store_shard(&job->id);
    struct job_fields fields;
    job_describe(job, &fields);
    cmd_init_script(cmd, &store_script_job_create, 9);
    store_job_key_arg(cmd, "job", &job->id);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "broken");
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "holders");
    store_key_arg(cmd, shard, "jobs");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    store_key_arg(cmd, shard, "token");
    cmd_arg(cmd, job->id.bytes, JOB_ID_SIZE);
    cmd_arg_i64(cmd, shard);
    store_instant_arg(cmd, due);
    cmd_arg_i64(cmd, job->created.ms);
    cmd_arg_i64(cmd, STORE_CLOCK_TOLERANCE_MS);
    store_prefix_arg(cmd, shard, "claimed");
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "history");
    store_field_args(cmd, &fields);
}

enum err store_job_create_reply(const struct reply *reply, enum store_creation *out, struct wall_ms *at,
                                struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    if (err != ERR_OK) {
        return err;
    }
    if (reply->kind != REPLY_INTEGER) {
        return err_set(info, ERR_PROTOCOL, "job_create did not answer with a number");
    }
    static const enum store_creation low[] = {STORE_LATE, STORE_CHANGED, STORE_KNOWN, STORE_CREATED};
    bool is_low = reply->integer >= -2 && reply->integer <= 1;
    bool taken = reply->integer < -2;
    *out = is_low ? low[reply->integer + 2] : taken ? STORE_TAKEN : STORE_WRONG_TIME;
    at->ms = taken ? -reply->integer : reply->integer;
    return ERR_OK;
}

enum err store_answer_reply(const struct reply *reply, enum store_answer *out, struct errinfo *info)
{
    static const enum store_answer answers[] = {STORE_ANSWER_LATE, STORE_ANSWER_OTHER, STORE_ANSWER_NONE};
    enum err err = reply_check(reply, info);
    if (err != ERR_OK) {
        return err;
    }
    if (reply->kind != REPLY_INTEGER || reply->integer < -2) {
        return err_set(info, ERR_PROTOCOL, "Redis answered with something that the script does not return");
    }
    *out = reply->integer > 0 ? STORE_ANSWER_DONE : answers[reply->integer + 2];
    return ERR_OK;
}

enum err store_job_change_reply(const struct reply *reply, enum store_answer *out, struct wall_ms *taken,
                                struct errinfo *info)
{
    bool is_taken = reply->kind == REPLY_INTEGER && reply->integer < -2;
    taken->ms = is_taken ? -reply->integer : 0;
    *out = STORE_ANSWER_TAKEN;
    return is_taken ? ERR_OK : store_answer_reply(reply, out, info);
}

void store_job_delete(struct cmd *cmd, const struct job_id *id, int64_t version)
{
    unsigned shard = store_shard(id);
    cmd_init_script(cmd, &store_script_job_delete, 8);
    store_job_key_arg(cmd, "job", id);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "broken");
    store_job_key_arg(cmd, "history", id);
    store_key_arg(cmd, shard, "jobs");
    store_key_arg(cmd, shard, "dead");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    cmd_arg(cmd, id->bytes, JOB_ID_SIZE);
    if (version == 0) {
        cmd_arg_str(cmd, "");
    } else {
        cmd_arg_i64(cmd, version);
    }
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "history");
}

void store_job_pause(struct cmd *cmd, const struct job_id *id, const char *reason, struct slice note)
{
    unsigned shard = store_shard(id);
    cmd_init_script(cmd, &store_script_job_pause, 3);
    store_job_key_arg(cmd, "job", id);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "broken");
    cmd_arg(cmd, id->bytes, JOB_ID_SIZE);
    cmd_arg_str(cmd, reason);
    cmd_arg(cmd, note.data == NULL ? "" : note.data, note.len);
    cmd_arg_str(cmd, "");
}

static void timing_arg(struct cmd *cmd, const struct store_change *change)
{
    static const char *const words[] = {
        [STORE_TIME_KEPT] = "", [STORE_TIME_DUE] = "", [STORE_TIME_OVER] = "n", [STORE_TIME_PAUSED] = "p"};
    if (change->timing == STORE_TIME_DUE) {
        cmd_arg_i64(cmd, change->due.ms);
    } else {
        cmd_arg_str(cmd, words[change->timing]);
    }
}

void store_job_change(struct cmd *cmd, const struct store_change *change)
{
    const struct store_job *read = change->read;
    unsigned shard = store_shard(&read->id);
    char seen[96];
    struct job_fields fields;
    (void)snprintf(seen, sizeof seen, "%lld %lld %lld %lld", (long long)read->created.ms,
                   (long long)read->version, (long long)read->epoch, (long long)read->born);
    cmd_init_script(cmd, &store_script_job_change, 7);
    store_job_key_arg(cmd, "job", &read->id);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "broken");
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "holders");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    cmd_arg(cmd, read->id.bytes, JOB_ID_SIZE);
    cmd_arg_i64(cmd, shard);
    cmd_arg_str(cmd, seen);
    timing_arg(cmd, change);
    store_prefix_arg(cmd, shard, "claimed");
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "history");
    cmd_arg_str(cmd, change->definition != NULL ? "1" : "0");
    if (change->definition != NULL) {
        job_describe(change->definition, &fields);
        store_field_args(cmd, &fields);
    }
    if (change->definition != NULL && change->request != NULL) {
        cmd_arg_str(cmd, CHANGED_BY);
        cmd_arg_str(cmd, change->request);
    }
}

void store_job_changed_by(struct cmd *cmd, const struct job_id *id)
{
    cmd_init(cmd, "HGET");
    store_job_key_arg(cmd, "job", id);
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
    unsigned shard = store_shard(id);
    cmd_init_script(cmd, &store_script_job_run, 6);
    store_job_key_arg(cmd, "job", id);
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "broken");
    store_key_arg(cmd, shard, "holders");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    cmd_arg(cmd, id->bytes, JOB_ID_SIZE);
    cmd_arg_i64(cmd, shard);
    cmd_arg_str(cmd, request);
    cmd_arg_i64(cmd, offset_ms);
    store_prefix_arg(cmd, shard, "claimed");
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "history");
}

enum err store_job_run_reply(const struct reply *reply, enum store_answer *out, struct wall_ms *scheduled,
                             struct errinfo *info)
{
    enum err err = store_answer_reply(reply, out, info);
    scheduled->ms = err == ERR_OK ? reply->integer : 0;
    return err;
}
