/* pool: keeps a number of handlers on one listening socket, and replaces each one that dies.
 *
 * Owns the processes of the pool: forks them, notices and logs their ends, and passes a request to stop on to
 * them. Leaves what a handler does to main. A handler that lived for less than POOL_CALM_MS is replaced only
 * POOL_CALM_MS after its end, so that handlers that die at once do not take the whole machine.
 *
 * The process that keeps the pool serves no request and has no connection to Redis. If it is killed, its
 * handlers go on; a supervisor finds them by their control group or container.
 */
#ifndef DRONC_POOL_H
#define DRONC_POOL_H

#include "base/clock.h"

#define POOL_MAX     256  /* handlers */
#define POOL_CALM_MS 1000 /* the wait before an early death is replaced */

enum pool_role {
    POOL_HANDLER, /* this process is a new handler: it serves, then ends */
    POOL_KEEPER   /* this process kept the pool, which was stopped: it ends */
};

/* Keep size handlers (1 to POOL_MAX) until SIGTERM, SIGINT, SIGHUP or SIGUSR1 comes, which stops the handlers
 * as stop.h describes. Returns when the last one has ended. Returns in each handler, too. Informs the
 * supervisor (supervisor.h) when all handlers run, and when they stop. Needs the log. */
enum pool_role pool_keep(int size, struct clock clock);

#endif
