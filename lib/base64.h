/* base64: RFC 4648, section 4, read strictly: the alphabet with '+' and '/', padded to whole groups of four,
 * nothing in between, and no bits left over. So each sequence of bytes has exactly one text. Pure; any
 * thread.
 */
#ifndef DRONC_BASE64_H
#define DRONC_BASE64_H

#include "buffer.h"

#include <stdbool.h>

/* How many bytes text stands for. False: it is not base64. */
NODISCARD bool base64_check(struct slice text, size_t *len);

/* Append the text of bytes. */
void base64_encode(struct buffer *out, struct slice bytes);

/* Append the bytes. text must be base64. */
void base64_decode(struct buffer *out, struct slice text);

#endif
