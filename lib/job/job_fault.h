/* job_fault: what is wrong with a job's definition: the kind of mistake, the field, and a text for a person.
 *
 * Every function that judges a definition fills one and returns false. Pure; any thread.
 */
#ifndef DRONC_JOB_FAULT_H
#define DRONC_JOB_FAULT_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The kinds of mistakes that the API distinguishes (docs/api.md). */
enum job_fault_code {
    JOB_FAULT_NONE = 0,
    JOB_FAULT_INVALID_REQUEST,  /* missing or empty, or not of the field's kind */
    JOB_FAULT_VALIDATION_ERROR, /* not a URL (or too long for one), an unknown type, a time zone that does not
                                   exist or contradicts the schedule's prefix, or a value that one of the
                                   other fields cannot have */
    JOB_FAULT_CREATION_FAILED,  /* a schedule that does not parse or never fires, or a scheme other than http
                                   and https */
    JOB_FAULT_SYSTEM            /* nothing is wrong with the input: out of memory, or no default time zone */
};

struct job_fault {
    enum job_fault_code code;
    const char *field; /* a name of job_fields' table; static. NULL: no single field */
    int64_t offset;    /* of the offending text in the field, in bytes from 0; -1: not known */
    char text[512];    /* for a person */
};

/* Fill fault, with offset -1. Always returns false, so that a check can end in `return job_fault_set(…)`. */
bool job_fault_set(struct job_fault *fault, enum job_fault_code code, const char *field, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* The same for a field that is missing, empty, unknown or of another kind: INVALID_REQUEST. */
bool job_fault_request(struct job_fault *fault, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same for a value that a field cannot have: VALIDATION_ERROR. */
bool job_fault_invalid(struct job_fault *fault, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same for memory that ran out while the field was read: SYSTEM. */
bool job_fault_nomem(struct job_fault *fault, const char *field);

#endif
