/* store_job_read: see store_job_read.h. */
#include "store/store_job_read.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <string.h>

/* What append_job (lib/store/lua/part/view.lua) gives of a job. */
enum {
    JOB_DUE,
    JOB_BROKEN,
    JOB_CREATED,
#define FIELD(name) JOB_FIELD_##name,
#include "store/contract.def"
#define STATE_FIELD(name) JOB_##name,
#include "store/contract.def"
    JOB_WIDTH
};
_Static_assert(JOB_version == JOB_CREATED + 1 + JOB_FIELD_COUNT,
               "contract.def has as many fields as job_fields.c");

/* The number in text; `otherwise` if it is absent or no number. */
static int64_t number_or(struct slice text, int64_t otherwise)
{
    int64_t value;
    return text.data != NULL && slice_i64(text, &value) ? value : otherwise;
}

/* The number before the first space; 0 if there is none. */
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
    store_item_fields(reply, at + JOB_CREATED + 1, &out->fields);
    out->version = number_or(items[JOB_version], 1);
    out->epoch = number_or(items[JOB_epoch], 0);
    out->state = items[JOB_state];
    out->reason = items[JOB_state_reason];
    out->note = items[JOB_state_note];
    out->since.ms = number_or(items[JOB_state_since], 0);
    out->by = items[JOB_state_by];
    out->failures = number_or(items[JOB_failures], 0);
    out->notice = items[JOB_notice];
    out->running.ms = first_number(items[JOB_running]);
    out->waiting.ms = first_number(items[JOB_waiting]);
    out->runs = number_or(items[JOB_runs], 0);
    out->born = number_or(items[JOB_born], 0);
}

void store_job_get(struct cmd *cmd, const struct job_id *id, int records)
{
    store_begin(cmd, &store_script_job_get, &(struct store_scope){.shard = store_shard(id), .job = id});
    store_arg_i64(cmd, ARG_records, records);
}

enum {
    GET_HEAD = 1, /* Redis' clock */
    GET_RECORDS = GET_HEAD + JOB_WIDTH
};

enum err store_job_get_reply(const struct reply *reply, const struct job_id *id, struct store_job *out,
                             struct store_job_head *head, struct errinfo *info)
{
    *out = (struct store_job){.id = *id};
    head->count = 0;
    enum err err = store_check_array(reply, 0, 1, info);
    if (err == ERR_OK && reply->count == 0) {
        return err_set(info, ERR_NOT_FOUND, "there is no such job");
    }
    if (err == ERR_OK) {
        err = store_check_array(reply, GET_RECORDS, 1, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, 0, &head->now.ms, info);
    }
    if (err == ERR_OK) {
        read_job(reply, GET_HEAD, out);
        head->count = reply->count - GET_RECORDS;
    }
    return err;
}

enum err store_job_execution_at(const struct reply *reply, size_t index, const struct job_id *job,
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
    store_begin(cmd, &store_script_job_waits, &(struct store_scope){.shard = store_shard(id), .job = id});
    store_arg_i64(cmd, ARG_instant, scheduled.ms);
}

enum err store_job_waits_reply(const struct reply *reply, bool *out, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    *out = err == ERR_OK && reply->kind == REPLY_INTEGER && reply->integer == 1;
    return err;
}

void store_job_page(struct cmd *cmd, unsigned shard, const struct job_id *after, int limit)
{
    store_begin(cmd, &store_script_job_page, &(struct store_scope){.shard = shard});
    store_arg(cmd, ARG_after_id, after == NULL ? "" : (const char *)after->bytes,
              after == NULL ? 0 : JOB_ID_SIZE);
    store_arg_i64(cmd, ARG_limit, limit);
}

enum {
    PAGE_HEAD = 1,             /* Redis' clock */
    PAGE_WIDTH = 1 + JOB_WIDTH /* the id first */
};

enum err store_job_page_reply(const struct reply *reply, struct store_job_head *head, struct errinfo *info)
{
    enum err err = store_check_array(reply, PAGE_HEAD, PAGE_WIDTH, info);
    head->count = err == ERR_OK ? (reply->count - PAGE_HEAD) / PAGE_WIDTH : 0;
    return err == ERR_OK ? store_item_i64(reply, 0, &head->now.ms, info) : err;
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
