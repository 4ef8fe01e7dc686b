/* route: the table of the API, and lookups in it. */
#include "serve/route.h"

#include "api/resources.h"

#include <stdio.h>
#include <string.h>

static const char *const no_params[] = {NULL};
static const char *const preview_params[] = {"schedule", "timezone", "count", "from", NULL};
static const char *const list_params[] = {"state",   "tag",   "name_prefix", "host",
                                          "signing", "limit", "cursor",      NULL};
static const char *const why_params[] = {"at", NULL};
static const char *const patch_params[] = {"dry_run", NULL};
static const char *const track_params[] = {"limit",   "cursor", "job_id", "success",
                                           "outcome", "since",  "until",  NULL};

static const char *const history_params[] = {"limit", "cursor", "success", "outcome", "since", "until", NULL};

static const char *const audit_params[] = {"limit", "cursor", "since", "until", "by", "object", NULL};
static const char *const dead_params[] = {"limit", "cursor", "job_id", "before", NULL};
static const char *const drop_params[] = {"cursor", "job_id", "before", NULL};
static const char *const redrive_params[] = {"cursor", "job_id", "before", "rate", NULL};

static const struct route routes[] = {
    {"/", "GET", SCOPE_NONE, health_greet, NULL},
    {"/health", "GET", SCOPE_NONE, health_check, NULL},
    {"/health/deep", "GET", SCOPE_NONE, health_check_deep, NULL},
    {"/openapi.json", "GET", SCOPE_NONE, openapi_show, no_params},
    {"/v1/audit", "GET", SCOPE_AUDIT_READ, audit_list, audit_params},
    {"/v1/dead", "GET", SCOPE_EXECUTIONS_READ, dead_list, dead_params},
    {"/v1/dead", "DELETE", SCOPE_DEAD_WRITE, dead_delete_many, drop_params},
    {"/v1/dead/{id}", "DELETE", SCOPE_DEAD_WRITE, dead_delete, no_params},
    {"/v1/dead/{id}/redrive", "POST", SCOPE_DEAD_WRITE, dead_redrive, no_params},
    {"/v1/dead:redrive", "POST", SCOPE_DEAD_WRITE, dead_redrive_many, redrive_params},
    {"/v1/executions/{id}", "GET", SCOPE_EXECUTIONS_READ, track_show_execution, no_params},
    {"/v1/jobs", "GET", SCOPE_JOBS_READ, jobs_list, list_params},
    {"/v1/jobs:batch", "POST", SCOPE_JOBS_WRITE, jobs_batch, no_params},
    {"/v1/jobs:export", "GET", SCOPE_EXPORT, jobs_export, no_params},
    {"/v1/jobs/{id}", "GET", SCOPE_JOBS_READ, job_show, no_params},
    {"/v1/jobs/{id}", "PATCH", SCOPE_JOBS_WRITE, job_patch, patch_params},
    {"/v1/jobs/{id}", "DELETE", SCOPE_JOBS_WRITE, job_delete, no_params},
    {"/v1/jobs/{id}/executions", "GET", SCOPE_EXECUTIONS_READ, track_list_of_job, history_params},
    {"/v1/jobs/{id}/why", "GET", SCOPE_JOBS_READ, job_why, why_params},
    {"/v1/jobs/{id}/pause", "POST", SCOPE_JOBS_WRITE, job_pause, no_params},
    {"/v1/jobs/{id}/resume", "POST", SCOPE_JOBS_WRITE, job_resume, no_params},
    {"/v1/jobs/{id}/run", "POST", SCOPE_JOBS_RUN, job_run, no_params},
    {"/v1/keys", "GET", SCOPE_KEYS_ADMIN, keys_list, no_params},
    {"/v1/keys", "POST", SCOPE_KEYS_ADMIN, key_create, no_params},
    {"/v1/keys/{id}", "DELETE", SCOPE_KEYS_ADMIN, key_revoke, no_params},
    {"/v1/keys/{id}/rotate", "POST", SCOPE_KEYS_ADMIN, key_rotate, no_params},
    {"/v1/schedule/api-caller", "POST", SCOPE_JOBS_WRITE, schedule_create, no_params},
    {"/v1/schedule/preview", "GET", SCOPE_JOBS_READ, preview_schedule, preview_params},
    {"/v1/secrets", "GET", SCOPE_SECRETS_WRITE, secrets_list, no_params},
    {"/v1/secrets/{id}", "PUT", SCOPE_SECRETS_WRITE, secret_put, no_params},
    {"/v1/secrets/{id}", "DELETE", SCOPE_SECRETS_WRITE, secret_delete, no_params},
    {"/v1/signing", "GET", SCOPE_JOBS_READ, signing_list, no_params},
    {"/v1/signing/{id}", "POST", SCOPE_SECRETS_WRITE, signing_make, no_params},
    {"/v1/signing/{id}", "DELETE", SCOPE_SECRETS_WRITE, signing_delete, no_params},
    {"/v1/track/executions", "GET", SCOPE_EXECUTIONS_READ, track_list_executions, track_params},
};

const struct route *route_at(size_t index)
{
    return index < sizeof routes / sizeof routes[0] ? &routes[index] : NULL;
}

bool route_is_bulk(const struct route *route)
{
    return route->handle == jobs_batch || route->handle == jobs_export;
}

bool route_is_health(const struct route *route)
{
    return route->handle == health_check || route->handle == health_check_deep;
}

bool route_is_about_program(const struct route *route)
{
    return route_is_health(route) || route->handle == health_greet || route->handle == openapi_show;
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
