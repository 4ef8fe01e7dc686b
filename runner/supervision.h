/* supervision: reports to the supervisor that started this process, by systemd's protocol (sd_notify(3)):
 * lines of NAME=value in datagrams to the socket that NOTIFY_SOCKET names. Knows nothing of jobs or Redis.
 *
 *     READY=1      once: when the runner works for the first time, or SUPERVISION_PATIENCE_MS after the start
 *                  if it still cannot. While Redis is away, a supervisor must neither kill the runner, whose job
 *                  is to wait then, nor hold up what starts after it; STATUS gives the reason.
 *     STATUS=…     one line for a person, when it changes, at most once a second
 *     STOPPING=1   once, with the time that it may take (EXTEND_TIMEOUT_USEC)
 *     WATCHDOG=1   every third of WATCHDOG_USEC, from the end of a turn: a loop that hangs, or a process that
 *                  is stopped, sends none. A runner that waits for Redis is alive, and does.
 *
 * Without NOTIFY_SOCKET, or with one that cannot be used (logged once), nothing is sent. Nothing here waits.
 * libsystemd's sd_notify is not used, because it blocks while a supervisor does not read, which would stop
 * the calls. What could not be sent is sent later, in its latest state. Loop thread only.
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
    int fd;      /* owned, if wanted */
    struct sockaddr_un address;
    socklen_t address_len;
    struct clock clock;
    struct loop_timer *timer;   /* owned: makes a turn happen when something is to be sent */
    int64_t watchdog_ms;        /* between two WATCHDOG=1; 0: none is asked for */
    struct mono_ms next_ping;   /* unused if none is asked for */
    struct mono_ms patience;    /* from then on READY=1 is no longer held back */
    struct mono_ms not_before;  /* sending just failed: only WATCHDOG=1 is sent before this */
    struct mono_ms status_from; /* no new status is sent before this */
    bool complained;            /* the log has had that sending failed */
    bool sent_ready;
    bool sent_stopping;
    char sent_status[SUPERVISION_STATUS_SIZE]; /* "": none yet */
};

/* What to report. */
struct supervision_news {
    bool working;       /* everything is as it should be */
    bool stopping;      /* the end has begun */
    int64_t stop_ms;    /* how long the end may take from its beginning */
    const char *status; /* borrowed; control characters become "?" */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; without them it still succeeds. ERR_NOMEM. */
NODISCARD enum err supervision_init(struct supervision *supervision, struct loop *loop, struct clock clock);
/* Zero-initialised is fine, too. */
void supervision_fini(struct supervision *supervision);

/* Returns false if no supervisor listens; then the caller need not collect news. */
bool supervision_is_wanted(const struct supervision *supervision);
/* Send what is new, and that this turn came to its end. Call it last in the turn. */
void supervision_turn(struct supervision *supervision, const struct supervision_news *news);

#endif
