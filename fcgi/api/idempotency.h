/* idempotency: the header Idempotency-Key. The same request with the same key gets the stored response within
 * STORE_IDEM_MS; another request with that key is refused. store_idem.h describes what is stored, and why
 * nothing is locked. */
#ifndef DRONC_IDEMPOTENCY_H
#define DRONC_IDEMPOTENCY_H

#include "api/context.h"

/* Answer the request, whose body has been read, with the stored response, or by work. If there is a key,
 * store the response of a 2xx that is not transient, and free the key after a 4xx. Returns false on failure;
 * error is filled. */
NODISCARD bool idempotency_serve(struct context *ctx, api_handler *work, struct api_error *error);

#endif
