/* schedule: creates jobs from definitions: from the body of a request, or from its lines.
 *
 * schedule_store does all that one definition needs. Most of many definitions need only one command that is
 * answered with "stored": schedule_prepare makes it without asking Redis, so that many can be sent together.
 * A definition that it cannot prepare, or that gets another answer, goes to schedule_store, which is always
 * right, also the second time. One thread.
 */
#ifndef DRONC_SCHEDULE_H
#define DRONC_SCHEDULE_H

#include "api/context.h"
#include "job/job.h"
#include "store/store_job.h"

#include <stdbool.h>

/* Create the job that text (JSON) defines, or replace the one of its name, and answer with 201. backup: text
 * may also have the members of struct job_backup. Returns false on failure; error is filled. */
NODISCARD bool schedule_store(struct context *ctx, struct slice text, bool backup, struct api_error *error);

struct schedule_prepared {
    struct job *job; /* lasts as long as this */
    struct cmd cmd;  /* owned: stores the job. Zero it when passing it on */
    bool own_id;     /* its id is the one of its definition, so a job of that id is that job */
};
/* Returns the job and the command for a line of a backup. Returns NULL if schedule_store has to do it. */
struct schedule_prepared *schedule_prepare(struct context *ctx, struct slice text);
/* Does the reply to cmd show that the job is stored as it should be? */
bool schedule_is_stored(const struct context *ctx, const struct schedule_prepared *prepared,
                        const struct reply *reply);

#endif
