/* Taking over what dead runners held, and what is held by runners that are not on the list. */
#include "cluster/recovery.h"

#include "heart_rig.h"
#include "test.h"

#define NOW      ((struct wall_ms){T0})
#define LEASE_MS 5000

static struct recovery recovery;

static void set_up(void)
{
    heart_open(100, 100);
    recovery_init(&recovery, &heart.context, LEASE_MS);
}

static void tear_down(void)
{
    heart_close();
}

EACH_TEST(set_up, tear_down);

static size_t sent(const char *name)
{
    return fake_link_count(heart.link, name);
}

/* ---- who is dead ---- */

TEST(recovery_judges_by_the_heartbeat_and_spares_itself)
{
    const struct store_runner other = {.id = "other", .expiry = {T0}};
    assert_false(recovery_is_dead(&other, RUNNER, (struct wall_ms){T0 - 1}));
    assert_false(recovery_is_dead(&other, RUNNER, (struct wall_ms){T0}));
    assert_true(recovery_is_dead(&other, RUNNER, (struct wall_ms){T0 + 1}));
    assert_false(recovery_is_dead(&other, "other", (struct wall_ms){T0 + 1}));
}

TEST(recovery_hands_on_all_shards_of_the_dead_and_of_no_other)
{
    const struct store_runner runners[] = {
        {"alive", {T0 + 1}}, {RUNNER, {T0 - 1}}, {"dead", {T0 - 1}}, {"dead-too", {T0 - 9000}}};
    recovery_take_over(&recovery, runners, 4, NOW);
    assert_int_equal(sent("recover"), 2 * STORE_SHARDS);
    for (size_t i = 0; i < 2 * STORE_SHARDS; i++) {
        assert_true(cmd_has(&heart.link->waiting[i].cmd, i < STORE_SHARDS ? "dead" : "dead-too"));
    }
    assert_true(cmd_has(&heart.link->waiting[7].cmd, "dronc:{7}:due"));
}

/* ---- a dead runner ---- */

static const struct store_runner dead = {"dead", {T0 - 1}};

static void take_over_dead(void)
{
    recovery_take_over(&recovery, &dead, 1, NOW);
    assert_int_equal(sent("recover"), STORE_SHARDS);
}

/* Redis has handed on so many, and there are more. */
static void answer(const char *handed_on, const char *more)
{
    fake_link_answer(heart.link, "recover", MAKE_ARRAY(handed_on, "0", more));
}

TEST(recovery_takes_it_off_the_list_after_its_last_shard)
{
    take_over_dead();
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        assert_int_equal(sent("forget"), 0);
        answer("0", "0");
    }
    assert_int_equal(sent("forget"), 1);
    assert_true(cmd_has(fake_link_first(heart.link, "forget"), "dead"));
    assert_int_equal(recovery.under_way, 0);
}

TEST(recovery_goes_on_where_it_held_more_than_a_batch)
{
    take_over_dead();
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        answer("100", shard == STORE_SHARDS - 1 ? "1" : "0");
    }
    assert_int_equal(sent("forget"), 0);
    assert_int_equal(sent("recover"), 1);
    assert_true(cmd_has(fake_link_first(heart.link, "recover"), "dronc:{15}:due"));
    answer("1", "0");
    assert_int_equal(sent("forget"), 1);
    assert_true(heart_logged("claims of a dead runner handed on"));
}

TEST(recovery_finds_none_dead_twice)
{
    take_over_dead();
    recovery_take_over(&recovery, &dead, 1, NOW); /* the next beat, and it is still on the list */
    assert_int_equal(sent("recover"), STORE_SHARDS);
}

TEST(recovery_finds_it_again_when_the_link_was_lost)
{
    take_over_dead();
    fake_link_lose(heart.link);
    heart.link->up = true;
    assert_int_equal(sent("forget"), 0);
    take_over_dead();
}

TEST(recovery_keeps_it_on_the_list_where_redis_refuses)
{
    take_over_dead();
    fake_link_answer_all(heart.link, "recover", make_error("MISCONF"));
    assert_int_equal(sent("forget"), 0);
    assert_true(heart_logged("recovery refused"));
    take_over_dead();
}

TEST(recovery_finds_it_again_when_nothing_could_be_sent)
{
    heart.link->refusal = ERR_BUSY;
    recovery_take_over(&recovery, &dead, 1, NOW);
    heart.link->refusal = ERR_OK;
    take_over_dead();
}

/* ---- holders that are not on the list ---- */

static const struct store_runner list[] = {{RUNNER, {T0 + 5000}}, {"known", {T0 + 5000}}};

/* These hold claims in the next shard, or did. */
static void ask_and_look(const char *one, const char *other)
{
    recovery_ask(&recovery);
    fake_link_answer(heart.link, "SMEMBERS", MAKE_ARRAY(one, other));
    recovery_look_at_holders(&recovery, list, 2);
}

TEST(recovery_asks_one_shard_after_the_other)
{
    for (unsigned shard = 1; shard <= STORE_SHARDS; shard++) {
        char key[32];
        (void)snprintf(key, sizeof key, "dronc:{%u}:holders", shard % STORE_SHARDS);
        recovery_ask(&recovery);
        assert_true(cmd_has(fake_link_first(heart.link, "SMEMBERS"), key));
        fake_link_answer(heart.link, "SMEMBERS", MAKE_ARRAY(RUNNER));
    }
}

TEST(recovery_leaves_holders_alone_that_are_on_the_list)
{
    ask_and_look(RUNNER, "known");
    assert_int_equal(heart.link->count, 0);
}

TEST(recovery_puts_a_forgotten_holder_on_the_list)
{
    ask_and_look("known", "forgotten");
    assert_int_equal(sent("tidy"), 1);
    assert_true(cmd_has(fake_link_first(heart.link, "tidy"), "forgotten"));
    fake_link_answer(heart.link, "tidy", make_number(1)); /* it holds something */
    assert_true(cmd_has(fake_link_first(heart.link, "heartbeat"), "forgotten"));
    assert_true(cmd_has_number(fake_link_first(heart.link, "heartbeat"), LEASE_MS));
}

TEST(recovery_strikes_off_a_holder_that_holds_nothing)
{
    ask_and_look("gone", "forgotten");
    fake_link_answer(heart.link, "tidy", make_number(0)); /* the script has taken it off */
    fake_link_answer(heart.link, "tidy", make_error("MISCONF"));
    assert_int_equal(heart.link->count, 0);
}

TEST(recovery_judges_no_holder_twice_or_without_an_answer)
{
    ask_and_look("known", "forgotten");
    recovery_look_at_holders(&recovery, list, 2);
    assert_int_equal(sent("tidy"), 1);
    recovery_ask(&recovery);
    fake_link_lose(heart.link);
    heart.link->up = true;
    recovery_look_at_holders(&recovery, list, 2);
    assert_int_equal(heart.link->count, 0);
}
