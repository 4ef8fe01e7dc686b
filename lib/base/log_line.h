/* log_line: formats one event as a line of text or JSON. A helper of log, pure and without state.
 *
 * Owns the escaping: whatever a value holds, a line has one newline, at its end, and no byte that a terminal
 * would obey (control characters of both kinds, and those that change the direction of writing). Leaves time,
 * level and writing to log.c.
 */
#ifndef DRONC_LOG_LINE_H
#define DRONC_LOG_LINE_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"

#include <stddef.h>

/* What a line has besides its fields. */
struct log_head {
    enum log_format format;
    bool colour; /* text only: level and event in colour */
    struct wall_ms time;
    enum log_level level;
    const char *event;   /* borrowed */
    const char *program; /* borrowed; JSON only; NULL: left out */
};

/* Write the line, newline included, to out. Returns its length. */
size_t log_line_format(char out[LOG_LINE_MAX], const struct log_head *head, const struct log_field *fields,
                       size_t count);

/* Where an escaped text is put. */
enum log_escape {
    LOG_ESCAPE_BARE,   /* outside quotes: \n, \x1b, \u202e; quotes and backslashes stay */
    LOG_ESCAPE_QUOTED, /* inside the quotes of a text line: the same, and \" and \\ */
    LOG_ESCAPE_JSON    /* inside a JSON string; a byte that is not UTF-8 becomes U+FFFD */
};

/* Write text, escaped, to out: at most size bytes and no NUL. A text that does not fit is cut between two
 * characters and ends in "…" (nothing is written if size is below 3). Returns the number of bytes. */
size_t log_escape(char *out, size_t size, struct slice text, enum log_escape style);

#endif
