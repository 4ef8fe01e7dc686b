/* owned: see owned.h. */
#include "api/owned.h"

static void end_job(void *job)
{
    job_fini(job);
}

struct job *owned_job(struct context *ctx, struct api_error *error)
{
    return context_new(ctx, sizeof(struct job), end_job, error);
}

static void end_json(void *json)
{
    job_json_fini(json);
}

struct job_json *owned_job_json(struct context *ctx, struct api_error *error)
{
    return context_new(ctx, sizeof(struct job_json), end_json, error);
}
