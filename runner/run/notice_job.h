/* notice_job: the job that stands in for a notice, so that it is called like any other: a POST of the
 * notice's JSON to the job's `on_failure_url` or `on_recovery_url`, at least once, with the job's own
 * time-outs and rule for retries; every 2xx is a success. It has the job's id and is called once, at the
 * instant of the notice. Pure.
 */
#ifndef DRONC_NOTICE_JOB_H
#define DRONC_NOTICE_JOB_H

#include "job/job.h"
#include "store/store_attempt.h"

/* Build it from a claim that has a notice; end it with job_fini. Fails as job_restore does. */
NODISCARD enum err notice_job_restore(struct job *out, const struct store_claimed *claimed,
                                      struct zones *zones, struct errinfo *info);

#endif
