/* runs: see runs.h. The set of runs, and what happens to a run from its start to its record. How it comes to
 * its place at the gate is in runs_claimed.c, what to do next in run_step.c, the call itself and its outcome
 * in run_call.c. */
#include "run/runs.h"

#include "base/log.h"
#include "run/run_call.h"
#include "run/run_step.h"
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

static struct run *first_of(const struct list *list)
{
    return LIST_OWNER(list->first, struct run, in_set);
}

static struct run *next_of(const struct run *run)
{
    return LIST_OWNER(run->in_set.next, struct run, in_set);
}

void runs_link(struct runs *runs, struct run *run)
{
    list_insert(&runs->all, NULL, &run->in_set);
}

void runs_end(struct runs *runs, struct run *run)
{
    run_set_state(run, RUN_ENDED);
    heap_remove(&runs->waiting, &run->waiting);
    addresses_leave(&runs->addresses, run);
    gate_leave(&runs->gate, run);
    list_remove(&runs->all, &run->in_set);
    list_append(&runs->ended, &run->in_set);
    runs->backlog -= run->backlog ? 1 : 0;
}

void runs_ask_redis(struct runs *runs, struct run *run, enum run_state state)
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
        runs_ask_redis(runs, run, RUN_RELEASING);
    }
}

/* ---- how many there are ---- */

struct runs_load runs_load(const struct runs *runs)
{
    size_t outside = runs->gate.outside;
    return (struct runs_load){.placed = runs->all.count - outside - runs->addresses.waiting,
                              .outside = outside,
                              .backlog = runs->backlog};
}

size_t runs_count(const struct runs *runs)
{
    return runs->all.count;
}

size_t runs_calling(const struct runs *runs)
{
    return runs->calling;
}

size_t runs_tokens(const struct runs *runs, unsigned shard, int64_t *out)
{
    size_t count = 0;
    for (const struct run *run = first_of(&runs->all); run != NULL; run = next_of(run)) {
        if (run->shard == shard) {
            out[count++] = run->attempt.token;
        }
    }
    return count;
}

bool runs_hold_zone(const struct runs *runs, const struct zone *zone)
{
    for (const struct run *run = first_of(&runs->all); run != NULL; run = next_of(run)) {
        bool writes = run->state == RUN_CLAIMED || run->state == RUN_STARTING || run->state == RUN_SKIPPING ||
                      run->state == RUN_RELEASING;
        if (writes && run->job.zone == zone) {
            return true;
        }
    }
    return false;
}

/* ---- READY and CALLING ---- */

/* The outcome is known: decide what is next for the occurrence, and record both. */
static void conclude(struct runs *runs, struct run *run)
{
    run_decide_after(run, cluster_clock_now(runs->cluster_clock));
    run_log_call(run);
    runs_ask_redis(runs, run, RUN_FINISHING);
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
    run_note_result(run, runs->options.context->runner, result);
    conclude(runs, run);
}

static enum err begin_call(struct runs *runs, struct run *run)
{
    struct http_request request;
    enum err err = run_make_request(run, &runs->texts, &request);
    addresses_fill(&runs->addresses, run, &request);
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
                                       .started = cluster_clock_now(runs->cluster_clock),
                                       .text = "the call could not be started"};
    run_note_result(run, runs->options.context->runner, &result);
    conclude(runs, run);
}

static void confirm(struct runs *runs, struct run *run)
{
    run->asked = clock_mono(&runs->cluster_clock->clock);
    run->confirmations++;
    runs_ask_redis(runs, run, RUN_CONFIRMING);
}

/* Take a step that does not depend on where the run comes from. */
static void take_step(struct runs *runs, struct run *run, enum run_step step)
{
    switch (step) {
    case RUN_STEP_CALL:
        call(runs, run);
        break;
    case RUN_STEP_CONFIRM:
        confirm(runs, run);
        break;
    case RUN_STEP_RELEASE:
        runs_ask_redis(runs, run, RUN_RELEASING);
        break;
    default:
        runs_end(runs, run);
        break;
    }
}

/* ---- Redis' verdicts ---- */

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
    enum run_step step = run_step_started(run, verdict, runs_may_go_on(runs));
    if (goes_on && run->attempt.number == 1 && run->following.ms < INT64_MAX) {
        runs->options.on_due(runs->options.arg, run->shard, run->following);
    }
    if (verdict != STORE_DONE) {
        log_debug("start refused", log_str("why", why_not_started(verdict)));
    }
    if (step == RUN_STEP_WAIT) {
        run_set_state(run, RUN_READY);
        runs_wait_until(runs, run, run->due.ms);
    } else {
        take_step(runs, run, step);
    }
}

static void on_confirmed(struct runs *runs, struct run *run, enum store_verdict verdict)
{
    int64_t age_ms = clock_mono(&runs->cluster_clock->clock).ms - run->asked.ms;
    enum run_step step = run_step_confirmed(run, verdict, runs_may_go_on(runs), age_ms);
    if (step == RUN_STEP_END) {
        log_debug("not sent", log_str("why", "a later occurrence of the job has cancelled it"));
    }
    take_step(runs, run, step);
}

/* What Redis has just done may have made something due. */
static void note_due(struct runs *runs, const struct run *run)
{
    struct wall_ms at;
    if (run_step_makes_due(run, &at)) {
        runs->options.on_due(runs->options.arg, run->shard, at);
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
        note_due(runs, run);
    }
    runs_end(runs, run);
}

/* ---- handing back ---- */

/* Hand a run back if it has not been sent. If Redis has yet to answer for it, the answer decides. */
static void hand_back(struct runs *runs, struct run *run)
{
    bool waits = run->state == RUN_CLAIMED || run->state == RUN_READY;
    bool asks = run->state == RUN_STARTING || run->state == RUN_CONFIRMING;
    if (waits || (asks && outbox_withdraw(runs->options.outbox, run))) {
        runs_ask_redis(runs, run, RUN_RELEASING);
    }
}

static void hand_back_all(struct runs *runs)
{
    for (struct run *run = first_of(&runs->all), *next; run != NULL; run = next) {
        next = next_of(run);
        hand_back(runs, run);
    }
}

bool runs_may_go_on(const struct runs *runs)
{
    return runs->lease_is_valid && !runs->draining;
}

void runs_set_lease(struct runs *runs, bool is_valid)
{
    bool lost = runs->lease_is_valid && !is_valid;
    runs->lease_is_valid = is_valid;
    if (lost) {
        hand_back_all(runs);
    }
}

void runs_drain(struct runs *runs)
{
    runs->draining = true;
    hand_back_all(runs);
}

/* Redis refuses what is under way to it, as the claim is gone; so it does a start that is yet to be asked
 * for. */
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
    for (struct run *run = first_of(&runs->all), *next; run != NULL; run = next) {
        next = next_of(run);
        if (run->attempt.token == attempt->token && run->attempt.scheduled.ms == attempt->scheduled.ms &&
            memcmp(run->attempt.job.bytes, attempt->job.bytes, JOB_ID_SIZE) == 0) {
            cancel(runs, run);
        }
    }
}

void runs_abort(struct runs *runs)
{
    for (struct run *run = first_of(&runs->all); run != NULL; run = next_of(run)) {
        if (run->call != NULL) {
            http_client_cancel(run->call);
        }
    }
}

/* ---- the turn ---- */

/* The job's next instant is computed once: start and finish write the same. */
static void start(struct runs *runs, struct run *run)
{
    if (!job_next(&run->job, run->attempt.scheduled, &run->following)) {
        run->following.ms = INT64_MAX;
    }
    runs_ask_redis(runs, run, RUN_STARTING);
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
        take_step(runs, run, run_step_ready(run));
    } else {
        runs_wait_for_gate(runs, run);
    }
}

/* Go on with those that waited for their hosts, as far as these let them through now. */
static void let_through(struct runs *runs)
{
    struct run *run;
    while (runs->lease_is_valid && (run = gate_next(&runs->gate)) != NULL) {
        if (run->place == GATE_CALLING) {
            take_step(runs, run, run_step_ready(run));
        } else {
            runs_consider(runs, run);
        }
    }
}

/* Wake when the next run that waits goes on. */
static void set_alarm(struct runs *runs)
{
    struct heap_item *first = heap_first(&runs->waiting);
    if (first != NULL && runs->lease_is_valid) {
        alarm_set(runs->alarm, cluster_clock_mono_us(runs->cluster_clock, (struct wall_ms){first->at}));
    } else {
        alarm_stop(runs->alarm);
    }
}

void runs_turn(struct runs *runs)
{
    struct heap_item *first;
    int64_t now_us = cluster_clock_now_us(runs->cluster_clock);
    addresses_turn(&runs->addresses);
    let_through(runs);
    while (runs->lease_is_valid && (first = heap_first(&runs->waiting)) != NULL &&
           first->at * 1000 <= now_us) {
        go_on(runs, run_of(first));
    }
    set_alarm(runs);
}

/* Free all of list. */
static void free_all(struct list *list)
{
    for (struct list_item *item = list_pop(list); item != NULL; item = list_pop(list)) {
        free_run(LIST_OWNER(item, struct run, in_set));
    }
}

void runs_sweep(struct runs *runs)
{
    free_all(&runs->ended);
}

enum err runs_init(struct runs *runs, const struct runs_options *options)
{
    struct loop *loop = options->context->loop;
    struct clock clock = options->context->cluster_clock->clock;
    *runs = (struct runs){.options = *options, .cluster_clock = options->context->cluster_clock};
    const struct gate_limits limits = {
        .max = options->max_in_flight, .per_host = options->max_per_host, .max_slow = options->max_slow};
    gate_init(&runs->gate, &limits, clock);
    runs->alarm = alarm_new(loop, clock, on_alarm, runs);
    if (runs->alarm == NULL) {
        return ERR_NOMEM;
    }
    outbox_on_verdict(options->outbox, on_verdict, runs);
    enum err err = addresses_init(&runs->addresses, loop, clock, runs_on_address_known, runs);
    runs->addresses.wait_max = RUNS_ADDRESSES_MAX * options->max_in_flight;
    return err;
}

void runs_fini(struct runs *runs)
{
    free_all(&runs->ended);
    free_all(&runs->all);
    addresses_fini(&runs->addresses);
    gate_fini(&runs->gate);
    heap_fini(&runs->waiting);
    run_texts_fini(&runs->texts);
    alarm_free(runs->alarm);
    *runs = (struct runs){0};
}
