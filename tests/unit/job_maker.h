/* job_maker: jobs for tests, with the zone files of tests/vectors (relative to the repository's root, where
 * tests run). */
#ifndef DRONC_JOB_MAKER_H
#define DRONC_JOB_MAKER_H

#include "job/job.h"

#include "test.h"

#define JOB_MAKER_ZONES "tests/vectors/zoneinfo"

static inline struct job_fields job_maker_fields(const char *schedule, const char *api, const char *type)
{
    return (struct job_fields){.schedule = slice_of(schedule), .api = slice_of(api), .type = slice_of(type)};
}

/* A job with this schedule that was created at created_ms. */
static inline void make_job(struct job *job, struct zones *zones, const char *schedule, enum job_type type,
                            int64_t created_ms)
{
    struct job_fault fault;
    struct job_fields fields = job_maker_fields(schedule, "http://example.com/x", job_type_name(type));
    if (!job_build(job, &fields, (struct wall_ms){created_ms}, zones, &fault)) {
        fail_msg("%s: %s", schedule, fault.text);
    }
}

#endif
