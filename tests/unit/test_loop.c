/* The event loop: timers, watches, signals, look-ups, and what may be freed when. */
#include "loop/loop.h"

#include "base/clock.h"
#include "rig.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct rig rig;
static int fired;       /* callbacks that ran */
static char order[16];  /* in which order, by letter */
static unsigned events; /* of the last watch */
static struct loop_timer *timers[4];
static struct loop_watch *watch;
static int pipe_fds[2];

static void set_up(void)
{
    rig_init(&rig);
    fired = 0;
    events = 0;
    memset(order, 0, sizeof order);
    memset(timers, 0, sizeof timers);
    watch = NULL;
    assert_int_equal(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC), 0);
}

static void tear_down(void)
{
    for (size_t i = 0; i < 4; i++) {
        loop_timer_free(timers[i]);
    }
    loop_watch_free(watch);
    rig_fini(&rig);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

EACH_TEST(set_up, tear_down);

/* arg is a letter. */
static void on_timer(void *arg)
{
    order[fired] = *(const char *)arg;
    fired++;
}

static bool has_fired(void)
{
    return fired > 0;
}

static bool has_fired_three_times(void)
{
    return fired >= 3;
}

static int64_t now_us(void)
{
    struct clock clock = clock_system();
    return clock_mono_us(&clock);
}

static struct loop_timer *timer_new(size_t i, int64_t delay_ms)
{
    static const char letters[] = "abcd";
    timers[i] = loop_timer_new(rig.loop, on_timer, (void *)(uintptr_t)&letters[i]);
    assert_non_null(timers[i]);
    if (delay_ms >= 0) {
        loop_timer_set(timers[i], delay_ms);
    }
    return timers[i];
}

/* ---- timers ---- */

TEST(loop_timers_fire_in_order_of_their_instants)
{
    (void)timer_new(0, 12);
    (void)timer_new(1, 0);
    (void)timer_new(2, 4);
    assert_true(rig_run(&rig, has_fired_three_times, RIG_LIMIT_MS));
    assert_string_equal(order, "bca");
}

TEST(loop_timer_is_not_early_and_fires_once)
{
    int64_t begin = now_us();
    (void)timer_new(0, 20);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_in_range(now_us() - begin, 19000, 2000000);
    rig_idle(&rig, 30);
    assert_int_equal(fired, 1);
}

/* libuv counts from when the turn began; a turn that took long must not make a timer early. */
TEST(loop_timer_counts_from_when_it_is_set)
{
    const struct timespec work = {.tv_nsec = 30000000};
    rig_idle(&rig, 1);
    (void)nanosleep(&work, NULL);
    int64_t begin = now_us();
    (void)timer_new(0, 15);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_in_range(now_us() - begin, 14000, 2000000);
}

TEST(loop_timer_set_replaces_and_stop_forgets)
{
    loop_timer_set(timer_new(0, 1), 100000);
    loop_timer_stop(timer_new(1, 1));
    loop_timer_stop(timer_new(2, -1));
    rig_idle(&rig, 15);
    assert_int_equal(fired, 0);
    loop_timer_set(timers[0], -5);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_string_equal(order, "a");
}

static void on_timer_again(void *arg)
{
    (void)arg;
    fired++;
    loop_timer_set(timers[3], 1);
}

TEST(loop_timer_may_be_set_from_its_own_callback)
{
    timers[3] = loop_timer_new(rig.loop, on_timer_again, NULL);
    loop_timer_set(timers[3], 0);
    assert_true(rig_run(&rig, has_fired_three_times, RIG_LIMIT_MS));
}

/* Frees itself and others that are due in the same turn. */
static void on_timer_free_all(void *arg)
{
    (void)arg;
    fired++;
    for (size_t i = 0; i < 4; i++) {
        loop_timer_free(timers[i]);
        timers[i] = NULL;
    }
}

TEST(loop_timers_may_be_freed_in_a_callback)
{
    for (size_t i = 0; i < 4; i++) {
        timers[i] = loop_timer_new(rig.loop, on_timer_free_all, NULL);
        loop_timer_set(timers[i], 0);
    }
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    rig_idle(&rig, 10);
    assert_int_equal(fired, 1);
}

/* ---- watches ---- */

static void on_watch(void *arg, unsigned seen)
{
    (void)arg;
    char byte;
    events = seen;
    fired++;
    if ((seen & LOOP_READ) != 0) {
        (void)!read(pipe_fds[0], &byte, 1);
    }
}

static void put_byte(void)
{
    assert_int_equal(write(pipe_fds[1], "x", 1), 1);
}

TEST(loop_watch_tells_of_what_is_there_to_read)
{
    watch = loop_watch_new(rig.loop, pipe_fds[0], on_watch, NULL);
    put_byte();
    rig_idle(&rig, 10);
    assert_int_equal(fired, 0);
    loop_watch_set(watch, LOOP_READ);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_int_equal(events, LOOP_READ);
    rig_idle(&rig, 10);
    assert_int_equal(fired, 1);
    put_byte();
    loop_watch_set(watch, 0);
    rig_idle(&rig, 10);
    assert_int_equal(fired, 1);
}

TEST(loop_watch_tells_of_room_to_write)
{
    watch = loop_watch_new(rig.loop, pipe_fds[1], on_watch, NULL);
    loop_watch_set(watch, LOOP_WRITE);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_int_equal(events, LOOP_WRITE);
}

/* Whoever watches finds out that the other side is gone, as an event to read or as an error. */
TEST(loop_watch_tells_of_the_end)
{
    watch = loop_watch_new(rig.loop, pipe_fds[0], on_watch, NULL);
    loop_watch_set(watch, LOOP_READ);
    close(pipe_fds[1]);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_int_not_equal(events & (LOOP_READ | LOOP_ERROR), 0);
    pipe_fds[1] = dup(pipe_fds[0]);
}

static void on_watch_free(void *arg, unsigned seen)
{
    on_watch(arg, seen);
    loop_watch_free(watch);
    watch = NULL;
}

TEST(loop_watch_may_be_freed_in_its_callback)
{
    watch = loop_watch_new(rig.loop, pipe_fds[0], on_watch_free, NULL);
    loop_watch_set(watch, LOOP_READ);
    put_byte();
    put_byte();
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    rig_idle(&rig, 10);
    assert_int_equal(fired, 1);
}

static void on_timer_free_watch(void *arg)
{
    (void)arg;
    loop_watch_free(watch);
    watch = NULL;
}

/* Its event may have been collected already. */
TEST(loop_watch_freed_by_another_is_not_called)
{
    watch = loop_watch_new(rig.loop, pipe_fds[0], on_watch, NULL);
    loop_watch_set(watch, LOOP_READ);
    put_byte();
    timers[0] = loop_timer_new(rig.loop, on_timer_free_watch, NULL);
    loop_timer_set(timers[0], 0);
    rig_idle(&rig, 10);
    assert_int_equal(fired, 0);
    /* The number of the descriptor may be watched again. */
    watch = loop_watch_new(rig.loop, pipe_fds[0], on_watch, NULL);
    loop_watch_set(watch, LOOP_READ);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
}

TEST(loop_watch_refuses_what_cannot_be_watched)
{
    int file = memfd_create("file", MFD_CLOEXEC);
    assert_null(loop_watch_new(rig.loop, file, on_watch, NULL));
    close(file);
    assert_null(loop_watch_new(rig.loop, file, on_watch, NULL));
    loop_watch_free(NULL);
    loop_timer_free(NULL);
    loop_free(NULL);
}

/* ---- signals, turns ---- */

TEST(loop_signal_is_an_event)
{
    assert_int_equal(loop_on_signal(rig.loop, SIGUSR1, on_timer, "u"), ERR_OK);
    assert_int_equal(loop_on_signal(rig.loop, SIGUSR2, on_timer, "v"), ERR_OK);
    assert_int_equal(raise(SIGUSR2), 0);
    assert_int_equal(fired, 0);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_int_equal(raise(SIGUSR1), 0);
    rig_idle(&rig, 10);
    assert_string_equal(order, "vu");
}

TEST(loop_signals_are_limited)
{
    for (int i = 0; i < 8; i++) {
        assert_int_equal(loop_on_signal(rig.loop, SIGUSR1, on_timer, "u"), ERR_OK);
    }
    assert_int_equal(loop_on_signal(rig.loop, SIGUSR1, on_timer, "u"), ERR_BUG);
    assert_int_equal(raise(SIGUSR1), 0);
    rig_idle(&rig, 10);
    assert_int_equal(fired, 8);
}

static int turns;

static void count_turn(void)
{
    turns++;
}

/* Once per turn, also in one that does nothing else; and not again and again while nothing happens. */
TEST(loop_turn_hook_runs_once_per_turn)
{
    turns = 0;
    rig.turn = count_turn;
    (void)timer_new(0, 3);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_true(turns >= 1);
    rig_idle(&rig, 20);
    assert_in_range(turns, 1, 5);
    assert_int_equal(fired, 1);
}

static int64_t due_us;

static bool is_due(void)
{
    return now_us() >= due_us;
}

/* rig_run's own limit would wake the loop much later. */
TEST(loop_timer_without_a_callback_wakes_the_loop)
{
    timers[0] = loop_timer_new(rig.loop, NULL, NULL);
    assert_non_null(timers[0]);
    due_us = now_us() + 3000;
    loop_timer_set(timers[0], 3);
    assert_true(rig_run(&rig, is_due, RIG_LIMIT_MS));
    assert_in_range(now_us() - due_us, 0, RIG_LIMIT_MS * 500);
}

/* ---- look-ups ---- */

static char resolved[LOOP_ADDRESS_SIZE];
static bool has_reason;

static void on_resolved(void *arg, const char *address, const char *why)
{
    (void)arg;
    fired++;
    has_reason = why != NULL && why[0] != '\0';
    (void)memset(resolved, 0, sizeof resolved);
    if (address != NULL) {
        (void)strncpy(resolved, address, sizeof resolved - 1);
    }
}

TEST(loop_resolve_finds_addresses)
{
    assert_int_equal(loop_resolve(rig.loop, "127.0.0.1", on_resolved, NULL), ERR_OK);
    assert_int_equal(fired, 0);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_string_equal(resolved, "127.0.0.1");
    assert_false(has_reason);
}

/* A label of more than 63 bytes: no resolver has to be asked. */
#define NO_NAME "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid"

TEST(loop_resolve_says_why_not)
{
    assert_int_equal(loop_resolve(rig.loop, NO_NAME, on_resolved, NULL), ERR_OK);
    assert_true(rig_run(&rig, has_fired, RIG_LIMIT_MS));
    assert_string_equal(resolved, "");
    assert_true(has_reason);
}

/* Nor is the loop freed then: the look-up's thread still knows it. */
TEST(loop_free_does_not_wait_for_look_ups)
{
    static struct loop *loop;
    assert_int_equal(loop_new(&loop, NULL), ERR_OK);
    assert_int_equal(loop_resolve(loop, "127.0.0.1", on_resolved, NULL), ERR_OK);
    loop_free(loop);
    assert_int_equal(fired, 0);
}
