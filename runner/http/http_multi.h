/* http_multi: a libcurl multi handle on the loop. libcurl names the sockets it waits for and the time at
 * which it wants to be called; this module makes the loop do so, and nothing else. Private to http_client.
 *
 * It also makes and closes the sockets, so that those of kept connections can stay watched between two calls,
 * and it decides how long a connection may be kept. libcurl's own limit for that is two minutes; but a target
 * closes connections when it likes, and a request that is on its way then is lost, or sent twice. So
 * connections are ended before anybody can take them up:
 *
 *  - when they have been idle for HTTP_IDLE_MS, less the time the target took to answer, which a round trip
 *    is part of (but not less than a fifth of it). That keeps clear of every target that waits for a second
 * or longer; calls of a burst share connections, calls a second apart do not.
 *  - or for as long as the target says that it waits (Keep-Alive: timeout=5), less that time and a second
 *  - when they are HTTP_AGE_MS old, be they idle or not: a name may have moved
 *  - when something waits on them while nobody has asked for anything: bytes would be taken for the answer to
 *    the next request. It is looked for as they idle, and again right before each request.
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
    struct http_socket **sockets; /* owned, likewise each of them: by descriptor; NULL: unknown */
    size_t sockets_size;
    struct clock clock;
    struct http_socket *named[HTTP_NAMED_SLOTS]; /* by local port: the first of those that have ends */
    struct heap idle; /* sockets of connections without a transfer, by when they are to be ended */
    bool broken;      /* libcurl reported a failure: what becomes of the transfers is uncertain */
};

/* The connection of a transfer. */
struct http_line {
    struct http_multi *multi; /* borrowed */
    void *owner;              /* whose transfer it is */
    curl_socket_t fd;         /* CURL_SOCKET_BAD: none, or not known */
    bool no_descriptor;       /* there was none left for a socket */
    bool is_over;             /* what is read on it is no answer */
};

/* What tells a connection from all others. */
struct http_ends {
    const char *ip;
    const char *local_ip;
    int port;
    int local_port;
};

enum http_line_state {
    HTTP_LINE_CLEAN,   /* what comes on it from now on is an answer */
    HTTP_LINE_UNKNOWN, /* likewise; but it is not known which socket it is: nobody may use it after that */
    HTTP_LINE_OVER     /* something waited on it: it is shut down, nothing can be sent on it */
};

/* idle_max: how many connections without a transfer are kept. ERR_NOMEM: nothing is left behind. */
NODISCARD enum err http_multi_init(struct http_multi *multi, struct loop *loop, struct clock clock,
                                   int idle_max);
/* Before each transfer: easy's connections will be made by multi, which must outlive them (easy need not).
 * line is filled; it must not move until the transfer is over. */
NODISCARD CURLcode http_multi_adopt(struct http_multi *multi, CURL *easy, struct http_line *line,
                                    void *owner);
/* The line of an easy handle; NULL: it was not adopted. */
struct http_line *http_multi_line(CURL *easy);
/* A request of easy's transfer, whose line it is, is about to be sent between these ends. */
enum http_line_state http_line_take(struct http_line *line, CURL *easy, const struct http_ends *ends);
/* On line's connection an answer has begun, answer_ms after its request was sent. keeps_ms: what it says for
 * how long an idle connection is kept; -1: nothing. */
void http_line_note(struct http_line *line, int64_t answer_ms, int64_t keeps_ms);
/* The handle must hold no transfers. The loop must still be there. */
void http_multi_fini(struct http_multi *multi);

#endif
