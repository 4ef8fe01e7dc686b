/* store: everything that Dronc keeps in Redis. Key names, Lua scripts, and for each operation a builder (what
 * to send) and a decoder (what came back). docs/redis.md is the contract; store/<name>.lua are the scripts.
 *
 * Pure: nothing here talks to Redis. A builder starts and fills a cmd; the caller sends it, and ends it with
 * cmd_fini. A builder's failure (out of memory) is told by cmd_render. A decoder gets the reply and answers
 * ERR_REFUSED for an error of Redis' (its words in info) and ERR_PROTOCOL for a shape that the script never
 * gives.
 *
 * Jobs live in STORE_SHARDS shards; all keys of a shard share a hash tag, so each script touches one slot.
 */
#ifndef DRONC_STORE_H
#define DRONC_STORE_H

#include "base/clock.h"
#include "base/err.h"
#include "job/execution.h"
#include "job/job.h"
#include "resp/cmd.h"
#include "store/store_database.h"
#include "store/store_durability.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_SHARDS          16
#define STORE_RUNNER_ID_MAX   EXECUTION_RUNNER_MAX /* bytes */
#define STORE_ATTEMPT_MAX     1000000              /* the largest number of an attempt that is believed */
#define STORE_BATCH_MAX       100                  /* occurrences in one script call */
#define STORE_ATTEMPTS        6    /* of an at-least-once occurrence, unless its job says otherwise */
#define STORE_HISTORY_PER_JOB 200  /* attempts kept of each job, unless the settings say otherwise */
#define STORE_HISTORY_MAX     1000 /* the most that may be kept of each: so many are read where all count */
#define STORE_WAKE_CHANNEL    "dronc:wake"

/* How much of the past is kept. */
struct store_keep {
    int64_t executions; /* attempts in each shard's feed (about: it is trimmed in whole nodes) */
    int64_t age_ms;     /* how old these may be (about); 0: any age */
    int64_t history;    /* attempts of each job, the latest: 1 … STORE_HISTORY_MAX */
    int64_t dead;       /* dead occurrences in each shard, the latest */
};
#define STORE_KEEP_STANDARD                                    \
    ((struct store_keep){.executions = 100000,                 \
                         .age_ms = INT64_C(30) * 86400 * 1000, \
                         .history = STORE_HISTORY_PER_JOB,     \
                         .dead = 10000})

/* ---- set-up of a connection ---- */

/* Which shard a job lives in: 0 … STORE_SHARDS - 1. */
unsigned store_shard(const struct job_id *id);

/* All scripts, for loading them ahead (SCRIPT LOAD <source>). NULL past the end. */
const struct script *store_script(size_t index);

/* ---- jobs ---- */

/* Store job unless it is there; due is its first occurrence. Tells the runners. The job must have been built
 * as of now by Redis' clock (job->created), give or take STORE_CLOCK_TOLERANCE_MS. */
#define STORE_CLOCK_TOLERANCE_MS 1000
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
enum store_creation {
    STORE_CREATED, /* it is stored, and due */
    STORE_KNOWN,   /* it was there already: nothing changed */
    STORE_CHANGED, /* so it was, but its definition was changed since it was made: nothing changed now */
    STORE_LATE,    /* nothing was stored: `due` is over: tell the next */
    STORE_TAKEN,   /* nothing was stored: an earlier job of the id has taken all instants up to `at`: tell the
                      one behind it */
    STORE_WRONG_TIME /* nothing was stored: `at` is what Redis' clock says */
};
/* at: STORE_TAKEN and STORE_WRONG_TIME only. */
NODISCARD enum err store_job_create_reply(const struct reply *reply, enum store_creation *out,
                                          struct wall_ms *at, struct errinfo *info);

/* What time it is, by Redis' clock. */
void store_time(struct cmd *cmd);
NODISCARD enum err store_time_reply(const struct reply *reply, struct wall_ms *now, struct errinfo *info);

/* ---- reading what happened ---- */

/* The latest `limit` attempts of one job, newest first. */
void store_history(struct cmd *cmd, const struct job_id *job, int limit);
/* The latest `limit` attempts recorded in one shard before feed position `before` ("" : from the end). */
void store_executions(struct cmd *cmd, unsigned shard, const char *before, int limit);

#define STORE_FEED_ID_MAX 48
/* One entry of either list: a position in the shard's feed ("" in a history), and the record. */
struct store_record {
    char position[STORE_FEED_ID_MAX];
    int64_t recorded_ms; /* what the position begins with: when it was recorded, by Redis' clock; else 0 */
    struct execution execution;
};
/* How many records a reply holds, and the one at index. ERR_PROTOCOL names a record that cannot be read; the
 * others are still good. */
NODISCARD enum err store_history_count(const struct reply *reply, size_t *count, struct errinfo *info);
NODISCARD enum err store_history_at(const struct reply *reply, size_t index, const struct job_id *job,
                                    struct store_record *out, struct errinfo *info);
NODISCARD enum err store_executions_count(const struct reply *reply, size_t *count, struct errinfo *info);
NODISCARD enum err store_executions_at(const struct reply *reply, size_t index, struct store_record *out,
                                       struct errinfo *info);

/* ---- the life of an occurrence: the runner's part ---- */

/* An attempt at an occurrence, as it is named in Redis. */
struct store_attempt {
    struct job_id job;
    struct wall_ms scheduled; /* the occurrence */
    int number;               /* of the attempt, from 1 */
    int64_t token; /* of the claim: no two claims have the same, so nothing that was meant for an earlier
                    * claim of the attempt touches this one */
};

/* Which attempts to claim. What has been due for long is a backlog, with a limit of its own inside the limit;
 * where there is not room for both, a backlog and what is due now get half of it each. */
struct store_claim_bounds {
    struct wall_ms until; /* due at or before */
    int limit;
    struct wall_ms fresh_from; /* what was due before is backlog */
    int backlog_limit;         /* 0: none of it */
};
/* Claim attempts of a shard, the longest due first. */
void store_claim(struct cmd *cmd, unsigned shard, const char *runner, const struct store_claim_bounds *bounds,
                 const struct store_keep *keep);
struct store_claim_left {
    struct wall_ms
        next;     /* the earliest instant that is left in the shard and no backlog; ms = INT64_MAX: none */
    bool backlog; /* something of a backlog is left, too */
};
/* count: how many were claimed. */
NODISCARD enum err store_claim_reply(const struct reply *reply, struct store_claim_left *left, size_t *count,
                                     struct errinfo *info);
struct store_claimed {
    struct store_attempt attempt;
    struct wall_ms
        due; /* of this attempt: the scheduled instant, or when it is to be made again or at last */
    struct job_fields
        fields; /* borrowed from the reply; absent where the job is gone, empty where it is garbage */
    struct wall_ms created;
    bool started;        /* store_held_at only */
    bool from_retry;     /* the job's next instant stands in Redis already */
    struct slice notice; /* it is a notice of the job's, and this is what it tells (notice.h); borrowed from
                          * the reply; data NULL: it is an occurrence */
};
NODISCARD enum err store_claim_at(const struct reply *reply, size_t index, struct store_claimed *out,
                                  struct errinfo *info);

/* Mark claimed attempts as started, and write the job's next instant (first attempts only; ms = INT64_MAX:
 * there is none). Begin with store_start, add 1 to STORE_BATCH_MAX attempts of that shard. */
void store_start(struct cmd *cmd, unsigned shard, const char *runner);
/* Likewise, for attempts of jobs that are watched (watch.h). */
void store_start_watched(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
void store_start_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms next);
enum store_verdict {
    STORE_DONE,   /* it is so in Redis now (or was already, by an earlier sending of the same) */
    STORE_LOST,   /* refused: the claim is no longer ours */
    STORE_GONE,   /* refused: the claim is void (the job is gone, paused, or has another time) and was dropped
                   */
    STORE_SETTLED /* start_watched only: not to be called, for another occurrence of the job is under way; it
                     is recorded as skipped, or waits. The job's next instant is due as if it had been started
                   */
};
/* Ask whether started attempts are still the runner's, just before they are sent: what was cancelled is LOST.
 * Begin with store_confirm, add 1 to STORE_BATCH_MAX attempts of that shard. */
void store_confirm(struct cmd *cmd, unsigned shard, const char *runner);
void store_confirm_add(struct cmd *cmd, const struct store_attempt *attempt);
/* The verdict on the attempt that was added at index; for start, confirm, finish, skip and release. */
NODISCARD enum err store_verdict_at(const struct reply *reply, size_t index, enum store_verdict *out,
                                    struct errinfo *info);

/* Record attempts and let go of their claims. */
enum store_after {
    STORE_AFTER_NOTHING, /* the occurrence is over */
    STORE_AFTER_RETRY,   /* attempt number + 1 at retry_at */
    STORE_AFTER_DEAD,    /* nobody tries again by himself */
    STORE_AFTER_GONE     /* the occurrence is over, and the job is paused: its target is gone */
};
struct store_ending {
    enum store_after after;
    struct wall_ms retry_at; /* STORE_AFTER_RETRY only */
    const char *api; /* STORE_AFTER_GONE only: the URL that was called; a job that has another one by now is
                        not paused */
    struct wall_ms next; /* the job's next instant, as store_start_add was given it: written again where Redis
                            has lost the start */
};
void store_finish(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
/* Likewise, for attempts of jobs that are watched. */
void store_finish_watched(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
/* Likewise, for notices: where there is no retry, nothing is next. */
void store_finish_notice(struct cmd *cmd, unsigned shard, const char *runner);
void store_finish_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                      const struct store_ending *ending);

/* Give up claimed first attempts without calling: record the gap (execution->outcome MISSED), and make the
 * job due at next. */
void store_skip(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
void store_skip_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                    struct wall_ms next);

/* Hand claims back that were not sent, claimed or started: due again at `due`, for any runner. For a first
 * attempt that was not started, a `due` later than its instant puts it off: until it has been started, the
 * job has no later occurrence. */
void store_release(struct cmd *cmd, unsigned shard, const char *runner);
void store_release_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms due);

/* Put a job aside that cannot be read, with its claim: it is not due any more and stays in the shard's
 * `broken` set. */
void store_set_aside(struct cmd *cmd, unsigned shard, const char *runner,
                     const struct store_attempt *attempt);

/* The attempts that runner holds in a shard, to find those it does not know of (a reply that was lost). */
void store_held(struct cmd *cmd, unsigned shard, const char *runner);
NODISCARD enum err store_held_count(const struct reply *reply, size_t *count, struct errinfo *info);
/* Fills attempt, due and started; the definition is not there. */
NODISCARD enum err store_held_at(const struct reply *reply, size_t index, struct store_claimed *out,
                                 struct errinfo *info);

/* ---- runners ---- */

/* Prove to be alive for lease_ms. The reply is a list of all runners, and Redis' clock. */
void store_heartbeat(struct cmd *cmd, const char *runner, int64_t lease_ms);
/* now_us: Redis' wall clock, in microseconds since the epoch. */
NODISCARD enum err store_heartbeat_reply(const struct reply *reply, int64_t *now_us, size_t *count,
                                         struct errinfo *info);
struct store_runner {
    char id[STORE_RUNNER_ID_MAX + 1];
    struct wall_ms expiry; /* by Redis' clock: dead after that */
};
NODISCARD enum err store_heartbeat_at(const struct reply *reply, size_t index, struct store_runner *out,
                                      struct errinfo *info);

/* Take a runner off the list, if its heartbeat is past (dead), or in any case (goodbye of one that holds
 * nothing). */
void store_forget(struct cmd *cmd, const char *runner, bool only_if_expired);

/* Who holds or held claims in a shard: a list of runner ids (REPLY_ARRAY of text). */
void store_holders(struct cmd *cmd, unsigned shard);

/* Take a runner's name off a shard's holders, unless it holds something there. *holds: it does. */
void store_tidy(struct cmd *cmd, unsigned shard, const char *runner);
NODISCARD enum err store_tidy_reply(const struct reply *reply, bool *holds, struct errinfo *info);

/* Hand on up to STORE_BATCH_MAX claims of a dead runner: unstarted ones are due again, started ones are
 * retried (at-least-once) or recorded as lost (at-most-once). */
void store_recover(struct cmd *cmd, unsigned shard, const char *dead, const struct store_keep *keep);
/* Likewise one claim of a runner that is alive and has no such run any more: it was recorded, and Redis' data
 * has gone back behind that. */
void store_recover_lost(struct cmd *cmd, const char *runner, const struct store_attempt *attempt,
                        const struct store_keep *keep);
struct store_recovered {
    int64_t handed_on; /* due or to be retried again */
    int64_t lost;      /* recorded as lost */
    bool more;         /* call again */
};
NODISCARD enum err store_recover_reply(const struct reply *reply, struct store_recovered *out,
                                       struct errinfo *info);

/* Take what is not to be kept out of a shard's feed, some thousand records at most. */
void store_trim(struct cmd *cmd, unsigned shard, const struct store_keep *keep);

/* ---- new rules of time zones ---- */

#define STORE_DUE_PAGE                                                                  \
    64 /* jobs that a page looks at, about; at most what Redis keeps in one piece (128) \
        */
#define STORE_CURSOR_SIZE 24 /* bytes, with the NUL */

/* Look at a part of the jobs in a shard that wait for their next instant, from cursor on ("0": from the
 * start). */
void store_due_page(struct cmd *cmd, unsigned shard, const char *cursor);
/* cursor: where to go on, "0" where that was all. count: of the jobs in this page whose schedule depends on a
 * time zone. */
NODISCARD enum err store_due_page_reply(const struct reply *reply, char cursor[STORE_CURSOR_SIZE],
                                        size_t *count, struct errinfo *info);
struct store_pending {
    struct job_id job;
    struct wall_ms due; /* its next instant */
    struct wall_ms created;
    struct slice stamp;       /* tells whether its time was changed since; borrowed from the reply */
    struct job_fields fields; /* borrowed from the reply */
};
NODISCARD enum err store_due_page_at(const struct reply *reply, size_t index, struct store_pending *out,
                                     struct errinfo *info);

/* Make jobs due at another instant, if they are still due at the one that was read, by the schedule that was
 * read. Begin with store_rezone, add 1 to as many as a page has. */
void store_rezone(struct cmd *cmd, unsigned shard);
void store_rezone_add(struct cmd *cmd, const struct store_pending *pending, struct wall_ms due);
/* moved: how many were. */
NODISCARD enum err store_rezone_reply(const struct reply *reply, int64_t *moved, struct errinfo *info);

/* A message on STORE_WAKE_CHANNEL: something is due in shard at `due`. False: not one of ours. */
NODISCARD bool store_wake_parse(struct slice message, unsigned *shard, struct wall_ms *due);
/* Another one on the same channel: a claim was taken away from whoever has it, for the sake of a later
 * occurrence of the job; its call is to end, and is recorded already. False: not one of these. */
NODISCARD bool store_cancel_parse(struct slice message, struct store_attempt *attempt);

#endif
