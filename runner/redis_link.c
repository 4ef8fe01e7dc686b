/* redis_link: see redis_link.h. The life of the connection and its glue to the loop; what is sent and what comes back
 * mean nothing here. */
#include "redis_link.h"

#include "log.h"
#include "redis_reply.h"
#include "store.h"

#include <arpa/inet.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What hiredis' callbacks found; acted upon in the turn. */
enum link_event {
    EVENT_NONE,
    EVENT_CONNECTED,
    EVENT_GREETED,
    EVENT_LOST
};

struct redis_link {
    struct redis_link_options options;
    enum link_state state;
    enum link_event event;
    redisAsyncContext *context; /* owned by hiredis once connected; NULL: there is none */
    struct loop_watch *watch;
    unsigned watched; /* enum loop_events */
    struct loop_timer *timer;  /* only there to make a turn happen in time */
    struct mono_ms deadline;   /* of RESOLVING to GREETING and of WAITING */
    struct mono_ms answered;   /* when the last answer came, or the first of the pending commands was sent */
    size_t pending;
    int64_t backoff_ms;
    bool complained;    /* being away has been logged */
    bool doomed;        /* freed while a look-up was under way: the look-up's callback frees */
    bool fatal;         /* on_fatal is to be told */
    char address[LOOP_ADDRESS_SIZE];
    char error[256];
};

/* One command under way. */
struct request {
    struct redis_link *link;
    struct cmd cmd; /* kept: a script that Redis does not know is sent again with its source */
    redis_link_cb *cb;
    void *arg;
    bool with_source;
};

void redis_link_place(char out[LINK_PLACE_SIZE], const struct config *config)
{
    if (config->redis_socket[0] != '\0') {
        (void)snprintf(out, LINK_PLACE_SIZE, "unix:%s", config->redis_socket);
    } else {
        (void)snprintf(out, LINK_PLACE_SIZE, "%s:%d", config->redis_host, config->redis_port);
    }
}

static struct mono_ms now(const struct redis_link *link)
{
    return clock_mono(&link->options.clock);
}

/* ---- states ---- */

static const char *const state_names[LINK_STATE__COUNT] = {
    [LINK_IDLE] = "idle",         [LINK_RESOLVING] = "resolving", [LINK_CONNECTING] = "connecting",
    [LINK_GREETING] = "greeting", [LINK_UP] = "up",               [LINK_WAITING] = "waiting",
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

static void note_error(struct redis_link *link, const char *text)
{
    (void)snprintf(link->error, sizeof link->error, "%s", text);
}

static void wait_until(struct redis_link *link, int64_t delay_ms)
{
    link->deadline.ms = now(link).ms + delay_ms;
    loop_timer_set(link->timer, delay_ms);
}

/* ---- glue: hiredis asks for events, the loop delivers them ---- */

static void on_events(void *arg, unsigned events)
{
    struct redis_link *link = arg;
    /* Reading may free the context, and then watch is NULL: look again before writing. */
    if ((events & (LOOP_READ | LOOP_ERROR)) != 0 && link->watch != NULL) {
        redisAsyncHandleRead(link->context);
    }
    if ((events & (LOOP_WRITE | LOOP_ERROR)) != 0 && link->watch != NULL) {
        redisAsyncHandleWrite(link->context);
    }
}

static void watch_for(struct redis_link *link, unsigned events)
{
    if (link->watch != NULL && events != link->watched) {
        link->watched = events;
        loop_watch_set(link->watch, events);
    }
}

static void add_read(void *privdata)
{
    struct redis_link *link = privdata;
    watch_for(link, link->watched | LOOP_READ);
}

static void del_read(void *privdata)
{
    struct redis_link *link = privdata;
    watch_for(link, link->watched & ~(unsigned)LOOP_READ);
}

static void add_write(void *privdata)
{
    struct redis_link *link = privdata;
    watch_for(link, link->watched | LOOP_WRITE);
}

static void del_write(void *privdata)
{
    struct redis_link *link = privdata;
    watch_for(link, link->watched & ~(unsigned)LOOP_WRITE);
}

static void clean_up(void *privdata)
{
    struct redis_link *link = privdata;
    loop_watch_free(link->watch);
    link->watch = NULL;
    link->watched = 0;
}

/* ---- connecting ---- */

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    if (status == REDIS_OK) {
        link->event = EVENT_CONNECTED;
        return;
    }
    /* hiredis frees the context after this. */
    note_error(link, context->errstr);
    link->context = NULL;
    link->event = EVENT_LOST;
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    if (status != REDIS_OK) {
        note_error(link, context->errstr);
    }
    link->context = NULL;
    link->event = EVENT_LOST;
}

static redisAsyncContext *open_context(const struct redis_link *link)
{
    const struct config *config = link->options.config;
    if (config->redis_socket[0] != '\0') {
        return redisAsyncConnectUnix(config->redis_socket);
    }
    return redisAsyncConnect(link->address, config->redis_port);
}

static enum err attach(struct redis_link *link)
{
    redisAsyncContext *context = link->context;
    link->watch = loop_watch_new(link->options.loop, context->c.fd, on_events, link);
    if (link->watch == NULL) {
        return ERR_SYSTEM;
    }
    context->data = link;
    context->ev.data = link;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = clean_up;
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
    /* Also asks for the first writability, so it comes last. */
    (void)redisAsyncSetConnectCallback(context, on_connect);
    return ERR_OK;
}

static void connect_now(struct redis_link *link)
{
    set_state(link, LINK_CONNECTING);
    redisAsyncContext *context = open_context(link);
    if (context == NULL || context->err != 0) {
        note_error(link, context == NULL ? "out of memory" : context->errstr);
        if (context != NULL) {
            redisAsyncFree(context);
        }
        link->event = EVENT_LOST;
        return;
    }
    link->context = context;
    if (attach(link) != ERR_OK) {
        note_error(link, "the connection cannot be watched");
        link->context = NULL;
        redisAsyncFree(context);
        link->event = EVENT_LOST;
    }
}

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static void on_resolved(void *arg, const char *address, const char *why)
{
    struct redis_link *link = arg;
    if (link->doomed) {
        free(link);
        return;
    }
    if (link->state != LINK_RESOLVING) {
        return;
    }
    if (address == NULL) {
        note_error(link, why);
        link->event = EVENT_LOST;
        return;
    }
    (void)snprintf(link->address, sizeof link->address, "%s", address);
    connect_now(link);
}

void redis_link_start(struct redis_link *link)
{
    const struct config *config = link->options.config;
    wait_until(link, LINK_CONNECT_MS);
    if (config->redis_socket[0] != '\0') {
        connect_now(link);
    } else if (is_address(config->redis_host)) {
        (void)snprintf(link->address, sizeof link->address, "%.*s", LOOP_ADDRESS_SIZE - 1, config->redis_host);
        connect_now(link);
    } else {
        set_state(link, LINK_RESOLVING);
        if (loop_resolve(link->options.loop, config->redis_host, on_resolved, link) != ERR_OK) {
            note_error(link, "the host name cannot be looked up");
            link->event = EVENT_LOST;
        }
    }
}

/* ---- commands ---- */

static enum err send_request(struct request *request);

static void end_request(struct request *request, const struct reply *reply)
{
    if (request->cb != NULL) {
        request->cb(request->arg, reply);
    }
    cmd_fini(&request->cmd);
    free(request);
}

static void on_reply(redisAsyncContext *context, void *raw, void *privdata)
{
    (void)context;
    struct request *request = privdata;
    struct redis_link *link = request->link;
    link->pending--;
    link->answered = now(link);
    if (raw == NULL) {
        end_request(request, NULL);
        return;
    }
    struct reply reply;
    struct slice *items;
    redis_reply_flatten(raw, &reply, &items);
    /* After SCRIPT FLUSH or a restart of Redis. */
    if (reply_is_noscript(&reply) && !request->with_source) {
        request->with_source = true;
        if (send_request(request) == ERR_OK) {
            return;
        }
    }
    end_request(request, &reply);
    free(items);
}

static enum err send_request(struct request *request)
{
    struct redis_link *link = request->link;
    struct buffer bytes;
    buffer_init(&bytes, 0);
    enum err err = cmd_render(&request->cmd, request->with_source, &bytes);
    if (err == ERR_OK &&
        redisAsyncFormattedCommand(link->context, on_reply, request, bytes.data, bytes.len) != REDIS_OK) {
        err = ERR_DOWN;
    }
    if (err == ERR_OK) {
        link->answered = link->pending == 0 ? now(link) : link->answered;
        link->pending++;
    }
    buffer_fini(&bytes);
    return err;
}

static enum err submit(struct redis_link *link, struct cmd *cmd, redis_link_cb *cb, void *arg)
{
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        cmd_fini(cmd);
        return ERR_NOMEM;
    }
    *request = (struct request){.link = link, .cmd = *cmd, .cb = cb, .arg = arg};
    enum err err = send_request(request);
    if (err != ERR_OK) {
        cmd_fini(&request->cmd);
        free(request);
    }
    return err;
}

enum err redis_link_submit(struct redis_link *link, struct cmd *cmd, redis_link_cb *cb, void *arg)
{
    if (link->state != LINK_UP || link->event == EVENT_LOST || link->context == NULL) {
        cmd_fini(cmd);
        return ERR_DOWN;
    }
    if (link->pending >= LINK_PENDING_MAX) {
        cmd_fini(cmd);
        return ERR_BUSY;
    }
    return submit(link, cmd, cb, arg);
}

/* ---- greeting ---- */

/* An answer that must not be an error: AUTH, SELECT. */
static void on_greeting_step(void *arg, const struct reply *reply)
{
    struct redis_link *link = arg;
    struct errinfo info;
    if (reply != NULL && reply_check(reply, &info) != ERR_OK && link->event != EVENT_LOST) {
        note_error(link, info.text);
        link->event = EVENT_LOST;
    }
}

static void on_setup(void *arg, const struct reply *reply)
{
    struct redis_link *link = arg;
    struct errinfo info = {0};
    if (reply == NULL || link->event == EVENT_LOST) {
        return;
    }
    enum err err = store_setup_reply(reply, &info);
    if (err == ERR_OK) {
        link->event = EVENT_GREETED;
        return;
    }
    note_error(link, info.text);
    link->fatal = err == ERR_CONFIG;
    link->event = EVENT_LOST;
}

static void on_message_reply(redisAsyncContext *context, void *raw, void *privdata)
{
    (void)context;
    struct redis_link *link = privdata;
    struct reply reply;
    struct slice *items;
    if (raw == NULL) {
        return;
    }
    redis_reply_flatten(raw, &reply, &items);
    if (reply.kind == REPLY_ERROR) {
        on_greeting_step(link, &reply);
    } else if (reply.kind == REPLY_ARRAY && reply.count == 3) {
        if (slice_eq(reply.items[0], "subscribe")) {
            link->event = EVENT_GREETED;
        } else if (slice_eq(reply.items[0], "message")) {
            link->options.on_message(link->options.arg, reply.items[2]);
        }
    }
    free(items);
}

static enum err greet_auth(struct redis_link *link)
{
    const struct config *config = link->options.config;
    struct cmd cmd;
    if (config->redis_password[0] == '\0') {
        return ERR_OK;
    }
    cmd_init(&cmd, "AUTH");
    if (config->redis_username[0] != '\0') {
        cmd_arg_str(&cmd, config->redis_username);
    }
    cmd_arg_str(&cmd, config->redis_password);
    return submit(link, &cmd, on_greeting_step, link);
}

static enum err greet_select(struct redis_link *link)
{
    struct cmd cmd;
    if (link->options.config->redis_db == 0) {
        return ERR_OK;
    }
    cmd_init(&cmd, "SELECT");
    cmd_arg_i64(&cmd, link->options.config->redis_db);
    return submit(link, &cmd, on_greeting_step, link);
}

static enum err greet_scripts(struct redis_link *link)
{
    enum err err = ERR_OK;
    struct cmd cmd;
    for (size_t i = 0; store_script(i) != NULL && err == ERR_OK; i++) {
        cmd_init(&cmd, "SCRIPT");
        cmd_arg_str(&cmd, "LOAD");
        cmd_arg_str(&cmd, store_script(i)->source);
        /* One that cannot be loaded now is sent with its source when it is needed. */
        err = submit(link, &cmd, NULL, NULL);
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
        store_setup(&cmd);
        err = submit(link, &cmd, on_setup, link);
    }
    return err;
}

static enum err greet_subscribe(struct redis_link *link)
{
    (void)redisEnableKeepAlive(&link->context->c);
    return redisAsyncCommand(link->context, on_message_reply, link, "SUBSCRIBE %s", link->options.channel) ==
                   REDIS_OK
               ? ERR_OK
               : ERR_DOWN;
}

static void greet(struct redis_link *link)
{
    set_state(link, LINK_GREETING);
    enum err err = greet_auth(link);
    if (err == ERR_OK) {
        err = link->options.channel != NULL ? greet_subscribe(link) : greet_database(link);
    }
    if (err != ERR_OK) {
        note_error(link, "the greeting cannot be sent");
        link->event = EVENT_LOST;
    }
}

/* ---- the turn ---- */

/* Free the context, if there is one; every pending callback runs with NULL. */
static void drop(struct redis_link *link)
{
    redisAsyncContext *context = link->context;
    link->context = NULL;
    if (context != NULL) {
        redisAsyncFree(context);
    }
    link->event = EVENT_NONE;
    link->pending = 0;
}

static void complain_once(struct redis_link *link)
{
    char place[LINK_PLACE_SIZE];
    redis_link_place(place, link->options.config);
    if (!link->complained && link->options.channel == NULL) {
        log_warn("redis unreachable", log_str("redis", place), log_str("error", link->error));
        link->complained = true;
    }
}

static void act_lost(struct redis_link *link)
{
    bool was_up = link->state == LINK_UP;
    drop(link);
    set_state(link, LINK_WAITING);
    complain_once(link);
    wait_until(link, link->backoff_ms);
    link->backoff_ms = link->backoff_ms * 2 < LINK_BACKOFF_MAX_MS ? link->backoff_ms * 2 : LINK_BACKOFF_MAX_MS;
    if (was_up) {
        link->options.on_state(link->options.arg, false);
    }
    if (link->fatal && link->options.on_fatal != NULL) {
        struct errinfo info = {0};
        (void)err_set(&info, ERR_CONFIG, "%s", link->error);
        link->options.on_fatal(link->options.arg, &info);
    }
}

static void act_greeted(struct redis_link *link)
{
    char place[LINK_PLACE_SIZE];
    set_state(link, LINK_UP);
    link->backoff_ms = LINK_BACKOFF_MIN_MS;
    link->error[0] = '\0';
    if (link->complained) {
        redis_link_place(place, link->options.config);
        log_info("redis is back", log_str("redis", place));
        link->complained = false;
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
        return link->pending > 0 && now(link).ms >= link->answered.ms + LINK_ANSWER_MS;
    default:
        return false;
    }
}

static void act_event(struct redis_link *link)
{
    enum link_event event = link->event;
    link->event = EVENT_NONE;
    switch (event) {
    case EVENT_CONNECTED:
        greet(link);
        break;
    case EVENT_GREETED:
        act_greeted(link);
        break;
    case EVENT_LOST:
        act_lost(link);
        break;
    case EVENT_NONE:
        break;
    }
}

void redis_link_turn(struct redis_link *link)
{
    if (link->state == LINK_CLOSED) {
        return;
    }
    if (link->event == EVENT_NONE && is_overdue(link)) {
        note_error(link, "no answer in time");
        link->event = EVENT_LOST;
    }
    do {
        act_event(link);
        if (link->state == LINK_WAITING && now(link).ms >= link->deadline.ms) {
            redis_link_start(link);
        }
    } while (link->event != EVENT_NONE);
    if (link->state == LINK_UP && link->pending > 0) {
        loop_timer_set(link->timer, link->answered.ms + LINK_ANSWER_MS - now(link).ms);
    }
}

/* ---- life cycle ---- */

static void on_timer(void *arg)
{
    (void)arg; /* redis_link_turn does the work */
}

struct redis_link *redis_link_new(const struct redis_link_options *options)
{
    struct redis_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return NULL;
    }
    link->options = *options;
    link->backoff_ms = LINK_BACKOFF_MIN_MS;
    link->timer = loop_timer_new(options->loop, on_timer, link);
    if (link->timer == NULL) {
        free(link);
        return NULL;
    }
    return link;
}

void redis_link_close(struct redis_link *link)
{
    if (link->state != LINK_CLOSED) {
        drop(link);
        set_state(link, LINK_CLOSED);
        loop_timer_stop(link->timer);
    }
}

void redis_link_free(struct redis_link *link)
{
    if (link == NULL) {
        return;
    }
    bool looking_up = link->state == LINK_RESOLVING && link->event == EVENT_NONE;
    redis_link_close(link);
    loop_timer_free(link->timer);
    if (looking_up) {
        link->doomed = true;
    } else {
        free(link);
    }
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == LINK_UP && link->event != EVENT_LOST;
}

const char *redis_link_error(const struct redis_link *link)
{
    return link->error;
}
