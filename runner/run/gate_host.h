/* gate_host: the hosts that the gate knows, the peers that they lead to, and what of them is doubtful.
 * Private to gate (gate.h).
 */
#ifndef DRONC_GATE_HOST_H
#define DRONC_GATE_HOST_H

#include "run/gate.h"

#define GATE_NAME_SIZE 280 /* for the longest host that url accepts, ':' and a number */

/* Where names lead to. */
struct gate_peer {
    char name[GATE_NAME_SIZE]; /* "192.0.2.1:443". First, so that a name serves as a key */
    size_t hosts;              /* that lead here and have attempts; the peer goes with the last one */
    size_t doubtful;           /* of all of them */
};

struct gate_host {
    char name[GATE_NAME_SIZE]; /* "example.com:443", in lower case. First, so that a name serves as a key */
    struct gate_peer *peer;    /* NULL: it has no attempts */
    struct gate_host *prev;    /* in the ring of hosts where attempts are in line; NULL: it is not in it */
    struct gate_host *next;
    size_t attempts; /* that are not OUT; after the last one the host is forgotten, or merely remembered */
    size_t ahead;    /* AHEAD and QUEUED */
    size_t calling;
    size_t doubtful; /* as counted in the gate and the peer */
    struct gate_line outside;
    struct gate_line queued;
    struct mono_ms moved;  /* when a call began or ended last */
    struct mono_ms window; /* when the present window began */
    size_t ended_now;      /* calls that ended in it */
    size_t ended_before;   /* and in the one before */
    bool complained;       /* that it lets no more through has been logged since it moved */
    bool quick;            /* the call that ended last took less than GATE_SLOW_MS */
    struct {
        struct heap_item until; /* in the gate's trusts: when the present span is over */
        int64_t span_ms;        /* how long a span is */
        int64_t took_ms;        /* the longest call that ended in it */
        size_t now;             /* calls that ended in it */
        size_t before;          /* and in the one before */
    } trust;
    struct gate_host *older, *newer; /* of those remembered */
};

/* The host of attempt, with its peer: as gate_enter. NULL: out of memory. */
struct gate_host *gate_host_get(struct gate *gate, const struct attempt *attempt, const char *address);
/* An attempt joins it. */
void gate_host_join(struct gate *gate, struct gate_host *host);
/* An attempt has left it: after the last one it is forgotten, or merely remembered. */
void gate_host_leave(struct gate *gate, struct gate_host *host);
/* All of them, at the end. */
void gate_hosts_forget(struct gate *gate);

/* Its attempts inside. */
size_t gate_host_inside(const struct gate_host *host);
/* Calls that it has ended of late. */
size_t gate_host_earned(const struct gate_host *host);

/* A call to it has ended, after took_ms; INT64_MAX: without an answer. */
void gate_host_earn(struct gate *gate, struct gate_host *host, int64_t took_ms, struct mono_ms now);
/* Count what is doubtful of it, after its attempts inside or what it earned have changed. */
void gate_host_count(struct gate *gate, struct gate_host *host);
/* Forget what hosts earned too long ago. */
void gate_hosts_expire(struct gate *gate, struct mono_ms now);
/* Places that are kept for hosts that answered. */
size_t gate_spares(const struct gate *gate);
/* Returns true if one more attempt of it may be doubtful. */
bool gate_host_may_be_doubtful(const struct gate *gate, const struct gate_host *host);

#endif
