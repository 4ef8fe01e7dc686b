/* redis_reply: see redis_reply.h. Integers inside an array become text, so that decoders see one kind of
 * item. */
#include "resp/redis_reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NUMBER_SIZE = 24, /* bytes of a decimal int64 and its NUL */
    ENTRY_WIDTH = 3   /* items that an entry of a stream becomes */
};

static void set_error(struct reply *out, const char *text)
{
    *out = (struct reply){.kind = REPLY_ERROR, .text = slice_of(text)};
}

static bool is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
}

/* One element of an array; digits is room for a number. Returns false if it is nested. */
static bool flatten_item(const redisReply *from, struct slice *out, char digits[NUMBER_SIZE])
{
    if (is_text(from)) {
        *out = (struct slice){from->str, (size_t)from->len};
        return true;
    }
    if (from->type == REDIS_REPLY_INTEGER) {
        int len = snprintf(digits, NUMBER_SIZE, "%lld", from->integer);
        *out = (struct slice){digits, (size_t)len};
        return true;
    }
    *out = (struct slice){NULL, 0};
    return from->type == REDIS_REPLY_NIL;
}

/* An entry of a stream: a position, and names and values (nil if the entry has been deleted since). */
static bool is_entry(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 && is_text(reply->element[0]) &&
           (reply->element[1]->type == REDIS_REPLY_ARRAY || reply->element[1]->type == REDIS_REPLY_NIL);
}

static struct slice field_of(const redisReply *fields, size_t index)
{
    bool there = fields->type == REDIS_REPLY_ARRAY && index < (size_t)fields->elements &&
                 is_text(fields->element[index]);
    return there ? (struct slice){fields->element[index]->str, (size_t)fields->element[index]->len}
                 : (struct slice){NULL, 0};
}

/* The position and the first two values. Returns false if it is not an entry. */
static bool flatten_entry(const redisReply *from, struct slice out[ENTRY_WIDTH])
{
    if (!is_entry(from)) {
        return false;
    }
    out[0] = (struct slice){from->element[0]->str, (size_t)from->element[0]->len};
    out[1] = field_of(from->element[1], 1);
    out[2] = field_of(from->element[1], 3);
    return true;
}

static void flatten_array(const redisReply *from, struct reply *out, struct slice **items)
{
    size_t count = (size_t)from->elements;
    *out = (struct reply){.kind = REPLY_ARRAY};
    if (count == 0) {
        return;
    }
    bool entries = is_entry(from->element[0]);
    size_t width = entries ? (size_t)ENTRY_WIDTH : 1;
    /* The slices first, then room for numbers. */
    struct slice *memory = count > (size_t)REPLY_BYTES_MAX / width / sizeof **items
                               ? NULL
                               : malloc(count * width * (sizeof **items + (size_t)NUMBER_SIZE));
    if (memory == NULL) {
        set_error(out, "the answer is too large");
        return;
    }
    char *digits = (char *)(memory + count * width);
    for (size_t i = 0; i < count; i++) {
        if (entries ? !flatten_entry(from->element[i], &memory[i * width])
                    : !flatten_item(from->element[i], &memory[i], digits + i * NUMBER_SIZE)) {
            free(memory);
            set_error(out, "the answer is nested");
            return;
        }
    }
    *items = memory;
    out->items = memory;
    out->count = count * width;
}

void redis_reply_flatten(const struct redisReply *from, struct reply *out, struct slice **items)
{
    *items = NULL;
    if (is_text(from)) {
        *out = (struct reply){.kind = REPLY_TEXT, .text = {from->str, (size_t)from->len}};
    } else if (from->type == REDIS_REPLY_INTEGER) {
        *out = (struct reply){.kind = REPLY_INTEGER, .integer = from->integer};
    } else if (from->type == REDIS_REPLY_NIL) {
        *out = (struct reply){.kind = REPLY_NIL};
    } else if (from->type == REDIS_REPLY_ERROR) {
        *out = (struct reply){.kind = REPLY_ERROR, .text = {from->str, (size_t)from->len}};
    } else if (from->type == REDIS_REPLY_ARRAY) {
        flatten_array(from, out, items);
    } else {
        set_error(out, "the answer is of an unknown type");
    }
}
