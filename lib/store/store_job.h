/* store_job: commands to one job: create, restore, change, pause, delete, manual run. Builders and decoders,
 * as in store.h. The caller computes the job's next instant; this module knows the keys and the scripts.
 */
#ifndef DRONC_STORE_JOB_H
#define DRONC_STORE_JOB_H

#include "store/store_job_read.h"

#include <stdbool.h>
#include <stdint.h>

/* Store job unless it is there; due is its first occurrence, which the script announces to the runners. The
 * job must have been built as of now by Redis' clock (job->created), give or take STORE_CLOCK_TOLERANCE_MS.
 */
void store_job_create(struct cmd *cmd, const struct job *job, struct wall_ms due);
/* Store a job from a backup, likewise. */
struct store_restored {
    struct wall_ms due;  /* INT64_MAX: none; state says why */
    struct slice state;  /* STORE_JOB_PAUSED or …_COMPLETED; data NULL, as in all that follow: not given */
    struct slice reason; /* as in struct store_job */
    struct slice note;
    struct slice by;
    bool changed; /* the job's id is not the one that its definition would get */
};
void store_job_restore(struct cmd *cmd, const struct job *job, const struct store_restored *restored);
/* at: of STORE_TAKEN, the latest instant that is taken; of STORE_WRONG_TIME, Redis' clock. */
NODISCARD enum err store_job_create_reply(const struct reply *reply, enum store_creation *out,
                                          struct wall_ms *at, struct errinfo *info);

/* What delete, pause and change came to. */
NODISCARD enum err store_answer_reply(const struct reply *reply, enum store_answer *out,
                                      struct errinfo *info);

/* Delete a job. version: the one that it must have; 0: any. */
void store_job_delete(struct cmd *cmd, const struct job_id *id, int64_t version);

/* Pause a job; one that is paused stays as it is. by: who does; empty: not known. */
void store_job_pause(struct cmd *cmd, const struct job_id *id, const char *reason, struct slice note,
                     struct slice by);

/* What becomes of a job's next instant. */
enum store_timing {
    STORE_TIME_KEPT,  /* it stays */
    STORE_TIME_DUE,   /* it becomes `due`, and the job active */
    STORE_TIME_OVER,  /* none is left: the job is completed */
    STORE_TIME_PAUSED /* it gets another one when it is resumed */
};
struct store_change {
    const struct store_job *read; /* the job as it was read; if it has changed since, nothing is done */
    const struct job *definition; /* the new one; NULL: it stays */
    enum store_timing timing;
    struct wall_ms due;  /* STORE_TIME_DUE only */
    const char *request; /* with a definition: a text of at most STORE_REQUEST_MAX bytes that no other request
                          * has, kept as that of the latest change; NULL: none is kept */
};
#define STORE_REQUEST_MAX 32
/* Change a job (with a definition: one version more; with another time: one epoch more, and what was claimed
 * and not started is void). */
void store_job_change(struct cmd *cmd, const struct store_change *change);
/* taken: of STORE_ANSWER_TAKEN, the latest instant that is taken. */
NODISCARD enum err store_job_change_reply(const struct reply *reply, enum store_answer *out,
                                          struct wall_ms *taken, struct errinfo *info);
/* Ask which request made the latest change. A change that is sent again, because its answer was lost, finds
 * another job than was read: this shows whether it made that change itself. */
void store_job_changed_by(struct cmd *cmd, const struct job_id *id);
NODISCARD enum err store_job_changed_by_reply(const struct reply *reply, const char *request, bool *own,
                                              struct errinfo *info);

/* A manual run, now. request: a text of at most STORE_REQUEST_MAX bytes that no other request has: sent
 * again, it makes no other run. offset_ms: the milliseconds of the second at which the job's own instants
 * are. */
void store_job_run(struct cmd *cmd, const struct job_id *id, const char *request, int offset_ms);
/* scheduled: of STORE_ANSWER_DONE, the instant that stands for the occurrence. */
NODISCARD enum err store_job_run_reply(const struct reply *reply, enum store_answer *out,
                                       struct wall_ms *scheduled, struct errinfo *info);

#endif
