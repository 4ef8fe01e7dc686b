/* runner: see runner.h. Wires the parts to each other, sets what happens in a turn and in which order, and
 * keeps the life cycle. */
#include "runner.h"

#include "base/log.h"
#include "base/version.h"
#include "cluster/lease.h"
#include "cluster/reconcile.h"
#include "cluster/retention.h"
#include "cluster/rezone.h"
#include "cluster/survey.h"
#include "net/targets.h"
#include "redis/cluster_clock.h"
#include "redis/redis_link.h"
#include "run/attempts.h"
#include "run/due.h"
#include "run/outbox.h"
#include "run/runner_context.h"
#include "run/vault.h"
#include "runner_id.h"
#include "status.h"
#include "store/store_wake.h"
#include "supervision.h"
#include "zone/zone.h"

#include <signal.h>
#include <stdlib.h>

/* How long a runner that has drained waits for a Redis that is away to take the last records. */
#define DRAIN_RECORD_MS 2000
#define GOODBYE_MS      500  /* for leaving the list; a runner that does not is found dead, holding nothing */
#define STOP_SPARE_MS   2000 /* how much longer than all of that a supervisor is to wait */

enum runner_state {
    RUNNER_RUNNING,
    RUNNER_DRAINING, /* claims nothing, waits for calls and records */
    RUNNER_LEAVING,  /* nothing is left but to leave the list of runners */
    RUNNER_STOPPED,
    RUNNER_STATE__COUNT
};

struct runner {
    const struct config *config;
    struct runner_context context; /* what the parts below work with */
    char id[STORE_RUNNER_ID_MAX + 1];
    struct clock clock;
    struct cluster_clock cluster_clock;
    struct redis_link *wake;
    struct targets targets; /* where calls may go */
    struct http_client *http;
    struct outbox outbox;
    struct attempts attempts;
    struct due due;
    struct lease lease;
    struct rezone rezone;
    struct reconcile reconcile;
    struct supervision supervision;
    struct retention retention;
    struct survey survey;
    struct loop_timer *timer; /* of the drain */
    enum runner_state state;
    struct mono_ms drain_deadline; /* calls are aborted then */
    bool aborted;                  /* they have been */
    bool logged_ready;
    enum err result;
    struct errinfo failure; /* what could not be survived */
};

/* ---- life cycle ---- */

static const char *const state_names[RUNNER_STATE__COUNT] = {[RUNNER_RUNNING] = "running",
                                                             [RUNNER_DRAINING] = "draining",
                                                             [RUNNER_LEAVING] = "leaving",
                                                             [RUNNER_STOPPED] = "stopped"};

#define MOVE(state) (1U << (state))
static const unsigned allowed_moves[RUNNER_STATE__COUNT] = {
    [RUNNER_RUNNING] = MOVE(RUNNER_DRAINING) | MOVE(RUNNER_STOPPED),
    [RUNNER_DRAINING] = MOVE(RUNNER_LEAVING) | MOVE(RUNNER_STOPPED),
    [RUNNER_LEAVING] = MOVE(RUNNER_STOPPED),
    [RUNNER_STOPPED] = MOVE(RUNNER_STOPPED), /* what cannot be survived may happen twice in a turn */
};

static void set_state(struct runner *runner, enum runner_state state)
{
    if ((allowed_moves[runner->state] & MOVE(state)) == 0) {
        log_error("bug: impossible move of the runner", log_str("from", state_names[runner->state]),
                  log_str("to", state_names[state]));
    }
    runner->state = state;
    if (state == RUNNER_STOPPED) {
        loop_stop(runner->context.loop);
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
    log_info("stopping", log_i64("calls_under_way", (int64_t)attempts_calling(&runner->attempts)));
    attempts_drain(&runner->attempts);
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

static void end(struct runner *runner)
{
    log_info("stopped", log_i64("left_behind", (int64_t)attempts_count(&runner->attempts)));
    set_state(runner, RUNNER_STOPPED);
}

static void leave(struct runner *runner)
{
    set_state(runner, RUNNER_LEAVING);
    lease_say_goodbye(&runner->lease);
    runner->drain_deadline.ms = clock_mono(&runner->clock).ms + GOODBYE_MS;
    loop_timer_set(runner->timer, GOODBYE_MS);
}

/* In each turn of a drain: end it once all is recorded, or once it has taken too long. */
static void drain_turn(struct runner *runner)
{
    int64_t late_ms = clock_mono(&runner->clock).ms - runner->drain_deadline.ms;
    if (attempts_count(&runner->attempts) == 0 && !due_is_asking(&runner->due)) {
        leave(runner);
    } else if (late_ms >= DRAIN_RECORD_MS) {
        /* Without a goodbye: while the runner is on the list, what is left behind is found sooner. */
        end(runner);
    } else if (late_ms >= 0 && !runner->aborted) {
        log_warn("calls aborted", log_i64("calls_under_way", (int64_t)attempts_calling(&runner->attempts)));
        runner->aborted = true;
        attempts_abort(&runner->attempts);
        loop_timer_set(runner->timer, DRAIN_RECORD_MS);
    }
}

static void leave_turn(struct runner *runner)
{
    if (lease_is_gone(&runner->lease) || clock_mono(&runner->clock).ms >= runner->drain_deadline.ms) {
        end(runner);
    }
}

/* Logged at the level that is in force now, so that it is always seen. */
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

/* ---- what the parts report to each other ---- */

static void on_commands_state(void *arg, bool up)
{
    struct runner *runner = arg;
    if (up) {
        reconcile_all(&runner->reconcile);
        lease_link_up(&runner->lease);
        due_ask_all(&runner->due);
        vault_look(runner->context.vault);
        survey_start(&runner->survey);
    } else {
        /* Nothing is asked on the other link, so it would not notice the same fault for long. */
        redis_link_drop(runner->wake, "dropped with the other link");
    }
}

static void on_surveyed(void *arg)
{
    struct runner *runner = arg;
    char where[CONFIG_REDIS_SIZE];
    char keeps[STORE_DURABILITY_SIZE];
    char next[CLOCK_RFC3339_SIZE];
    if (!runner->logged_ready) {
        config_describe_redis(where, runner->config);
        store_durability_describe(keeps, &runner->survey.durability);
        survey_describe_next(next, &runner->survey);
        log_info("ready", log_str("runner", runner->id), log_str("redis", where),
                 log_str("version", DRONC_VERSION), log_str("redis_keeps", keeps),
                 log_i64("jobs_waiting", runner->survey.jobs), log_str("next", next));
        runner->logged_ready = true;
    }
    survey_warn(&runner->survey);
}

static void on_wake_state(void *arg, bool up)
{
    struct runner *runner = arg;
    if (up) {
        vault_look(runner->context.vault);
        due_ask_all(&runner->due); /* announcements in the meantime were not heard */
    }
}

static void on_wake_message(void *arg, struct slice message)
{
    struct runner *runner = arg;
    unsigned shard;
    struct wall_ms at;
    struct store_attempt claim;
    if (store_wake_parse(message, &shard, &at)) {
        due_note(&runner->due, shard, at);
    } else if (store_cancel_parse(message, &claim)) {
        attempts_cancel(&runner->attempts, &claim);
    } else if (store_sealed_was_changed(message)) {
        vault_look(runner->context.vault);
    } else if (store_level_was_raised(message)) {
        lease_look(&runner->lease);
    }
}

static void on_fatal(void *arg, const struct errinfo *info)
{
    fail(arg, ERR_CONFIG, info->text);
}

static void on_broken(void *arg, const struct store_attempt *claim, const char *why)
{
    struct runner *runner = arg;
    char id[JOB_ID_TEXT_SIZE];
    struct cmd cmd;
    job_id_format(id, &claim->job);
    log_error("job set aside", log_str("job", id), log_str("why", why));
    store_mark_broken(&cmd, store_shard(&claim->job), runner->id, claim);
    if (redis_link_submit(runner->context.link, &cmd, NULL, NULL) != ERR_OK) {
        log_debug("job not set aside yet", log_str("job", id));
    }
}

static void on_due(void *arg, unsigned shard, struct wall_ms at)
{
    struct runner *runner = arg;
    due_note(&runner->due, shard, at);
}

static struct wall_ms redis_now(void *arg)
{
    const struct runner *runner = arg;
    return cluster_clock_now(&runner->cluster_clock);
}

/* A call may wait long for its connection: the lease counts at the moment of sending, not at the last turn.
 */
static bool may_send(void *arg)
{
    const struct runner *runner = arg;
    return lease_is_valid(&runner->lease);
}

/* ---- what the supervisor learns ---- */

static void report_to_supervisor(struct runner *runner)
{
    const struct status_of of = {.config = runner->config,
                                 .link = runner->context.link,
                                 .lease = &runner->lease,
                                 .attempts = &runner->attempts,
                                 .outbox = &runner->outbox,
                                 .stopping = runner->state != RUNNER_RUNNING};
    char status[STATUS_SIZE];
    if (supervision_is_wanted(&runner->supervision)) {
        status_describe(status, &of);
        const struct supervision_news news = {.working = status_is_working(&of),
                                              .stopping = of.stopping,
                                              .stop_ms = runner->config->runner_drain_timeout_ms +
                                                         DRAIN_RECORD_MS + GOODBYE_MS + STOP_SPARE_MS,
                                              .status = status};
        supervision_turn(&runner->supervision, &news);
    }
}

/* ---- the turn: everything that happens, in order ---- */

static void on_turn(void *arg)
{
    struct runner *runner = arg;
    redis_link_turn(runner->context.link);
    redis_link_turn(runner->wake);
    vault_turn(runner->context.vault);
    http_client_turn(runner->http);
    lease_turn(&runner->lease);
    targets_note_keys(&runner->targets, runner->lease.keyed);
    attempts_set_lease(&runner->attempts, lease_is_valid(&runner->lease));
    if (lease_take_step(&runner->lease)) {
        due_ask_all(&runner->due);
    }
    attempts_turn(&runner->attempts);
    outbox_turn(&runner->outbox); /* before new claims: first hand back, then take */
    due_turn(&runner->due);
    reconcile_turn(&runner->reconcile, runner->lease.beats);
    retention_turn(&runner->retention, runner->lease.beats);
    rezone_turn(&runner->rezone);
    if (runner->state == RUNNER_DRAINING) {
        drain_turn(runner);
    } else if (runner->state == RUNNER_LEAVING) {
        leave_turn(runner);
    }
    attempts_sweep(&runner->attempts);
    report_to_supervisor(runner);
    log_flush();
}

/* ---- setting up ---- */

/* And the vault, which reads by one of them. */
static enum err make_links(struct runner *runner, struct errinfo *info)
{
    struct redis_link_options options = {.loop = runner->context.loop,
                                         .config = runner->config,
                                         .clock = runner->clock,
                                         .name = "commands",
                                         .on_state = on_commands_state,
                                         .on_fatal = on_fatal,
                                         .arg = runner};
    runner->context.link = redis_link_new(&options);
    options.name = "wake";
    options.channel = STORE_WAKE_CHANNEL;
    options.on_state = on_wake_state;
    options.on_message = on_wake_message;
    runner->wake = redis_link_new(&options);
    bool made = runner->context.link != NULL && runner->wake != NULL;
    return !made ? ERR_NOMEM
                 : vault_new(&runner->context.vault, runner->config->secrets_key, runner->context.link,
                             runner->clock, info);
}

static enum err make_http(struct runner *runner, struct errinfo *info)
{
    const struct http_client_options options = {.loop = runner->context.loop,
                                                .now = redis_now,
                                                .may_send = may_send,
                                                .clock = runner->clock,
                                                .arg = runner,
                                                .targets = &runner->targets,
                                                .max_calls = runner->config->runner_max_in_flight};
    bool good = targets_init(&runner->targets, &runner->config->targets);
    return good ? http_client_new(&runner->http, &options, info) : ERR_NOMEM;
}

static enum err make_parts(struct runner *runner)
{
    const struct runner_context *context = &runner->context;
    size_t max_in_flight = (size_t)runner->config->runner_max_in_flight;
    const struct attempts_options options = {.context = context,
                                             .http = runner->http,
                                             .outbox = &runner->outbox,
                                             .max_in_flight = max_in_flight,
                                             .max_per_host = (size_t)runner->config->runner_max_per_host,
                                             .max_slow = (size_t)runner->config->runner_max_slow,
                                             .on_broken = on_broken,
                                             .on_due = on_due,
                                             .arg = runner};
    runner->timer = loop_timer_new(context->loop, NULL, NULL);
    enum err err = runner->timer == NULL ? ERR_NOMEM : ERR_OK;
    err = err != ERR_OK ? err : outbox_init(&runner->outbox, context);
    err = err != ERR_OK ? err : supervision_init(&runner->supervision, context->loop, runner->clock);
    err = err != ERR_OK ? err : attempts_init(&runner->attempts, &options);
    err = err != ERR_OK ? err : due_init(&runner->due, context, &runner->attempts, max_in_flight);
    err = err != ERR_OK ? err : lease_init(&runner->lease, context);
    rezone_init(&runner->rezone, context, &runner->attempts);
    reconcile_init(&runner->reconcile, context, &runner->attempts);
    retention_init(&runner->retention, context);
    survey_init(&runner->survey, context->link, runner->config, on_surveyed, runner);
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
        err = loop_on_signal(runner->context.loop, signals[i].signum, signals[i].cb, runner);
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
    runner_id_make(runner->id);
    cluster_clock_init(&runner->cluster_clock, runner->clock);
    runner->context = (struct runner_context){.cluster_clock = &runner->cluster_clock,
                                              .zones = zones_new(tzdir),
                                              .runner = runner->id,
                                              .keep = retention_keep(config)};
    enum err err = runner->context.zones == NULL ? err_set(info, ERR_NOMEM, "out of memory") : ERR_OK;
    err = err != ERR_OK ? err : loop_new(&runner->context.loop, info);
    err = err != ERR_OK ? err : make_links(runner, info);
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
    redis_link_free(runner->context.link);
    redis_link_free(runner->wake);
    http_client_free(runner->http);
    targets_fini(&runner->targets);
    lease_fini(&runner->lease);
    due_fini(&runner->due);
    attempts_fini(&runner->attempts);
    outbox_fini(&runner->outbox);
    vault_free(runner->context.vault);
    supervision_fini(&runner->supervision);
    loop_timer_free(runner->timer);
    loop_free(runner->context.loop);
    zones_free(runner->context.zones);
    free(runner);
}

enum err runner_run(struct runner *runner, struct errinfo *info)
{
    loop_on_turn(runner->context.loop, on_turn, runner);
    redis_link_start(runner->context.link);
    redis_link_start(runner->wake);
    loop_run(runner->context.loop);
    if (runner->result != ERR_OK && info != NULL) {
        *info = runner->failure;
    }
    return runner->result;
}
