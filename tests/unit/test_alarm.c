/* The alarm: never early, at most one callback for each time that it is set. */
#include "loop/alarm.h"

#include "rig.h"

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

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig);
    rings = 0;
    bell = alarm_new(rig.loop, clock_system(), on_ring, NULL);
    return bell == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    alarm_free(bell);
    rig_fini(&rig);
    return 0;
}

static void test_alarm_is_never_early_and_rings_once(void **state)
{
    (void)state;
    int64_t at = now_us() + 2345;
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
    assert_true(rang_us >= at);
    rig_idle(&rig, 10);
    assert_int_equal(rings, 1);
}

static void test_alarm_for_what_is_over_rings_in_the_next_turn(void **state)
{
    (void)state;
    alarm_set(bell, now_us() - 1000000);
    assert_int_equal(rings, 0);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
}

static void test_alarm_set_anew_rings_at_the_new_instant_only(void **state)
{
    (void)state;
    int64_t at = now_us() + 20000;
    alarm_set(bell, now_us() + 1000);
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
    assert_true(rang_us >= at);
    assert_int_equal(rings, 1);
}

static void test_alarm_may_be_set_to_the_same_instant_after_it_rang(void **state)
{
    (void)state;
    int64_t at = now_us() + 100;
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
    rings = 0;
    alarm_set(bell, at);
    assert_true(rig_run(&rig, has_rung, RIG_LIMIT_MS));
}

static void test_alarm_stopped_is_silent(void **state)
{
    (void)state;
    alarm_set(bell, now_us() + 1000);
    alarm_stop(bell);
    rig_idle(&rig, 10);
    assert_int_equal(rings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_alarm_is_never_early_and_rings_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alarm_for_what_is_over_rings_in_the_next_turn, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_alarm_set_anew_rings_at_the_new_instant_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alarm_may_be_set_to_the_same_instant_after_it_rang, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_alarm_stopped_is_silent, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
