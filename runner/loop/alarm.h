/* alarm: a timer that is on time to the microsecond, for the instants at which calls leave. (The loop's own
 * timers count whole milliseconds, so that a wait is half of one too long on average: enough for everything
 * else.)
 *
 * Each has a file descriptor of its own (timerfd), on a clock that counts sleep, as clock_mono_us does. Loop
 * thread only.
 */
#ifndef DRONC_ALARM_H
#define DRONC_ALARM_H

#include "base/clock.h"
#include "loop/loop.h"

#include <stdint.h>

struct alarm;

/* An alarm that is not set. clock: what its instants are read by. Returns owned; NULL: out of memory or of
 * file descriptors. */
struct alarm *alarm_new(struct loop *loop, struct clock clock, loop_cb *cb, void *arg);
/* Call back once, at at_us (as clock_mono_us tells it; over: in the next turn), never before. Replaces what
 * was set; setting it to the same instant again costs nothing. */
void alarm_set(struct alarm *alarm, int64_t at_us);
void alarm_stop(struct alarm *alarm);
/* NULL is fine. Not in its own callback's loop turn before the loop has run: as loop_watch_free. */
void alarm_free(struct alarm *alarm);

#endif
