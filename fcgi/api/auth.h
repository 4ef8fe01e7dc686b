/* auth: who asks, and may that client do it?
 *
 * A client shows a token (Authorization: Bearer), or a certificate that the web server has verified. While
 * there is no API key at all, whatever runs on this machine may ask without one (API_AUTH=auto).
 *
 * Where Redis cannot be asked for the key, nothing is known about the client. Then the request goes on, but
 * every further question to Redis fails as that one did (ctx->barred): the client learns that Redis is down,
 * and nothing else.
 *
 * Owns the decision. Leaves which scope a route needs to route.c, and what a key allows to lib/access.
 */
#ifndef DRONC_AUTH_H
#define DRONC_AUTH_H

#include "access/scope.h"
#include "api/context.h"

#include <stdbool.h>

/* Find out who asks, into ctx->caller. A client that has no sound key is a caller without scopes. */
void auth_identify(struct context *ctx);

/* May the caller use a route that needs this scope? Returns false if not; error is filled (401, 403). */
NODISCARD bool auth_require(struct context *ctx, enum scope scope, struct api_error *error);

#endif
