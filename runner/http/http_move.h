/* http_move: the request that a redirect asks of another origin. It has the method that the redirects so far have led to, and no more
 * of the call's request than what gives nothing away: Accept, Accept-Language and User-Agent (Host is the other
 * origin's own). No body, no other header, no user name and password, not even those of the redirect.
 *
 * Private to http_client, which makes it in a transfer of its own, so that nothing of the first can go with it.
 */
#ifndef DRONC_HTTP_MOVE_H
#define DRONC_HTTP_MOVE_H

#include "http/http_call.h"

/* The texts of the request. Zero-initialised is empty. */
struct http_move {
    char *url;             /* owned, by libcurl */
    struct buffer headers; /* owned */
};

/* The last answer is a redirect that is followed: note the method that its status asks for, which may be a GET. */
void http_move_note_method(struct http_call *call);

/* Fill request for the place that call's transfer is about to go to. left_ms: how long the call may still take. Returns
 * false if memory runs out. request borrows from move and call. */
NODISCARD bool http_move_make(struct http_move *move, struct http_request *request,
                              const struct http_call *call, int64_t left_ms);
void http_move_fini(struct http_move *move);

#endif
