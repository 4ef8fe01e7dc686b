/* job_patch: what scheduling shares with PATCH: a stored job gets another definition. */
#ifndef DRONC_JOB_PATCH_H
#define DRONC_JOB_PATCH_H

#include "api/context.h"
#include "job/job.h"

#include <stdbool.h>

/* Put whole in the place of the definition that the job of that id has, and answer 201 with it. Like a PATCH
 * that names every field: the same rules, If-Match among them. False: error is filled. */
NODISCARD bool job_patch_replace(struct context *ctx, const struct job_id *id, const struct job_fields *whole,
                                 struct api_error *error);

#endif
