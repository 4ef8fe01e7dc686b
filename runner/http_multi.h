/* http_multi: a libcurl multi handle on the loop. libcurl names the sockets it waits for and the time at
 * which it wants to be called; this module makes the loop do so, and nothing else. Private to http_client.
 *
 * It also makes and closes the sockets, so that those of kept connections can stay watched between two calls.
 */
#ifndef DRONC_HTTP_MULTI_H
#define DRONC_HTTP_MULTI_H

#include "err.h"
#include "loop.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised: not set up. Must not move in memory. */
struct http_multi {
    CURLM *curl;                  /* owned */
    struct loop *loop;            /* borrowed */
    struct loop_timer *timer;     /* owned */
    struct http_socket **sockets; /* owned, likewise each of them: by descriptor; NULL: unknown */
    size_t sockets_size;
    bool broken; /* libcurl reported a failure: what becomes of the transfers is uncertain */
};

/* idle_max: how many connections without a transfer are kept. ERR_NOMEM: nothing is left behind. */
NODISCARD enum err http_multi_init(struct http_multi *multi, struct loop *loop, int idle_max);
/* Before each transfer: easy's connections will be made by multi, which must outlive them (easy need not). */
NODISCARD CURLcode http_multi_adopt(struct http_multi *multi, CURL *easy);
/* The handle must hold no transfers. The loop must still be there. */
void http_multi_fini(struct http_multi *multi);

#endif
