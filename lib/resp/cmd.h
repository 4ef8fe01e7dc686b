/* cmd: a command for Redis, ready to be sent; and reply: what comes back, in a flat form.
 *
 * Both are free of any client library, so that the blocking handler and the asynchronous runner share
 * everything that is built on them (lib/store). A script is sent as EVALSHA, or, if Redis does not know it
 * yet (NOSCRIPT), as EVAL with its source: cmd_render writes either. RESP2. Not thread-safe.
 */
#ifndef DRONC_CMD_H
#define DRONC_CMD_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A Lua script of lib/store/, compiled in. */
struct script {
    const char *name;   /* "claim" */
    const char *source; /* NUL-terminated */
    const char *sha1;   /* 40 hex digits, as Redis names it */
    size_t key_count;   /* the first arguments, which are its KEYS */
    size_t arg_count;   /* the arguments after the keys */
    size_t group;       /* after these, a group of so many, any number of times; 0: no groups */
};

/* Zero-initialised is not a command: start with cmd_init or cmd_init_script. */
struct cmd {
    struct buffer args; /* the arguments, each already in RESP; for a script those after the key count */
    size_t argc;        /* how many those are */
    const struct script *script; /* NULL: a plain command */
    int level; /* what a reader of what this stores has to know: see store_level.h. Mostly 0 */
};

/* Start a command. Both take memory that is given back by cmd_fini. Failures are remembered and reported by
 * cmd_render. */
void cmd_init(struct cmd *cmd, const char *name);
void cmd_init_script(struct cmd *cmd, const struct script *script);
void cmd_fini(struct cmd *cmd);

void cmd_arg(struct cmd *cmd, const void *data, size_t len);
void cmd_arg_str(struct cmd *cmd, const char *text);
void cmd_arg_i64(struct cmd *cmd, int64_t value);
/* One argument, made of pieces, one after the other. */
void cmd_arg_pieces(struct cmd *cmd, const struct slice *pieces, size_t count);

/* Append the command's bytes to out. with_source: scripts go as EVAL. ERR_NOMEM; ERR_BUG if a script has not
 * as many arguments as it takes. */
NODISCARD enum err cmd_render(const struct cmd *cmd, bool with_source, struct buffer *out);

enum reply_kind {
    REPLY_NIL,
    REPLY_INTEGER,
    REPLY_TEXT,  /* a status or a bulk string */
    REPLY_ERROR, /* text holds Redis' message */
    REPLY_ARRAY  /* of bulk strings, statuses, integers (as text) and nils (data NULL). Never nested: an
                    entry of a stream is three items, its position and the first two values */
};

/* Borrowed from the connection, for as long as that one states. */
struct reply {
    enum reply_kind kind;
    int64_t integer;
    struct slice text;
    const struct slice *items;
    size_t count; /* of items */
};

/* The largest reply that either program accepts. (The largest expected one is the claims that a runner with
 * 100,000 calls in flight holds of one shard.) */
#define REPLY_BYTES_MAX 16777216
#define REPLY_ITEMS_MAX 262144 /* in all of its arrays */

/* ERR_OK for anything but REPLY_ERROR; else ERR_REFUSED, with Redis' message in info (ERR_DOWN while it is
 * loading its data). */
NODISCARD enum err reply_check(const struct reply *reply, struct errinfo *info);
/* True for the NOSCRIPT error. */
bool reply_is_noscript(const struct reply *reply);

#endif
