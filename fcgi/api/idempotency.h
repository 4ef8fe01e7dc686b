/* idempotency: the header Idempotency-Key. A request that comes again with the same key within STORE_IDEM_MS
 * gets the stored answer; another request with that key is refused. What is kept, and why nothing is locked:
 * store_idem.h.
 */
#ifndef DRONC_IDEMPOTENCY_H
#define DRONC_IDEMPOTENCY_H

#include "api/context.h"

/* Answer the request, whose body has been read: with what is stored, or by work. Without a key that is all;
 * with one, a 2xx that is not fleeting is stored, and after a 4xx the key is free again. False: error is
 * filled. */
NODISCARD bool idempotency_serve(struct context *ctx, api_handler *work, struct api_error *error);

#endif
