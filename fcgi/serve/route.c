/* route: the table of the API, and lookups in it. */
#include "serve/route.h"

#include "api/resources.h"

#include <stdio.h>
#include <string.h>

static const char *const no_params[] = {NULL};
static const char *const preview_params[] = {"schedule", "timezone", "count", "from", NULL};
static const char *const list_params[] = {"state", "tag", "name_prefix", "host", "limit", "cursor", NULL};
static const char *const why_params[] = {"at", NULL};
static const char *const patch_params[] = {"dry_run", NULL};
static const char *const track_params[] = {"limit",   "cursor", "job_id", "success",
                                           "outcome", "since",  "until",  NULL};

static const char *const history_params[] = {"limit", "cursor", "success", "outcome", "since", "until", NULL};

static const char *const dead_params[] = {"limit", "cursor", "job_id", "before", NULL};
static const char *const drop_params[] = {"cursor", "job_id", "before", NULL};
static const char *const redrive_params[] = {"cursor", "job_id", "before", "rate", NULL};

static const struct route routes[] = {
    {"/", "GET", health_greet, NULL},
    {"/health", "GET", health_check, NULL},
    {"/health/deep", "GET", health_check_deep, NULL},
    {"/openapi.json", "GET", openapi_show, no_params},
    {"/v1/dead", "GET", dead_list, dead_params},
    {"/v1/dead", "DELETE", dead_delete_many, drop_params},
    {"/v1/dead/{id}", "DELETE", dead_delete, no_params},
    {"/v1/dead/{id}/redrive", "POST", dead_redrive, no_params},
    {"/v1/dead:redrive", "POST", dead_redrive_many, redrive_params},
    {"/v1/executions/{id}", "GET", track_show_execution, no_params},
    {"/v1/jobs", "GET", jobs_list, list_params},
    {"/v1/jobs:batch", "POST", jobs_batch, no_params},
    {"/v1/jobs:export", "GET", jobs_export, no_params},
    {"/v1/jobs/{id}", "GET", job_show, no_params},
    {"/v1/jobs/{id}", "PATCH", job_patch, patch_params},
    {"/v1/jobs/{id}", "DELETE", job_delete, no_params},
    {"/v1/jobs/{id}/executions", "GET", track_list_of_job, history_params},
    {"/v1/jobs/{id}/why", "GET", job_why, why_params},
    {"/v1/jobs/{id}/pause", "POST", job_pause, no_params},
    {"/v1/jobs/{id}/resume", "POST", job_resume, no_params},
    {"/v1/jobs/{id}/run", "POST", job_run, no_params},
    {"/v1/schedule/api-caller", "POST", schedule_create, no_params},
    {"/v1/schedule/preview", "GET", preview_schedule, preview_params},
    {"/v1/secrets", "GET", secrets_list, no_params},
    {"/v1/secrets/{id}", "PUT", secret_put, no_params},
    {"/v1/secrets/{id}", "DELETE", secret_delete, no_params},
    {"/v1/signing", "GET", signing_list, no_params},
    {"/v1/signing/{id}", "POST", signing_make, no_params},
    {"/v1/signing/{id}", "DELETE", signing_delete, no_params},
    {"/v1/track/executions", "GET", track_list_executions, track_params},
};

const struct route *route_at(size_t index)
{
    return index < sizeof routes / sizeof routes[0] ? &routes[index] : NULL;
}

bool route_is_bulk(const struct route *route)
{
    return route->handle == jobs_batch || route->handle == jobs_export;
}

bool route_match(const char *pattern, struct slice path, struct slice *id)
{
    const char *hole = strstr(pattern, "{id}");
    size_t head = hole != NULL ? (size_t)(hole - pattern) : 0;

    *id = (struct slice){NULL, 0};
    if (hole == NULL) {
        return slice_eq(path, pattern);
    }
    if (path.len <= head || memcmp(path.data, pattern, head) != 0) {
        return false;
    }
    const char *slash = memchr(path.data + head, '/', path.len - head);
    size_t len = slash != NULL ? (size_t)(slash - path.data) - head : path.len - head;
    if (len == 0 || !slice_eq((struct slice){path.data + head + len, path.len - head - len}, hole + 4)) {
        return false;
    }
    *id = (struct slice){path.data + head, len};
    return true;
}

/* Add a method to an Allow header. */
static void allow_method(char allow[RESPONSE_ALLOW_SIZE], const char *method)
{
    size_t len = strlen(allow);
    bool get = strcmp(method, "GET") == 0;

    snprintf(allow + len, RESPONSE_ALLOW_SIZE - len, "%s%s%s", len > 0 ? ", " : "", method,
             get ? ", HEAD" : "");
}

const struct route *route_find(struct slice path, const char *method, struct slice *id,
                               char allow[RESPONSE_ALLOW_SIZE], struct api_error *error)
{
    allow[0] = '\0';
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!route_match(routes[i].path, path, id)) {
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
