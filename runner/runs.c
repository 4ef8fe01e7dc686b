/* runs: see runs.h. What happens to a run in each of its states. The call itself and its outcome are in
 * run_call.c. */
#include "runs.h"

#include "log.h"
#include "notice_job.h"
#include "policy.h"
#include "run_call.h"

#include <stdlib.h>
#include <string.h>

static struct run *run_of(struct heap_item *item)
{
    return HEAP_OWNER(item, struct run, waiting);
}

static void on_alarm(void *arg)
{
    (void)arg; /* runs_turn does the work */
}

/* ---- the set of runs ---- */

static void link_run(struct runs *runs, struct run *run)
{
    run->next = runs->all;
    if (run->next != NULL) {
        run->next->prev = run;
    }
    runs->all = run;
    runs->count++;
}

/* The run is over: out of the list, and freed when nobody is looking at it any more. */
static void end(struct runs *runs, struct run *run)
{
    run_set_state(run, RUN_ENDED);
    heap_remove(&runs->waiting, &run->waiting);
    addresses_leave(&runs->addresses, run);
    gate_leave(&runs->gate, run);
    if (run->prev != NULL) {
        run->prev->next = run->next;
    } else {
        runs->all = run->next;
    }
    if (run->next != NULL) {
        run->next->prev = run->prev;
    }
    run->next = runs->ended;
    runs->ended = run;
    runs->count--;
    runs->backlog -= run->backlog ? 1 : 0;
}

static void tell_redis(struct runs *runs, struct run *run, enum run_state state)
{
    heap_remove(&runs->waiting, &run->waiting);
    addresses_leave(&runs->addresses, run);
    if (state != RUN_STARTING && state != RUN_CONFIRMING) {
        gate_leave(&runs->gate, run);
    }
    run_set_state(run, state);
    outbox_put(runs->options.outbox, run);
}

/* With all that it owns. */
static void free_run(struct run *run)
{
    buffer_fini(&run->body);
    job_fini(&run->job);
    free(run);
}

static void wait_until(struct runs *runs, struct run *run, int64_t at_ms)
{
    heap_remove(&runs->waiting, &run->waiting);
    run->waiting.at = at_ms;
    if (heap_push(&runs->waiting, &run->waiting) != ERR_OK) {
        /* Nothing is lost: another runner, or this one, claims it again. */
        log_error("out of memory", log_str("what", "a run that waits"));
        tell_redis(runs, run, RUN_RELEASING);
    }
}

/* ---- CLAIMED ---- */

static void give_up_gap(struct runs *runs, struct run *run, const struct policy_gap *gap)
{
    run->execution = (struct execution){.job = run->attempt.job,
                                        .scheduled = run->attempt.scheduled,
                                        .outcome = EXECUTION_MISSED,
                                        .missed_count = gap->count,
                                        .missed_until = gap->until};
    run->next_due = gap->next;
    run_log_missed(run);
    tell_redis(runs, run, RUN_SKIPPING);
}

/* A first attempt that was started once, handed back unsent, and comes too late: its job's next instant
 * stands already. */
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
    tell_redis(runs, run, RUN_FINISHING);
}

/* Is a first attempt that comes from retry too late? One whose job lets occurrences wait for each other may
 * have done that, and is called whenever its turn comes. */
static bool is_too_old(const struct run *run, struct wall_ms now)
{
    return run->job.watch.overlap != WATCH_QUEUE && policy_is_too_old(&run->job, run->attempt.scheduled, now);
}

/* Decide what is to happen to a claim that has its place at the gate. Only first attempts at occurrences are
 * judged: what was called once is retried however long that takes. */
static void consider(struct runs *runs, struct run *run)
{
    struct wall_ms now = timebase_now(runs->options.timebase);
    struct policy_gap gap = {0};
    bool first = run->attempt.number == 1 && !run->is_notice;
    if (first && !run->from_retry) {
        gap = policy_lateness(&run->job, run->attempt.scheduled, now);
    }
    if (first && run->from_retry && is_too_old(run, now)) {
        give_up_one(runs, run);
    } else if (gap.count > 0) {
        give_up_gap(runs, run, &gap);
    } else {
        wait_until(runs, run, run->due.ms - RUNS_START_LEAD_MS);
    }
}

/* Hand back what cannot go on now, to be tried again later. */
static void put_off(struct runs *runs, struct run *run)
{
    struct wall_ms now = timebase_now(runs->options.timebase);
    run->due.ms = now.ms + policy_put_off_ms(now.ms - run->attempt.scheduled.ms, arc4random());
    tell_redis(runs, run, RUN_RELEASING);
}

static void wait_for_gate(struct runs *runs, struct run *run)
{
    struct wall_ms now = timebase_now(runs->options.timebase);
    wait_until(runs, run, (run->due.ms > now.ms ? run->due.ms : now.ms) + RUNS_HOLD_MS);
}

static void put_off_at_gate(struct runs *runs, struct run *run)
{
    gate_complain(&runs->gate, run);
    put_off(runs, run);
}

/* All is known that can be known of its host: to the gate with it. */
static void come_to_gate(struct runs *runs, struct run *run)
{
    char address[LOOP_ADDRESS_SIZE];
    addresses_first(&runs->addresses, run, address);
    if (gate_enter(&runs->gate, run, address) != ERR_OK) {
        log_error("out of memory", log_str("what", "a host"));
        tell_redis(runs, run, RUN_RELEASING);
    } else if (run->place == GATE_AHEAD) {
        consider(runs, run);
    } else if (gate_is_hopeless(&runs->gate, run, RUNS_HOLD_MS)) {
        put_off_at_gate(runs, run);
    } else {
        wait_for_gate(runs, run);
    }
}

/* A claim that could be read. */
static void enter(struct runs *runs, struct run *run)
{
    struct wall_ms until;
    switch (addresses_ask(&runs->addresses, run, timebase_now(runs->options.timebase), RUNS_START_LEAD_MS,
                          &until)) {
    case ADDRESSES_KNOWN:
        come_to_gate(runs, run);
        break;
    case ADDRESSES_AWAITED:
        wait_until(runs, run, until.ms);
        break;
    case ADDRESSES_REFUSED:
        put_off(runs, run);
        break;
    }
}

static void on_address_known(void *arg, struct run *run)
{
    struct runs *runs = arg;
    heap_remove(&runs->waiting, &run->waiting);
    come_to_gate(runs, run);
}

static enum err restore(struct runs *runs, struct run *run, const struct store_claimed *claimed,
                        struct errinfo *info)
{
    return run->is_notice ? notice_job_restore(&run->job, claimed, runs->options.zones, info)
                          : job_restore(&run->job, &claimed->attempt.job, &claimed->fields, claimed->created,
                                        runs->options.zones, info);
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
    run->backlog = claimed->due.ms < timebase_now(runs->options.timebase).ms - RUNS_BACKLOG_MS;
    runs->backlog += run->backlog ? 1 : 0;
    link_run(runs, run);
    enum err err = ERR_OK;
    if (claimed->fields.schedule.data != NULL) {
        err = restore(runs, run, claimed, &info);
    }
    if (err == ERR_NOMEM) {
        /* Nothing is wrong with the job, and neither can it be called here just now. Not again at once. */
        log_error("job not read", log_str("error", info.text));
        run->due.ms = timebase_now(runs->options.timebase).ms + RUNS_HOLD_MS;
    }
    if (claimed->fields.schedule.data == NULL || err == ERR_NOMEM || runs->draining) {
        /* Gone, or not for us: the release script knows which. */
        tell_redis(runs, run, RUN_RELEASING);
    } else if (err != ERR_OK) {
        runs->options.on_broken(runs->options.arg, &run->attempt, info.text);
        end(runs, run);
    } else {
        enter(runs, run);
    }
    return ERR_OK;
}

bool runs_hold_zone(const struct runs *runs, const struct zone *zone)
{
    for (const struct run *run = runs->all; run != NULL; run = run->next) {
        bool writes = run->state == RUN_CLAIMED || run->state == RUN_STARTING || run->state == RUN_SKIPPING ||
                      run->state == RUN_RELEASING;
        if (writes && run->job.zone == zone) {
            return true;
        }
    }
    return false;
}

/* ---- READY and CALLING ---- */

/* The outcome is known: what is next for the occurrence, and into the outbox with it. */
static void conclude(struct runs *runs, struct run *run)
{
    run_decide_after(run, timebase_now(runs->options.timebase));
    run_log_call(run);
    tell_redis(runs, run, RUN_FINISHING);
}

static void on_done(void *arg, const struct http_result *result)
{
    struct run *run = arg;
    struct runs *runs = run->owner;
    run->call = NULL;
    run->answered = result->error != HTTP_ERROR_TIMEOUT && result->error != HTTP_ERROR_DNS &&
                    result->error != HTTP_ERROR_ABORTED;
    buffer_fini(&run->body); /* libcurl is done with it */
    runs->calling--;
    if (run->cancelled) {
        end(runs, run);
        return;
    }
    run_note_result(run, runs->options.runner, result);
    conclude(runs, run);
}

static enum err begin_call(struct runs *runs, struct run *run)
{
    struct http_request request;
    enum err err = run_make_request(run, &runs->texts, &request);
    addresses_tell(&runs->addresses, run, &request);
    return err != ERR_OK ? err : http_client_call(runs->options.http, &request, on_done, run, &run->call);
}

static void call(struct runs *runs, struct run *run)
{
    heap_remove(&runs->waiting, &run->waiting);
    if (begin_call(runs, run) == ERR_OK) {
        run_set_state(run, RUN_CALLING);
        runs->calling++;
        return;
    }
    const struct http_result result = {.error = HTTP_ERROR_INTERNAL,
                                       .retry_after_ms = -1,
                                       .started = timebase_now(runs->options.timebase),
                                       .text = "the call could not be started"};
    run_note_result(run, runs->options.runner, &result);
    conclude(runs, run);
}

/* The run may be sent now. Where its claim may have been taken away since it was started, Redis is asked
 * first: a message that says so may not have come. */
static void send(struct runs *runs, struct run *run)
{
    if (run->job.watch.overlap != WATCH_CANCEL || run->is_notice) {
        call(runs, run);
        return;
    }
    run->asked = clock_mono(&runs->options.timebase->clock);
    run->confirmations++;
    tell_redis(runs, run, RUN_CONFIRMING);
}

/* ---- what Redis said ---- */

static const char *why_not_started(enum store_verdict verdict)
{
    switch (verdict) {
    case STORE_GONE:
        return "the job is gone, is paused, or has another time";
    case STORE_SETTLED:
        return "another occurrence of the job is under way";
    default:
        return "not ours any more";
    }
}

static void on_started(struct runs *runs, struct run *run, enum store_verdict verdict)
{
    bool goes_on = verdict == STORE_DONE || verdict == STORE_SETTLED;
    if (goes_on && run->attempt.number == 1 && run->following.ms < INT64_MAX) {
        runs->options.on_due(runs->options.arg, run->shard, run->following);
    }
    if (verdict != STORE_DONE) {
        log_debug("start refused", log_str("why", why_not_started(verdict)));
    }
    if (verdict != STORE_DONE || run->cancelled) {
        end(runs, run);
    } else if (runs->may_send && !runs->draining) {
        run_set_state(run, RUN_READY);
        wait_until(runs, run, run->due.ms);
    } else {
        tell_redis(runs, run, RUN_RELEASING);
    }
}

/* An answer that was long on its way (this process was stopped, say) tells what was so then. */
static void on_confirmed(struct runs *runs, struct run *run, enum store_verdict verdict)
{
    int64_t age_ms = clock_mono(&runs->options.timebase->clock).ms - run->asked.ms;
    if (verdict != STORE_DONE || run->cancelled) {
        log_debug("not sent", log_str("why", "a later occurrence of the job has cancelled it"));
        end(runs, run);
    } else if (!runs->may_send || runs->draining) {
        tell_redis(runs, run, RUN_RELEASING);
    } else if (age_ms > RUNS_CONFIRMED_MS && run->confirmations < RUNS_CONFIRM_MAX) {
        send(runs, run);
    } else {
        call(runs, run);
    }
}

/* What Redis has just done made something due again. */
static void tell_due(struct runs *runs, const struct run *run)
{
    if (run->state == RUN_RELEASING) {
        runs->options.on_due(runs->options.arg, run->shard, run->due);
    } else if (run->state == RUN_SKIPPING || run->after == STORE_AFTER_RETRY) {
        runs->options.on_due(runs->options.arg, run->shard, run->next_due);
    }
}

static void on_verdict(void *arg, struct run *run, enum store_verdict verdict)
{
    struct runs *runs = arg;
    if (run->state == RUN_STARTING) {
        on_started(runs, run, verdict);
        return;
    }
    if (run->state == RUN_CONFIRMING) {
        on_confirmed(runs, run, verdict);
        return;
    }
    if (run->state == RUN_FINISHING && verdict == STORE_LOST) {
        run_log_refused(run);
    }
    if (verdict == STORE_DONE) {
        tell_due(runs, run);
    }
    end(runs, run);
}

/* ---- handing back ---- */

/* Hand a run back if it has not been sent. What is on its way to Redis is dealt with when the answer comes.
 */
static void hand_back(struct runs *runs, struct run *run)
{
    bool waits = run->state == RUN_CLAIMED || run->state == RUN_READY;
    bool asks = run->state == RUN_STARTING || run->state == RUN_CONFIRMING;
    if (waits || (asks && outbox_withdraw(runs->options.outbox, run))) {
        tell_redis(runs, run, RUN_RELEASING);
    }
}

static void hand_back_all(struct runs *runs)
{
    for (struct run *run = runs->all, *next; run != NULL; run = next) {
        next = run->next;
        hand_back(runs, run);
    }
}

void runs_set_may_send(struct runs *runs, bool may_send)
{
    bool lost = runs->may_send && !may_send;
    runs->may_send = may_send;
    if (lost) {
        hand_back_all(runs);
    }
}

void runs_drain(struct runs *runs)
{
    runs->draining = true;
    hand_back_all(runs);
}

/* What is on its way to Redis is refused there, for the claim is gone; so is a claim that is to be started.
 */
static void cancel(struct runs *runs, struct run *run)
{
    run_log_cancelled(run);
    run->cancelled = true;
    if (run->state == RUN_READY) {
        end(runs, run);
    } else if (run->call != NULL) {
        http_client_cancel(run->call); /* on_done ends it */
    }
}

void runs_cancel(struct runs *runs, const struct store_attempt *attempt)
{
    for (struct run *run = runs->all, *next; run != NULL; run = next) {
        next = run->next;
        if (run->attempt.token == attempt->token && run->attempt.scheduled.ms == attempt->scheduled.ms &&
            memcmp(run->attempt.job.bytes, attempt->job.bytes, JOB_ID_SIZE) == 0) {
            cancel(runs, run);
        }
    }
}

void runs_abort(struct runs *runs)
{
    for (struct run *run = runs->all; run != NULL; run = run->next) {
        if (run->call != NULL) {
            http_client_cancel(run->call);
        }
    }
}

/* ---- the turn ---- */

/* Its job's next instant is found once: what start and finish tell Redis is the same. */
static void start(struct runs *runs, struct run *run)
{
    if (!job_next(&run->job, run->attempt.scheduled, &run->following)) {
        run->following.ms = INT64_MAX;
    }
    tell_redis(runs, run, RUN_STARTING);
}

/* A run's time has come. */
static void go_on(struct runs *runs, struct run *run)
{
    if (addresses_have(run)) {
        addresses_leave(&runs->addresses, run);
        on_address_known(runs, run);
    } else if (run->place != GATE_AHEAD) {
        put_off_at_gate(runs, run); /* it has waited for its host long enough */
    } else if (run->state == RUN_CLAIMED) {
        start(runs, run);
    } else if (gate_call(&runs->gate, run)) {
        send(runs, run);
    } else {
        wait_for_gate(runs, run);
    }
}

/* Those that waited for their hosts, as far as these let them through now. */
static void let_through(struct runs *runs)
{
    struct run *run;
    while (runs->may_send && (run = gate_next(&runs->gate)) != NULL) {
        if (run->place == GATE_CALLING) {
            send(runs, run);
        } else {
            consider(runs, run);
        }
    }
}

void runs_turn(struct runs *runs)
{
    struct heap_item *first;
    int64_t now_us = timebase_now_us(runs->options.timebase);
    addresses_turn(&runs->addresses);
    let_through(runs);
    while (runs->may_send && (first = heap_first(&runs->waiting)) != NULL && first->at * 1000 <= now_us) {
        go_on(runs, run_of(first));
    }
    first = heap_first(&runs->waiting);
    if (first != NULL && runs->may_send) {
        alarm_set(runs->alarm, timebase_mono_us(runs->options.timebase, (struct wall_ms){first->at}));
    } else {
        alarm_stop(runs->alarm);
    }
}

void runs_sweep(struct runs *runs)
{
    while (runs->ended != NULL) {
        struct run *run = runs->ended;
        runs->ended = run->next;
        free_run(run);
    }
}

enum err runs_init(struct runs *runs, const struct runs_options *options)
{
    *runs = (struct runs){.options = *options};
    const struct gate_limits limits = {
        .max = options->max_in_flight, .per_host = options->max_per_host, .max_slow = options->max_slow};
    gate_init(&runs->gate, &limits, options->timebase->clock);
    runs->alarm = alarm_new(options->loop, options->timebase->clock, on_alarm, runs);
    if (runs->alarm == NULL) {
        return ERR_NOMEM;
    }
    outbox_on_verdict(options->outbox, on_verdict, runs);
    enum err err =
        addresses_init(&runs->addresses, options->loop, options->timebase->clock, on_address_known, runs);
    runs->addresses.wait_max = RUNS_ADDRESSES_MAX * options->max_in_flight;
    return err;
}

void runs_fini(struct runs *runs)
{
    runs_sweep(runs);
    for (struct run *run = runs->all, *next; run != NULL; run = next) {
        next = run->next;
        free_run(run);
    }
    addresses_fini(&runs->addresses);
    gate_fini(&runs->gate);
    heap_fini(&runs->waiting);
    run_texts_fini(&runs->texts);
    alarm_free(runs->alarm);
    *runs = (struct runs){0};
}
