/* store_keys: see store_keys.h. All of Dronc's key space is spelled out in this file and in the wake
 * channel's name. */
#include "store/store_keys.h"

#include "store/store_level.h"

#include <string.h>

/* Append dronc:{<shard>}:<name>, and :<suffix> unless its data is NULL. In pieces, not with printf: half a
 * dozen of these go to Redis with each job and each call. */
static void add_key(struct cmd *cmd, unsigned shard, const char *name, struct slice suffix)
{
    char digits[I64_DIGITS];
    const struct slice pieces[] = {slice_of("dronc:{"), {digits, i64_format(digits, shard)},
                                   slice_of("}:"),      slice_of(name),
                                   slice_of(":"),       suffix};
    cmd_arg_pieces(cmd, pieces, suffix.data != NULL ? 6 : 4);
}

void store_key_arg(struct cmd *cmd, unsigned shard, const char *name)
{
    add_key(cmd, shard, name, (struct slice){NULL, 0});
}

void store_key_arg_of(struct cmd *cmd, unsigned shard, const char *name, const char *suffix)
{
    add_key(cmd, shard, name, slice_of(suffix));
}

void store_job_key_arg(struct cmd *cmd, const char *name, const struct job_id *id)
{
    add_key(cmd, store_shard(id), name, (struct slice){(const char *)id->bytes, JOB_ID_SIZE});
}

void store_prefix_arg(struct cmd *cmd, unsigned shard, const char *name)
{
    add_key(cmd, shard, name, slice_of(""));
}

void store_member_arg(struct cmd *cmd, const struct job_id *job, struct wall_ms scheduled)
{
    char digits[I64_DIGITS];
    const struct slice pieces[] = {{(const char *)job->bytes, JOB_ID_SIZE},
                                   {digits, i64_format(digits, scheduled.ms)}};
    cmd_arg_pieces(cmd, pieces, sizeof pieces / sizeof pieces[0]);
}

bool store_member_parse(struct slice member, struct job_id *job, struct wall_ms *scheduled)
{
    if (member.data == NULL || member.len <= JOB_ID_SIZE) {
        return false;
    }
    memcpy(job->bytes, member.data, JOB_ID_SIZE);
    return slice_i64((struct slice){member.data + JOB_ID_SIZE, member.len - JOB_ID_SIZE}, &scheduled->ms);
}

void store_instant_arg(struct cmd *cmd, struct wall_ms at)
{
    if (at.ms == INT64_MAX) {
        cmd_arg_str(cmd, "");
    } else {
        cmd_arg_i64(cmd, at.ms);
    }
}

void store_field_args(struct cmd *cmd, struct job_fields *fields)
{
    int level = store_level_of(fields);
    cmd->level = level > cmd->level ? level : cmd->level;
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        bool is_slice = job_field_is_slice(field);
        if (is_slice && job_field_text(fields, field)->data != NULL) {
            cmd_arg_str(cmd, field->name);
            cmd_arg(cmd, job_field_text(fields, field)->data, job_field_text(fields, field)->len);
        } else if (!is_slice && job_field_number(fields, field)->given) {
            cmd_arg_str(cmd, field->name);
            cmd_arg_i64(cmd, job_field_number(fields, field)->value);
        }
    }
}

enum err store_check_array(const struct reply *reply, size_t head, size_t width, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    if (err != ERR_OK) {
        return err;
    }
    if (reply->kind != REPLY_ARRAY || reply->count < head || (reply->count - head) % width != 0) {
        return err_set(info, ERR_PROTOCOL, "Redis answered with something that the script does not return");
    }
    return ERR_OK;
}

enum err store_item_i64(const struct reply *reply, size_t index, int64_t *out, struct errinfo *info)
{
    if (index >= reply->count || reply->items[index].data == NULL || !slice_i64(reply->items[index], out)) {
        return err_set(info, ERR_PROTOCOL, "item %zu of Redis' answer is not a number", index);
    }
    return ERR_OK;
}

enum err store_item_id(const struct reply *reply, size_t index, struct job_id *out, struct errinfo *info)
{
    if (index >= reply->count || reply->items[index].data == NULL || reply->items[index].len != JOB_ID_SIZE) {
        return err_set(info, ERR_PROTOCOL, "item %zu of Redis' answer is not a job's id", index);
    }
    memcpy(out->bytes, reply->items[index].data, JOB_ID_SIZE);
    return ERR_OK;
}

static bool read_number(struct slice text, struct job_number *out)
{
    out->given = text.data != NULL;
    return !out->given || slice_i64(text, &out->value);
}

/* Put text into the field at its place. False: it is to be a number, and is none. */
static bool put_field(struct job_fields *out, const struct job_field *field, struct slice text)
{
    if (!job_field_is_slice(field)) {
        return read_number(text, job_field_number(out, field));
    }
    *job_field_text(out, field) = text;
    return true;
}

void store_item_fields(const struct reply *reply, size_t index, struct job_fields *out)
{
    bool good = true;
    *out = (struct job_fields){0};
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        good = put_field(out, job_field_at(i), reply->items[index + i]) && good;
    }
    if (!good) {
        out->schedule = slice_of("");
    }
}

/* Take a number and the blank behind it off rest. */
static bool take_size(struct slice *rest, size_t *out)
{
    size_t len = 0;
    *out = 0;
    while (len < rest->len && len < 7 && rest->data[len] >= '0' && rest->data[len] <= '9') {
        *out = *out * 10 + (size_t)(rest->data[len++] - '0');
    }
    if (len == 0 || len == rest->len || rest->data[len] != ' ') {
        return false;
    }
    *rest = (struct slice){rest->data + len + 1, rest->len - len - 1};
    return true;
}

bool store_take_text(struct slice *rest, struct slice *out)
{
    size_t len;
    if (!take_size(rest, &len) || len >= rest->len) {
        return false;
    }
    *out = (struct slice){rest->data, len};
    *rest = (struct slice){rest->data + len + 1, rest->len - len - 1};
    return true;
}

/* Take one packed field off rest. */
static bool take_field(struct slice *rest, struct job_fields *out)
{
    size_t place;
    struct slice text;
    return take_size(rest, &place) && place < JOB_FIELD_COUNT && store_take_text(rest, &text) &&
           put_field(out, job_field_at(place), text);
}

void store_packed_fields(struct slice packed, struct job_fields *out)
{
    bool good = true;
    *out = (struct job_fields){0};
    while (good && packed.len > 0) {
        good = take_field(&packed, out);
    }
    if (!good || out->schedule.data == NULL) {
        out->schedule = slice_of("");
    }
}
