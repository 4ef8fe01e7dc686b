/* What an attempt does next: every answer that Redis can give, in every state that matters. */
#include "run/attempt_step.h"

#include "job_maker.h"
#include "test.h"

#define NOW    INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */
#define MINUTE INT64_C(60000)

static struct zones *zones;
static struct attempt attempt;
static struct policy_gap gap;

/* A first attempt of a job that is called every minute, and at most an hour late. */
static void set_up(void)
{
    zones = zones_new(JOB_MAKER_ZONES);
    attempt = (struct attempt){.claim = {.scheduled = {NOW}, .number = 1}, .due = {NOW}};
    make_job(&attempt.job, zones, "* * * * *", JOB_ATLEAST_ONCE, NOW - 1000);
    attempt.job.catch_up.window_ms = 60 * MINUTE;
}

static void tear_down(void)
{
    job_fini(&attempt.job);
    zones_free(zones);
}

EACH_TEST(set_up, tear_down);

static enum attempt_step claimed_at(int64_t ms)
{
    return attempt_step_claimed(&attempt, (struct wall_ms){ms}, &gap);
}

/* ---- claimed ---- */

TEST(attempt_step_waits_for_an_instant_that_is_not_too_late)
{
    assert_int_equal(claimed_at(NOW - 100), ATTEMPT_STEP_WAIT);
    assert_int_equal(claimed_at(NOW + POLICY_GRACE_MS), ATTEMPT_STEP_WAIT);
}

TEST(attempt_step_skips_a_gap)
{
    attempt.job.catch_up.policy = CATCH_UP_LATEST;
    attempt.job.catch_up.max = 1;
    assert_int_equal(claimed_at(NOW + 10 * MINUTE + 1), ATTEMPT_STEP_SKIP);
    assert_int_equal(gap.count, 10);
    assert_int_equal(gap.next.ms, NOW + 10 * MINUTE);
}

TEST(attempt_step_gives_up_what_was_handed_back_and_is_too_old)
{
    attempt.from_retry = true;
    assert_int_equal(claimed_at(NOW + 60 * MINUTE),
                     ATTEMPT_STEP_WAIT); /* that newer ones are due does not matter */
    assert_int_equal(claimed_at(NOW + 60 * MINUTE + 1), ATTEMPT_STEP_GIVE_UP);
    attempt.job.stateful.overlap = OVERLAP_QUEUE; /* it may have waited for its turn all the while */
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), ATTEMPT_STEP_WAIT);
}

TEST(attempt_step_never_gives_up_a_retry_or_a_notice)
{
    attempt.is_notice = true;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), ATTEMPT_STEP_WAIT);
    attempt.is_notice = false;
    attempt.claim.number = 2;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), ATTEMPT_STEP_WAIT);
    attempt.from_retry = true;
    assert_int_equal(claimed_at(NOW + 600 * MINUTE), ATTEMPT_STEP_WAIT);
}

/* ---- started ---- */

TEST(attempt_step_goes_on_only_with_what_redis_has_started)
{
    assert_int_equal(attempt_step_started(&attempt, STORE_DONE, true), ATTEMPT_STEP_WAIT);
    assert_int_equal(attempt_step_started(&attempt, STORE_LOST, true), ATTEMPT_STEP_END);
    assert_int_equal(attempt_step_started(&attempt, STORE_GONE, true), ATTEMPT_STEP_END);
    assert_int_equal(attempt_step_started(&attempt, STORE_SETTLED, true), ATTEMPT_STEP_END);
}

TEST(attempt_step_hands_back_what_was_started_and_may_not_be_sent)
{
    assert_int_equal(attempt_step_started(&attempt, STORE_DONE, false), ATTEMPT_STEP_RELEASE);
    /* not ours to hand back */
    assert_int_equal(attempt_step_started(&attempt, STORE_LOST, false), ATTEMPT_STEP_END);
}

TEST(attempt_step_ends_what_was_cancelled_meanwhile)
{
    attempt.cancelled = true;
    assert_int_equal(attempt_step_started(&attempt, STORE_DONE, true), ATTEMPT_STEP_END);
    assert_int_equal(attempt_step_started(&attempt, STORE_DONE, false), ATTEMPT_STEP_END);
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_DONE, true, 0), ATTEMPT_STEP_END);
}

/* ---- ready, and confirmed ---- */

TEST(attempt_step_asks_once_more_where_a_later_occurrence_may_cancel)
{
    for (int overlap = 0; overlap < OVERLAP__COUNT; overlap++) {
        attempt.job.stateful.overlap = (enum overlap)overlap;
        assert_int_equal(attempt_step_ready(&attempt, ATTEMPT_STARTED_MS),
                         overlap == OVERLAP_CANCEL ? ATTEMPT_STEP_CONFIRM : ATTEMPT_STEP_CALL);
    }
    attempt.job.stateful.overlap = OVERLAP_CANCEL;
    attempt.is_notice = true;
    assert_int_equal(attempt_step_ready(&attempt, 0), ATTEMPT_STEP_CALL);
}

TEST(attempt_step_asks_once_more_after_a_long_wait)
{
    assert_int_equal(attempt_step_ready(&attempt, ATTEMPT_STARTED_MS + 1), ATTEMPT_STEP_CONFIRM);
    attempt.is_notice = true; /* those are sent while the job is paused, too */
    assert_int_equal(attempt_step_ready(&attempt, ATTEMPT_STARTED_MS + 1), ATTEMPT_STEP_CALL);
}

TEST(attempt_step_hands_back_what_must_not_be_sent_now)
{
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_GONE, true, 0), ATTEMPT_STEP_RELEASE);
    attempt.cancelled = true;
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_GONE, true, 0), ATTEMPT_STEP_END);
}

TEST(attempt_step_calls_what_is_confirmed)
{
    attempt.confirmations = 1;
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_DONE, true, ATTEMPT_CONFIRMED_MS),
                     ATTEMPT_STEP_CALL);
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_LOST, true, 0), ATTEMPT_STEP_END);
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_DONE, false, 0), ATTEMPT_STEP_RELEASE);
}

TEST(attempt_step_asks_again_where_the_word_is_old_but_not_for_ever)
{
    attempt.confirmations = ATTEMPT_CONFIRM_MAX - 1;
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_DONE, true, ATTEMPT_CONFIRMED_MS + 1),
                     ATTEMPT_STEP_CONFIRM);
    attempt.confirmations = ATTEMPT_CONFIRM_MAX;
    assert_int_equal(attempt_step_confirmed(&attempt, STORE_DONE, true, ATTEMPT_CONFIRMED_MS + 1),
                     ATTEMPT_STEP_CALL);
}

/* ---- what becomes due ---- */

TEST(attempt_step_knows_what_becomes_due)
{
    struct wall_ms at;
    attempt.next_due.ms = NOW + MINUTE;
    attempt.state = ATTEMPT_RELEASING;
    assert_true(attempt_step_makes_due(&attempt, &at));
    assert_int_equal(at.ms, NOW);
    attempt.state = ATTEMPT_SKIPPING;
    assert_true(attempt_step_makes_due(&attempt, &at));
    assert_int_equal(at.ms, NOW + MINUTE);
    attempt.state = ATTEMPT_FINISHING;
    attempt.after = STORE_AFTER_RETRY;
    assert_true(attempt_step_makes_due(&attempt, &at));
    assert_int_equal(at.ms, NOW + MINUTE);
    attempt.after = STORE_AFTER_NOTHING;
    assert_false(attempt_step_makes_due(&attempt, &at));
    attempt.after = STORE_AFTER_DEAD;
    assert_false(attempt_step_makes_due(&attempt, &at));
}
