/* worker: the loop of a FastCGI process. Accepts a connection, has its requests answered by app, one after
 * the other.
 *
 * Owns the listening socket on standard input (as spawn-fcgi, and systemd with StandardInput=socket, leave
 * it), the connections, and libfcgi, which speaks the protocol on them and does nothing else: accepting and
 * waiting is done here, so that a signal never interrupts a request, a lack of descriptors never ends the
 * process, and a peer that falls silent never holds it for good.
 *
 * One connection at a time. With a server that keeps connections open (fastcgi_keep_conn), an idle one
 * occupies the process.
 */
#ifndef DRONC_WORKER_H
#define DRONC_WORKER_H

#include "app.h"
#include "err.h"

#include <stdbool.h>

/* True when standard input is a listening socket. */
bool worker_is_fastcgi(void);

/* Serve until one of stop's signals: the request under way is answered, then ERR_OK. ERR_SYSTEM: the socket
 * is of no use. */
NODISCARD enum err worker_run(struct app *app, struct errinfo *info);

#endif
