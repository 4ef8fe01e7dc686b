/* redis_socket: a socket to Redis whose operations all have a deadline.
 *
 * Owns connecting (Unix socket or TCP), sending and receiving. Each ends at the deadline, even if the peer is
 * stopped, has a full backlog or sends a byte a second. Leaves the protocol to redis_sync. Keeps no state;
 * one thread.
 *
 * The one exception is resolving a host name: getaddrinfo blocks while name servers are silent, for 1 s each
 * (through RES_OPTIONS, unless that is set already). An address, or a Unix socket, needs no resolver.
 */
#ifndef DRONC_REDIS_SOCKET_H
#define DRONC_REDIS_SOCKET_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct deadline {
    struct clock clock;
    struct mono_ms end;
};

/* Returns the deadline in budget_ms. */
struct deadline deadline_in(struct clock clock, int budget_ms);
/* Returns the ms until the deadline; 0: it is over. */
int deadline_left_ms(const struct deadline *deadline);

/* Connect. *fd: returns owned. ERR_DOWN: refused, or no such host. ERR_TIMEOUT. ERR_SYSTEM. */
NODISCARD enum err redis_socket_open(int *fd, const struct config *config, const struct deadline *deadline,
                                     struct errinfo *info);

/* Send all of data. ERR_DOWN: the connection is lost. ERR_TIMEOUT. */
NODISCARD enum err redis_socket_send(int fd, struct slice data, const struct deadline *deadline,
                                     struct errinfo *info);

/* Wait for bytes, and read 1 to piece->size of them. ERR_DOWN: the connection is lost or was closed.
 * ERR_TIMEOUT. */
struct piece {
    char *data; /* where to write the bytes */
    size_t size;
    size_t len; /* how many were written */
};
NODISCARD enum err redis_socket_receive(int fd, struct piece *piece, const struct deadline *deadline,
                                        struct errinfo *info);

/* Returns true if a connection that should be quiet is not: it was closed, or has a reply that no call waits
 * for. */
bool redis_socket_is_stale(int fd);

#endif
