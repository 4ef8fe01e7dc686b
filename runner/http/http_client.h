/* http_client: makes HTTP calls on the loop. The only module of the runner that knows libcurl.
 *
 * HTTP/1.1, http and https only, connections kept and reused, redirects followed up to a number, the answer
 * read up to a number of bytes and thrown away but for what a call asks to keep of it. No proxy, no cookies,
 * no credentials but those of the URL and of an Authorization header, which libcurl does not carry to another
 * host. TLS certificates are checked.
 *
 * A redirect (301, 302, 303, 307 or 308 with a Location) is followed as browsers do: 303 with a GET, 301 and
 * 302 with a GET where it was a POST, 307 and 308 with the same method and body. Any other status is an
 * answer.
 *
 * An answer counts when it is certain where it ends. Wrong framing is a failure (http_answer, http_chunks),
 * and nobody uses its connection again.
 *
 * libcurl sends a request again by itself when a kept connection dies before the first byte of the answer. A
 * call with `once` set is aborted at that point instead: what is sent twice within it is only ever the
 * request that a redirect asks for.
 *
 * The host of a redirect is looked up by libcurl itself, with a thread and two descriptors each, which stay
 * for a while where no name server answers. At most HTTP_NAMES_MAX are under way at once, those included;
 * what comes on top fails (http_names.h).
 *
 * Loop thread only. libcurl's own callbacks only note what happened; http_client_turn, called once per turn,
 * tells.
 */
#ifndef DRONC_HTTP_CLIENT_H
#define DRONC_HTTP_CLIENT_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_HEADERS_MAX INT64_C(65536) /* bytes of answer headers, all redirects together */
#define HTTP_ERROR_SIZE  160

struct http_client;
struct http_call;

/* Where a call failed. */
enum http_error {
    HTTP_OK = 0,        /* there is an answer; status tells */
    HTTP_ERROR_DNS,     /* the name does not resolve */
    HTTP_ERROR_CONNECT, /* nobody takes the connection */
    HTTP_ERROR_TLS,
    HTTP_ERROR_TIMEOUT,
    HTTP_ERROR_REDIRECT,  /* to where no call may go */
    HTTP_ERROR_REDIRECTS, /* more of them than allowed */
    HTTP_ERROR_RESPONSE,  /* the answer broke off, is not HTTP, is framed wrongly, or has too large headers */
    HTTP_ERROR_ABORTED,   /* by http_client_cancel */
    HTTP_ERROR_INTERNAL,  /* out of memory, or of file descriptors */
    HTTP_ERROR__COUNT
};

/* "dns", "connect", "tls", "timeout", "redirect", "too_many_redirects", "response", "aborted", "internal"; ""
 * for HTTP_OK. */
const char *http_error_name(enum http_error error);

/* All borrowed during http_client_call only, but for body and find: those until the call is done. */
struct http_request {
    const char *method;         /* "GET", "POST", … */
    const char *url;            /* its path is sent as it is */
    const char *user_agent;     /* unless headers have one */
    struct slice headers;       /* "Name: value", or "Name;" for an empty value, each with a NUL behind it */
    struct slice body;          /* data NULL: none. Has no Content-Type but one that headers say */
    int64_t timeout_ms;         /* for all of it, redirects included */
    int64_t connect_timeout_ms; /* for resolving, connecting and TLS */
    int max_redirects;
    int64_t response_max; /* bytes of the answer's body that are read; then the transfer is ended, which is no
                             failure */
    struct slice find;    /* to be looked for in what is read of the answer's body; at most
                             TEXT_SEARCH_MAX bytes. data NULL: nothing */
    size_t keep_max;      /* bytes of the answer's body, from its beginning, that the result has; 0: none */
    bool once;            /* at most one sending */
    struct slice host;    /* as the URL has it; likewise */
    uint16_t port;
    const char *addresses; /* of that host, "192.0.2.1,[2001:db8::1]"; NULL: it has no name, or is to be
                              looked up */
    /* Not HTTP_OK: the look-up of the name failed, so the call fails with this and the text of why. */
    enum http_error unreachable;
    const char *why;
};

/* In microseconds, all redirects together; 0: there was no such phase, or it was not reached. */
struct http_timings {
    int64_t dns_us;        /* looking up the name; 0 where no connection was made */
    int64_t connect_us;    /* TCP; likewise */
    int64_t tls_us;        /* the handshake; likewise */
    int64_t first_byte_us; /* from the beginning to the first byte of the answer */
    int64_t total_us;      /* from the beginning to the end */
};

struct http_result {
    enum http_error error;
    int status;             /* of the last answer; 0: none */
    struct wall_ms started; /* by the client's clock: when the call was begun (looking up, connecting and TLS
                               come after it) */
    int64_t took_ms;        /* from started to the end */
    struct http_timings timings;
    int64_t body_bytes;         /* of the last answer's body that were read, at most response_max */
    bool sent;                  /* false: not a byte of the request has left */
    bool truncated;             /* the body was longer than response_max */
    bool found;                 /* request's find was in it */
    struct slice kept;          /* what was to be kept of the body; borrowed during the callback */
    int64_t retry_after_ms;     /* what Retry-After of the last answer asks for; -1: nothing */
    char text[HTTP_ERROR_SIZE]; /* for a person; "" when there is no error */
};

/* result: borrowed during the call. May start and cancel calls. */
typedef void http_done_cb(void *arg, const struct http_result *result);

struct http_client_options {
    struct loop *loop;                /* borrowed for the life of the client */
    struct wall_ms (*now)(void *arg); /* the clock of the results */
    /* Asked when a call's request is about to be sent, for the first time or once more after its connection
     * died (not for what a redirect asks for): false ends the call with HTTP_ERROR_ABORTED instead. NULL:
     * always. */
    bool (*may_send)(void *arg);
    void *arg;          /* for both */
    struct clock clock; /* for how long a call took */
    int max_calls;      /* at once: bounds the cache of idle connections */
};

/* Returns owned. ERR_NOMEM, ERR_SYSTEM. Sets libcurl up for the process. */
NODISCARD enum err http_client_new(struct http_client **out, const struct http_client_options *options,
                                   struct errinfo *info);
/* Ends every call without telling. NULL is fine. */
void http_client_free(struct http_client *client);

/* Start a call. cb runs exactly once, later, from http_client_turn; *out (borrowed until then) names the
 * call. ERR_NOMEM, ERR_SYSTEM: it could not be started, and cb does not run. */
NODISCARD enum err http_client_call(struct http_client *client, const struct http_request *request,
                                    http_done_cb *cb, void *arg, struct http_call **out);
/* End a call soon: its cb runs with HTTP_ERROR_ABORTED from a later turn (unless it was just done). */
void http_client_cancel(struct http_call *call);

/* Tell what is done. */
void http_client_turn(struct http_client *client);

#endif
