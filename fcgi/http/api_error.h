/* api_error: why a request fails, before that becomes JSON.
 *
 * Owns the error codes that clients see, and the HTTP status of each (docs/api.md is the contract). Leaves
 * writing to response, and logging to app. Any thread; nothing here allocates.
 */
#ifndef DRONC_API_ERROR_H
#define DRONC_API_ERROR_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job.h"

#include <stdbool.h>
#include <stdint.h>

enum api_code {
    API_OK = 0,          /* no error */
    API_INVALID_REQUEST, /* 400: malformed, or a missing, empty, unknown or wrongly typed field */
    API_URI_TOO_LONG, /* 414: path and query are too long; its name is that of malformed requests, as in nginx
                       */
    API_VALIDATION_ERROR,       /* 400: a field has the right type and an impossible value */
    API_JOB_CREATION_FAILED,    /* 400: no job can have this schedule or URL scheme */
    API_UNAUTHORIZED,           /* 401: without a key, or with one that does not count */
    API_FORBIDDEN,              /* 403: the key does not allow it */
    API_SELF_CALL,              /* 403: a job's own call asks this */
    API_FORBIDDEN_ORIGIN,       /* 403: a page of another site asks this */
    API_NOT_FOUND,              /* 404: no such path */
    API_JOB_NOT_FOUND,          /* 404: no such job */
    API_DEAD_NOT_FOUND,         /* 404: no such dead occurrence */
    API_EXECUTION_NOT_FOUND,    /* 404: no such execution, or it is no longer kept */
    API_KEY_NOT_FOUND,          /* 404: no such API key */
    API_METHOD_NOT_ALLOWED,     /* 405: the path exists, the method does not */
    API_CONFLICT,               /* 409: the job's state does not allow this */
    API_PRECONDITION_FAILED,    /* 412: the job's version is not the one in If-Match */
    API_PAYLOAD_TOO_LARGE,      /* 413: the body or one of its lines is too long, or it has too many lines */
    API_UNSUPPORTED_MEDIA_TYPE, /* 415: the body is declared as something other than JSON */
    API_MISDIRECTED_REQUEST,    /* 421: Host is no name of this API */
    API_IDEMPOTENCY_KEY_REUSED, /* 422: another request used this key */
    API_STORAGE_ERROR,          /* 500: Redis refused, or did not answer */
    API_REDIS_NOT_INITIALIZED,  /* 500: this handler has never reached Redis */
    API_EXECUTION_EVENTS_QUERY_FAILED, /* 500: it has, and the query failed */
    API_INTERNAL_ERROR,                /* 500: out of memory, or a bug */
    API_CODE__COUNT
};

/* Initialise it with api_error_clear; a handler that fails fills it. */
struct api_error {
    enum api_code code;
    struct slice field; /* the field or parameter; data NULL: unknown. Borrowed from the request */
    int64_t offset;     /* of the offending text in that field, in bytes from 0; -1: unknown */
    char text[320];     /* for a person */
    char detail[256];   /* for the log only: what clients need not know of an installation */
    char name[129]; /* a copy of the field's name, cut, if the name does not last as long as the request */
};

/* Make it no error. */
void api_error_clear(struct api_error *error);

/* Fill it, without field and offset. Always returns false, so that a handler can `return api_error_set(…)`.
 */
bool api_error_set(struct api_error *error, enum api_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Name the field. Borrows it. Always returns false. */
bool api_error_at(struct api_error *error, struct slice field);

/* Fill it from a fault of job_build or job_json_parse; copies the field's name. Always returns false. */
bool api_error_job(struct api_error *error, const struct job_fault *fault);

/* Fill it from a failure of Redis. The client gets `what` ("the job is not known to be stored") and the kind
 * of failure; the log gets Redis' own words, which may hold paths and host names. Out of memory becomes
 * API_INTERNAL_ERROR. Always returns false. */
bool api_error_redis(struct api_error *error, enum api_code code, const char *what,
                     const struct errinfo *info);

/* The name of a code ("INVALID_REQUEST"), and its status. */
const char *api_code_name(enum api_code code);
int api_code_status(enum api_code code);

#endif
