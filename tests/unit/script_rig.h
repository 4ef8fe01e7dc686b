/* script_rig: jobs of one shard in a real Redis of a test program's own (store_rig.h), and each operation of a
 * runner as one line, for tests of what each script does and what it refuses. */
#ifndef DRONC_SCRIPT_RIG_H
#define DRONC_SCRIPT_RIG_H

#include "store/store_database.h"
#include "store/store_dead.h"
#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_rezone.h"
#include "store/store_runner.h"

#include "store_rig.h"
#include "test.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define T0    INT64_C(1772953200000) /* 2026-03-08T07:00:00Z, long past for Redis */
#define T1    (T0 + 60000)
#define NONE  INT64_MAX
#define SHARD 3
#define TAG   "dronc:{3}:"
#define MAX   200 /* claims in one reply */

/* Ids of shard 3. */
#define A "cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B "cBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define C "cCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
#define S "1772953200000" /* T0 as text */

static struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

/* The token of each runner's latest claim of each job, by the first letters of their ids. */
static int64_t tokens[UCHAR_MAX + 1][UCHAR_MAX + 1];

/* What the last claim gave. */
static struct {
    struct wall_ms next;
    bool backlog;
    size_t count;
    struct store_claimed at[MAX];
} got;

static inline struct store_attempt attempt_of(const char *id, int64_t scheduled, int attempt)
{
    struct store_attempt out = {.scheduled = {scheduled}, .number = attempt};
    memcpy(out.job.bytes, id, JOB_ID_SIZE);
    return out;
}

/* An attempt at T0, as runner claimed it. */
static inline struct store_attempt held_by(const char *runner, const char *id, int attempt)
{
    struct store_attempt out = attempt_of(id, T0, attempt);
    out.token = tokens[(unsigned char)runner[0]][(unsigned char)id[0]];
    return out;
}

static inline enum store_creation store_as(const struct job *job, int64_t due, struct wall_ms *now)
{
    enum store_creation creation;
    struct cmd cmd;
    store_job_create(&cmd, job, (struct wall_ms){due});
    exchange(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, now, &info), ERR_OK);
    return creation;
}

/* Store a job as created at job->created. The script takes the present only, so this corrects it afterwards. */
static inline bool store(const struct job *job, int64_t due)
{
    static struct job as_of_now;
    struct wall_ms now;
    char key[sizeof TAG "job:" + JOB_ID_SIZE] = TAG "job:";
    char created[24];
    as_of_now = *job;
    as_of_now.created = redis_now();
    if (store_as(&as_of_now, due, &now) != STORE_CREATED) {
        return false;
    }
    memcpy(key + strlen(key), job->id.bytes, JOB_ID_SIZE);
    (void)snprintf(created, sizeof created, "%lld", (long long)job->created.ms);
    SAY("HSET", key, "created", created);
    return true;
}

/* Store a job that is due each minute, from `due` on. */
static inline bool create_at(const char *id, enum job_type type, int64_t due, int64_t created_ms)
{
    static struct job job;
    make_job(&job, zones, "* * * * *", type, created_ms);
    memcpy(job.id.bytes, id, JOB_ID_SIZE);
    return store(&job, due);
}

static inline bool create(const char *id, enum job_type type, int64_t due)
{
    return create_at(id, type, due, 1000);
}

static inline size_t claim_within(const char *runner, const struct store_claim_bounds *bounds)
{
    struct cmd cmd;
    struct store_claim_left left;
    store_claim(&cmd, SHARD, runner, bounds, &keep);
    exchange(&cmd);
    assert_int_equal(store_claim_reply(reply, &left, &got.count, &info), ERR_OK);
    got.next = left.next;
    got.backlog = left.backlog;
    assert_true(got.count <= MAX);
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(store_claim_at(reply, i, &got.at[i], &info), ERR_OK);
        tokens[(unsigned char)runner[0]][got.at[i].attempt.job.bytes[0]] = got.at[i].attempt.token;
    }
    return got.count;
}

static inline size_t claim_up_to(const char *runner, int64_t until, int limit)
{
    const struct store_claim_bounds bounds = {.until = {until}, .limit = limit};
    return claim_within(runner, &bounds);
}

static inline size_t claim(const char *runner)
{
    return claim_up_to(runner, T1, 100);
}

static inline enum store_verdict verdict(size_t index)
{
    enum store_verdict out = STORE_GONE;
    if (store_verdict_at(reply, index, &out, &info) != ERR_OK) {
        fail_msg("%s", info.text);
    }
    return out;
}

static inline enum store_verdict start(const char *runner, const char *id, int attempt, int64_t next)
{
    struct store_attempt what = held_by(runner, id, attempt);
    struct cmd cmd;
    store_start(&cmd, SHARD, runner);
    store_start_add(&cmd, &what, (struct wall_ms){next});
    exchange(&cmd);
    return verdict(0);
}

static inline struct execution execution_of(const char *id, int attempt)
{
    struct execution out = {.scheduled = {T0}, .attempt = attempt, .status = 200, .runner = "me"};
    memcpy(out.job.bytes, id, JOB_ID_SIZE);
    return out;
}

static inline enum store_verdict finish(const char *runner, const char *id, int attempt,
                                        enum store_after after, int64_t at)
{
    struct store_attempt claimed = held_by(runner, id, attempt);
    struct execution what = execution_of(id, attempt);
    struct cmd cmd;
    store_finish(&cmd, SHARD, runner, &keep);
    store_finish_add(
        &cmd, &claimed, &what,
        &(struct store_ending){
            .after = after, .retry_at = {at}, .api = "http://example.com/x", .next = {INT64_MAX}});
    exchange(&cmd);
    return verdict(0);
}

static inline enum store_verdict release(const char *runner, const char *id, int attempt, int64_t due)
{
    struct store_attempt what = held_by(runner, id, attempt);
    struct cmd cmd;
    store_release(&cmd, SHARD, runner);
    store_release_add(&cmd, &what, (struct wall_ms){due});
    exchange(&cmd);
    return verdict(0);
}

static inline enum store_verdict give_up(const char *runner, const char *id, int64_t next)
{
    struct store_attempt claimed = held_by(runner, id, 1);
    struct execution what = execution_of(id, 0);
    struct cmd cmd;
    what.outcome = EXECUTION_MISSED;
    what.missed_count = 7;
    store_skip(&cmd, SHARD, runner, &keep);
    store_skip_add(&cmd, &claimed, &what, (struct wall_ms){next});
    exchange(&cmd);
    return verdict(0);
}

static inline struct store_recovered recover(const char *dead)
{
    struct store_recovered out;
    struct cmd cmd;
    store_recover(&cmd, SHARD, dead, &keep);
    exchange(&cmd);
    assert_int_equal(store_recover_reply(reply, &out, &info), ERR_OK);
    return out;
}

/* The newest record of a job. */
static inline struct execution newest(const char *id)
{
    static struct store_execution record;
    struct job_id job;
    struct cmd cmd;
    memcpy(job.bytes, id, JOB_ID_SIZE);
    store_history(&cmd, &job, 1);
    exchange(&cmd);
    assert_int_equal(store_history_at(reply, 0, &job, &record, &info), ERR_OK);
    return record.execution;
}

static inline int64_t due_of(const char *id)
{
    return ASK("ZSCORE", TAG "due", id);
}

static inline void started(const char *id, enum job_type type)
{
    (void)create(id, type, T0);
    (void)claim("me");
    assert_int_equal(start("me", id, 1, T1 + 1), STORE_DONE);
}

/* For EACH_TEST. */
static inline void script_rig_set_up(void)
{
    SAY("FLUSHALL");
}

#endif
