/* The cluster's time, against a Redis whose clock and distance the test decides. All in microseconds. */
#include "redis/cluster_clock.h"

#include "test.h"

#define SEED 1009U
#define T0   INT64_C(1772953200000000)
#define S    1000000

/* The runner's clock, and how far Redis' is from it. */
struct world {
    int64_t mono_us;
    int64_t wall_ms;
    int64_t redis_us; /* Redis' clock minus mono_us */
};

static struct world world;
static struct cluster_clock cluster_clock;

static struct wall_ms world_wall(void *arg)
{
    return (struct wall_ms){((struct world *)arg)->wall_ms};
}

static struct mono_ms world_mono(void *arg)
{
    return (struct mono_ms){((struct world *)arg)->mono_us / 1000};
}

static int64_t world_mono_us(void *arg)
{
    return ((struct world *)arg)->mono_us;
}

static struct clock world_clock(void)
{
    return (struct clock){.wall = world_wall, .mono = world_mono, .mono_us = world_mono_us, .arg = &world};
}

static void set_up(void)
{
    world = (struct world){.mono_us = 50 * S, .wall_ms = T0 / 1000, .redis_us = T0};
    cluster_clock_init(&cluster_clock, world_clock());
}

EACH_TEST(set_up, NULL);

/* A heartbeat whose question takes there_us and whose answer takes back_us. */
static int64_t beat(int64_t there_us, int64_t back_us)
{
    int64_t sent = world.mono_us;
    world.mono_us += there_us;
    int64_t stamp = world.mono_us + world.redis_us;
    world.mono_us += back_us;
    return cluster_clock_sample(&cluster_clock, stamp, sent, world.mono_us);
}

/* How far behind Redis' clock. */
static int64_t behind(void)
{
    return world.mono_us + world.redis_us - cluster_clock_now_us(&cluster_clock);
}

static uint32_t random_state = SEED;

static int64_t random_below(int64_t limit)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (int64_t)(random_state >> 4) % limit;
}

TEST(cluster_clock_starts_from_the_own_wall_clock)
{
    assert_false(cluster_clock_is_known(&cluster_clock));
    assert_int_equal(cluster_clock_now(&cluster_clock).ms, T0 / 1000);
    world.mono_us += 1500000;
    assert_int_equal(cluster_clock_now_us(&cluster_clock), T0 + 1500000);
    /* A step of the own wall clock means nothing. */
    world.wall_ms += 3600000;
    assert_int_equal(cluster_clock_now(&cluster_clock).ms, T0 / 1000 + 1500);
}

TEST(cluster_clock_first_stamp_rules_in_both_directions)
{
    static const int64_t offsets[] = {T0 + 3600 * (int64_t)S, T0 - 3600 * (int64_t)S, T0, -5};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        set_up();
        world.redis_us = offsets[i];
        assert_int_equal(beat(100, 200), 0);
        assert_true(cluster_clock_is_known(&cluster_clock));
        assert_int_equal(behind(), 200);
    }
}

TEST(cluster_clock_is_behind_by_the_fastest_answer)
{
    (void)beat(100, 5000);
    assert_int_equal(behind(), 5000);
    (void)beat(90000, 300);
    assert_int_equal(behind(), 300);
    (void)beat(10, 80000);
    assert_int_equal(behind(), 300);
}

TEST(cluster_clock_forgets_a_fast_answer_after_some_samples)
{
    (void)beat(100, 10);
    for (int i = 0; i < CLUSTER_CLOCK_SAMPLES - 1; i++) {
        (void)beat(100, 700);
        assert_int_equal(behind(), 10);
    }
    (void)beat(100, 700);
    assert_int_equal(behind(), 700);
}

/* Without drift: whatever the way takes, in either direction. */
TEST(cluster_clock_is_never_ahead)
{
    print_message("seed %u\n", SEED);
    for (int i = 0; i < 20000; i++) {
        int64_t back = random_below(4) == 0 ? random_below(2 * S) : random_below(500);
        int64_t there = random_below(4) == 0 ? random_below(2 * S) : random_below(500);
        assert_int_equal(beat(there, back), 0);
        assert_in_range(behind(), 0, back);
        world.mono_us += random_below(2 * S);
        assert_in_range(behind(), 0, back);
    }
}

/* 200 ppm, more than any quartz has; a beat each second. */
static void check_drift(int64_t drift_us_per_s)
{
    (void)beat(100, 200);
    for (int i = 0; i < 1000; i++) {
        world.mono_us += S;
        world.redis_us += drift_us_per_s;
        assert_in_range(beat(100, 200), 0, 20);
        assert_in_range(behind() + 5000, 5000 + 200 - 200 * CLUSTER_CLOCK_SAMPLES, 5000 + 200 + 200);
    }
}

TEST(cluster_clock_follows_a_faster_redis)
{
    check_drift(200);
    assert_int_equal(behind(), 200);
}

TEST(cluster_clock_follows_a_slower_redis)
{
    check_drift(-200);
}

TEST(cluster_clock_forward_step_is_adopted_at_once)
{
    for (int i = 0; i < 20; i++) {
        (void)beat(100, 200);
    }
    world.redis_us += 10 * S;
    assert_int_equal(beat(100, 300), 0);
    assert_int_equal(behind(), 300);
}

TEST(cluster_clock_backward_step_is_adopted_at_once_and_told)
{
    for (int i = 0; i < 20; i++) {
        (void)beat(100, 200);
    }
    world.redis_us -= 10 * S;
    assert_int_equal(beat(100, 200), 10000);
    assert_int_equal(behind(), 200);
    assert_int_equal(beat(100, 200), 0);
    assert_true(cluster_clock_is_known(&cluster_clock));
}

/* After a step back nothing older may pull the time forward again. */
TEST(cluster_clock_backward_step_forgets_older_samples)
{
    for (int i = 0; i < 20; i++) {
        (void)beat(100, 10);
    }
    world.redis_us -= 60 * S;
    (void)beat(100, 900);
    for (int i = 0; i < 3 * CLUSTER_CLOCK_SAMPLES; i++) {
        assert_int_equal(beat(100, 900), 0);
        assert_int_equal(behind(), 900);
    }
}

/* A slow way there is not mistaken for a step back: the stamp may have been taken at any time in between. */
TEST(cluster_clock_slow_beat_is_no_step)
{
    (void)beat(100, 100);
    assert_int_equal(beat(0, 2 * S), 0);
    assert_int_equal(behind(), 100);
    assert_int_equal(beat(2 * S, 0), 0);
    assert_int_equal(behind(), 0);
}

TEST(cluster_clock_counts_sleep)
{
    (void)beat(100, 200);
    world.mono_us += 8 * 3600 * (int64_t)S;
    assert_int_equal(behind(), 200);
}

TEST(cluster_clock_works_without_a_microsecond_clock)
{
    struct clock coarse = world_clock();
    coarse.mono_us = NULL;
    cluster_clock_init(&cluster_clock, coarse);
    (void)beat(1000, 2000);
    assert_int_equal(behind(), 2000);
}
