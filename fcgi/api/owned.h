/* owned: makes things of lib/job that the request owns. Each lasts until the request ends, or until its
 * memory is released to an earlier mark, and then ends by itself. Each function returns NULL if memory is
 * short; error is filled. */
#ifndef DRONC_OWNED_H
#define DRONC_OWNED_H

#include "api/context.h"
#include "job/job.h"
#include "job/job_json.h"

/* A job to be built once, by job_build or job_restore. */
struct job *owned_job(struct context *ctx, struct api_error *error);

/* A definition to be read once, by job_json_parse or its variants. */
struct job_json *owned_job_json(struct context *ctx, struct api_error *error);

#endif
