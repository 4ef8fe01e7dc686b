/* stop: the signals that ask the handler to end, kept away from everything but the waiting.
 *
 * Owns the disposition of SIGTERM, SIGINT, SIGHUP and SIGUSR1 (what mod_fastcgi sends), all of which mean:
 * answer what is being answered, then exit 0. They are blocked at all times, and let in only where
 * epoll_pwait or ppoll is handed the mask below; so no read or write is ever interrupted (libfcgi takes an
 * interrupted read for the end of the input). SIGPIPE is ignored.
 *
 * Life cycle: stop_hold before anybody is told that this process is there; stop_init once, after FCGX_Init,
 * which puts handlers of its own on some of these.
 */
#ifndef DRONC_STOP_H
#define DRONC_STOP_H

#include <signal.h>
#include <stdbool.h>

/* From here on none of the signals ends the process: they wait. */
void stop_hold(void);

/* Set it up. *waiting: the mask to wait with. */
void stop_init(sigset_t *waiting);

/* True once one of the signals has come, also while it is still blocked. */
bool stop_requested(void);

#endif
