/* job_load: a job as Redis has it, read and judged: what every resource about one job begins with, and how
 * such a job is shown.
 *
 * What is loaded borrows from the last reply of app->redis, so it ends with the next question to Redis, but
 * for the job, which is its own: begin with a zero-initialised one, load it as often as you like, and end it
 * with job_load_fini. One thread.
 */
#ifndef DRONC_JOB_LOAD_H
#define DRONC_JOB_LOAD_H

#include "job/job.h"
#include "serve/app.h"
#include "store/store_job_read.h"
#include "text/json.h"

#include <stdbool.h>

struct job_load {
    struct store_job stored;
    struct wall_ms now;      /* Redis' clock */
    struct wall_ms behind;   /* a new next instant has to be later than this: now, or the latest that was
                              * called, where Redis' clock was set back since */
    bool readable;           /* the definition is one; else the job is BROKEN, and job is not to be used */
    struct job job;          /* owned */
    char why[256];           /* where it is not: why */
    struct execution latest; /* the newest record of its history */
    bool has_latest;
    size_t records;   /* of its history that were read */
    int64_t runs;     /* occurrences in the history that was read */
    int64_t failures; /* of these, how many of the latest failed in a row */
};

#define JOB_LOAD_RECORDS STORE_HISTORY_PER_JOB /* records that runs and failures are counted from */

/* The job that the path names. False: error is filled (404). */
NODISCARD bool job_load_id(const struct app *app, struct job_id *id, struct api_error *error);

/* Read a job and its latest `records` records. False: error is filled. */
NODISCARD bool job_load(struct app *app, const struct job_id *id, int records, struct job_load *out,
                        struct api_error *error);

/* Give back what it owns. */
void job_load_fini(struct job_load *load);

/* Judge what is in out->stored: fill readable, job and why. */
void job_load_judge(struct app *app, struct job_load *out);

/* "ACTIVE", "PAUSED", "COMPLETED", "BROKEN". */
const char *job_load_state(const struct job_load *load);

/* Put the job as an object into w. whole: with what happened last, and counts. */
void job_load_write(struct json_writer *w, const struct job_load *load, bool whole);

/* How many more occurrences max_runs allows a job, of which that is known; INT64_MAX: any number. */
int64_t job_load_runs_left(const struct job *job, const struct store_job *stored);

/* Instants that are to come. */
struct job_load_plan {
    const struct job *job; /* borrowed */
    struct wall_ms from;   /* they are later than this; INT64_MAX: there are none */
    struct wall_ms now;    /* what is later than this, and … */
    struct wall_ms due; /* … earlier than this (INT64_MAX: nothing) is passed over: the job is called then.
                         * So it is where Redis' clock was set back since that was written */
    int64_t most;       /* how many occurrences max_runs allows */
};
/* The job's own, from now on. */
struct job_load_plan job_load_plan_of(const struct job_load *load);

/* Put key and the next few into the object that is open in w. */
void job_load_write_next(struct json_writer *w, const char *key, const struct job_load_plan *plan);

/* Is an instant to come passed over? */
bool job_load_passes(const struct job_load_plan *plan, struct wall_ms at);

/* Answer with status, the job, and its version as ETag. Always true. */
bool job_load_answer(struct app *app, int status, const struct job_load *load);

/* Does the request's If-Match allow for a job of that version? *given: there is one. False: error is filled
 * (412). */
NODISCARD bool job_load_if_match(struct app *app, int64_t version, bool *given, struct api_error *error);
/* Does the request's If-None-Match name that version? */
bool job_load_is_known(struct app *app, int64_t version);

/* For a job that has no instant left (400). Always false. */
bool job_load_over(const struct job *job, struct api_error *error);
/* 404 for a job, and 409 for one that cannot be read. Always false. */
bool job_load_none(struct api_error *error);
bool job_load_broken(struct api_error *error);

#endif
