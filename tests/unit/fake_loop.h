/* fake_loop: a clock that stands still until a test moves it, and timers and alarms that do nothing but
 * remember when they are set for. It takes the place of the runner's loop and alarm when a test is linked, so
 * include it in one file of a program.
 */
#ifndef DRONC_FAKE_LOOP_H
#define DRONC_FAKE_LOOP_H

#include "loop/alarm.h"
#include "loop/loop.h"

#include "test.h"

#include <stdlib.h>

#define T0        INT64_C(1772953200000) /* when tests begin: 2026-03-08T07:00:00Z */
#define FAKE_BOOT INT64_C(5000)          /* and by the clock that never steps, in ms */

/* ---- the clock ---- */

static int64_t fake_us; /* since the test began */

static inline struct wall_ms fake_wall(void *arg)
{
    (void)arg;
    return (struct wall_ms){T0 + fake_us / 1000};
}

static inline int64_t fake_mono_us(void *arg)
{
    (void)arg;
    return FAKE_BOOT * 1000 + fake_us;
}

static inline struct mono_ms fake_mono(void *arg)
{
    return (struct mono_ms){fake_mono_us(arg) / 1000};
}

static inline struct clock fake_clock(void)
{
    return (struct clock){.wall = fake_wall, .mono = fake_mono, .mono_us = fake_mono_us};
}

/* Time passes, and nothing else happens: so does a process that is stopped or asleep see it. */
static inline void fake_pass(int64_t ms)
{
    fake_us += ms * 1000;
}

/* It is this long after the test began. */
static inline void fake_at(int64_t ms)
{
    fake_us = ms * 1000;
}

/* ---- timers and alarms: when they ring, in ms since the test began; FAKE_UNSET: they do not ---- */

#define FAKE_UNSET INT64_MIN

struct loop_timer {
    int64_t at_ms;
};

struct alarm {
    int64_t at_ms;
};

struct loop_timer *loop_timer_new(struct loop *loop, loop_cb *cb, void *arg)
{
    struct loop_timer *timer = malloc(sizeof *timer);
    (void)loop;
    (void)cb;
    (void)arg;
    *timer = (struct loop_timer){FAKE_UNSET};
    return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
    timer->at_ms = fake_us / 1000 + delay_ms;
}

void loop_timer_stop(struct loop_timer *timer)
{
    timer->at_ms = FAKE_UNSET;
}

void loop_timer_free(struct loop_timer *timer)
{
    free(timer);
}

struct alarm *alarm_new(struct loop *loop, struct clock clock, loop_cb *cb, void *arg)
{
    struct alarm *alarm = malloc(sizeof *alarm);
    (void)loop;
    (void)clock;
    (void)cb;
    (void)arg;
    *alarm = (struct alarm){FAKE_UNSET};
    return alarm;
}

void alarm_set(struct alarm *alarm, int64_t at_us)
{
    alarm->at_ms = at_us / 1000 - FAKE_BOOT;
}

void alarm_stop(struct alarm *alarm)
{
    alarm->at_ms = FAKE_UNSET;
}

void alarm_free(struct alarm *alarm)
{
    free(alarm);
}

#endif
