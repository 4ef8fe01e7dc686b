/* store_runner: see store_runner.h. */
#include "store/store_runner.h"

#include "store/store_keys.h"
#include "store/store_scripts.h"

#include <string.h>

#define RUNNERS_KEY "dronc:runners"

void store_heartbeat(struct cmd *cmd, const char *runner, int64_t lease_ms)
{
    cmd_init_script(cmd, &store_script_heartbeat, 1);
    cmd_arg_str(cmd, RUNNERS_KEY);
    cmd_arg_str(cmd, runner);
    cmd_arg_i64(cmd, lease_ms);
}

enum {
    HEARTBEAT_HEAD = 1,
    HEARTBEAT_WIDTH = 2
}; /* Redis' clock; runner, expiry */

enum err store_heartbeat_reply(const struct reply *reply, int64_t *now_us, size_t *count,
                               struct errinfo *info)
{
    enum err err = store_check_array(reply, HEARTBEAT_HEAD, HEARTBEAT_WIDTH, info);
    *count = err == ERR_OK ? (reply->count - HEARTBEAT_HEAD) / HEARTBEAT_WIDTH : 0;
    return err == ERR_OK ? store_item_i64(reply, 0, now_us, info) : err;
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
    cmd_init_script(cmd, &store_script_forget, 1);
    cmd_arg_str(cmd, RUNNERS_KEY);
    cmd_arg_str(cmd, runner);
    cmd_arg_str(cmd, only_if_expired ? "1" : "0");
}

void store_holders(struct cmd *cmd, unsigned shard)
{
    cmd_init(cmd, "SMEMBERS");
    store_key_arg(cmd, shard, "holders");
}

void store_tidy(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init_script(cmd, &store_script_tidy, 2);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "holders");
    cmd_arg_str(cmd, runner);
}

enum err store_tidy_reply(const struct reply *reply, bool *holds, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    if (err == ERR_OK && reply->kind != REPLY_INTEGER) {
        err = err_set(info, ERR_PROTOCOL, "tidy did not answer with a number");
    }
    *holds = err == ERR_OK && reply->integer == 1;
    return err;
}

static void begin_recover(struct cmd *cmd, unsigned shard, const char *dead, const struct store_keep *keep)
{
    cmd_init_script(cmd, &store_script_recover, 7);
    store_key_arg_of(cmd, shard, "claimed", dead);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "dead");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "holders");
    store_key_arg(cmd, shard, "gone");
    cmd_arg_str(cmd, dead);
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "history");
    cmd_arg_i64(cmd, STORE_BATCH_MAX);
    cmd_arg_i64(cmd, STORE_ATTEMPTS);
    cmd_arg_i64(cmd, keep->executions);
    cmd_arg_i64(cmd, keep->history);
    cmd_arg_i64(cmd, keep->dead);
    store_prefix_arg(cmd, shard, "claimed");
}

void store_recover(struct cmd *cmd, unsigned shard, const char *dead, const struct store_keep *keep)
{
    begin_recover(cmd, shard, dead, keep);
    cmd_arg_str(cmd, "the runner died after the start; whether the call left is not known");
}

void store_recover_lost(struct cmd *cmd, const char *runner, const struct store_attempt *attempt,
                        const struct store_keep *keep)
{
    begin_recover(cmd, store_shard(&attempt->job), runner, keep);
    cmd_arg_str(cmd, "Redis has lost what came of the call");
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
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
