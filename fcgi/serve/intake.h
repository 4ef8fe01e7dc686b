/* intake: the connections of a handler whose request is incomplete, or complete and waiting for its turn.
 *
 * Owns them, the bytes that they sent, and how long that may take: a client that sends slowly, or nothing,
 * cannot hold up a handler. Reads without waiting. Refuses a request that takes too long, and the oldest one
 * if there are too many; forgets a connection whose client has gone. Leaves accepting to the worker, and
 * judging the bytes to records. One thread.
 *
 * Life cycle: intake_init; intake_add for each connection; intake_read when epoll reports one (its data is
 * the address of the connection); intake_wait, intake_refuse or intake_drop when its request is complete;
 * intake_expire once a turn; intake_fini.
 */
#ifndef DRONC_INTAKE_H
#define DRONC_INTAKE_H

#include "base/buffer.h"
#include "base/clock.h"
#include "serve/records.h"

#include <stdbool.h>
#include <stddef.h>

#define INTAKE_MAX       512      /* connections */
#define INTAKE_BYTES_MAX 33554432 /* of all of them together, roughly */
#define INTAKE_HEAD_MS   5000     /* from the connection to the end of the parameters */
#define INTAKE_BODY_MS   20000    /* to the end of the body, plus a second for … */
#define INTAKE_RATE      64       /* … each 64,000 bytes that came (bytes per millisecond) */
#define INTAKE_TURN_MS   60000    /* how long a complete request waits for its turn */
#define INTAKE_ONE_MAX   4718592  /* bytes of one request; the rest is not read */

enum intake_state {
    INTAKE_MORE,  /* the request is incomplete */
    INTAKE_WHOLE, /* the request is complete */
    INTAKE_GONE   /* the connection was closed and freed */
};

struct intake_conn {
    int fd;
    struct buffer bytes;
    struct records records;
    bool waits;           /* it is complete and waits for its turn */
    bool watched;         /* epoll watches it */
    struct mono_ms since; /* when it came, or when it began to wait */
};

struct intake {
    struct intake_conn *conns[INTAKE_MAX]; /* owned, the oldest first */
    size_t count;
    size_t bytes; /* of all of them */
    struct clock clock;
    int epoll_fd; /* borrowed; -1: none is watched */
};

void intake_init(struct intake *intake, struct clock clock, int epoll_fd);
/* Close all connections. A child sets epoll_fd to -1 first, for it must not change what it shares with its
 * parent. */
void intake_fini(struct intake *intake);

/* Take the connection fd, making room if necessary. Returns NULL if memory is short; fd is closed then. */
struct intake_conn *intake_add(struct intake *intake, int fd);

/* Read the bytes that have come. */
enum intake_state intake_read(struct intake *intake, struct intake_conn *conn);

/* Let a complete request wait for its turn. */
void intake_wait(struct intake *intake, struct intake_conn *conn);
/* Returns the connection that has waited longest for its turn; NULL: none waits. */
struct intake_conn *intake_next(const struct intake *intake);

/* Has the client of a complete request gone? */
bool intake_is_gone(const struct intake_conn *conn);

/* Forget a connection. Closes its descriptor, unless that was taken (fd -1). */
void intake_drop(struct intake *intake, struct intake_conn *conn);
/* Answer that the server is busy, and drop the connection. */
void intake_refuse(struct intake *intake, struct intake_conn *conn);

/* Refuse the requests whose time is over. Returns the ms until the next one's is; -1 if there is none. */
int intake_expire(struct intake *intake);

#endif
