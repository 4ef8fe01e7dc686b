/* store_life: the part of the contract with Redis that is about a job as a whole: looking at it, changing,
 * pausing, resuming, running and deleting it, and going through all of them. As in store.h: builders and
 * decoders, pure; which key and which script is meant is decided here, when a job is next due by the caller.
 */
#ifndef DRONC_STORE_LIFE_H
#define DRONC_STORE_LIFE_H

#include "store/store.h"

/* All that Redis knows of a job but its history. Texts are borrowed from the reply. */
struct store_job {
    struct job_id id;
    struct job_fields fields; /* as stored, unjudged; without a schedule where it is garbage */
    struct wall_ms created;   /* 0: garbage */
    struct wall_ms due;       /* its next instant; INT64_MAX: it waits for none (or it is claimed just now) */
    bool broken;              /* it could not be read by a runner, and was set aside */
    int64_t version;          /* 1, and one more for each change of its definition */
    int64_t epoch;            /* how often its time was changed, or it was paused or resumed */
    int64_t born;             /* tells it from an earlier job of its id; 0: none was known */
    struct slice state;       /* "PAUSED", "COMPLETED"; absent: ACTIVE */
    struct slice reason;      /* why that is so: "user", …; may be absent, as all that follow */
    struct slice note;        /* what who did it had to say */
    struct slice by;          /* who did it */
    struct wall_ms since;     /* since when; 0: not known */
    int64_t failures;         /* of a job whose health is watched: how many occurrences failed in a row */
    struct slice notice;      /* what became of its latest notice (notice.h); absent: there was none */
    struct wall_ms running;   /* the occurrence under way, where `overlap` says that it matters; 0: none */
    struct wall_ms waiting;   /* the one that waits for its end; 0: none */
    int64_t runs;             /* of a job with max_runs: how many were started */
};

/* Look at a job, and at its latest `records` attempts. */
void store_job_get(struct cmd *cmd, const struct job_id *id, int records);
/* now: Redis' clock. count: of the records. ERR_NOT_FOUND: there is no such job. */
NODISCARD enum err store_job_get_reply(const struct reply *reply, const struct job_id *id,
                                       struct store_job *out, struct wall_ms *now, size_t *count,
                                       struct errinfo *info);
/* The record at index, newest first. ERR_PROTOCOL: it cannot be read. */
NODISCARD enum err store_job_record_at(const struct reply *reply, size_t index, const struct job_id *job,
                                       struct execution *out, struct errinfo *info);

/* Look whether an occurrence's first attempt waits to be made, though its instant stands for the job no more:
 * it was put off, or handed back unsent. There is no record of it then. */
void store_job_waits(struct cmd *cmd, const struct job_id *id, struct wall_ms scheduled);
NODISCARD enum err store_job_waits_reply(const struct reply *reply, bool *out, struct errinfo *info);

/* Look at up to `limit` jobs of a shard that come after `after` in the order of its index; NULL: from the
 * first. */
#define STORE_JOB_PAGE_MAX 200
void store_job_page(struct cmd *cmd, unsigned shard, const struct job_id *after, int limit);
NODISCARD enum err store_job_page_reply(const struct reply *reply, struct wall_ms *now, size_t *count,
                                        struct errinfo *info);
NODISCARD enum err store_job_page_at(const struct reply *reply, size_t index, struct store_job *out,
                                     struct errinfo *info);

/* What came of a command to a job. */
enum store_answer {
    STORE_ANSWER_DONE,
    STORE_ANSWER_NONE,  /* there is no such job */
    STORE_ANSWER_OTHER, /* it is not as it was read (change), has another version (delete), or was set aside
                         * (pause, run): nothing was done */
    STORE_ANSWER_LATE,  /* change: the instant is over: nothing was done. Find another one */
    STORE_ANSWER_TAKEN  /* change: the instant is taken, and all up to one that the reply tells: nothing was
                         * done. Find the one behind that */
};
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
