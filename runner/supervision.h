/* supervision: what the supervisor that started this process learns of it, by systemd's protocol
 * (sd_notify(3)): lines of NAME=value in datagrams to the socket that NOTIFY_SOCKET names. Knows nothing of
 * jobs or Redis.
 *
 *     READY=1      once: when the runner works for the first time, or SUPERVISION_PATIENCE_MS after the start
 *                  if it still cannot. While Redis is away a supervisor must neither kill the runner (waiting
 *                  is its job) nor hold up what is to start after it; STATUS says so.
 *     STATUS=…     one line for a person, when it changes, at most once a second
 *     STOPPING=1   once, with the time that it may take (EXTEND_TIMEOUT_USEC)
 *     WATCHDOG=1   every third of WATCHDOG_USEC, from the end of a turn: a loop that hangs, or a process that
 *                  is stopped, sends none. A runner that waits for Redis is alive, and does.
 *
 * Without NOTIFY_SOCKET, or with one that cannot be used (logged once), nothing is sent. Nothing here waits:
 * libsystemd's sd_notify blocks for as long as a supervisor does not read, which must not stop the calls, so
 * it is not used. What could not be sent is sent later, in its latest state. Loop thread only.
 */
#ifndef DRONC_SUPERVISION_H
#define DRONC_SUPERVISION_H

#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SUPERVISION_PATIENCE_MS 5000
#define SUPERVISION_STATUS_MS   1000 /* between two changes of the status */
#define SUPERVISION_RETRY_MS    500  /* after a datagram that could not be sent */
#define SUPERVISION_STATUS_SIZE 512  /* bytes of a status, its NUL included; what is longer is cut */

struct supervision {
    bool wanted; /* there is a supervisor that listens */
    int fd;      /* owned, where wanted */
    struct sockaddr_un address;
    socklen_t address_len;
    struct clock clock;
    struct loop_timer *timer;   /* owned: makes a turn happen when something is to be sent */
    int64_t watchdog_ms;        /* between two WATCHDOG=1; 0: none is asked for */
    struct mono_ms next_ping;   /* not looked at where none is asked for */
    struct mono_ms patience;    /* READY=1 is not held back any longer */
    struct mono_ms not_before;  /* nothing but WATCHDOG=1 is sent before: it failed, a moment ago */
    struct mono_ms status_from; /* no new status is sent before */
    bool complained;            /* that it failed has been logged */
    bool sent_ready;
    bool sent_stopping;
    char sent_status[SUPERVISION_STATUS_SIZE]; /* "": none yet */
};

/* What there is to report. */
struct supervision_news {
    bool working;       /* everything is as it should be */
    bool stopping;      /* the end has begun */
    int64_t stop_ms;    /* how long it may take from its beginning on */
    const char *status; /* borrowed; control characters become "?" */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; without them it still succeeds. ERR_NOMEM. */
NODISCARD enum err supervision_init(struct supervision *supervision, struct loop *loop, struct clock clock);
/* Zero-initialised is fine, too. */
void supervision_fini(struct supervision *supervision);

/* Returns false if no supervisor listens; then the news need not be put together. */
bool supervision_is_wanted(const struct supervision *supervision);
/* Last in a turn: send what is new, and that this turn came to its end. */
void supervision_turn(struct supervision *supervision, const struct supervision_news *news);

#endif
