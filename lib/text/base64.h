/* base64: writes RFC 4648, section 4, and reads it strictly: the alphabet with '+' and '/', padded to whole
 * groups of four, with nothing in between and no bits left over. So each sequence of bytes has exactly one
 * text. Pure; any thread.
 */
#ifndef DRONC_BASE64_H
#define DRONC_BASE64_H

#include "base/buffer.h"

#include <stdbool.h>

/* The length of the text of len bytes. */
#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Append the text of bytes. */
void base64_encode(struct buffer *out, struct slice bytes);

/* *len: how many bytes text stands for. Returns false if it is not base64. */
NODISCARD bool base64_check(struct slice text, size_t *len);

/* Append the bytes. text must be base64. */
void base64_decode(struct buffer *out, struct slice text);

#endif
