/* gate: which runs may go on towards their call, so that one host that is slow, hangs or has very many jobs
 * takes nothing from the others.
 *
 * Each host (name and port of the job's own URL) has per_host places for calls. A run takes a place before it
 * is started, and one that finds none waits outside, in line with the others of its host: claimed, but not
 * started, so that whatever becomes of this runner, the run is merely due again. Who waits outside takes none
 * of the places that calls have in all; only their number is bounded.
 *
 *     OUT ──enter──▶ AHEAD ──call──▶ CALLING        AHEAD: claimed, being started, or started and not due yet
 *              │       ▲    └─▶ HELD ──▲            HELD:  its instant has come, but all calls of its host
 *              └──▶ OUTSIDE                                 are taken
 *
 * A host that answers fast may have more runs AHEAD than it has calls, as many as it ended just now: the time
 * that Redis takes to make a start durable is then no time in which the host has nothing to do.
 *
 * **Doubtful** is what may turn out slow: of each host, the runs inside beyond as many calls as it has
 * answered of late. Of late means: no longer ago than once to twice as long as such a call takes. So a
 * host that answers earns its places in the time of an answer, and one that falls silent has lost them as
 * soon. No more than max_slow runs are let in that are doubtful then, so no more calls turn out slow, but for
 * those to hosts that fall silent in the very moment in which they answer many. Nobody can take them all:
 *
 *  - The more of them a host has, the more have to be left: c + 1 only while c : (c + GATE_MANY) of all are
 *    free. So one host that hangs has as many as it may have calls, each of forty that come one after the
 *    other fewer than the one before, and there is a place for the next.
 *  - Nor may the peer that its name leads to (an address and port, which other names may share) have more
 * than it leaves.
 *  - An eighth of that half is spare: for hosts that have answered in less than GATE_SLOW_MS when they were
 *    called last, and have none inside. One each, whatever else is doubtful: also where many hosts fall
 * silent so shortly after they have answered that they were trusted with more than half.
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
#include "loop/heap.h"

#include <stdbool.h>
#include <stddef.h>

#define GATE_STUCK_MS  250
#define GATE_WINDOW_MS 20 /* what a host ended in the last one to two of these counts as "just now" */
#define GATE_SLOW_MS \
    5000 /* a call that takes longer earns its host nothing, nor does one without an answer */
#define GATE_TRUST_MIN_MS   100
#define GATE_MANY           16 /* doubtful runs of a host: half of all have to be left for one more */
#define GATE_MANY_QUICK     64 /* likewise, of a host that has answered in time when it was called last */
#define GATE_PEER_WEIGHT    4  /* how much a name's own doubtful runs count beside those of its peer */
#define GATE_SHARE          8
#define GATE_LINE_SHARE     8
#define GATE_OUTSIDE_MAX    4    /* runs outside, in multiples of the places */
#define GATE_REMEMBERED_MAX 4096 /* hosts without runs that are remembered, for having answered in time */

struct run;
struct gate_host;

enum gate_place {
    GATE_OUT,     /* not known to the gate */
    GATE_OUTSIDE, /* waits for a place */
    GATE_AHEAD,   /* has one, and is on its way to its call */
    GATE_HELD,    /* likewise, and would be called now if its host had a call free */
    GATE_CALLING
};

/* Runs in line, the longest waiting first. Zero-initialised: empty. */
struct gate_line {
    struct run *first;
    struct run *last;
    size_t count;
    struct run *fresh; /* the last one that is no backlog; NULL: none is */
};

/* All counts but max_slow from 1. */
struct gate_limits {
    size_t max;      /* runs inside at once: AHEAD, HELD, CALLING */
    size_t per_host; /* calls of one host at once */
    size_t max_slow; /* runs that are doubtful; 0: half of max, and 1 at least */
};

struct gate {
    struct clock clock;
    struct gate_limits limits;
    size_t inside;          /* AHEAD, HELD and CALLING */
    size_t doubtful;        /* of these */
    size_t spare;           /* of these: in places that are kept for hosts that answered */
    size_t outside;         /* OUTSIDE */
    void *hosts;            /* owned: a tree (tsearch) of those that have runs, and those remembered */
    void *peers;            /* owned: likewise, of those that hosts lead to */
    struct gate_host *next; /* a ring of the hosts where runs are in line; the one to be asked next */
    bool stirred;           /* something has changed since gate_next found none */
    struct heap trusts;     /* hosts that earned places, by when these are looked at again */
    struct gate_host *oldest, *latest; /* those remembered */
    size_t remembered;
    bool complained; /* that no place is left for what is doubtful, since one was free last */
};

void gate_init(struct gate *gate, const struct gate_limits *limits, struct clock clock);
/* Runs that have not left are not looked at again. */
void gate_fini(struct gate *gate);

/* Let run (OUT) in: AHEAD or OUTSIDE. Its job must be filled. address: of its host; NULL or "": as the URL
 * has it. ERR_NOMEM: it stays OUT. */
NODISCARD enum err gate_enter(struct gate *gate, struct run *run, const char *address);
/* run, AHEAD, is to be called now: CALLING (true), or HELD (false). */
NODISCARD bool gate_call(struct gate *gate, struct run *run);
/* The next run whose turn it is: one that was HELD is CALLING now, one that was OUTSIDE is AHEAD. All hosts
 * get their chance in turn. NULL: none. */
struct run *gate_next(struct gate *gate);
/* Give back what run has, wherever it is. Of a run that is OUT nothing happens. */
void gate_leave(struct gate *gate, struct run *run);

/* Say in the log, once until its host moves again (or until a place is free, where that is what it lacks),
 * that run is put off. */
void gate_complain(struct gate *gate, const struct run *run);

/* run waits outside: is that in vain? Its line is as long as its host may have calls, and nothing moves; or
 * it takes more room than it leaves (GATE_LINE_SHARE) to the lines of others, and answers too slowly, as far
 * as is known, for all of them to come in. hold_ms: how long a run is to wait. */
bool gate_is_hopeless(struct gate *gate, const struct run *run, int64_t hold_ms);

#endif
