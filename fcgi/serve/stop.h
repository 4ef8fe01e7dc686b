/* stop: the signals that stop a handler, which only ever interrupt its waiting.
 *
 * Owns the disposition of SIGTERM, SIGINT, SIGHUP and SIGUSR1 (which mod_fastcgi sends). Each means: finish
 * the requests in progress, then exit with 0. They stay blocked except during epoll_pwait and ppoll, which
 * get the mask below; so no read or write is ever interrupted (libfcgi takes an interrupted read for the end
 * of the input). SIGPIPE is ignored.
 *
 * Life cycle: stop_block before the log or a supervisor learns of this process; stop_init once, after
 * FCGX_Init, which sets handlers of its own for some of these signals.
 */
#ifndef DRONC_STOP_H
#define DRONC_STOP_H

#include <signal.h>
#include <stdbool.h>

/* From here on these signals wait, and do not end the process. */
void stop_block(void);

/* Set the handlers up. *waiting: the signal mask for epoll_pwait and ppoll. */
void stop_init(sigset_t *waiting);

/* Returns true once one of the signals has come, even if it is still blocked. */
bool stop_requested(void);

#endif
