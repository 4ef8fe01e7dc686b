/* rate: how many requests a client may send. Counts each, and tells the client what it has left, by the headers
 * RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers); one too many gets 429 and
 * Retry-After. Leaves who the client is, and what its limit is, to its caller. */
#ifndef DRONC_RATE_H
#define DRONC_RATE_H

#include "api/context.h"
#include "store/store_rate.h"

/* Count a request of the client of this id. Returns false if it is one too many; error is filled. Without a
 * limit, or if Redis cannot be asked, the request goes on: whatever needs Redis then says so. */
NODISCARD bool rate_take(struct context *ctx, const char *id, const struct store_rate *rate,
                         struct api_error *error);

#endif
