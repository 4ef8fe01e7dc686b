/* pool: keeps a number of handlers on the one listening socket, and puts another one where one has died.
 *
 * Owns the processes of the pool: it forks them, sees them end, says so in the log, and passes a stop on to
 * them. What a handler does is main's business. One that lives shorter than POOL_CALM_MS is replaced only so
 * long after its end, so that a pool whose handlers cannot live does not take the machine.
 *
 * Whoever keeps the pool serves nothing and has no connection to Redis. Where it is killed, its handlers go
 * on; a supervisor that started it knows them by their control group or container.
 */
#ifndef DRONC_POOL_H
#define DRONC_POOL_H

#include "base/clock.h"

#define POOL_MAX     256  /* handlers */
#define POOL_CALM_MS 1000 /* how long one that ended early stays away */

enum pool_role {
    POOL_HANDLER, /* this process is a new handler: serve, then end */
    POOL_KEEPER   /* this process kept the pool, which has been stopped: end */
};

/* Keep size handlers (1 to POOL_MAX) until one of SIGTERM, SIGINT, SIGHUP, SIGUSR1 comes, which ends the
 * handlers as stop.h says, and return when the last one has ended. Returns in each handler, too. Tells a
 * supervisor (supervisor.h) when all are there, and when they are to end. The log is up already. */
enum pool_role pool_keep(int size, struct clock clock);

#endif
