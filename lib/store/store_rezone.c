/* store_rezone: see store_rezone.h. */
#include "store/store_rezone.h"

#include "store/store_command.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <string.h>

void store_due_page(struct cmd *cmd, unsigned shard, const char *cursor)
{
    store_begin(cmd, &store_script_due_page, &(struct store_scope){.shard = shard});
    store_arg_str(cmd, ARG_cursor, cursor);
    store_arg_i64(cmd, ARG_look_at, STORE_DUE_PAGE);
}

/* The next cursor, then entries. */
enum {
    PAGE_HEAD = 1,
    PAGE_ID = 0,
    PAGE_DUE,
    PAGE_STAMP,
    PAGE_CREATED,
    PAGE_FIELDS,
    PAGE_WIDTH = PAGE_FIELDS + JOB_FIELD_COUNT
};

enum err store_due_page_reply(const struct reply *reply, char cursor[STORE_CURSOR_SIZE], size_t *count,
                              struct errinfo *info)
{
    *count = 0;
    enum err err = store_check_array(reply, PAGE_HEAD, PAGE_WIDTH, info);
    if (err != ERR_OK) {
        return err;
    }
    struct slice next = reply->items[0];
    if (next.data == NULL || next.len == 0 || next.len >= STORE_CURSOR_SIZE ||
        memchr(next.data, '\0', next.len) != NULL) {
        return err_set(info, ERR_PROTOCOL, "due_page did not answer with a cursor");
    }
    memcpy(cursor, next.data, next.len);
    cursor[next.len] = '\0';
    *count = (reply->count - PAGE_HEAD) / PAGE_WIDTH;
    return ERR_OK;
}

enum err store_due_page_at(const struct reply *reply, size_t index, struct store_pending *out,
                           struct errinfo *info)
{
    size_t at = PAGE_HEAD + index * PAGE_WIDTH;
    *out = (struct store_pending){0};
    enum err err = store_item_id(reply, at + PAGE_ID, &out->job, info);
    if (err == ERR_OK) {
        err = store_item_i64(reply, at + PAGE_DUE, &out->due.ms, info);
    }
    if (err == ERR_OK) {
        err = store_item_i64(reply, at + PAGE_CREATED, &out->created.ms, info);
    }
    if (err != ERR_OK) {
        return err;
    }
    out->stamp = reply->items[at + PAGE_STAMP];
    store_item_fields(reply, at + PAGE_FIELDS, &out->fields);
    return ERR_OK;
}

void store_rezone(struct cmd *cmd, unsigned shard)
{
    store_begin(cmd, &store_script_rezone, &(struct store_scope){.shard = shard});
}

void store_rezone_add(struct cmd *cmd, const struct store_pending *pending, struct wall_ms due)
{
    store_arg(cmd, ARG_id, pending->job.bytes, JOB_ID_SIZE);
    store_arg(cmd, ARG_stamp, pending->stamp.data == NULL ? "" : pending->stamp.data, pending->stamp.len);
    store_arg_i64(cmd, ARG_was_due, pending->due.ms);
    store_arg_i64(cmd, ARG_due, due.ms);
}

enum err store_rezone_reply(const struct reply *reply, int64_t *moved, struct errinfo *info)
{
    *moved = 0;
    enum err err = store_check_array(reply, 0, 1, info);
    for (size_t i = 0; err == ERR_OK && i < reply->count; i++) {
        *moved += slice_eq(reply->items[i], "1") ? 1 : 0;
    }
    return err;
}
