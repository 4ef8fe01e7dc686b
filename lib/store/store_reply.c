/* store_reply: see store_reply.h. */
#include "store/store_reply.h"

#include <string.h>

bool store_member_parse(struct slice member, struct job_id *job, struct wall_ms *scheduled)
{
    if (member.data == NULL || member.len <= JOB_ID_SIZE) {
        return false;
    }
    memcpy(job->bytes, member.data, JOB_ID_SIZE);
    return slice_i64((struct slice){member.data + JOB_ID_SIZE, member.len - JOB_ID_SIZE}, &scheduled->ms);
}

bool store_ticket_parse(struct slice text, struct store_attempt *out)
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

enum err store_reply_i64(const struct reply *reply, const char *script, int64_t *out, struct errinfo *info)
{
    enum err err = reply_check(reply, info);
    if (err == ERR_OK && reply->kind != REPLY_INTEGER) {
        err = err_set(info, ERR_PROTOCOL, "%s did not answer with a number", script);
    }
    *out = err == ERR_OK ? reply->integer : 0;
    return err;
}

static bool read_number(struct slice text, struct job_number *out)
{
    out->given = text.data != NULL;
    return !out->given || slice_i64(text, &out->value);
}

/* Set a field to text. Returns false if the field is a number and the text is not. */
static bool set_field(struct job_fields *out, const struct job_field *field, struct slice text)
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
        good = set_field(out, job_field_at(i), reply->items[index + i]) && good;
    }
    if (!good) {
        out->schedule = slice_of("");
    }
}

/* Cut a number and the space after it off rest. */
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

/* Cut one packed field off rest. */
static bool take_field(struct slice *rest, struct job_fields *out)
{
    size_t index;
    struct slice text;
    return take_size(rest, &index) && index < JOB_FIELD_COUNT && store_take_text(rest, &text) &&
           set_field(out, job_field_at(index), text);
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
