/* http_chunks: see http_chunks.h. */
#include "http/http_chunks.h"

#include <string.h>

/* The value of a hexadecimal digit; -1 for any other character. */
static int digit_of(char c)
{
    char lower = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum http_chunks_state take_digit(struct http_chunks *chunks, char c)
{
    int digit = digit_of(c);
    if (digit < 0 || chunks->left > INT64_MAX >> 4) {
        return HTTP_CHUNKS_BAD;
    }
    chunks->left = chunks->left << 4 | digit;
    return HTTP_CHUNKS_DIGITS;
}

/* What may follow a size: spaces and tabs, an extension, the end of the line. */
static enum http_chunks_state after_size(char c)
{
    return c == '\r'               ? HTTP_CHUNKS_SIZE_END
           : c == ';'              ? HTTP_CHUNKS_EXTENSION
           : c == ' ' || c == '\t' ? HTTP_CHUNKS_PADDING
                                   : HTTP_CHUNKS_BAD;
}

static bool is_too_much(struct http_chunks *chunks)
{
    return ++chunks->extras > HTTP_CHUNK_EXTRAS_MAX;
}

static enum http_chunks_state take_extension(struct http_chunks *chunks, char c)
{
    bool bad = c == '\n' || c == '\0' || is_too_much(chunks);
    return c == '\r' ? HTTP_CHUNKS_SIZE_END : bad ? HTTP_CHUNKS_BAD : HTTP_CHUNKS_EXTENSION;
}

/* A trailer is ignored, but it must be a field. */
static enum http_chunks_state take_trailer(struct http_chunks *chunks, char c)
{
    bool in_name = chunks->state != HTTP_CHUNKS_TRAILER_VALUE;
    if (is_too_much(chunks) || (in_name && (c == '\r' || c == '\n' || c == ' ' || c == '\t'))) {
        return HTTP_CHUNKS_BAD;
    }
    return c == '\n'              ? HTTP_CHUNKS_TRAILER
           : !in_name || c == ':' ? HTTP_CHUNKS_TRAILER_VALUE
                                  : HTTP_CHUNKS_TRAILER_NAME;
}

static enum http_chunks_state only(char c, char wanted, enum http_chunks_state then)
{
    return c == wanted ? then : HTTP_CHUNKS_BAD;
}

/* A byte that is not a chunk's data. */
static enum http_chunks_state take_byte(struct http_chunks *chunks, char c)
{
    switch (chunks->state) {
    case HTTP_CHUNKS_SIZE:
        return take_digit(chunks, c);
    case HTTP_CHUNKS_DIGITS:
        return digit_of(c) >= 0 ? take_digit(chunks, c) : after_size(c);
    case HTTP_CHUNKS_PADDING:
        return after_size(c);
    case HTTP_CHUNKS_EXTENSION:
        return take_extension(chunks, c);
    case HTTP_CHUNKS_SIZE_END:
        return only(c, '\n', chunks->left > 0 ? HTTP_CHUNKS_DATA : HTTP_CHUNKS_TRAILER);
    case HTTP_CHUNKS_DATA_CR:
        return only(c, '\r', HTTP_CHUNKS_DATA_END);
    case HTTP_CHUNKS_DATA_END:
        return only(c, '\n', HTTP_CHUNKS_SIZE);
    case HTTP_CHUNKS_TRAILER:
        return c == '\r' ? HTTP_CHUNKS_LAST : take_trailer(chunks, c);
    case HTTP_CHUNKS_TRAILER_NAME:
    case HTTP_CHUNKS_TRAILER_VALUE:
        return take_trailer(chunks, c);
    case HTTP_CHUNKS_LAST:
        return only(c, '\n', HTTP_CHUNKS_END);
    default:
        return HTTP_CHUNKS_BAD;
    }
}

/* Pass as much of a chunk's data as there is. Returns how much that was. */
static size_t take_data(struct http_chunks *chunks, const char *data, size_t len, http_chunks_cb *cb,
                        void *arg)
{
    size_t taken = (int64_t)len < chunks->left ? len : (size_t)chunks->left;
    cb(arg, data, taken);
    chunks->left -= (int64_t)taken;
    if (chunks->left == 0) {
        chunks->state = HTTP_CHUNKS_DATA_CR;
    }
    return taken;
}

bool http_chunks_feed(struct http_chunks *chunks, const char *data, size_t len, http_chunks_cb *cb, void *arg)
{
    for (size_t at = 0; at < len && chunks->state != HTTP_CHUNKS_BAD;) {
        if (chunks->state == HTTP_CHUNKS_END) {
            chunks->excess = true;
            return true;
        }
        if (chunks->state == HTTP_CHUNKS_DATA) {
            at += take_data(chunks, data + at, len - at, cb, arg);
        } else {
            chunks->state = take_byte(chunks, data[at++]);
        }
    }
    return chunks->state != HTTP_CHUNKS_BAD;
}
