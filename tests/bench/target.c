/* target: an HTTP server that answers every request 200 and notes when it came: what lateness is measured
 * with, to the microsecond and from outside.
 *
 *     target PORT      listens on all of 127.0.0.0/8, so that every address there is a host of its own
 *
 * Writes a line for each request: when it was read (microseconds since the epoch), and its Idempotency-Key,
 * which is <job>-<scheduled instant in ms>. Knows nothing of bodies and of requests longer than 4 KiB. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS      256
#define REQUEST_MAX 4096
#define IDLE_MS     20 /* what is noted is written after so long without a request */
#define BACKLOG     4096
#define CONNECTIONS 65536

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct connection {
    size_t len;
    char data[REQUEST_MAX];
};

static struct connection *connections[CONNECTIONS]; /* by descriptor */

static long long now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void note(const char *request, size_t len, long long at_us)
{
    static const char name[] = "\r\nIdempotency-Key: ";
    const char *key = memmem(request, len, name, sizeof name - 1);
    if (key == NULL) {
        printf("%lld -\n", at_us);
        return;
    }
    key += sizeof name - 1;
    const char *end = memchr(key, '\r', len - (size_t)(key - request));
    printf("%lld %.*s\n", at_us, (int)(end - key), key);
}

/* Returns false when the connection is over. */
static bool answer_all(int fd, struct connection *c, long long at_us)
{
    const char *end;
    while ((end = memmem(c->data, c->len, "\r\n\r\n", 4)) != NULL) {
        size_t len = (size_t)(end - c->data) + 4;
        note(c->data, len, at_us);
        if (write(fd, answer, sizeof answer - 1) != (ssize_t)sizeof answer - 1) {
            return false;
        }
        c->len -= len;
        memmove(c->data, c->data + len, c->len);
    }
    return c->len < REQUEST_MAX;
}

static bool serve(int fd)
{
    struct connection *c = connections[fd];
    long long at_us = now_us();
    ssize_t got = read(fd, c->data + c->len, REQUEST_MAX - c->len);
    if (got < 0 && errno == EAGAIN) {
        return true;
    }
    if (got <= 0) {
        return false;
    }
    c->len += (size_t)got;
    return answer_all(fd, c, at_us);
}

static void take_in(int epoll_fd, int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct connection *c = fd < CONNECTIONS ? calloc(1, sizeof *c) : NULL;
        if (c == NULL || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
            fprintf(stderr, "target: no room for a connection\n");
            exit(1);
        }
        connections[fd] = c;
    }
}

static void drop(int fd)
{
    free(connections[fd]);
    connections[fd] = NULL;
    (void)close(fd);
}

static int listen_on(const char *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int on = 1;
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_ANY)};
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo"); /* nothing else may reach it */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&place, sizeof place) != 0 || listen(fd, BACKLOG) != 0) {
        perror("target");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    struct epoll_event events[EVENTS];
    if (argc != 2) {
        fprintf(stderr, "usage: target PORT\n");
        return 2;
    }
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    int listener = listen_on(argv[1]);
    int epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    (void)epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll_fd, events, EVENTS, IDLE_MS);
        if (count == 0) {
            (void)fflush(stdout);
        }
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                take_in(epoll_fd, listener);
            } else if (!serve(events[i].data.fd)) {
                drop(events[i].data.fd);
            }
        }
    }
}
