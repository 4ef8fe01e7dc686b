/* redis_socket: a socket to Redis on which nothing takes longer than it may.
 *
 * Owns connecting (Unix socket or TCP), sending and receiving, each bounded by a deadline whatever the other
 * side does: stopped, with a full backlog, sending a byte a second. Leaves the protocol to redis_sync. No
 * state of its own; one thread.
 *
 * Only the resolving of a host name is out of its hands: getaddrinfo blocks while name servers are silent, 1
 * s for each of them (RES_OPTIONS is set so, unless it is set already). An address, or the Unix socket, needs
 * no resolver.
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

/* budget_ms from now. */
struct deadline deadline_in(struct clock clock, int budget_ms);
/* What is left, in ms; 0 when it is over. */
int deadline_left_ms(const struct deadline *deadline);

/* Connect. On ERR_OK *fd is owned by the caller (close it). ERR_DOWN: refused, or no such host. ERR_TIMEOUT.
 * ERR_SYSTEM. */
NODISCARD enum err redis_socket_open(int *fd, const struct config *config, const struct deadline *deadline,
                                     struct errinfo *info);

/* Send all of it. ERR_DOWN: the connection is lost. ERR_TIMEOUT. */
NODISCARD enum err redis_socket_send(int fd, struct slice data, const struct deadline *deadline,
                                     struct errinfo *info);

/* Wait for bytes and take 1 to piece->size of them. ERR_DOWN: the connection is lost or was closed.
 * ERR_TIMEOUT. */
struct piece {
    char *data; /* where to put bytes */
    size_t size;
    size_t len; /* how many were put there */
};
NODISCARD enum err redis_socket_receive(int fd, struct piece *piece, const struct deadline *deadline,
                                        struct errinfo *info);

/* True for a connection that should be quiet and is not: it was closed, or holds an answer that nobody waits
 * for. */
bool redis_socket_is_stale(int fd);

#endif
