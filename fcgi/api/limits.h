/* limits: what the settings of an installation forbid to a job, besides what lib/job forbids to any. */
#ifndef DRONC_LIMITS_H
#define DRONC_LIMITS_H

#include "api/context.h"
#include "job/job.h"

/* MIN_INTERVAL_S. Returns false if two instants of job are too close; error is filled. */
NODISCARD bool limits_check_interval(const struct context *ctx, const struct job *job,
                                     struct api_error *error);

#endif
