/* lease: this runner's proof of life.
 *
 * A heartbeat every LEASE_BEAT_MS says to Redis "alive for LEASE_MS more", and brings back Redis' clock (for
 * the cluster_clock) and the list of runners (for recovery). The lease counts from when the heartbeat was
 * sent, by a clock that counts sleep: a runner that was stopped (SIGSTOP, a suspended machine) or cut off
 * from Redis finds its lease run out before it sends anything, and hands back what it has not sent.
 *
 * Others are judged only after a whole lease in which they could prove to be alive: not right after Redis was
 * away, refused to write, or had its clock set forward, when every runner's heartbeat looks past.
 *
 * Each heartbeat also asks for the database itself. If it was emptied, it has no number of shards, and gets
 * ours before a program comes that was built with another one. If another installation's has taken its place,
 * the link is dropped, greets it anew, and reports. If a newer version uses it (store_level.h), the runner
 * leaves it alone: the lease is not valid then, so that nothing is claimed or sent, and what is held is
 * handed back; what is under way ends and is recorded. Loop thread only.
 */
#ifndef DRONC_LEASE_H
#define DRONC_LEASE_H

#include "cluster/recovery.h"
#include "redis/cluster_clock.h"
#include "redis/redis_link.h"
#include "run/runner_context.h"
#include "store/store_database.h"
#include "store/store_runner.h"

#define LEASE_MS        5000
#define LEASE_BEAT_MS   1000
#define LEASE_MARGIN_MS 500  /* our own view of the lease ends so much earlier than Redis' */
#define LEASE_STEP_MS   1000 /* Redis' clock moved by so much between two beats: it was set */
/* Runners that are kept track of; more than that still work, recovery only takes longer. */
#define LEASE_RUNNERS_MAX 256

struct lease {
    const struct runner_context *context; /* borrowed; the heartbeats feed its cluster_clock */
    struct recovery recovery;
    struct loop_timer *timer; /* owned */
    struct mono_ms until;     /* the lease is valid before; 0: it never was */
    struct mono_ms next_beat;
    struct mono_ms judge_from; /* no runner is found dead before */
    bool beating;              /* a heartbeat is under way */
    bool was_valid;            /* at the last turn */
    bool complained;           /* that heartbeats are refused has been logged */
    bool stepped;              /* Redis' clock was set: see lease_take_step */
    bool leaving;              /* the goodbye has been sent */
    bool gone;                 /* and answered, or given up */
    bool keyed;                /* there are API keys, as of the last heartbeat */
    bool outdated;             /* a newer version uses the database: see level */
    int level;                 /* of the database, as of the last heartbeat */
    unsigned beats;            /* how many Redis has answered */
    size_t runner_count;
    struct store_runner runners[LEASE_RUNNERS_MAX]; /* as of the last heartbeat */
};

/* Borrows context for its life. ERR_NOMEM. */
NODISCARD enum err lease_init(struct lease *lease, const struct runner_context *context);
void lease_fini(struct lease *lease);

/* The link is up (again): beat at once. */
void lease_link_up(struct lease *lease);
/* Returns true if this runner may claim and send. */
bool lease_is_valid(const struct lease *lease);
/* A message says that the level was raised: look at once. */
void lease_look(struct lease *lease);
/* Returns true once after Redis' clock was set: instants that were computed from it mean another time now. */
bool lease_take_step(struct lease *lease);
/* Leave the list, and beat no more. */
void lease_say_goodbye(struct lease *lease);
/* Returns true if Redis has taken the goodbye, or cannot. */
bool lease_is_gone(const struct lease *lease);

/* Beat when it is time. */
void lease_turn(struct lease *lease);

#endif
