/* job_view: a job as Redis has it, read and judged, and how a response shows it. Every resource about one job
 * begins here.
 *
 * A view lasts as long as the request: it is made in the context's memory, and borrows from Redis' reply
 * there. One thread.
 */
#ifndef DRONC_JOB_VIEW_H
#define DRONC_JOB_VIEW_H

#include "api/context.h"
#include "job/job.h"
#include "store/store_job_read.h"
#include "text/json.h"

#include <stdbool.h>

#define JOB_VIEW_RECORDS STORE_HISTORY_PER_JOB /* of the history, for counting runs and failures */

struct job_view {
    struct store_job stored;
    struct wall_ms now;    /* Redis' clock */
    struct wall_ms behind; /* a new next instant must be later than this: now, or the latest instant that was
                            * called, if Redis' clock was set back since */
    bool readable;         /* the definition is valid; else the job is BROKEN, and `job` is unusable */
    struct job *job;       /* lasts as long as the view */
    char why[256];         /* why it is not readable */
    struct execution latest; /* the newest record of its history */
    bool has_latest;
    size_t records;   /* of its history that were read */
    int64_t runs;     /* occurrences among them */
    int64_t failures; /* how many of the latest of these failed in a row */
};

/* Gets each readable record of the history, newest first. The record's texts last as long as the request. */
typedef void job_view_visit(void *arg, const struct execution *execution);
struct job_view_visitor {
    job_view_visit *visit;
    void *arg;
};

/* Read the id in the path. Returns false if it is malformed; error is filled (404). */
NODISCARD bool job_view_id(const struct context *ctx, struct job_id *id, struct api_error *error);

/* Returns the job, with its latest `records` records read. Returns NULL on failure; error is filled. */
struct job_view *job_view_load(struct context *ctx, const struct job_id *id, int records,
                               struct api_error *error);

/* The same from the reply to store_job_get, for a handler that asks for more in the same round trip. visitor
 * may be NULL. */
struct job_view *job_view_read(struct context *ctx, const struct job_id *id, const struct reply *reply,
                               const struct job_view_visitor *visitor, struct api_error *error);

/* Returns the job at index of the reply to store_job_page, without its history. Returns NULL on failure; info
 * is filled. */
struct job_view *job_view_at(struct context *ctx, const struct reply *reply, size_t index, struct wall_ms now,
                             struct errinfo *info);

/* "ACTIVE", "PAUSED", "COMPLETED", "BROKEN". */
const char *job_view_state(const struct job_view *view);

/* Write the job as an object. whole: with its latest execution, and counts. */
void job_view_write(struct context *ctx, struct json_writer *w, const struct job_view *view, bool whole);

/* How many more occurrences max_runs allows; INT64_MAX: any number. */
int64_t job_view_runs_left(const struct job *job, const struct store_job *stored);

/* Which instants lie ahead. */
struct job_view_plan {
    const struct job *job; /* borrowed */
    struct wall_ms from;   /* they are later than this; INT64_MAX: there are none */
    struct wall_ms now;    /* instants between now … */
    struct wall_ms due; /* … and due (INT64_MAX: none) are passed over: Redis' clock was set back after due
                         * was written, and the job is called at due */
    int64_t most;       /* how many occurrences max_runs allows */
};
/* The job's own, from now on. */
struct job_view_plan job_view_plan_of(const struct job_view *view);

/* Write key and the next few instants into the object that is open in w. */
void job_view_write_next(struct json_writer *w, const char *key, const struct job_view_plan *plan);

/* Is a future instant passed over? */
bool job_view_passes(const struct job_view_plan *plan, struct wall_ms at);

/* Answer with the job, and its version as ETag. Always true. */
bool job_view_answer(struct context *ctx, int status, const struct job_view *view);

/* Compare the request's If-Match, if there is one, with the job's version. Returns false if it does not
 * match; error is filled (412). *given: there is one. */
NODISCARD bool job_view_if_match(struct context *ctx, int64_t version, bool *given, struct api_error *error);
/* Does the request's If-None-Match name that version? */
bool job_view_is_known(struct context *ctx, int64_t version);

/* Fill error: there is no such job (404). Always false, as the next two. */
bool job_view_refuse_missing(struct api_error *error);
/* The job is broken (409). */
bool job_view_refuse_broken(struct api_error *error);
/* The schedule has no future instant (400). */
bool job_view_refuse_over(const struct job *job, struct api_error *error);

#endif
