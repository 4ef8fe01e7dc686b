/* http_client: makes HTTP calls on the loop. The only module of the runner that knows libcurl.
 *
 * HTTP/1.1 by http and https only. Connections are kept and reused. Redirects are followed up to a number.
 * The answer is read up to a number of bytes and dropped, but for what a call asks to keep. No proxy, no
 * cookies, no credentials but those of the URL and of an Authorization header, which libcurl does not send
 * to another host. TLS certificates are checked.
 *
 * A redirect (301, 302, 303, 307 or 308 with a Location) is followed as browsers do: 303 with a GET, 301 and
 * 302 with a GET after a POST, 307 and 308 with the same method and body. Any other status is an answer.
 * Another origin (scheme, host, port) gets neither the body nor any header but Host, Accept, Accept-Language
 * and User-Agent; nor does any place that it leads to.
 *
 * Which addresses requests go to is decided by targets, for each connection and each request (http_guard.h).
 *
 * An answer counts only if it is certain where it ends. Wrong framing is a failure (http_answer,
 * http_chunks), and its connection is not used again.
 *
 * libcurl sends a request again by itself when a kept connection dies before the first byte of the answer. A
 * call with `once` set is aborted at that point instead: within it, only a redirect leads to another request.
 *
 * libcurl itself looks up the host of a redirect, with a thread and two descriptors each, which stay for a
 * while if no name server answers. At most HTTP_NAMES_MAX look-ups are under way at once, these included; a
 * call that needs one more fails (http_names.h).
 *
 * Loop thread only. libcurl's own callbacks only note what happened; http_client_turn, called once per turn,
 * runs the calls' callbacks.
 */
#ifndef DRONC_HTTP_CLIENT_H
#define DRONC_HTTP_CLIENT_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_HEADERS_MAX INT64_C(65536) /* bytes of an answer's headers, with those of all redirects */
#define HTTP_ERROR_SIZE  160

struct http_client;
struct http_call;
struct targets;

/* Where a call failed. */
enum http_error {
    HTTP_OK = 0,          /* there is an answer; status has its result */
    HTTP_ERROR_DNS,       /* the name does not resolve */
    HTTP_ERROR_CONNECT,   /* the connection is refused, or cannot be made */
    HTTP_ERROR_FORBIDDEN, /* no address that it leads to may be called; nothing was sent there */
    HTTP_ERROR_TLS,
    HTTP_ERROR_TIMEOUT,
    HTTP_ERROR_REDIRECT,  /* to a place that no call may go to */
    HTTP_ERROR_REDIRECTS, /* more redirects than allowed */
    HTTP_ERROR_RESPONSE,  /* the answer broke off, is not HTTP, is framed wrongly, or has too large headers */
    HTTP_ERROR_ABORTED,   /* by http_client_cancel */
    HTTP_ERROR_SECRET, /* a secret of the call cannot be had, or may not go there: nothing was sent. Not found by this module, as the next */
    HTTP_ERROR_SIGNING,  /* no key that is to sign the call can be had: nothing was sent */
    HTTP_ERROR_INTERNAL, /* out of memory, or of file descriptors */
    HTTP_ERROR__COUNT
};

/* "dns", "connect", "forbidden", "tls", "timeout", "redirect", "too_many_redirects", "response", "aborted", "secret", "signing", "internal"; ""
 * for HTTP_OK. */
const char *http_error_name(enum http_error error);

/* Everything is borrowed during http_client_call, but method, user_agent, body and find until the call is done. */
struct http_request {
    const char *method;     /* "GET", "POST", … */
    const char *url;        /* its path is sent as it is */
    const char *user_agent; /* sent unless headers have one */
    struct slice headers;   /* "Name: value", or "Name;" for an empty value, each followed by a NUL */
    struct slice instead; /* a line, "Name: value" and a NUL, that takes the place of the one of that name in
                                   headers if a redirect drops the body; data NULL: none */
    struct slice body;    /* data NULL: none. Its Content-Type is the one in headers, or none */
    int64_t timeout_ms;   /* for the whole call, redirects included */
    int64_t connect_timeout_ms; /* for look-up, connecting and TLS */
    int max_redirects;
    int64_t response_max; /* bytes of the answer's body that are read; then the transfer ends, which is not a
                             failure */
    struct slice find;    /* a text to find in what is read of the answer's body; at most TEXT_SEARCH_MAX
                             bytes. data NULL: none */
    size_t keep_max;      /* bytes of the answer's body, from its beginning, that the result has; 0: none */
    bool once;            /* send the request at most once */
    bool is_redirect;     /* an earlier answer led here: with no redirects left, another one is an error */
    struct slice host;    /* as in the URL */
    uint16_t port;
    const char
        *addresses; /* of that host, "192.0.2.1,[2001:db8::1]"; NULL: it is an address itself, or libcurl
                              must look it up */
    /* Not HTTP_OK: the look-up of the name failed, so the call fails with this and the text of why. */
    enum http_error unreachable;
    const char *why;
};

/* In microseconds, the sum over all redirects; 0: there was no such phase, or it was not reached. */
struct http_timings {
    int64_t dns_us;        /* the look-up; this and the next two are 0 if no connection was made */
    int64_t connect_us;    /* TCP */
    int64_t tls_us;        /* the handshake */
    int64_t first_byte_us; /* from the beginning to the first byte of the answer */
    int64_t total_us;      /* from the beginning to the end */
};

struct http_result {
    enum http_error error;
    int status;             /* of the last answer; 0: none */
    struct wall_ms started; /* by the client's clock: when the call began (look-up, connecting and TLS come
                               after it) */
    int64_t took_ms;        /* from started to the end */
    struct http_timings timings;
    int64_t body_bytes;         /* read of the last answer's body, at most response_max */
    bool sent;                  /* false: no byte of the request has left */
    bool truncated;             /* the body was longer than response_max */
    bool found;                 /* request's find was in the body */
    struct slice kept;          /* the kept beginning of the body; borrowed during the callback */
    int64_t retry_after_ms;     /* the last answer's Retry-After; -1: none */
    char text[HTTP_ERROR_SIZE]; /* for a person; "" if there is no error */
};

/* result: borrowed during the call. May start and cancel calls. */
typedef void http_done_cb(void *arg, const struct http_result *result);

struct http_client_options {
    struct loop *loop;                /* borrowed for the life of the client */
    struct wall_ms (*now)(void *arg); /* the clock of the results */
    /* Called right before a request is sent for the first time, or again after its connection died, but not
     * before the request of a redirect. If it returns false, the call ends with HTTP_ERROR_ABORTED instead.
     * NULL: requests are always sent. */
    bool (*may_send)(void *arg);
    void *arg;                     /* for both */
    const struct targets *targets; /* where requests may go; borrowed, and may change; NULL: anywhere */
    struct clock clock;            /* for how long a call took */
    int max_calls;                 /* calls at once; also bounds the cache of idle connections */
};

/* Returns owned. ERR_NOMEM, ERR_SYSTEM. Sets libcurl up for the process. */
NODISCARD enum err http_client_new(struct http_client **out, const struct http_client_options *options,
                                   struct errinfo *info);
/* Ends every call without its callback. NULL is fine. */
void http_client_free(struct http_client *client);

/* Start a call. cb runs exactly once, later, from http_client_turn; *out is the call, borrowed until then.
 * ERR_NOMEM, ERR_SYSTEM: it could not be started, and cb does not run. */
NODISCARD enum err http_client_call(struct http_client *client, const struct http_request *request,
                                    http_done_cb *cb, void *arg, struct http_call **out);
/* End a call soon: a later turn runs its cb with HTTP_ERROR_ABORTED (unless it is done by then). */
void http_client_cancel(struct http_call *call);

/* Run the callbacks of the calls that are done. */
void http_client_turn(struct http_client *client);

#endif
