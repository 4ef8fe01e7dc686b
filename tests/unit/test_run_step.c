/* What a run does next: every answer that Redis can give, in every state that matters. */
#include "run/run_step.h"

#include "job_maker.h"

#define NOW    INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */
#define MINUTE INT64_C(60000)

static struct zones *zones;
static struct run run;
static struct policy_gap gap;

/* A first attempt of a job that is called every minute, and at most an hour late. */
static int set_up(void **state)
{
    (void)state;
    zones = zones_new(JOB_MAKER_ZONES);
    run = (struct run){.attempt = {.scheduled = {NOW}, .number = 1}, .due = {NOW}};
    make_job(&run.job, zones, "* * * * *", JOB_ATLEAST_ONCE, NOW - 1000);
    run.job.catch_up.window_ms = 60 * MINUTE;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    job_fini(&run.job);
    zones_free(zones);
    return 0;
}

static enum run_step claimed_at(int64_t ms)
{
    return run_step_claimed(&run, (struct wall_ms){ms}, &gap);
}

/* ---- claimed ---- */

static void test_run_step_waits_for_an_instant_that_is_not_too_late(void **state)
{
    (void)state;
    assert_int_equal(claimed_at(NOW - 100), RUN_STEP_WAIT);
    assert_int_equal(claimed_at(NOW + POLICY_GRACE_MS), RUN_STEP_WAIT);
}

static void test_run_step_skips_a_gap(void **state)
{
    (void)state;
    run.job.catch_up.policy = CATCH_UP_LATEST;
    run.job.catch_up.max = 1;
    assert_int_equal(claimed_at(NOW + 10 * MINUTE + 1), RUN_STEP_SKIP);
    assert_int_equal(gap.count, 10);
    assert_int_equal(gap.next.ms, NOW + 10 * MINUTE);
}

static void test_run_step_gives_up_what_was_handed_back_and_is_too_old(void **state)
{
    (void)state;
    run.from_retry = true;
    assert_int_equal(claimed_at(NOW + 60 * MINUTE),
                     RUN_STEP_WAIT); /* that newer ones are due does not matter */
    assert_int_equal(claimed_at(NOW + 60 * MINUTE + 1), RUN_STEP_GIVE_UP);
    run.job.watch.overlap = WATCH_QUEUE; /* it may have waited for its turn all the while */
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
}

static void test_run_step_never_gives_up_a_retry_or_a_notice(void **state)
{
    (void)state;
    run.is_notice = true;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
    run.is_notice = false;
    run.attempt.number = 2;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
    run.from_retry = true;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
}

/* ---- started ---- */

static void test_run_step_goes_on_only_with_what_redis_has_started(void **state)
{
    (void)state;
    assert_int_equal(run_step_started(&run, STORE_DONE, true), RUN_STEP_WAIT);
    assert_int_equal(run_step_started(&run, STORE_LOST, true), RUN_STEP_END);
    assert_int_equal(run_step_started(&run, STORE_GONE, true), RUN_STEP_END);
    assert_int_equal(run_step_started(&run, STORE_SETTLED, true), RUN_STEP_END);
}

static void test_run_step_hands_back_what_was_started_and_may_not_be_sent(void **state)
{
    (void)state;
    assert_int_equal(run_step_started(&run, STORE_DONE, false), RUN_STEP_RELEASE);
    assert_int_equal(run_step_started(&run, STORE_LOST, false), RUN_STEP_END); /* not ours to hand back */
}

static void test_run_step_ends_what_was_cancelled_meanwhile(void **state)
{
    (void)state;
    run.cancelled = true;
    assert_int_equal(run_step_started(&run, STORE_DONE, true), RUN_STEP_END);
    assert_int_equal(run_step_started(&run, STORE_DONE, false), RUN_STEP_END);
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, 0), RUN_STEP_END);
}

/* ---- ready, and confirmed ---- */

static void test_run_step_asks_once_more_where_a_later_occurrence_may_cancel(void **state)
{
    (void)state;
    for (int overlap = 0; overlap < WATCH_OVERLAP__COUNT; overlap++) {
        run.job.watch.overlap = (enum watch_overlap)overlap;
        assert_int_equal(run_step_ready(&run), overlap == WATCH_CANCEL ? RUN_STEP_CONFIRM : RUN_STEP_CALL);
    }
    run.job.watch.overlap = WATCH_CANCEL;
    run.is_notice = true;
    assert_int_equal(run_step_ready(&run), RUN_STEP_CALL);
}

static void test_run_step_calls_what_is_confirmed(void **state)
{
    (void)state;
    run.confirmations = 1;
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, RUN_CONFIRMED_MS), RUN_STEP_CALL);
    assert_int_equal(run_step_confirmed(&run, STORE_LOST, true, 0), RUN_STEP_END);
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, false, 0), RUN_STEP_RELEASE);
}

static void test_run_step_asks_again_where_the_word_is_old_but_not_for_ever(void **state)
{
    (void)state;
    run.confirmations = RUN_CONFIRM_MAX - 1;
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, RUN_CONFIRMED_MS + 1), RUN_STEP_CONFIRM);
    run.confirmations = RUN_CONFIRM_MAX;
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, RUN_CONFIRMED_MS + 1), RUN_STEP_CALL);
}

/* ---- what becomes due ---- */

static void test_run_step_knows_what_becomes_due(void **state)
{
    (void)state;
    struct wall_ms at;
    run.next_due.ms = NOW + MINUTE;
    run.state = RUN_RELEASING;
    assert_true(run_step_makes_due(&run, &at));
    assert_int_equal(at.ms, NOW);
    run.state = RUN_SKIPPING;
    assert_true(run_step_makes_due(&run, &at));
    assert_int_equal(at.ms, NOW + MINUTE);
    run.state = RUN_FINISHING;
    run.after = STORE_AFTER_RETRY;
    assert_true(run_step_makes_due(&run, &at));
    assert_int_equal(at.ms, NOW + MINUTE);
    run.after = STORE_AFTER_NOTHING;
    assert_false(run_step_makes_due(&run, &at));
    run.after = STORE_AFTER_DEAD;
    assert_false(run_step_makes_due(&run, &at));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_run_step_waits_for_an_instant_that_is_not_too_late),
        TEST(test_run_step_skips_a_gap),
        TEST(test_run_step_gives_up_what_was_handed_back_and_is_too_old),
        TEST(test_run_step_never_gives_up_a_retry_or_a_notice),
        TEST(test_run_step_goes_on_only_with_what_redis_has_started),
        TEST(test_run_step_hands_back_what_was_started_and_may_not_be_sent),
        TEST(test_run_step_ends_what_was_cancelled_meanwhile),
        TEST(test_run_step_asks_once_more_where_a_later_occurrence_may_cancel),
        TEST(test_run_step_calls_what_is_confirmed),
        TEST(test_run_step_asks_again_where_the_word_is_old_but_not_for_ever),
        TEST(test_run_step_knows_what_becomes_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
