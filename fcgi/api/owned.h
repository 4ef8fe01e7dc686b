/* owned: the things of lib/job that a request owns, ready to be filled. Each lasts as long as the request, or
 * until the arena is released to an earlier mark, and then ends by itself. All return NULL if memory is
 * short; error is filled. */
#ifndef DRONC_OWNED_H
#define DRONC_OWNED_H

#include "api/context.h"
#include "job/job.h"
#include "job/job_json.h"

/* For job_build or job_restore, once. */
struct job *owned_job(struct context *ctx, struct api_error *error);

/* For one of job_json_parse and its like, once. */
struct job_json *owned_job_json(struct context *ctx, struct api_error *error);

#endif
