/* response: the answer to a request, complete before its first byte is sent (or, if it goes on, its first
 * piece).
 *
 * Owns status, headers and body, in memory that it keeps from one request to the next. Leaves sending to the
 * transport, which takes the bytes of response_render.
 *
 * Life cycle: response_init once; per request response_clear, one of response_empty, response_text,
 * response_json (and a value through the writer), response_lines or response_error, then response_render;
 * response_fini.
 */
#ifndef DRONC_RESPONSE_H
#define DRONC_RESPONSE_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "http/api_error.h"
#include "http/etag.h"
#include "text/json.h"

#include <stdbool.h>

#define RESPONSE_ALLOW_SIZE 64 /* bytes of an Allow header, with the NUL */

struct response {
    int status;                      /* HTTP status; 0: none yet */
    const char *content_type;        /* static; NULL: there is no body */
    char allow[RESPONSE_ALLOW_SIZE]; /* "": no Allow header */
    char etag[ETAG_SIZE];            /* "": no ETag header */
    const char *challenge;           /* WWW-Authenticate, static; NULL: none */
    bool as_problem;                 /* write an error as application/problem+json (RFC 9457) */
    bool more;                       /* body is only the beginning, so its length is not known */
    bool may_keep;  /* a cache may keep it, if it asks before each use whether etag is still current */
    bool replayed;  /* it is the stored response to an earlier request */
    bool transient; /* do not store it for the Idempotency-Key: a repeat may get another response */
    struct buffer body;
};

/* Does not allocate. */
void response_init(struct response *res);
void response_fini(struct response *res);
/* Forget the response, keep the memory. */
void response_clear(struct response *res);

/* Set the ETag to a version; 0: none. */
void response_set_version(struct response *res, int64_t version);

/* Answer without a body (204, 304). */
void response_empty(struct response *res, int status);
/* Answer with plain text. */
void response_text(struct response *res, int status, const char *text);
/* Answer with the JSON value that the caller writes to w next. w borrows res. */
void response_json(struct response *res, int status, struct json_writer *w);
/* Answer with the lines that the caller writes to res->body next, each a JSON value (NDJSON). */
void response_lines(struct response *res, int status);
/* Write error, in the default form, as a member of the object that is open in w. */
void response_put_error(struct json_writer *w, const struct api_error *error);
/* Answer with an error, as as_problem says. Drops what was written before, but keeps allow. */
void response_error(struct response *res, const struct api_error *error);

/* Write the response as CGI and FastCGI expect it (Status, headers, empty line, body) to out, replacing its
 * content; with head, without the body. On ERR_NOMEM and ERR_BUG out is unusable. */
NODISCARD enum err response_render(const struct response *res, bool head, struct buffer *out);

#endif
