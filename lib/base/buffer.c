/* buffer: see buffer.h. Grows by doubling, never beyond the limit and its NUL. Does not shrink. */
#include "base/buffer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256 /* bytes of the first allocation: most texts are shorter */

void buffer_init(struct buffer *b, size_t limit)
{
    *b = (struct buffer){.limit = limit};
}

void buffer_fini(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){.limit = b->limit};
}

void buffer_wipe(struct buffer *b)
{
    if (b->data != NULL) {
        explicit_bzero(b->data, b->size);
    }
    buffer_fini(b);
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
    b->error = ERR_OK;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

/* The size of an allocation that holds need bytes, NUL included. Doubling keeps appending linear. */
static size_t grown_size(size_t size, size_t need)
{
    size_t grown = size < FIRST_SIZE ? FIRST_SIZE : size;
    while (grown < need) {
        if (grown > SIZE_MAX / 2) {
            return need;
        }
        grown *= 2;
    }
    return grown;
}

/* Make room for more bytes and a NUL. On failure, sets the error and changes nothing else. */
static bool reserve(struct buffer *b, size_t more)
{
    if (b->error != ERR_OK) {
        return false;
    }
    if (more > SIZE_MAX - 1 - b->len || (b->limit != 0 && more > b->limit - b->len)) {
        b->error = ERR_LIMIT;
        return false;
    }
    size_t need = b->len + more + 1;
    if (need <= b->size) {
        return true;
    }
    size_t size = grown_size(b->size, need);
    char *data = realloc(b->data, size);
    if (data == NULL) {
        b->error = ERR_NOMEM;
        return false;
    }
    b->data = data;
    b->size = size;
    return true;
}

void buffer_reserve(struct buffer *b, size_t more)
{
    (void)reserve(b, more);
}

void buffer_add(struct buffer *b, const void *data, size_t len)
{
    if (!reserve(b, len)) {
        return;
    }
    if (len > 0) { /* data may be NULL for an empty piece, which memcpy does not allow */
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
}

void buffer_add_str(struct buffer *b, const char *text)
{
    buffer_add(b, text, strlen(text));
}

void buffer_add_char(struct buffer *b, char c)
{
    if (reserve(b, 1)) {
        b->data[b->len++] = c;
        b->data[b->len] = '\0';
    }
}

/* Does without printf, which costs ten times as much: a dozen numbers go to Redis for each call. */
size_t i64_format(char out[I64_DIGITS], int64_t value)
{
    char digits[I64_DIGITS];
    char *start = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--start = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--start = '-';
    }
    size_t len = (size_t)(digits + sizeof digits - start);
    memcpy(out, start, len);
    return len;
}

void buffer_add_i64(struct buffer *b, int64_t value)
{
    char digits[I64_DIGITS];
    buffer_add(b, digits, i64_format(digits, value));
}

void buffer_printf(struct buffer *b, const char *fmt, ...)
{
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len < 0) {
        b->error = b->error != ERR_OK ? b->error : ERR_INVALID;
    } else if (reserve(b, (size_t)len)) {
        (void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
        b->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

enum err buffer_error(const struct buffer *b)
{
    return b->error;
}

const char *buffer_str(const struct buffer *b)
{
    return b->data != NULL ? b->data : "";
}

struct slice slice_of(const char *text)
{
    return (struct slice){.data = text, .len = text != NULL ? strlen(text) : 0};
}

bool slice_eq(struct slice a, const char *text)
{
    return a.data != NULL && a.len == strlen(text) && memcmp(a.data, text, a.len) == 0;
}

bool slice_i64(struct slice s, int64_t *value)
{
    bool negative = s.len > 0 && s.data[0] == '-';
    size_t pos = negative ? 1 : 0;
    if (pos == s.len) {
        return false;
    }
    int64_t sum = 0; /* kept negative, for INT64_MIN has no positive counterpart */
    for (; pos < s.len; pos++) {
        if (s.data[pos] < '0' || s.data[pos] > '9') {
            return false;
        }
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, s.data[pos] - '0', &sum)) {
            return false;
        }
    }
    if (!negative && sum == INT64_MIN) {
        return false;
    }
    *value = negative ? sum : -sum;
    return true;
}

bool slice_same(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

struct slice slice_take_until(struct slice *rest, char mark)
{
    const char *end = rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
    struct slice part = *rest;
    part.len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    size_t used = end != NULL ? part.len + 1 : part.len;
    rest->data += used;
    rest->len -= used;
    return part;
}

struct slice slice_take_word(struct slice *rest)
{
    return slice_take_until(rest, ' ');
}
