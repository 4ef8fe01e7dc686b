/* gate: which attempts may go on towards their call, so that one host that is slow, hangs or has very many
 * jobs takes nothing from the others.
 *
 * Each host (name and port of the job's own URL) has per_host places for calls. An attempt takes a place
 * before it is started. An attempt that finds none waits outside, in line with the others of its host:
 * claimed, but not started, so that whatever becomes of this runner, the attempt is merely due again. An
 * attempt that waits outside takes no place; only the number of those is bounded.
 *
 *     OUT ──enter──▶ AHEAD ──call──▶ CALLING     AHEAD:  claimed, being started, or started and not due yet
 *              │       ▲    └─▶ QUEUED ──▲       QUEUED: its instant has come, but its host has no call free
 *              └──▶ OUTSIDE
 *
 * A host that answers fast may have more attempts AHEAD than it has calls, as many as it ended just now:
 * then it is not idle while Redis makes a start durable.
 *
 * **Doubtful** is what may turn out slow: of each host, the attempts inside beyond as many calls as it has
 * answered of late. Of late means: no longer ago than once to twice as long as such a call takes. So a
 * host that answers earns its places in the time of an answer, and a host that falls silent loses them as
 * soon. The gate lets in no more than max_slow doubtful attempts, so no more calls turn out slow, except to
 * hosts that fall silent in the very moment in which they answer many. No host can take them all:
 *
 *  - The more of them a host has, the more have to be left: c + 1 only while c : (c + GATE_MANY) of all are
 *    free. So one host that hangs has as many as it may have calls, each of forty that come one after the
 *    other fewer than the one before, and there is a place for the next.
 *  - Nor may the peer that its name leads to (an address and port, which other names may share) have more
 *    than it leaves.
 *  - An eighth of that half is spare: for hosts that answered their last call in less than GATE_SLOW_MS, and
 *    have no attempt inside. One each, whatever else is doubtful: also where many hosts fall silent so
 *    shortly after they have answered that they were trusted with more than half.
 *
 * What is not doubtful may take every place that is not spare; but no host more than GATE_SHARE times what it
 * leaves free.
 *
 * Loop thread only.
 */
#ifndef DRONC_GATE_H
#define DRONC_GATE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "loop/heap.h"

#include <stdbool.h>
#include <stddef.h>

#define GATE_STUCK_MS  250
#define GATE_WINDOW_MS 20 /* what a host ended in the last one to two of these counts as "just now" */
/* A call that takes longer earns its host nothing, nor does a call without an answer. */
#define GATE_SLOW_MS        5000
#define GATE_TRUST_MIN_MS   100
#define GATE_MANY           16 /* doubtful attempts of a host: half of all have to be left for one more */
#define GATE_MANY_QUICK     64 /* likewise, of a host that answered its last call in time */
#define GATE_PEER_WEIGHT    4  /* how much a name's own doubtful attempts count beside those of its peer */
#define GATE_SHARE          8
#define GATE_LINE_SHARE     8
#define GATE_OUTSIDE_MAX    4    /* runs outside, in multiples of the places */
#define GATE_REMEMBERED_MAX 4096 /* hosts without attempts that are remembered, for having answered in time */

struct attempt;
struct gate_host;

enum gate_place {
    GATE_OUT,     /* not known to the gate */
    GATE_OUTSIDE, /* waits for a place */
    GATE_AHEAD,   /* has one, and is on its way to its call */
    GATE_QUEUED,  /* likewise, and is called as soon as its host has a call free */
    GATE_CALLING,
    GATE_PLACE__COUNT
};

/* Attempts in line, the longest waiting first. Zero-initialised: empty. */
struct gate_line {
    struct list attempts;  /* by attempt->in_line */
    struct attempt *fresh; /* the last one that is no backlog; NULL if there is none */
};

/* All counts but max_slow from 1. */
struct gate_limits {
    size_t max;      /* attempts inside at once: AHEAD, QUEUED, CALLING */
    size_t per_host; /* calls of one host at once */
    size_t max_slow; /* attempts that are doubtful; 0: half of max, and 1 at least */
};

struct gate {
    struct clock clock;
    struct gate_limits limits;
    size_t inside;          /* AHEAD, QUEUED and CALLING */
    size_t doubtful;        /* of these */
    size_t spare;           /* of these: in places that are kept for hosts that answered */
    size_t outside;         /* OUTSIDE */
    void *hosts;            /* owned: a tree (tsearch) of those that have attempts, and those remembered */
    void *peers;            /* owned: likewise, of those that hosts lead to */
    struct gate_host *next; /* in a ring of the hosts where attempts are in line: whose turn is next */
    bool stirred;           /* something has changed since gate_next found no attempt */
    struct heap trusts;     /* hosts that earned places, by when these are looked at again */
    struct gate_host *oldest, *latest; /* those remembered */
    size_t remembered;
    bool complained; /* that too many attempts are doubtful has been logged */
};

void gate_init(struct gate *gate, const struct gate_limits *limits, struct clock clock);
/* Does not look at attempts that have not left. */
void gate_fini(struct gate *gate);

/* Let attempt (OUT) in: AHEAD or OUTSIDE. Its job must be filled. address: of its host; NULL or "": as the
 * URL has it. ERR_NOMEM: it stays OUT. */
NODISCARD enum err gate_enter(struct gate *gate, struct attempt *attempt, const char *address);
/* attempt, AHEAD, is to be called now. Returns true if it is CALLING, false if it is QUEUED. */
NODISCARD bool gate_call(struct gate *gate, struct attempt *attempt);
/* The next attempt whose turn it is: if it was QUEUED it is CALLING now, if it was OUTSIDE it is AHEAD. All
 * hosts get their chance in turn. NULL if there is none. */
struct attempt *gate_next(struct gate *gate);
/* Give back what attempt has, wherever it is. Does nothing if it is OUT. */
void gate_leave(struct gate *gate, struct attempt *attempt);

/* Log that attempt is put off: once until its host moves again (or until a place is free, if that is what it
 * lacks). */
void gate_complain(struct gate *gate, const struct attempt *attempt);

/* Returns true if attempt waits outside in vain: its line is as long as its host may have calls, and nothing
 * moves; or the line takes more room than it leaves (GATE_LINE_SHARE) to the lines of others, and its host
 * answers too slowly, as far as is known, for all of them to come in. wait_ms: how long an attempt waits. */
bool gate_is_hopeless(struct gate *gate, const struct attempt *attempt, int64_t wait_ms);

#endif
