/* api_error: what a request is refused with, before it is JSON.
 *
 * Owns the list of error codes that clients see and the HTTP status of each (docs/api.md is the contract).
 * Leaves writing to response, logging to app. Any thread; nothing here allocates.
 */
#ifndef DRONC_API_ERROR_H
#define DRONC_API_ERROR_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job.h"

#include <stdbool.h>
#include <stdint.h>

enum api_code {
    API_OK = 0,                 /* no error */
    API_INVALID_REQUEST,        /* 400: malformed, or a missing, empty, unknown or wrongly typed field */
    API_URI_TOO_LONG,           /* 414: path and query are; called as malformed requests are, as nginx does */
    API_VALIDATION_ERROR,       /* 400: a field of the right type with a value that cannot be */
    API_JOB_CREATION_FAILED,    /* 400: a schedule or a URL scheme that no job can be made of */
    API_NOT_FOUND,              /* 404: no such path */
    API_JOB_NOT_FOUND,          /* 404: no such job */
    API_DEAD_NOT_FOUND,         /* 404: no such dead occurrence */
    API_EXECUTION_NOT_FOUND,    /* 404: no such execution, or no longer */
    API_METHOD_NOT_ALLOWED,     /* 405: the path is there, the method is not */
    API_CONFLICT,               /* 409: the job is in a state that this cannot be done in */
    API_PRECONDITION_FAILED,    /* 412: the job has another version than If-Match says */
    API_PAYLOAD_TOO_LARGE,      /* 413: the body, or a line of it, is too long, or has too many lines */
    API_UNSUPPORTED_MEDIA_TYPE, /* 415: the body is declared to be something other than JSON */
    API_IDEMPOTENCY_KEY_REUSED, /* 422: the key was given to another request */
    API_STORAGE_ERROR,          /* 500: Redis refused to store, or did not answer */
    API_REDIS_NOT_INITIALIZED,  /* 500: this handler has never reached Redis */
    API_EXECUTION_EVENTS_QUERY_FAILED, /* 500: it has, and the query fails */
    API_INTERNAL_ERROR,                /* 500: out of memory, or a bug */
    API_CODE__COUNT
};

/* Make it with api_error_clear; a handler that fails fills it. */
struct api_error {
    enum api_code code;
    struct slice field; /* which field or parameter; data NULL: not known. Borrowed from the request */
    int64_t offset;     /* of the offending text in that field, bytes from 0; -1: not known */
    char text[320];     /* for a person */
    char detail[256];   /* for the log only: what a client need not know of an installation */
    char name[129];     /* where a field's name is kept that would not live as long as the request, cut */
};

/* No error. */
void api_error_clear(struct api_error *error);

/* Fill it, without field and offset. Always false, so that a handler can `return api_error_set(…)`. */
bool api_error_set(struct api_error *error, enum api_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Name the field. Borrows it. Always false. */
bool api_error_at(struct api_error *error, struct slice field);

/* Fill it from what job_build and job_json_parse report; the field's name is copied. Always false. */
bool api_error_job(struct api_error *error, const struct job_fault *fault);

/* Fill it from a failure of Redis': what ("the job is not known to be stored") and in which way it failed for
 * the client, its own words (which may hold paths and host names) for the log. Out of memory becomes
 * API_INTERNAL_ERROR. Always false. */
bool api_error_redis(struct api_error *error, enum api_code code, const char *what,
                     const struct errinfo *info);

/* "INVALID_REQUEST" and its status. */
const char *api_code_name(enum api_code code);
int api_code_status(enum api_code code);

#endif
