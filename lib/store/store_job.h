/* store_job: commands to one job: create, restore, change, pause, delete, run by hand. Builders and decoders,
 * as in store.h. The caller computes the job's next instant; this module knows the keys and the scripts.
 */
#ifndef DRONC_STORE_JOB_H
#define DRONC_STORE_JOB_H

#include "store/store_job_read.h"

#include <stdbool.h>
#include <stdint.h>

/* Store job unless it is there; due is its first occurrence. Tells the runners. The job must have been built
 * as of now by Redis' clock (job->created), give or take STORE_CLOCK_TOLERANCE_MS. */
void store_job_create(struct cmd *cmd, const struct job *job, struct wall_ms due);
/* Store a job from a backup, likewise. */
struct store_restored {
    struct wall_ms due;  /* INT64_MAX: none, for the reason that state says */
    struct slice state;  /* "PAUSED", "COMPLETED"; data NULL, as in all that follow: not so */
    struct slice reason; /* as in struct store_job */
    struct slice note;
    struct slice by;
    bool changed; /* the job's id is not the one that its definition would be given */
};
void store_job_restore(struct cmd *cmd, const struct job *job, const struct store_restored *restored);
/* at: STORE_TAKEN and STORE_WRONG_TIME only. */
NODISCARD enum err store_job_create_reply(const struct reply *reply, enum store_creation *out,
                                          struct wall_ms *at, struct errinfo *info);

NODISCARD enum err store_answer_reply(const struct reply *reply, enum store_answer *out,
                                      struct errinfo *info);

/* Delete a job. version 0: whichever it has. */
void store_job_delete(struct cmd *cmd, const struct job_id *id, int64_t version);

/* Pause a job; one that is paused stays as it is. */
void store_job_pause(struct cmd *cmd, const struct job_id *id, const char *reason, struct slice note);

/* What is to become of a job's next instant. */
enum store_timing {
    STORE_TIME_KEPT,  /* nothing */
    STORE_TIME_DUE,   /* it is at `due`, and the job is active */
    STORE_TIME_OVER,  /* there is none: the job is completed */
    STORE_TIME_PAUSED /* another one, once the job is resumed */
};
struct store_change {
    const struct store_job *read; /* the job as it was read: nothing is done if it is not so any more */
    const struct job *definition; /* the new one; NULL: it stays */
    enum store_timing timing;
    struct wall_ms due;  /* STORE_TIME_DUE only */
    const char *request; /* with a definition: a text of at most STORE_REQUEST_MAX bytes that no other request
                          * has, kept as that of the latest change; NULL: it is not asked for */
};
#define STORE_REQUEST_MAX 32
/* Change a job (with a definition: one version more; with another time: one epoch more, and what was claimed
 * and not started is void). */
void store_job_change(struct cmd *cmd, const struct store_change *change);
/* taken: STORE_ANSWER_TAKEN only: the last instant that is. */
NODISCARD enum err store_job_change_reply(const struct reply *reply, enum store_answer *out,
                                          struct wall_ms *taken, struct errinfo *info);
/* Ask whose the latest change is. A change that is sent again, because its answer was lost, finds another job
 * than was read: only this tells whether that is its own doing. */
void store_job_changed_by(struct cmd *cmd, const struct job_id *id);
NODISCARD enum err store_job_changed_by_reply(const struct reply *reply, const char *request, bool *own,
                                              struct errinfo *info);

/* Make an attempt by hand, now. request: a text of at most STORE_REQUEST_MAX bytes that no other request
 * has: sent again, it makes none. offset_ms: the milliseconds of the second at which the job's own instants
 * are. */
void store_job_run(struct cmd *cmd, const struct job_id *id, const char *request, int offset_ms);
/* scheduled: the instant that stands for the occurrence; DONE only. */
NODISCARD enum err store_job_run_reply(const struct reply *reply, enum store_answer *out,
                                       struct wall_ms *scheduled, struct errinfo *info);

#endif
