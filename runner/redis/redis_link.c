/* redis_link: see redis_link.h. The states of the link, the greeting, and when to reconnect; redis_wire has
 * the connection itself. */
#include "redis/redis_link.h"

#include "base/log.h"
#include "redis/redis_wire.h"
#include "resp/redis_login.h"
#include "store/store_database.h"
#include "store/store_runner.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct redis_link {
    struct redis_link_options options;
    enum link_state state;
    struct redis_wire wire;
    struct loop_timer *timer; /* wakes the loop at the deadline */
    struct mono_ms deadline;  /* of RESOLVING to GREETING and of WAITING; UP: the end of doubt */
    int64_t backoff_ms;
    bool complained;  /* that Redis is down has been logged */
    bool doubtful;    /* Redis accepted our login, and then denied us a right */
    unsigned lookups; /* look-ups of the host name under way */
    bool is_freed;    /* by its owner: the last look-up's callback frees the memory */
    bool fatal;       /* on_fatal must be called */
    char address[LOOP_ADDRESS_SIZE];
};

static struct mono_ms now(const struct redis_link *link)
{
    return clock_mono(&link->options.clock);
}

/* ---- states ---- */

static const char *const state_names[LINK_STATE__COUNT] = {
    [LINK_IDLE] = "idle",
    [LINK_RESOLVING] = "resolving",
    [LINK_CONNECTING] = "connecting",
    [LINK_GREETING] = "greeting",
    [LINK_UP] = "up",
    [LINK_WAITING] = "waiting",
    [LINK_CLOSED] = "closed",
};

#define MOVE(state) (1U << (state))
static const unsigned allowed_moves[LINK_STATE__COUNT] = {
    [LINK_IDLE] = MOVE(LINK_RESOLVING) | MOVE(LINK_CONNECTING) | MOVE(LINK_WAITING) | MOVE(LINK_CLOSED),
    [LINK_RESOLVING] = MOVE(LINK_CONNECTING) | MOVE(LINK_WAITING) | MOVE(LINK_CLOSED),
    [LINK_CONNECTING] = MOVE(LINK_GREETING) | MOVE(LINK_WAITING) | MOVE(LINK_CLOSED),
    [LINK_GREETING] = MOVE(LINK_UP) | MOVE(LINK_WAITING) | MOVE(LINK_CLOSED),
    [LINK_UP] = MOVE(LINK_WAITING) | MOVE(LINK_CLOSED),
    [LINK_WAITING] = MOVE(LINK_RESOLVING) | MOVE(LINK_CONNECTING) | MOVE(LINK_WAITING) | MOVE(LINK_CLOSED),
    [LINK_CLOSED] = 0,
};

static void set_state(struct redis_link *link, enum link_state state)
{
    if ((allowed_moves[link->state] & MOVE(state)) == 0) {
        log_error("bug: impossible move of the Redis link", log_str("from", state_names[link->state]),
                  log_str("to", state_names[state]));
    }
    log_debug("redis link", log_str("link", link->options.name), log_str("state", state_names[state]));
    link->state = state;
}

static void wait_until(struct redis_link *link, int64_t delay_ms)
{
    link->deadline.ms = now(link).ms + delay_ms;
    loop_timer_set(link->timer, delay_ms);
}

/* ---- connecting ---- */

static void connect_now(struct redis_link *link)
{
    const struct config *config = link->options.config;
    set_state(link, LINK_CONNECTING);
    redis_wire_open(&link->wire, config->redis_socket, link->address, config->redis_port);
}

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static void on_resolved(void *arg, const char *address, const char *why)
{
    struct redis_link *link = arg;
    link->lookups--;
    if (link->is_freed && link->lookups == 0) {
        free(link);
        return;
    }
    if (link->state != LINK_RESOLVING) {
        return;
    }
    if (address == NULL) {
        char text[sizeof link->wire.error];
        (void)snprintf(text, sizeof text, "the host name cannot be looked up: %s", why);
        redis_wire_fail(&link->wire, text);
        return;
    }
    (void)snprintf(link->address, sizeof link->address, "%s", address);
    connect_now(link);
}

/* If too many look-ups are under way, wait for the answer of one of them. */
static void look_up(struct redis_link *link)
{
    set_state(link, LINK_RESOLVING);
    if (link->lookups >= LINK_LOOKUPS_MAX) {
        return;
    }
    if (loop_resolve(link->options.loop, link->options.config->redis_host, on_resolved, link) == ERR_OK) {
        link->lookups++;
    } else {
        redis_wire_fail(&link->wire, "the host name cannot be looked up");
    }
}

void redis_link_start(struct redis_link *link)
{
    const struct config *config = link->options.config;
    wait_until(link, LINK_CONNECT_MS);
    if (config->redis_socket[0] != '\0') {
        connect_now(link);
    } else if (is_address(config->redis_host)) {
        (void)snprintf(link->address, sizeof link->address, "%.*s", LOOP_ADDRESS_SIZE - 1,
                       config->redis_host);
        connect_now(link);
    } else {
        look_up(link);
    }
}

/* ---- commands ---- */

enum err redis_link_submit(struct redis_link *link, struct cmd *cmd, redis_link_cb *cb, void *arg)
{
    if (link->state != LINK_UP || link->wire.event == WIRE_LOST) {
        cmd_fini(cmd);
        return ERR_DOWN;
    }
    if (link->wire.pending >= LINK_PENDING_MAX) {
        cmd_fini(cmd);
        return ERR_BUSY;
    }
    return redis_wire_send(&link->wire, cmd, cb, arg);
}

/* ---- greeting ---- */

/* Handle the answer to AUTH or SELECT, which must not be an error. */
static void on_greeting_step(void *arg, const struct reply *reply)
{
    struct redis_link *link = arg;
    struct errinfo info;
    if (reply != NULL && reply_check(reply, &info) != ERR_OK && link->wire.event != WIRE_LOST) {
        redis_wire_fail(&link->wire, info.text);
    }
}

static void on_setup(void *arg, const struct reply *reply)
{
    struct redis_link *link = arg;
    struct errinfo info = {0};
    if (reply == NULL || link->wire.event == WIRE_LOST) {
        return;
    }
    enum err err = store_setup_reply(reply, NULL, &info);
    if (err == ERR_OK) {
        link->wire.event = WIRE_GREETED;
        return;
    }
    redis_wire_fail(&link->wire, info.text);
    link->fatal = err == ERR_CONFIG;
}

static void on_message_reply(void *arg, const struct reply *reply)
{
    struct redis_link *link = arg;
    if (reply == NULL || reply->kind != REPLY_ARRAY || reply->count != 3) {
        return;
    }
    if (slice_eq(reply->items[0], "subscribe")) {
        link->wire.event = WIRE_GREETED;
    } else if (slice_eq(reply->items[0], "message")) {
        link->options.on_message(link->options.arg, reply->items[2]);
    }
}

static enum err greet_auth(struct redis_link *link)
{
    struct cmd cmd;
    return redis_login_auth(&cmd, link->options.config)
               ? redis_wire_send(&link->wire, &cmd, on_greeting_step, link)
               : ERR_OK;
}

static enum err greet_select(struct redis_link *link)
{
    struct cmd cmd;
    return redis_login_select(&cmd, link->options.config)
               ? redis_wire_send(&link->wire, &cmd, on_greeting_step, link)
               : ERR_OK;
}

static enum err greet_scripts(struct redis_link *link)
{
    enum err err = ERR_OK;
    struct cmd cmd;
    for (size_t i = 0; store_script(i) != NULL && err == ERR_OK; i++) {
        cmd_init(&cmd, "SCRIPT");
        cmd_arg_str(&cmd, "LOAD");
        cmd_arg_str(&cmd, store_script(i)->source);
        /* If a script cannot be loaded now, it is sent with its source when it is used. */
        err = redis_wire_send(&link->wire, &cmd, NULL, NULL);
    }
    return err;
}

static enum err greet_database(struct redis_link *link)
{
    struct cmd cmd;
    enum err err = greet_select(link);
    if (err == ERR_OK) {
        err = greet_scripts(link);
    }
    if (err == ERR_OK) {
        /* It changes nothing, but a replica refuses it. */
        store_try_write(&cmd);
        err = redis_wire_send(&link->wire, &cmd, NULL, NULL);
    }
    if (err == ERR_OK) {
        store_setup(&cmd, STORE_LEVEL_AT_START);
        err = redis_wire_send(&link->wire, &cmd, on_setup, link);
    }
    return err;
}

static void greet(struct redis_link *link)
{
    set_state(link, LINK_GREETING);
    enum err err = greet_auth(link);
    if (err == ERR_OK) {
        err = link->options.channel != NULL
                  ? redis_wire_subscribe(&link->wire, link->options.channel, on_message_reply, link)
                  : greet_database(link);
    }
    if (err != ERR_OK) {
        redis_wire_fail(&link->wire, "the greeting cannot be sent");
    }
}

/* ---- the turn ---- */

static void complain_once(struct redis_link *link)
{
    char where[CONFIG_REDIS_SIZE];
    config_describe_redis(where, link->options.config);
    if (!link->complained && link->options.channel == NULL) {
        log_warn("redis unreachable", log_str("redis", where), log_str("error", link->wire.error));
        link->complained = true;
    }
}

static void act_lost(struct redis_link *link)
{
    bool was_up = link->state == LINK_UP;
    link->fatal = link->fatal || (link->state == LINK_GREETING && link->wire.trouble == REDIS_CLUSTER);
    /* The greeting finds out about any other trouble. */
    link->doubtful = was_up ? link->wire.trouble == REDIS_NO_RIGHT : link->doubtful;
    redis_wire_close(&link->wire);
    set_state(link, LINK_WAITING);
    complain_once(link);
    wait_until(link, link->backoff_ms);
    link->backoff_ms =
        link->backoff_ms * 2 < LINK_BACKOFF_MAX_MS ? link->backoff_ms * 2 : LINK_BACKOFF_MAX_MS;
    if (was_up) {
        link->options.on_state(link->options.arg, false);
    }
    if (link->fatal && link->options.on_fatal != NULL) {
        struct errinfo info = {0};
        (void)err_set(&info, ERR_CONFIG, "%s", link->wire.error);
        link->options.on_fatal(link->options.arg, &info);
    }
}

static void trust(struct redis_link *link)
{
    char where[CONFIG_REDIS_SIZE];
    link->backoff_ms = LINK_BACKOFF_MIN_MS;
    link->doubtful = false;
    if (link->complained) {
        config_describe_redis(where, link->options.config);
        log_info("redis is back", log_str("redis", where));
        link->complained = false;
    }
}

static void act_greeted(struct redis_link *link)
{
    set_state(link, LINK_UP);
    link->wire.error[0] = '\0';
    if (link->doubtful) {
        wait_until(link, LINK_PROOF_MS); /* it may deny us the right again */
    } else {
        trust(link);
    }
    link->options.on_state(link->options.arg, true);
}

static bool is_overdue(const struct redis_link *link)
{
    switch (link->state) {
    case LINK_RESOLVING:
    case LINK_CONNECTING:
    case LINK_GREETING:
        return now(link).ms >= link->deadline.ms;
    case LINK_UP:
        return link->wire.pending > 0 && now(link).ms >= link->wire.answered.ms + LINK_ANSWER_MS;
    default:
        return false;
    }
}

static void act_event(struct redis_link *link)
{
    enum wire_event event = link->wire.event;
    link->wire.event = WIRE_NOTHING;
    switch (event) {
    case WIRE_CONNECTED:
        greet(link);
        break;
    case WIRE_GREETED:
        act_greeted(link);
        break;
    case WIRE_LOST:
        act_lost(link);
        break;
    case WIRE_NOTHING:
        break;
    }
}

void redis_link_turn(struct redis_link *link)
{
    if (link->state == LINK_CLOSED) {
        return;
    }
    if (link->wire.event == WIRE_NOTHING && is_overdue(link)) {
        redis_wire_fail(&link->wire, "no answer in time");
    }
    do {
        act_event(link);
        if (link->state == LINK_WAITING && now(link).ms >= link->deadline.ms) {
            redis_link_start(link);
        }
    } while (link->wire.event != WIRE_NOTHING);
    if (link->state == LINK_UP && link->doubtful && now(link).ms >= link->deadline.ms) {
        trust(link);
    }
    if (link->state == LINK_UP && link->wire.pending > 0) {
        loop_timer_set(link->timer, link->wire.answered.ms + LINK_ANSWER_MS - now(link).ms);
    }
}

/* ---- life cycle ---- */

struct redis_link *redis_link_new(const struct redis_link_options *options)
{
    struct redis_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->options = *options;
    link->backoff_ms = LINK_BACKOFF_MIN_MS;
    link->timer = loop_timer_new(options->loop, NULL, NULL);
    if (link->timer == NULL || redis_wire_init(&link->wire, options->loop, options->clock) != ERR_OK) {
        loop_timer_free(link->timer);
        free(link);
        return NULL;
    }
    return link;
}

void redis_link_drop(struct redis_link *link, const char *why)
{
    if (link->state == LINK_UP) {
        redis_wire_fail(&link->wire, why);
    }
}

void redis_link_close(struct redis_link *link)
{
    if (link->state != LINK_CLOSED) {
        redis_wire_close(&link->wire);
        set_state(link, LINK_CLOSED);
        loop_timer_stop(link->timer);
    }
}

void redis_link_free(struct redis_link *link)
{
    if (link == NULL) {
        return;
    }
    redis_link_close(link);
    redis_wire_fini(&link->wire);
    loop_timer_free(link->timer);
    link->is_freed = true;
    if (link->lookups == 0) {
        free(link);
    }
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == LINK_UP && link->wire.event != WIRE_LOST;
}

const char *redis_link_error(const struct redis_link *link)
{
    return link->wire.error;
}

enum redis_trouble redis_link_trouble(const struct redis_link *link)
{
    return link->wire.trouble;
}
