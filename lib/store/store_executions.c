/* store_executions: see store_executions.h. */
#include "store/store_executions.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

void store_history(struct cmd *cmd, const struct job_id *job, int limit)
{
    cmd_init(cmd, "LRANGE");
    store_key_of_job(cmd, KEY_history, job);
    cmd_arg_i64(cmd, 0);
    cmd_arg_i64(cmd, limit - 1);
}

enum err store_history_count(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, 1, info);
    *count = err == ERR_OK ? reply->count : 0;
    return err;
}

/* The execution whose record is item index. It is job's. */
static enum err execution_at(const struct reply *reply, size_t index, const struct job_id *job,
                             struct store_execution *out, struct errinfo *info)
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
                          struct store_execution *out, struct errinfo *info)
{
    out->position[0] = '\0';
    out->recorded_ms = 0;
    return execution_at(reply, index, job, out, info);
}

void store_executions(struct cmd *cmd, unsigned shard, const char *before, int limit)
{
    store_put_page(cmd, KEY_executions, shard, (struct store_stretch){before, limit});
}

enum err store_executions_count(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, STORE_ENTRY_WIDTH, info);
    *count = err == ERR_OK ? reply->count / STORE_ENTRY_WIDTH : 0;
    return err;
}

enum err store_executions_at(const struct reply *reply, size_t index, struct store_execution *out,
                             struct errinfo *info)
{
    size_t at = index * STORE_ENTRY_WIDTH;
    struct slice items[STORE_ENTRY_WIDTH];
    struct job_id job;
    enum err err = store_entry_at(reply, index, items, info);
    if (err != ERR_OK) {
        return err;
    }
    out->recorded_ms = store_position_take(out->position, items[0]);
    err = store_item_id(reply, at + 1, &job, info);
    return err == ERR_OK ? execution_at(reply, at + 2, &job, out, info) : err;
}

void store_trim(struct cmd *cmd, unsigned shard, const struct store_keep *keep)
{
    store_begin(cmd, &store_script_trim, &(struct store_scope){.shard = shard, .keep = keep});
    store_arg_i64(cmd, ARG_age_ms, keep->age_ms);
}
