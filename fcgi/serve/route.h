/* route: which handler answers which path and method. One table (route.c) holds that, and the query
 * parameters of each path; the handlers do the rest.
 *
 * Paths are compared byte by byte: a slash at the end, a double slash or another case makes another path.
 * Pure.
 */
#ifndef DRONC_ROUTE_H
#define DRONC_ROUTE_H

#include "access/scope.h"
#include "api/context.h"
#include "base/buffer.h"
#include "http/api_error.h"
#include "http/response.h"

#include <stdbool.h>

struct route {
    const char *path;   /* may have "{id}" in place of a segment */
    const char *method; /* GET includes HEAD */
    enum scope scope;   /* that a key needs for it; SCOPE_NONE: it is open to all */
    api_handler *handle;
    const char *const *params; /* the query parameters that it takes, ended by NULL; NULL: it ignores all (a
                                  health check may add one to get past a cache) */
};

/* Is it about many jobs, so that it may take long (app_admit_fn)? */
bool route_is_bulk(const struct route *route);

/* Is it a health check? */
bool route_is_health(const struct route *route);

/* Does it tell about this program, and nothing of jobs? */
bool route_is_about_program(const struct route *route);

/* Returns the route at index; NULL after the last one. */
const struct route *route_at(size_t index);

/* Does path match pattern? "{id}" in a pattern matches one segment of any text, which *id then has; without
 * it in the pattern, *id is {NULL, 0}. */
bool route_match(const char *pattern, struct slice path, struct slice *id);

/* Returns the route of a request; *id is as in route_match. Returns NULL if there is none; error is filled
 * then: 404, or 405, with the methods of the path in allow, which is "" otherwise. */
const struct route *route_find(struct slice path, const char *method, struct slice *id,
                               char allow[RESPONSE_ALLOW_SIZE], struct api_error *error);

#endif
