/* owned: see owned.h. */
#include "api/owned.h"

#include <stddef.h>
#include <string.h>

static void end_job(void *job)
{
    job_fini(job);
}

/* Does not clear the two long texts at the end. */
struct job *owned_job(struct context *ctx, struct api_error *error)
{
    struct job *job = context_alloc(ctx, sizeof *job, error);

    if (job == NULL) {
        return NULL;
    }
    memset(job, 0, offsetof(struct job, schedule));
    return context_own(ctx, end_job, job, error) ? job : NULL;
}

static void end_json(void *json)
{
    job_json_fini(json);
}

struct job_json *owned_job_json(struct context *ctx, struct api_error *error)
{
    return context_new(ctx, sizeof(struct job_json), end_json, error);
}
