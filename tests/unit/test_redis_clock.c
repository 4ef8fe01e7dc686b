/* What a handler believes about the time, and what it says of it. */
#include "redis/redis_clock.h"

#include "log_capture.h"
#include "test.h"

#define T0 INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */
#define H  INT64_C(3600000)

/* This machine's clocks. */
static struct {
    int64_t wall_ms, mono_ms;
} machine;

static struct log_capture capture;
static struct redis_clock timing;

static struct wall_ms wall(void *arg)
{
    (void)arg;
    return (struct wall_ms){machine.wall_ms};
}

static struct mono_ms mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){machine.mono_ms};
}

static void set_up(void)
{
    machine.wall_ms = T0;
    machine.mono_ms = 5000;
    log_capture_begin(&capture, LOG_INFO);
    redis_clock_init(&timing, (struct clock){.wall = wall, .mono = mono});
}

static void tear_down(void)
{
    log_capture_end(&capture);
}

EACH_TEST(set_up, tear_down);

static void pass(int64_t ms)
{
    machine.wall_ms += ms;
    machine.mono_ms += ms;
}

static bool told(int64_t redis_ms)
{
    return redis_clock_learn(&timing, (struct wall_ms){redis_ms});
}

TEST(redis_clock_believes_its_own_clock_at_first)
{
    assert_int_equal(redis_clock_now(&timing).ms, T0);
}

TEST(redis_clock_takes_a_second_for_nothing)
{
    assert_false(told(T0 + 1000));
    assert_false(told(T0 - 1000));
    assert_int_equal(redis_clock_now(&timing).ms, T0);
    assert_int_equal(log_capture_lines(&capture), 0);
}

TEST(redis_clock_goes_on_by_what_it_was_told)
{
    assert_true(told(T0 + H));
    assert_int_equal(redis_clock_now(&timing).ms, T0 + H);
    pass(1234);
    assert_int_equal(redis_clock_now(&timing).ms, T0 + H + 1234);
    assert_false(told(T0 + H + 1200));
    assert_true(told(T0 - H));
    assert_int_equal(redis_clock_now(&timing).ms, T0 - H);
}

TEST(redis_clock_says_by_how_much_and_not_too_often)
{
    assert_true(told(T0 - H));
    assert_non_null(strstr(log_capture_text(&capture), "\"clock differs from redis'\""));
    assert_non_null(strstr(log_capture_text(&capture), "\"redis_ahead_ms\":-3600000"));
    for (int i = 0; i < 59; i++) {
        pass(1000);
        machine.wall_ms += 2000; /* it runs fast, too */
        assert_true(told(T0 - H + 1000 * i));
    }
    assert_int_equal(log_capture_lines(&capture), 1);
    pass(1000);
    machine.wall_ms += 2000;
    assert_true(told(T0 - H));
    assert_int_equal(log_capture_lines(&capture), 2);
}

TEST(redis_clock_says_when_all_is_well_again)
{
    assert_true(told(T0 + H));
    pass(REDIS_CLOCK_LOG_MS);
    machine.wall_ms = T0 + H + REDIS_CLOCK_LOG_MS; /* the clock was set */
    assert_true(told(T0 + H + REDIS_CLOCK_LOG_MS));
    assert_non_null(strstr(log_capture_text(&capture), "\"clock agrees with redis' again\""));
    assert_int_equal(redis_clock_now(&timing).ms, machine.wall_ms);
}
