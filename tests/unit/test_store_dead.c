/* Dead letters: how many are kept, and what a redrive makes of them. */
#include "script_rig.h"

#include <stdio.h>

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

static enum store_redriven redrive(const char *id, int *attempt)
{
    const struct store_pace pace = {0};
    struct store_attempt what = attempt_of(id, T0, 0);
    enum store_redriven done;
    struct cmd cmd;
    store_dead_redrive(&cmd, SHARD, 6, &pace);
    store_dead_add(&cmd, &what.job, what.scheduled);
    exchange(&cmd);
    assert_int_equal(store_dead_redrive_at(reply, 0, &done, attempt, &info), ERR_OK);
    return done;
}

TEST(scripts_redriven_is_in_retry_and_dead_no_more)
{
    static const struct {
        const char *record;
        int attempt;
    } rows[] = {{NULL, 7},
                {"o:f s:1 a:6", 7},
                {"o:f s:1 a:1", 7},
                {"o:l s:1 a:7 x:0", 13},
                {"o:f s:1 a:12", 13},
                {"o:f s:1 a:13 e: a:1", 19},
                {"garbage", 7},
                {"o:f s:1 a:0", 7}};
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char entry[JOB_ID_SIZE + 40];
        int attempt;
        SAY("DEL", TAG "retry");
        SAY("ZADD", TAG "dead", "5", A S);
        if (rows[i].record != NULL) {
            SAY("HSET", TAG "dead:records", A S, rows[i].record);
        }
        assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_DONE);
        assert_int_equal(attempt, rows[i].attempt);
        (void)snprintf(entry, sizeof entry, A S ":%d.1000", attempt);
        assert_in_range(ASK("ZSCORE", TAG "retry", entry), redis_now().ms - 60000, redis_now().ms);
        assert_int_equal(ASK("EXISTS", TAG "dead", TAG "dead:records"), 0);
        assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_NONE);
        assert_int_equal(ASK("ZCARD", TAG "retry"), 1);
    }
}

/* A round has as many attempts as the job allows, and goes on counting where the last one ended. */
TEST(scripts_redriven_round_is_as_long_as_the_job_says)
{
    int attempt;
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    SAY("DEL", TAG "due");
    SAY("HSET", TAG "job:" A, "retry", "{\"max_attempts\":2}");
    SAY("ZADD", TAG "dead", "5", A S);
    SAY("HSET", TAG "dead:records", A S, "o:f s:1 a:2");
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_DONE);
    assert_int_equal(attempt, 3);
    assert_int_equal(claim_up_to("me", redis_now().ms, 100), 1);
    assert_int_equal(start("me", A, 3, T1), STORE_DONE);
    assert_int_equal(recover("me").handed_on, 1);
    assert_int_equal(claim_up_to("you", redis_now().ms, 100), 1);
    assert_int_equal(start("you", A, 4, T1), STORE_DONE);
    assert_int_equal(recover("you").handed_on, 0);
    assert_int_equal(ASK("ZCARD", TAG "dead"), 1);
}

TEST(scripts_redrive_refuses_and_leaves_it_dead)
{
    int attempt;
    SAY("ZADD", TAG "dead", "5", A S);
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_GONE);
    (void)create(A, JOB_ATMOST_ONCE, T1 + 5);
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_ONCE);
    SAY("HSET", TAG "job:" A, "state", "PAUSED");
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_PAUSED);
    SAY("HSET", TAG "job:" A, "created", "1772953200001"); /* after the occurrence: another job */
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_GONE);
    SAY("SET", TAG "job:" A, "no job");
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_GONE);
    assert_int_equal(ASK("ZSCORE", TAG "dead", A S), 5);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
}

/* The oldest dead letters make room, and their records go with them. */
TEST(scripts_dead_keep_the_latest)
{
    keep.dead = 2;
    SAY("ZADD", TAG "dead", "1", "one", "2", "two");
    SAY("HSET", TAG "dead:records", "one", "x", "two", "x");
    started(A, JOB_ATLEAST_ONCE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_DEAD, T0), STORE_DONE);
    keep.dead = 10000;
    assert_int_equal(ASK("ZCARD", TAG "dead"), 2);
    assert_int_equal(ASK("HLEN", TAG "dead:records"), 2);
    assert_int_equal(ASK("ZSCORE", TAG "dead", "one"), -1);
    assert_int_equal(ASK("HEXISTS", TAG "dead:records", "one"), 0);
}
