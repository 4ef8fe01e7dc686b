/* job_fault: see job_fault.h. Formats into the caller's memory; a text that is too long is cut. */
#include "job/job_fault.h"

#include <stdarg.h>
#include <stdio.h>

PRINTF_LIKE(4, 0)
static bool fault_vset(struct job_fault *fault, enum job_fault_code code, const char *field, const char *fmt,
                       va_list args)
{
    fault->code = code;
    fault->field = field;
    fault->offset = -1;
    (void)vsnprintf(fault->text, sizeof fault->text, fmt, args);
    return false;
}

bool job_fault_set(struct job_fault *fault, enum job_fault_code code, const char *field, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fault_vset(fault, code, field, fmt, args);
    va_end(args);
    return false;
}

bool job_fault_request(struct job_fault *fault, const char *field, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fault_vset(fault, JOB_FAULT_INVALID_REQUEST, field, fmt, args);
    va_end(args);
    return false;
}

bool job_fault_invalid(struct job_fault *fault, const char *field, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)fault_vset(fault, JOB_FAULT_VALIDATION_ERROR, field, fmt, args);
    va_end(args);
    return false;
}

bool job_fault_nomem(struct job_fault *fault, const char *field)
{
    return job_fault_set(fault, JOB_FAULT_SYSTEM, field, "out of memory");
}
