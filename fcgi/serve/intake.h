/* intake: the connections of a handler on which there is no whole request yet, or one that waits for its
 * turn.
 *
 * Owns them, what came on them, and how long that may take: nobody holds a handler by sending slowly, or
 * nothing. Reads without waiting. Whose request takes too long in all, or whose place others need more (the
 * oldest goes), is refused; whose client has gone is forgotten. Leaves accepting to the worker, and judging
 * the bytes to records. One thread.
 *
 * Life cycle: intake_init; intake_add for each connection; intake_read when epoll tells of one (its data is
 * the address of the connection); intake_take for one that is whole; intake_expire once a turn; intake_fini.
 */
#ifndef DRONC_INTAKE_H
#define DRONC_INTAKE_H

#include "base/buffer.h"
#include "base/clock.h"
#include "serve/records.h"

#include <stdbool.h>
#include <stddef.h>

#define INTAKE_MAX       512      /* connections */
#define INTAKE_BYTES_MAX 33554432 /* of all of them together, about */
#define INTAKE_HEAD_MS   5000     /* from the connection to the end of the parameters */
#define INTAKE_BODY_MS   20000    /* to the end of the body; and a second more for … */
#define INTAKE_RATE      64       /* … each 64,000 bytes that came: bytes in a millisecond */
#define INTAKE_TURN_MS   60000    /* that a whole one waits for its turn */
#define INTAKE_ONE_MAX   4718592  /* bytes of one request: more are not read */

enum intake_state {
    INTAKE_MORE,  /* it may go on */
    INTAKE_WHOLE, /* the request is there: intake_take */
    INTAKE_GONE   /* the connection was closed and freed */
};

struct intake_conn {
    int fd;
    struct buffer bytes;
    struct records records;
    bool cut;             /* longer than INTAKE_ONE_MAX: bytes are its beginning */
    bool waits;           /* whole, and waits for its turn */
    bool watched;         /* by epoll */
    struct mono_ms since; /* when it came, or when it began to wait */
};

struct intake {
    struct intake_conn *conns[INTAKE_MAX]; /* owned, the oldest first */
    size_t count;
    size_t bytes; /* of all of them */
    struct clock clock;
    int epoll_fd; /* borrowed; -1: nothing is watched */
};

void intake_init(struct intake *intake, struct clock clock, int epoll_fd);
/* Close all. epoll_fd -1 before that: a child must not touch what it shares with its parent. */
void intake_fini(struct intake *intake);

/* Take a connection (fd) in, making room if need be. NULL: out of memory, and it was closed. */
struct intake_conn *intake_add(struct intake *intake, int fd);

/* Read what has come. */
enum intake_state intake_read(struct intake *intake, struct intake_conn *conn);

/* Let a whole one wait for its turn. */
void intake_wait(struct intake *intake, struct intake_conn *conn);
/* The one that has waited longest for its turn; NULL: none does. */
struct intake_conn *intake_next(const struct intake *intake);

/* Has the client of a whole request gone? Then nobody waits for the answer. */
bool intake_is_gone(const struct intake_conn *conn);

/* Forget one. Its descriptor is closed, unless it was taken away (fd -1). */
void intake_drop(struct intake *intake, struct intake_conn *conn);
/* Answer that there is no place, or no time, and drop it. */
void intake_refuse(struct intake *intake, struct intake_conn *conn);

/* Refuse those whose time is over. Returns the ms until there may be more; -1: nothing to wait for. */
int intake_expire(struct intake *intake);

#endif
