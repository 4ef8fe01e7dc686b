/* store_idem: see store_idem.h. Each key has a hash tag of its own; what all of them take together is counted
 * under another one. */
#include "store/store_idem.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

/* dronc:idem:{<64 hex digits>} */
static void begin(struct cmd *cmd, const struct store_script *script, const struct store_idem *idem)
{
    char hex[2 * DIGEST_SHA256_SIZE + 1];
    digest_hex(hex, idem->key, sizeof idem->key);
    store_begin(cmd, script, &(struct store_scope){0});
    cmd_arg_pieces(cmd, (const struct slice[]){slice_of("dronc:idem:{"), slice_of(hex), slice_of("}")}, 3);
    store_arg(cmd, ARG_request_digest, idem->request, sizeof idem->request);
    store_arg_i64(cmd, ARG_keep_ms, STORE_IDEM_MS);
    store_arg_i64(cmd, ARG_bytes_max, idem->bytes_max);
}

void store_idem_open(struct cmd *cmd, const struct store_idem *idem)
{
    begin(cmd, &store_script_idem_open, idem);
}

enum {
    ANSWER_STATUS,
    ANSWER_TYPE,
    ANSWER_BODY,
    ANSWER_WIDTH
};

enum err store_idem_open_reply(const struct reply *reply, enum store_idem_state *state,
                               struct store_idem_answer *out, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, 1, info);
    if (err != ERR_OK) {
        return err;
    }
    bool is_full = reply->count == 1 && slice_eq(reply->items[0], "full");
    *state = reply->count == 0 ? STORE_IDEM_NEW : is_full ? STORE_IDEM_FULL : STORE_IDEM_OTHER;
    if (reply->count <= 1) {
        return ERR_OK;
    }
    err = store_check_array(reply, ANSWER_WIDTH, ANSWER_WIDTH, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, ANSWER_STATUS, &out->status, info);
    }
    if (err == ERR_OK && (reply->items[ANSWER_TYPE].data == NULL || reply->items[ANSWER_BODY].data == NULL)) {
        return err_set(info, ERR_PROTOCOL, "half an answer is kept");
    }
    if (err == ERR_OK) {
        *state = STORE_IDEM_ANSWERED;
        out->type = reply->items[ANSWER_TYPE];
        out->body = reply->items[ANSWER_BODY];
    }
    return err;
}

void store_idem_close(struct cmd *cmd, const struct store_idem *idem, const struct store_idem_answer *answer)
{
    begin(cmd, &store_script_idem_close, idem);
    if (answer != NULL) {
        store_arg_i64(cmd, ARG_status, answer->status);
        store_arg(cmd, ARG_content_type, answer->type.data, answer->type.len);
        store_arg(cmd, ARG_body, answer->body.data, answer->body.len);
    }
}
