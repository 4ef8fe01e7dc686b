/* bare_loop: what the HTTP calls alone cost: libcurl's multi-socket interface on epoll, and nothing around
 * it. The limit that the runner is measured against.
 *
 *     bare_loop URL CALLS AT_ONCE
 *
 * Prints one JSON object: calls, failed, seconds, and the CPU time that this process took. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256

struct loop {
    CURLM *multi;
    int epoll_fd;
    int timer_fd;
    const char *url;
    long left;    /* calls that were not begun yet */
    long pending; /* calls under way */
    long failed;
};

static size_t ignore(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    (void)easy;
    struct loop *loop = arg;
    struct epoll_event event = {.data.fd = fd};
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events =
        ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
    (void)epoll_ctl(loop->epoll_fd, assigned != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    (void)curl_multi_assign(loop->multi, fd, loop);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    const struct loop *loop = arg;
    struct itimerspec when = {0};
    if (timeout_ms >= 0) {
        when.it_value.tv_sec = timeout_ms / 1000;
        when.it_value.tv_nsec = timeout_ms > 0 ? timeout_ms % 1000 * 1000000 : 1;
    }
    (void)timerfd_settime(loop->timer_fd, 0, &when, NULL);
    return 0;
}

static bool begin(struct loop *loop)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return false;
    }
    (void)curl_easy_setopt(easy, CURLOPT_URL, loop->url);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    loop->left--;
    loop->pending++;
    return curl_multi_add_handle(loop->multi, easy) == CURLM_OK;
}

static void collect(struct loop *loop)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        long status = 0;
        bool good = message->data.result == CURLE_OK;
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        loop->failed += good && status == 200 ? 0 : 1;
        (void)curl_multi_remove_handle(loop->multi, easy);
        curl_easy_cleanup(easy);
        loop->pending--;
        if (loop->left > 0 && !begin(loop)) {
            loop->failed++;
        }
    }
}

static void turn(struct loop *loop)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->epoll_fd, events, EVENTS, -1);
    int running;
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == loop->timer_fd) {
            uint64_t times;
            (void)!read(loop->timer_fd, &times, sizeof times);
            (void)curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
            continue;
        }
        int bits = (events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
        bits |= (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
        (void)curl_multi_socket_action(loop->multi, events[i].data.fd, bits, &running);
    }
    collect(loop);
}

static void open_loop(struct loop *loop, long at_once)
{
    struct epoll_event event = {.events = EPOLLIN};
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    loop->multi = curl_multi_init();
    loop->epoll_fd = epoll_create1(0);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    event.data.fd = loop->timer_fd;
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, at_once);
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bare_loop URL CALLS AT_ONCE\n");
        return 2;
    }
    long calls = strtol(argv[2], NULL, 10);
    long at_once = strtol(argv[3], NULL, 10);
    struct loop loop = {.url = argv[1], .left = calls};
    open_loop(&loop, at_once);
    double began = now_s();
    for (long i = 0; i < at_once && loop.left > 0; i++) {
        if (!begin(&loop)) {
            return 1;
        }
    }
    while (loop.pending > 0) {
        turn(&loop);
    }
    printf("{\"calls\": %ld, \"failed\": %ld, \"seconds\": %.3f, \"cpu_s\": %.3f}\n", calls, loop.failed,
           now_s() - began, cpu_s());
    return 0;
}
