/* http_answer: reads the head of an answer, line by line as libcurl passes the lines: its status, whether its
 * framing (where its body ends) is certain, and the few fields that Dronc uses. Private to http_client.
 *
 * libcurl decides what is HTTP and where the body ends, and it is lenient. This module refuses what RFC 9112
 * calls an error and libcurl accepts: a status that is not three digits; lengths that differ or are
 * malformed; a length beside a transfer coding; a coding other than chunked (Dronc asks for none); a coding
 * in HTTP/1.0; a first line that is not a status line (libcurl takes "http/1.1 500 No" for a 200); a NUL or
 * a CR inside a line (for libcurl, the head may end there). Answers without a body (to HEAD; 1xx, 204, 304)
 * end with their head, whatever their fields say.
 *
 * A field may continue in lines that begin with a space or a tab (folding). libcurl before 8.18 passes these
 * as they came. Here they are part of the value. But libcurl has not read them so; therefore they are an
 * error in the fields that frame the body, and in the Location of a redirect.
 *
 * Pure; no clock, no memory of its own.
 */
#ifndef DRONC_HTTP_ANSWER_H
#define DRONC_HTTP_ANSWER_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_FIELD_SIZE 48 /* bytes of a value that is kept, with the NUL: longer than any date */

enum http_field {
    HTTP_RETRY_AFTER,
    HTTP_DATE,
    HTTP_KEEP_ALIVE,
    HTTP_FIELD__COUNT, /* the number of fields whose value is kept */
    HTTP_FIELD_LENGTH, /* Content-Length */
    HTTP_FIELD_CODING, /* Transfer-Encoding */
    HTTP_FIELD_LOCATION,
    HTTP_FIELD_CONNECTION,
    HTTP_FIELD_OTHER /* any other field, or not a field */
};

/* Set headless, and the rest to 0, before the first line of an answer to a new request. */
struct http_answer {
    bool headless;   /* the request is a HEAD: no answer has a body */
    bool open;       /* a status line has come, but not yet the empty line after its fields */
    int status;      /* of the latest status line; 0: there was none */
    bool is_old;     /* it is HTTP/1.0 */
    bool has_length; /* Content-Length; length is its value */
    bool has_coding; /* Transfer-Encoding, other than identity */
    bool chunked;
    bool stays;           /* Connection: keep-alive, in any of its lines */
    bool closes;          /* Connection: close; or HTTP/1.0 without keep-alive */
    bool leads_nowhere;   /* its Location begins with a scheme that is too long for libcurl to recognise */
    int64_t length;       /* bytes */
    enum http_field last; /* the field of the previous line, which a folded line continues */
    const char *suspect;  /* what is wrong with the framing, if there is a body; NULL: nothing */
    const char *fault;    /* what is wrong with the answer, for a person, static; NULL: nothing */
    char values[HTTP_FIELD__COUNT][HTTP_FIELD_SIZE]; /* "": none, or too long */
};

/* Take the next line, with its line end. Lines outside a head (trailers) are ignored. */
void http_answer_line(struct http_answer *answer, const char *line, size_t len);

/* True if the status is that of a redirect: 301, 302, 303, 307 or 308. */
bool http_answer_is_redirect(const struct http_answer *answer);
/* True until a whole head has come. (After 1xx, another one follows.) */
bool http_answer_is_awaited(const struct http_answer *answer);
/* How many milliseconds the target keeps an idle connection, by its own words; -1: it does not say. */
int64_t http_answer_keeps_ms(const struct http_answer *answer);

#endif
