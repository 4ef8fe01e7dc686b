/* policy: decides what to do with an attempt that failed, and with an occurrence that is late. Pure: others
 * act.
 *
 * Retries follow the job's rule (lib/job/retry.h), with exponential backoff and, unless the rule says
 * otherwise, full jitter: the wait is drawn evenly from 0 to the backoff, so that a thousand jobs that failed
 * together do not come back together. These failures are worth another attempt:
 *
 *  - at least once: all, except an answer that means that the same request will fail again: 501, and 4xx
 *    other than 408, 425 and 429 (these too are retried if the rule has client_errors)
 *  - at most once: none; but if the rule has unsent, those before the first byte of the request left
 *
 * A call that leads where none may go is not worth another one, whatever the rule says: only the settings, the target's
 * name or the redirect can change that. It is a dead letter, of either guarantee, unless a request was sent at most once.
 *
 * A target that answers 429 or 503 may ask for a minimum wait (Retry-After, up to POLICY_RETRY_AFTER_MS). The
 * wait is that or the backoff, whichever is longer. 410 means that no further call is wanted: the job is
 * paused.
 *
 * Lateness (all runners down, Redis down, a machine asleep): what is at most POLICY_GRACE_MS late counts as
 * on time and is called. If an occurrence is later, the job's rule (lib/job/catch_up.h) decides about all
 * occurrences from that one to now, including those within the grace:
 *
 *  - none: those that are later than the grace are missed, the others are called
 *  - all: the latest `max` of those within the window are called, in order; those before them are missed
 *  - latest: the last one is called, if it is within the window; those before it are missed
 *
 * A row of missed occurrences is one gap with one record, however many it has. Nothing here takes time in
 * proportion to their number.
 */
#ifndef DRONC_POLICY_H
#define DRONC_POLICY_H

#include "job/job.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

#define POLICY_RETRY_AFTER_MS 3600000
#define POLICY_PUT_OFF_MIN_MS 1000
#define POLICY_PUT_OFF_MAX_MS 30000
#define POLICY_GRACE_MS       60000

/* Returns which attempt of its round, from 1, attempt number `attempt` is. An occurrence that is redriven
 * after all `attempts` attempts has as many again, and numbers go on; the limit in time no longer applies
 * then. */
int policy_attempt_in_round(int attempt, int attempts);

/* An attempt that failed. */
struct policy_failure {
    struct wall_ms scheduled; /* the occurrence */
    struct wall_ms now;       /* when it failed */
    int attempt;              /* its number, from 1 */
    bool answered;            /* there was a complete answer, with this status */
    bool unsent;              /* no byte of the request has left */
    bool forbidden;           /* it leads where no call may go */
    int status;               /* 0: none */
    int64_t retry_after_ms;   /* what the answer asks for; -1: nothing */
};

/* Returns what is next after a failure. *wait_ms: how long to wait for the retry. random: drawn evenly from
 * all of uint32_t. */
enum store_after policy_after_failure(const struct job *job, const struct policy_failure *failure,
                                      uint32_t random, int64_t *wait_ms);

/* Returns how long to wait after attempt number `attempt` (from 1) failed, if the target does not ask for
 * more.
 */
int64_t policy_backoff_ms(const struct retry *rule, int attempt, uint32_t random);

/* Returns how long to put off an attempt that found no place at its host. The later the attempt is, the
 * longer: POLICY_PUT_OFF_MIN_MS to POLICY_PUT_OFF_MAX_MS, of which a random half to all is returned. */
int64_t policy_put_off_ms(int64_t late_ms, uint32_t random);

/* A row of occurrences that are not called. With count 0 the occurrence is called. */
struct policy_gap {
    int64_t count;
    struct wall_ms until; /* the last of them; the first is the occurrence in question */
    struct wall_ms next;  /* the first occurrence after the gap; ms = INT64_MAX if there is none */
};

/* Decide whether the occurrence of job at scheduled is still called at now, and if not, how far the gap
 * reaches. For the occurrence that a job waits for, so that no later one is in Redis yet. */
struct policy_gap policy_lateness(const struct job *job, struct wall_ms scheduled, struct wall_ms now);

/* Returns true if an occurrence that was claimed and handed back unsent is too old to be called. Its job has
 * moved on, so newer occurrences that came due are no reason to give it up. Its age is: more than the grace,
 * and more than the window. */
bool policy_is_too_old(const struct job *job, struct wall_ms scheduled, struct wall_ms now);

#endif
