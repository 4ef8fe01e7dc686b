/* attempts_internal: what the parts of attempts (attempts.h) have in common. For attempts.c and
 * attempts_claimed.c only.
 */
#ifndef DRONC_ATTEMPTS_INTERNAL_H
#define DRONC_ATTEMPTS_INTERNAL_H

#include "redis/cluster_clock.h"
#include "run/attempts.h"

/* Redis' clock. */
static inline const struct cluster_clock *attempts_clock(const struct attempts *attempts)
{
    return attempts->options.context->cluster_clock;
}

/* ---- attempts.c: the set of attempts ---- */

/* Take attempt into the set. */
void attempts_link(struct attempts *attempts, struct attempt *attempt);
/* End attempt: take it out of the set, and free it at the end of the turn. */
void attempts_end(struct attempts *attempts, struct attempt *attempt);
/* Move attempt to a state in which Redis is asked to do something (outbox.h). */
void attempts_ask_redis(struct attempts *attempts, struct attempt *attempt, enum attempt_state state);
/* Go on with attempt at that instant (ms, by Redis' clock). */
void attempts_wait_until(struct attempts *attempts, struct attempt *attempt, int64_t at_ms);

/* ---- attempts_claimed.c: on the way to a start ---- */

/* attempt has its place at the gate: start it in time, or give it up if it is too late. */
void attempts_consider(struct attempts *attempts, struct attempt *attempt);
/* Wait for a place, until ATTEMPTS_QUEUE_MS after the attempt's instant. */
void attempts_wait_for_gate(struct attempts *attempts, struct attempt *attempt);
/* Wait a little if a secret or signing key of the attempt is not known yet, nor known to be missing. Returns
 * false if there is nothing to wait for. */
bool attempts_wait_for_vault(struct attempts *attempts, struct attempt *attempt);
/* Hand back an attempt that has waited for its host long enough, to be tried again later. */
void attempts_put_off_at_gate(struct attempts *attempts, struct attempt *attempt);
/* addresses_known_cb (addresses.h). */
void attempts_on_address_known(void *arg, struct attempt *attempt);

#endif
