/* alarm: see alarm.h. A timerfd, watched by the loop. */
#include "loop/alarm.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NOT_SET INT64_MIN

struct alarm {
    struct clock clock;
    struct loop_watch *watch; /* owned */
    int fd;                   /* owned */
    int64_t at_us;            /* the instant that it is set to, or NOT_SET */
    loop_cb *cb;
    void *arg;
};

static void on_readable(void *arg, unsigned events)
{
    struct alarm *alarm = arg;
    uint64_t times;
    (void)events;
    /* It may have been set again since it expired: then there is nothing to read yet. */
    if (read(alarm->fd, &times, sizeof times) == (ssize_t)sizeof times) {
        alarm->at_us = NOT_SET;
        if (alarm->cb != NULL) {
            alarm->cb(alarm->arg);
        }
    }
}

struct alarm *alarm_new(struct loop *loop, struct clock clock, loop_cb *cb, void *arg)
{
    struct alarm *alarm = calloc(1, sizeof *alarm);
    if (alarm == NULL) {
        return NULL;
    }
    *alarm = (struct alarm){.clock = clock, .at_us = NOT_SET, .cb = cb, .arg = arg};
    alarm->fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (alarm->fd >= 0) {
        alarm->watch = loop_watch_new(loop, alarm->fd, on_readable, alarm);
    }
    if (alarm->watch == NULL) {
        alarm_free(alarm);
        return NULL;
    }
    loop_watch_set(alarm->watch, LOOP_READ);
    return alarm;
}

/* In us from now; 0: never. */
static void arm(struct alarm *alarm, int64_t in_us)
{
    const struct itimerspec spec = {.it_value = {in_us / 1000000, (long)(in_us % 1000000) * 1000}};
    (void)timerfd_settime(alarm->fd, 0, &spec, NULL);
}

void alarm_set(struct alarm *alarm, int64_t at_us)
{
    if (at_us == alarm->at_us) {
        return;
    }
    int64_t in_us = at_us - clock_mono_us(&alarm->clock);
    alarm->at_us = at_us;
    arm(alarm, in_us > 0 ? in_us : 1);
}

void alarm_stop(struct alarm *alarm)
{
    if (alarm->at_us != NOT_SET) {
        alarm->at_us = NOT_SET;
        arm(alarm, 0);
    }
}

void alarm_free(struct alarm *alarm)
{
    if (alarm == NULL) {
        return;
    }
    loop_watch_free(alarm->watch);
    if (alarm->fd >= 0) {
        (void)close(alarm->fd);
    }
    free(alarm);
}
