/* life_rig: one job in a real Redis of a test program's own (store_rig.h), and each thing that is done to it
 * or to an occurrence of it, as one call. */
#ifndef DRONC_LIFE_RIG_H
#define DRONC_LIFE_RIG_H

#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_runner.h"

#include "store_rig.h"

#include <stdio.h>
#include <string.h>

#define SHARD 3
#define TAG   "dronc:{3}:"
#define MAX   50

/* An id of shard 3. */
#define A "cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

static struct job_id a;
static struct job the_job;     /* as it was made */
static struct wall_ms soon_at; /* its first instant: in some 500 ms */

/* What the last claim gave. */
static struct store_claimed got[MAX];
static size_t got_count;

/* ---- talking to Redis ---- */

static inline enum store_creation create_at(enum job_type type, struct wall_ms due)
{
    enum store_creation creation;
    struct wall_ms now;
    struct cmd cmd;
    make_job(&the_job, zones, "* * * * * *", type, redis_now().ms);
    the_job.id = a;
    store_job_create(&cmd, &the_job, due);
    call(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, &now, &info), ERR_OK);
    return creation;
}

/* The job, due soon. */
static inline void create(enum job_type type)
{
    soon_at.ms = redis_now().ms + 500;
    assert_int_equal(create_at(type, soon_at), STORE_CREATED);
}

static inline size_t claim_until(const char *runner, int64_t until)
{
    const struct store_claim_bounds bounds = {.until = {until}, .limit = MAX};
    struct store_claim_left left;
    struct cmd cmd;
    store_claim(&cmd, SHARD, runner, &bounds, &keep);
    call(&cmd);
    assert_int_equal(store_claim_reply(reply, &left, &got_count, &info), ERR_OK);
    for (size_t i = 0; i < got_count; i++) {
        assert_int_equal(store_claim_at(reply, i, &got[i], &info), ERR_OK);
    }
    return got_count;
}

/* All that is due within a minute. */
static inline size_t claim(const char *runner)
{
    return claim_until(runner, redis_now().ms + 60000);
}

static inline enum store_verdict verdict(struct cmd *cmd)
{
    enum store_verdict out;
    call(cmd);
    assert_int_equal(store_verdict_at(reply, 0, &out, &info), ERR_OK);
    return out;
}

static inline enum store_verdict start(const char *runner, const struct store_claimed *what,
                                       struct wall_ms next)
{
    struct cmd cmd;
    store_start(&cmd, SHARD, runner);
    store_start_add(&cmd, &what->attempt, next);
    return verdict(&cmd);
}

static inline enum store_verdict start_it(const char *runner, const struct store_claimed *what)
{
    return start(runner, what, (struct wall_ms){what->attempt.scheduled.ms + 1000});
}

static inline enum store_verdict release(const char *runner, const struct store_claimed *what,
                                         struct wall_ms due)
{
    struct cmd cmd;
    store_release(&cmd, SHARD, runner);
    store_release_add(&cmd, &what->attempt, due);
    return verdict(&cmd);
}

static inline enum store_verdict finish(const char *runner, const struct store_claimed *what,
                                        enum store_after after)
{
    struct execution record = {.job = a,
                               .scheduled = what->attempt.scheduled,
                               .attempt = what->attempt.number,
                               .outcome = EXECUTION_FAILED};
    struct cmd cmd;
    store_finish(&cmd, SHARD, runner, &keep);
    store_finish_add(
        &cmd, &what->attempt, &record,
        &(struct store_ending){
            .after = after, .retry_at = redis_now(), .api = "http://example.com/x", .next = {INT64_MAX}});
    return verdict(&cmd);
}

static inline enum store_verdict skip_it(const char *runner, const struct store_claimed *what)
{
    struct execution record = {.job = a, .scheduled = what->attempt.scheduled, .outcome = EXECUTION_MISSED};
    struct cmd cmd;
    store_skip(&cmd, SHARD, runner, &keep);
    store_skip_add(&cmd, &what->attempt, &record, (struct wall_ms){what->attempt.scheduled.ms + 1000});
    return verdict(&cmd);
}

static inline struct store_recovered recover(const char *dead)
{
    struct store_recovered out;
    struct cmd cmd;
    store_recover(&cmd, SHARD, dead, &keep);
    call(&cmd);
    assert_int_equal(store_recover_reply(reply, &out, &info), ERR_OK);
    return out;
}

static inline enum store_answer answer(struct cmd *cmd)
{
    enum store_answer out;
    call(cmd);
    struct wall_ms taken;
    assert_int_equal(store_job_change_reply(reply, &out, &taken, &info), ERR_OK);
    return out;
}

static inline enum store_answer pause_it(void)
{
    struct cmd cmd;
    store_job_pause(&cmd, &a, "user", slice_of("why not"), (struct slice){"", 0});
    return answer(&cmd);
}

static inline enum store_answer delete_it(void)
{
    struct cmd cmd;
    store_job_delete(&cmd, &a, 0);
    return answer(&cmd);
}

/* The job as it is; false: it is gone. */
static inline bool get(struct store_job *out, size_t *records)
{
    struct store_job_head head;
    struct cmd cmd;
    store_job_get(&cmd, &a, 10);
    call(&cmd);
    enum err err = store_job_get_reply(reply, &a, out, &head, &info);
    *records = head.count;
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK;
}

static inline enum store_answer change(const struct job *definition, enum store_timing timing,
                                       struct wall_ms due)
{
    struct store_job read;
    size_t records;
    assert_true(get(&read, &records));
    struct store_change what = {.read = &read, .definition = definition, .timing = timing, .due = due};
    struct cmd cmd;
    store_job_change(&cmd, &what);
    return answer(&cmd);
}

static inline enum store_answer resume_at(struct wall_ms due)
{
    return change(NULL, STORE_TIME_DUE, due);
}

static inline int64_t run_as(const char *request, int offset_ms)
{
    enum store_answer out;
    struct wall_ms scheduled;
    struct cmd cmd;
    store_job_run(&cmd, &a, request, offset_ms);
    call(&cmd);
    assert_int_equal(store_job_run_reply(reply, &out, &scheduled, &info), ERR_OK);
    return out == STORE_ANSWER_DONE ? scheduled.ms : -(int64_t)out;
}

static inline int64_t due_now(void)
{
    return ASK("ZSCORE", TAG "due", A);
}

static inline int64_t retries(void)
{
    return ASK("ZCARD", TAG "retry");
}

/* Nothing holds the job, and nothing would call it. */
static inline void assert_nothing_pending(void)
{
    assert_int_equal(due_now(), -1);
    assert_int_equal(claim("last"), 0);
    assert_int_equal(retries(), 0);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "claimed:other", TAG "claimed:last"), 0);
}

static inline void assert_latest(enum execution_outcome outcome, int attempt)
{
    struct store_job job;
    struct execution latest;
    size_t records;
    assert_true(get(&job, &records));
    assert_true(records > 0);
    assert_int_equal(store_job_execution_at(reply, 0, &a, &latest, &info), ERR_OK);
    assert_int_equal(latest.outcome, outcome);
    assert_int_equal(latest.attempt, attempt);
}

/* For EACH_TEST. */
static inline void life_rig_set_up(void)
{
    memcpy(a.bytes, A, JOB_ID_SIZE);
    (void)ASK("FLUSHALL");
}

#endif
