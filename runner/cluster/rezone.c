/* rezone: see rezone.h. */
#include "cluster/rezone.h"

#include "base/log.h"
#include "job/job_rezone.h"

#include <string.h>

void rezone_init(struct rezone *rezone, const struct runner_context *context, const struct attempts *attempts)
{
    *rezone = (struct rezone){.context = context, .attempts = attempts};
}

/* ---- the old rules ---- */

/* Returns the zone of that name with its old rules. NULL: it did not change, or was not known here. */
static const struct zone *old_rules(const struct rezone *rezone, const char *name)
{
    for (size_t i = 0; i < rezone->old_count; i++) {
        if (strcmp(zone_name(rezone->old[i]), name) == 0) {
            return rezone->old[i];
        }
    }
    return NULL;
}

/* If a second change comes before the first one is dealt with, keep the oldest rules: instants in Redis may
 * follow these. */
static void on_changed(void *arg, const char *name, const struct zone *was, const struct zone *now)
{
    struct rezone *rezone = arg;
    (void)now;
    log_info("time zone changed", log_str("zone", name));
    if (old_rules(rezone, name) == NULL && rezone->old_count < REZONE_ZONES_MAX) {
        rezone->old[rezone->old_count++] = was;
    }
}

static void read_zones(struct rezone *rezone)
{
    if (rezone->state == REZONE_IDLE && attempts_count(rezone->attempts) == 0) {
        zones_sweep(rezone->context->zones); /* no attempt uses the zones of the last change now */
    }
    struct zones_reload done = zones_reload(rezone->context->zones, on_changed, rezone);
    log_info("time zones read again", log_i64("checked", (int64_t)done.checked),
             log_i64("changed", (int64_t)done.changed), log_i64("failed", (int64_t)done.failed));
    if (done.failed > 0) {
        log_warn("time zone not read again", log_str("zone", done.name),
                 log_str("error", zone_err_text(done.err)));
    }
}

/* Returns true if an attempt here will write a next instant by old rules. */
static bool attempts_use_old(const struct rezone *rezone)
{
    for (size_t i = 0; i < rezone->old_count; i++) {
        if (attempts_use_zone(rezone->attempts, rezone->old[i])) {
            return true;
        }
    }
    return false;
}

/* ---- the walk ---- */

static const char *const state_names[REZONE_STATE__COUNT] = {
    [REZONE_IDLE] = "idle", [REZONE_WALKING] = "walking", [REZONE_WAITING] = "waiting"};

/* A new change begins the walk anew, whatever the state. */
#define MOVE(state) (1U << (state))
static const unsigned allowed_moves[REZONE_STATE__COUNT] = {
    [REZONE_IDLE] = MOVE(REZONE_WALKING),
    [REZONE_WALKING] = MOVE(REZONE_WALKING) | MOVE(REZONE_WAITING) | MOVE(REZONE_IDLE),
    [REZONE_WAITING] = MOVE(REZONE_WALKING),
};

static void set_state(struct rezone *rezone, enum rezone_state state)
{
    if ((allowed_moves[rezone->state] & MOVE(state)) == 0) {
        log_error("bug: impossible move of the walk", log_str("from", state_names[rezone->state]),
                  log_str("to", state_names[state]));
    }
    rezone->state = state;
    if (state == REZONE_IDLE) {
        rezone->old_count = 0;
    }
}

static void begin_shard(struct rezone *rezone, unsigned shard)
{
    rezone->shard = shard;
    (void)memcpy(rezone->cursor, "0", sizeof "0");
}

static void begin_walk(struct rezone *rezone)
{
    rezone->seen = 0;
    rezone->moved = 0;
    rezone->stale = rezone->asking;
    begin_shard(rezone, 0);
    set_state(rezone, REZONE_WALKING);
}

static void walk_again(struct rezone *rezone)
{
    rezone->again = false;
    begin_walk(rezone);
}

void rezone_start(struct rezone *rezone)
{
    read_zones(rezone);
    rezone->again = attempts_use_old(rezone);
    begin_walk(rezone);
}

static void end_walk(struct rezone *rezone)
{
    log_info("next instants looked at", log_i64("jobs", rezone->seen), log_i64("moved", rezone->moved));
    set_state(rezone, rezone->again ? REZONE_WAITING : REZONE_IDLE);
}

static void on_moved(void *arg, const struct reply *reply)
{
    struct rezone *rezone = arg;
    struct errinfo info;
    int64_t moved;
    rezone->moving--;
    if (reply == NULL) {
        begin_walk(rezone); /* whether it was done is unknown, but does not matter */
        return;
    }
    if (store_rezone_reply(reply, &moved, &info) != ERR_OK) {
        log_warn("redis refuses to move next instants", log_str("error", info.text));
        return;
    }
    rezone->moved += moved;
}

/* Find where the occurrence belongs. Returns false if it stays, or if the job is broken. */
static bool find_instant(const struct rezone *rezone, const struct store_pending *pending,
                         struct wall_ms *due)
{
    struct job job;
    struct errinfo info = {0};
    const struct job_stored stored = {&pending->job, &pending->fields, pending->created};
    if (job_restore(&job, &stored, rezone->context->zones, &info) != ERR_OK) {
        return false; /* the runner that claims it marks it as broken */
    }
    *due = job_rezone(&job, old_rules(rezone, zone_name(job.zone)), pending->due,
                      cluster_clock_now(rezone->context->cluster_clock));
    job_fini(&job);
    return due->ms != pending->due.ms;
}

/* Move those jobs of a page that must move. Returns false if Redis could not be asked. */
static bool move_page(struct rezone *rezone, const struct reply *reply, size_t count)
{
    struct cmd cmd;
    size_t moves = 0;
    store_rezone(&cmd, rezone->shard);
    for (size_t i = 0; i < count; i++) {
        struct store_pending pending;
        struct errinfo info;
        struct wall_ms due;
        if (store_due_page_at(reply, i, &pending, &info) == ERR_OK && find_instant(rezone, &pending, &due)) {
            store_rezone_add(&cmd, &pending, due);
            moves++;
        }
    }
    if (moves == 0) {
        cmd_fini(&cmd);
        return true;
    }
    bool sent = redis_link_submit(rezone->context->link, &cmd, on_moved, rezone) == ERR_OK;
    rezone->moving += sent ? 1 : 0;
    return sent;
}

static void take_page(struct rezone *rezone, const struct reply *reply)
{
    struct errinfo info;
    size_t count;
    if (store_due_page_reply(reply, rezone->cursor, &count, &info) != ERR_OK) {
        log_error("next instants not looked at", log_str("error", info.text));
        set_state(rezone, REZONE_IDLE);
        return;
    }
    rezone->seen += (int64_t)count;
    if (!move_page(rezone, reply, count)) {
        begin_walk(rezone);
    } else if (strcmp(rezone->cursor, "0") == 0) {
        begin_shard(rezone, rezone->shard + 1);
    }
}

static void on_page(void *arg, const struct reply *reply)
{
    struct rezone *rezone = arg;
    bool stale = rezone->stale;
    rezone->asking = false;
    rezone->stale = false;
    if (stale || rezone->state != REZONE_WALKING) {
        return;
    }
    if (reply == NULL) {
        begin_walk(rezone);
    } else {
        take_page(rezone, reply);
    }
}

static void ask(struct rezone *rezone)
{
    struct cmd cmd;
    store_due_page(&cmd, rezone->shard, rezone->cursor);
    rezone->asking = redis_link_submit(rezone->context->link, &cmd, on_page, rezone) == ERR_OK;
}

void rezone_turn(struct rezone *rezone)
{
    if (rezone->state == REZONE_IDLE || !redis_link_is_up(rezone->context->link)) {
        return;
    }
    if (rezone->state == REZONE_WAITING) {
        if (!attempts_use_old(rezone)) {
            walk_again(rezone);
        }
        return;
    }
    if (rezone->shard < STORE_SHARDS && !rezone->asking) {
        ask(rezone);
    } else if (rezone->shard == STORE_SHARDS && rezone->moving == 0) {
        end_walk(rezone);
    }
}
