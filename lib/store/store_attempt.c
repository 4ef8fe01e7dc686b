/* store_attempt: see store_attempt.h. */
#include "store/store_attempt.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <string.h>

/* Start a command about what a runner has claimed in a shard. */
static void begin(struct cmd *cmd, const struct store_script *script, unsigned shard, const char *runner)
{
    store_begin(cmd, script, &(struct store_scope){.shard = shard, .runner = runner});
}

/* The same for a script that records attempts. */
static void begin_recording(struct cmd *cmd, const struct store_script *script, unsigned shard,
                            const char *runner, const struct store_keep *keep)
{
    store_begin(cmd, script, &(struct store_scope){.shard = shard, .runner = runner, .keep = keep});
}

void store_claim(struct cmd *cmd, unsigned shard, const char *runner, const struct store_claim_bounds *bounds,
                 const struct store_keep *keep)
{
    begin_recording(cmd, &store_script_claim, shard, runner, keep);
    store_arg_i64(cmd, ARG_until_ms, bounds->until.ms);
    store_arg_i64(cmd, ARG_limit, bounds->limit);
    store_arg_i64(cmd, ARG_fresh_from, bounds->fresh_from.ms);
    store_arg_i64(cmd, ARG_backlog_limit, bounds->backlog_limit);
}

/* The earliest instant left, and whether a backlog is left; then a text for each claim. */
enum {
    CLAIM_HEAD = 2
};

enum err store_claim_reply(const struct reply *reply, struct store_claim_left *left, size_t *count,
                           struct errinfo *info)
{
    *count = 0;
    *left = (struct store_claim_left){.next = {INT64_MAX}};
    enum err err = store_check_array(reply, CLAIM_HEAD, 1, info);
    if (err != ERR_OK) {
        return err;
    }
    *count = reply->count - CLAIM_HEAD;
    left->backlog = reply->items[1].len > 0;
    return reply->items[0].len == 0 ? ERR_OK : store_item_i64(reply, 0, &left->next.ms, info);
}

/* Cut an occurrence off rest: the id, which may hold spaces, and the instant up to the next space. */
static bool take_member(struct slice *rest, struct store_attempt *out)
{
    if (rest->len < JOB_ID_SIZE) {
        return false;
    }
    const char *id = rest->data;
    *rest = (struct slice){id + JOB_ID_SIZE, rest->len - JOB_ID_SIZE};
    size_t len = JOB_ID_SIZE + slice_take_word(rest).len;
    return store_member_parse((struct slice){id, len}, &out->job, &out->scheduled);
}

/* What a claim's text (claim.lua) has of the job: created is empty where the job is gone. */
static void read_definition(struct slice created, struct slice packed, struct store_claimed *out)
{
    if (created.len == 0) {
        return;
    }
    store_packed_fields(packed, &out->fields);
    if (!slice_i64(created, &out->created.ms)) {
        out->fields.schedule = slice_of(""); /* broken, as with any other field */
    }
}

enum err store_claim_at(const struct reply *reply, size_t index, struct store_claimed *out,
                        struct errinfo *info)
{
    bool there = CLAIM_HEAD + index < reply->count;
    struct slice rest = there ? reply->items[CLAIM_HEAD + index] : (struct slice){NULL, 0};
    *out = (struct store_claimed){0};
    bool good = take_member(&rest, &out->attempt) &&
                store_ticket_parse(slice_take_word(&rest), &out->attempt) &&
                slice_i64(slice_take_word(&rest), &out->due.ms);
    struct slice state = slice_take_word(&rest);
    struct slice created = slice_take_word(&rest);
    if (good && slice_eq(state, STORE_KIND_NOTICE)) {
        good = store_take_text(&rest, &out->notice);
    }
    if (!good) {
        return err_set(info, ERR_PROTOCOL, "claim %zu of Redis' answer cannot be read", index);
    }
    out->from_retry = out->notice.data != NULL || slice_eq(state, STORE_CLAIM_RETRY);
    read_definition(created, rest, out);
    return ERR_OK;
}

void store_start(struct cmd *cmd, unsigned shard, const char *runner)
{
    begin(cmd, &store_script_start, shard, runner);
}

void store_start_stateful(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    begin_recording(cmd, &store_script_start_stateful, shard, runner, keep);
}

void store_start_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms next)
{
    store_arg_attempt(cmd, attempt);
    store_arg_instant(cmd, ARG_next_due, next);
}

void store_confirm(struct cmd *cmd, unsigned shard, const char *runner)
{
    begin(cmd, &store_script_confirm, shard, runner);
}

void store_confirm_add(struct cmd *cmd, const struct store_attempt *attempt)
{
    store_arg_attempt(cmd, attempt);
}

enum err store_verdict_at(const struct reply *reply, size_t index, enum store_verdict *out,
                          struct errinfo *info)
{
    int64_t value;
    enum err err = store_check_array(reply, 0, 1, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, index, &value, info);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (value < STORE_LOST || value > STORE_SETTLED) {
        return err_set(info, ERR_PROTOCOL, "Redis answered with verdict %lld", (long long)value);
    }
    *out = (enum store_verdict)value;
    return ERR_OK;
}

void store_finish(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    begin_recording(cmd, &store_script_finish, shard, runner, keep);
}

void store_finish_stateful(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    begin_recording(cmd, &store_script_finish_stateful, shard, runner, keep);
}

void store_finish_notice(struct cmd *cmd, unsigned shard, const char *runner)
{
    begin(cmd, &store_script_finish_notice, shard, runner);
}

/* Append an execution's record. */
static void add_record(struct cmd *cmd, const struct execution *execution)
{
    struct buffer record;
    buffer_init(&record, 0);
    execution_encode(execution, &record);
    if (buffer_error(&record) != ERR_OK) {
        cmd->args.error = ERR_NOMEM;
    }
    store_arg(cmd, ARG_record, buffer_str(&record), record.len);
    buffer_fini(&record);
}

void store_finish_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                      const struct store_ending *ending)
{
    static const char *const letters[] = {
#define AFTER(name, value, text) [STORE_AFTER_##name] = (value),
#include "store/contract.def"
    };
    store_arg_attempt(cmd, attempt);
    add_record(cmd, execution);
    store_arg_str(cmd, ARG_after, letters[ending->after]);
    if (ending->after == STORE_AFTER_GONE) {
        store_arg_str(cmd, ARG_at, ending->api);
    } else {
        store_arg_i64(cmd, ARG_at, ending->retry_at.ms);
    }
    store_arg_instant(cmd, ARG_next_due, ending->next);
}

void store_skip(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    begin_recording(cmd, &store_script_skip, shard, runner, keep);
}

void store_skip_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                    struct wall_ms next)
{
    store_arg_attempt(cmd, attempt);
    add_record(cmd, execution);
    store_arg_instant(cmd, ARG_next_due, next);
}

void store_release(struct cmd *cmd, unsigned shard, const char *runner)
{
    begin(cmd, &store_script_release, shard, runner);
}

void store_release_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms due)
{
    store_arg_attempt(cmd, attempt);
    store_arg_i64(cmd, ARG_due, due.ms);
}

void store_mark_broken(struct cmd *cmd, unsigned shard, const char *runner,
                       const struct store_attempt *attempt)
{
    store_begin(cmd, &store_script_mark_broken,
                &(struct store_scope){.shard = shard, .job = &attempt->job, .runner = runner});
    store_arg_attempt(cmd, attempt);
}

void store_held(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init(cmd, "HGETALL");
    store_key(cmd, KEY_claimed, &(struct store_scope){.shard = shard, .runner = runner});
}

/* <id><scheduled>, "<state> <ticket> <kind> <due> <stamp>" */
enum {
    HELD_WIDTH = 2
};

enum err store_held_count(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, HELD_WIDTH, info);
    *count = err == ERR_OK ? reply->count / HELD_WIDTH : 0;
    return err;
}

enum err store_held_at(const struct reply *reply, size_t index, struct store_claimed *out,
                       struct errinfo *info)
{
    size_t at = index * HELD_WIDTH;
    *out = (struct store_claimed){0};
    if (at + 1 >= reply->count || reply->items[at + 1].data == NULL ||
        !store_member_parse(reply->items[at], &out->attempt.job, &out->attempt.scheduled)) {
        return err_set(info, ERR_PROTOCOL, "claim %zu does not name an occurrence", index);
    }
    struct slice value = reply->items[at + 1];
    out->started = slice_eq(slice_take_word(&value), STORE_CLAIM_STARTED);
    bool good = store_ticket_parse(slice_take_word(&value), &out->attempt);
    (void)slice_take_word(&value); /* the kind */
    if (!good || !slice_i64(slice_take_word(&value), &out->due.ms)) {
        return err_set(info, ERR_PROTOCOL, "claim %zu cannot be read", index);
    }
    return ERR_OK;
}
