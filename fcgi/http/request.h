/* request: one HTTP request, as FastCGI or CGI hands it on, read strictly and in steps.
 *
 * Owns the path, the query and the body in memory that is kept from one request to the next, and all limits
 * on them. Leaves the transport to whoever fills a request_source (worker, cgi, a test), what is answered to
 * the resources, and who may ask for what to route.
 *
 * Life cycle: request_init once; for each request request_read_head, then (when the route is known)
 * request_read_query, and request_read_body where the route takes a body; request_fini. One at a time;
 * everything borrowed from a request ends with the next request_read_head.
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
#define REQUEST_LINES_MAX  4194304 /* bytes of a body that is made of lines */
#define REQUEST_PARAMS_MAX 16      /* parameters in a query */

/* Where a request comes from. */
struct request_source {
    /* A CGI meta-variable ("REQUEST_METHOD"), or NULL. Borrowed for as long as the request. */
    const char *(*meta)(void *arg, const char *name);
    /* Read 1 to size bytes of the body. 0: its end, or the other side is gone. -1: reading failed. */
    int64_t (*read)(void *arg, char *out, size_t size);
    /* True where the transport marks the end of a body, so that one without a CONTENT_LENGTH can be read. */
    bool framed;
    void *arg; /* borrowed, handed to both */
    /* All meta-variables ("NAME=value", ended by NULL), where the transport hands on a header that came on
     * several lines as often; NULL: it makes one of them. Borrowed likewise. */
    const char *const *all;
};

struct request_param {
    struct slice name; /* decoded, borrowed from the request */
    struct slice value;
};

struct request {
    const struct request_source *source; /* borrowed */
    const char *method;                  /* as sent, but GET for HEAD; borrowed from source */
    bool head;                           /* it was HEAD: answer as GET, without the body */
    struct buffer uri;                   /* the bytes that path, query and params point into */
    struct slice path;                   /* decoded; may hold any byte */
    struct slice id;    /* what stands in the path where its route has {id}; data NULL: it has none */
    struct slice query; /* raw; after request_read_query: no longer to be used */
    struct request_param params[REQUEST_PARAMS_MAX];
    size_t param_count;
    struct buffer header; /* the lines of one header, as request_header has made one of them */
    struct buffer body;   /* empty until request_read_body */
};

/* Does not allocate. */
void request_init(struct request *req);
void request_fini(struct request *req);

/* Start a request: method, path, query still raw. False: error is filled. */
NODISCARD bool request_read_head(struct request *req, const struct request_source *source,
                                 struct api_error *error);

/* Decode the query (application/x-www-form-urlencoded). Each parameter must be one of allowed (ended by NULL)
 * and come once. False: error is filled, naming the parameter. */
NODISCARD bool request_read_query(struct request *req, const char *const *allowed, struct api_error *error);

/* The value of a parameter, data NULL where it is absent. Borrowed. */
struct slice request_param(const struct request *req, const char *name);

/* A text that no other request has, so that what is sent to Redis twice can be known again. */
#define REQUEST_NAME_SIZE 17 /* with its NUL */
void request_make_name(char out[REQUEST_NAME_SIZE]);

/* A header field by its CGI name ("HTTP_IF_MATCH"), "" where it is absent. One that came on several lines is
 * one list (RFC 9110, 5.3): so what may come once only is never the first of two. Borrowed, until the next
 * call. */
const char *request_header(struct request *req, const char *name);

/* Read the body, which must be declared as JSON or not at all, and be as it is (no Content-Encoding). False:
 * error is filled (413, 415, or 400 where fewer bytes came than were declared). */
NODISCARD bool request_read_body(struct request *req, struct api_error *error);

/* The same for a body of at most REQUEST_LINES_MAX bytes that is NDJSON, a JSON value in each line. */
NODISCARD bool request_read_lines(struct request *req, struct api_error *error);

#endif
