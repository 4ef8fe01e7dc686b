/* request: one HTTP request from FastCGI or CGI, read strictly and in steps.
 *
 * Owns the path, the query and the body, in memory that it keeps from one request to the next, and all limits
 * on them. Leaves the transport to the request_source (responder, cgi, a test), the answer to the handlers,
 * and the allowed paths and parameters to route.
 *
 * Life cycle: request_init once; for each request request_read_head, then, when the route is known,
 * request_read_query, and request_read_body if the route takes a body; request_fini. One request at a time;
 * what is borrowed from it ends with the next request_read_head.
 */
#ifndef DRONC_REQUEST_H
#define DRONC_REQUEST_H

#include "base/buffer.h"
#include "base/err.h"
#include "http/api_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_URI_MAX    8192    /* bytes of path and query together */
#define REQUEST_BODY_MAX   65536   /* bytes */
#define REQUEST_LINES_MAX  4194304 /* bytes of a body of lines */
#define REQUEST_PARAMS_MAX 16      /* parameters in a query */
#define REQUEST_NAMES_MAX  64      /* meta-variables whose names are measured once; there may be more */

/* Where a request comes from. */
struct request_source {
    /* A CGI meta-variable ("REQUEST_METHOD"), or NULL. Borrowed for as long as the request. */
    const char *(*meta)(void *arg, const char *name);
    /* Read 1 to size bytes of the body. Returns 0 at its end, or if the peer has gone; -1 if reading fails.
     */
    int64_t (*read)(void *arg, char *out, size_t size);
    /* The transport marks the end of a body, so that one without a CONTENT_LENGTH can be read. */
    bool framed;
    void *arg; /* borrowed, passed to both */
    /* All meta-variables ("NAME=value", ended by NULL), if the transport passes a header on once per line;
     * NULL: it joins the lines. Borrowed likewise. */
    const char *const *all;
};

struct request_param {
    struct slice name; /* decoded, borrowed from the request */
    struct slice value;
};

struct request {
    const struct request_source *source; /* borrowed */
    const char *method;                  /* as sent, but GET for HEAD; borrowed from source */
    bool head;                           /* the method was HEAD: answer as GET, without the body */
    struct buffer uri;                   /* the bytes that path, query and params point into */
    struct slice path;                   /* decoded; may hold any byte */
    struct slice id; /* the part of the path in place of {id} in its route; data NULL: the route has none */
    struct slice query; /* raw; unusable after request_read_query */
    struct request_param params[REQUEST_PARAMS_MAX];
    size_t param_count;
    struct buffer header; /* the lines of one header, joined by request_header */
    uint16_t
        name_lens[REQUEST_NAMES_MAX]; /* of the first of source->all, which are looked at again and again */
    struct buffer body;               /* empty until request_read_body */
};

/* Does not allocate. */
void request_init(struct request *req);
void request_fini(struct request *req);

/* Start a request: read its method and path. Returns false on failure; error is filled. */
NODISCARD bool request_read_head(struct request *req, const struct request_source *source,
                                 struct api_error *error);

/* Decode the query (application/x-www-form-urlencoded). Each parameter must be one of allowed (ended by NULL)
 * and come once. Returns false on failure; error names the parameter. */
NODISCARD bool request_read_query(struct request *req, const char *const *allowed, struct api_error *error);

/* Returns the value of a parameter; data NULL: it is absent. Borrowed. */
struct slice request_param(const struct request *req, const char *name);

/* Make a text that no other request has, by which a command that is sent to Redis twice is recognised. */
#define REQUEST_NAME_SIZE 17 /* with the NUL */
void request_make_name(char out[REQUEST_NAME_SIZE]);

/* Returns a header by its CGI name ("HTTP_IF_MATCH"); "": it is absent. One that came on several lines is
 * joined to one list (RFC 9110, 5.3), so that of two values the first is never taken alone. Borrowed until
 * the next call. */
const char *request_header(struct request *req, const char *name);

/* Does a body follow whose type is not declared? */
bool request_has_untyped_body(struct request *req);

/* Read the body. It must be declared as JSON or not at all, and must not be encoded. Returns false on
 * failure; error is filled (413, 415, or 400 if fewer bytes came than were declared). */
NODISCARD bool request_read_body(struct request *req, struct api_error *error);

/* The same for a body of NDJSON (a JSON value in each line) of at most REQUEST_LINES_MAX bytes. */
NODISCARD bool request_read_lines(struct request *req, struct api_error *error);

#endif
