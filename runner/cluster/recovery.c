/* recovery: see recovery.h. */
#include "cluster/recovery.h"

#include "base/log.h"
#include "run/policy.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(RETRY_ATTEMPTS == STORE_ATTEMPTS, "scripts and runner count the same");

/* One command about one runner in one shard. */
struct inquest {
    struct recovery *recovery;
    unsigned shard;
    bool last; /* of a dead runner's shards: then it is taken off the list */
    char runner[STORE_RUNNER_ID_MAX + 1];
};

void recovery_init(struct recovery *recovery, struct redis_link *link, const char *runner, int64_t lease_ms)
{
    *recovery =
        (struct recovery){.link = link, .runner = runner, .lease_ms = lease_ms, .keep = STORE_KEEP_STANDARD};
}

/* Send cmd about runner. cb frees the inquest. False: it could not be sent. */
static bool inquire(struct recovery *recovery, struct cmd *cmd, redis_link_cb *cb,
                    const struct inquest *about)
{
    struct inquest *inquest = malloc(sizeof *inquest);
    if (inquest == NULL) {
        cmd_fini(cmd);
        return false;
    }
    *inquest = *about;
    if (redis_link_submit(recovery->link, cmd, cb, inquest) != ERR_OK) {
        free(inquest);
        return false;
    }
    return true;
}

static struct inquest make_inquest(struct recovery *recovery, unsigned shard, const char *runner, bool last)
{
    struct inquest inquest = {.recovery = recovery, .shard = shard, .last = last};
    size_t len = strnlen(runner, STORE_RUNNER_ID_MAX);
    memcpy(inquest.runner, runner, len);
    inquest.runner[len] = '\0';
    return inquest;
}

/* ---- the dead ---- */

static void hand_on(struct recovery *recovery, const struct inquest *about);

static void forget(struct recovery *recovery, const char *runner)
{
    struct cmd cmd;
    store_forget(&cmd, runner, true);
    if (redis_link_submit(recovery->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("runner stays on the list for now", log_str("runner", runner));
    }
}

static void on_handed_on(void *arg, const struct reply *reply)
{
    struct inquest inquest = *(struct inquest *)arg;
    struct recovery *recovery = inquest.recovery;
    struct store_recovered done;
    struct errinfo info;
    free(arg);
    recovery->under_way--;
    if (reply == NULL) {
        return; /* it is still on the list: it is found again */
    }
    if (store_recover_reply(reply, &done, &info) != ERR_OK) {
        log_warn("recovery refused", log_str("runner", inquest.runner), log_str("error", info.text));
        return;
    }
    if (done.handed_on > 0 || done.lost > 0) {
        log_warn("claims of a dead runner handed on", log_str("runner", inquest.runner),
                 log_i64("shard", inquest.shard), log_i64("handed_on", done.handed_on),
                 log_i64("lost", done.lost));
    }
    if (done.more) {
        hand_on(recovery, &inquest);
    } else if (inquest.last) {
        forget(recovery, inquest.runner);
    }
}

static void hand_on(struct recovery *recovery, const struct inquest *about)
{
    struct cmd cmd;
    store_recover(&cmd, about->shard, about->runner, &recovery->keep);
    recovery->under_way += inquire(recovery, &cmd, on_handed_on, about) ? 1 : 0;
}

/* All shards of a dead runner. Answers come in the order of the commands, so the last shard's comes last,
 * unless an earlier one has more than a batch: should this runner die then, the rest is found by its holders.
 */
static void bury(struct recovery *recovery, const char *dead)
{
    log_warn("a runner has died", log_str("runner", dead));
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        struct inquest inquest = make_inquest(recovery, shard, dead, shard == STORE_SHARDS - 1);
        hand_on(recovery, &inquest);
    }
}

void recovery_bury(struct recovery *recovery, const struct store_runner *runners, size_t count,
                   struct wall_ms redis_now)
{
    if (recovery->under_way > 0) {
        return; /* of an earlier beat: they would be found dead twice */
    }
    for (size_t i = 0; i < count; i++) {
        if (runners[i].expiry.ms < redis_now.ms && strcmp(runners[i].id, recovery->runner) != 0) {
            bury(recovery, runners[i].id);
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
    if (redis_link_submit(recovery->link, &cmd, on_holders, recovery) != ERR_OK) {
        log_debug("holders not asked for", log_i64("shard", recovery->shard));
    }
}

/* Holds something, and is not on the list: a lease on its behalf. */
static void on_tidied(void *arg, const struct reply *reply)
{
    struct inquest inquest = *(struct inquest *)arg;
    struct errinfo info;
    struct cmd cmd;
    bool holds;
    free(arg);
    if (reply == NULL || store_tidy_reply(reply, &holds, &info) != ERR_OK || !holds) {
        return;
    }
    log_warn("a runner that holds claims was not on the list", log_str("runner", inquest.runner));
    store_heartbeat(&cmd, inquest.runner, inquest.recovery->lease_ms);
    if (redis_link_submit(inquest.recovery->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("runner stays off the list for now", log_str("runner", inquest.runner));
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
            struct inquest inquest = make_inquest(recovery, recovery->shard, holder, false);
            struct cmd cmd;
            store_tidy(&cmd, recovery->shard, holder);
            (void)inquire(recovery, &cmd, on_tidied, &inquest);
        }
    }
    recovery->holder_count = 0;
}
