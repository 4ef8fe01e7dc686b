/* store_life: see store_life.h. */
#include "store/store_life.h"

#include "store/store_keys.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

#define CHANGED_BY "changed_by" /* of a job's hash */

/* ---- reading ---- */

/* What append_job (lib/store/lua/part/life.lua) tells of a job. */
enum {
    JOB_DUE,
    JOB_BROKEN,
    JOB_CREATED,
    JOB_FIELDS,
    JOB_VERSION = JOB_FIELDS + JOB_FIELD_COUNT,
    JOB_EPOCH,
    JOB_STATE,
    JOB_REASON,
    JOB_NOTE,
    JOB_SINCE,
    JOB_BY,
    JOB_FAILURES,
    JOB_NOTICE,
    JOB_RUNNING,
    JOB_WAITING,
    JOB_RUNS,
    JOB_BORN,
    JOB_WIDTH
};

/* A number that may be absent, or somebody's garbage: then it is `otherwise`. */
static int64_t number_or(struct slice text, int64_t otherwise)
{
    int64_t value;
    return text.data != NULL && slice_i64(text, &value) ? value : otherwise;
}

/* The number before the first space; 0: there is none. */
static int64_t first_number(struct slice text)
{
    const char *space = text.data == NULL ? NULL : memchr(text.data, ' ', text.len);
    return space == NULL ? 0 : number_or((struct slice){text.data, (size_t)(space - text.data)}, 0);
}

static void read_job(const struct reply *reply, size_t at, struct store_job *out)
{
    const struct slice *items = reply->items + at;
    out->due.ms = number_or(items[JOB_DUE], INT64_MAX);
    out->broken = items[JOB_BROKEN].data != NULL;
    out->created.ms = number_or(items[JOB_CREATED], 0);
    store_item_fields(reply, at + JOB_FIELDS, &out->fields);
    out->version = number_or(items[JOB_VERSION], 1);
    out->epoch = number_or(items[JOB_EPOCH], 0);
    out->state = items[JOB_STATE];
    out->reason = items[JOB_REASON];
    out->note = items[JOB_NOTE];
    out->since.ms = number_or(items[JOB_SINCE], 0);
    out->by = items[JOB_BY];
    out->failures = number_or(items[JOB_FAILURES], 0);
    out->notice = items[JOB_NOTICE];
    out->running.ms = first_number(items[JOB_RUNNING]);
    out->waiting.ms = first_number(items[JOB_WAITING]);
    out->runs = number_or(items[JOB_RUNS], 0);
    out->born = number_or(items[JOB_BORN], 0);
}

void store_job_get(struct cmd *cmd, const struct job_id *id, int records)
{
    unsigned shard = store_shard(id);
    cmd_init_script(cmd, &store_script_job_get, 4);
    store_job_key_arg(cmd, "job", id);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "broken");
    store_job_key_arg(cmd, "history", id);
    cmd_arg(cmd, id->bytes, JOB_ID_SIZE);
    cmd_arg_i64(cmd, records);
}

enum {
    GET_HEAD = 1, /* Redis' clock */
    GET_RECORDS = GET_HEAD + JOB_WIDTH
};

enum err store_job_get_reply(const struct reply *reply, const struct job_id *id, struct store_job *out,
                             struct wall_ms *now, size_t *count, struct errinfo *info)
{
    *out = (struct store_job){.id = *id};
    *count = 0;
    enum err err = store_check_array(reply, 0, 1, info);
    if (err == ERR_OK && reply->count == 0) {
        return err_set(info, ERR_NOT_FOUND, "there is no such job");
    }
    if (err == ERR_OK) {
        err = store_check_array(reply, GET_RECORDS, 1, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, 0, &now->ms, info);
    }
    if (err == ERR_OK) {
        read_job(reply, GET_HEAD, out);
        *count = reply->count - GET_RECORDS;
    }
    return err;
}

enum err store_job_record_at(const struct reply *reply, size_t index, const struct job_id *job,
                             struct execution *out, struct errinfo *info)
{
    size_t at = GET_RECORDS + index;
    if (at >= reply->count || reply->items[at].data == NULL ||
        execution_decode(out, job, reply->items[at]) != ERR_OK) {
        return err_set(info, ERR_PROTOCOL, "record %zu cannot be read", index);
    }
    return ERR_OK;
}

void store_job_waits(struct cmd *cmd, const struct job_id *id, struct wall_ms scheduled)
{
    cmd_init_script(cmd, &store_script_job_waits, 2);
    store_job_key_arg(cmd, "job", id);
    store_key_arg(cmd, store_shard(id), "retry");
    cmd_arg(cmd, id->bytes, JOB_ID_SIZE);
    cmd_arg_i64(cmd, scheduled.ms);
}

enum err store_job_waits_reply(const struct reply *reply, bool *out, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    *out = err == ERR_OK && reply->kind == REPLY_INTEGER && reply->integer == 1;
    return err;
}

void store_job_page(struct cmd *cmd, unsigned shard, const struct job_id *after, int limit)
{
    cmd_init_script(cmd, &store_script_job_page, 3);
    store_key_arg(cmd, shard, "jobs");
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "broken");
    cmd_arg(cmd, after == NULL ? "" : (const char *)after->bytes, after == NULL ? 0 : JOB_ID_SIZE);
    cmd_arg_i64(cmd, limit);
    store_prefix_arg(cmd, shard, "job");
}

enum {
    PAGE_HEAD = 1,             /* Redis' clock */
    PAGE_WIDTH = 1 + JOB_WIDTH /* the id first */
};

enum err store_job_page_reply(const struct reply *reply, struct wall_ms *now, size_t *count,
                              struct errinfo *info)
{
    enum err err = store_check_array(reply, PAGE_HEAD, PAGE_WIDTH, info);
    *count = err == ERR_OK ? (reply->count - PAGE_HEAD) / PAGE_WIDTH : 0;
    return err == ERR_OK ? store_item_i64(reply, 0, &now->ms, info) : err;
}

enum err store_job_page_at(const struct reply *reply, size_t index, struct store_job *out,
                           struct errinfo *info)
{
    size_t at = PAGE_HEAD + index * PAGE_WIDTH;
    *out = (struct store_job){0};
    enum err err = store_item_id(reply, at, &out->id, info);
    if (err == ERR_OK) {
        read_job(reply, at + 1, out);
    }
    return err;
}

/* ---- commands ---- */

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
