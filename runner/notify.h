/* notify: what the supervisor that started this process is told, by systemd's protocol (sd_notify(3)): lines
 * of NAME=value in datagrams to the socket that NOTIFY_SOCKET names. Knows nothing of jobs or Redis.
 *
 *     READY=1      once: when the runner works for the first time, or NOTIFY_PATIENCE_MS after the start
 * where it still cannot. A Redis that is away must make a supervisor neither kill the runner (it waits, and
 * that is its job) nor hold up what is to start after it; STATUS tells of it. STATUS=…     one line for a
 * person, when it changes, at most once a second STOPPING=1   once, with the time that it may take
 * (EXTEND_TIMEOUT_USEC) WATCHDOG=1   every third of WATCHDOG_USEC, from the end of a turn: a loop that hangs,
 * or a process that is stopped, sends none. One that waits for Redis is alive, and does.
 *
 * Without NOTIFY_SOCKET, or with one that cannot be used (said once in the log), nothing is sent. Nothing
 * here waits: libsystemd's sd_notify blocks for as long as a supervisor does not read, which must not stop
 * the calls, and is why it is not used. What could not be sent is sent later, the latest state of it. Loop
 * thread only.
 */
#ifndef DRONC_NOTIFY_H
#define DRONC_NOTIFY_H

#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define NOTIFY_PATIENCE_MS 5000
#define NOTIFY_STATUS_MS   1000 /* between two changes of the status */
#define NOTIFY_RETRY_MS    500  /* after a datagram that could not be sent */
#define NOTIFY_STATUS_SIZE 512  /* bytes of a status, its NUL included; what is longer is cut */

struct notify {
    bool wanted; /* there is somebody to tell */
    int fd;      /* owned, where wanted */
    struct sockaddr_un address;
    socklen_t address_len;
    struct clock clock;
    struct loop_timer *timer;   /* owned: makes a turn happen when something is to be sent */
    int64_t watchdog_ms;        /* between two WATCHDOG=1; 0: none is asked for */
    struct mono_ms next_ping;   /* not looked at where none is asked for */
    struct mono_ms patience;    /* READY=1 is not held back any longer */
    struct mono_ms not_before;  /* nothing but WATCHDOG=1 is sent before: it failed, a moment ago */
    struct mono_ms status_from; /* no new status is told before */
    bool complained;            /* that it failed has been logged */
    bool told_ready;
    bool told_stopping;
    char told_status[NOTIFY_STATUS_SIZE]; /* "": none yet */
};

/* What there is to tell. */
struct notify_news {
    bool working;       /* everything is as it should be */
    bool stopping;      /* the end has begun */
    int64_t stop_ms;    /* how long it may take from its beginning on */
    const char *status; /* borrowed; control characters become "?" */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. ERR_NOMEM; nobody to tell is no failure. */
NODISCARD enum err notify_init(struct notify *notify, struct loop *loop, struct clock clock);
/* Zero-initialised is fine, too. */
void notify_fini(struct notify *notify);

/* Is there anybody to tell? If not, the news need not be put together. */
bool notify_is_wanted(const struct notify *notify);
/* Last in a turn: tell what is new, and that this turn came to its end. */
void notify_turn(struct notify *notify, const struct notify_news *news);

#endif
