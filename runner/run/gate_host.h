/* gate_host: the hosts that the gate knows, the peers that they lead to, and how many of their attempts are
 * doubtful. Private to gate (gate.h).
 */
#ifndef DRONC_GATE_HOST_H
#define DRONC_GATE_HOST_H

#include "run/gate.h"

#define GATE_NAME_SIZE 280 /* for the longest host that url accepts, ':' and a number */

/* The address and port that names lead to. */
struct gate_peer {
    char name[GATE_NAME_SIZE]; /* "192.0.2.1:443". The first member, so that a name serves as a key */
    size_t hosts;              /* that lead here and have attempts; the last one to leave frees the peer */
    size_t doubtful;           /* of all of them */
};

struct gate_host {
    char name[GATE_NAME_SIZE]; /* "example.com:443", in lower case. The first member, as in gate_peer */
    struct gate_peer *peer;    /* NULL: it has no attempts */
    struct gate_host *prev;    /* in the ring of hosts with attempts in line; NULL: not in the ring */
    struct gate_host *next;
    size_t attempts; /* that are not OUT; the last one to leave makes the host forgotten or remembered */
    size_t ahead;    /* AHEAD and QUEUED */
    size_t calling;
    size_t doubtful; /* as counted in the gate and the peer */
    struct gate_line outside;
    struct gate_line queued;
    struct mono_ms moved;  /* when a call last began or ended */
    struct mono_ms window; /* when the current window began */
    size_t ended_now;      /* calls that ended in it */
    size_t ended_before;   /* calls that ended in the one before */
    bool complained;       /* since it last moved, the log has had that it lets no more through */
    bool quick;            /* the call that ended last took less than GATE_SLOW_MS */
    struct {
        struct heap_item until; /* in the gate's trusts: when the current span is over */
        int64_t span_ms;        /* how long a span is */
        int64_t took_ms;        /* the longest call that ended in it */
        size_t now;             /* calls that ended in it */
        size_t before;          /* calls that ended in the one before */
    } trust;
    struct gate_host *older, *newer; /* in the list of those remembered */
};

/* Returns the host of attempt, with its peer; address is as in gate_enter. NULL: out of memory. */
struct gate_host *gate_host_get(struct gate *gate, const struct attempt *attempt, const char *address);
/* Count one more attempt of host. */
void gate_host_join(struct gate *gate, struct gate_host *host);
/* Count one attempt less. After the last one, host is forgotten or remembered. */
void gate_host_leave(struct gate *gate, struct gate_host *host);
/* Forget all of them, at the end. */
void gate_hosts_forget(struct gate *gate);

/* Returns the number of its attempts inside. */
size_t gate_host_inside(const struct gate_host *host);
/* Returns the number of calls that it has answered of late. */
size_t gate_host_earned(const struct gate_host *host);

/* A call to host has ended after took_ms; INT64_MAX: without an answer. */
void gate_host_earn(struct gate *gate, struct gate_host *host, int64_t took_ms, struct mono_ms now);
/* Count its doubtful attempts again, after its attempts inside or what it earned have changed. */
void gate_host_count(struct gate *gate, struct gate_host *host);
/* End all spans that are over: forget what hosts earned too long ago. */
void gate_hosts_expire(struct gate *gate, struct mono_ms now);
/* Returns the number of places that are kept for hosts that answered. */
size_t gate_spares(const struct gate *gate);
/* Returns true if one more attempt of host may be doubtful. */
bool gate_host_may_be_doubtful(const struct gate *gate, const struct gate_host *host);

#endif
