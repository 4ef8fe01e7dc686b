/* http_multi: see http_multi.h. */
#include "http_multi.h"

#include <stdlib.h>

static void drive(struct http_multi *multi, curl_socket_t fd, int events)
{
    int running;
    if (curl_multi_socket_action(multi->curl, fd, events, &running) != CURLM_OK) {
        multi->broken = true;
    }
}

static void on_timer(void *arg)
{
    drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* What a watch needs to know. One per socket, assigned to it inside libcurl. */
struct http_socket {
    struct http_multi *multi;
    struct loop_watch *watch;
    curl_socket_t fd;
};

static void on_socket_events(void *arg, unsigned events)
{
    const struct http_socket *socket = arg;
    int bits = (events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0;
    bits |= (events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0;
    /* Not CURL_CSELECT_ERR: libcurl would give up without reading the answer that may have come before the
     * reset. */
    bits |= (events & LOOP_ERROR) != 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
    drive(socket->multi, socket->fd, bits);
}

static struct http_socket *socket_new(struct http_multi *multi, curl_socket_t fd)
{
    struct http_socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL) {
        return NULL;
    }
    *socket = (struct http_socket){.multi = multi, .fd = fd};
    socket->watch = loop_watch_new(multi->loop, fd, on_socket_events, socket);
    if (socket->watch == NULL) {
        free(socket);
        return NULL;
    }
    (void)curl_multi_assign(multi->curl, fd, socket);
    return socket;
}

static void socket_free(struct http_socket *socket)
{
    if (socket != NULL) {
        loop_watch_free(socket->watch);
        free(socket);
    }
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    (void)easy;
    struct http_multi *multi = arg;
    struct http_socket *socket = assigned;
    if (what == CURL_POLL_REMOVE) {
        socket_free(socket);
        (void)curl_multi_assign(multi->curl, fd, NULL);
        return 0;
    }
    if (socket == NULL) {
        socket = socket_new(multi, fd);
    }
    if (socket == NULL) {
        multi->broken = true; /* -1 would end all transfers without telling */
        return 0;
    }
    unsigned events = what == CURL_POLL_IN    ? LOOP_READ
                      : what == CURL_POLL_OUT ? LOOP_WRITE
                                              : LOOP_READ | LOOP_WRITE;
    loop_watch_set(socket->watch, events);
    return 0;
}

/* Must not call libcurl, also not for 0: the timer does it, in a later turn. */
static int on_curl_timer(CURLM *curl, long timeout_ms, void *arg)
{
    (void)curl;
    struct http_multi *multi = arg;
    if (timeout_ms < 0) {
        loop_timer_stop(multi->timer);
    } else {
        loop_timer_set(multi->timer, timeout_ms);
    }
    return 0;
}

static enum err set_up(struct http_multi *multi, int idle_max)
{
    CURLM *curl = multi->curl;
    CURLMcode rc = curl_multi_setopt(curl, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    rc = rc != CURLM_OK ? rc : curl_multi_setopt(curl, CURLMOPT_SOCKETDATA, multi);
    rc = rc != CURLM_OK ? rc : curl_multi_setopt(curl, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    rc = rc != CURLM_OK ? rc : curl_multi_setopt(curl, CURLMOPT_TIMERDATA, multi);
    rc = rc != CURLM_OK ? rc : curl_multi_setopt(curl, CURLMOPT_MAXCONNECTS, (long)idle_max);
    return rc == CURLM_OK ? ERR_OK : ERR_NOMEM;
}

enum err http_multi_init(struct http_multi *multi, struct loop *loop, int idle_max)
{
    *multi = (struct http_multi){.loop = loop};
    multi->timer = loop_timer_new(loop, on_timer, multi);
    multi->curl = curl_multi_init();
    if (multi->timer == NULL || multi->curl == NULL || set_up(multi, idle_max) != ERR_OK) {
        http_multi_fini(multi);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void http_multi_fini(struct http_multi *multi)
{
    if (multi->curl != NULL) {
        (void)curl_multi_cleanup(multi->curl);
    }
    loop_timer_free(multi->timer);
    *multi = (struct http_multi){0};
}
