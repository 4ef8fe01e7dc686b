/* cmd: see cmd.h. Writes arguments in RESP as they come. cmd_render adds the head of the command, which needs
 * their number and, for a script, the choice between EVALSHA and EVAL. */
#include "resp/cmd.h"

#include <string.h>

/* "$12\r\n", "*3\r\n": the kind of what follows, and its length. */
static void add_head(struct buffer *out, char kind, size_t count)
{
    char head[1 + I64_DIGITS + 2] = {kind};
    size_t len = 1 + i64_format(head + 1, (int64_t)count);
    head[len++] = '\r';
    head[len++] = '\n';
    buffer_add(out, head, len);
}

static void add_bulk(struct buffer *out, const void *data, size_t len)
{
    add_head(out, '$', len);
    buffer_add(out, data, len);
    buffer_add(out, "\r\n", 2);
}

static void add_bulk_str(struct buffer *out, const char *text)
{
    add_bulk(out, text, strlen(text));
}

void cmd_init(struct cmd *cmd, const char *name)
{
    *cmd = (struct cmd){0};
    buffer_init(&cmd->args, 0);
    cmd_arg_str(cmd, name);
}

void cmd_init_script(struct cmd *cmd, const struct script *script)
{
    *cmd = (struct cmd){.script = script};
    buffer_init(&cmd->args, 0);
}

void cmd_fini(struct cmd *cmd)
{
    buffer_fini(&cmd->args);
}

void cmd_arg(struct cmd *cmd, const void *data, size_t len)
{
    add_bulk(&cmd->args, data, len);
    cmd->argc++;
}

void cmd_arg_pieces(struct cmd *cmd, const struct slice *pieces, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += pieces[i].len;
    }
    add_head(&cmd->args, '$', len);
    for (size_t i = 0; i < count; i++) {
        buffer_add(&cmd->args, pieces[i].data, pieces[i].len);
    }
    buffer_add(&cmd->args, "\r\n", 2);
    cmd->argc++;
}

void cmd_arg_str(struct cmd *cmd, const char *text)
{
    cmd_arg(cmd, text, strlen(text));
}

void cmd_arg_i64(struct cmd *cmd, int64_t value)
{
    char digits[I64_DIGITS];
    cmd_arg(cmd, digits, i64_format(digits, value));
}

/* EVALSHA sha keys… or EVAL source keys…: three words before the arguments. */
static void add_script_head(const struct cmd *cmd, bool with_source, struct buffer *out)
{
    char keys[I64_DIGITS];
    add_head(out, '*', cmd->argc + 3);
    add_bulk_str(out, with_source ? "EVAL" : "EVALSHA");
    add_bulk_str(out, with_source ? cmd->script->source : cmd->script->sha1);
    add_bulk(out, keys, i64_format(keys, (int64_t)cmd->script->key_count));
}

/* Returns true if a script has as many arguments as it takes. */
static bool is_complete(const struct cmd *cmd)
{
    const struct script *script = cmd->script;
    size_t fixed = script->key_count + script->arg_count;
    return cmd->argc == fixed ||
           (script->group > 0 && cmd->argc > fixed && (cmd->argc - fixed) % script->group == 0);
}

enum err cmd_render(const struct cmd *cmd, bool with_source, struct buffer *out)
{
    enum err err = buffer_error(&cmd->args);
    if (err != ERR_OK) {
        return err;
    }
    if (cmd->script != NULL && !is_complete(cmd)) {
        return ERR_BUG;
    }
    if (cmd->script != NULL) {
        add_script_head(cmd, with_source, out);
    } else {
        add_head(out, '*', cmd->argc);
    }
    buffer_add(out, cmd->args.data, cmd->args.len);
    return buffer_error(out);
}

static bool error_starts(const struct reply *reply, const char *word)
{
    size_t len = strlen(word);
    return reply->kind == REPLY_ERROR && reply->text.len >= len && memcmp(reply->text.data, word, len) == 0;
}

enum err reply_check(const struct reply *reply, struct errinfo *info)
{
    if (reply->kind != REPLY_ERROR) {
        return ERR_OK;
    }
    enum err code = error_starts(reply, "LOADING") ? ERR_DOWN : ERR_REFUSED;
    return err_set(info, code, "Redis: %.*s", (int)(reply->text.len > 200 ? 200 : reply->text.len),
                   reply->text.data);
}

bool reply_is_noscript(const struct reply *reply)
{
    return error_starts(reply, "NOSCRIPT");
}
