/* runs_internal: what the parts of runs (runs.h) have in common. For runs.c and runs_claimed.c only.
 */
#ifndef DRONC_RUNS_INTERNAL_H
#define DRONC_RUNS_INTERNAL_H

#include "run/runs.h"

/* ---- runs.c: the set of runs ---- */

/* Take run into the set. */
void runs_link(struct runs *runs, struct run *run);
/* The run is over: take it out of the set, and free it at the end of the turn. */
void runs_end(struct runs *runs, struct run *run);
/* Move run to state, in which Redis is asked to do something (outbox.h). */
void runs_ask_redis(struct runs *runs, struct run *run, enum run_state state);
/* Go on with run at that instant (ms, by Redis' clock). */
void runs_wait_until(struct runs *runs, struct run *run, int64_t at_ms);

/* ---- runs_claimed.c: on the way to a start ---- */

/* A claim has its place at the gate: start it in time, or give it up if it comes too late. */
void runs_consider(struct runs *runs, struct run *run);
/* Wait for a place, until RUNS_QUEUE_MS after the run's instant. */
void runs_wait_for_gate(struct runs *runs, struct run *run);
/* Hand back a run that has waited for its host long enough, to be tried again later. */
void runs_put_off_at_gate(struct runs *runs, struct run *run);
/* addresses_known_cb (addresses.h). */
void runs_on_address_known(void *arg, struct run *run);

#endif
