/* due: see due.h. */
#include "run/due.h"

#include "base/log.h"

#include <stdlib.h>

/* One claim under way. */
struct claim {
    struct due *due;
    unsigned shard;
    size_t limit;
    size_t backlog_limit;
};

static void on_timer(void *arg)
{
    (void)arg; /* due_turn does the work */
}

enum err due_init(struct due *due, struct loop *loop, struct redis_link *link, struct runs *runs,
                  size_t capacity)
{
    *due = (struct due){.link = link,
                        .keep = STORE_KEEP_STANDARD,
                        .timebase = runs->options.timebase,
                        .runs = runs,
                        .runner = runs->options.runner,
                        .capacity = capacity};
    due->timer = loop_timer_new(loop, on_timer, due);
    return due->timer != NULL ? ERR_OK : ERR_NOMEM;
}

void due_fini(struct due *due)
{
    loop_timer_free(due->timer);
    due->timer = NULL;
}

void due_note(struct due *due, unsigned shard, struct wall_ms at)
{
    if (at.ms < due->shards[shard].next.ms) {
        due->shards[shard].next = at;
        due->shards[shard].earlier = due->shards[shard].asking;
    }
}

void due_ask_all(struct due *due)
{
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        due->shards[shard].next.ms = 0;
        due->shards[shard].earlier = due->shards[shard].asking;
    }
}

static void take(struct due *due, unsigned shard, const struct reply *reply, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct store_claimed claimed;
        struct errinfo info = {0};
        enum err err = store_claim_at(reply, i, &claimed, &info);
        if (err == ERR_OK) {
            err = runs_add(due->runs, shard, &claimed);
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

static void on_claimed(void *arg, const struct reply *reply)
{
    struct claim claim = *(struct claim *)arg;
    struct due *due = claim.due;
    struct wall_ms now = timebase_now(due->timebase);
    struct wall_ms next = {now.ms + DUE_RECHECK_MS};
    struct store_claim_left left;
    size_t count;
    struct errinfo info;
    free(arg);
    due->asking--;
    due->reserved -= claim.limit;
    due->reserved_backlog -= claim.backlog_limit;
    due->shards[claim.shard].asking = false;
    if (reply == NULL) {
        next.ms = 0; /* asked again when the link is back */
    } else if (store_claim_reply(reply, &left, &count, &info) == ERR_OK) {
        due->complained = false;
        next.ms = left.next.ms < next.ms ? left.next.ms : next.ms;
        due->shards[claim.shard].backlog = left.backlog;
        take(due, claim.shard, reply, count);
    } else {
        complain_once(due, info.text);
        next.ms = now.ms + DUE_REFUSED_MS + DUE_LOOK_AHEAD_MS;
    }
    if (!due->shards[claim.shard].earlier || next.ms < due->shards[claim.shard].next.ms) {
        due->shards[claim.shard].next = next;
    }
    due->shards[claim.shard].earlier = false;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t left_of(size_t size, size_t used)
{
    return used < size ? size - used : 0;
}

static size_t room(const struct due *due)
{
    size_t outside = due->runs->gate.outside;
    size_t waiting = outside + due->runs->addresses.waiting;
    return min(left_of(due->capacity, due->runs->count - waiting + due->reserved),
               left_of(due->capacity * GATE_OUTSIDE_MAX, outside + due->reserved));
}

/* Of the room, that for a backlog. The rest is for what is due now. */
static size_t backlog_room(const struct due *due)
{
    size_t size = due->capacity - due->capacity / 4;
    return min(room(due), left_of(size, due->runs->backlog + due->reserved_backlog));
}

static void ask(struct due *due, unsigned shard, struct wall_ms now)
{
    struct claim *claim = malloc(sizeof *claim);
    struct cmd cmd;
    if (claim == NULL) {
        return;
    }
    *claim = (struct claim){.due = due,
                            .shard = shard,
                            .limit = min(room(due), STORE_BATCH_MAX),
                            .backlog_limit = min(backlog_room(due), STORE_BATCH_MAX)};
    const struct store_claim_bounds bounds = {.until = {now.ms + DUE_LOOK_AHEAD_MS},
                                              .limit = (int)claim->limit,
                                              .fresh_from = {now.ms - RUNS_BACKLOG_MS},
                                              .backlog_limit = (int)claim->backlog_limit};
    store_claim(&cmd, shard, due->runner, &bounds, &due->keep);
    if (redis_link_submit(due->link, &cmd, on_claimed, claim) != ERR_OK) {
        free(claim);
        due->shards[shard].next.ms = now.ms + DUE_LOOK_AHEAD_MS + DUE_REFUSED_MS;
        return;
    }
    due->asking++;
    due->reserved += claim->limit;
    due->reserved_backlog += claim->backlog_limit;
    due->shards[shard].asking = true;
    due->shards[shard].earlier = false;
    due->shards[shard].next.ms = INT64_MAX; /* so that whatever is announced meanwhile is earlier, and kept */
}

/* The earliest instant of all shards that are not being asked. */
static int64_t earliest(const struct due *due)
{
    int64_t at = INT64_MAX;
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (!due->shards[shard].asking && due->shards[shard].next.ms < at) {
            at = due->shards[shard].next.ms;
        }
    }
    return at;
}

static bool is_time(const struct due *due, unsigned shard, struct wall_ms now)
{
    return due->shards[shard].next.ms <= now.ms + DUE_LOOK_AHEAD_MS ||
           (due->shards[shard].backlog && backlog_room(due) > 0);
}

static bool may_ask(const struct due *due)
{
    return due->asking < DUE_ASKING_MAX && room(due) > 0;
}

void due_turn(struct due *due)
{
    if (!redis_link_is_up(due->link) || !due->runs->may_send || due->runs->draining) {
        loop_timer_stop(due->timer);
        return;
    }
    struct wall_ms now = timebase_now(due->timebase);
    for (unsigned i = 0, first = due->first; i < STORE_SHARDS && may_ask(due); i++) {
        unsigned shard = (first + i) % STORE_SHARDS;
        if (!due->shards[shard].asking && is_time(due, shard, now)) {
            ask(due, shard, now);
            due->first = (shard + 1) % STORE_SHARDS;
        }
    }
    int64_t next = earliest(due);
    /* While nothing may be asked there is nothing to wake for: an answer or the end of a run makes a turn. */
    if (next < INT64_MAX && may_ask(due)) {
        loop_timer_set(due->timer, next - now.ms - DUE_LOOK_AHEAD_MS);
    } else {
        loop_timer_stop(due->timer);
    }
}
