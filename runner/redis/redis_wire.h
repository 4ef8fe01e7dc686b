/* redis_wire: one hiredis connection on the loop. Opens it, sends commands and delivers replies, and notes
 * what happened to it. Its owner, redis_link, decides when to open it, what to send first, and what to do
 * when it is lost. The only module of the runner that includes hiredis.
 *
 * hiredis' callbacks only set `event`. The owner acts on it in its turn, and closes the wire there, never in
 * a reply's callback. An error that makes the connection useless (redis_trouble.h: the server has become a
 * replica, it no longer accepts the login, …) counts as the loss of the connection, not as an answer to the
 * command.
 */
#ifndef DRONC_REDIS_WIRE_H
#define DRONC_REDIS_WIRE_H

#include "base/clock.h"
#include "loop/loop.h"
#include "resp/cmd.h"
#include "resp/redis_trouble.h"

#include <stdbool.h>

struct redisAsyncContext; /* hiredis' */
struct redis_limits;

enum wire_event {
    WIRE_NOTHING,
    WIRE_CONNECTED,
    WIRE_GREETED, /* set by the owner, from a reply's callback, and never by the wire */
    WIRE_LOST     /* or it could not be opened; error has the reason */
};

/* reply: borrowed during the call; NULL: the wire was closed first. */
typedef void redis_wire_cb(void *arg, const struct reply *reply);

/* Zero-initialised and redis_wire_init: closed. */
struct redis_wire {
    struct loop *loop; /* borrowed */
    struct clock clock;
    struct redisAsyncContext *context; /* owned, by hiredis once it is connected; NULL: closed */
    struct redis_limits *limits;       /* owned: of replies */
    struct loop_watch *watch;
    unsigned watched;           /* enum loop_events */
    size_t pending;             /* commands without an answer */
    struct mono_ms opened;      /* when connecting began */
    enum redis_trouble trouble; /* of the last failure; REDIS_UNREACHABLE: not an error of Redis */
    struct mono_ms answered;    /* when the last answer came, or the first pending command was sent */
    redis_wire_cb *subscriber;  /* NULL: no subscription */
    void *subscriber_arg;
    enum wire_event event; /* what happened last; the owner sets it back to WIRE_NOTHING */
    char error[256];       /* the last failure, for a person; "": none */
};

/* ERR_NOMEM. */
NODISCARD enum err redis_wire_init(struct redis_wire *wire, struct loop *loop, struct clock clock);
/* Closes it first. Zero-initialised is fine. */
void redis_wire_fini(struct redis_wire *wire);
/* Begin to connect to the Unix socket `socket`, or, if that is "", to the numeric address and port. The
 * result is an event. */
void redis_wire_open(struct redis_wire *wire, const char *socket, const char *address, int port);
/* Every pending callback runs with NULL. The wire may be closed already. */
void redis_wire_close(struct redis_wire *wire);

/* Send cmd; takes its memory in every case. cb (may be NULL) runs exactly once, later. ERR_DOWN, ERR_NOMEM:
 * it does not run. A script that Redis does not know (NOSCRIPT) is sent again with its source; cb gets only
 * the second answer. */
NODISCARD enum err redis_wire_send(struct redis_wire *wire, struct cmd *cmd, redis_wire_cb *cb, void *arg);

/* Subscribe to a channel. cb runs for every message of the subscription, and with NULL at its end. No command
 * may be sent after this. */
NODISCARD enum err redis_wire_subscribe(struct redis_wire *wire, const char *channel, redis_wire_cb *cb,
                                        void *arg);

/* Note a failure, as the wire itself does. */
void redis_wire_fail(struct redis_wire *wire, const char *error);

#endif
