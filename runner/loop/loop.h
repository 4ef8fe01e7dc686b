/* loop: the runner's event loop. The only module that knows libuv: timers, file descriptors, signals, name
 * look-ups, and a hook that runs once per turn, after the events and before the loop sleeps.
 *
 * Callbacks run one at a time, on the loop's thread. A callback may free the object that it was called for;
 * the loop keeps the memory for as long as libuv needs it. Free everything before loop_free.
 */
#ifndef DRONC_LOOP_H
#define DRONC_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;

typedef void loop_cb(void *arg);

/* ERR_SYSTEM, ERR_NOMEM. Returns owned. */
NODISCARD enum err loop_new(struct loop **out, struct errinfo *info);
/* Close what libuv has left to close, then free the loop. For the end of the process: if a name look-up is
 * still under way, the loop stays in memory with it. NULL is fine. */
void loop_free(struct loop *loop);

/* Run until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* cb runs once per turn. There is one hook; set it before loop_run. */
void loop_on_turn(struct loop *loop, loop_cb *cb, void *arg);

/* cb runs when the signal arrives, as an event of the loop, so it may do anything. Holds for the loop's
 * life. */
NODISCARD enum err loop_on_signal(struct loop *loop, int signum, loop_cb *cb, void *arg);

/* A timer that is not set. cb may be NULL: the timer wakes the loop, whose turn does the work. Returns owned;
 * NULL if memory runs out. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_cb *cb, void *arg);
/* Call back once, delay_ms from now (0: in the next turn). Replaces an earlier setting. */
void loop_timer_set(struct loop_timer *timer, int64_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer *timer);

enum loop_events {
    LOOP_READ = 1,
    LOOP_WRITE = 2,
    LOOP_ERROR = 4 /* reported without being asked for; a read or a write will show the error */
};
typedef void loop_watch_cb(void *arg, unsigned events);

/* A watch of fd (borrowed; it must stay open until loop_watch_free), for no events yet. Returns owned; NULL
 * if fd cannot be watched. At most one watch for each fd. */
struct loop_watch *loop_watch_new(struct loop *loop, int fd, loop_watch_cb *cb, void *arg);
/* Watch for these events from now on; 0: for none. */
void loop_watch_set(struct loop_watch *watch, unsigned events);
void loop_watch_free(struct loop_watch *watch);

/* The size of an address as text. */
#define LOOP_ADDRESS_SIZE 64
/* address: numeric, borrowed during the call; NULL: the name does not resolve, for the reason in why. */
typedef void loop_resolve_cb(void *arg, const char *address, const char *why);
/* Look a host name up without blocking. cb runs exactly once, later, and cannot be cancelled: arg must live
 * until then. */
NODISCARD enum err loop_resolve(struct loop *loop, const char *host, loop_resolve_cb *cb, void *arg);

#endif
