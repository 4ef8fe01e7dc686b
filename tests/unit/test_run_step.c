/* What a run does next: every answer that Redis can give, in every state that matters. */
#include "run/run_step.h"

#include "job_maker.h"
#include "test.h"

#define NOW    INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */
#define MINUTE INT64_C(60000)

static struct zones *zones;
static struct run run;
static struct policy_gap gap;

/* A first attempt of a job that is called every minute, and at most an hour late. */
static void set_up(void)
{
    zones = zones_new(JOB_MAKER_ZONES);
    run = (struct run){.attempt = {.scheduled = {NOW}, .number = 1}, .due = {NOW}};
    make_job(&run.job, zones, "* * * * *", JOB_ATLEAST_ONCE, NOW - 1000);
    run.job.catch_up.window_ms = 60 * MINUTE;
}

static void tear_down(void)
{
    job_fini(&run.job);
    zones_free(zones);
}

EACH_TEST(set_up, tear_down);

static enum run_step claimed_at(int64_t ms)
{
    return run_step_claimed(&run, (struct wall_ms){ms}, &gap);
}

/* ---- claimed ---- */

TEST(run_step_waits_for_an_instant_that_is_not_too_late)
{
    assert_int_equal(claimed_at(NOW - 100), RUN_STEP_WAIT);
    assert_int_equal(claimed_at(NOW + POLICY_GRACE_MS), RUN_STEP_WAIT);
}

TEST(run_step_skips_a_gap)
{
    run.job.catch_up.policy = CATCH_UP_LATEST;
    run.job.catch_up.max = 1;
    assert_int_equal(claimed_at(NOW + 10 * MINUTE + 1), RUN_STEP_SKIP);
    assert_int_equal(gap.count, 10);
    assert_int_equal(gap.next.ms, NOW + 10 * MINUTE);
}

TEST(run_step_gives_up_what_was_handed_back_and_is_too_old)
{
    run.from_retry = true;
    assert_int_equal(claimed_at(NOW + 60 * MINUTE),
                     RUN_STEP_WAIT); /* that newer ones are due does not matter */
    assert_int_equal(claimed_at(NOW + 60 * MINUTE + 1), RUN_STEP_GIVE_UP);
    run.job.stateful.overlap = OVERLAP_QUEUE; /* it may have waited for its turn all the while */
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
}

TEST(run_step_never_gives_up_a_retry_or_a_notice)
{
    run.is_notice = true;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
    run.is_notice = false;
    run.attempt.number = 2;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
    run.from_retry = true;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), RUN_STEP_WAIT);
}

/* ---- started ---- */

TEST(run_step_goes_on_only_with_what_redis_has_started)
{
    assert_int_equal(run_step_started(&run, STORE_DONE, true), RUN_STEP_WAIT);
    assert_int_equal(run_step_started(&run, STORE_LOST, true), RUN_STEP_END);
    assert_int_equal(run_step_started(&run, STORE_GONE, true), RUN_STEP_END);
    assert_int_equal(run_step_started(&run, STORE_SETTLED, true), RUN_STEP_END);
}

TEST(run_step_hands_back_what_was_started_and_may_not_be_sent)
{
    assert_int_equal(run_step_started(&run, STORE_DONE, false), RUN_STEP_RELEASE);
    assert_int_equal(run_step_started(&run, STORE_LOST, false), RUN_STEP_END); /* not ours to hand back */
}

TEST(run_step_ends_what_was_cancelled_meanwhile)
{
    run.cancelled = true;
    assert_int_equal(run_step_started(&run, STORE_DONE, true), RUN_STEP_END);
    assert_int_equal(run_step_started(&run, STORE_DONE, false), RUN_STEP_END);
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, 0), RUN_STEP_END);
}

/* ---- ready, and confirmed ---- */

TEST(run_step_asks_once_more_where_a_later_occurrence_may_cancel)
{
    for (int overlap = 0; overlap < OVERLAP__COUNT; overlap++) {
        run.job.stateful.overlap = (enum overlap)overlap;
        assert_int_equal(run_step_ready(&run), overlap == OVERLAP_CANCEL ? RUN_STEP_CONFIRM : RUN_STEP_CALL);
    }
    run.job.stateful.overlap = OVERLAP_CANCEL;
    run.is_notice = true;
    assert_int_equal(run_step_ready(&run), RUN_STEP_CALL);
}

TEST(run_step_calls_what_is_confirmed)
{
    run.confirmations = 1;
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, RUN_CONFIRMED_MS), RUN_STEP_CALL);
    assert_int_equal(run_step_confirmed(&run, STORE_LOST, true, 0), RUN_STEP_END);
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, false, 0), RUN_STEP_RELEASE);
}

TEST(run_step_asks_again_where_the_word_is_old_but_not_for_ever)
{
    run.confirmations = RUN_CONFIRM_MAX - 1;
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, RUN_CONFIRMED_MS + 1), RUN_STEP_CONFIRM);
    run.confirmations = RUN_CONFIRM_MAX;
    assert_int_equal(run_step_confirmed(&run, STORE_DONE, true, RUN_CONFIRMED_MS + 1), RUN_STEP_CALL);
}

/* ---- what becomes due ---- */

TEST(run_step_knows_what_becomes_due)
{
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
