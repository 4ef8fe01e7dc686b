/* job_type: see job_type.h. What the types promise is decided in many places; here are only their names. */
#include "job/job_type.h"

static const char *const type_names[JOB_TYPE__COUNT] = {
    [JOB_ATMOST_ONCE] = "ATMOST_ONCE",
    [JOB_ATLEAST_ONCE] = "ATLEAST_ONCE",
};

const char *job_type_name(enum job_type type)
{
    return type < JOB_TYPE__COUNT ? type_names[type] : "unknown";
}

bool job_type_parse(enum job_type *out, struct slice name)
{
    for (unsigned i = 0; i < JOB_TYPE__COUNT; i++) {
        if (slice_eq(name, type_names[i])) {
            *out = (enum job_type)i;
            return true;
        }
    }
    return false;
}
