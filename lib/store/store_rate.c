/* store_rate: see store_rate.h. Each key has a hash tag of its own: nothing else belongs to it. */
#include "store/store_rate.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

void store_rate_take(struct cmd *cmd, const char *id, const struct store_rate *rate)
{
    store_begin(cmd, &store_script_rate_take, &(struct store_scope){0});
    cmd_arg_pieces(cmd, (const struct slice[]){slice_of("dronc:rate:{"), slice_of(id), slice_of("}")}, 3);
    store_arg_i64(cmd, ARG_interval_us, 1000000 / rate->per_s);
    store_arg_i64(cmd, ARG_burst, rate->burst);
}

enum err store_rate_take_reply(const struct reply *reply, struct store_rated *out, struct errinfo *info)
{
    int64_t values[3];
    enum err err = store_check_array(reply, 0, 3, info);
    if (err == ERR_OK && reply->count != 3) {
        return err_set(info, ERR_PROTOCOL, "rate_take answered with something that it does not return");
    }
    for (size_t i = 0; i < 3 && err == ERR_OK; i++) {
        err = store_item_i64(reply, i, &values[i], info);
    }
    if (err == ERR_OK) {
        *out = (struct store_rated){.is_allowed = values[0] == 1, .left = values[1], .in_ms = values[2]};
    }
    return err;
}
