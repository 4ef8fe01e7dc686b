/* recovery: see recovery.h. */
#include "cluster/recovery.h"

#include "base/log.h"
#include "run/policy.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(RETRY_ATTEMPTS == STORE_ATTEMPTS, "scripts and runner count the same");

/* A command about one runner in one shard. */
struct recovery_step {
    struct recovery *recovery;
    unsigned shard;
    bool last; /* of a dead runner's shards: then it is taken off the list */
    char runner[STORE_RUNNER_ID_MAX + 1];
};

void recovery_init(struct recovery *recovery, const struct runner_context *context, int64_t lease_ms)
{
    *recovery = (struct recovery){.context = context, .lease_ms = lease_ms};
}

/* Send cmd as a step like `step`, a copy of which cb gets and frees. Returns false if it could not be sent.
 */
static bool submit(const struct recovery_step *step, struct cmd *cmd, redis_link_cb *cb)
{
    struct recovery_step *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        cmd_fini(cmd);
        return false;
    }
    *copy = *step;
    if (redis_link_submit(step->recovery->context->link, cmd, cb, copy) != ERR_OK) {
        free(copy);
        return false;
    }
    return true;
}

static struct recovery_step make_step(struct recovery *recovery, unsigned shard, const char *runner,
                                      bool last)
{
    struct recovery_step step = {.recovery = recovery, .shard = shard, .last = last};
    size_t len = strnlen(runner, STORE_RUNNER_ID_MAX);
    memcpy(step.runner, runner, len);
    step.runner[len] = '\0';
    return step;
}

/* ---- the dead ---- */

static void hand_on(const struct recovery_step *step);

static void forget(struct recovery *recovery, const char *runner)
{
    struct cmd cmd;
    store_forget(&cmd, runner, true);
    if (redis_link_submit(recovery->context->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("runner stays on the list for now", log_str("runner", runner));
    }
}

static void on_handed_on(void *arg, const struct reply *reply)
{
    const struct recovery_step step = *(struct recovery_step *)arg;
    struct store_recovered done;
    struct errinfo info;
    free(arg);
    step.recovery->under_way--;
    if (reply == NULL) {
        return; /* it is still on the list, and found again */
    }
    if (store_recover_reply(reply, &done, &info) != ERR_OK) {
        log_warn("recovery refused", log_str("runner", step.runner), log_str("error", info.text));
        return;
    }
    if (done.handed_on > 0 || done.lost > 0) {
        log_warn("claims of a dead runner handed on", log_str("runner", step.runner),
                 log_i64("shard", step.shard), log_i64("handed_on", done.handed_on),
                 log_i64("lost", done.lost));
    }
    if (done.more) {
        hand_on(&step);
    } else if (step.last) {
        forget(step.recovery, step.runner);
    }
}

static void hand_on(const struct recovery_step *step)
{
    struct recovery *recovery = step->recovery;
    struct cmd cmd;
    store_recover(&cmd, step->shard, step->runner, &recovery->context->keep);
    recovery->under_way += submit(step, &cmd, on_handed_on) ? 1 : 0;
}

/* Hand on all shards of a dead runner. Answers come in the order of the commands, so the last shard's comes
 * last, unless an earlier shard has more than a batch. If this runner dies then, `holders` shows the rest. */
static void take_over(struct recovery *recovery, const char *dead)
{
    log_warn("a runner has died", log_str("runner", dead));
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        const struct recovery_step step = make_step(recovery, shard, dead, shard == STORE_SHARDS - 1);
        hand_on(&step);
    }
}

bool recovery_is_dead(const struct store_runner *runner, const char *own, struct wall_ms redis_now)
{
    return runner->expiry.ms < redis_now.ms && strcmp(runner->id, own) != 0;
}

void recovery_take_over(struct recovery *recovery, const struct store_runner *runners, size_t count,
                        struct wall_ms redis_now)
{
    if (recovery->under_way > 0) {
        return; /* those that an earlier heartbeat found dead would be found again */
    }
    for (size_t i = 0; i < count; i++) {
        if (recovery_is_dead(&runners[i], recovery->context->runner, redis_now)) {
            take_over(recovery, runners[i].id);
        }
    }
}

/* ---- the forgotten ---- */

static void on_holders(void *arg, const struct reply *reply)
{
    struct recovery *recovery = arg;
    recovery->holder_count = 0;
    if (reply == NULL || reply->kind != REPLY_ARRAY) {
        return;
    }
    for (size_t i = 0; i < reply->count && recovery->holder_count < RECOVERY_HOLDERS_MAX; i++) {
        struct slice id = reply->items[i];
        if (id.data != NULL && id.len <= STORE_RUNNER_ID_MAX) {
            char *holder = recovery->holders[recovery->holder_count++];
            memcpy(holder, id.data, id.len);
            holder[id.len] = '\0';
        }
    }
}

void recovery_ask(struct recovery *recovery)
{
    struct cmd cmd;
    recovery->shard = (recovery->shard + 1) % STORE_SHARDS;
    recovery->holder_count = 0;
    store_holders(&cmd, recovery->shard);
    if (redis_link_submit(recovery->context->link, &cmd, on_holders, recovery) != ERR_OK) {
        log_debug("holders not asked for", log_i64("shard", recovery->shard));
    }
}

/* It holds something, and is not on the list: renew its lease on its behalf. */
static void on_tidied(void *arg, const struct reply *reply)
{
    const struct recovery_step step = *(struct recovery_step *)arg;
    struct errinfo info;
    struct cmd cmd;
    bool holds;
    free(arg);
    if (reply == NULL || store_tidy_reply(reply, &holds, &info) != ERR_OK || !holds) {
        return;
    }
    log_warn("a runner that holds claims was not on the list", log_str("runner", step.runner));
    store_heartbeat(&cmd, step.runner, step.recovery->lease_ms);
    if (redis_link_submit(step.recovery->context->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("runner stays off the list for now", log_str("runner", step.runner));
    }
}

static bool is_on_list(const char *id, const struct store_runner *runners, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(id, runners[i].id) == 0) {
            return true;
        }
    }
    return false;
}

void recovery_look_at_holders(struct recovery *recovery, const struct store_runner *runners, size_t count)
{
    for (size_t i = 0; i < recovery->holder_count; i++) {
        const char *holder = recovery->holders[i];
        if (!is_on_list(holder, runners, count)) {
            const struct recovery_step step = make_step(recovery, recovery->shard, holder, false);
            struct cmd cmd;
            store_tidy(&cmd, recovery->shard, holder);
            (void)submit(&step, &cmd, on_tidied);
        }
    }
    recovery->holder_count = 0;
}
