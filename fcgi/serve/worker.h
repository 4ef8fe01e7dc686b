/* worker: the loop of a FastCGI process. Accepts connections, and passes each complete request to responder.
 *
 * Owns the listening socket on standard input (where spawn-fcgi, and systemd with StandardInput=socket, put
 * it), and when to stop. No client can hold the process up: intake handles those that send slowly or nothing,
 * children those that ask for much or read slowly. A signal never interrupts a request, and a lack of
 * descriptors never ends the process.
 */
#ifndef DRONC_WORKER_H
#define DRONC_WORKER_H

#include "base/err.h"
#include "serve/app.h"

#include <stdbool.h>

/* Returns true if standard input is a listening socket. */
bool worker_is_fastcgi(void);

/* Serve until one of stop's signals comes, finish the requests in progress, and return ERR_OK. ERR_SYSTEM:
 * the socket is unusable. Also returns in each child when its one request is answered; the child then ends.
 */
NODISCARD enum err worker_run(struct app *app, struct errinfo *info);

#endif
