/* utf8: finds the characters in untrusted bytes (RFC 3629).
 *
 * Pure; any thread.
 */
#ifndef DRONC_UTF8_H
#define DRONC_UTF8_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The length of the character that text (len bytes, borrowed) starts with, 1 to 4, and the character itself
 * in *code_point. Returns 0 for anything else: an overlong form, a surrogate, more than U+10FFFF, a stray or
 * missing continuation byte, an empty text. */
NODISCARD size_t utf8_decode(const char *text, size_t len, uint32_t *code_point);

/* The largest length up to len at which text (at least len bytes, borrowed) may be cut without splitting a
 * character. Text that is not UTF-8 loses at most 3 bytes. */
NODISCARD size_t utf8_cut(const char *text, size_t len);

#endif
