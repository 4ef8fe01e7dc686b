/* redis_wire: see redis_wire.h. Connects hiredis with the loop, and keeps the requests under way. */
#include "redis/redis_wire.h"

#include "resp/redis_limits.h"
#include "resp/redis_reply.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

/* One command under way. */
struct request {
    struct redis_wire *wire;
    struct cmd cmd; /* kept, because a script that Redis does not know is sent again */
    redis_wire_cb *cb;
    void *arg;
    bool with_source;
};

void redis_wire_fail(struct redis_wire *wire, const char *error)
{
    (void)snprintf(wire->error, sizeof wire->error, "%s", error);
    wire->event = WIRE_LOST;
    wire->trouble = REDIS_UNREACHABLE;
}

/* Returns true if the answer ends this connection. */
static bool spoils(struct redis_wire *wire, const struct reply *reply)
{
    enum redis_trouble trouble = redis_trouble_of(reply);
    int64_t age_ms = clock_mono(&wire->clock).ms - wire->opened.ms;
    struct errinfo info = {0};
    if (!redis_trouble_spoils(trouble, age_ms)) {
        return false;
    }
    if (wire->event == WIRE_LOST || reply_check(reply, &info) == ERR_OK) {
        return true; /* the first failure has the reason */
    }
    redis_wire_fail(wire, trouble == REDIS_CLUSTER ? redis_trouble_reason(trouble) : info.text);
    wire->trouble = trouble;
    return true;
}

/* ---- hiredis asks for events, the loop delivers them ---- */

/* Note an answer that hiredis refused because of its size (it then drops the connection, as if memory had run
 * out), or one that is already too long. */
static void check_size(struct redis_wire *wire)
{
    struct errinfo info;
    const redisReader *reader = wire->context != NULL ? wire->context->c.reader : NULL;
    if (redis_limits_check(wire->limits, reader, &info) != ERR_OK) {
        redis_wire_fail(wire, info.text);
    }
}

static void on_events(void *arg, unsigned events)
{
    struct redis_wire *wire = arg;
    /* Reading may free the context; then watch is NULL. So check it again before writing. */
    if ((events & (LOOP_READ | LOOP_ERROR)) != 0 && wire->watch != NULL) {
        redisAsyncHandleRead(wire->context);
        check_size(wire);
    }
    if ((events & (LOOP_WRITE | LOOP_ERROR)) != 0 && wire->watch != NULL) {
        redisAsyncHandleWrite(wire->context);
    }
}

static void watch_for(struct redis_wire *wire, unsigned events)
{
    if (wire->watch != NULL && events != wire->watched) {
        wire->watched = events;
        loop_watch_set(wire->watch, events);
    }
}

static void add_read(void *privdata)
{
    struct redis_wire *wire = privdata;
    watch_for(wire, wire->watched | LOOP_READ);
}

static void del_read(void *privdata)
{
    struct redis_wire *wire = privdata;
    watch_for(wire, wire->watched & ~(unsigned)LOOP_READ);
}

static void add_write(void *privdata)
{
    struct redis_wire *wire = privdata;
    watch_for(wire, wire->watched | LOOP_WRITE);
}

static void del_write(void *privdata)
{
    struct redis_wire *wire = privdata;
    watch_for(wire, wire->watched & ~(unsigned)LOOP_WRITE);
}

static void clean_up(void *privdata)
{
    struct redis_wire *wire = privdata;
    loop_watch_free(wire->watch);
    wire->watch = NULL;
    wire->watched = 0;
}

/* ---- opening and closing ---- */

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_wire *wire = context->data;
    if (status == REDIS_OK) {
        wire->event = WIRE_CONNECTED;
        return;
    }
    wire->context = NULL; /* hiredis frees it after this */
    redis_wire_fail(wire, context->errstr);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct redis_wire *wire = context->data;
    wire->context = NULL;
    if (status != REDIS_OK && wire->event != WIRE_LOST) {
        redis_wire_fail(wire, context->errstr);
    }
    wire->event = WIRE_LOST; /* status REDIS_OK: we closed it, and noted the reason */
}

static enum err attach(struct redis_wire *wire, redisAsyncContext *context)
{
    wire->watch = loop_watch_new(wire->loop, context->c.fd, on_events, wire);
    if (wire->watch == NULL) {
        return ERR_SYSTEM;
    }
    wire->context = context;
    redis_limits_watch(wire->limits, context->c.reader);
    context->data = wire;
    context->ev.data = wire;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = clean_up;
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
    /* This also starts to wait until the socket is writable, so it comes last. */
    (void)redisAsyncSetConnectCallback(context, on_connect);
    return ERR_OK;
}

enum err redis_wire_init(struct redis_wire *wire, struct loop *loop, struct clock clock)
{
    *wire = (struct redis_wire){.loop = loop, .clock = clock, .limits = redis_limits_new()};
    return wire->limits != NULL ? ERR_OK : ERR_NOMEM;
}

void redis_wire_fini(struct redis_wire *wire)
{
    redis_wire_close(wire);
    redis_limits_free(wire->limits);
    wire->limits = NULL;
}

void redis_wire_open(struct redis_wire *wire, const char *socket, const char *address, int port)
{
    wire->opened = clock_mono(&wire->clock);
    redisAsyncContext *context =
        socket[0] != '\0' ? redisAsyncConnectUnix(socket) : redisAsyncConnect(address, port);
    if (context == NULL) {
        redis_wire_fail(wire, "out of memory");
    } else if (context->err != 0) {
        redis_wire_fail(wire, context->errstr);
        redisAsyncFree(context);
    } else if (attach(wire, context) != ERR_OK) {
        redis_wire_fail(wire, "the connection cannot be watched");
        redisAsyncFree(context);
    }
}

void redis_wire_close(struct redis_wire *wire)
{
    redisAsyncContext *context = wire->context;
    wire->context = NULL;
    if (context != NULL) {
        redisAsyncFree(context);
    }
    wire->event = WIRE_NOTHING;
    wire->pending = 0;
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

/* Returns true if the request has been sent again; then only the second answer counts. */
static bool send_with_source(struct request *request, const struct reply *reply)
{
    if (!reply_is_noscript(reply) || request->with_source) {
        return false;
    }
    request->with_source = true;
    return send_request(request) == ERR_OK;
}

static void on_reply(redisAsyncContext *context, void *raw, void *privdata)
{
    (void)context;
    struct request *request = privdata;
    struct redis_wire *wire = request->wire;
    struct reply reply;
    struct slice *items;
    wire->pending--;
    wire->answered = clock_mono(&wire->clock);
    if (raw == NULL) {
        end_request(request, NULL);
        return;
    }
    redis_reply_flatten(raw, &reply, &items);
    if (spoils(wire, &reply)) {
        end_request(request, NULL);
    } else if (!send_with_source(request, &reply)) {
        end_request(request, &reply);
    }
    wire->answered =
        clock_mono(&wire->clock); /* again: the time that a callback took is not Redis' silence */
    free(items);
}

static enum err send_request(struct request *request)
{
    struct redis_wire *wire = request->wire;
    struct buffer bytes;
    buffer_init(&bytes, 0);
    enum err err = cmd_render(&request->cmd, request->with_source, &bytes);
    if (err == ERR_OK &&
        (wire->context == NULL ||
         redisAsyncFormattedCommand(wire->context, on_reply, request, bytes.data, bytes.len) != REDIS_OK)) {
        err = ERR_DOWN;
    }
    if (err == ERR_OK) {
        wire->answered = wire->pending == 0 ? clock_mono(&wire->clock) : wire->answered;
        wire->pending++;
    }
    buffer_fini(&bytes);
    return err;
}

enum err redis_wire_send(struct redis_wire *wire, struct cmd *cmd, redis_wire_cb *cb, void *arg)
{
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        cmd_fini(cmd);
        return ERR_NOMEM;
    }
    *request = (struct request){.wire = wire, .cmd = *cmd, .cb = cb, .arg = arg};
    enum err err = send_request(request);
    if (err != ERR_OK) {
        cmd_fini(&request->cmd);
        free(request);
    }
    return err;
}

/* ---- subscribing ---- */

static void on_message(redisAsyncContext *context, void *raw, void *privdata)
{
    (void)context;
    struct redis_wire *wire = privdata;
    struct reply reply;
    struct slice *items;
    if (raw == NULL) {
        wire->subscriber(wire->subscriber_arg, NULL);
        return;
    }
    redis_reply_flatten(raw, &reply, &items);
    wire->subscriber(wire->subscriber_arg, &reply);
    free(items);
}

enum err redis_wire_subscribe(struct redis_wire *wire, const char *channel, redis_wire_cb *cb, void *arg)
{
    wire->subscriber = cb;
    wire->subscriber_arg = arg;
    /* No more commands are sent on this connection, so only the kernel can find out that the peer is gone.
     * On a Unix socket the call would fail, and break the context. */
    if (wire->context->c.connection_type == REDIS_CONN_TCP) {
        (void)redisEnableKeepAlive(&wire->context->c);
    }
    int rc = redisAsyncCommand(wire->context, on_message, wire, "SUBSCRIBE %s", channel);
    return rc == REDIS_OK ? ERR_OK : ERR_DOWN;
}
