/* lease: see lease.h. */
#include "cluster/lease.h"

#include "base/log.h"

#include <stdlib.h>

static struct mono_ms now(const struct lease *lease)
{
    return clock_mono(&lease->context->cluster_clock->clock);
}

static int64_t now_us(const struct lease *lease)
{
    return clock_mono_us(&lease->context->cluster_clock->clock);
}

enum err lease_init(struct lease *lease, const struct runner_context *context)
{
    *lease = (struct lease){.context = context};
    recovery_init(&lease->recovery, context, LEASE_MS);
    lease->timer = loop_timer_new(context->loop, NULL, NULL);
    return lease->timer != NULL ? ERR_OK : ERR_NOMEM;
}

void lease_fini(struct lease *lease)
{
    loop_timer_free(lease->timer);
    lease->timer = NULL;
}

static bool is_running(const struct lease *lease)
{
    return now(lease).ms < lease->until.ms;
}

bool lease_is_valid(const struct lease *lease)
{
    return is_running(lease) && !lease->outdated;
}

/* ---- the database itself ---- */

static void note_level(struct lease *lease)
{
    struct errinfo info = {0};
    bool outdated = store_level_check(lease->level, &info) != ERR_OK;
    if (outdated && !lease->outdated) {
        log_error("nothing is claimed", log_str("error", info.text), log_i64("found", lease->level),
                  log_i64("own", STORE_LEVEL));
    } else if (!outdated && lease->outdated) {
        log_info("claiming again", log_i64("found", lease->level));
    }
    lease->outdated = outdated;
}

static void on_setup(void *arg, const struct reply *reply)
{
    struct lease *lease = arg;
    struct errinfo info = {0};
    enum err err = reply != NULL ? store_setup_reply(reply, &lease->level, &info) : ERR_DOWN;
    if (err == ERR_CONFIG) {
        redis_link_drop(lease->context->link, info.text);
    } else if (err == ERR_OK) {
        note_level(lease);
    }
}

static void check_database(struct lease *lease)
{
    struct cmd cmd;
    store_setup(&cmd, STORE_LEVEL_AT_START);
    if (redis_link_submit(lease->context->link, &cmd, on_setup, lease) != ERR_OK) {
        log_debug("database not checked", log_str("why", redis_link_error(lease->context->link)));
    }
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

static void wait_before_judging(struct lease *lease)
{
    lease->judge_from.ms = now(lease).ms + LEASE_MS;
}

/* Feed a stamp of Redis' clock to the cluster_clock. */
static void note_time(struct lease *lease, int64_t stamp_us, int64_t sent_us)
{
    struct cluster_clock *cluster_clock = lease->context->cluster_clock;
    int64_t before_us = cluster_clock->offset_us;
    bool known = cluster_clock_is_known(cluster_clock);
    (void)cluster_clock_sample(cluster_clock, stamp_us, sent_us, now_us(lease));
    int64_t moved_ms = (cluster_clock->offset_us - before_us) / 1000;
    if (known && (moved_ms >= LEASE_STEP_MS || moved_ms <= -LEASE_STEP_MS)) {
        log_warn("redis' clock was set", log_i64("by_ms", moved_ms));
        lease->stepped = true;
        wait_before_judging(lease);
    }
}

static void judge(struct lease *lease, struct wall_ms redis_now)
{
    if (lease->outdated) {
        return; /* we may not be able to read what others hold */
    }
    if (now(lease).ms >= lease->judge_from.ms) {
        recovery_take_over(&lease->recovery, lease->runners, lease->runner_count, redis_now);
    }
    /* A list that is too long to be kept whole proves nothing about a runner that is not on it. */
    if (lease->runner_count < LEASE_RUNNERS_MAX) {
        recovery_look_at_holders(&lease->recovery, lease->runners, lease->runner_count);
    }
}

static void note_refusal(struct lease *lease, const char *why)
{
    if (!lease->complained) {
        log_warn("heartbeat refused", log_str("error", why));
    }
    lease->complained = true;
    wait_before_judging(lease);
}

static void on_beat(void *arg, const struct reply *reply)
{
    struct beat beat = *(struct beat *)arg;
    struct lease *lease = beat.lease;
    struct store_heart heart;
    struct errinfo info;
    free(arg);
    lease->beating = false;
    if (reply == NULL) {
        return;
    }
    if (store_heartbeat_reply(reply, &heart, &info) != ERR_OK) {
        note_refusal(lease, info.text);
        return;
    }
    lease->complained = false;
    lease->beats++;
    lease->keyed = heart.keyed;
    note_time(lease, heart.now_us, beat.sent_us);
    if (!is_running(lease)) {
        wait_before_judging(lease); /* what kept us from sending heartbeats may have kept the others, too */
    }
    lease->until.ms = beat.sent_us / 1000 + LEASE_MS - LEASE_MARGIN_MS;
    note_runners(lease, reply, heart.count);
    judge(lease, (struct wall_ms){heart.now_us / 1000});
}

static void send_beat(struct lease *lease)
{
    struct beat *beat = malloc(sizeof *beat);
    struct cmd cmd;
    if (beat == NULL) {
        return;
    }
    check_database(lease);
    recovery_ask(&lease->recovery); /* before the beat: see recovery.h */
    *beat = (struct beat){lease, now_us(lease)};
    store_heartbeat(&cmd, lease->context->runner, LEASE_MS);
    if (redis_link_submit(lease->context->link, &cmd, on_beat, beat) == ERR_OK) {
        lease->beating = true;
    } else {
        free(beat);
    }
}

void lease_look(struct lease *lease)
{
    if (!lease->leaving) {
        check_database(lease);
    }
}

void lease_link_up(struct lease *lease)
{
    lease->next_beat = now(lease);
    wait_before_judging(lease);
}

bool lease_take_step(struct lease *lease)
{
    bool stepped = lease->stepped;
    lease->stepped = false;
    return stepped;
}

static void on_goodbye(void *arg, const struct reply *reply)
{
    (void)reply; /* if it is lost or refused, the others find this runner dead, and holding nothing */
    struct lease *lease = arg;
    lease->gone = true;
}

void lease_say_goodbye(struct lease *lease)
{
    struct cmd cmd;
    lease->leaving = true;
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        store_tidy(&cmd, shard, lease->context->runner);
        if (redis_link_submit(lease->context->link, &cmd, NULL, NULL) != ERR_OK) {
            break; /* the others will do it */
        }
    }
    store_forget(&cmd, lease->context->runner, false);
    if (redis_link_submit(lease->context->link, &cmd, on_goodbye, lease) != ERR_OK) {
        lease->gone = true;
    }
}

bool lease_is_gone(const struct lease *lease)
{
    return lease->gone;
}

static void note_validity(struct lease *lease)
{
    bool valid = is_running(lease);
    if (lease->was_valid && !valid) {
        log_warn("lease run out",
                 log_str("meaning", "asleep, or cut off from Redis; unsent work is handed back"));
    }
    lease->was_valid = valid;
}

static bool is_time_to_beat(const struct lease *lease)
{
    return !lease->beating && !lease->leaving && now(lease).ms >= lease->next_beat.ms;
}

void lease_turn(struct lease *lease)
{
    note_validity(lease);
    if (redis_link_is_up(lease->context->link) && is_time_to_beat(lease)) {
        lease->next_beat.ms = now(lease).ms + LEASE_BEAT_MS;
        send_beat(lease);
    }
    int64_t wait = lease->next_beat.ms - now(lease).ms;
    loop_timer_set(lease->timer, wait > 0 ? wait : LEASE_BEAT_MS);
}
