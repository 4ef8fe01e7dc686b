/* alarm: a timer with a precision of a microsecond, for the instants at which calls leave. (The loop's own
 * timers count whole milliseconds, so their waits are half a millisecond too long on average, which is good
 * enough for everything else.)
 *
 * Each has its own file descriptor (timerfd), on a clock that counts sleep, as clock_mono_us does. Loop
 * thread only.
 */
#ifndef DRONC_ALARM_H
#define DRONC_ALARM_H

#include "base/clock.h"
#include "loop/loop.h"

#include <stdint.h>

struct alarm;

/* An alarm that is not set. clock: the clock of its instants. cb may be NULL, as of a timer. Returns owned;
 * NULL if memory or file descriptors run out. */
struct alarm *alarm_new(struct loop *loop, struct clock clock, loop_cb *cb, void *arg);
/* Call back once, at at_us (of clock_mono_us) and never before; if that is over, in the next turn. Replaces
 * an earlier setting; setting the same instant again costs nothing. */
void alarm_set(struct alarm *alarm, int64_t at_us);
void alarm_stop(struct alarm *alarm);
/* NULL is fine. After its own callback, wait until the loop has run, as with loop_watch_free. */
void alarm_free(struct alarm *alarm);

#endif
