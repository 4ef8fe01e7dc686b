/* Which shard is asked, when, and for how many. No Redis is asked: the test gives the plan its
 * answers. */
#include "run/due_plan.h"

#include "test.h"

#define NOW   INT64_C(1772953200000)
#define NEVER INT64_MAX

static struct due_plan plan;
static struct attempts_load load;
static struct due_ask asks[DUE_ASKING_MAX];

/* A plan for 1000 attempts at once, and none so far. */
static void set_up(void)
{
    plan = (struct due_plan){.capacity = 1000};
    load = (struct attempts_load){0};
}

EACH_TEST(set_up, NULL);

static size_t asks_at(int64_t ms)
{
    return due_plan_asks(&plan, &load, (struct wall_ms){ms}, asks);
}

static void answer_at(int64_t ms, const struct due_ask *ask, int64_t next_ms, bool backlog)
{
    const struct store_claim_left left = {.next = {next_ms}, .backlog = backlog};
    due_plan_answered(&plan, ask, DUE_CLAIMED, &left, (struct wall_ms){ms});
}

/* Every shard has been asked at NOW, and has nothing; but shard 3 has something at next_ms. */
static void know_all(int64_t next_ms)
{
    for (int round = 0; round < STORE_SHARDS / DUE_ASKING_MAX; round++) {
        assert_int_equal(asks_at(NOW), DUE_ASKING_MAX);
        for (size_t i = 0; i < DUE_ASKING_MAX; i++) {
            answer_at(NOW, &asks[i], asks[i].shard == 3 ? next_ms : NEVER, false);
        }
    }
}

static int64_t sleep_at(int64_t ms)
{
    int64_t delay_ms;
    return due_plan_sleep(&plan, &load, (struct wall_ms){ms}, &delay_ms) ? delay_ms : -1;
}

/* ---- when ---- */

TEST(due_plan_asks_every_shard_at_first_a_few_at_a_time)
{
    unsigned next = 0;
    for (int round = 0; round < STORE_SHARDS / DUE_ASKING_MAX; round++) {
        assert_int_equal(asks_at(NOW), DUE_ASKING_MAX);
        assert_int_equal(asks_at(NOW), 0); /* these have no answer yet */
        for (size_t i = 0; i < DUE_ASKING_MAX; i++) {
            assert_int_equal(asks[i].shard, next++);
            answer_at(NOW, &asks[i], NEVER, false);
        }
    }
    assert_int_equal(asks_at(NOW), 0);
}

TEST(due_plan_asks_a_look_ahead_before_the_instant)
{
    know_all(NOW + 5000);
    assert_int_equal(sleep_at(NOW), 5000 - DUE_LOOK_AHEAD_MS);
    assert_int_equal(asks_at(NOW + 5000 - DUE_LOOK_AHEAD_MS - 1), 0);
    assert_int_equal(asks_at(NOW + 5000 - DUE_LOOK_AHEAD_MS), 1);
    assert_int_equal(asks[0].shard, 3);
}

TEST(due_plan_asks_again_where_nothing_was_announced_for_long)
{
    know_all(NEVER);
    assert_int_equal(sleep_at(NOW), DUE_RECHECK_MS - DUE_LOOK_AHEAD_MS);
    assert_int_equal(asks_at(NOW + DUE_RECHECK_MS - DUE_LOOK_AHEAD_MS - 1), 0);
    assert_int_equal(asks_at(NOW + DUE_RECHECK_MS - DUE_LOOK_AHEAD_MS), DUE_ASKING_MAX);
}

TEST(due_plan_takes_an_earlier_instant_only)
{
    know_all(NOW + 5000);
    due_plan_note(&plan, 3, (struct wall_ms){NOW + 6000});
    assert_int_equal(sleep_at(NOW), 5000 - DUE_LOOK_AHEAD_MS);
    due_plan_note(&plan, 3, (struct wall_ms){NOW + 4000});
    assert_int_equal(sleep_at(NOW), 4000 - DUE_LOOK_AHEAD_MS);
}

/* The announcement may be of something that the script did not see yet. */
TEST(due_plan_keeps_what_is_announced_while_it_asks)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    due_plan_note(&plan, 3, (struct wall_ms){NOW + 700});
    due_plan_note(&plan, 3, (struct wall_ms){NOW + 900});
    answer_at(NOW, &asks[0], NOW + 2000, false);
    assert_int_equal(sleep_at(NOW), 700 - DUE_LOOK_AHEAD_MS);
}

TEST(due_plan_takes_the_answer_where_that_is_earlier_still)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    due_plan_note(&plan, 3, (struct wall_ms){NOW + 700});
    answer_at(NOW, &asks[0], NOW + 500, false);
    assert_int_equal(sleep_at(NOW), 500 - DUE_LOOK_AHEAD_MS);
}

TEST(due_plan_forgets_an_announcement_with_the_next_answer)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    due_plan_note(&plan, 3, (struct wall_ms){NOW});
    answer_at(NOW, &asks[0], NEVER, false);
    assert_int_equal(asks_at(NOW), 1);
    answer_at(NOW, &asks[0], NOW + 3000, false);
    assert_int_equal(sleep_at(NOW), 3000 - DUE_LOOK_AHEAD_MS);
}

TEST(due_plan_asks_all_when_told_also_those_under_way)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    const struct due_ask under_way = asks[0];
    due_plan_ask_all(&plan);
    assert_int_equal(asks_at(NOW), DUE_ASKING_MAX - 1);
    answer_at(NOW, &under_way, NEVER, false);
    assert_int_equal(plan.shards[3].next.ms, 0); /* what was answered is older than the order to ask */
}

/* ---- what goes wrong ---- */

TEST(due_plan_leaves_a_shard_alone_that_refuses)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    due_plan_answered(&plan, &asks[0], DUE_REFUSED, NULL, (struct wall_ms){NOW});
    assert_int_equal(sleep_at(NOW), DUE_REFUSED_MS);
    assert_int_equal(asks_at(NOW + DUE_REFUSED_MS - 1), 0);
    assert_int_equal(asks_at(NOW + DUE_REFUSED_MS), 1);
}

TEST(due_plan_asks_at_once_what_the_link_has_lost)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    due_plan_answered(&plan, &asks[0], DUE_LOST, NULL, (struct wall_ms){NOW});
    assert_int_equal(asks_at(NOW), 1);
    assert_int_equal(asks[0].shard, 3);
}

TEST(due_plan_gives_back_what_could_not_be_sent)
{
    assert_int_equal(asks_at(NOW), DUE_ASKING_MAX);
    for (size_t i = 0; i < DUE_ASKING_MAX; i++) {
        due_plan_unsent(&plan, &asks[i], (struct wall_ms){NOW});
    }
    assert_int_equal(plan.asking + plan.reserved + plan.reserved_backlog, 0);
    assert_int_equal(asks_at(NOW), DUE_ASKING_MAX); /* the others get their chance first */
    assert_int_equal(asks[0].shard, DUE_ASKING_MAX);
}

/* ---- how many ---- */

TEST(due_plan_asks_for_a_batch_at_most)
{
    assert_int_equal(asks_at(NOW), DUE_ASKING_MAX);
    assert_int_equal(asks[0].limit, STORE_BATCH_MAX);
    assert_int_equal(asks[0].backlog_limit, STORE_BATCH_MAX);
}

TEST(due_plan_promises_no_place_twice)
{
    plan.capacity = 250;
    load.placed = 20;
    assert_int_equal(asks_at(NOW), 3);
    assert_int_equal(asks[0].limit, 100);
    assert_int_equal(asks[1].limit, 100);
    assert_int_equal(asks[2].limit, 30);
}

TEST(due_plan_asks_nothing_without_room_and_wakes_for_nothing)
{
    load.placed = 1000;
    assert_int_equal(asks_at(NOW), 0);
    assert_int_equal(sleep_at(NOW), -1);
    load.placed = 999;
    assert_int_equal(asks_at(NOW), 1);
    assert_int_equal(asks[0].limit, 1);
}

TEST(due_plan_bounds_what_waits_outside_the_gate)
{
    load.outside = 1000 * GATE_OUTSIDE_MAX - 7;
    assert_int_equal(asks_at(NOW), 1);
    assert_int_equal(asks[0].limit, 7);
    assert_int_equal(sleep_at(NOW), -1);
}

TEST(due_plan_lets_no_shard_starve)
{
    unsigned asked[STORE_SHARDS] = {0};
    load.placed = 999; /* room for one at a time, and every shard always has something */
    for (int i = 0; i < 3 * STORE_SHARDS; i++) {
        assert_int_equal(asks_at(NOW), 1);
        asked[asks[0].shard]++;
        answer_at(NOW, &asks[0], NOW, false);
    }
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        assert_int_equal(asked[shard], 3);
    }
}

/* ---- a backlog ---- */

TEST(due_plan_keeps_a_quarter_of_all_places_from_a_backlog)
{
    load.placed = load.backlog = 700;
    assert_int_equal(asks_at(NOW), 3);
    assert_int_equal(asks[0].limit, 100);
    assert_int_equal(asks[0].backlog_limit, 50); /* 750 in all */
    assert_int_equal(asks[1].limit, 100);
    assert_int_equal(asks[1].backlog_limit, 0);
}

TEST(due_plan_comes_back_for_a_backlog_as_soon_as_there_is_room)
{
    know_all(NOW);
    assert_int_equal(asks_at(NOW), 1);
    answer_at(NOW, &asks[0], NOW + 60000, true);
    load.placed = load.backlog = 750;
    assert_int_equal(asks_at(NOW), 0);
    load.placed = load.backlog = 749;
    assert_int_equal(asks_at(NOW), 1);
    assert_int_equal(asks[0].backlog_limit, 1);
    answer_at(NOW, &asks[0], NOW + 60000, false);
    assert_int_equal(asks_at(NOW), 0); /* there is no more of it */
}
