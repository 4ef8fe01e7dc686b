/* http_guard: where the requests of a call may go (targets), and which redirects are another call's business.
 *
 * Judges each address before a connection to it is opened, and the address of each connection before a request goes out on
 * it: a kept one was judged at another time, or for another call.
 *
 * Private to http_client.
 */
#ifndef DRONC_HTTP_GUARD_H
#define DRONC_HTTP_GUARD_H

#include "http/http_easy.h"
#include "net/targets.h"

#include <sys/socket.h>

#define HTTP_HOST_SIZE 264 /* of a host with its brackets, or its dot, and a NUL */

/* Whom a request is for: scheme, host and port of its URL, its origin. host "": not known. */
struct http_origin {
    bool https;
    uint16_t port;
    char host[HTTP_HOST_SIZE];
};

/* The guard of one call. Zero-initialised, but for targets: nothing has been asked. */
struct http_guard {
    const struct targets *targets; /* borrowed; NULL: any address is fine */
    struct http_origin origin;     /* of the present request */
    enum ip_class class;           /* of the latest address that was judged */
    enum ip_class first;           /* of the address that the first request went to */
    enum ip_class least;           /* the least strict of all that requests went to */
    bool began;                    /* the first request was sent: these two are known */
    bool refused;                  /* an address was refused since the last request */
    bool opened;                   /* another one was not */
    bool moves; /* a redirect leads to another origin: nothing more is sent by this transfer */
    char why[TARGETS_WHY_SIZE]; /* refused: the reason, for a person */
};

/* The origin of the URL that easy is at, by libcurl's own parser. Returns false, and "" as host, if it cannot be read. */
bool http_origin_read(struct http_origin *out, CURL *easy);
bool http_origin_is_same(const struct http_origin *a, const struct http_origin *b);

/* Decide whether a connection to address may be opened for a request of easy. redirected: the request is a redirect's. */
bool http_guard_may_open(struct http_guard *guard, CURL *easy, const struct sockaddr *address,
                         bool redirected);

/* Decide whether a request of easy may go out on a connection to ip and port. */
bool http_guard_may_send(struct http_guard *guard, CURL *easy, const char *ip, int port, bool redirected);
/* It goes out there, to the address that was judged last. */
void http_guard_note_sent(struct http_guard *guard);

/* True if a transfer that could not connect could not because every address was refused. */
bool http_guard_has_refused(const struct http_guard *guard);

#endif
