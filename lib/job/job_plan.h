/* job_plan: a job's instants from any moment on, and which part of a definition they depend on.
 *
 * job_next goes on from an instant of the schedule; job_plan_first starts anywhere. The two agree: @every has
 * its instants at whole multiples of its interval after the job's creation. So a job that was paused or
 * changed has the same instants as one that was not, and a preview shows them.
 *
 * Pure; any thread.
 */
#ifndef DRONC_JOB_PLAN_H
#define DRONC_JOB_PLAN_H

#include "job/job.h"

/* The first instant of job that is later than after. Returns false if there is none. */
NODISCARD bool job_plan_first(const struct job *job, struct wall_ms after, struct wall_ms *first);

/* How two definitions differ, as they are stored. */
enum job_plan_change {
    JOB_PLAN_SAME,      /* not at all */
    JOB_PLAN_SAME_TIME, /* not in the fields that say when the job is called */
    JOB_PLAN_OTHER_TIME /* in those, too */
};
enum job_plan_change job_plan_compare(const struct job *a, const struct job *b);

#endif
