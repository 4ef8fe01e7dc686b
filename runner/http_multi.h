/* http_multi: a libcurl multi handle on the loop. libcurl names the sockets it waits for and the time at
 * which it wants to be called; this module makes the loop do so, and nothing else. Private to http_client.
 */
#ifndef DRONC_HTTP_MULTI_H
#define DRONC_HTTP_MULTI_H

#include "err.h"
#include "loop.h"

#include <curl/curl.h>
#include <stdbool.h>

/* Zero-initialised: not set up. Must not move in memory. */
struct http_multi {
    CURLM *curl;              /* owned */
    struct loop *loop;        /* borrowed */
    struct loop_timer *timer; /* owned */
    bool broken;              /* libcurl reported a failure: what becomes of the transfers is uncertain */
};

/* idle_max: how many connections without a transfer are kept. ERR_NOMEM: nothing is left behind. */
NODISCARD enum err http_multi_init(struct http_multi *multi, struct loop *loop, int idle_max);
/* The handle must hold no transfers. The loop must still be there. */
void http_multi_fini(struct http_multi *multi);

#endif
