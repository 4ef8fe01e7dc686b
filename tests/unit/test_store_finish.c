/* What a finish records, retries and refuses, what it makes of the job; reading and trimming records. */
#include "script_rig.h"

#include <stdio.h>

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

TEST(scripts_finish_records_and_lets_go)
{
    started(A, JOB_ATMOST_ONCE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(newest(A).status, 200);
    assert_string_equal(newest(A).runner, "me");
    assert_int_equal(ASK("XLEN", TAG "executions"), 1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(ASK("EXISTS", TAG "dead"), 0);
}

TEST(scripts_finish_refuses_what_is_not_held)
{
    started(A, JOB_ATLEAST_ONCE);
    assert_int_equal(finish("you", A, 1, STORE_AFTER_RETRY, T0), STORE_LOST);
    assert_int_equal(finish("me", A, 2, STORE_AFTER_RETRY, T0), STORE_LOST);
    assert_int_equal(finish("me", B, 1, STORE_AFTER_RETRY, T0), STORE_LOST);
    assert_int_equal(ASK("EXISTS", TAG "executions"), 0);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_LOST);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
}

TEST(scripts_finish_retries_and_buries)
{
    started(A, JOB_ATLEAST_ONCE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_RETRY, T0 + 500), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "retry", A S ":2.1000"), T0 + 500);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].due.ms, T0 + 500);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_int_equal(start("you", A, 2, T1), STORE_DONE);
    assert_int_equal(finish("you", A, 2, STORE_AFTER_DEAD, T0 + 900), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "dead", A S), T0 + 900);
    SAY("HGET", TAG "dead:records", A S);
    assert_true(slice_eq(reply->text, "o:s s:" S " a:2 x:0 t:0 h:200 l:0 r:me"));
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 2);
    assert_int_equal(due_of(A), T1 + 1);
}

TEST(scripts_finish_keeps_the_latest_of_the_history)
{
    for (int i = 0; i < STORE_HISTORY_PER_JOB + 20; i++) {
        SAY("LPUSH", TAG "history:" A, "old");
    }
    started(A, JOB_ATMOST_ONCE);
    (void)finish("me", A, 1, STORE_AFTER_NOTHING, T0);
    assert_int_equal(ASK("LLEN", TAG "history:" A), STORE_HISTORY_PER_JOB);
    assert_int_equal(newest(A).status, 200);
}

static void trim(const struct store_keep *what)
{
    struct cmd cmd;
    store_trim(&cmd, SHARD, what);
    exchange(&cmd);
    assert_int_equal(reply->kind, REPLY_INTEGER);
}

/* A trim removes whole nodes of the stream, so the count is exact only by the node: ten entries here. */
TEST(scripts_trim_takes_out_what_is_too_old_or_too_much)
{
    struct store_keep few = {.executions = 30};
    struct store_keep young = {.executions = 1000, .age_ms = 60000};
    struct store_keep all = {.executions = 1000};
    char position[24];
    SAY("CONFIG", "SET", "stream-node-max-entries", "10");
    for (int i = 0; i < 200; i++) {
        bool old = i < 100;
        (void)snprintf(position, sizeof position, "%lld-%d",
                       (long long)redis_now().ms - (old ? 3600000 : 0) * 1LL, i);
        SAY("XADD", TAG "executions", old ? position : "*", "j", A, "r", "o:s s:1");
    }
    trim(&all);
    assert_int_equal(ASK("XLEN", TAG "executions"), 200);
    trim(&young);
    assert_int_equal(ASK("XLEN", TAG "executions"), 100);
    trim(&few);
    assert_int_equal(ASK("XLEN", TAG "executions"), 30);
    SAY("CONFIG", "SET", "stream-node-max-entries", "100");
}

TEST(scripts_finish_wrong_types_give_way)
{
    started(A, JOB_ATMOST_ONCE);
    SAY("SET", TAG "history:" A, "garbage");
    SAY("SET", TAG "executions", "garbage");
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
    assert_int_equal(ASK("XLEN", TAG "executions"), 1);
}

/* The runner sends a batch again until it succeeds. The first try records all but the failing attempt. */
TEST(scripts_finish_that_fails_records_the_others_once)
{
    started(A, JOB_ATLEAST_ONCE);
    struct store_attempt failing = held_by("me", A, 1);
    started(B, JOB_ATLEAST_ONCE);
    struct store_attempt good = held_by("me", B, 1);
    SAY("HSET", TAG "job:" A, "epoch",
        "garbage"); /* which cannot be counted up, so the job cannot be paused */
    for (int i = 0; i < 3; i++) {
        struct execution what = execution_of(A, 1);
        struct cmd cmd;
        store_finish(&cmd, SHARD, "me", &keep);
        store_finish_add(&cmd, &good, &what,
                         &(struct store_ending){
                             .after = STORE_AFTER_NOTHING, .retry_at = {T0}, .api = "", .next = {INT64_MAX}});
        store_finish_add(&cmd, &failing, &what,
                         &(struct store_ending){.after = STORE_AFTER_GONE,
                                                .retry_at = {T0},
                                                .api = "http://example.com/x",
                                                .next = {INT64_MAX}});
        exchange(&cmd);
        assert_int_equal(reply->kind, REPLY_ERROR);
    }
    assert_int_equal(ASK("LLEN", TAG "history:" B), 1);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
}

/* While Redis is out of memory a finish writes nothing, and the runner keeps its claim. */
TEST(scripts_finish_without_memory_does_nothing)
{
    started(A, JOB_ATLEAST_ONCE);
    SAY("CONFIG", "SET", "maxmemory", "1");
    struct store_attempt attempt = held_by("me", A, 1);
    struct execution what = execution_of(A, 1);
    struct cmd cmd;
    store_finish(&cmd, SHARD, "me", &keep);
    store_finish_add(&cmd, &attempt, &what,
                     &(struct store_ending){
                         .after = STORE_AFTER_NOTHING, .retry_at = {T0}, .api = "", .next = {INT64_MAX}});
    exchange(&cmd);
    bool refused = reply->kind == REPLY_ERROR;
    SAY("CONFIG", "SET", "maxmemory", "0");
    assert_true(refused);
    assert_int_equal(ASK("EXISTS", TAG "executions", TAG "history:" A), 0);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
}

TEST(scripts_executions_pages_backwards)
{
    static struct store_execution records[3];
    struct cmd cmd;
    size_t count;
    const char *const ids[] = {A, B, C};
    for (size_t i = 0; i < 3; i++) {
        started(ids[i], JOB_ATMOST_ONCE);
        (void)finish("me", ids[i], 1, STORE_AFTER_NOTHING, T0);
    }
    store_executions(&cmd, SHARD, "", 2);
    exchange(&cmd);
    assert_int_equal(store_executions_count(reply, &count, &info), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(store_executions_at(reply, 0, &records[0], &info), ERR_OK);
    assert_int_equal(store_executions_at(reply, 1, &records[1], &info), ERR_OK);
    store_executions(&cmd, SHARD, records[1].position, 2);
    exchange(&cmd);
    assert_int_equal(reply->count, 3);
    assert_int_equal(store_executions_at(reply, 0, &records[2], &info), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(records[i].execution.job.bytes, ids[2 - i], JOB_ID_SIZE);
    }
}

/* The target answered 410: there is no need to call it again. */
TEST(scripts_finish_pauses_a_job_whose_target_is_gone)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    (void)start("me", A, 1, T1);
    assert_int_equal(due_of(A), T1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_GONE, T0), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(ASK("HGET", TAG "job:" A, "epoch"), 1);
    SAY("HGET", TAG "job:" A, "state");
    assert_true(slice_eq(reply->text, "PAUSED"));
    SAY("HGET", TAG "job:" A, "state_reason");
    assert_true(slice_eq(reply->text, "gone"));
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
    assert_int_equal(ASK("EXISTS", TAG "retry", TAG "dead", TAG "claimed:me"), 0);
}

/* The target that is gone is not the one that the job calls now. */
TEST(scripts_finish_of_a_target_that_is_gone_leaves_a_new_one_alone)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    (void)start("me", A, 1, T1);
    SAY("HSET", TAG "job:" A, "api", "http://example.com/new");
    assert_int_equal(finish("me", A, 1, STORE_AFTER_GONE, T0), STORE_DONE);
    assert_int_equal(due_of(A), T1);
    assert_int_equal(ASK("HEXISTS", TAG "job:" A, "state"), 0);
}

/* A job that someone paused keeps its reason, and a deleted job stays deleted. */
TEST(scripts_finish_of_a_target_that_is_gone_changes_no_other_state)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)create(B, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    (void)start("me", A, 1, T1);
    (void)start("me", B, 1, T1);
    SAY("HSET", TAG "job:" A, "state", "PAUSED", "state_reason", "user");
    SAY("DEL", TAG "job:" B);
    (void)finish("me", A, 1, STORE_AFTER_GONE, T0);
    (void)finish("me", B, 1, STORE_AFTER_GONE, T0);
    SAY("HGET", TAG "job:" A, "state_reason");
    assert_true(slice_eq(reply->text, "user"));
    assert_int_equal(ASK("HEXISTS", TAG "job:" A, "epoch"), 0);
    assert_int_equal(ASK("EXISTS", TAG "job:" B), 0);
}
