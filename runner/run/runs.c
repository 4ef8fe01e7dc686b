/* runs: see runs.h. The set of runs, and what happens to a run from its start to its record. How it comes to
 * its place at the gate is in runs_claimed.c, the call itself and its outcome in run_call.c. */
#include "run/runs.h"

#include "base/log.h"
#include "run/run_call.h"
#include "run/runs_internal.h"

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

void runs_link(struct runs *runs, struct run *run)
{
    run->next = runs->all;
    if (run->next != NULL) {
        run->next->prev = run;
    }
    runs->all = run;
    runs->count++;
}

/* The run is over: out of the list, and freed when nobody is looking at it any more. */
void runs_end(struct runs *runs, struct run *run)
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

void runs_tell_redis(struct runs *runs, struct run *run, enum run_state state)
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

void runs_wait_until(struct runs *runs, struct run *run, int64_t at_ms)
{
    heap_remove(&runs->waiting, &run->waiting);
    run->waiting.at = at_ms;
    if (heap_push(&runs->waiting, &run->waiting) != ERR_OK) {
        /* Nothing is lost: another runner, or this one, claims it again. */
        log_error("out of memory", log_str("what", "a run that waits"));
        runs_tell_redis(runs, run, RUN_RELEASING);
    }
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
    runs_tell_redis(runs, run, RUN_FINISHING);
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
        runs_end(runs, run);
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
    runs_tell_redis(runs, run, RUN_CONFIRMING);
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
        runs_end(runs, run);
    } else if (runs->may_send && !runs->draining) {
        run_set_state(run, RUN_READY);
        runs_wait_until(runs, run, run->due.ms);
    } else {
        runs_tell_redis(runs, run, RUN_RELEASING);
    }
}

/* An answer that was long on its way (this process was stopped, say) tells what was so then. */
static void on_confirmed(struct runs *runs, struct run *run, enum store_verdict verdict)
{
    int64_t age_ms = clock_mono(&runs->options.timebase->clock).ms - run->asked.ms;
    if (verdict != STORE_DONE || run->cancelled) {
        log_debug("not sent", log_str("why", "a later occurrence of the job has cancelled it"));
        runs_end(runs, run);
    } else if (!runs->may_send || runs->draining) {
        runs_tell_redis(runs, run, RUN_RELEASING);
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
    runs_end(runs, run);
}

/* ---- handing back ---- */

/* Hand a run back if it has not been sent. What is on its way to Redis is dealt with when the answer comes.
 */
static void hand_back(struct runs *runs, struct run *run)
{
    bool waits = run->state == RUN_CLAIMED || run->state == RUN_READY;
    bool asks = run->state == RUN_STARTING || run->state == RUN_CONFIRMING;
    if (waits || (asks && outbox_withdraw(runs->options.outbox, run))) {
        runs_tell_redis(runs, run, RUN_RELEASING);
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
        runs_end(runs, run);
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
    runs_tell_redis(runs, run, RUN_STARTING);
}

/* A run's time has come. */
static void go_on(struct runs *runs, struct run *run)
{
    if (addresses_have(run)) {
        addresses_leave(&runs->addresses, run);
        runs_on_address_known(runs, run);
    } else if (run->place != GATE_AHEAD) {
        runs_put_off_at_gate(runs, run); /* it has waited for its host long enough */
    } else if (run->state == RUN_CLAIMED) {
        start(runs, run);
    } else if (gate_call(&runs->gate, run)) {
        send(runs, run);
    } else {
        runs_wait_for_gate(runs, run);
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
            runs_consider(runs, run);
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
    enum err err = addresses_init(&runs->addresses, options->loop, options->timebase->clock,
                                  runs_on_address_known, runs);
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
