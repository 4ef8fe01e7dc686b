/* store_runner: see store_runner.h. */
#include "store/store_runner.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <string.h>

void store_heartbeat(struct cmd *cmd, const char *runner, int64_t lease_ms)
{
    store_begin(cmd, &store_script_heartbeat, &(struct store_scope){.runner = runner});
    store_arg_i64(cmd, ARG_lease_ms, lease_ms);
}

/* Redis' clock, whether there are keys; then of each runner its id and its expiry. */
enum {
    HEARTBEAT_HEAD = 2,
    HEARTBEAT_WIDTH = 2
};

enum err store_heartbeat_reply(const struct reply *reply, struct store_heart *out, struct errinfo *info)
{
    int64_t keyed = 0;
    *out = (struct store_heart){0};
    enum err err = store_check_array(reply, HEARTBEAT_HEAD, HEARTBEAT_WIDTH, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, 0, &out->now_us, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, 1, &keyed, info);
    }
    if (err == ERR_OK) {
        out->keyed = keyed != 0;
        out->count = (reply->count - HEARTBEAT_HEAD) / HEARTBEAT_WIDTH;
    }
    return err;
}

enum err store_heartbeat_at(const struct reply *reply, size_t index, struct store_runner *out,
                            struct errinfo *info)
{
    size_t at = HEARTBEAT_HEAD + index * HEARTBEAT_WIDTH;
    enum err err = store_item_i64(reply, at + 1, &out->expiry.ms, info);
    if (err != ERR_OK) {
        return err;
    }
    struct slice id = reply->items[at];
    if (id.data == NULL || id.len >= sizeof out->id || memchr(id.data, '\0', id.len) != NULL) {
        return err_set(info, ERR_PROTOCOL, "runner %zu in Redis has no proper id", index);
    }
    memcpy(out->id, id.data, id.len);
    out->id[id.len] = '\0';
    return ERR_OK;
}

void store_forget(struct cmd *cmd, const char *runner, bool only_if_expired)
{
    store_begin(cmd, &store_script_forget, &(struct store_scope){.runner = runner});
    store_arg_str(cmd, ARG_only_expired, only_if_expired ? "1" : "0");
}

void store_holders(struct cmd *cmd, unsigned shard)
{
    cmd_init(cmd, "SMEMBERS");
    store_key_of_shard(cmd, KEY_holders, shard);
}

void store_tidy(struct cmd *cmd, unsigned shard, const char *runner)
{
    store_begin(cmd, &store_script_tidy, &(struct store_scope){.shard = shard, .runner = runner});
}

enum err store_tidy_reply(const struct reply *reply, bool *holds, struct errinfo *info)
{
    int64_t value;
    enum err err = store_reply_i64(reply, "tidy", &value, info);
    *holds = value == 1;
    return err;
}

static void begin_recover(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep,
                          const char *error)
{
    store_begin(cmd, &store_script_recover,
                &(struct store_scope){.shard = shard, .runner = runner, .keep = keep});
    store_arg_i64(cmd, ARG_batch, STORE_BATCH_MAX);
    store_arg_i64(cmd, ARG_attempts, STORE_ATTEMPTS);
    store_arg_str(cmd, ARG_error_text, error);
}

void store_recover(struct cmd *cmd, unsigned shard, const char *dead, const struct store_keep *keep)
{
    begin_recover(cmd, shard, dead, keep,
                  "the runner died after the start; whether the call left is not known");
}

void store_recover_lost(struct cmd *cmd, const char *runner, const struct store_attempt *attempt,
                        const struct store_keep *keep)
{
    begin_recover(cmd, store_shard(&attempt->job), runner, keep, "Redis has lost what came of the call");
    store_arg_attempt(cmd, attempt);
}

enum err store_recover_reply(const struct reply *reply, struct store_recovered *out, struct errinfo *info)
{
    int64_t more = 0;
    *out = (struct store_recovered){0};
    enum err err = store_check_array(reply, 3, 1, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, 0, &out->handed_on, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, 1, &out->lost, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, 2, &more, info);
    }
    out->more = more != 0;
    return err;
}
