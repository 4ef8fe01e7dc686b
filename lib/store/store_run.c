/* store_run: see store_run.h. */
#include "store/store_run.h"

#include "store/store_keys.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

void store_claim(struct cmd *cmd, unsigned shard, const char *runner, const struct store_claim_bounds *bounds,
                 const struct store_keep *keep)
{
    cmd_init_script(cmd, &store_script_claim, 7);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "retry");
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "holders");
    store_key_arg(cmd, shard, "token");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    cmd_arg_str(cmd, runner);
    cmd_arg_i64(cmd, bounds->until.ms);
    cmd_arg_i64(cmd, bounds->limit);
    store_prefix_arg(cmd, shard, "job");
    cmd_arg_i64(cmd, bounds->fresh_from.ms);
    cmd_arg_i64(cmd, bounds->backlog_limit);
    store_prefix_arg(cmd, shard, "history");
    cmd_arg_i64(cmd, keep->executions);
    cmd_arg_i64(cmd, keep->history);
}

enum {
    CLAIM_HEAD =
        2 /* items: the earliest instant left, whether a backlog is left; then a text for each claim */
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

/* A ticket: "<attempt>.<token>". */
static bool parse_ticket(struct slice text, struct store_attempt *out)
{
    const char *dot = text.data == NULL ? NULL : memchr(text.data, '.', text.len);
    int64_t number;
    if (dot == NULL) {
        return false;
    }
    size_t head = (size_t)(dot - text.data);
    if (!slice_i64((struct slice){text.data, head}, &number) || number < 1 || number > STORE_ATTEMPT_MAX) {
        return false;
    }
    out->number = (int)number;
    return slice_i64((struct slice){dot + 1, text.len - head - 1}, &out->token);
}

void store_ticket_arg(struct cmd *cmd, const struct store_attempt *attempt)
{
    char ticket[2 * I64_DIGITS + 1];
    size_t len = i64_format(ticket, attempt->number);
    ticket[len++] = '.';
    len += i64_format(ticket + len, attempt->token);
    cmd_arg(cmd, ticket, len);
}

/* Take an occurrence off rest: the id, which may hold blanks, and the instant up to the next one. */
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

/* What a claim's text (claim.lua) has of the job. */
static void read_definition(struct slice created, struct slice packed, struct store_claimed *out)
{
    if (created.len == 0) {
        return; /* the job is gone */
    }
    store_packed_fields(packed, &out->fields);
    if (!slice_i64(created, &out->created.ms)) {
        out->fields.schedule = slice_of(""); /* as garbage as any other field */
    }
}

enum err store_claim_at(const struct reply *reply, size_t index, struct store_claimed *out,
                        struct errinfo *info)
{
    bool there = CLAIM_HEAD + index < reply->count;
    struct slice rest = there ? reply->items[CLAIM_HEAD + index] : (struct slice){NULL, 0};
    *out = (struct store_claimed){0};
    bool good = take_member(&rest, &out->attempt) && parse_ticket(slice_take_word(&rest), &out->attempt) &&
                slice_i64(slice_take_word(&rest), &out->due.ms);
    struct slice state = slice_take_word(&rest);
    struct slice created = slice_take_word(&rest);
    if (good && slice_eq(state, "n")) {
        good = store_take_text(&rest, &out->notice);
    }
    if (!good) {
        return err_set(info, ERR_PROTOCOL, "claim %zu of Redis' answer cannot be read", index);
    }
    out->from_retry = out->notice.data != NULL || slice_eq(state, "r");
    read_definition(created, rest, out);
    return ERR_OK;
}

void store_start(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init_script(cmd, &store_script_start, 3);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "retry");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
}

void store_start_watched(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    cmd_init_script(cmd, &store_script_start_watched, 6);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "holders");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "claimed");
    store_prefix_arg(cmd, shard, "history");
    cmd_arg_i64(cmd, keep->executions);
    cmd_arg_i64(cmd, keep->history);
}

void store_start_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms next)
{
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
    store_instant_arg(cmd, next);
}

void store_confirm(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init_script(cmd, &store_script_confirm, 1);
    store_key_arg_of(cmd, shard, "claimed", runner);
}

void store_confirm_add(struct cmd *cmd, const struct store_attempt *attempt)
{
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
}

enum err store_verdict_at(const struct reply *reply, size_t index, enum store_verdict *out,
                          struct errinfo *info)
{
    static const enum store_verdict verdicts[] = {
        [0] = STORE_LOST, [1] = STORE_DONE, [2] = STORE_GONE, [3] = STORE_SETTLED};
    int64_t value;
    enum err err = store_check_array(reply, 0, 1, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, index, &value, info);
    }
    if (err != ERR_OK) {
        return err;
    }
    if (value < 0 || value >= (int64_t)(sizeof verdicts / sizeof verdicts[0])) {
        return err_set(info, ERR_PROTOCOL, "Redis answered with verdict %lld", (long long)value);
    }
    *out = verdicts[value];
    return ERR_OK;
}

static void begin_finish(struct cmd *cmd, const struct script *script, unsigned shard, const char *runner,
                         const struct store_keep *keep)
{
    cmd_init_script(cmd, script, 7);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "dead");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "gone");
    store_key_arg(cmd, shard, "holders");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "history");
    cmd_arg_i64(cmd, keep->executions);
    cmd_arg_i64(cmd, keep->history);
    cmd_arg_i64(cmd, keep->dead);
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "claimed");
}

void store_finish(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    begin_finish(cmd, &store_script_finish, shard, runner, keep);
}

void store_finish_watched(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    begin_finish(cmd, &store_script_finish_watched, shard, runner, keep);
}

void store_finish_notice(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init_script(cmd, &store_script_finish_notice, 2);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "retry");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
}

/* Append an execution's record as an argument. */
static void record_arg(struct cmd *cmd, const struct execution *execution)
{
    struct buffer record;
    buffer_init(&record, 0);
    execution_encode(execution, &record);
    if (buffer_error(&record) != ERR_OK) {
        cmd->args.error = ERR_NOMEM;
    }
    cmd_arg(cmd, buffer_str(&record), record.len);
    buffer_fini(&record);
}

void store_finish_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                      const struct store_ending *ending)
{
    static const char *const words[] = {[STORE_AFTER_NOTHING] = "n",
                                        [STORE_AFTER_RETRY] = "r",
                                        [STORE_AFTER_DEAD] = "d",
                                        [STORE_AFTER_GONE] = "g"};
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
    record_arg(cmd, execution);
    cmd_arg_str(cmd, words[ending->after]);
    if (ending->after == STORE_AFTER_GONE) {
        cmd_arg_str(cmd, ending->api);
    } else {
        cmd_arg_i64(cmd, ending->retry_at.ms);
    }
    store_instant_arg(cmd, ending->next);
}

void store_skip(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep)
{
    cmd_init_script(cmd, &store_script_skip, 4);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "executions");
    store_key_arg(cmd, shard, "gone");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
    store_prefix_arg(cmd, shard, "history");
    cmd_arg_i64(cmd, keep->executions);
    cmd_arg_i64(cmd, keep->history);
}

void store_skip_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                    struct wall_ms next)
{
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
    record_arg(cmd, execution);
    store_instant_arg(cmd, next);
}

void store_release(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init_script(cmd, &store_script_release, 3);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "due");
    store_key_arg(cmd, shard, "retry");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
}

void store_release_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms due)
{
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
    cmd_arg_i64(cmd, due.ms);
}

void store_set_aside(struct cmd *cmd, unsigned shard, const char *runner, const struct store_attempt *attempt)
{
    cmd_init_script(cmd, &store_script_set_aside, 3);
    store_key_arg_of(cmd, shard, "claimed", runner);
    store_key_arg(cmd, shard, "broken");
    store_job_key_arg(cmd, "job", &attempt->job);
    store_member_arg(cmd, &attempt->job, attempt->scheduled);
    store_ticket_arg(cmd, attempt);
}

void store_held(struct cmd *cmd, unsigned shard, const char *runner)
{
    cmd_init(cmd, "HGETALL");
    store_key_arg_of(cmd, shard, "claimed", runner);
}

enum {
    HELD_WIDTH = 2
}; /* <id><scheduled>, "<state> <ticket> <M|L|m|l|n> <due> <stamp>" */

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
    out->started = slice_eq(slice_take_word(&value), "s");
    bool good = parse_ticket(slice_take_word(&value), &out->attempt);
    (void)slice_take_word(&value); /* the type */
    if (!good || !slice_i64(slice_take_word(&value), &out->due.ms)) {
        return err_set(info, ERR_PROTOCOL, "claim %zu cannot be read", index);
    }
    return ERR_OK;
}
