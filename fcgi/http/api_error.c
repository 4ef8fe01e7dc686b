/* api_error: the table of error codes, and functions that fill an error in one statement. */
#include "http/api_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int status;
} codes[] = {
    [API_OK] = {"OK", 200},
    [API_INVALID_REQUEST] = {"INVALID_REQUEST", 400},
    [API_URI_TOO_LONG] = {"INVALID_REQUEST", 414},
    [API_VALIDATION_ERROR] = {"VALIDATION_ERROR", 400},
    [API_JOB_CREATION_FAILED] = {"JOB_CREATION_FAILED", 400},
    [API_UNAUTHORIZED] = {"UNAUTHORIZED", 401},
    [API_FORBIDDEN] = {"FORBIDDEN", 403},
    [API_SELF_CALL] = {"SELF_CALL", 403},
    [API_FORBIDDEN_ORIGIN] = {"FORBIDDEN_ORIGIN", 403},
    [API_NOT_FOUND] = {"NOT_FOUND", 404},
    [API_JOB_NOT_FOUND] = {"JOB_NOT_FOUND", 404},
    [API_DEAD_NOT_FOUND] = {"DEAD_NOT_FOUND", 404},
    [API_EXECUTION_NOT_FOUND] = {"EXECUTION_NOT_FOUND", 404},
    [API_KEY_NOT_FOUND] = {"KEY_NOT_FOUND", 404},
    [API_METHOD_NOT_ALLOWED] = {"METHOD_NOT_ALLOWED", 405},
    [API_CONFLICT] = {"CONFLICT", 409},
    [API_PRECONDITION_FAILED] = {"PRECONDITION_FAILED", 412},
    [API_PAYLOAD_TOO_LARGE] = {"PAYLOAD_TOO_LARGE", 413},
    [API_UNSUPPORTED_MEDIA_TYPE] = {"UNSUPPORTED_MEDIA_TYPE", 415},
    [API_MISDIRECTED_REQUEST] = {"MISDIRECTED_REQUEST", 421},
    [API_IDEMPOTENCY_KEY_REUSED] = {"IDEMPOTENCY_KEY_REUSED", 422},
    [API_STORAGE_ERROR] = {"STORAGE_ERROR", 500},
    [API_REDIS_NOT_INITIALIZED] = {"REDIS_NOT_INITIALIZED", 500},
    [API_EXECUTION_EVENTS_QUERY_FAILED] = {"EXECUTION_EVENTS_QUERY_FAILED", 500},
    [API_INTERNAL_ERROR] = {"INTERNAL_ERROR", 500},
};
_Static_assert(sizeof codes / sizeof codes[0] == API_CODE__COUNT, "every code has a name and a status");

void api_error_clear(struct api_error *error)
{
    error->code = API_OK;
    error->field = (struct slice){NULL, 0};
    error->offset = -1;
    error->text[0] = '\0';
    error->detail[0] = '\0';
    error->name[0] = '\0';
}

bool api_error_set(struct api_error *error, enum api_code code, const char *fmt, ...)
{
    va_list args;

    api_error_clear(error);
    error->code = code;
    va_start(args, fmt);
    vsnprintf(error->text, sizeof error->text, fmt, args);
    va_end(args);
    return false;
}

bool api_error_at(struct api_error *error, struct slice field)
{
    error->field = field;
    return false;
}

static enum api_code code_of_fault(enum job_fault_code code)
{
    switch (code) {
    case JOB_FAULT_INVALID_REQUEST:
        return API_INVALID_REQUEST;
    case JOB_FAULT_VALIDATION_ERROR:
        return API_VALIDATION_ERROR;
    case JOB_FAULT_CREATION_FAILED:
        return API_JOB_CREATION_FAILED;
    case JOB_FAULT_SYSTEM:
    case JOB_FAULT_NONE:
        break;
    }
    return API_INTERNAL_ERROR;
}

bool api_error_job(struct api_error *error, const struct job_fault *fault)
{
    api_error_set(error, code_of_fault(fault->code), "%s", fault->text);
    error->offset = fault->offset;
    if (fault->field == NULL) {
        return false;
    }
    snprintf(error->name, sizeof error->name, "%s", fault->field);
    return api_error_at(error, slice_of(error->name));
}

static const char *phrase_of(enum err code)
{
    switch (code) {
    case ERR_TIMEOUT:
        return "Redis did not answer in time";
    case ERR_REFUSED:
        return "Redis refused";
    case ERR_CONFIG:
        return "the database was made for another version";
    case ERR_PROTOCOL:
        return "Redis' answer makes no sense";
    default:
        return "Redis cannot be reached";
    }
}

bool api_error_redis(struct api_error *error, enum api_code code, const char *what,
                     const struct errinfo *info)
{
    if (info->code == ERR_NOMEM || info->code == ERR_BUG) {
        api_error_set(error, API_INTERNAL_ERROR, "%s", err_name(info->code));
    } else {
        api_error_set(error, code, "%s: %s", what, phrase_of(info->code));
    }
    (void)snprintf(error->detail, sizeof error->detail, "%s", info->text);
    return false;
}

const char *api_code_name(enum api_code code)
{
    return (unsigned)code < API_CODE__COUNT ? codes[code].name : codes[API_INTERNAL_ERROR].name;
}

int api_code_status(enum api_code code)
{
    return (unsigned)code < API_CODE__COUNT ? codes[code].status : codes[API_INTERNAL_ERROR].status;
}
