/* reconcile: see reconcile.h. */
#include "cluster/reconcile.h"

#include "base/log.h"
#include "store/store_runner.h"

#include <stdlib.h>

void reconcile_init(struct reconcile *reconcile, const struct runner_context *context,
                    const struct attempts *attempts)
{
    *reconcile = (struct reconcile){.context = context, .attempts = attempts};
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* One of several claims of the same token is found once the others have ended. */
enum reconcile_finding reconcile_judge(const struct store_claimed *claim, const int64_t *tokens, size_t count)
{
    if (bsearch(&claim->attempt.token, tokens, count, sizeof *tokens, compare) != NULL) {
        return RECONCILE_KNOWN;
    }
    return claim->started ? RECONCILE_LOST : RECONCILE_UNKNOWN;
}

static bool hand_back(struct reconcile *reconcile, const struct store_claimed *claim)
{
    struct cmd cmd;
    store_release(&cmd, store_shard(&claim->attempt.job), reconcile->context->runner);
    store_release_add(&cmd, &claim->attempt, claim->due);
    return redis_link_submit(reconcile->context->link, &cmd, NULL, NULL) == ERR_OK;
}

/* What was started may have been sent. */
static bool hand_on(struct reconcile *reconcile, const struct store_claimed *claim)
{
    struct cmd cmd;
    store_recover_lost(&cmd, reconcile->context->runner, &claim->attempt, &reconcile->context->keep);
    return redis_link_submit(reconcile->context->link, &cmd, NULL, NULL) == ERR_OK;
}

static void settle(struct reconcile *reconcile, const struct store_claimed *claim,
                   enum reconcile_finding finding)
{
    switch (finding) {
    case RECONCILE_KNOWN:
        break;
    case RECONCILE_UNKNOWN:
        reconcile->unknown += hand_back(reconcile, claim) ? 1 : 0;
        break;
    case RECONCILE_LOST:
        reconcile->lost += hand_on(reconcile, claim) ? 1 : 0;
        break;
    }
}

/* Settle all claims of a shard. tokens has room for those of all attempts. */
static void settle_all(struct reconcile *reconcile, const struct reply *reply, size_t held, unsigned shard,
                       int64_t *tokens)
{
    size_t count = attempts_tokens(reconcile->attempts, shard, tokens);
    qsort(tokens, count, sizeof *tokens, compare);
    for (size_t i = 0; i < held; i++) {
        struct store_claimed claim;
        struct errinfo info;
        if (store_held_at(reply, i, &claim, &info) == ERR_OK) {
            settle(reconcile, &claim, reconcile_judge(&claim, tokens, count));
        }
    }
}

/* Find the shard of the claims. Returns false if none of them can be read. */
static bool find_shard(const struct reply *reply, size_t held, unsigned *shard)
{
    for (size_t i = 0; i < held; i++) {
        struct store_claimed claim;
        struct errinfo info;
        if (store_held_at(reply, i, &claim, &info) == ERR_OK) {
            *shard = store_shard(&claim.attempt.job);
            return true;
        }
    }
    return false;
}

static void compare_shard(struct reconcile *reconcile, const struct reply *reply)
{
    struct errinfo info;
    size_t held = 0;
    unsigned shard;
    if (reply == NULL || store_held_count(reply, &held, &info) != ERR_OK ||
        !find_shard(reply, held, &shard)) {
        return;
    }
    int64_t *tokens = calloc(attempts_count(reconcile->attempts) + 1, sizeof *tokens);
    if (tokens != NULL) {
        settle_all(reconcile, reply, held, shard, tokens);
    }
    free(tokens);
}

static void on_held(void *arg, const struct reply *reply)
{
    struct reconcile *reconcile = arg;
    reconcile->looks--;
    compare_shard(reconcile, reply);
    if (reconcile->looks == 0 && reconcile->unknown > 0) {
        log_warn("claims handed back whose answer was lost", log_i64("count", (int64_t)reconcile->unknown));
        reconcile->unknown = 0;
    }
    if (reconcile->looks == 0 && reconcile->lost > 0) {
        log_warn("calls handed on whose record Redis has lost", log_i64("count", (int64_t)reconcile->lost));
        reconcile->lost = 0;
    }
}

static void look(struct reconcile *reconcile)
{
    struct cmd cmd;
    store_held(&cmd, reconcile->shard, reconcile->context->runner);
    reconcile->shard = (reconcile->shard + 1) % STORE_SHARDS;
    if (redis_link_submit(reconcile->context->link, &cmd, on_held, reconcile) == ERR_OK) {
        reconcile->looks++;
    } else {
        log_debug("holdings not looked at", log_i64("shard", reconcile->shard));
    }
}

void reconcile_all(struct reconcile *reconcile)
{
    for (unsigned i = 0; i < STORE_SHARDS; i++) {
        look(reconcile);
    }
}

void reconcile_turn(struct reconcile *reconcile, unsigned beats)
{
    if (reconcile->beats != beats) {
        reconcile->beats = beats;
        look(reconcile);
    }
}
