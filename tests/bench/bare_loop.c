/* bare_loop: what the HTTP calls alone cost: libcurl's multi-socket interface on epoll, and nothing around
 * it. The limit that the runner is measured against.
 *
 *     bare_loop URL CALLS AT_ONCE
 *
 * Prints one JSON object: calls, failed, seconds, and the CPU time that this process took. */
#include "base/version.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256

struct loop {
    CURLM *multi;
    int epoll_fd;
    double timer_s; /* when libcurl wants to be called again; below 0: not at all */
    const char *url;
    struct curl_slist *headers; /* of each request */
    long left;                  /* calls that were not begun yet */
    long pending;               /* calls under way */
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

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A number, and no timer of the kernel's: that would be a system call for each call. */
static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct loop *loop = arg;
    loop->timer_s = timeout_ms < 0 ? -1 : now_s() + (double)timeout_ms / 1000;
    return 0;
}

static int wait_ms(const struct loop *loop)
{
    double left_s = loop->timer_s - now_s();
    return loop->timer_s < 0 ? -1 : left_s > 0 ? (int)(left_s * 1000) + 1 : 0;
}

static bool begin(struct loop *loop)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return false;
    }
    (void)curl_easy_setopt(easy, CURLOPT_URL, loop->url);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, loop->headers);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH,
                           NULL); /* with it, libcurl reads all authorities anew for each connection */
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
    int count = epoll_wait(loop->epoll_fd, events, EVENTS, wait_ms(loop));
    int running;
    if (loop->timer_s >= 0 && loop->timer_s <= now_s()) {
        loop->timer_s = -1;
        (void)curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    for (int i = 0; i < count; i++) {
        int bits = (events[i].events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
        bits |= (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
        (void)curl_multi_socket_action(loop->multi, events[i].data.fd, bits, &running);
    }
    collect(loop);
}

/* As long as the runner's: libcurl puts a request together character by character. */
static void add_headers(struct loop *loop)
{
    static const char *const headers[] = {
        "User-Agent: dronc/" DRONC_VERSION,
        "Dronc-Job-Id: capi:7696c687d0d603dc7fb509e8e279014965412619b82693d18e86c652eea2e23a",
        "Dronc-Scheduled-Time: 2026-11-23T08:52:10Z", "Dronc-Attempt: 1",
        "Idempotency-Key: 7696c687d0d603dc7fb509e8e279014965412619b82693d18e86c652eea2e23a-1795423930000"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        loop->headers = curl_slist_append(loop->headers, headers[i]);
    }
}

static void open_loop(struct loop *loop, long at_once)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    loop->multi = curl_multi_init();
    loop->epoll_fd = epoll_create1(0);
    loop->timer_s = -1;
    (void)curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    (void)curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, at_once);
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
    add_headers(&loop);
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
