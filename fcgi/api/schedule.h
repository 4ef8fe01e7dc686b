/* schedule: making jobs of definitions, for whoever is given some: one as the body of a request, or many as
 * its lines.
 *
 * One at a time is schedule_store, which does all that there is to be done. Where there are many, most need
 * nothing but one command that says "stored": schedule_prepare makes it, without asking anybody, so that many
 * can be sent together; what it cannot make, or what is answered otherwise, is left to schedule_store, which
 * is always right, also the second time. One thread.
 */
#ifndef DRONC_SCHEDULE_H
#define DRONC_SCHEDULE_H

#include "job/job.h"
#include "serve/app.h"
#include "store/store_job.h"

#include <stdbool.h>

/* Make the job that text (JSON) says, or replace the one of its name, and answer with 201. backup: text may
 * hold what struct job_backup names, too. False: error is filled; its field may borrow from static storage
 * only. */
NODISCARD bool schedule_store(struct app *app, struct slice text, bool backup, struct api_error *error);

struct schedule_prepared {
    struct job job; /* owned */
    struct cmd cmd; /* what stores it; owned, until it was sent */
    bool own_id;    /* its id says its definition: a job of that id is that job */
};
/* Make job and cmd of a line of a backup. False: there is nothing to end. */
NODISCARD bool schedule_prepare(struct app *app, struct slice text, struct schedule_prepared *out);
/* Does the reply to cmd say that the job is there as it should be? */
bool schedule_is_stored(const struct schedule_prepared *prepared, const struct reply *reply);

#endif
