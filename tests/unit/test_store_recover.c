/* What becomes of a dead runner's claims. */
#include "script_rig.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

/* A job may limit its attempts, and the time for them. */
TEST(scripts_recover_knows_the_jobs_own_retries)
{
    static const struct {
        const char *retry;
        bool again;
    } rows[] = {
        {"{\"max_attempts\":2}", true},
        {"{\"max_attempts\":1}", false},
        {"{\"max_duration_ms\":1}", false},
        {"{\"max_duration_ms\":9000000000000}", true},
        {"garbage", true},
        {"[]", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SAY("FLUSHALL");
        (void)create(A, JOB_ATLEAST_ONCE, T0);
        SAY("HSET", TAG "job:" A, "retry", rows[i].retry);
        (void)claim("dead");
        (void)start("dead", A, 1, NONE);
        struct store_recovered done = recover("dead");
        assert_int_equal(done.lost, 1);
        assert_int_equal(done.handed_on, rows[i].again ? 1 : 0);
        assert_int_equal(ASK("ZCARD", TAG "dead"), rows[i].again ? 0 : 1);
    }
}

TEST(scripts_recover_unstarted_is_due_again_at_the_same_instant)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("dead");
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 1);
    assert_int_equal(done.lost, 0);
    assert_false(done.more);
    assert_int_equal(due_of(A), T0);
    assert_int_equal(ASK("EXISTS", TAG "claimed:dead", TAG "holders", TAG "executions"), 0);
    assert_int_equal(start("dead", A, 1, T1), STORE_LOST);
    assert_int_equal(finish("dead", A, 1, STORE_AFTER_NOTHING, T0), STORE_LOST);
}

TEST(scripts_recover_started_at_most_once_is_lost)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("dead");
    (void)start("dead", A, 1, T1 + 1);
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 0);
    assert_int_equal(done.lost, 1);
    assert_int_equal(claim("me"), 0);
    assert_int_equal(due_of(A), T1 + 1);
    assert_int_equal(newest(A).outcome, EXECUTION_LOST);
    assert_int_equal(newest(A).attempt, 1);
    assert_int_equal(newest(A).scheduled.ms, T0);
    assert_string_equal(newest(A).runner, "dead");
    assert_string_equal(newest(A).error_class, "lost");
    assert_int_equal(finish("dead", A, 1, STORE_AFTER_NOTHING, T0), STORE_LOST);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
}

TEST(scripts_recover_started_at_least_once_is_retried)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("dead");
    (void)start("dead", A, 1, NONE);
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 1);
    assert_int_equal(done.lost, 1);
    assert_in_range(ASK("ZSCORE", TAG "retry", A S ":2.1000"), redis_now().ms - 60000, redis_now().ms + 2000);
    assert_int_equal(claim_up_to("me", NONE, 1), 1);
    assert_int_equal(got.at[0].attempt.number, 2);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
}

TEST(scripts_recover_spent_attempts_are_dead)
{
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    SAY("ZADD", TAG "retry", S, A S ":6");
    assert_int_equal(claim("dead"), 1);
    (void)start("dead", A, 6, T1);
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 0);
    assert_int_equal(done.lost, 1);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_in_range(ASK("ZSCORE", TAG "dead", A S), redis_now().ms - 60000, redis_now().ms + 2000);
    assert_int_equal(ASK("HEXISTS", TAG "dead:records", A S), 1);
}

TEST(scripts_recover_unstarted_retry_stays_the_same_attempt)
{
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    SAY("ZADD", TAG "retry", "1772953200007", A S ":3");
    assert_int_equal(claim("dead"), 1);
    assert_int_equal(recover("dead").handed_on, 1);
    assert_int_equal(ASK("ZSCORE", TAG "retry", A S ":3.1000"), T0 + 7);
    assert_int_equal(due_of(A), T1 + 5);
}

TEST(scripts_recover_does_not_overwrite_or_revive)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)create(B, JOB_ATMOST_ONCE, T0);
    (void)claim("dead");
    SAY("ZADD", TAG "due", "5", A);
    SAY("DEL", TAG "job:" B);
    (void)recover("dead");
    assert_int_equal(due_of(A), 5);
    assert_int_equal(due_of(B), -1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:dead"), 0);
    struct store_recovered again = recover("dead");
    assert_int_equal(again.handed_on + again.lost, 0);
    assert_false(again.more);
}

/* More claims than one script may touch. */
TEST(scripts_recover_goes_in_batches)
{
    SAY("EVAL",
        "for i = 1, 3000 do redis.call('HSET', KEYS[1], string.format('c%031d1772953200000', i), "
        "'s 1.1 M 1772953200000 0') end",
        "1", TAG "claimed:dead");
    SAY("SADD", TAG "holders", "dead", "me");
    int64_t lost = 0;
    int calls = 0;
    for (struct store_recovered done = {.more = true}; done.more && calls < 100; calls++) {
        done = recover("dead");
        assert_in_range(done.lost, 0, 500);
        lost += done.lost;
    }
    assert_int_equal(lost, 3000);
    assert_in_range(calls, 6, 99);
    assert_int_equal(ASK("XLEN", TAG "executions"), 3000);
    assert_int_equal(ASK("SISMEMBER", TAG "holders", "dead"), 0);
    assert_int_equal(ASK("SISMEMBER", TAG "holders", "me"), 1);
}
