/* job_export: where GET /v1/jobs:export is, from one piece of its answer to the next. */
#ifndef DRONC_JOB_EXPORT_H
#define DRONC_JOB_EXPORT_H

#include "job/job.h"

#include <stdbool.h>

/* Zero-initialised: at the start. */
struct job_export {
    unsigned shard;      /* that is being gone through */
    bool inside;         /* after is one of the shard's */
    struct job_id after; /* the last job that was written */
};

#endif
