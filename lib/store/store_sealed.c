/* store_sealed: see store_sealed.h. The key of a kind has a hash tag of its own: dronc:secret:{default}. */
#include "store/store_sealed.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

static const char *const kind_names[STORE_SEALED__COUNT] = {
    [STORE_SECRETS] = "secret", [STORE_SIGNING] = "signing"};

/* What the key of a kind ends with. */
static struct slice own_of(enum store_sealed_kind kind)
{
    return slice_of(kind == STORE_SECRETS ? "secret:{default}" : "signing:{default}");
}

static void add_key(struct cmd *cmd, enum store_sealed_kind kind)
{
    store_key(cmd, KEY_sealed, &(struct store_scope){.own = own_of(kind)});
}

static void begin_script(struct cmd *cmd, const struct store_script *script, enum store_sealed_kind kind,
                         struct slice name, const struct store_actor *actor)
{
    store_begin(cmd, script, &(struct store_scope){.own = own_of(kind), .actor = actor});
    store_arg_str(cmd, ARG_kind, kind_names[kind]);
    store_arg(cmd, ARG_name, name.data, name.len);
}

const char *store_sealed_kind_name(enum store_sealed_kind kind)
{
    return kind_names[kind];
}

/* ---- reading ---- */

void store_sealed_get(struct cmd *cmd, enum store_sealed_kind kind, struct slice name)
{
    cmd_init(cmd, "HGET");
    add_key(cmd, kind);
    cmd_arg(cmd, name.data, name.len);
}

/* The text of a reply that may be nil. */
static enum err take_text(const struct reply *reply, struct slice *out, struct errinfo *info)
{
    *out = (struct slice){NULL, 0};
    switch (reply->kind) {
    case REPLY_TEXT:
        *out = reply->text;
        return ERR_OK;
    case REPLY_NIL:
        return ERR_OK;
    case REPLY_ERROR:
        return err_set(info, ERR_REFUSED, "%.*s", (int)reply->text.len, reply->text.data);
    default:
        return err_set(info, ERR_PROTOCOL, "not a text");
    }
}

enum err store_sealed_get_reply(const struct reply *reply, struct slice *out, struct errinfo *info)
{
    return take_text(reply, out, info);
}

void store_sealed_count(struct cmd *cmd, enum store_sealed_kind kind)
{
    store_sealed_get(cmd, kind, slice_of(STORE_SEALED_COUNT));
}

enum err store_sealed_count_reply(const struct reply *reply, int64_t *out, struct errinfo *info)
{
    struct slice text;
    enum err err = take_text(reply, &text, info);
    *out = 0;
    if (err == ERR_OK && text.data != NULL && !slice_i64(text, out)) {
        err = err_set(info, ERR_PROTOCOL, "the count of changes is no number");
    }
    return err;
}

void store_sealed_all(struct cmd *cmd, enum store_sealed_kind kind)
{
    cmd_init(cmd, "HGETALL");
    add_key(cmd, kind);
}

enum err store_sealed_all_reply(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, 2, info);
    *count = err == ERR_OK ? reply->count / 2 : 0;
    return err;
}

bool store_sealed_at(const struct reply *reply, size_t index, struct store_sealed *out, int64_t *changes)
{
    *out = (struct store_sealed){reply->items[2 * index], reply->items[2 * index + 1]};
    if (!slice_eq(out->name, STORE_SEALED_COUNT)) {
        return true;
    }
    *changes = slice_i64(out->content, changes) ? *changes : 0;
    return false;
}

/* ---- changing ---- */

void store_sealed_put(struct cmd *cmd, enum store_sealed_kind kind, const struct store_sealed *sealed,
                      int64_t known, const struct store_actor *actor)
{
    begin_script(cmd, &store_script_sealed_put, kind, sealed->name, actor);
    if (known > 0) {
        store_arg_i64(cmd, ARG_known, known);
    } else {
        store_arg_str(cmd, ARG_known, "");
    }
    store_arg(cmd, ARG_content, sealed->content.data, sealed->content.len);
}

enum err store_sealed_put_reply(const struct reply *reply, enum store_sealed_answer *out,
                                struct errinfo *info)
{
    int64_t number = 0;
    enum err err = store_reply_i64(reply, "sealed_put", &number, info);
    *out = number > 0 ? STORE_SEALED_STORED : number == 0 ? STORE_SEALED_OTHER : STORE_SEALED_TOO_MANY;
    return err;
}

void store_sealed_drop(struct cmd *cmd, enum store_sealed_kind kind, struct slice name,
                       const struct store_actor *actor)
{
    begin_script(cmd, &store_script_sealed_drop, kind, name, actor);
}

enum err store_sealed_drop_reply(const struct reply *reply, bool *there, struct errinfo *info)
{
    int64_t number = 0;
    enum err err = store_reply_i64(reply, "sealed_drop", &number, info);
    *there = number > 0;
    return err;
}
