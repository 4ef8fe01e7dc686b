/* lease: this runner's proof of life, and what it does about runners that stopped giving theirs.
 *
 * A heartbeat every LEASE_BEAT_MS says to Redis "alive for LEASE_MS more", and brings back Redis' clock (for
 * the timebase) and the list of runners. The lease counts from when the heartbeat was sent, by a clock that
 * counts sleep: a runner that was stopped (SIGSTOP, a suspended machine) or cut off from Redis finds its
 * lease run out before it sends anything, and hands back what it has not sent.
 *
 * A runner on the list whose heartbeat is past is dead: what it held is handed on at once, shard by shard,
 * whatever the time-outs of its calls. So that nobody's claims are forgotten (a runner that died between
 * leaving the list and its last claim), one shard's holders are read before each beat and compared with the
 * list that the beat brings: a runner is on the list before it holds anything, so a holder that is not on the
 * later list is dead. Loop thread only.
 */
#ifndef DRONC_LEASE_H
#define DRONC_LEASE_H

#include "redis_link.h"
#include "store.h"
#include "timebase.h"

#define LEASE_MS        5000
#define LEASE_BEAT_MS   1000
#define LEASE_MARGIN_MS 500 /* our own view of the lease ends so much earlier than Redis' */
#define LEASE_RUNNERS_MAX \
    256 /* runners that are kept track of; more than that still work, recovery only takes longer */

#define LEASE_HOLDERS_MAX 64 /* holders of one shard that are looked at in one beat */

struct lease {
    struct redis_link *link;   /* borrowed */
    struct timebase *timebase; /* borrowed, fed by the heartbeats */
    struct clock clock;
    const char *runner;       /* borrowed */
    struct loop_timer *timer; /* owned */
    struct mono_ms until;     /* the lease is valid before; 0: never was */
    struct mono_ms next_beat;
    bool beating;         /* a heartbeat is under way */
    bool was_valid;       /* at the last turn */
    bool leaving;         /* the goodbye has been sent */
    bool gone;            /* and answered, or given up */
    unsigned sweep_shard; /* whose holders are looked at */
    size_t holder_count;
    char holders[LEASE_HOLDERS_MAX]
                [STORE_RUNNER_ID_MAX + 1]; /* of sweep_shard, as of just before the last heartbeat */
    size_t recovering;                     /* recovery commands under way */
    size_t runner_count;
    struct store_runner runners[LEASE_RUNNERS_MAX]; /* as of the last heartbeat */
};

NODISCARD enum err lease_init(struct lease *lease, struct loop *loop, struct redis_link *link,
                              struct timebase *timebase, const char *runner);
void lease_fini(struct lease *lease);

/* The link is up (again): beat at once. */
void lease_link_up(struct lease *lease);
/* May this runner send and claim? */
bool lease_is_valid(const struct lease *lease);
/* Leave the list, and beat no more. */
void lease_say_goodbye(struct lease *lease);
/* The goodbye has been said, or cannot be. */
bool lease_is_gone(const struct lease *lease);

/* Beat when it is time. */
void lease_turn(struct lease *lease);

#endif
