/* job_patch: the part of PATCH that scheduling uses: a stored job gets another definition. */
#ifndef DRONC_JOB_PATCH_H
#define DRONC_JOB_PATCH_H

#include "api/context.h"
#include "job/job.h"

#include <stdbool.h>

/* Replace the definition of the job of that id by whole, and answer 201 with it. The rules of PATCH apply,
 * If-Match included. Returns false on failure; error is filled. */
NODISCARD bool job_patch_replace(struct context *ctx, const struct job_id *id, const struct job_fields *whole,
                                 struct api_error *error);

#endif
