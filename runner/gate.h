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
 * A host is stuck when all its calls are taken and none of them has ended for GATE_STUCK_MS.
 *
 * Loop thread only.
 */
#ifndef DRONC_GATE_H
#define DRONC_GATE_H

#include "clock.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define GATE_STUCK_MS  250
#define GATE_WINDOW_MS 20 /* what a host ended in the last one to two of these counts as "just now" */

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
};

struct gate {
    struct clock clock;
    size_t max;             /* runs inside at once: AHEAD, HELD, CALLING */
    size_t per_host;        /* calls of one host at once */
    size_t inside;          /* AHEAD, HELD and CALLING */
    size_t outside;         /* OUTSIDE */
    void *hosts;            /* owned: a tree (tsearch) of those that have runs */
    struct gate_host *next; /* a ring of the hosts where runs are in line; the one to be asked next */
};

/* max, per_host: 1 or more. */
void gate_init(struct gate *gate, size_t max, size_t per_host, struct clock clock);
/* Runs that have not left are not looked at again. */
void gate_fini(struct gate *gate);

/* Let run (OUT) in: AHEAD or OUTSIDE. Its job must be filled. ERR_NOMEM: it stays OUT. */
NODISCARD enum err gate_enter(struct gate *gate, struct run *run);
/* run, AHEAD, is to be called now: CALLING (true), or HELD (false). */
NODISCARD bool gate_call(struct gate *gate, struct run *run);
/* The next run whose turn it is: one that was HELD is CALLING now, one that was OUTSIDE is AHEAD. All hosts
 * get their chance in turn. NULL: none. */
struct run *gate_next(struct gate *gate);
/* Give back what run has, wherever it is. Of a run that is OUT nothing happens. */
void gate_leave(struct gate *gate, struct run *run);

/* Say in the log, once until its host moves again, that run is put off. */
void gate_complain(const struct gate *gate, const struct run *run);

/* Is the host of this run stuck, with per_host runs or more waiting outside already? */
bool gate_is_hopeless(const struct gate *gate, const struct run *run);

#endif
