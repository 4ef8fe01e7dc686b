/* store_command: see store_command.h. */
#include "store/store_command.h"

#include "store/store_level.h"

#include <stdio.h>
#include <string.h>

_Static_assert(STORE_CLAIMED_AHEAD_MS > STORE_LOOK_AHEAD_MS,
               "job_create asks for claims of what may have one");
_Static_assert(STORE_ANNOUNCED_MS >= 2 * STORE_RECHECK_MS, "what is not announced is found in time");
_Static_assert(STORE_SHARDS < STORE_LEVEL_STEP, "the number of shards and the level share a number");

/* ---- keys ---- */

enum key_scope {
    SHARD,  /* dronc:{<shard>}:<spelling> */
    ID,     /* and a job's id */
    RUNNER, /* and a runner's id */
    GLOBAL, /* as spelled */
    OWN     /* as spelled, and something of its own; or store_begin leaves it to its caller */
};

static const struct {
    const char *spelling;
    enum key_scope scope;
} keys[] = {
#define KEY(name, spelling, scope) [KEY_##name] = {spelling, scope},
#include "store/contract.def"
};

/* Append dronc:{<shard>}:<spelling>, and :<rest> unless its data is NULL. In pieces, not with printf: half a
 * dozen of these go to Redis with each job and each call. */
static void add_key(struct cmd *cmd, unsigned shard, const char *spelling, struct slice rest)
{
    char digits[I64_DIGITS];
    const struct slice pieces[] = {slice_of("dronc:{"), {digits, i64_format(digits, shard)},
                                   slice_of("}:"),      slice_of(spelling),
                                   slice_of(":"),       rest};
    cmd_arg_pieces(cmd, pieces, rest.data != NULL ? 6 : 4);
}

static struct slice id_slice(const struct job_id *id)
{
    return (struct slice){(const char *)id->bytes, JOB_ID_SIZE};
}

static void add_own(struct cmd *cmd, const char *spelling, struct slice own)
{
    if (own.data != NULL) {
        cmd_arg_pieces(cmd, (const struct slice[]){slice_of(spelling), own}, 2);
    }
}

void store_key(struct cmd *cmd, enum store_key key, const struct store_scope *scope)
{
    const char *spelling = keys[key].spelling;
    switch (keys[key].scope) {
    case SHARD:
        add_key(cmd, scope->shard, spelling, (struct slice){NULL, 0});
        break;
    case ID:
        add_key(cmd, scope->shard, spelling, id_slice(scope->job));
        break;
    case RUNNER:
        add_key(cmd, scope->shard, spelling, slice_of(scope->runner));
        break;
    case GLOBAL:
        cmd_arg_str(cmd, spelling);
        break;
    case OWN:
        add_own(cmd, spelling, scope->own);
        break;
    }
}

void store_key_of_shard(struct cmd *cmd, enum store_key key, unsigned shard)
{
    store_key(cmd, key, &(struct store_scope){.shard = shard});
}

void store_key_of_job(struct cmd *cmd, enum store_key key, const struct job_id *job)
{
    store_key(cmd, key, &(struct store_scope){.shard = store_shard(job), .job = job});
}

void store_put_page(struct cmd *cmd, enum store_key key, unsigned shard, struct store_stretch stretch)
{
    char from[STORE_FEED_ID_MAX + 1];
    (void)snprintf(from, sizeof from, "(%s", stretch.before); /* exclusive */
    /* No script: that would make Lua tables of all entries, at three times the cost. */
    cmd_init(cmd, "XREVRANGE");
    store_key_of_shard(cmd, key, shard);
    cmd_arg_str(cmd, stretch.before[0] == '\0' ? "+" : from);
    cmd_arg_str(cmd, "-");
    cmd_arg_str(cmd, "COUNT");
    cmd_arg_i64(cmd, stretch.limit);
}

/* ---- arguments ---- */

enum arg_type {
    TEXT,
    NUMBER,
    COMMON, /* store_begin writes it */
    COMMON_NUMBER
};

static const unsigned char types[] = {
#define ARG(name, type, text) [ARG_##name] = (type),
#include "store/contract.def"
};

static const struct store_script *script_of(const struct cmd *cmd)
{
    return (const struct store_script *)(const void *)cmd->script; /* its first member */
}

/* Break the command unless the argument of that name comes next. */
static void expect(struct cmd *cmd, enum store_arg name)
{
    const struct script *script = cmd->script;
    size_t fixed = script->arg_count;
    bool is_late = cmd->argc >= script->key_count;
    size_t at = is_late ? cmd->argc - script->key_count : 0;
    if (at >= fixed && script->group > 0) {
        at = fixed + (at - fixed) % script->group;
    }
    if (!is_late || at >= fixed + script->group || script_of(cmd)->args[at] != name) {
        cmd->args.error = ERR_BUG;
    }
}

void store_arg(struct cmd *cmd, enum store_arg name, const void *data, size_t len)
{
    expect(cmd, name);
    cmd_arg(cmd, data, len);
}

void store_arg_str(struct cmd *cmd, enum store_arg name, const char *text)
{
    store_arg(cmd, name, text, strlen(text));
}

void store_arg_i64(struct cmd *cmd, enum store_arg name, int64_t value)
{
    expect(cmd, name);
    cmd_arg_i64(cmd, value);
}

void store_arg_instant(struct cmd *cmd, enum store_arg name, struct wall_ms at)
{
    if (at.ms == INT64_MAX) {
        store_arg_str(cmd, name, "");
    } else {
        store_arg_i64(cmd, name, at.ms);
    }
}

void store_arg_member(struct cmd *cmd, enum store_arg name, const struct job_id *job,
                      struct wall_ms scheduled)
{
    char digits[I64_DIGITS];
    const struct slice pieces[] = {id_slice(job), {digits, i64_format(digits, scheduled.ms)}};
    expect(cmd, name);
    cmd_arg_pieces(cmd, pieces, sizeof pieces / sizeof pieces[0]);
}

void store_arg_attempt(struct cmd *cmd, const struct store_attempt *attempt)
{
    char ticket[2 * I64_DIGITS + 1];
    size_t len = i64_format(ticket, attempt->number);
    ticket[len++] = '.';
    len += i64_format(ticket + len, attempt->token);
    store_arg_member(cmd, ARG_member, &attempt->job, attempt->scheduled);
    store_arg(cmd, ARG_ticket, ticket, len);
}

void store_arg_fields(struct cmd *cmd, struct job_fields *fields)
{
    int level = store_level_of(fields);
    cmd->level = level > cmd->level ? level : cmd->level;
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        bool is_slice = job_field_is_slice(field);
        if (is_slice && job_field_text(fields, field)->data != NULL) {
            store_arg_str(cmd, ARG_field, field->name);
            store_arg(cmd, ARG_value, job_field_text(fields, field)->data,
                      job_field_text(fields, field)->len);
        } else if (!is_slice && job_field_number(fields, field)->given) {
            store_arg_str(cmd, ARG_field, field->name);
            store_arg_i64(cmd, ARG_value, job_field_number(fields, field)->value);
        }
    }
}

/* ---- beginning ---- */

static void add_prefix(struct cmd *cmd, enum store_key key, const struct store_scope *scope)
{
    add_key(cmd, scope->shard, keys[key].spelling, slice_of(""));
}

/* Append an argument of type COMMON. */
static void add_common(struct cmd *cmd, enum store_arg name, const struct store_scope *scope)
{
    switch (name) {
    case ARG_shard:
        cmd_arg_i64(cmd, scope->shard);
        break;
    case ARG_runner:
        cmd_arg_str(cmd, scope->runner);
        break;
    case ARG_job_id:
        cmd_arg(cmd, scope->job->bytes, JOB_ID_SIZE);
        break;
    case ARG_job_prefix:
        add_prefix(cmd, KEY_job, scope);
        break;
    case ARG_history_prefix:
        add_prefix(cmd, KEY_history, scope);
        break;
    case ARG_claimed_prefix:
        add_prefix(cmd, KEY_claimed, scope);
        break;
    case ARG_executions_max:
        cmd_arg_i64(cmd, scope->keep->executions);
        break;
    case ARG_history_max:
        cmd_arg_i64(cmd, scope->keep->history);
        break;
    case ARG_dead_max:
        cmd_arg_i64(cmd, scope->keep->dead);
        break;
    case ARG_actor:
        store_audit_put_actor(cmd, scope->actor);
        break;
    case ARG_audit_max:
        cmd_arg_i64(cmd, scope->actor->keep);
        break;
    default:
        cmd->args.error = ERR_BUG;
    }
}

void store_begin(struct cmd *cmd, const struct store_script *script, const struct store_scope *scope)
{
    cmd_init_script(cmd, &script->script);
    for (size_t i = 0; i < script->script.key_count; i++) {
        store_key(cmd, script->keys[i], scope);
    }
    for (size_t i = 0; i < script->script.arg_count && types[script->args[i]] >= COMMON; i++) {
        add_common(cmd, script->args[i], scope);
    }
}
