/* attempts_claimed: the part of attempts (attempts.h) that handles claims: takes one in, has its host's
 * address looked up, waits for a place at the gate, and gives up one that is too late. */
#include "base/log.h"
#include "run/attempt_call.h"
#include "run/attempt_step.h"
#include "run/attempts_internal.h"
#include "run/notice_job.h"
#include "run/policy.h"

#include <stdlib.h>

#define VAULT_AGAIN_MS 2 /* how soon an attempt looks again whether the vault has what it needs */

static void give_up_gap(struct attempts *attempts, struct attempt *attempt, const struct policy_gap *gap)
{
    attempt->execution = (struct execution){.job = attempt->claim.job,
                                            .scheduled = attempt->claim.scheduled,
                                            .outcome = EXECUTION_MISSED,
                                            .missed_count = gap->count,
                                            .missed_until = gap->until};
    attempt->next_due = gap->next;
    attempt_log_missed(attempt);
    attempts_ask_redis(attempts, attempt, ATTEMPT_SKIPPING);
}

/* Give up a first attempt that was started, handed back unsent, and is too late now. Its job's next instant
 * is already in Redis. */
static void give_up_one(struct attempts *attempts, struct attempt *attempt)
{
    attempt->execution = (struct execution){.job = attempt->claim.job,
                                            .scheduled = attempt->claim.scheduled,
                                            .attempt = attempt->claim.number,
                                            .outcome = EXECUTION_MISSED,
                                            .missed_count = 1,
                                            .missed_until = attempt->claim.scheduled};
    attempt->after = STORE_AFTER_NOTHING;
    attempt_log_missed(attempt);
    attempts_ask_redis(attempts, attempt, ATTEMPT_FINISHING);
}

void attempts_consider(struct attempts *attempts, struct attempt *attempt)
{
    struct policy_gap gap;
    switch (attempt_step_claimed(attempt, cluster_clock_now(attempts_clock(attempts)), &gap)) {
    case ATTEMPT_STEP_GIVE_UP:
        give_up_one(attempts, attempt);
        break;
    case ATTEMPT_STEP_SKIP:
        give_up_gap(attempts, attempt, &gap);
        break;
    default:
        attempts_wait_until(attempts, attempt, attempt->due.ms - ATTEMPTS_START_LEAD_MS);
        break;
    }
}

/* Hand an attempt back that cannot go on now, to be tried again later. */
static void put_off(struct attempts *attempts, struct attempt *attempt)
{
    struct wall_ms now = cluster_clock_now(attempts_clock(attempts));
    attempt->due.ms = now.ms + policy_put_off_ms(now.ms - attempt->claim.scheduled.ms, arc4random());
    attempts_ask_redis(attempts, attempt, ATTEMPT_RELEASING);
}

void attempts_wait_for_gate(struct attempts *attempts, struct attempt *attempt)
{
    struct wall_ms now = cluster_clock_now(attempts_clock(attempts));
    attempts_wait_until(attempts, attempt,
                        (attempt->due.ms > now.ms ? attempt->due.ms : now.ms) + ATTEMPTS_QUEUE_MS);
}

bool attempts_wait_for_vault(struct attempts *attempts, struct attempt *attempt)
{
    struct vault *vault = attempts->options.context->vault;
    struct mono_ms now = clock_mono(&attempts_clock(attempts)->clock);
    attempt->wanted.ms = attempt->wanted.ms > 0 ? attempt->wanted.ms : now.ms;
    if (attempt_secrets_are_known(vault, &attempt->job, attempt->wanted) ||
        now.ms - attempt->wanted.ms >= VAULT_WAIT_MS) {
        return false;
    }
    attempts_wait_until(attempts, attempt, cluster_clock_now(attempts_clock(attempts)).ms + VAULT_AGAIN_MS);
    return true;
}

void attempts_put_off_at_gate(struct attempts *attempts, struct attempt *attempt)
{
    gate_complain(&attempts->gate, attempt);
    put_off(attempts, attempt);
}

/* The look-up of attempt's host is over or not needed: let it come to the gate. */
static void come_to_gate(struct attempts *attempts, struct attempt *attempt)
{
    char address[LOOP_ADDRESS_SIZE];
    addresses_first(&attempts->addresses, attempt, address);
    if (gate_enter(&attempts->gate, attempt, address) != ERR_OK) {
        log_error("out of memory", log_str("what", "a host"));
        attempts_ask_redis(attempts, attempt, ATTEMPT_RELEASING);
    } else if (attempt->place == GATE_AHEAD) {
        attempts_consider(attempts, attempt);
    } else if (gate_is_hopeless(&attempts->gate, attempt, ATTEMPTS_QUEUE_MS)) {
        attempts_put_off_at_gate(attempts, attempt);
    } else {
        attempts_wait_for_gate(attempts, attempt);
    }
}

/* Let an attempt in whose claim could be read. */
static void enter(struct attempts *attempts, struct attempt *attempt)
{
    struct wall_ms until;
    switch (addresses_ask(&attempts->addresses, attempt, cluster_clock_now(attempts_clock(attempts)),
                          ATTEMPTS_START_LEAD_MS, &until)) {
    case ADDRESSES_KNOWN:
        come_to_gate(attempts, attempt);
        break;
    case ADDRESSES_AWAITED:
        attempts_wait_until(attempts, attempt, until.ms);
        break;
    case ADDRESSES_REFUSED:
        put_off(attempts, attempt);
        break;
    }
}

void attempts_on_address_known(void *arg, struct attempt *attempt)
{
    struct attempts *attempts = arg;
    heap_remove(&attempts->waiting, &attempt->waiting);
    come_to_gate(attempts, attempt);
}

static enum err restore(struct attempts *attempts, struct attempt *attempt,
                        const struct store_claimed *claimed, struct errinfo *info)
{
    struct zones *zones = attempts->options.context->zones;
    const struct job_stored stored = {&claimed->attempt.job, &claimed->fields, claimed->created};
    return attempt->is_notice ? notice_job_restore(&attempt->job, claimed, zones, info)
                              : job_restore(&attempt->job, &stored, zones, info);
}

enum err attempts_add(struct attempts *attempts, unsigned shard, const struct store_claimed *claimed)
{
    struct errinfo info = {0};
    struct attempt *attempt = calloc(1, sizeof *attempt);
    if (attempt == NULL) {
        return ERR_NOMEM;
    }
    attempt->owner = attempts;
    attempt->claim = claimed->attempt;
    attempt->due = claimed->due;
    attempt->shard = shard;
    attempt->from_retry = claimed->from_retry;
    attempt->following.ms = INT64_MAX;
    attempt->is_notice = claimed->notice.data != NULL;
    attempt->backlog = claimed->due.ms < cluster_clock_now(attempts_clock(attempts)).ms - ATTEMPTS_BACKLOG_MS;
    attempts->backlog += attempt->backlog ? 1 : 0;
    attempts_link(attempts, attempt);
    enum err err = ERR_OK;
    if (claimed->fields.schedule.data != NULL) {
        err = restore(attempts, attempt, claimed, &info);
    }
    if (err == ERR_NOMEM) {
        /* Nothing is wrong with the job, but it cannot be called here now. So wait before the next try. */
        log_error("job not read", log_str("error", info.text));
        attempt->due.ms = cluster_clock_now(attempts_clock(attempts)).ms + ATTEMPTS_QUEUE_MS;
    }
    if (claimed->fields.schedule.data == NULL || err == ERR_NOMEM || attempts->draining) {
        /* The job is gone, or this runner must not keep the claim: the release script finds out which. */
        attempts_ask_redis(attempts, attempt, ATTEMPT_RELEASING);
    } else if (err != ERR_OK) {
        attempts->options.on_broken(attempts->options.arg, &attempt->claim, info.text);
        attempts_end(attempts, attempt);
    } else {
        enter(attempts, attempt);
    }
    return ERR_OK;
}
