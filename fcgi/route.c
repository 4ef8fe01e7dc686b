/* route: the table of the API, and looking things up in it. */
#include "route.h"

#include "resources.h"

#include <stdio.h>
#include <string.h>

static const char *const no_params[] = {NULL};
static const char *const preview_params[] = {"schedule", "timezone", "count", "from", NULL};
static const char *const track_params[] = {"limit",   "cursor", "job_id", "success",
                                           "outcome", "since",  "until",  NULL};

static const struct route routes[] = {
    {"/", "GET", health_greet, NULL},
    {"/health", "GET", health_check, NULL},
    {"/health/deep", "GET", health_check_deep, NULL},
    {"/v1/schedule/api-caller", "POST", schedule_create, no_params},
    {"/v1/schedule/preview", "GET", preview_schedule, preview_params},
    {"/v1/track/executions", "GET", track_list_executions, track_params},
};

/* Add a method to an Allow header. */
static void allow_method(char allow[RESPONSE_ALLOW_SIZE], const char *method)
{
    size_t len = strlen(allow);
    bool get = strcmp(method, "GET") == 0;

    snprintf(allow + len, RESPONSE_ALLOW_SIZE - len, "%s%s%s", len > 0 ? ", " : "", method,
             get ? ", HEAD" : "");
}

const struct route *route_find(struct slice path, const char *method, char allow[RESPONSE_ALLOW_SIZE],
                               struct api_error *error)
{
    allow[0] = '\0';
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!slice_eq(path, routes[i].path)) {
            continue;
        }
        if (strcmp(method, routes[i].method) == 0) {
            allow[0] = '\0';
            return &routes[i];
        }
        allow_method(allow, routes[i].method);
    }
    if (allow[0]) {
        api_error_set(error, API_METHOD_NOT_ALLOWED, "%.32s is not among the methods of this path: %s",
                      method, allow);
    } else {
        api_error_set(error, API_NOT_FOUND, "there is nothing at this path");
    }
    return NULL;
}
