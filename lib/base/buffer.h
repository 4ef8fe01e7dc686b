/* buffer: bytes that grow, up to a limit.
 *
 * An append works in full or not at all: on ERR_NOMEM or ERR_LIMIT the content stays as it was, and the
 * buffer keeps the error. Later appends do nothing, so a writer may append many times and check once
 * (buffer_error). Not thread-safe.
 */
#ifndef DRONC_BUFFER_H
#define DRONC_BUFFER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define I64_DIGITS 20 /* bytes of the longest int64, its sign included */

/* Zero-initialised is a valid empty buffer without a limit. */
struct buffer {
    char *data;     /* owned; always NUL-terminated once anything was appended, else NULL */
    size_t len;     /* bytes in use, the NUL not counted */
    size_t size;    /* bytes allocated */
    size_t limit;   /* the largest len; 0: no limit */
    enum err error; /* the first failure of an append since the last clear */
};

/* A borrowed piece of memory. data NULL: absent, which is not the same as empty. */
struct slice {
    const char *data;
    size_t len; /* bytes */
};

/* Make it an empty buffer of at most limit bytes (0: no limit). Does not allocate. */
void buffer_init(struct buffer *b, size_t limit);
/* Free the memory; the buffer is empty and usable afterwards. */
void buffer_fini(struct buffer *b);
/* The same for what must not stay in freed memory. (While it grew, older copies of its beginning may have
 * stayed: reserve first what will be needed.) */
void buffer_wipe(struct buffer *b);
/* Make room for more bytes, so that appending them moves nothing. Failures: see above. */
void buffer_reserve(struct buffer *b, size_t more);
/* Drop content and error, keep the memory. */
void buffer_clear(struct buffer *b);

/* Append bytes, a C string, one byte, a decimal number, a formatted text. Failures: see above. */
void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_add_str(struct buffer *b, const char *text);
void buffer_add_char(struct buffer *b, char c);
void buffer_add_i64(struct buffer *b, int64_t value);
void buffer_printf(struct buffer *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ERR_OK, or the error of the first append that failed. */
NODISCARD enum err buffer_error(const struct buffer *b);
/* The content; "" if the buffer is empty. Borrowed until the next append. */
const char *buffer_str(const struct buffer *b);

/* Write the decimal digits of value, without a NUL. Returns their number. */
size_t i64_format(char out[I64_DIGITS], int64_t value);

/* Slices. slice_of borrows the string; slice_eq compares bytes. */
struct slice slice_of(const char *text);
bool slice_eq(struct slice a, const char *text);
/* Read a decimal int64: an optional '-', digits, nothing else. False when it is not one or does not fit. */
NODISCARD bool slice_i64(struct slice s, int64_t *value);
/* Do both hold the same bytes? A slice without data equals an empty one. */
bool slice_same(struct slice a, struct slice b);
/* Take what stands before the next mark, and the mark, off rest; all of it if there is no mark. */
struct slice slice_take_until(struct slice *rest, char mark);
/* Take the next word, and the one space after it, off rest; an empty word if nothing is left. */
struct slice slice_take_word(struct slice *rest);

#endif
