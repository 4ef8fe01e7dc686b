/* attempts: see attempts.h. Keeps the set of attempts, and takes an attempt from its start to its record.
 * attempts_claimed.c brings it to its place at the gate, attempt_step.c decides what to do next, and
 * attempt_call.c makes the call and interprets its outcome. */
#include "run/attempts.h"

#include "base/log.h"
#include "run/attempt_call.h"
#include "run/attempt_step.h"
#include "run/attempts_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct attempt *attempt_of(struct heap_item *item)
{
    return HEAP_OWNER(item, struct attempt, waiting);
}

/* ---- the set of attempts ---- */

static struct attempt *first_of(const struct list *list)
{
    return LIST_OWNER(list->first, struct attempt, in_set);
}

static struct attempt *next_of(const struct attempt *attempt)
{
    return LIST_OWNER(attempt->in_set.next, struct attempt, in_set);
}

void attempts_link(struct attempts *attempts, struct attempt *attempt)
{
    list_insert(&attempts->all, NULL, &attempt->in_set);
}

void attempts_end(struct attempts *attempts, struct attempt *attempt)
{
    attempt_set_state(attempt, ATTEMPT_ENDED);
    heap_remove(&attempts->waiting, &attempt->waiting);
    addresses_leave(&attempts->addresses, attempt);
    gate_leave(&attempts->gate, attempt);
    list_remove(&attempts->all, &attempt->in_set);
    list_append(&attempts->ended, &attempt->in_set);
    attempts->backlog -= attempt->backlog ? 1 : 0;
}

void attempts_ask_redis(struct attempts *attempts, struct attempt *attempt, enum attempt_state state)
{
    heap_remove(&attempts->waiting, &attempt->waiting);
    addresses_leave(&attempts->addresses, attempt);
    if (state != ATTEMPT_STARTING && state != ATTEMPT_CONFIRMING) {
        gate_leave(&attempts->gate, attempt);
    }
    attempt_set_state(attempt, state);
    outbox_put(attempts->options.outbox, attempt);
}

/* Free attempt and all that it owns. */
static void free_attempt(struct attempt *attempt)
{
    buffer_wipe(&attempt->body);
    attempt_secrets_fini(&attempt->secrets);
    job_fini(&attempt->job);
    free(attempt);
}

void attempts_wait_until(struct attempts *attempts, struct attempt *attempt, int64_t at_ms)
{
    heap_remove(&attempts->waiting, &attempt->waiting);
    attempt->waiting.at = at_ms;
    /* What begins at one instant begins with the hosts that are known to answer: they do not wait for many
     * that may hang. */
    attempt->waiting.rank = gate_knows_as_quick(attempt) ? 0 : 1;
    if (heap_push(&attempts->waiting, &attempt->waiting) != ERR_OK) {
        /* Nothing is lost: this runner or another one claims it again. */
        log_error("out of memory", log_str("what", "an attempt that waits"));
        attempts_ask_redis(attempts, attempt, ATTEMPT_RELEASING);
    }
}

/* ---- how many there are ---- */

struct attempts_load attempts_load(const struct attempts *attempts)
{
    size_t outside = attempts->gate.outside;
    return (struct attempts_load){.placed = attempts->all.count - outside - attempts->addresses.waiting,
                                  .outside = outside,
                                  .backlog = attempts->backlog};
}

size_t attempts_count(const struct attempts *attempts)
{
    return attempts->all.count;
}

size_t attempts_calling(const struct attempts *attempts)
{
    return attempts->calling;
}

size_t attempts_tokens(const struct attempts *attempts, unsigned shard, int64_t *out)
{
    size_t count = 0;
    for (const struct attempt *attempt = first_of(&attempts->all); attempt != NULL;
         attempt = next_of(attempt)) {
        if (attempt->shard == shard) {
            out[count++] = attempt->claim.token;
        }
    }
    return count;
}

bool attempts_use_zone(const struct attempts *attempts, const struct zone *zone)
{
    for (const struct attempt *attempt = first_of(&attempts->all); attempt != NULL;
         attempt = next_of(attempt)) {
        bool writes = attempt->state == ATTEMPT_CLAIMED || attempt->state == ATTEMPT_STARTING ||
                      attempt->state == ATTEMPT_SKIPPING || attempt->state == ATTEMPT_RELEASING;
        if (writes && attempt->job.zone == zone) {
            return true;
        }
    }
    return false;
}

/* ---- READY and CALLING ---- */

/* The outcome is known: decide what is next for the occurrence, and record both. */
static void conclude(struct attempts *attempts, struct attempt *attempt)
{
    attempt_decide_after(attempt, cluster_clock_now(attempts_clock(attempts)));
    attempt_log_call(attempt);
    attempts_ask_redis(attempts, attempt, ATTEMPT_FINISHING);
}

static void on_done(void *arg, const struct http_result *result)
{
    struct attempt *attempt = arg;
    struct attempts *attempts = attempt->owner;
    attempt->call = NULL;
    attempt->answered = result->error != HTTP_ERROR_TIMEOUT && result->error != HTTP_ERROR_DNS &&
                        result->error != HTTP_ERROR_ABORTED;
    buffer_wipe(&attempt->body); /* libcurl is done with it */
    attempts->calling--;
    if (attempt->cancelled) {
        attempts_end(attempts, attempt);
        return;
    }
    attempt_note_result(attempt, attempts->options.context->runner, result);
    attempt_secrets_fini(&attempt->secrets);
    conclude(attempts, attempt);
}

static enum err begin_call(struct attempts *attempts, struct attempt *attempt)
{
    struct http_request request;
    struct wall_ms now = cluster_clock_now(attempts_clock(attempts));
    enum err err =
        attempt_make_request(attempt, attempts->options.context->vault, now, &attempts->texts, &request);
    if (err == ERR_OK && attempt->secrets.refused != HTTP_OK) {
        err = ERR_REFUSED;
    }
    addresses_fill(&attempts->addresses, attempt, &request);
    err = err != ERR_OK
              ? err
              : http_client_call(attempts->options.http, &request, on_done, attempt, &attempt->call);
    attempt_texts_forget(&attempts->texts, attempt);
    return err;
}

/* A call that could not be started: nothing of it has left. */
static struct http_result not_started(const struct attempt *attempt, struct wall_ms now)
{
    bool is_refused = attempt->secrets.refused != HTTP_OK;
    struct http_result result = {.error = is_refused ? attempt->secrets.refused : HTTP_ERROR_INTERNAL,
                                 .retry_after_ms = -1,
                                 .started = now};
    (void)snprintf(result.text, sizeof result.text, "%.*s", HTTP_ERROR_SIZE - 1,
                   is_refused ? attempt->secrets.why.text : "the call could not be started");
    return result;
}

static void call(struct attempts *attempts, struct attempt *attempt)
{
    heap_remove(&attempts->waiting, &attempt->waiting);
    if (begin_call(attempts, attempt) == ERR_OK) {
        attempt_set_state(attempt, ATTEMPT_CALLING);
        attempts->calling++;
        return;
    }
    const struct http_result result = not_started(attempt, cluster_clock_now(attempts_clock(attempts)));
    buffer_wipe(&attempt->body);
    attempt_note_result(attempt, attempts->options.context->runner, &result);
    attempt_secrets_fini(&attempt->secrets);
    conclude(attempts, attempt);
}

static struct mono_ms now_of(const struct attempts *attempts)
{
    return clock_mono(&attempts_clock(attempts)->clock);
}

static void confirm(struct attempts *attempts, struct attempt *attempt)
{
    attempt->asked = now_of(attempts);
    attempt->confirmations++;
    attempts_ask_redis(attempts, attempt, ATTEMPT_CONFIRMING);
}

/* Take a step that does not depend on the attempt's state. */
static void take_step(struct attempts *attempts, struct attempt *attempt, enum attempt_step step)
{
    switch (step) {
    case ATTEMPT_STEP_CALL:
        call(attempts, attempt);
        break;
    case ATTEMPT_STEP_CONFIRM:
        confirm(attempts, attempt);
        break;
    case ATTEMPT_STEP_RELEASE:
        attempts_ask_redis(attempts, attempt, ATTEMPT_RELEASING);
        break;
    default:
        attempts_end(attempts, attempt);
        break;
    }
}

/* Its instant has come, and its host has a call free. */
static void send_or_ask(struct attempts *attempts, struct attempt *attempt)
{
    int64_t age_ms = now_of(attempts).ms - attempt->asked.ms;
    take_step(attempts, attempt, attempt_step_ready(attempt, age_ms));
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
        return "no longer ours";
    }
}

static void on_started(struct attempts *attempts, struct attempt *attempt, enum store_verdict verdict)
{
    bool goes_on = verdict == STORE_DONE || verdict == STORE_SETTLED;
    enum attempt_step step = attempt_step_started(attempt, verdict, attempts_may_go_on(attempts));
    if (goes_on && attempt->claim.number == 1 && attempt->following.ms < INT64_MAX) {
        attempts->options.on_due(attempts->options.arg, attempt->shard, attempt->following);
    }
    if (verdict != STORE_DONE) {
        log_debug("start refused", log_str("why", why_not_started(verdict)));
    }
    if (step == ATTEMPT_STEP_WAIT) {
        attempt_set_state(attempt, ATTEMPT_READY);
        attempts_wait_until(attempts, attempt, attempt->due.ms);
    } else {
        take_step(attempts, attempt, step);
    }
}

static void on_confirmed(struct attempts *attempts, struct attempt *attempt, enum store_verdict verdict)
{
    int64_t age_ms = now_of(attempts).ms - attempt->asked.ms;
    enum attempt_step step = attempt_step_confirmed(attempt, verdict, attempts_may_go_on(attempts), age_ms);
    if (verdict != STORE_DONE) {
        log_debug("not sent",
                  log_str("why", verdict == STORE_GONE ? "the job is gone or is paused"
                                                       : "a later occurrence of the job has cancelled it"));
    }
    take_step(attempts, attempt, step);
}

/* Report it if what Redis has just done makes something due. */
static void note_due(struct attempts *attempts, const struct attempt *attempt)
{
    struct wall_ms at;
    if (attempt_step_makes_due(attempt, &at)) {
        attempts->options.on_due(attempts->options.arg, attempt->shard, at);
    }
}

static void on_verdict(void *arg, struct attempt *attempt, enum store_verdict verdict)
{
    struct attempts *attempts = arg;
    if (attempt->state == ATTEMPT_STARTING) {
        on_started(attempts, attempt, verdict);
        return;
    }
    if (attempt->state == ATTEMPT_CONFIRMING) {
        on_confirmed(attempts, attempt, verdict);
        return;
    }
    if (attempt->state == ATTEMPT_FINISHING && verdict == STORE_LOST) {
        attempt_log_refused(attempt);
    }
    if (verdict == STORE_DONE) {
        note_due(attempts, attempt);
    }
    attempts_end(attempts, attempt);
}

/* ---- handing back ---- */

/* Hand an attempt back if it has not been sent. If Redis has not answered for it yet, the answer decides. */
static void hand_back(struct attempts *attempts, struct attempt *attempt)
{
    bool waits = attempt->state == ATTEMPT_CLAIMED || attempt->state == ATTEMPT_READY;
    bool asks = attempt->state == ATTEMPT_STARTING || attempt->state == ATTEMPT_CONFIRMING;
    if (waits || (asks && outbox_withdraw(attempts->options.outbox, attempt))) {
        attempts_ask_redis(attempts, attempt, ATTEMPT_RELEASING);
    }
}

static void hand_back_all(struct attempts *attempts)
{
    for (struct attempt *attempt = first_of(&attempts->all), *next; attempt != NULL; attempt = next) {
        next = next_of(attempt);
        hand_back(attempts, attempt);
    }
}

bool attempts_may_go_on(const struct attempts *attempts)
{
    return attempts->lease_is_valid && !attempts->draining;
}

void attempts_set_lease(struct attempts *attempts, bool is_valid)
{
    bool lost = attempts->lease_is_valid && !is_valid;
    attempts->lease_is_valid = is_valid;
    if (lost) {
        hand_back_all(attempts);
    }
}

void attempts_drain(struct attempts *attempts)
{
    attempts->draining = true;
    hand_back_all(attempts);
}

/* The claim is gone, so Redis refuses a command that is under way, or a start that is not sent yet. */
static void cancel(struct attempts *attempts, struct attempt *attempt)
{
    attempt_log_cancelled(attempt);
    attempt->cancelled = true;
    if (attempt->state == ATTEMPT_READY) {
        attempts_end(attempts, attempt);
    } else if (attempt->call != NULL) {
        http_client_cancel(attempt->call); /* on_done ends it */
    }
}

void attempts_cancel(struct attempts *attempts, const struct store_attempt *claim)
{
    for (struct attempt *attempt = first_of(&attempts->all), *next; attempt != NULL; attempt = next) {
        next = next_of(attempt);
        if (attempt->claim.token == claim->token && attempt->claim.scheduled.ms == claim->scheduled.ms &&
            memcmp(attempt->claim.job.bytes, claim->job.bytes, JOB_ID_SIZE) == 0) {
            cancel(attempts, attempt);
        }
    }
}

void attempts_abort(struct attempts *attempts)
{
    for (struct attempt *attempt = first_of(&attempts->all); attempt != NULL; attempt = next_of(attempt)) {
        if (attempt->call != NULL) {
            http_client_cancel(attempt->call);
        }
    }
}

/* ---- the turn ---- */

/* The job's next instant is computed once: start and finish write the same. */
static void start(struct attempts *attempts, struct attempt *attempt)
{
    if (!job_next(&attempt->job, attempt->claim.scheduled, &attempt->following)) {
        attempt->following.ms = INT64_MAX;
    }
    attempt->asked = now_of(attempts);
    attempts_ask_redis(attempts, attempt, ATTEMPT_STARTING);
}

/* Go on with an attempt whose time has come. */
static void go_on(struct attempts *attempts, struct attempt *attempt)
{
    if (addresses_have(attempt)) {
        addresses_leave(&attempts->addresses, attempt);
        attempts_on_address_known(attempts, attempt);
    } else if (attempt->place != GATE_AHEAD) {
        attempts_put_off_at_gate(attempts, attempt); /* it has waited for its host long enough */
    } else if (attempt->state == ATTEMPT_CLAIMED && attempts_wait_for_vault(attempts, attempt)) {
        return;
    } else if (attempt->state == ATTEMPT_CLAIMED) {
        start(attempts, attempt);
    } else if (gate_call(&attempts->gate, attempt)) {
        send_or_ask(attempts, attempt);
    } else {
        attempts_wait_for_gate(attempts, attempt);
    }
}

/* Go on with those attempts that waited for a place at their hosts and have one now. */
static void let_through(struct attempts *attempts)
{
    struct attempt *attempt;
    while (attempts->lease_is_valid && (attempt = gate_next(&attempts->gate)) != NULL) {
        if (attempt->place == GATE_CALLING) {
            send_or_ask(attempts, attempt);
        } else {
            attempts_consider(attempts, attempt);
        }
    }
}

/* Wake when the next attempt that waits goes on. */
static void set_alarm(struct attempts *attempts)
{
    struct heap_item *first = heap_first(&attempts->waiting);
    if (first != NULL && attempts->lease_is_valid) {
        alarm_set(attempts->alarm,
                  cluster_clock_mono_us(attempts_clock(attempts), (struct wall_ms){first->at}));
    } else {
        alarm_stop(attempts->alarm);
    }
}

void attempts_turn(struct attempts *attempts)
{
    struct heap_item *first;
    int64_t now_us = cluster_clock_now_us(attempts_clock(attempts));
    addresses_turn(&attempts->addresses);
    let_through(attempts);
    while (attempts->lease_is_valid && (first = heap_first(&attempts->waiting)) != NULL &&
           first->at * 1000 <= now_us) {
        go_on(attempts, attempt_of(first));
    }
    set_alarm(attempts);
}

/* Free all of list. */
static void free_all(struct list *list)
{
    for (struct list_item *item = list_pop(list); item != NULL; item = list_pop(list)) {
        free_attempt(LIST_OWNER(item, struct attempt, in_set));
    }
}

void attempts_sweep(struct attempts *attempts)
{
    free_all(&attempts->ended);
}

enum err attempts_init(struct attempts *attempts, const struct attempts_options *options)
{
    struct loop *loop = options->context->loop;
    struct clock clock = options->context->cluster_clock->clock;
    *attempts = (struct attempts){.options = *options};
    const struct gate_limits limits = {
        .max = options->max_in_flight, .per_host = options->max_per_host, .max_slow = options->max_slow};
    gate_init(&attempts->gate, &limits, clock);
    attempts->alarm = alarm_new(loop, clock, NULL, NULL);
    if (attempts->alarm == NULL) {
        return ERR_NOMEM;
    }
    outbox_on_verdict(options->outbox, on_verdict, attempts);
    enum err err = addresses_init(&attempts->addresses, loop, clock, attempts_on_address_known, attempts);
    attempts->addresses.wait_max = ATTEMPTS_ADDRESSES_MAX * options->max_in_flight;
    return err;
}

void attempts_fini(struct attempts *attempts)
{
    free_all(&attempts->ended);
    free_all(&attempts->all);
    addresses_fini(&attempts->addresses);
    gate_fini(&attempts->gate);
    heap_fini(&attempts->waiting);
    attempt_texts_fini(&attempts->texts);
    alarm_free(attempts->alarm);
    *attempts = (struct attempts){0};
}
