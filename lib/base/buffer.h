/* buffer: bytes that grow, up to a limit.
 *
 * Appending never fails halfway: on ERR_NOMEM or ERR_LIMIT the content stays as it was and the buffer
 * remembers the failure; later appends do nothing, so that a writer may append many times and check once
 * (buffer_error). Not thread-safe.
 */
#ifndef DRONC_BUFFER_H
#define DRONC_BUFFER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is a valid empty buffer without a limit. */
#define I64_DIGITS 20 /* bytes of the longest int64, its sign included */

struct buffer {
    char *data;     /* owned; always NUL-terminated once anything was appended, else NULL */
    size_t len;     /* bytes in use, the NUL not counted */
    size_t size;    /* bytes allocated */
    size_t limit;   /* the largest len; 0: no limit */
    enum err error; /* the first failure of an append since the last clear */
};

/* A piece of memory that somebody else owns. data NULL: nothing (unlike an empty piece). */
struct slice {
    const char *data;
    size_t len; /* bytes */
};

/* Make it an empty buffer of at most limit bytes (0: no limit). Does not allocate. */
void buffer_init(struct buffer *b, size_t limit);
/* Free the memory; the buffer is empty and usable afterwards. */
void buffer_fini(struct buffer *b);
/* Forget content and error, keep the memory. */
void buffer_clear(struct buffer *b);

/* Append bytes, a C string, one byte, a decimal number, a formatted text. Failures: see above. */
void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_add_str(struct buffer *b, const char *text);
void buffer_add_char(struct buffer *b, char c);
void buffer_add_i64(struct buffer *b, int64_t value);
void buffer_printf(struct buffer *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ERR_OK, or what the first failed append failed with. */
NODISCARD enum err buffer_error(const struct buffer *b);
/* The content; "" for an empty buffer. Borrowed until the next append. */
const char *buffer_str(const struct buffer *b);

/* The decimal digits of value, without a NUL; returns how many. */
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
/* Take the next word, and the one space behind it, off rest; an empty word if nothing is left. */
struct slice slice_take_word(struct slice *rest);

#endif
