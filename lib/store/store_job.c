/* store_job: the part of store.h that the handler needs: set-up, creating jobs, reading what happened. */
#include "store/store.h"

#include "store/store_keys.h"
#include "store/store_level.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

static const struct script *const scripts[] = {
    &store_script_claim,      &store_script_confirm,       &store_script_dead_drop,
    &store_script_dead_page,  &store_script_dead_redrive,  &store_script_due_page,
    &store_script_finish,     &store_script_finish_notice, &store_script_finish_watched,
    &store_script_forget,     &store_script_heartbeat,     &store_script_idem_close,
    &store_script_idem_open,  &store_script_job_change,    &store_script_job_create,
    &store_script_job_delete, &store_script_job_get,       &store_script_job_page,
    &store_script_job_pause,  &store_script_job_run,       &store_script_job_waits,
    &store_script_probe,      &store_script_recover,       &store_script_release,
    &store_script_rezone,     &store_script_set_aside,     &store_script_setup,
    &store_script_skip,       &store_script_start,         &store_script_start_watched,
    &store_script_tidy,       &store_script_trim,
};

const struct script *store_script(size_t index)
{
    return index < sizeof scripts / sizeof scripts[0] ? scripts[index] : NULL;
}

void store_field_args(struct cmd *cmd, struct job_fields *fields)
{
    int level = store_level_of(fields);
    cmd->level = level > cmd->level ? level : cmd->level;
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        bool is_slice = job_field_is_slice(field);
        if (is_slice && job_field_text(fields, field)->data != NULL) {
            cmd_arg_str(cmd, field->name);
            cmd_arg(cmd, job_field_text(fields, field)->data, job_field_text(fields, field)->len);
        } else if (!is_slice && job_field_number(fields, field)->given) {
            cmd_arg_str(cmd, field->name);
            cmd_arg_i64(cmd, job_field_number(fields, field)->value);
        }
    }
}

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

void store_time(struct cmd *cmd)
{
    cmd_init(cmd, "TIME");
}

enum err store_time_reply(const struct reply *reply, struct wall_ms *now, struct errinfo *info)
{
    int64_t seconds;
    int64_t micros;
    enum err err = store_check_array(reply, 0, 2, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, 0, &seconds, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, 1, &micros, info);
    }
    if (err == ERR_OK) {
        now->ms = seconds * 1000 + micros / 1000;
    }
    return err;
}

void store_history(struct cmd *cmd, const struct job_id *job, int limit)
{
    cmd_init(cmd, "LRANGE");
    store_job_key_arg(cmd, "history", job);
    cmd_arg_i64(cmd, 0);
    cmd_arg_i64(cmd, limit - 1);
}

enum err store_history_count(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, 1, info);
    *count = err == ERR_OK ? reply->count : 0;
    return err;
}

/* The record in item index, which tells of job. */
static enum err record_at(const struct reply *reply, size_t index, const struct job_id *job,
                          struct store_record *out, struct errinfo *info)
{
    if (index >= reply->count || reply->items[index].data == NULL ||
        execution_decode(&out->execution, job, reply->items[index]) != ERR_OK) {
        char id[JOB_ID_TEXT_SIZE];
        job_id_format(id, job);
        return err_set(info, ERR_PROTOCOL, "a record of %s cannot be read", id);
    }
    return ERR_OK;
}

enum err store_history_at(const struct reply *reply, size_t index, const struct job_id *job,
                          struct store_record *out, struct errinfo *info)
{
    out->position[0] = '\0';
    out->recorded_ms = 0;
    return record_at(reply, index, job, out, info);
}

void store_executions(struct cmd *cmd, unsigned shard, const char *before, int limit)
{
    char from[STORE_FEED_ID_MAX + 1];
    (void)snprintf(from, sizeof from, "(%s", before); /* without that one itself */
    /* No script: that would make Lua tables of all entries, at three times the cost. */
    cmd_init(cmd, "XREVRANGE");
    store_key_arg(cmd, shard, "executions");
    cmd_arg_str(cmd, before[0] == '\0' ? "+" : from);
    cmd_arg_str(cmd, "-");
    cmd_arg_str(cmd, "COUNT");
    cmd_arg_i64(cmd, limit);
}

enum {
    EXECUTIONS_WIDTH = 3
}; /* position, id, record: an entry as redis_reply has it */

enum err store_executions_count(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, EXECUTIONS_WIDTH, info);
    *count = err == ERR_OK ? reply->count / EXECUTIONS_WIDTH : 0;
    return err;
}

/* "<ms>-<sequence>", shorter than out has room for. */
static void take_position(struct store_record *out, struct slice text)
{
    const char *dash = text.len > 0 ? memchr(text.data, '-', text.len) : NULL;
    struct slice ms = {text.data, dash != NULL ? (size_t)(dash - text.data) : text.len};
    if (text.len > 0) {
        memcpy(out->position, text.data, text.len);
    }
    out->position[text.len] = '\0';
    if (!slice_i64(ms, &out->recorded_ms)) {
        out->recorded_ms = 0;
    }
}

enum err store_executions_at(const struct reply *reply, size_t index, struct store_record *out,
                             struct errinfo *info)
{
    size_t at = index * EXECUTIONS_WIDTH;
    struct job_id job;
    if (at >= reply->count || reply->items[at].len >= sizeof out->position) {
        return err_set(info, ERR_PROTOCOL, "entry %zu of the feed has no position", index);
    }
    take_position(out, reply->items[at]);
    enum err err = store_item_id(reply, at + 1, &job, info);
    return err == ERR_OK ? record_at(reply, at + 2, &job, out, info) : err;
}
