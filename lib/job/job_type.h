/* job_type: the guarantee that a job asks for, and its names in the field `type`. Pure; any thread. */
#ifndef DRONC_JOB_TYPE_H
#define DRONC_JOB_TYPE_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>

enum job_type {
    JOB_ATMOST_ONCE,  /* no occurrence's request is ever sent twice */
    JOB_ATLEAST_ONCE, /* every occurrence is attempted until it succeeds or its retries are exhausted */
    JOB_TYPE__COUNT
};

/* "ATMOST_ONCE" or "ATLEAST_ONCE"; "unknown" for any other value. Static. */
const char *job_type_name(enum job_type type);

/* The inverse. Returns false if name is not a type's (case counts). */
NODISCARD bool job_type_parse(enum job_type *out, struct slice name);

#endif
