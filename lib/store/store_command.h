/* store_command: building commands with the keys, scripts and arguments of contract.def. Private to
 * lib/store.
 *
 * store_begin writes a script's keys, and those arguments that only name what the command is about. Every
 * other argument is appended under its name: where contract.def has another one next, the command is broken,
 * and cmd_render returns ERR_BUG. So a builder that forgets or exchanges arguments fails its first test.
 */
#ifndef DRONC_STORE_COMMAND_H
#define DRONC_STORE_COMMAND_H

#include "store/store_attempt.h"
#include "store/store_audit.h"
#include "store/store_scripts.h"

/* What a command is about; what its script does not name may be left out. */
struct store_scope {
    unsigned shard;
    const struct job_id *job; /* borrowed, as the others, until store_begin returns */
    const char *runner;
    const struct store_keep *keep;
    const struct store_actor *actor;
    struct slice own; /* what a key of type OWN ends with; data NULL: the caller appends that key */
};

/* Start a script's command. */
void store_begin(struct cmd *cmd, const struct store_script *script, const struct store_scope *scope);

/* Append the argument of that name. */
void store_arg(struct cmd *cmd, enum store_arg name, const void *data, size_t len);
void store_arg_str(struct cmd *cmd, enum store_arg name, const char *text);
void store_arg_i64(struct cmd *cmd, enum store_arg name, int64_t value);
/* An instant; '' for INT64_MAX, which means "none". */
void store_arg_instant(struct cmd *cmd, enum store_arg name, struct wall_ms at);
/* An occurrence: <id><scheduled>. */
void store_arg_member(struct cmd *cmd, enum store_arg name, const struct job_id *job,
                      struct wall_ms scheduled);

/* Append an attempt: its occurrence and the ticket of its claim, "<attempt>.<token>". */
void store_arg_attempt(struct cmd *cmd, const struct store_attempt *attempt);
/* Append the fields that are given, each as field and value, and raise cmd->level to what they need. */
void store_arg_fields(struct cmd *cmd, struct job_fields *fields);

/* Append a key to a command that is no script. scope: what the key's name holds. */
void store_key(struct cmd *cmd, enum store_key key, const struct store_scope *scope);
void store_key_of_shard(struct cmd *cmd, enum store_key key, unsigned shard);
/* The latest entries of a stream. */
struct store_stretch {
    const char *before; /* only those before this position; "": from the end */
    int limit;
};
void store_put_page(struct cmd *cmd, enum store_key key, unsigned shard, struct store_stretch stretch);
void store_key_of_job(struct cmd *cmd, enum store_key key, const struct job_id *job);

#endif
