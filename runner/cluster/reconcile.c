/* reconcile: see reconcile.h. */
#include "cluster/reconcile.h"

#include "base/log.h"
#include "store/store_runner.h"

#include <stdlib.h>

void reconcile_init(struct reconcile *reconcile, struct redis_link *link, const struct runs *runs)
{
    *reconcile = (struct reconcile){
        .link = link, .runs = runs, .runner = runs->options.runner, .keep = STORE_KEEP_STANDARD};
}

/* The tokens of all runs of a shard, sorted. */
struct tokens {
    int64_t *values; /* owned */
    size_t count;
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static enum err collect(struct tokens *out, const struct runs *runs, unsigned shard)
{
    *out = (struct tokens){.values = calloc(runs->count + 1, sizeof *out->values)};
    if (out->values == NULL) {
        return ERR_NOMEM;
    }
    for (const struct run *run = runs->all; run != NULL; run = run->next) {
        if (run->shard == shard) {
            out->values[out->count++] = run->attempt.token;
        }
    }
    qsort(out->values, out->count, sizeof *out->values, compare);
    return ERR_OK;
}

static bool has(const struct tokens *tokens, int64_t token)
{
    return bsearch(&token, tokens->values, tokens->count, sizeof token, compare) != NULL;
}

static bool hand_back(struct reconcile *reconcile, const struct store_claimed *claim)
{
    struct cmd cmd;
    store_release(&cmd, store_shard(&claim->attempt.job), reconcile->runner);
    store_release_add(&cmd, &claim->attempt, claim->due);
    return redis_link_submit(reconcile->link, &cmd, NULL, NULL) == ERR_OK;
}

/* What was started was known to us once, and may have been sent. */
static bool give_up(struct reconcile *reconcile, const struct store_claimed *claim)
{
    struct cmd cmd;
    store_recover_lost(&cmd, reconcile->runner, &claim->attempt, &reconcile->keep);
    return redis_link_submit(reconcile->link, &cmd, NULL, NULL) == ERR_OK;
}

/* Deal with what was claimed with a token that no run has. (One of several that were claimed together is
 * found when the others have ended.) */
static void settle_unknown(struct reconcile *reconcile, const struct reply *reply, size_t count,
                           const struct tokens *known)
{
    for (size_t i = 0; i < count; i++) {
        struct store_claimed claim;
        struct errinfo info;
        if (store_held_at(reply, i, &claim, &info) != ERR_OK || has(known, claim.attempt.token)) {
            continue;
        }
        if (claim.started) {
            reconcile->lost += give_up(reconcile, &claim) ? 1 : 0;
        } else {
            reconcile->unknown += hand_back(reconcile, &claim) ? 1 : 0;
        }
    }
}

static void compare_shard(struct reconcile *reconcile, const struct reply *reply)
{
    struct store_claimed first;
    struct tokens known;
    struct errinfo info;
    size_t count = 0;
    if (reply == NULL || store_held_count(reply, &count, &info) != ERR_OK || count == 0 ||
        store_held_at(reply, 0, &first, &info) != ERR_OK ||
        collect(&known, reconcile->runs, store_shard(&first.attempt.job)) != ERR_OK) {
        return;
    }
    settle_unknown(reconcile, reply, count, &known);
    free(known.values);
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
    store_held(&cmd, reconcile->shard, reconcile->runner);
    reconcile->shard = (reconcile->shard + 1) % STORE_SHARDS;
    if (redis_link_submit(reconcile->link, &cmd, on_held, reconcile) == ERR_OK) {
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
