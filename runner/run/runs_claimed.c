/* runs_claimed: the part of runs (runs.h) that is about claims: taking one in, looking its host's address up,
 * waiting for a place at the gate, and giving up one that comes too late. */
#include "base/log.h"
#include "run/notice_job.h"
#include "run/policy.h"
#include "run/run_call.h"
#include "run/run_step.h"
#include "run/runs_internal.h"

#include <stdlib.h>

static void give_up_gap(struct runs *runs, struct run *run, const struct policy_gap *gap)
{
    run->execution = (struct execution){.job = run->attempt.job,
                                        .scheduled = run->attempt.scheduled,
                                        .outcome = EXECUTION_MISSED,
                                        .missed_count = gap->count,
                                        .missed_until = gap->until};
    run->next_due = gap->next;
    run_log_missed(run);
    runs_ask_redis(runs, run, RUN_SKIPPING);
}

/* A first attempt that was started once, handed back unsent, and comes too late: its job's next instant is
 * in Redis already. */
static void give_up_one(struct runs *runs, struct run *run)
{
    run->execution = (struct execution){.job = run->attempt.job,
                                        .scheduled = run->attempt.scheduled,
                                        .attempt = run->attempt.number,
                                        .outcome = EXECUTION_MISSED,
                                        .missed_count = 1,
                                        .missed_until = run->attempt.scheduled};
    run->after = STORE_AFTER_NOTHING;
    run_log_missed(run);
    runs_ask_redis(runs, run, RUN_FINISHING);
}

void runs_consider(struct runs *runs, struct run *run)
{
    struct policy_gap gap;
    switch (run_step_claimed(run, cluster_clock_now(runs->cluster_clock), &gap)) {
    case RUN_STEP_GIVE_UP:
        give_up_one(runs, run);
        break;
    case RUN_STEP_SKIP:
        give_up_gap(runs, run, &gap);
        break;
    default:
        runs_wait_until(runs, run, run->due.ms - RUNS_START_LEAD_MS);
        break;
    }
}

/* Hand back what cannot go on now, to be tried again later. */
static void put_off(struct runs *runs, struct run *run)
{
    struct wall_ms now = cluster_clock_now(runs->cluster_clock);
    run->due.ms = now.ms + policy_put_off_ms(now.ms - run->attempt.scheduled.ms, arc4random());
    runs_ask_redis(runs, run, RUN_RELEASING);
}

void runs_wait_for_gate(struct runs *runs, struct run *run)
{
    struct wall_ms now = cluster_clock_now(runs->cluster_clock);
    runs_wait_until(runs, run, (run->due.ms > now.ms ? run->due.ms : now.ms) + RUNS_QUEUE_MS);
}

void runs_put_off_at_gate(struct runs *runs, struct run *run)
{
    gate_complain(&runs->gate, run);
    put_off(runs, run);
}

/* All is known of its host that can be known: it comes to the gate. */
static void come_to_gate(struct runs *runs, struct run *run)
{
    char address[LOOP_ADDRESS_SIZE];
    addresses_first(&runs->addresses, run, address);
    if (gate_enter(&runs->gate, run, address) != ERR_OK) {
        log_error("out of memory", log_str("what", "a host"));
        runs_ask_redis(runs, run, RUN_RELEASING);
    } else if (run->place == GATE_AHEAD) {
        runs_consider(runs, run);
    } else if (gate_is_hopeless(&runs->gate, run, RUNS_QUEUE_MS)) {
        runs_put_off_at_gate(runs, run);
    } else {
        runs_wait_for_gate(runs, run);
    }
}

/* A claim that could be read. */
static void enter(struct runs *runs, struct run *run)
{
    struct wall_ms until;
    switch (addresses_ask(&runs->addresses, run, cluster_clock_now(runs->cluster_clock), RUNS_START_LEAD_MS,
                          &until)) {
    case ADDRESSES_KNOWN:
        come_to_gate(runs, run);
        break;
    case ADDRESSES_AWAITED:
        runs_wait_until(runs, run, until.ms);
        break;
    case ADDRESSES_REFUSED:
        put_off(runs, run);
        break;
    }
}

void runs_on_address_known(void *arg, struct run *run)
{
    struct runs *runs = arg;
    heap_remove(&runs->waiting, &run->waiting);
    come_to_gate(runs, run);
}

static enum err restore(struct runs *runs, struct run *run, const struct store_claimed *claimed,
                        struct errinfo *info)
{
    return run->is_notice ? notice_job_restore(&run->job, claimed, runs->options.context->zones, info)
                          : job_restore(&run->job, &claimed->attempt.job, &claimed->fields, claimed->created,
                                        runs->options.context->zones, info);
}

enum err runs_add(struct runs *runs, unsigned shard, const struct store_claimed *claimed)
{
    struct errinfo info = {0};
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return ERR_NOMEM;
    }
    run->owner = runs;
    run->attempt = claimed->attempt;
    run->due = claimed->due;
    run->shard = shard;
    run->from_retry = claimed->from_retry;
    run->following.ms = INT64_MAX;
    run->is_notice = claimed->notice.data != NULL;
    run->backlog = claimed->due.ms < cluster_clock_now(runs->cluster_clock).ms - RUNS_BACKLOG_MS;
    runs->backlog += run->backlog ? 1 : 0;
    runs_link(runs, run);
    enum err err = ERR_OK;
    if (claimed->fields.schedule.data != NULL) {
        err = restore(runs, run, claimed, &info);
    }
    if (err == ERR_NOMEM) {
        /* Nothing is wrong with the job, but it cannot be called here just now: not again at once. */
        log_error("job not read", log_str("error", info.text));
        run->due.ms = cluster_clock_now(runs->cluster_clock).ms + RUNS_QUEUE_MS;
    }
    if (claimed->fields.schedule.data == NULL || err == ERR_NOMEM || runs->draining) {
        /* The job is gone, or the claim is not for us: the release script knows which. */
        runs_ask_redis(runs, run, RUN_RELEASING);
    } else if (err != ERR_OK) {
        runs->options.on_broken(runs->options.arg, &run->attempt, info.text);
        runs_end(runs, run);
    } else {
        enter(runs, run);
    }
    return ERR_OK;
}
