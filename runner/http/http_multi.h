/* http_multi: a libcurl multi handle on the loop. libcurl names the sockets that it waits for and the time at
 * which it wants to be called, and this module makes the loop do so. Private to http_client.
 *
 * It also makes and closes the sockets, so that those of kept connections can stay watched between two calls,
 * and it decides how long a connection may be kept. libcurl's own limit is two minutes; but a target closes
 * connections when it likes, and a request that is on its way then is lost, or sent twice. So a connection is
 * closed before a call can reuse it
 *
 *  - when it has been idle for HTTP_IDLE_MS, less the time that the target took to answer, which includes a
 *    round trip (but at least a fifth of HTTP_IDLE_MS). That is safe with every target that keeps idle
 *    connections for a second or longer. The calls of a burst share connections; calls a second apart do not.
 *  - or, if the target states how long it keeps one (Keep-Alive: timeout=5), after that, less the same time and
 *    a second
 *  - when it is HTTP_AGE_MS old, idle or not: its name may mean another address by now
 *  - when something waits on it although no request is under way: bytes would be taken for the answer to the
 *    next request. This is checked while it is idle, and again right before each request.
 */
#ifndef DRONC_HTTP_MULTI_H
#define DRONC_HTTP_MULTI_H

#include "base/clock.h"
#include "base/err.h"
#include "loop/heap.h"
#include "loop/loop.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_IDLE_MS     500
#define HTTP_AGE_MS      30000

#define HTTP_NAMED_SLOTS 1024

/* Zero-initialised: not set up. Must not move in memory. */
struct http_multi {
    CURLM *curl;                  /* owned */
    struct loop *loop;            /* borrowed */
    struct loop_timer *timer;     /* owned */
    struct http_socket **sockets; /* owned, and so is each of them; by descriptor; NULL: unknown */
    size_t sockets_size;
    struct clock clock;
    struct http_socket *named[HTTP_NAMED_SLOTS]; /* by local port: the first of those whose ends are known */
    struct heap idle; /* sockets of connections without a transfer, by when they must be closed */
    bool (*may_open)(void *owner, const struct sockaddr *address); /* asked before each connection of owner, a
                                                                      call; NULL: any may be opened */
    bool broken; /* libcurl reported a failure: the state of the transfers is unknown */
};

/* The connection of a transfer. */
struct http_line {
    struct http_multi *multi; /* borrowed */
    void *owner;              /* the call that the transfer belongs to */
    curl_socket_t fd;         /* CURL_SOCKET_BAD: none, or unknown */
    bool no_descriptor;       /* there was no descriptor left for a socket */
    bool is_over;             /* what is read on it is not an answer, and nothing can be sent on it */
};

/* What identifies a connection. */
struct http_ends {
    const char *ip;
    const char *local_ip;
    int port;
    int local_port;
};

enum http_line_state {
    HTTP_LINE_CLEAN,   /* what comes on it from now on is an answer */
    HTTP_LINE_UNKNOWN, /* the same, but its socket is unknown: it must not be reused after this request */
    HTTP_LINE_OVER /* something waited on it, or the request may not go there: it has been shut down, and nothing can be sent on it */
};

/* idle_max: how many connections without a transfer are kept. ERR_NOMEM: there is nothing to end. */
NODISCARD enum err http_multi_init(struct http_multi *multi, struct loop *loop, struct clock clock,
                                   int idle_max);
/* Call before each transfer: multi makes easy's connections, and must outlive them (easy need not). Fills
 * line, which must not move until the transfer is over. */
NODISCARD CURLcode http_multi_adopt(struct http_multi *multi, CURL *easy, struct http_line *line,
                                    void *owner);
/* The line of an easy handle; NULL if it was not adopted. */
struct http_line *http_multi_line(CURL *easy);
/* A request of easy's transfer, which line belongs to, is about to be sent between these ends. If it is not allowed to,
 * a kept connection is HTTP_LINE_OVER, so that libcurl opens another one, to another address where there is one. */
enum http_line_state http_line_take(struct http_line *line, CURL *easy, const struct http_ends *ends,
                                    bool is_allowed);
/* An answer has begun on line's connection, answer_ms after its request was sent. keeps_ms: how long the
 * target keeps an idle connection, by its own words; -1: it does not say. */
void http_line_note(struct http_line *line, int64_t answer_ms, int64_t keeps_ms);
/* The handle must hold no transfers. The loop must still be there. */
void http_multi_fini(struct http_multi *multi);

#endif
