/* lease: this runner's proof of life.
 *
 * A heartbeat every LEASE_BEAT_MS tells Redis that this runner is alive for LEASE_MS more, and returns Redis'
 * clock (for the cluster_clock) and the list of runners (for recovery). The lease counts from when the
 * heartbeat was sent, by a clock that counts sleep. So a runner that was stopped (SIGSTOP, a suspended
 * machine) or cut off from Redis finds that its lease has run out before it sends anything, and hands back
 * what it has not sent.
 *
 * Other runners are judged only after a whole lease in which they could prove that they are alive: not right
 * after Redis was away, refused to write, or had its clock set forward, when every runner's heartbeat seems
 * to have expired.
 *
 * Each heartbeat also checks the database itself. One that was emptied has no number of shards, and gets ours
 * before a program comes that was built with another number. If the database of another installation has
 * taken its place, the link is dropped, greets it anew, and reports the fault. If a newer version uses the
 * database (store_level.h), the runner leaves it alone: the lease is not valid then, so nothing is claimed or
 * sent, and what is held is handed back; what is under way ends and is recorded. Loop thread only.
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
#define LEASE_MARGIN_MS 500  /* the lease ends so much earlier for us than for Redis */
#define LEASE_STEP_MS   1000 /* if Redis' clock moves by more than this between two beats, it was set */
/* Runners that are kept track of. More can work; then recovery only takes longer. */
#define LEASE_RUNNERS_MAX 256

struct lease {
    const struct runner_context *context; /* borrowed; the heartbeats feed its cluster_clock */
    struct recovery recovery;
    struct loop_timer *timer; /* owned */
    struct mono_ms until;     /* the lease is valid before this; 0: it never was */
    struct mono_ms next_beat;
    struct mono_ms judge_from; /* no runner counts as dead before this */
    bool beating;              /* a heartbeat is under way */
    bool was_valid;            /* at the last turn */
    bool complained;           /* the log has had that heartbeats are refused */
    bool stepped;              /* Redis' clock was set: see lease_take_step */
    bool leaving;              /* the goodbye has been sent */
    bool gone;                 /* the goodbye has been answered, or given up */
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

/* The link is up (again): send a heartbeat at once. */
void lease_link_up(struct lease *lease);
/* Returns true if this runner may claim and send. */
bool lease_is_valid(const struct lease *lease);
/* A message announces that the level was raised: check at once. */
void lease_look(struct lease *lease);
/* Returns true once after Redis' clock was set: instants that were computed from it mean another time now. */
bool lease_take_step(struct lease *lease);
/* Leave the list, and send no more heartbeats. */
void lease_say_goodbye(struct lease *lease);
/* Returns true if Redis has accepted the goodbye, or cannot. */
bool lease_is_gone(const struct lease *lease);

/* Send a heartbeat when it is time. */
void lease_turn(struct lease *lease);

#endif
