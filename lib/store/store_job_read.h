/* store_job_read: reading jobs: one job with its latest records, a page of a shard's jobs, whether an
 * occurrence waits. Builders and decoders, as in store.h.
 */
#ifndef DRONC_STORE_JOB_READ_H
#define DRONC_STORE_JOB_READ_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that Redis knows of a job but its history. Texts are borrowed from the reply. */
struct store_job {
    struct job_id id;
    struct job_fields fields; /* as stored, not validated; without a schedule if it is broken */
    struct wall_ms created;   /* 0 if it is broken */
    struct wall_ms due;       /* its next instant; INT64_MAX: it waits for none (or is claimed) */
    bool broken;              /* as a runner found */
    int64_t version;          /* 1, and one more for each change of its definition */
    int64_t epoch;            /* how often its time was changed, or it was paused or resumed */
    int64_t born;             /* distinguishes it from an earlier job of its id; 0: there is no need */
    struct slice state;       /* "PAUSED", "COMPLETED"; absent: ACTIVE */
    struct slice reason;      /* why that is so: "user", …; may be absent, as all that follow */
    struct slice note;        /* for people */
    struct slice by;          /* who did it */
    struct wall_ms since;     /* since when; 0: not known */
    int64_t failures;         /* of a job that counts them: how many occurrences failed in a row */
    struct slice notice;      /* what became of its latest notice (notice.h); absent: there was none */
    struct wall_ms running;   /* of a job with `overlap`: the occurrence under way; 0: none */
    struct wall_ms waiting;   /* the one that waits for its end; 0: none */
    int64_t runs;             /* of a job with max_runs: how many were started */
};

/* What a reply begins with. */
struct store_job_head {
    struct wall_ms now; /* Redis' clock */
    size_t count;       /* how many follow: records of a job, or jobs of a page; 0 on failure */
};

/* Read a job, and the records of its latest `records` attempts. */
void store_job_get(struct cmd *cmd, const struct job_id *id, int records);
/* ERR_NOT_FOUND if there is no such job. */
NODISCARD enum err store_job_get_reply(const struct reply *reply, const struct job_id *id,
                                       struct store_job *out, struct store_job_head *head,
                                       struct errinfo *info);
/* The execution at index, newest first. ERR_PROTOCOL if it cannot be read. */
NODISCARD enum err store_job_execution_at(const struct reply *reply, size_t index, const struct job_id *job,
                                          struct execution *out, struct errinfo *info);

/* Look whether the first attempt at an occurrence waits in retry, because it was put off or handed back
 * unsent. Then there is no record of it, and the instant is no longer the job's next one. */
void store_job_waits(struct cmd *cmd, const struct job_id *id, struct wall_ms scheduled);
NODISCARD enum err store_job_waits_reply(const struct reply *reply, bool *out, struct errinfo *info);

/* Read up to `limit` jobs of a shard that come after `after` in the order of its index; NULL: from the first
 * on. */
#define STORE_JOB_PAGE_MAX 200
void store_job_page(struct cmd *cmd, unsigned shard, const struct job_id *after, int limit);
NODISCARD enum err store_job_page_reply(const struct reply *reply, struct store_job_head *head,
                                        struct errinfo *info);
NODISCARD enum err store_job_page_at(const struct reply *reply, size_t index, struct store_job *out,
                                     struct errinfo *info);

#endif
