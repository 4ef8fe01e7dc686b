/* runner: see runner.h. Wires the parts to each other, says what happens in a turn and in which order, and
 * keeps the life cycle. */
#include "runner.h"

#include "base/log.h"
#include "base/version.h"
#include "cluster/lease.h"
#include "cluster/reconcile.h"
#include "cluster/retention.h"
#include "cluster/rezone.h"
#include "cluster/survey.h"
#include "notify.h"
#include "redis/redis_link.h"
#include "redis/timebase.h"
#include "run/due.h"
#include "run/outbox.h"
#include "run/runs.h"
#include "status.h"
#include "store/store_wake.h"
#include "zone/zone.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* When a drain is over and Redis is still away, so long is waited for it to take the last records. */
#define DRAIN_RECORD_MS 2000
#define GOODBYE_MS      500  /* for leaving the list; who does not is found dead, holding nothing */
#define STOP_SPARE_MS   2000 /* how much longer than all of that a supervisor is to wait */

enum runner_state {
    RUNNER_RUNNING,
    RUNNER_DRAINING, /* claims nothing, waits for calls and records */
    RUNNER_LEAVING,  /* nothing is left but to leave the list of runners */
    RUNNER_STOPPED
};

struct runner {
    const struct config *config;
    char id[STORE_RUNNER_ID_MAX + 1];
    struct clock clock;
    struct zones *zones;
    struct loop *loop;
    struct redis_link *commands;
    struct redis_link *wake;
    struct http_client *http;
    struct timebase timebase;
    struct outbox outbox;
    struct runs runs;
    struct due due;
    struct lease lease;
    struct rezone rezone;
    struct reconcile reconcile;
    struct notify notify;
    struct retention retention;
    struct survey survey;
    struct loop_timer *timer; /* of the drain */
    enum runner_state state;
    struct mono_ms drain_deadline; /* calls are aborted then */
    bool aborted;                  /* they have been */
    bool said_ready;
    enum err result;
    struct errinfo failure; /* what could not be survived */
};

/* ---- life cycle ---- */

static void set_state(struct runner *runner, enum runner_state state)
{
    runner->state = state;
    if (state == RUNNER_STOPPED) {
        loop_stop(runner->loop);
    }
}

static void fail(struct runner *runner, enum err code, const char *text)
{
    if (runner->result == ERR_OK) {
        runner->result = err_set(&runner->failure, code, "%s", text);
    }
    set_state(runner, RUNNER_STOPPED);
}

static void begin_drain(struct runner *runner)
{
    set_state(runner, RUNNER_DRAINING);
    runner->drain_deadline.ms = clock_mono(&runner->clock).ms + runner->config->runner_drain_timeout_ms;
    loop_timer_set(runner->timer, runner->config->runner_drain_timeout_ms);
    log_info("stopping", log_i64("calls_under_way", (int64_t)runner->runs.calling));
    runs_drain(&runner->runs);
}

static void on_stop(void *arg)
{
    struct runner *runner = arg;
    if (runner->state == RUNNER_RUNNING) {
        begin_drain(runner);
    } else {
        fail(runner, ERR_REFUSED, "stopped at once, by a second signal");
    }
}

static void say_stopped(struct runner *runner)
{
    log_info("stopped", log_i64("left_behind", (int64_t)runner->runs.count));
    set_state(runner, RUNNER_STOPPED);
}

static void leave(struct runner *runner)
{
    set_state(runner, RUNNER_LEAVING);
    lease_say_goodbye(&runner->lease);
    runner->drain_deadline.ms = clock_mono(&runner->clock).ms + GOODBYE_MS;
    loop_timer_set(runner->timer, GOODBYE_MS);
}

/* In each turn of a drain: is it over, or too long? */
static void drain_turn(struct runner *runner)
{
    int64_t late_ms = clock_mono(&runner->clock).ms - runner->drain_deadline.ms;
    if (runner->runs.count == 0 && runner->due.reserved == 0) {
        leave(runner);
    } else if (late_ms >= DRAIN_RECORD_MS) {
        /* Without a goodbye: on the list, what is left behind is found sooner. */
        say_stopped(runner);
    } else if (late_ms >= 0 && !runner->aborted) {
        log_warn("calls aborted", log_i64("calls_under_way", (int64_t)runner->runs.calling));
        runner->aborted = true;
        runs_abort(&runner->runs);
        loop_timer_set(runner->timer, DRAIN_RECORD_MS);
    }
}

static void leave_turn(struct runner *runner)
{
    if (lease_is_gone(&runner->lease) || clock_mono(&runner->clock).ms >= runner->drain_deadline.ms) {
        say_stopped(runner);
    }
}

static void on_timer(void *arg)
{
    (void)arg; /* the turn does the work */
}

/* Said at the level that is in force now, so that it is always seen. */
static void change_level(int by)
{
    int level = (int)log_get_level() + by;
    if (level >= LOG_DEBUG && level <= LOG_ERROR) {
        log_set_level((enum log_level)level);
    }
    const struct log_field fields[] = {log_str("level", log_level_name(log_get_level()))};
    log_event(log_get_level(), "log level changed", fields, 1);
}

static void on_louder(void *arg)
{
    (void)arg;
    change_level(-1);
}

static void on_quieter(void *arg)
{
    (void)arg;
    change_level(1);
}

/* A new tzdata. */
static void on_reload(void *arg)
{
    struct runner *runner = arg;
    if (runner->state == RUNNER_RUNNING && !runner->lease.outdated) {
        rezone_start(&runner->rezone);
    }
}

/* ---- what the parts tell each other ---- */

static void on_commands_state(void *arg, bool up)
{
    struct runner *runner = arg;
    if (up) {
        reconcile_all(&runner->reconcile);
        lease_link_up(&runner->lease);
        due_ask_all(&runner->due);
        survey_start(&runner->survey);
    } else {
        /* Nothing is asked on the other link, so it would not notice the same fault for long. */
        redis_link_drop(runner->wake, "dropped with the other link");
    }
}

static void on_surveyed(void *arg)
{
    struct runner *runner = arg;
    char place[CONFIG_REDIS_SIZE];
    char keeps[STORE_DURABILITY_SIZE];
    char next[CLOCK_RFC3339_SIZE];
    if (!runner->said_ready) {
        config_describe_redis(place, runner->config);
        store_durability_describe(keeps, &runner->survey.durability);
        survey_describe_next(next, &runner->survey);
        log_info("ready", log_str("runner", runner->id), log_str("redis", place),
                 log_str("version", DRONC_VERSION), log_str("redis_keeps", keeps),
                 log_i64("jobs_waiting", runner->survey.jobs), log_str("next", next));
        runner->said_ready = true;
    }
    survey_warn(&runner->survey);
}

static void on_wake_state(void *arg, bool up)
{
    struct runner *runner = arg;
    if (up) {
        due_ask_all(&runner->due); /* what was announced in the meantime was not heard */
    }
}

static void on_wake_message(void *arg, struct slice message)
{
    struct runner *runner = arg;
    unsigned shard;
    struct wall_ms at;
    struct store_attempt attempt;
    if (store_wake_parse(message, &shard, &at)) {
        due_note(&runner->due, shard, at);
    } else if (store_cancel_parse(message, &attempt)) {
        runs_cancel(&runner->runs, &attempt);
    } else if (store_level_was_raised(message)) {
        lease_look(&runner->lease);
    }
}

static void on_fatal(void *arg, const struct errinfo *info)
{
    fail(arg, ERR_CONFIG, info->text);
}

static void on_broken(void *arg, const struct store_attempt *attempt, const char *why)
{
    struct runner *runner = arg;
    char id[JOB_ID_TEXT_SIZE];
    struct cmd cmd;
    job_id_format(id, &attempt->job);
    log_error("job set aside", log_str("job", id), log_str("why", why));
    store_set_aside(&cmd, store_shard(&attempt->job), runner->id, attempt);
    if (redis_link_submit(runner->commands, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("job not set aside yet", log_str("job", id));
    }
}

static void on_due(void *arg, unsigned shard, struct wall_ms at)
{
    struct runner *runner = arg;
    due_note(&runner->due, shard, at);
}

static struct wall_ms tell_time(void *arg)
{
    const struct runner *runner = arg;
    return timebase_now(&runner->timebase);
}

/* A call may wait long for its connection: the lease counts at the moment of sending, not at the last turn.
 */
static bool may_send(void *arg)
{
    const struct runner *runner = arg;
    return lease_is_valid(&runner->lease);
}

/* ---- what the supervisor is told ---- */

static void tell_supervisor(struct runner *runner)
{
    const struct status_of of = {.config = runner->config,
                                 .link = runner->commands,
                                 .lease = &runner->lease,
                                 .runs = &runner->runs,
                                 .outbox = &runner->outbox,
                                 .stopping = runner->state != RUNNER_RUNNING};
    char status[STATUS_SIZE];
    if (notify_is_wanted(&runner->notify)) {
        status_describe(status, &of);
        const struct notify_news news = {.working = status_is_working(&of),
                                         .stopping = of.stopping,
                                         .stop_ms = runner->config->runner_drain_timeout_ms +
                                                    DRAIN_RECORD_MS + GOODBYE_MS + STOP_SPARE_MS,
                                         .status = status};
        notify_turn(&runner->notify, &news);
    }
}

/* ---- the turn: everything that happens, in order ---- */

static void on_turn(void *arg)
{
    struct runner *runner = arg;
    redis_link_turn(runner->commands);
    redis_link_turn(runner->wake);
    http_client_turn(runner->http);
    lease_turn(&runner->lease);
    runs_set_may_send(&runner->runs, lease_is_valid(&runner->lease));
    if (lease_take_step(&runner->lease)) {
        due_ask_all(&runner->due);
    }
    runs_turn(&runner->runs);
    outbox_turn(&runner->outbox); /* before new claims: what is handed back comes before what is taken */
    due_turn(&runner->due);
    reconcile_turn(&runner->reconcile, runner->lease.beats);
    retention_turn(&runner->retention, runner->lease.beats);
    rezone_turn(&runner->rezone);
    if (runner->state == RUNNER_DRAINING) {
        drain_turn(runner);
    } else if (runner->state == RUNNER_LEAVING) {
        leave_turn(runner);
    }
    runs_sweep(&runner->runs);
    tell_supervisor(runner);
    log_flush();
}

/* ---- setting up ---- */

/* host-pid-random: unique for every start, and telling at three in the morning. */
static void make_id(char out[STORE_RUNNER_ID_MAX + 1])
{
    char host[33] = {0};
    if (gethostname(host, sizeof host - 1) != 0) {
        host[0] = '\0';
    }
    for (char *p = host; *p != '\0'; p++) {
        *p = *p > ' ' && *p < 0x7f && *p != ':' ? *p : '_';
    }
    (void)snprintf(out, STORE_RUNNER_ID_MAX + 1, "%s-%ld-%08x", host[0] != '\0' ? host : "runner",
                   (long)getpid(), (unsigned)arc4random());
}

static enum err make_links(struct runner *runner)
{
    struct redis_link_options options = {.loop = runner->loop,
                                         .config = runner->config,
                                         .clock = runner->clock,
                                         .name = "commands",
                                         .on_state = on_commands_state,
                                         .on_fatal = on_fatal,
                                         .arg = runner};
    runner->commands = redis_link_new(&options);
    options.name = "wake";
    options.channel = STORE_WAKE_CHANNEL;
    options.on_state = on_wake_state;
    options.on_message = on_wake_message;
    runner->wake = redis_link_new(&options);
    return runner->commands != NULL && runner->wake != NULL ? ERR_OK : ERR_NOMEM;
}

static enum err make_http(struct runner *runner, struct errinfo *info)
{
    const struct http_client_options options = {.loop = runner->loop,
                                                .now = tell_time,
                                                .may_send = may_send,
                                                .clock = runner->clock,
                                                .arg = runner,
                                                .max_calls = runner->config->runner_max_in_flight};
    return http_client_new(&runner->http, &options, info);
}

/* All that records, and what trims behind them. */
static void set_retention(struct runner *runner)
{
    struct store_keep keep = retention_keep(runner->config);
    retention_init(&runner->retention, runner->commands, &keep);
    runner->outbox.keep = keep;
    runner->due.keep = keep;
    runner->lease.recovery.keep = keep;
    runner->reconcile.keep = keep;
}

static enum err make_parts(struct runner *runner)
{
    const struct runs_options options = {.loop = runner->loop,
                                         .http = runner->http,
                                         .outbox = &runner->outbox,
                                         .timebase = &runner->timebase,
                                         .zones = runner->zones,
                                         .runner = runner->id,
                                         .max_in_flight = (size_t)runner->config->runner_max_in_flight,
                                         .max_per_host = (size_t)runner->config->runner_max_per_host,
                                         .max_slow = (size_t)runner->config->runner_max_slow,
                                         .on_broken = on_broken,
                                         .on_due = on_due,
                                         .arg = runner};
    runner->timer = loop_timer_new(runner->loop, on_timer, runner);
    enum err err = runner->timer == NULL ? ERR_NOMEM : ERR_OK;
    err = err != ERR_OK
              ? err
              : outbox_init(&runner->outbox, runner->loop, runner->commands, runner->id, runner->clock);
    err = err != ERR_OK ? err : notify_init(&runner->notify, runner->loop, runner->clock);
    err = err != ERR_OK ? err : runs_init(&runner->runs, &options);
    err = err != ERR_OK ? err
                        : due_init(&runner->due, runner->loop, runner->commands, &runner->runs,
                                   (size_t)runner->config->runner_max_in_flight);
    rezone_init(&runner->rezone, runner->commands, &runner->runs);
    reconcile_init(&runner->reconcile, runner->commands, &runner->runs);
    survey_init(&runner->survey, runner->commands, on_surveyed, runner);
    err = err != ERR_OK
              ? err
              : lease_init(&runner->lease, runner->loop, runner->commands, &runner->timebase, runner->id);
    set_retention(runner);
    return err;
}

static enum err listen_to_signals(struct runner *runner)
{
    static const struct {
        int signum;
        loop_cb *cb;
    } signals[] = {{SIGTERM, on_stop},
                   {SIGINT, on_stop},
                   {SIGUSR1, on_louder},
                   {SIGUSR2, on_quieter},
                   {SIGHUP, on_reload}};
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0] && err == ERR_OK; i++) {
        err = loop_on_signal(runner->loop, signals[i].signum, signals[i].cb, runner);
    }
    return err;
}

enum err runner_new(struct runner **out, const struct config *config, const char *tzdir, struct errinfo *info)
{
    struct runner *runner = calloc(1, sizeof *runner);
    *out = NULL;
    if (runner == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    runner->config = config;
    runner->clock = clock_system();
    make_id(runner->id);
    timebase_init(&runner->timebase, runner->clock);
    runner->zones = zones_new(tzdir);
    enum err err = runner->zones == NULL ? err_set(info, ERR_NOMEM, "out of memory") : ERR_OK;
    err = err != ERR_OK ? err : loop_new(&runner->loop, info);
    err = err != ERR_OK ? err : make_links(runner);
    err = err != ERR_OK ? err : make_http(runner, info);
    err = err != ERR_OK ? err : make_parts(runner);
    err = err != ERR_OK ? err : listen_to_signals(runner);
    if (err != ERR_OK) {
        runner_free(runner);
        return err_set(info->text[0] != '\0' ? NULL : info, err, "the runner cannot be set up: %s",
                       err_name(err));
    }
    *out = runner;
    return ERR_OK;
}

void runner_free(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    /* Links first: their pending callbacks look at the others. */
    redis_link_free(runner->commands);
    redis_link_free(runner->wake);
    http_client_free(runner->http);
    lease_fini(&runner->lease);
    due_fini(&runner->due);
    runs_fini(&runner->runs);
    outbox_fini(&runner->outbox);
    notify_fini(&runner->notify);
    loop_timer_free(runner->timer);
    loop_free(runner->loop);
    zones_free(runner->zones);
    free(runner);
}

enum err runner_run(struct runner *runner, struct errinfo *info)
{
    loop_on_turn(runner->loop, on_turn, runner);
    redis_link_start(runner->commands);
    redis_link_start(runner->wake);
    loop_run(runner->loop);
    if (runner->result != ERR_OK && info != NULL) {
        *info = runner->failure;
    }
    return runner->result;
}
