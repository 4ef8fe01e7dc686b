/* Heartbeats, who is alive, what each runner holds, and what fences off an earlier claim. */
#include "script_rig.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

/* Returns true if it says that there are keys. */
static bool heartbeat(const char *runner, int64_t lease_ms, int64_t *now_us, size_t *count)
{
    struct store_heart heart;
    struct cmd cmd;
    store_heartbeat(&cmd, runner, lease_ms);
    exchange(&cmd);
    assert_int_equal(store_heartbeat_reply(reply, &heart, &info), ERR_OK);
    *now_us = heart.now_us;
    *count = heart.count;
    return heart.keyed;
}

TEST(scripts_heartbeat_tells_time_and_runners)
{
    int64_t now_us;
    size_t count;
    struct store_runner runner;
    (void)heartbeat("a", 1000, &now_us, &count);
    assert_int_equal(count, 1);
    (void)heartbeat("b", 5000, &now_us, &count);
    assert_int_equal(count, 2);
    assert_int_equal(store_heartbeat_at(reply, 1, &runner, &info), ERR_OK);
    assert_string_equal(runner.id, "b");
    assert_int_equal(runner.expiry.ms, now_us / 1000 + 5000);
    assert_in_range(now_us / 1000, redis_now().ms - 60000, redis_now().ms + 2000);
    (void)heartbeat("b", 5000, &now_us, &count);
    assert_int_equal(count, 2);
}

TEST(scripts_heartbeat_tells_whether_there_are_keys)
{
    int64_t now_us;
    size_t count;
    assert_false(heartbeat("a", 1000, &now_us, &count));
    SAY("SADD", "dronc:keys", "0123456789ab");
    assert_true(heartbeat("a", 1000, &now_us, &count));
    SAY("DEL", "dronc:keys");
    assert_int_equal(count, 1);
}

/* After Redis' clock was set back by an hour, no runner counts as alive for an hour longer. */
TEST(scripts_heartbeat_shortens_leases_from_the_future)
{
    int64_t now_us;
    size_t count;
    struct store_runner runner;
    (void)heartbeat("a", 3600000, &now_us, &count);
    (void)heartbeat("b", 5000, &now_us, &count);
    assert_int_equal(store_heartbeat_at(reply, 0, &runner, &info), ERR_OK);
    assert_string_equal(runner.id, "a");
    assert_int_equal(runner.expiry.ms, now_us / 1000 + 5000);
}

/* A runner that was taken for dead claims the same occurrence again. What it sent for the first claim does not
 * count for the second. */
TEST(scripts_token_fences_off_an_earlier_claim)
{
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    struct store_attempt old = held_by("me", A, 1);
    assert_int_equal(recover("me").handed_on, 1);
    assert_int_equal(claim("me"), 1);
    store_start(&cmd, SHARD, "me");
    store_start_add(&cmd, &old, (struct wall_ms){T1});
    exchange(&cmd);
    assert_int_equal(verdict(0), STORE_LOST);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
    store_release(&cmd, SHARD, "me");
    store_release_add(&cmd, &old, (struct wall_ms){T0});
    exchange(&cmd);
    assert_int_equal(verdict(0), STORE_LOST);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
}

TEST(scripts_tidy_strikes_off_who_holds_nothing)
{
    struct cmd cmd;
    bool holds;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    store_tidy(&cmd, SHARD, "me");
    exchange(&cmd);
    assert_int_equal(store_tidy_reply(reply, &holds, &info), ERR_OK);
    assert_true(holds);
    assert_int_equal(release("me", A, 1, T0), STORE_DONE);
    store_tidy(&cmd, SHARD, "me");
    exchange(&cmd);
    assert_int_equal(store_tidy_reply(reply, &holds, &info), ERR_OK);
    assert_false(holds);
    assert_int_equal(ASK("SCARD", TAG "holders"), 0);
}

static int64_t forget(const char *runner, bool only_if_expired)
{
    struct cmd cmd;
    store_forget(&cmd, runner, only_if_expired);
    exchange(&cmd);
    return number();
}

TEST(scripts_forget_spares_the_living)
{
    int64_t now_us;
    size_t count;
    (void)heartbeat("dead", -1, &now_us, &count);
    (void)heartbeat("alive", 100000, &now_us, &count);
    assert_int_equal(forget("alive", true), 0);
    assert_int_equal(forget("nobody", true), 0);
    assert_int_equal(forget("dead", true), 1);
    assert_int_equal(forget("dead", true), 0);
    assert_int_equal(ASK("ZCARD", "dronc:runners"), 1);
    assert_int_equal(forget("alive", false), 1);
    assert_int_equal(ASK("EXISTS", "dronc:runners"), 0);
}

TEST(scripts_held_lists_what_a_runner_holds)
{
    struct cmd cmd;
    struct store_claimed held;
    size_t count;
    started(A, JOB_ATLEAST_ONCE);
    store_held(&cmd, SHARD, "me");
    exchange(&cmd);
    assert_int_equal(store_held_count(reply, &count, &info), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_held_at(reply, 0, &held, &info), ERR_OK);
    assert_memory_equal(held.attempt.job.bytes, A, 32);
    assert_int_equal(held.attempt.scheduled.ms, T0);
    assert_int_equal(held.attempt.number, 1);
    assert_int_equal(held.due.ms, T0);
    store_holders(&cmd, SHARD);
    exchange(&cmd);
    assert_int_equal(reply->count, 1);
    assert_true(slice_eq(reply->items[0], "me"));
}
