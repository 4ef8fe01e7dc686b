/* route: which path and method is answered by whom. One table (route.c); everything else about a request is
 * the handlers'.
 *
 * A path is compared byte for byte: a slash at its end, two of them inside or another case is another path.
 * Pure.
 */
#ifndef DRONC_ROUTE_H
#define DRONC_ROUTE_H

#include "api/context.h"
#include "base/buffer.h"
#include "http/api_error.h"
#include "http/response.h"

#include <stdbool.h>

struct route {
    const char *path;   /* may hold "{id}" in place of a segment */
    const char *method; /* GET stands for HEAD, too */
    api_handler *handle;
    const char *const *params; /* the query parameters it knows, ended by NULL; NULL: it looks at none (what
                                * checks health may add what it likes to get past a cache) */
};

/* Is it about many jobs, so that it may take long? See app_admit_fn. */
bool route_is_bulk(const struct route *route);

/* The route at an index; NULL past the last one. */
const struct route *route_at(size_t index);

/* Is path one that pattern stands for? "{id}" in a pattern stands for one segment of any text, which goes to
 * *id; without it in the pattern *id is {NULL, 0}. */
bool route_match(const char *pattern, struct slice path, struct slice *id);

/* Returns the route of a request; *id is as in route_match. Returns NULL if there is none; error is filled
 * then: 404, or 405, with the methods of the path in allow, which is "" otherwise. */
const struct route *route_find(struct slice path, const char *method, struct slice *id,
                               char allow[RESPONSE_ALLOW_SIZE], struct api_error *error);

#endif
