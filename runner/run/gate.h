/* gate: decides which attempts may go on towards their call, so that one host that is slow, hangs or has very
 * many jobs takes nothing from the others.
 *
 * Each host (name and port of the job's own URL) has per_host places for calls. An attempt takes a place
 * before it is started. If it finds no place, it waits outside, in line with the host's other
 * attempts: claimed, but not started. So if this runner dies, the attempt is simply due again. An attempt
 * that waits outside takes no place; only the number of these is bounded.
 *
 *     OUT ──enter──▶ AHEAD ──call──▶ CALLING     AHEAD:  claimed, being started, or started and not due yet
 *              │       ▲    └─▶ QUEUED ──▲       QUEUED: its instant has come, but its host has no call free
 *              └──▶ OUTSIDE
 *
 * A host that answers fast may have more attempts inside than per_host: as many more as it ended just now. So
 * it is not idle while Redis makes a start durable.
 *
 * Attempts that may turn out slow are **doubtful**. Of each host, these are the attempts inside that exceed
 * the number of calls that it has answered of late. "Of late" reaches back once to twice as long as such a
 * call takes. So a host that answers earns its places in the time of one answer, and a host that falls silent
 * loses them as fast. The gate lets in at most max_slow doubtful attempts, so at most that many calls turn
 * out slow, unless hosts fall silent at the very moment at which they answer many. No host can take all of
 * these places:
 *
 *  - The more a host has, the more must be left: it gets one more than c only while more than
 *    c : (c + GATE_MANY) of all are free. So one host that hangs has as many as it may have calls; if forty
 *    hosts hang one after the other, each has fewer than the one before, and there is a place for the next.
 *  - The peer that its name leads to (an address and port, which other names may share) gets no more than it
 *    leaves.
 *  - An eighth of max_slow is spare: for hosts that answered their last call in less than GATE_SLOW_MS and
 *    have no attempt inside. Each such host gets one place, whatever else is doubtful, even if many hosts
 *    fall silent so soon after they answered that they had been trusted with more than max_slow.
 *
 * Attempts that are not doubtful may take every place that is not spare, but no host more than GATE_SHARE
 * times what it leaves free.
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
#define GATE_WINDOW_MS 20 /* calls that ended within the last one to two of these ended "just now" */
/* A call that takes longer earns its host nothing; so does a call without an answer. */
#define GATE_SLOW_MS      5000
#define GATE_TRUST_MIN_MS 100
#define GATE_MANY         16 /* with so many doubtful, a host gets one more only if half of all are left */
#define GATE_MANY_QUICK   64 /* the same for a host that answered its last call in time */
#define GATE_PEER_WEIGHT  4  /* how often a name's own doubtful attempts count on top of those of its peer */
#define GATE_SHARE        8
#define GATE_LINE_SHARE   8
#define GATE_OUTSIDE_MAX  4 /* attempts outside, in multiples of the places */
/* Hosts without attempts that are remembered because they answered in time. */
#define GATE_REMEMBERED_MAX 4096

struct attempt;
struct gate_host;

enum gate_place {
    GATE_OUT,     /* the gate does not know it */
    GATE_OUTSIDE, /* waits for a place */
    GATE_AHEAD,   /* has one, and is on its way to its call */
    GATE_QUEUED,  /* the same, and is called as soon as its host has a call free */
    GATE_CALLING,
    GATE_PLACE__COUNT
};

/* Attempts in line, the one that has waited longest first. Zero-initialised: empty. */
struct gate_line {
    struct list attempts;  /* by attempt->in_line */
    struct attempt *fresh; /* the last one that is not backlog; NULL if there is none */
};

/* All counts begin at 1, except max_slow. */
struct gate_limits {
    size_t max;      /* attempts inside at once: AHEAD, QUEUED, CALLING */
    size_t per_host; /* calls of one host at once */
    size_t max_slow; /* doubtful attempts; 0: half of max, but at least 1 */
};

struct gate {
    struct clock clock;
    struct gate_limits limits;
    size_t inside;          /* AHEAD, QUEUED and CALLING */
    size_t doubtful;        /* of these */
    size_t spare;           /* of these: in places that are kept for hosts that answered */
    size_t outside;         /* OUTSIDE */
    void *hosts;            /* owned: a tree (tsearch) of those that have attempts, and of those remembered */
    void *peers;            /* owned: a tree of those that hosts lead to */
    struct gate_host *next; /* in a ring of the hosts where attempts are in line: whose turn is next */
    bool stirred;           /* something has changed since gate_next found no attempt */
    struct heap trusts;     /* hosts that earned places, by when to check these again */
    struct gate_host *oldest, *latest; /* those remembered */
    size_t remembered;
    bool complained; /* that too many attempts are doubtful has been logged */
};

void gate_init(struct gate *gate, const struct gate_limits *limits, struct clock clock);
/* Does not touch attempts that are still in the gate. */
void gate_fini(struct gate *gate);

/* Let attempt (OUT) in: it becomes AHEAD or OUTSIDE. Its job must be filled. address: its host's; NULL or "":
 * as the URL has it. ERR_NOMEM: it stays OUT. */
NODISCARD enum err gate_enter(struct gate *gate, struct attempt *attempt, const char *address);
/* Call attempt, which is AHEAD, now. Returns true if it is CALLING, false if it is QUEUED. */
NODISCARD bool gate_call(struct gate *gate, struct attempt *attempt);
/* Returns the next attempt that may go on: if it was QUEUED, it is CALLING now; if it was OUTSIDE, it is
 * AHEAD. Hosts take turns. Returns NULL if there is none. */
struct attempt *gate_next(struct gate *gate);
/* Give back what attempt has, wherever it is. Does nothing if it is OUT. */
void gate_leave(struct gate *gate, struct attempt *attempt);

/* Returns true if attempt is in the gate, and its host took less than GATE_SLOW_MS for its last call. */
bool gate_knows_as_quick(const struct attempt *attempt);

/* Log that attempt is put off: once until a call to its host ends (or until a place is free, if that is what
 * it lacks). */
void gate_complain(struct gate *gate, const struct attempt *attempt);

/* Returns true if attempt waits outside in vain. Either its line is as long as its host may have calls, and
 * nothing moves; or the line takes too much of the room outside (GATE_LINE_SHARE times what is left), and its
 * host seems to answer too slowly for all of the line to come in. wait_ms: how long an attempt waits. */
bool gate_is_hopeless(struct gate *gate, const struct attempt *attempt, int64_t wait_ms);

#endif
