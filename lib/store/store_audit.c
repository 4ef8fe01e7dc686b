/* store_audit: see store_audit.h. */
#include "store/store_audit.h"

#include "store/store_command.h"
#include "store/store_reply.h"

#include <string.h>

#define TOKENS_MAX 8 /* of what C writes */

/* Tokens in the making: in pieces, as cmd_arg_pieces takes them. */
struct tokens {
    char text[TOKENS_MAX][STORE_ACTOR_TEXT_MAX];
    struct slice pieces[4 * TOKENS_MAX];
    size_t count;
    size_t piece_count;
};

static void add_piece(struct tokens *tokens, struct slice piece)
{
    tokens->pieces[tokens->piece_count++] = piece;
}

/* Add "<letter>:<value>", unless the value is empty. A value with a space would end there. */
static void add(struct tokens *tokens, const char *letter, struct slice value)
{
    char *text = tokens->text[tokens->count];
    size_t len = value.len < STORE_ACTOR_TEXT_MAX ? value.len : STORE_ACTOR_TEXT_MAX;

    if (value.data == NULL || len == 0) {
        return;
    }
    for (size_t i = 0; i < len; i++) {
        text[i] = value.data[i] > ' ' && value.data[i] <= '~' ? value.data[i] : '_';
    }
    if (tokens->count++ > 0) {
        add_piece(tokens, slice_of(" "));
    }
    add_piece(tokens, slice_of(letter));
    add_piece(tokens, slice_of(":"));
    add_piece(tokens, (struct slice){text, len});
}

static struct slice text_of(const char *text)
{
    return text != NULL ? slice_of(text) : (struct slice){NULL, 0};
}

static void add_actor(struct tokens *tokens, const struct store_actor *actor)
{
    add(tokens, STORE_TRAIL_WHO, actor->who);
    add(tokens, STORE_TRAIL_ADDRESS, actor->address);
    add(tokens, STORE_TRAIL_METHOD, text_of(actor->method));
    add(tokens, STORE_TRAIL_ROUTE, text_of(actor->route));
    add(tokens, STORE_TRAIL_REQUEST, actor->request_id);
}

void store_audit_put_actor(struct cmd *cmd, const struct store_actor *actor)
{
    struct tokens tokens = {.count = 0};
    add_actor(&tokens, actor);
    cmd_arg_pieces(cmd, tokens.pieces, tokens.piece_count);
}

void store_audit_refuse(struct cmd *cmd, const struct store_actor *actor, const char *error, int64_t count)
{
    char digits[I64_DIGITS];
    struct tokens tokens = {.count = 0};
    add(&tokens, STORE_TRAIL_ACTION, slice_of(STORE_ACTION_REFUSE));
    add(&tokens, STORE_TRAIL_COUNT, (struct slice){digits, i64_format(digits, count)});
    add(&tokens, STORE_TRAIL_ERROR, slice_of(error));
    add_actor(&tokens, actor);
    cmd_init(cmd, "XADD");
    store_key_of_shard(cmd, KEY_refusals, 0);
    cmd_arg_str(cmd, "MAXLEN");
    cmd_arg_str(cmd, "~");
    cmd_arg_i64(cmd, STORE_REFUSALS_MAX);
    cmd_arg_str(cmd, "*");
    cmd_arg_str(cmd, "j");
    cmd_arg_str(cmd, "");
    cmd_arg_str(cmd, "r");
    cmd_arg_pieces(cmd, tokens.pieces, tokens.piece_count);
}

void store_audit(struct cmd *cmd, unsigned stream, const char *before, int limit)
{
    enum store_key key = stream == STORE_AUDIT_INSTALL    ? KEY_install_audit
                         : stream == STORE_AUDIT_REFUSALS ? KEY_refusals
                                                          : KEY_audit;
    store_put_page(cmd, key, stream, (struct store_stretch){before, limit});
}

enum err store_audit_count(const struct reply *reply, size_t *count, struct errinfo *info)
{
    return store_executions_count(reply, count, info);
}

/* ---- reading ---- */

/* One `<letter>:<value>`. Returns false if the value is malformed. Skips what a later version has. */
static bool read_token(struct store_audit_entry *out, char letter, struct slice value)
{
    const struct {
        const char *letter;
        struct slice *text;
        int64_t *number;
    } tokens[] = {
        {STORE_TRAIL_ACTION, &out->action, NULL},
        {STORE_TRAIL_VERSION, NULL, &out->version},
        {STORE_TRAIL_COUNT, NULL, &out->count},
        {STORE_TRAIL_TIME, NULL, &out->at_us},
        {STORE_TRAIL_ERROR, &out->error, NULL},
        {STORE_TRAIL_WHO, &out->who, NULL},
        {STORE_TRAIL_ADDRESS, &out->address, NULL},
        {STORE_TRAIL_METHOD, &out->method, NULL},
        {STORE_TRAIL_ROUTE, &out->route, NULL},
        {STORE_TRAIL_REQUEST, &out->request_id, NULL},
        {STORE_TRAIL_SCHEDULED, NULL, &out->scheduled.ms},
    };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (letter != tokens[i].letter[0]) {
            continue;
        }
        out->has_scheduled = out->has_scheduled || tokens[i].number == &out->scheduled.ms;
        if (tokens[i].text != NULL) {
            *tokens[i].text = value;
            return true;
        }
        return slice_i64(value, tokens[i].number);
    }
    return true;
}

static bool read_record(struct store_audit_entry *out, struct slice rest)
{
    while (rest.len > 0) {
        struct slice token = slice_take_word(&rest);
        if (token.len >= 2 && token.data[1] == ':' &&
            !read_token(out, token.data[0], (struct slice){token.data + 2, token.len - 2})) {
            return false;
        }
    }
    return out->action.len > 0;
}

static bool read_object(struct store_audit_entry *out, unsigned stream, struct slice object)
{
    out->is_job = stream < STORE_SHARDS;
    if (out->is_job && object.len == JOB_ID_SIZE) {
        memcpy(out->job.bytes, object.data, JOB_ID_SIZE);
    }
    out->object = !out->is_job && object.len > 0 ? object : (struct slice){NULL, 0};
    return object.data != NULL && (!out->is_job || object.len == JOB_ID_SIZE);
}

enum err store_audit_at(const struct reply *reply, unsigned stream, size_t index,
                        struct store_audit_entry *out, struct errinfo *info)
{
    struct slice items[STORE_ENTRY_WIDTH];
    *out = (struct store_audit_entry){0};
    enum err err = store_entry_at(reply, index, items, info);
    if (err != ERR_OK) {
        return err;
    }
    out->recorded_ms = store_position_take(out->position, items[0]);
    out->at_us =
        out->recorded_ms * 1000 + 999; /* refused requests are noted after what happened in that ms */
    if (!read_object(out, stream, items[1]) || !read_record(out, items[2])) {
        return err_set(info, ERR_PROTOCOL, "an entry of the trail cannot be read: %s", out->position);
    }
    return ERR_OK;
}
