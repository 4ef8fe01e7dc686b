/* response: what a request is answered with, collected before the first byte is sent.
 *
 * Owns status, headers and body in memory that is kept from one request to the next. Leaves sending to the
 * transport, which takes the bytes of response_render. Life cycle: response_init once; per request
 * response_clear, one of response_text, response_json (and a value through the writer) or response_error,
 * response_render; response_fini.
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
/* Forget the answer, keep the memory. */
void response_clear(struct response *res);

/* Set the ETag of a version; none if it is 0. */
void response_set_version(struct response *res, int64_t version);

/* Answer without a body (204, 304). */
void response_empty(struct response *res, int status);
/* Answer with plain text. */
void response_text(struct response *res, int status, const char *text);
/* Answer with the JSON value that is put into w next. w borrows res. */
void response_json(struct response *res, int status, struct json_writer *w);
/* Answer with lines that are put into res->body next, each a JSON value (NDJSON). */
void response_lines(struct response *res, int status);
/* Put "error" and what it says into the object that is open in w: the default form. */
void response_put_error(struct json_writer *w, const struct api_error *error);
/* Answer with an error, in the form that problem says; what was written before is dropped, allow stays. */
void response_error(struct response *res, const struct api_error *error);

/* Write the answer as CGI and FastCGI want it (Status, headers, empty line, body) over the content of out;
 * without the body for head. Should writing have failed (ERR_NOMEM, ERR_BUG), out is of no use. */
NODISCARD enum err response_render(const struct response *res, bool head, struct buffer *out);

#endif
