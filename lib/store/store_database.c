/* store_database: see store_database.h. */
#include "store/store_database.h"

#include "store/store.h"
#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <limits.h>
#include <string.h>

static void ask_for_shards(struct cmd *cmd, const struct store_script *script, int level)
{
    store_begin(cmd, script, &(struct store_scope){0});
    store_arg_i64(cmd, ARG_shard_count, STORE_SHARDS);
    store_arg_i64(cmd, ARG_level, level);
}

void store_setup(struct cmd *cmd, int level)
{
    ask_for_shards(cmd, &store_script_setup, level);
}

void store_probe(struct cmd *cmd)
{
    ask_for_shards(cmd, &store_script_probe, STORE_LEVEL_AT_START);
}

enum err store_setup_reply(const struct reply *reply, int *level, struct errinfo *info)
{
    int64_t found;
    enum err err = reply_check(reply, info);
    if (err != ERR_OK) {
        return err;
    }
    if (reply->kind != REPLY_TEXT || !slice_i64(reply->text, &found)) {
        return err_set(info, ERR_PROTOCOL, "dronc:shards in Redis is not a number");
    }
    if (found < 0 || found % STORE_LEVEL_STEP != STORE_SHARDS || found / STORE_LEVEL_STEP > INT_MAX) {
        return err_set(info, ERR_CONFIG, "this database has %lld shards, this program is built for %d",
                       (long long)found % STORE_LEVEL_STEP, STORE_SHARDS);
    }
    if (level != NULL) {
        *level = (int)(found / STORE_LEVEL_STEP);
    }
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

void store_try_write(struct cmd *cmd)
{
    cmd_init(cmd, "ZREM");
    store_key(cmd, KEY_runners, &(struct store_scope){0});
    cmd_arg_str(cmd, "");
}

void store_due_count(struct cmd *cmd, unsigned shard)
{
    cmd_init(cmd, "ZCARD");
    store_key_of_shard(cmd, KEY_due, shard);
}

void store_due_first(struct cmd *cmd, unsigned shard)
{
    cmd_init(cmd, "ZRANGE");
    store_key_of_shard(cmd, KEY_due, shard);
    cmd_arg_i64(cmd, 0);
    cmd_arg_i64(cmd, 0);
    cmd_arg_str(cmd, "WITHSCORES");
}

bool store_due_first_reply(const struct reply *reply, struct wall_ms *at)
{
    return reply->kind == REPLY_ARRAY && reply->count == 2 && reply->items[1].data != NULL &&
           slice_i64(reply->items[1], &at->ms);
}
