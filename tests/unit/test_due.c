/* Claims on their way: what is asked of Redis, when the runner wakes for it, and what becomes of the answers.
 * How many are asked for, and of which shard, is in test_due_plan.c. */
#include "run/due.h"

#include "heart_rig.h"
#include "test.h"

static struct due due;

static void set_up(void)
{
    heart_open(1000, 100);
    assert_int_equal(due_init(&due, &heart.context, &heart.attempts, 1000), ERR_OK);
}

static void tear_down(void)
{
    heart_close();
    due_fini(&due);
}

EACH_TEST(set_up, tear_down);

static void turn_at(int64_t ms)
{
    fake_at(ms);
    due_turn(&due);
}

static size_t asked(void)
{
    return fake_link_count(heart.link, "claim");
}

/* Redis answers the claim of the lowest shard that is asked: next_ms is its next instant, NULL: none. */
static void answer(const char *next_ms)
{
    fake_link_answer(heart.link, "claim", MAKE_ARRAY(next_ms != NULL ? next_ms : "", ""));
}

/* All shards are asked, and have nothing. */
static void know_all(void)
{
    for (int round = 0; round < STORE_SHARDS / DUE_ASKING_MAX; round++) {
        turn_at(0);
        fake_link_answer_all(heart.link, "claim", MAKE_ARRAY("", ""));
    }
    turn_at(0);
}

/* What claim.lua returns for an occurrence of a job every minute. */
static const char *claim_text(const char *schedule)
{
    static char text[400];
    const char *api = "http://192.0.2.1/";
    const char *type = "ATMOST_ONCE";
    (void)snprintf(text, sizeof text, "%032d%lld 1.77 %lld d %lld 0 %zu %s\n1 %zu %s\n2 %zu %s\n", 5,
                   (long long)T0, (long long)T0, (long long)T0 - 1000, strlen(schedule), schedule,
                   strlen(api), api, strlen(type), type);
    return text;
}

/* ---- what is asked ---- */

TEST(due_claims_up_to_the_look_ahead_and_tells_what_is_backlog)
{
    turn_at(0);
    assert_int_equal(asked(), DUE_ASKING_MAX);
    const struct cmd *claim = fake_link_first(heart.link, "claim");
    assert_true(cmd_has(claim, "dronc:{0}:due"));
    assert_true(cmd_has(claim, RUNNER));
    assert_true(cmd_has_number(claim, T0 + DUE_LOOK_AHEAD_MS));
    assert_true(cmd_has_number(claim, T0 - ATTEMPTS_BACKLOG_MS));
    assert_true(due_is_asking(&due));
}

/* Redis' clock decides, whatever this machine's says. */
TEST(due_claims_by_the_clock_of_redis)
{
    (void)cluster_clock_sample(&heart.cluster_clock, (T0 + 7000) * 1000, fake_mono_us(NULL),
                               fake_mono_us(NULL));
    turn_at(0);
    assert_true(cmd_has_number(fake_link_first(heart.link, "claim"), T0 + 7000 + DUE_LOOK_AHEAD_MS));
}

TEST(due_wakes_a_look_ahead_before_the_next_instant)
{
    know_all();
    assert_int_equal(due.timer->at_ms, DUE_RECHECK_MS - DUE_LOOK_AHEAD_MS);
    due_note(&due, 9, (struct wall_ms){T0 + 10000});
    turn_at(100);
    assert_int_equal(due.timer->at_ms, 10000 - DUE_LOOK_AHEAD_MS);
    assert_int_equal(asked(), 0);
    turn_at(10000 - DUE_LOOK_AHEAD_MS);
    assert_true(cmd_has(fake_link_first(heart.link, "claim"), "dronc:{9}:due"));
}

TEST(due_asks_nothing_while_the_runner_may_not_send)
{
    attempts_set_lease(&heart.attempts, false);
    turn_at(0);
    assert_int_equal(asked(), 0);
    assert_int_equal(due.timer->at_ms, FAKE_UNSET);
    attempts_set_lease(&heart.attempts, true);
    turn_at(0);
    assert_int_equal(asked(), DUE_ASKING_MAX);
}

TEST(due_asks_nothing_in_a_drain)
{
    attempts_drain(&heart.attempts);
    turn_at(0);
    assert_int_equal(asked(), 0);
    assert_int_equal(due.timer->at_ms, FAKE_UNSET);
}

TEST(due_does_not_wake_while_all_claims_are_under_way)
{
    turn_at(0);
    assert_int_equal(due.timer->at_ms, FAKE_UNSET); /* 12 shards wait, but only for an answer to come */
}

/* ---- what is answered ---- */

TEST(due_hands_claims_to_the_runs)
{
    turn_at(0);
    fake_link_answer(heart.link, "claim", MAKE_ARRAY("", "", claim_text("* * * * *")));
    assert_int_equal(attempts_count(&heart.attempts), 1);
    assert_int_equal(due.plan.reserved, 3 * STORE_BATCH_MAX); /* of the other claims */
}

TEST(due_takes_the_good_claims_of_an_answer_with_bad_ones)
{
    turn_at(0);
    fake_link_answer(heart.link, "claim", MAKE_ARRAY("", "", "nonsense", claim_text("* * * * *")));
    assert_int_equal(attempts_count(&heart.attempts), 1);
    assert_true(heart_logged("claim unusable"));
    assert_string_equal(heart.broken, "");
}

TEST(due_reports_a_job_that_cannot_be_read)
{
    turn_at(0);
    fake_link_answer(heart.link, "claim", MAKE_ARRAY("", "", claim_text("when I please")));
    assert_int_equal(attempts_count(&heart.attempts), 0);
    assert_string_not_equal(heart.broken, "");
}

TEST(due_asks_the_next_shards_when_answers_come)
{
    turn_at(0);
    answer(NULL);
    answer("1772953201000"); /* T0 + 1000: shard 1 */
    turn_at(0);
    assert_int_equal(asked(), DUE_ASKING_MAX);
    assert_int_equal(due.plan.shards[1].next.ms, T0 + 1000);
}

/* ---- what goes wrong ---- */

TEST(due_logs_a_refusal_once_until_redis_takes_a_claim)
{
    know_all();
    size_t before = log_capture_lines(&heart.log);
    for (int i = 0; i < 3; i++) {
        due_note(&due, 0, (struct wall_ms){T0});
        turn_at(i * 1000);
        fake_link_answer(heart.link, "claim", make_error("READONLY a replica"));
    }
    assert_int_equal(log_capture_lines(&heart.log), before + 1);
    assert_true(heart_logged("redis refuses claims"));
    turn_at(4000);
    answer(NULL);
    due_note(&due, 0, (struct wall_ms){T0});
    turn_at(4000);
    fake_link_answer(heart.link, "claim", make_error("READONLY a replica"));
    assert_int_equal(log_capture_lines(&heart.log), before + 2);
}

TEST(due_asks_again_when_the_link_is_back)
{
    turn_at(0);
    fake_link_lose(heart.link);
    assert_false(due_is_asking(&due));
    assert_int_equal(due.plan.reserved, 0);
    turn_at(1000);
    assert_int_equal(asked(), 0);
    heart.link->up = true;
    turn_at(2000);
    assert_int_equal(asked(), DUE_ASKING_MAX);
}

TEST(due_does_not_spin_while_the_link_takes_nothing)
{
    know_all();
    due_note(&due, 0, (struct wall_ms){T0});
    heart.link->refusal = ERR_BUSY;
    turn_at(0);
    assert_false(due_is_asking(&due));
    assert_int_equal(due.timer->at_ms, DUE_REFUSED_MS);
    heart.link->refusal = ERR_OK;
    turn_at(DUE_REFUSED_MS);
    assert_int_equal(asked(), 1);
}
