/* http_answer: reads the head of an answer, line by line as libcurl hands the lines out: its status, whether
 * its framing can be believed (where its body ends), and the few fields that we heed. Private to http_client.
 *
 * libcurl decides what is HTTP and where the body ends; it is lenient. This module refuses what RFC 9112
 * calls an error and libcurl lets pass: a status that is not three digits, lengths that differ or are no
 * lengths, a length beside a transfer coding, a coding other than chunked (we ask for none), a coding in
 * HTTP/1.0; and a first line that is no status line (libcurl takes "http/1.1 500 No" for a 200), and a NUL
 * or a CR inside a line (for libcurl, the head may end there). Answers without a body (to HEAD; 1xx, 204,
 * 304) end with their head, whatever that says.
 *
 * A field may go on in lines that begin with a blank (folding). libcurl before 8.18 hands these out as they
 * came. Here they are part of the value; but libcurl has not read them so, and for the fields that frame the
 * body, and for the Location of a redirect, that is an error.
 *
 * Pure; no clock, no memory of its own.
 */
#ifndef DRONC_HTTP_ANSWER_H
#define DRONC_HTTP_ANSWER_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_FIELD_SIZE 48 /* bytes of a value that we heed, with the NUL: more than any date takes */

enum http_field {
    HTTP_RETRY_AFTER,
    HTTP_DATE,
    HTTP_KEEP_ALIVE,
    HTTP_FIELD__COUNT, /* the number of those whose value is kept */
    HTTP_FIELD_LENGTH, /* Content-Length */
    HTTP_FIELD_CODING, /* Transfer-Encoding */
    HTTP_FIELD_LOCATION,
    HTTP_FIELD_CONNECTION,
    HTTP_FIELD_OTHER /* any other, or none */
};

/* Set headless, and the rest to 0, before the first line of an answer to a new request. */
struct http_answer {
    bool headless;   /* the request is a HEAD: no answer has a body */
    bool open;       /* a status line has come, and not yet the empty line after its fields */
    int status;      /* of the latest status line; 0: none has come */
    bool is_old;     /* it is HTTP/1.0 */
    bool has_length; /* Content-Length; length is its value */
    bool has_coding; /* Transfer-Encoding that says something */
    bool chunked;
    bool stays;           /* Connection: keep-alive, in whichever of its lines */
    bool closes;          /* likewise close; or it is HTTP/1.0 and does not stay */
    bool leads_nowhere;   /* its Location begins with a scheme that is too long for libcurl to see that it is
                             one */
    int64_t length;       /* bytes */
    enum http_field last; /* the field of the line before, which a folded line continues */
    const char *suspect;  /* what is wrong with the framing, should there be a body; NULL: nothing */
    const char *fault;    /* what is wrong with the answer, for a person, static; NULL: nothing */
    char values[HTTP_FIELD__COUNT][HTTP_FIELD_SIZE]; /* "": none, or too long */
};

/* Take the next line, its line end included. Lines outside of a head (trailers) say nothing. */
void http_answer_line(struct http_answer *answer, const char *line, size_t len);

/* Does the status ask to go elsewhere: 301, 302, 303, 307 or 308? */
bool http_answer_is_redirect(const struct http_answer *answer);
/* Is a head still to come, or to come to its end? (After 1xx, another one follows.) */
bool http_answer_is_awaited(const struct http_answer *answer);
/* How long the target says it keeps an idle connection, in milliseconds; -1: it does not say. */
int64_t http_answer_keeps_ms(const struct http_answer *answer);

#endif
