/* loop: see loop.h. A thin layer that owns only the memory that libuv needs until a handle's close
 * callback. */
#include "loop/loop.h"

#include <netdb.h>
#include <stdlib.h>
#include <uv.h>

enum {
    SIGNALS_MAX = 8
};

struct signal_hook {
    uv_signal_t handle;
    loop_cb *cb;
    void *arg;
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t turn;
    loop_cb *turn_cb;
    void *turn_arg;
    struct signal_hook signals[SIGNALS_MAX];
    unsigned signal_count;
    unsigned lookups; /* under way; each has a thread that cannot be stopped */
};

struct loop_timer {
    uv_timer_t handle;
    loop_cb *cb;
    void *arg;
};

struct loop_watch {
    uv_poll_t handle;
    loop_watch_cb *cb;
    void *arg;
    int wanted; /* UV_READABLE, UV_WRITABLE */
};

static void on_turn(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    if (loop->turn_cb != NULL) {
        loop->turn_cb(loop->turn_arg);
    }
}

enum err loop_new(struct loop **out, struct errinfo *info)
{
    struct loop *loop = calloc(1, sizeof *loop);
    *out = NULL;
    if (loop == NULL) {
        return err_set(info, ERR_NOMEM, "no memory for the event loop");
    }
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        free(loop);
        return err_set(info, ERR_SYSTEM, "cannot set up the event loop: %s", uv_strerror(rc));
    }
    (void)uv_prepare_init(&loop->uv, &loop->turn);
    loop->turn.data = loop;
    (void)uv_prepare_start(&loop->turn, on_turn);
    *out = loop;
    return ERR_OK;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    if (loop->lookups > 0) {
        return; /* a silent name server must not delay the end of the process, which frees everything */
    }
    uv_close((uv_handle_t *)&loop->turn, NULL);
    for (unsigned i = 0; i < loop->signal_count; i++) {
        uv_close((uv_handle_t *)&loop->signals[i].handle, NULL);
    }
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop->uv);
    free(loop);
}

void loop_run(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void loop_on_turn(struct loop *loop, loop_cb *cb, void *arg)
{
    loop->turn_cb = cb;
    loop->turn_arg = arg;
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    struct signal_hook *hook = handle->data;
    hook->cb(hook->arg);
}

enum err loop_on_signal(struct loop *loop, int signum, loop_cb *cb, void *arg)
{
    if (loop->signal_count == SIGNALS_MAX) {
        return ERR_BUG;
    }
    struct signal_hook *hook = &loop->signals[loop->signal_count];
    if (uv_signal_init(&loop->uv, &hook->handle) != 0) {
        return ERR_SYSTEM;
    }
    loop->signal_count++;
    hook->cb = cb;
    hook->arg = arg;
    hook->handle.data = hook;
    return uv_signal_start(&hook->handle, on_signal, signum) == 0 ? ERR_OK : ERR_SYSTEM;
}

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_timer(uv_timer_t *handle)
{
    struct loop_timer *timer = handle->data;
    if (timer->cb != NULL) {
        timer->cb(timer->arg);
    }
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_cb *cb, void *arg)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (timer != NULL) {
        (void)uv_timer_init(&loop->uv, &timer->handle);
        timer->handle.data = timer;
        timer->cb = cb;
        timer->arg = arg;
    }
    return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms)
{
    if (delay_ms > 0) {
        /* libuv counts from the beginning of this turn: after a long turn that would be too early. */
        uv_update_time(timer->handle.loop);
    }
    (void)uv_timer_start(&timer->handle, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
    (void)uv_timer_stop(&timer->handle);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer != NULL) {
        uv_close((uv_handle_t *)&timer->handle, free_handle);
    }
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *watch = handle->data;
    if (status < 0 && watch->wanted != 0) {
        /* libuv stops watching a socket in error, but there may be bytes left to read: the owner decides. */
        (void)uv_poll_start(handle, watch->wanted, on_poll);
    }
    unsigned seen = status < 0 ? LOOP_ERROR : 0;
    seen |= (events & UV_READABLE) != 0 ? LOOP_READ : 0;
    seen |= (events & UV_WRITABLE) != 0 ? LOOP_WRITE : 0;
    watch->cb(watch->arg, seen);
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, loop_watch_cb *cb, void *arg)
{
    struct loop_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    if (uv_poll_init(&loop->uv, &watch->handle, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->handle.data = watch;
    watch->cb = cb;
    watch->arg = arg;
    return watch;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
    int wanted = (events & LOOP_READ) != 0 ? UV_READABLE : 0;
    wanted |= (events & LOOP_WRITE) != 0 ? UV_WRITABLE : 0;
    if (wanted == watch->wanted) {
        return; /* libuv would remove the descriptor and add it again: two system calls */
    }
    watch->wanted = wanted;
    if (wanted == 0) {
        (void)uv_poll_stop(&watch->handle);
    } else {
        (void)uv_poll_start(&watch->handle, wanted, on_poll);
    }
}

void loop_watch_free(struct loop_watch *watch)
{
    if (watch != NULL) {
        (void)uv_poll_stop(&watch->handle);
        uv_close((uv_handle_t *)&watch->handle, free_handle);
    }
}

struct resolution {
    uv_getaddrinfo_t request;
    struct loop *loop;
    loop_resolve_cb *cb;
    void *arg;
};

/* libuv has several texts for an unknown name, none of which helps a person. */
static const char *explain(int status)
{
    switch (status) {
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
        return "there is no host of this name";
    case UV_EAI_AGAIN:
        return "no name server knows it, or none answers";
    default:
        return uv_strerror(status);
    }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolution *r = request->data;
    r->loop->lookups--;
    char address[LOOP_ADDRESS_SIZE];
    if (status == 0) {
        status = getnameinfo(list->ai_addr, list->ai_addrlen, address, sizeof address, NULL, 0,
                             NI_NUMERICHOST) == 0
                     ? 0
                     : UV_EAI_FAIL;
    }
    r->cb(r->arg, status == 0 ? address : NULL, status == 0 ? NULL : explain(status));
    uv_freeaddrinfo(list);
    free(r);
}

enum err loop_resolve(struct loop *loop, const char *host, loop_resolve_cb *cb, void *arg)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct resolution *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return ERR_NOMEM;
    }
    r->loop = loop;
    r->cb = cb;
    r->arg = arg;
    r->request.data = r;
    if (uv_getaddrinfo(&loop->uv, &r->request, on_resolved, host, NULL, &hints) != 0) {
        free(r);
        return ERR_SYSTEM;
    }
    loop->lookups++;
    return ERR_OK;
}
