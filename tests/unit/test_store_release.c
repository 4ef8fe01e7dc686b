/* Claims that a runner gives back, puts off, skips, or marks as broken. */
#include "script_rig.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

TEST(scripts_release_of_a_claim_makes_it_due_again)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(release("you", A, 1, T0), STORE_LOST);
    assert_int_equal(release("me", A, 1, T0), STORE_DONE);
    assert_int_equal(release("me", A, 1, T0), STORE_LOST);
    assert_int_equal(due_of(A), T0);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].attempt.number, 1);
}

/* The job's next instant is in due already, so the occurrence comes back from retry, as the same attempt. */
TEST(scripts_release_of_a_started_claim_goes_to_retry)
{
    started(A, JOB_ATMOST_ONCE);
    assert_int_equal(release("me", A, 1, T0), STORE_DONE);
    assert_int_equal(due_of(A), T1 + 1);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].attempt.number, 1);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_true(got.at[0].from_retry);
    assert_int_equal(release("you", A, 1, T0), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "retry", A S ":1.1000"), T0);
}

/* The occurrence keeps its instant, and the job has no later one until a runner starts it. */
TEST(scripts_release_to_a_later_time_puts_a_first_attempt_off)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(release("me", A, 1, T0 + 5000), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(claim_up_to("you", T0 + 4999, 100), 0);
    assert_int_equal(got.next.ms, T0 + 5000);
    assert_int_equal(claim_up_to("you", T0 + 5000, 100), 1);
    assert_int_equal(got.at[0].attempt.number, 1);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_int_equal(got.at[0].due.ms, T0 + 5000);
    assert_false(got.at[0].from_retry);
    assert_int_equal(start("you", A, 1, T1), STORE_DONE);
    assert_int_equal(due_of(A), T1);
}

TEST(scripts_claim_of_what_was_put_off_survives_its_holder)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    (void)release("me", A, 1, T0 + 5000);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(recover("me").handed_on, 1);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_int_equal(got.at[0].due.ms, T0 + 5000);
    assert_false(got.at[0].from_retry);
}

TEST(scripts_release_of_a_gone_job_drops_the_claim)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" A);
    assert_int_equal(release("me", A, 1, T0), STORE_GONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
}

TEST(scripts_skip_records_the_gap_and_goes_on)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(give_up("you", A, T1), STORE_LOST);
    assert_int_equal(give_up("me", A, T1), STORE_DONE);
    assert_int_equal(give_up("me", A, T1), STORE_LOST);
    assert_int_equal(due_of(A), T1);
    assert_int_equal(newest(A).outcome, EXECUTION_MISSED);
    assert_int_equal(newest(A).missed_count, 7);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
}

TEST(scripts_skip_refuses_what_is_started_or_gone)
{
    started(A, JOB_ATMOST_ONCE);
    assert_int_equal(give_up("me", A, T1), STORE_LOST);
    (void)create(B, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" B);
    assert_int_equal(give_up("me", B, T1), STORE_GONE);
    assert_int_equal(due_of(B), -1);
    assert_int_equal(ASK("EXISTS", TAG "history:" B), 0);
}

TEST(scripts_skip_of_the_last_occurrences_makes_nothing_due)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(give_up("me", A, NONE), STORE_DONE);
    assert_int_equal(due_of(A), -1);
}

TEST(scripts_mark_broken_until_it_is_made_anew)
{
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("SET", TAG "job:" A, "garbage");
    (void)claim("me");
    struct store_attempt attempt = held_by("me", A, 1);
    store_mark_broken(&cmd, SHARD, "you", &attempt);
    exchange(&cmd);
    assert_int_equal(number(), 0);
    store_mark_broken(&cmd, SHARD, "me", &attempt);
    exchange(&cmd);
    assert_int_equal(number(), 1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "due"), 0);
    assert_in_range(ASK("ZSCORE", TAG "broken", A), redis_now().ms - 60000, redis_now().ms + 2000);
    assert_true(create(A, JOB_ATMOST_ONCE, T1));
    assert_false(create(A, JOB_ATMOST_ONCE, T1));
    assert_int_equal(due_of(A), T1);
    assert_int_equal(ASK("EXISTS", TAG "broken"), 0);
}

/* A claim holds the time when its job was created. Whatever that is, the claim must end. */
TEST(scripts_mark_broken_with_a_broken_creation)
{
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("HSET", TAG "job:" A, "created", "the day\nbefore");
    (void)claim("me");
    struct store_attempt attempt = held_by("me", A, 1);
    store_mark_broken(&cmd, SHARD, "me", &attempt);
    exchange(&cmd);
    assert_int_equal(number(), 1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "due"), 0);
}
