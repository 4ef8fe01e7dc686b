/* store_dead: see store_dead.h. */
#include "store/store_dead.h"

#include "store/store_keys.h"
#include "store/store_scripts.h"

#include <stdio.h>
#include <string.h>

static void dead_keys(struct cmd *cmd, unsigned shard)
{
    store_key_arg(cmd, shard, "dead");
    store_key_arg(cmd, shard, "dead:records");
}

void store_dead_page(struct cmd *cmd, unsigned shard, const struct store_dead_query *query)
{
    const struct store_dead_place *after = query->after;
    cmd_init_script(cmd, &store_script_dead_page, 2);
    dead_keys(cmd, shard);
    cmd_arg_str(cmd, query->newest_first ? "new" : "old");
    store_instant_arg(cmd, after != NULL ? after->died : (struct wall_ms){INT64_MAX});
    if (after != NULL) {
        store_member_arg(cmd, &after->job, after->scheduled);
    } else {
        cmd_arg_str(cmd, "");
    }
    cmd_arg(cmd, query->job != NULL ? query->job->bytes : (const unsigned char *)"",
            query->job != NULL ? JOB_ID_SIZE : 0);
    store_instant_arg(cmd, query->before);
    cmd_arg_i64(cmd, query->limit);
    cmd_arg_i64(cmd, query->look_at);
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
    /* Where nothing was an occurrence there is no way to go on behind it. */
    if (reply->items[PAGE_MEMBER].len == 0) {
        out->more = false;
        return ERR_OK;
    }
    err = store_item_i64(reply, PAGE_DIED, &out->place.died.ms, info);
    if (!store_member_parse(reply->items[PAGE_MEMBER], &out->place.job, &out->place.scheduled)) {
        out->more = false;
    }
    return err;
}

enum err store_dead_page_at(const struct reply *reply, size_t index, struct store_dead *out,
                            struct errinfo *info)
{
    size_t at = PAGE_HEAD + index * ENTRY_WIDTH;
    struct store_dead_place *place = &out->place;
    enum err err = store_item_id(reply, at + ENTRY_ID, &place->job, info);
    err = err == ERR_OK ? store_item_i64(reply, at + ENTRY_SCHEDULED, &place->scheduled.ms, info) : err;
    err = err == ERR_OK ? store_item_i64(reply, at + ENTRY_DIED, &place->died.ms, info) : err;
    if (err != ERR_OK) {
        return err;
    }
    struct slice record = reply->items[at + ENTRY_RECORD];
    out->known = record.data != NULL && execution_decode(&out->last, &place->job, record) == ERR_OK;
    return ERR_OK;
}

/* As Redis compares members: byte by byte, and decimal numbers are text to it. */
int store_dead_compare(const struct store_dead_place *a, const struct store_dead_place *b)
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

void store_dead_redrive(struct cmd *cmd, unsigned shard, int attempts, const struct store_pace *pace)
{
    cmd_init_script(cmd, &store_script_dead_redrive, 4);
    dead_keys(cmd, shard);
    store_key_arg(cmd, shard, "retry");
    store_key_arg(cmd, shard, "holders");
    cmd_arg_i64(cmd, shard);
    store_prefix_arg(cmd, shard, "job");
    cmd_arg_i64(cmd, attempts);
    cmd_arg_i64(cmd, pace->first_us);
    cmd_arg_i64(cmd, pace->step_us);
    store_prefix_arg(cmd, shard, "claimed");
}

void store_dead_add(struct cmd *cmd, const struct job_id *job, struct wall_ms scheduled)
{
    store_member_arg(cmd, job, scheduled);
}

enum err store_dead_redrive_at(const struct reply *reply, size_t index, enum store_redriven *out,
                               int *attempt, struct errinfo *info)
{
    static const enum store_redriven answers[] = {STORE_REDRIVE_NONE, STORE_REDRIVE_GONE,
                                                  STORE_REDRIVE_PAUSED, STORE_REDRIVE_ONCE};
    int64_t value = 0;
    enum err err = store_check_array(reply, 1, 1, info);
    err = err == ERR_OK ? store_item_i64(reply, 1 + index, &value, info) : err;
    if (err != ERR_OK) {
        return err;
    }
    if (value < -3 || value > STORE_ATTEMPT_MAX) {
        return err_set(info, ERR_PROTOCOL, "dead_redrive answered with %lld", (long long)value);
    }
    *attempt = value > 0 ? (int)value : 0;
    *out = value > 0 ? STORE_REDRIVEN : answers[-value];
    return ERR_OK;
}

enum err store_dead_redrive_next(const struct reply *reply, int64_t *next_us, struct errinfo *info)
{
    enum err err = store_check_array(reply, 1, 1, info);
    return err == ERR_OK ? store_item_i64(reply, 0, next_us, info) : err;
}

void store_dead_drop(struct cmd *cmd, unsigned shard)
{
    cmd_init_script(cmd, &store_script_dead_drop, 2);
    dead_keys(cmd, shard);
}

enum err store_dead_drop_reply(const struct reply *reply, int64_t *dropped, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    if (err == ERR_OK && reply->kind != REPLY_INTEGER) {
        err = err_set(info, ERR_PROTOCOL, "dead_drop did not answer with a number");
    }
    *dropped = err == ERR_OK ? reply->integer : 0;
    return err;
}
