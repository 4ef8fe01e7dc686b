/* worker: the loop of a FastCGI process. Accepts connections, and has the requests on them answered by
 * responder, each when all of it is there.
 *
 * Owns the listening socket on standard input (as spawn-fcgi, and systemd with StandardInput=socket, leave
 * it), and when to stop. Nobody holds the process: not who sends slowly or nothing (intake), not who asks for
 * much, nor who takes his answer slowly (children do that work). A signal never interrupts a request, and a
 * lack of descriptors never ends the process.
 */
#ifndef DRONC_WORKER_H
#define DRONC_WORKER_H

#include "base/err.h"
#include "serve/app.h"

#include <stdbool.h>

/* True when standard input is a listening socket. */
bool worker_is_fastcgi(void);

/* Serve until one of stop's signals: what is under way is answered, then ERR_OK. ERR_SYSTEM: the socket is of
 * no use. Returns, likewise, in each child when its one request is answered: nothing but ending is left to
 * do. */
NODISCARD enum err worker_run(struct app *app, struct errinfo *info);

#endif
