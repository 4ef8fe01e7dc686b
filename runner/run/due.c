/* due: see due.h. Sends the claims that the plan asks for, and hands their answers to attempts. */
#include "run/due.h"

#include "base/log.h"

#include <stdlib.h>

/* A claim under way. */
struct claim {
    struct due *due;
    struct due_ask ask;
};

enum err due_init(struct due *due, const struct runner_context *context, struct attempts *attempts,
                  size_t capacity)
{
    *due = (struct due){.context = context, .attempts = attempts, .plan = {.capacity = capacity}};
    due->timer = loop_timer_new(context->loop, NULL, NULL);
    return due->timer != NULL ? ERR_OK : ERR_NOMEM;
}

void due_fini(struct due *due)
{
    loop_timer_free(due->timer);
    due->timer = NULL;
}

void due_note(struct due *due, unsigned shard, struct wall_ms at)
{
    due_plan_note(&due->plan, shard, at);
}

void due_ask_all(struct due *due)
{
    due_plan_ask_all(&due->plan);
}

bool due_is_asking(const struct due *due)
{
    return due->plan.asking > 0;
}

static struct wall_ms now(const struct due *due)
{
    return cluster_clock_now(due->context->cluster_clock);
}

/* ---- answers ---- */

static void take(struct due *due, unsigned shard, const struct reply *reply, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct store_claimed claimed;
        struct errinfo info = {0};
        enum err err = store_claim_at(reply, i, &claimed, &info);
        if (err == ERR_OK) {
            err = attempts_add(due->attempts, shard, &claimed);
        }
        if (err != ERR_OK) {
            log_error("claim unusable", log_str("error", info.text[0] != '\0' ? info.text : err_name(err)));
        }
    }
}

static void complain_once(struct due *due, const char *why)
{
    if (!due->complained) {
        log_warn("redis refuses claims", log_str("error", why));
        due->complained = true;
    }
}

static enum due_answer read_answer(struct due *due, const struct reply *reply, struct store_claim_left *left,
                                   size_t *count)
{
    struct errinfo info;
    *count = 0;
    if (reply == NULL) {
        return DUE_LOST;
    }
    if (store_claim_reply(reply, left, count, &info) != ERR_OK) {
        *count = 0;
        complain_once(due, info.text);
        return DUE_REFUSED;
    }
    due->complained = false;
    return DUE_CLAIMED;
}

static void on_claimed(void *arg, const struct reply *reply)
{
    struct claim claim = *(struct claim *)arg;
    struct due *due = claim.due;
    struct store_claim_left left;
    size_t count;
    free(arg);
    enum due_answer answer = read_answer(due, reply, &left, &count);
    due_plan_answered(&due->plan, &claim.ask, answer, &left, now(due));
    take(due, claim.ask.shard, reply, count);
}

/* ---- claims ---- */

static bool send(struct due *due, const struct due_ask *ask, struct wall_ms at)
{
    const struct runner_context *context = due->context;
    struct claim *claim = malloc(sizeof *claim);
    struct cmd cmd;
    if (claim == NULL) {
        return false;
    }
    *claim = (struct claim){due, *ask};
    const struct store_claim_bounds bounds = {.until = {at.ms + DUE_LOOK_AHEAD_MS},
                                              .limit = (int)ask->limit,
                                              .fresh_from = {at.ms - ATTEMPTS_BACKLOG_MS},
                                              .backlog_limit = (int)ask->backlog_limit};
    store_claim(&cmd, ask->shard, context->runner, &bounds, &context->keep);
    if (redis_link_submit(context->link, &cmd, on_claimed, claim) != ERR_OK) {
        free(claim);
        return false;
    }
    return true;
}

static void set_timer(struct due *due, const struct attempts_load *load, struct wall_ms at)
{
    int64_t delay_ms;
    if (due_plan_sleep(&due->plan, load, at, &delay_ms)) {
        loop_timer_set(due->timer, delay_ms);
    } else {
        loop_timer_stop(due->timer);
    }
}

void due_turn(struct due *due)
{
    struct due_ask asks[DUE_ASKING_MAX];
    if (!redis_link_is_up(due->context->link) || !attempts_may_go_on(due->attempts)) {
        loop_timer_stop(due->timer);
        return;
    }
    const struct attempts_load load = attempts_load(due->attempts);
    struct wall_ms at = now(due);
    size_t count = due_plan_asks(&due->plan, &load, at, asks);
    for (size_t i = 0; i < count; i++) {
        if (!send(due, &asks[i], at)) {
            due_plan_unsent(&due->plan, &asks[i], at);
        }
    }
    set_timer(due, &load, at);
}
