/* When a start counts, and what it makes due. */
#include "script_rig.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

TEST(scripts_start_makes_the_next_occurrence_due_only_once)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(due_of(A), -1);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
    assert_int_equal(due_of(A), T1);
    SAY("ZADD", TAG "due", "5", A);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
    assert_int_equal(due_of(A), 5);
}

/* After a lost connection a runner sends the start again, even if the next occurrence is claimed by then. */
TEST(scripts_start_is_idempotent)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(start("me", A, 1, T0 + 1), STORE_DONE);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(start("me", A, 1, T0 + 1), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(claim("you"), 0);
}

TEST(scripts_start_refuses_what_is_not_held)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    assert_int_equal(start("me", A, 1, T1), STORE_LOST);
    (void)claim("me");
    assert_int_equal(start("you", A, 1, T1), STORE_LOST);
    assert_int_equal(start("me", A, 2, T1), STORE_LOST);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
}

TEST(scripts_start_refuses_a_job_that_is_gone)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" A);
    assert_int_equal(start("me", A, 1, T1), STORE_GONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
}

TEST(scripts_start_refuses_a_job_that_was_made_again)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" A);
    assert_true(create_at(A, JOB_ATMOST_ONCE, T1, 2000));
    assert_int_equal(start("me", A, 1, T0 + 5), STORE_GONE);
    assert_int_equal(due_of(A), T1);
}

TEST(scripts_start_of_a_retry_or_the_last_occurrence_makes_nothing_due)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(start("me", A, 1, NONE), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_RETRY, T0 + 9), STORE_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start("me", A, 2, T1), STORE_DONE);
    assert_int_equal(due_of(A), -1);
}

TEST(scripts_start_answers_for_each_attempt)
{
    struct store_attempt b = attempt_of(B, T0, 1);
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    struct store_attempt a = held_by("me", A, 1);
    store_start(&cmd, SHARD, "me");
    store_start_add(&cmd, &b, (struct wall_ms){T1});
    store_start_add(&cmd, &a, (struct wall_ms){T1});
    exchange(&cmd);
    assert_int_equal(verdict(0), STORE_LOST);
    assert_int_equal(verdict(1), STORE_DONE);
}
