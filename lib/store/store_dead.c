/* store_dead: see store_dead.h. */
#include "store/store_dead.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

void store_dead_page(struct cmd *cmd, unsigned shard, const struct store_dead_query *query)
{
    const struct store_dead_position *after = query->after;
    store_begin(cmd, &store_script_dead_page, &(struct store_scope){.shard = shard});
    store_arg_str(cmd, ARG_order, query->newest_first ? "new" : "old");
    store_arg_instant(cmd, ARG_after_died, after != NULL ? after->died : (struct wall_ms){INT64_MAX});
    if (after != NULL) {
        store_arg_member(cmd, ARG_after_member, &after->job, after->scheduled);
    } else {
        store_arg_str(cmd, ARG_after_member, "");
    }
    store_arg(cmd, ARG_only_id, query->job != NULL ? query->job->bytes : (const unsigned char *)"",
              query->job != NULL ? JOB_ID_SIZE : 0);
    store_arg_instant(cmd, ARG_before_died, query->before);
    store_arg_i64(cmd, ARG_limit, query->limit);
    store_arg_i64(cmd, ARG_look_at, query->look_at);
}

enum {
    PAGE_MORE,
    PAGE_LOOKED_AT,
    PAGE_DIED,
    PAGE_MEMBER,
    PAGE_HEAD,
    ENTRY_ID = 0,
    ENTRY_SCHEDULED,
    ENTRY_DIED,
    ENTRY_RECORD,
    ENTRY_WIDTH
};

enum err store_dead_page_reply(const struct reply *reply, struct store_dead_page *out, struct errinfo *info)
{
    int64_t more = 0;
    *out = (struct store_dead_page){0};
    enum err err = store_check_array(reply, PAGE_HEAD, ENTRY_WIDTH, info);
    err = err == ERR_OK ? store_item_i64(reply, PAGE_MORE, &more, info) : err;
    err = err == ERR_OK ? store_item_i64(reply, PAGE_LOOKED_AT, &out->looked_at, info) : err;
    if (err != ERR_OK) {
        return err;
    }
    out->more = more != 0;
    out->count = (reply->count - PAGE_HEAD) / ENTRY_WIDTH;
    /* If nothing was an occurrence, there is no position to go on from. */
    if (reply->items[PAGE_MEMBER].len == 0) {
        out->more = false;
        return ERR_OK;
    }
    err = store_item_i64(reply, PAGE_DIED, &out->position.died.ms, info);
    if (!store_member_parse(reply->items[PAGE_MEMBER], &out->position.job, &out->position.scheduled)) {
        out->more = false;
    }
    return err;
}

enum err store_dead_page_at(const struct reply *reply, size_t index, struct store_dead *out,
                            struct errinfo *info)
{
    size_t at = PAGE_HEAD + index * ENTRY_WIDTH;
    struct store_dead_position *position = &out->position;
    enum err err = store_item_id(reply, at + ENTRY_ID, &position->job, info);
    err = err == ERR_OK ? store_item_i64(reply, at + ENTRY_SCHEDULED, &position->scheduled.ms, info) : err;
    err = err == ERR_OK ? store_item_i64(reply, at + ENTRY_DIED, &position->died.ms, info) : err;
    if (err != ERR_OK) {
        return err;
    }
    struct slice record = reply->items[at + ENTRY_RECORD];
    out->known = record.data != NULL && execution_decode(&out->last, &position->job, record) == ERR_OK;
    return ERR_OK;
}

/* As Redis compares members: byte by byte, and decimal numbers are text to it. */
int store_dead_compare(const struct store_dead_position *a, const struct store_dead_position *b)
{
    if (a->died.ms != b->died.ms) {
        return a->died.ms < b->died.ms ? -1 : 1;
    }
    int difference = memcmp(a->job.bytes, b->job.bytes, JOB_ID_SIZE);
    if (difference == 0) {
        char x[24];
        char y[24];
        (void)snprintf(x, sizeof x, "%lld", (long long)a->scheduled.ms);
        (void)snprintf(y, sizeof y, "%lld", (long long)b->scheduled.ms);
        difference = strcmp(x, y);
    }
    return difference;
}

void store_dead_redrive(struct cmd *cmd, unsigned shard, int attempts, const struct store_pace *pace,
                        const struct store_actor *actor)
{
    store_begin(cmd, &store_script_dead_redrive, &(struct store_scope){.shard = shard, .actor = actor});
    store_arg_i64(cmd, ARG_attempts, attempts);
    store_arg_i64(cmd, ARG_first_us, pace->first_us);
    store_arg_i64(cmd, ARG_step_us, pace->step_us);
}

void store_dead_add(struct cmd *cmd, const struct job_id *job, struct wall_ms scheduled)
{
    store_arg_member(cmd, ARG_member, job, scheduled);
}

enum err store_dead_redrive_at(const struct reply *reply, size_t index, enum store_redriven *out,
                               int *attempt, struct errinfo *info)
{
    int64_t value = 0;
    enum err err = store_check_array(reply, 1, 1, info);
    err = err == ERR_OK ? store_item_i64(reply, 1 + index, &value, info) : err;
    if (err != ERR_OK) {
        return err;
    }
    if (value < STORE_REDRIVE_ONCE || value > STORE_ATTEMPT_MAX) {
        return err_set(info, ERR_PROTOCOL, "dead_redrive answered with %lld", (long long)value);
    }
    *attempt = value > 0 ? (int)value : 0;
    *out = value > 0 ? STORE_REDRIVE_DONE : (enum store_redriven)value;
    return ERR_OK;
}

enum err store_dead_redrive_next(const struct reply *reply, int64_t *next_us, struct errinfo *info)
{
    enum err err = store_check_array(reply, 1, 1, info);
    return err == ERR_OK ? store_item_i64(reply, 0, next_us, info) : err;
}

void store_dead_drop(struct cmd *cmd, unsigned shard, const struct store_actor *actor)
{
    store_begin(cmd, &store_script_dead_drop, &(struct store_scope){.shard = shard, .actor = actor});
}

enum err store_dead_drop_reply(const struct reply *reply, int64_t *dropped, struct errinfo *info)
{
    return store_reply_i64(reply, "dead_drop", dropped, info);
}
