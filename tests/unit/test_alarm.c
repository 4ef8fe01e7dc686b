/* The alarm: never early, at most one callback for each time that it is set. */
#include "loop/alarm.h"

#include "rig.h"
#include "test.h"

static struct rig rig;
static struct alarm *bell;
static int rings;
static int64_t rang_us;

static int64_t now_us(void)
{
    struct clock clock = clock_system();
    return clock_mono_us(&clock);
}

static void on_ring(void *arg)
{
    (void)arg;
    rings++;
    rang_us = now_us();
}

static bool has_rung(void)
{
    return rings > 0;
}

static void set_up(void)
{
    rig_init(&rig);
    rings = 0;
    bell = alarm_new(rig.loop, clock_system(), on_ring, NULL);
    assert_non_null(bell);
}

static void tear_down(void)
{
    alarm_free(bell);
    rig_fini(&rig);
}

EACH_TEST(set_up, tear_down);

TEST(alarm_is_never_early_and_rings_once)
{
    int64_t at = now_us() + 2345;
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
    assert_true(rang_us >= at);
    rig_idle(&rig, 10);
    assert_int_equal(rings, 1);
}

TEST(alarm_for_what_is_over_rings_in_the_next_turn)
{
    alarm_set(bell, now_us() - 1000000);
    assert_int_equal(rings, 0);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
}

TEST(alarm_set_anew_rings_at_the_new_instant_only)
{
    int64_t at = now_us() + 20000;
    alarm_set(bell, now_us() + 1000);
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
    assert_true(rang_us >= at);
    assert_int_equal(rings, 1);
}

TEST(alarm_may_be_set_to_the_same_instant_after_it_rang)
{
    int64_t at = now_us() + 100;
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
    rings = 0;
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
}

TEST(alarm_stopped_is_silent)
{
    alarm_set(bell, now_us() + 1000);
    alarm_stop(bell);
    rig_idle(&rig, 10);
    assert_int_equal(rings, 0);
}

static bool is_over(void)
{
    return now_us() >= rang_us;
}

/* rig_run's own limit would wake the loop much later. */
TEST(alarm_without_a_callback_wakes_the_loop)
{
    struct alarm *silent = alarm_new(rig.loop, clock_system(), NULL, NULL);
    assert_non_null(silent);
    rang_us = now_us() + 3000;
    alarm_set(silent, rang_us);
    assert_true(rig_run(&rig, is_over, RIG_LIMIT_MS));
    assert_in_range(now_us() - rang_us, 0, RIG_LIMIT_MS * 500);
    alarm_free(silent);
}
