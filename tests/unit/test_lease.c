/* The proof of life: when it is given, how long it counts, and what a runner does that cannot give it. */
#include "cluster/lease.h"

#include "heart_rig.h"
#include "test.h"

#define VALID_MS (LEASE_MS - LEASE_MARGIN_MS)
#define INSTANT  2000

static struct lease lease;

static void set_up(void)
{
    heart_open(100, 100);
    assert_int_equal(lease_init(&lease, &heart.context), ERR_OK);
}

static void tear_down(void)
{
    heart_close();
    lease_fini(&lease);
}

EACH_TEST(set_up, tear_down);

static void turn_at(int64_t ms)
{
    fake_at(ms);
    lease_turn(&lease);
}

static size_t sent(const char *name)
{
    return fake_link_count(heart.link, name);
}

/* Redis answers a heartbeat, by its clock so many ms after the test began. other: a runner on the list
 * besides this one, which counts as alive until other_ms; NULL: none. */
static void answer_with(int64_t redis_ms, const char *other, int64_t other_ms)
{
    char now_us[32], expiry[32], other_expiry[32];
    (void)snprintf(now_us, sizeof now_us, "%lld", (long long)(T0 + redis_ms) * 1000);
    (void)snprintf(expiry, sizeof expiry, "%lld", (long long)(T0 + redis_ms + LEASE_MS));
    (void)snprintf(other_expiry, sizeof other_expiry, "%lld", (long long)(T0 + other_ms));
    fake_link_answer(heart.link, "heartbeat",
                     make_array((const char *const[]){now_us, "0", RUNNER, expiry, other, other_expiry},
                                other != NULL ? 6 : 4));
}

/* A heartbeat at ms that is answered at once. */
static void beat_at(int64_t ms)
{
    turn_at(ms);
    answer_with(ms, NULL, 0);
}

/* Redis answers what the heartbeats ask besides. */
static void answer_level(const char *number)
{
    const struct reply reply = {.kind = REPLY_TEXT, .text = slice_of(number)};
    fake_link_answer(heart.link, "setup", &reply);
}

/* ---- when it is valid ---- */

TEST(lease_is_not_valid_before_a_heartbeat_is_answered)
{
    assert_false(lease_is_valid(&lease));
    turn_at(0);
    assert_false(lease_is_valid(&lease));
    answer_with(0, NULL, 0);
    assert_true(lease_is_valid(&lease));
}

/* What was sent long before it was answered proves nothing about now. */
TEST(lease_counts_from_when_the_heartbeat_was_sent)
{
    turn_at(0);
    fake_at(3000);
    answer_with(3000, NULL, 0);
    fake_at(VALID_MS - 1);
    assert_true(lease_is_valid(&lease));
    fake_at(VALID_MS);
    assert_false(lease_is_valid(&lease));
}

TEST(lease_is_void_when_its_answer_comes_too_late)
{
    turn_at(0);
    fake_at(VALID_MS);
    answer_with(VALID_MS, NULL, 0);
    assert_false(lease_is_valid(&lease));
}

/* Nothing runs in between: asking is enough. */
TEST(lease_has_run_out_after_a_sleep_without_a_turn)
{
    beat_at(0);
    turn_at(1);
    assert_true(lease_is_valid(&lease));
    fake_pass(3600000);
    assert_false(lease_is_valid(&lease));
    lease_turn(&lease);
    assert_true(heart_logged("lease run out"));
}

/* The first answers after a sleep were asked for before it. */
TEST(lease_stays_void_after_a_sleep_until_a_new_heartbeat_is_answered)
{
    beat_at(0);
    turn_at(1000);
    fake_pass(3600000);
    answer_with(3601000, NULL, 0);
    assert_false(lease_is_valid(&lease));
    turn_at(3601000);
    answer_with(3601000, NULL, 0);
    assert_true(lease_is_valid(&lease));
}

/* With all that the runner does in a turn: an occurrence that came due in a sleep is handed back, not called.
 */
TEST(lease_lets_nothing_be_sent_after_a_sleep)
{
    beat_at(0);
    struct store_claimed claimed = make_claim(INSTANT);
    heart_claim(&claimed);
    heart_at(INSTANT - ATTEMPTS_START_LEAD_MS);
    heart_answer("start", DONE);
    fake_at(VALID_MS + 1);
    lease_turn(&lease);
    attempts_set_lease(&heart.attempts, lease_is_valid(&lease));
    heart_turn();
    assert_int_equal(fake_call_count, 0);
    assert_int_equal(sent("release"), 1);
}

/* ---- heartbeats ---- */

TEST(lease_asks_for_holders_and_the_database_before_it_beats)
{
    turn_at(0);
    assert_int_equal(heart.link->count, 3);
    assert_true(fake_is(&heart.link->waiting[0].cmd, "setup"));
    assert_true(fake_is(&heart.link->waiting[1].cmd, "SMEMBERS"));
    assert_true(fake_is(&heart.link->waiting[2].cmd, "heartbeat"));
    assert_true(cmd_has(&heart.link->waiting[2].cmd, RUNNER));
    assert_true(cmd_has_number(&heart.link->waiting[2].cmd, LEASE_MS));
}

TEST(lease_beats_once_a_second_and_one_at_a_time)
{
    beat_at(0);
    assert_int_equal(lease.timer->at_ms, LEASE_BEAT_MS);
    turn_at(LEASE_BEAT_MS - 1);
    assert_int_equal(sent("heartbeat"), 0);
    turn_at(LEASE_BEAT_MS);
    assert_int_equal(sent("heartbeat"), 1);
    turn_at(3 * LEASE_BEAT_MS);
    assert_int_equal(sent("heartbeat"), 1); /* the first has no answer yet */
    answer_with(3 * LEASE_BEAT_MS, NULL, 0);
    turn_at(3 * LEASE_BEAT_MS);
    assert_int_equal(sent("heartbeat"), 1);
}

TEST(lease_beats_at_once_when_the_link_is_back)
{
    beat_at(0);
    turn_at(LEASE_BEAT_MS);
    fake_link_lose(heart.link);
    turn_at(LEASE_BEAT_MS + 1);
    assert_int_equal(sent("heartbeat"), 0);
    heart.link->up = true;
    lease_link_up(&lease);
    turn_at(LEASE_BEAT_MS + 2);
    assert_int_equal(sent("heartbeat"), 1);
}

TEST(lease_feeds_the_cluster_clock)
{
    turn_at(0);
    answer_with(123456, NULL, 0);
    assert_int_equal(cluster_clock_now(&heart.cluster_clock).ms, T0 + 123456);
    assert_false(lease_take_step(&lease)); /* the first stamp is no step */
}

TEST(lease_logs_a_refusal_once_and_is_not_renewed_by_it)
{
    beat_at(0);
    for (int64_t at = LEASE_BEAT_MS; at <= VALID_MS; at += LEASE_BEAT_MS) {
        turn_at(at);
        fake_link_answer(heart.link, "heartbeat", make_error("READONLY a replica"));
    }
    assert_int_equal(log_capture_lines(&heart.log), 1);
    assert_true(heart_logged("heartbeat refused"));
    fake_at(VALID_MS);
    assert_false(lease_is_valid(&lease));
}

/* ---- judging others ---- */

TEST(lease_finds_none_dead_before_they_had_a_lease_to_prove_life)
{
    lease_link_up(&lease);
    turn_at(0);
    answer_with(0, "late", -1); /* its heartbeat is past; so might be every runner's */
    assert_int_equal(sent("recover"), 0);
    turn_at(LEASE_MS - 1);
    answer_with(LEASE_MS - 1, "late", -1);
    assert_int_equal(sent("recover"), 0);
    for (int64_t at = LEASE_MS + LEASE_BEAT_MS; at <= 2 * LEASE_MS + LEASE_BEAT_MS; at += LEASE_BEAT_MS) {
        turn_at(at);
        answer_with(at, "late", -1);
    }
    assert_int_equal(sent("recover"), STORE_SHARDS);
}

/* Beats up to ms, all answered, after which the lease has been valid for long. */
static void live_until(int64_t ms)
{
    for (int64_t at = 0; at <= ms; at += LEASE_BEAT_MS) {
        beat_at(at);
    }
}

TEST(lease_finds_the_dead_once_it_has_lived_for_a_lease)
{
    live_until(2 * LEASE_MS);
    turn_at(2 * LEASE_MS + LEASE_BEAT_MS);
    answer_with(2 * LEASE_MS + LEASE_BEAT_MS, "late", 2 * LEASE_MS);
    assert_int_equal(sent("recover"), STORE_SHARDS);
    assert_true(cmd_has(fake_link_first(heart.link, "recover"), "late"));
}

TEST(lease_waits_after_its_own_was_lost)
{
    live_until(2 * LEASE_MS);
    turn_at(4 * LEASE_MS); /* asleep meanwhile: the others, on the same machine, were, too */
    answer_with(4 * LEASE_MS, "late", 2 * LEASE_MS);
    assert_int_equal(sent("recover"), 0);
}

TEST(lease_waits_after_redis_refused)
{
    live_until(2 * LEASE_MS);
    turn_at(2 * LEASE_MS + LEASE_BEAT_MS);
    fake_link_answer(heart.link, "heartbeat", make_error("MISCONF"));
    turn_at(2 * LEASE_MS + 2 * LEASE_BEAT_MS);
    answer_with(2 * LEASE_MS + 2 * LEASE_BEAT_MS, "late", 2 * LEASE_MS);
    assert_int_equal(sent("recover"), 0);
}

TEST(lease_waits_and_tells_when_the_clock_of_redis_is_set)
{
    live_until(2 * LEASE_MS);
    turn_at(2 * LEASE_MS + LEASE_BEAT_MS);
    answer_with(3600000, "late", 2 * LEASE_MS); /* an hour ahead: every heartbeat looks past */
    assert_int_equal(sent("recover"), 0);
    assert_true(lease_take_step(&lease));
    assert_false(lease_take_step(&lease)); /* once */
    assert_true(lease_is_valid(&lease));   /* ours counts by our own clock */
}

/* ---- the database ---- */

TEST(lease_is_not_valid_while_a_newer_version_uses_the_database)
{
    beat_at(0);
    answer_level("990016"); /* level 99, 16 shards */
    assert_false(lease_is_valid(&lease));
    assert_true(heart_logged("nothing is claimed"));
    lease_look(&lease);
    answer_level("16");
    assert_true(lease_is_valid(&lease));
    assert_true(heart_logged("claiming again"));
}

TEST(lease_judges_none_by_a_database_that_it_cannot_read)
{
    live_until(2 * LEASE_MS);
    while (sent("setup") > 0) {
        answer_level("990016");
    }
    turn_at(2 * LEASE_MS + LEASE_BEAT_MS);
    answer_with(2 * LEASE_MS + LEASE_BEAT_MS, "late", 2 * LEASE_MS);
    assert_int_equal(sent("recover"), 0);
}

TEST(lease_drops_the_link_to_a_foreign_database)
{
    beat_at(0);
    answer_level("17");
    assert_string_not_equal(heart.link->dropped, "");
}

/* ---- the end ---- */

TEST(lease_goodbye_tidies_leaves_the_list_and_beats_no_more)
{
    beat_at(0);
    lease_say_goodbye(&lease);
    assert_int_equal(sent("tidy"), STORE_SHARDS);
    assert_false(lease_is_gone(&lease));
    turn_at(LEASE_BEAT_MS);
    assert_int_equal(sent("heartbeat"), 0); /* it would be on the list again */
    fake_link_answer(heart.link, "forget", make_number(1));
    assert_true(lease_is_gone(&lease));
}

TEST(lease_goodbye_does_not_wait_for_a_redis_that_is_away)
{
    heart.link->up = false;
    lease_say_goodbye(&lease);
    assert_true(lease_is_gone(&lease));
}
