/* lease: see lease.h. */
#include "lease.h"

#include "log.h"
#include "policy.h"

#include <stdlib.h>
#include <string.h>

static struct mono_ms now(const struct lease *lease)
{
    return clock_mono(&lease->clock);
}

static void on_timer(void *arg)
{
    (void)arg; /* lease_turn does the work */
}

enum err lease_init(struct lease *lease, struct loop *loop, struct redis_link *link,
                    struct timebase *timebase, const char *runner)
{
    *lease = (struct lease){.link = link, .timebase = timebase, .clock = timebase->clock, .runner = runner};
    lease->timer = loop_timer_new(loop, on_timer, lease);
    return lease->timer != NULL ? ERR_OK : ERR_NOMEM;
}

void lease_fini(struct lease *lease)
{
    loop_timer_free(lease->timer);
    lease->timer = NULL;
}

bool lease_is_valid(const struct lease *lease)
{
    return now(lease).ms < lease->until.ms;
}

/* ---- recovery ---- */

/* What one recovery command was about. */
struct recovery {
    struct lease *lease;
    unsigned shard;
    bool last; /* of a dead runner's shards: then it is taken off the list */
    char dead[STORE_RUNNER_ID_MAX + 1];
};

static void recover(struct lease *lease, unsigned shard, const char *dead, bool last);

static void forget(struct lease *lease, const char *runner)
{
    struct cmd cmd;
    store_forget(&cmd, runner, true);
    if (redis_link_submit(lease->link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("runner stays on the list for now", log_str("runner", runner));
    }
}

static void on_recovered(void *arg, const struct reply *reply)
{
    struct recovery recovery = *(struct recovery *)arg;
    struct lease *lease = recovery.lease;
    struct store_recovered done;
    struct errinfo info;
    free(arg);
    lease->recovering--;
    if (reply == NULL) {
        return; /* the runner is still on the list, or its name in holders: it is found again */
    }
    if (store_recover_reply(reply, &done, &info) != ERR_OK) {
        log_warn("recovery refused", log_str("runner", recovery.dead), log_str("error", info.text));
        return;
    }
    if (done.handed_on > 0 || done.lost > 0) {
        log_warn("claims of a dead runner handed on", log_str("runner", recovery.dead),
                 log_i64("shard", recovery.shard), log_i64("handed_on", done.handed_on),
                 log_i64("lost", done.lost));
    }
    if (done.more) {
        recover(lease, recovery.shard, recovery.dead, recovery.last);
    } else if (recovery.last) {
        forget(lease, recovery.dead);
    }
}

static void recover(struct lease *lease, unsigned shard, const char *dead, bool last)
{
    struct recovery *recovery = calloc(1, sizeof *recovery);
    struct cmd cmd;
    if (recovery == NULL) {
        return;
    }
    recovery->lease = lease;
    recovery->shard = shard;
    recovery->last = last;
    memcpy(recovery->dead, dead, strlen(dead) + 1);
    store_recover(&cmd, shard, dead, POLICY_ATTEMPTS);
    if (redis_link_submit(lease->link, &cmd, on_recovered, recovery) == ERR_OK) {
        lease->recovering++;
    } else {
        free(recovery);
    }
}

/* All shards of a dead runner. Answers come in the order of the commands, so the last shard's comes last,
 * unless an earlier one has more than a batch: the rest of that one is found by its holders, should this
 * runner die in between. */
static void recover_all(struct lease *lease, const char *dead)
{
    log_warn("a runner has died", log_str("runner", dead));
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        recover(lease, shard, dead, shard == STORE_SHARDS - 1);
    }
}

static bool is_on_list(const struct lease *lease, struct slice id)
{
    for (size_t i = 0; i < lease->runner_count; i++) {
        if (slice_eq(id, lease->runners[i].id)) {
            return true;
        }
    }
    return false;
}

static void on_holders(void *arg, const struct reply *reply)
{
    struct lease *lease = arg;
    lease->holder_count = 0;
    if (reply == NULL || reply->kind != REPLY_ARRAY) {
        return;
    }
    for (size_t i = 0; i < reply->count && lease->holder_count < LEASE_HOLDERS_MAX; i++) {
        struct slice id = reply->items[i];
        if (id.data != NULL && id.len <= STORE_RUNNER_ID_MAX) {
            char *holder = lease->holders[lease->holder_count++];
            memcpy(holder, id.data, id.len);
            holder[id.len] = '\0';
        }
    }
}

static void ask_for_holders(struct lease *lease)
{
    struct cmd cmd;
    lease->sweep_shard = (lease->sweep_shard + 1) % STORE_SHARDS;
    lease->holder_count = 0;
    store_holders(&cmd, lease->sweep_shard);
    if (redis_link_submit(lease->link, &cmd, on_holders, lease) != ERR_OK) {
        log_debug("holders not asked for", log_i64("shard", lease->sweep_shard));
    }
}

/* Holders that are not on the list. A list that is too long to be kept whole proves nothing. */
static void recover_forgotten(struct lease *lease)
{
    for (size_t i = 0; i < lease->holder_count && lease->runner_count < LEASE_RUNNERS_MAX; i++) {
        if (!is_on_list(lease, slice_of(lease->holders[i]))) {
            recover(lease, lease->sweep_shard, lease->holders[i], false);
        }
    }
    lease->holder_count = 0;
}

/* ---- heartbeats ---- */

/* When a heartbeat was sent. */
struct beat {
    struct lease *lease;
    int64_t sent_us;
};

static void note_runners(struct lease *lease, const struct reply *reply, size_t count)
{
    struct errinfo info;
    lease->runner_count = 0;
    for (size_t i = 0; i < count && lease->runner_count < LEASE_RUNNERS_MAX; i++) {
        if (store_heartbeat_at(reply, i, &lease->runners[lease->runner_count], &info) == ERR_OK) {
            lease->runner_count++;
        }
    }
}

static void bury_the_dead(struct lease *lease, struct wall_ms redis_now)
{
    if (lease->recovering > 0) {
        return; /* of an earlier beat: they would be found dead twice */
    }
    for (size_t i = 0; i < lease->runner_count; i++) {
        const struct store_runner *runner = &lease->runners[i];
        if (runner->expiry.ms < redis_now.ms && strcmp(runner->id, lease->runner) != 0) {
            recover_all(lease, runner->id);
        }
    }
}

static void on_beat(void *arg, const struct reply *reply)
{
    struct beat beat = *(struct beat *)arg;
    struct lease *lease = beat.lease;
    int64_t stamp_us;
    size_t count;
    struct errinfo info;
    free(arg);
    lease->beating = false;
    if (reply == NULL) {
        return;
    }
    if (store_heartbeat_reply(reply, &stamp_us, &count, &info) != ERR_OK) {
        log_warn("heartbeat refused", log_str("error", info.text));
        return;
    }
    int64_t stepped_ms =
        timebase_sample(lease->timebase, stamp_us, beat.sent_us, clock_mono_us(&lease->clock));
    if (stepped_ms > 100) {
        log_warn("redis' clock stepped back", log_i64("by_ms", stepped_ms));
    }
    lease->until.ms = beat.sent_us / 1000 + LEASE_MS - LEASE_MARGIN_MS;
    note_runners(lease, reply, count);
    bury_the_dead(lease, (struct wall_ms){stamp_us / 1000});
    recover_forgotten(lease);
}

static void send_beat(struct lease *lease)
{
    struct beat *beat = malloc(sizeof *beat);
    struct cmd cmd;
    if (beat == NULL) {
        return;
    }
    ask_for_holders(lease); /* before the beat: see lease.h */
    *beat = (struct beat){lease, clock_mono_us(&lease->clock)};
    store_heartbeat(&cmd, lease->runner, LEASE_MS);
    if (redis_link_submit(lease->link, &cmd, on_beat, beat) == ERR_OK) {
        lease->beating = true;
    } else {
        free(beat);
    }
}

void lease_link_up(struct lease *lease)
{
    lease->next_beat = now(lease);
}

static void on_goodbye(void *arg, const struct reply *reply)
{
    (void)reply; /* unanswered or refused: the others will find the heartbeat past, and nothing held */
    struct lease *lease = arg;
    lease->gone = true;
}

void lease_say_goodbye(struct lease *lease)
{
    struct cmd cmd;
    lease->leaving = true;
    store_forget(&cmd, lease->runner, false);
    if (redis_link_submit(lease->link, &cmd, on_goodbye, lease) != ERR_OK) {
        lease->gone = true;
    }
}

bool lease_is_gone(const struct lease *lease)
{
    return lease->gone;
}

static void note_validity(struct lease *lease)
{
    bool valid = lease_is_valid(lease);
    if (lease->was_valid && !valid) {
        log_warn("lease run out",
                 log_str("meaning", "asleep, or cut off from Redis; unsent work is handed back"));
    }
    lease->was_valid = valid;
}

void lease_turn(struct lease *lease)
{
    note_validity(lease);
    if (redis_link_is_up(lease->link) && !lease->beating && !lease->leaving &&
        now(lease).ms >= lease->next_beat.ms) {
        lease->next_beat.ms = now(lease).ms + LEASE_BEAT_MS;
        send_beat(lease);
    }
    int64_t wait = lease->next_beat.ms - now(lease).ms;
    loop_timer_set(lease->timer, wait > 0 ? wait : LEASE_BEAT_MS);
}
