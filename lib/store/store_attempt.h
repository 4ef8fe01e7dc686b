/* store_attempt: an occurrence from claim to finish: claim, start, confirm, finish, skip, release, mark
 * broken, and which claims a runner holds. Builders and decoders, as in store.h.
 */
#ifndef DRONC_STORE_ATTEMPT_H
#define DRONC_STORE_ATTEMPT_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An attempt at an occurrence, as it is named in Redis. */
struct store_attempt {
    struct job_id job;
    struct wall_ms scheduled; /* the occurrence */
    int number;               /* of the attempt, from 1 */
    int64_t token; /* of the claim: no two claims have the same, so a command that was meant for an earlier
                    * claim of the attempt does not touch this one */
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
    struct wall_ms next; /* the earliest instant that is left and no backlog; ms = INT64_MAX: none */
    bool backlog;        /* a backlog is left, too */
};
/* count: how many were claimed. */
NODISCARD enum err store_claim_reply(const struct reply *reply, struct store_claim_left *left, size_t *count,
                                     struct errinfo *info);
struct store_claimed {
    struct store_attempt attempt;
    /* When this attempt is due: at the scheduled instant, or later if it is a retry or was put off. */
    struct wall_ms due;
    /* Borrowed from the reply; absent if the job is gone, with an empty schedule if it is broken. */
    struct job_fields fields;
    struct wall_ms created;
    bool started;        /* store_held_at only */
    bool from_retry;     /* the job's next instant stands in Redis already */
    struct slice notice; /* of a notice, its text (notice.h), borrowed from the reply; data NULL: it is an
                          * occurrence */
};
NODISCARD enum err store_claim_at(const struct reply *reply, size_t index, struct store_claimed *out,
                                  struct errinfo *info);

/* Mark claimed attempts as started, and write the job's next instant (first attempts only; ms = INT64_MAX:
 * none is left). Begin with store_start, add 1 to STORE_BATCH_MAX attempts of that shard. */
void store_start(struct cmd *cmd, unsigned shard, const char *runner);
/* Likewise, for attempts of stateful jobs (stateful.h). */
void store_start_stateful(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
void store_start_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms next);
/* Ask whether started attempts are still the runner's, just before they are sent: what was cancelled is LOST.
 * Begin with store_confirm, add 1 to STORE_BATCH_MAX attempts of that shard. */
void store_confirm(struct cmd *cmd, unsigned shard, const char *runner);
void store_confirm_add(struct cmd *cmd, const struct store_attempt *attempt);
/* The verdict on the attempt that was added at index; for start, confirm, finish, skip and release. */
NODISCARD enum err store_verdict_at(const struct reply *reply, size_t index, enum store_verdict *out,
                                    struct errinfo *info);

/* Record attempts and drop their claims. */
struct store_ending {
    enum store_after after;
    struct wall_ms retry_at; /* STORE_AFTER_RETRY only */
    const char *api; /* STORE_AFTER_GONE only: the URL that was called; a job that has another one by now is
                      * not paused */
    struct wall_ms next; /* the job's next instant, as store_start_add got it: written again if Redis has lost
                          * the start */
};
void store_finish(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
/* Likewise, for attempts of stateful jobs. */
void store_finish_stateful(struct cmd *cmd, unsigned shard, const char *runner,
                           const struct store_keep *keep);
/* Likewise, for notices: without a retry nothing follows. */
void store_finish_notice(struct cmd *cmd, unsigned shard, const char *runner);
void store_finish_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                      const struct store_ending *ending);

/* Give up claimed first attempts without calling: record the gap (execution->outcome MISSED), and make the
 * job due at next. */
void store_skip(struct cmd *cmd, unsigned shard, const char *runner, const struct store_keep *keep);
void store_skip_add(struct cmd *cmd, const struct store_attempt *attempt, const struct execution *execution,
                    struct wall_ms next);

/* Release claims, started or not, whose calls were not sent: they are due again at `due`, for any runner. For
 * a first attempt that was not started, a `due` later than its instant puts it off: until it has been
 * started, the job has no later occurrence. */
void store_release(struct cmd *cmd, unsigned shard, const char *runner);
void store_release_add(struct cmd *cmd, const struct store_attempt *attempt, struct wall_ms due);

/* Mark a job as broken, and drop its claim: it is no longer due, and its id stays in the shard's `broken`
 * set. */
void store_mark_broken(struct cmd *cmd, unsigned shard, const char *runner,
                       const struct store_attempt *attempt);

/* The claims that a runner holds in a shard, to find those that it does not know of because a reply was lost.
 */
void store_held(struct cmd *cmd, unsigned shard, const char *runner);
NODISCARD enum err store_held_count(const struct reply *reply, size_t *count, struct errinfo *info);
/* Sets attempt, due and started; there is no definition. */
NODISCARD enum err store_held_at(const struct reply *reply, size_t index, struct store_claimed *out,
                                 struct errinfo *info);

#endif
