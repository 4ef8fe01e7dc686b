/* due_plan: see due_plan.h. Arithmetic on instants and places. */
#include "run/due_plan.h"

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t left_of(size_t size, size_t used)
{
    return used < size ? size - used : 0;
}

/* ---- places ---- */

static size_t room(const struct due_plan *plan, const struct attempts_load *load)
{
    return min(left_of(plan->capacity, load->placed + plan->reserved),
               left_of(plan->capacity * GATE_OUTSIDE_MAX, load->outside + plan->reserved));
}

/* Returns the part of the room that a backlog may take. The rest is for what is due now. */
static size_t backlog_room(const struct due_plan *plan, const struct attempts_load *load)
{
    size_t size = plan->capacity - plan->capacity / 4;
    return min(room(plan, load), left_of(size, load->backlog + plan->reserved_backlog));
}

static bool may_ask(const struct due_plan *plan, const struct attempts_load *load)
{
    return plan->asking < DUE_ASKING_MAX && room(plan, load) > 0;
}

/* ---- claims ---- */

static bool is_time(const struct due_plan *plan, const struct attempts_load *load,
                    const struct due_shard *shard, struct wall_ms now)
{
    return shard->next.ms <= now.ms + DUE_LOOK_AHEAD_MS || (shard->backlog && backlog_room(plan, load) > 0);
}

static struct due_ask begin(struct due_plan *plan, const struct attempts_load *load, unsigned shard)
{
    struct due_ask ask = {.shard = shard,
                          .limit = min(room(plan, load), STORE_BATCH_MAX),
                          .backlog_limit = min(backlog_room(plan, load), STORE_BATCH_MAX)};
    plan->asking++;
    plan->reserved += ask.limit;
    plan->reserved_backlog += ask.backlog_limit;
    plan->shards[shard].asking = true;
    plan->shards[shard].earlier = false;
    plan->shards[shard].next.ms =
        INT64_MAX; /* so that any announcement in the meantime is earlier, and kept */
    return ask;
}

size_t due_plan_asks(struct due_plan *plan, const struct attempts_load *load, struct wall_ms now,
                     struct due_ask asks[DUE_ASKING_MAX])
{
    size_t count = 0;
    for (unsigned i = 0, first = plan->first; i < STORE_SHARDS && may_ask(plan, load); i++) {
        unsigned shard = (first + i) % STORE_SHARDS;
        if (!plan->shards[shard].asking && is_time(plan, load, &plan->shards[shard], now)) {
            asks[count++] = begin(plan, load, shard);
            plan->first = (shard + 1) % STORE_SHARDS;
        }
    }
    return count;
}

/* The claim is over: ask again at next, or when something that was announced in the meantime is due. */
static void end(struct due_plan *plan, const struct due_ask *ask, int64_t next_ms)
{
    struct due_shard *shard = &plan->shards[ask->shard];
    plan->asking--;
    plan->reserved -= ask->limit;
    plan->reserved_backlog -= ask->backlog_limit;
    shard->asking = false;
    if (!shard->earlier || next_ms < shard->next.ms) {
        shard->next.ms = next_ms;
    }
    shard->earlier = false;
}

static int64_t after_failure(struct wall_ms now)
{
    return now.ms + DUE_LOOK_AHEAD_MS + DUE_REFUSED_MS;
}

void due_plan_unsent(struct due_plan *plan, const struct due_ask *ask, struct wall_ms now)
{
    end(plan, ask, after_failure(now));
}

void due_plan_answered(struct due_plan *plan, const struct due_ask *ask, enum due_answer answer,
                       const struct store_claim_left *left, struct wall_ms now)
{
    int64_t recheck_ms = now.ms + DUE_RECHECK_MS;
    switch (answer) {
    case DUE_CLAIMED:
        plan->shards[ask->shard].backlog = left->backlog;
        end(plan, ask, left->next.ms < recheck_ms ? left->next.ms : recheck_ms);
        break;
    case DUE_REFUSED:
        end(plan, ask, after_failure(now));
        break;
    case DUE_LOST:
        end(plan, ask, 0); /* asked again once the link is back */
        break;
    }
}

/* ---- what is known ---- */

void due_plan_note(struct due_plan *plan, unsigned shard, struct wall_ms at)
{
    if (at.ms < plan->shards[shard].next.ms) {
        plan->shards[shard].next = at;
        plan->shards[shard].earlier = plan->shards[shard].asking;
    }
}

void due_plan_ask_all(struct due_plan *plan)
{
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        plan->shards[shard].next.ms = 0;
        plan->shards[shard].earlier = plan->shards[shard].asking;
    }
}

/* Returns the earliest instant of all shards that are not being asked. */
static int64_t earliest(const struct due_plan *plan)
{
    int64_t at = INT64_MAX;
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (!plan->shards[shard].asking && plan->shards[shard].next.ms < at) {
            at = plan->shards[shard].next.ms;
        }
    }
    return at;
}

bool due_plan_sleep(const struct due_plan *plan, const struct attempts_load *load, struct wall_ms now,
                    int64_t *delay_ms)
{
    int64_t next = earliest(plan);
    *delay_ms = next - now.ms - DUE_LOOK_AHEAD_MS;
    return next < INT64_MAX && may_ask(plan, load);
}
