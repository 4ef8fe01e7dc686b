/* http_stub: a target that a test scripts, in a thread: one connection after the other, on a free port of
 * 127.0.0.1. */
#ifndef DRONC_HTTP_STUB_H
#define DRONC_HTTP_STUB_H

#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HTTP_STUB_REQUESTS 32

struct http_stub {
    int listener;
    int port;
    atomic_int fd;          /* of the connection that is served; -1: none */
    atomic_int connections; /* accepted */
    atomic_int count;       /* requests that were read in full */
    atomic_int closed;      /* connections that are over */
    char requests[HTTP_STUB_REQUESTS][2048];
    void (*serve)(struct http_stub *stub, int connection); /* runs in the thread; connection counts from 0 */
    pthread_t thread;
};

/* ---- for serve ---- */

/* Between two looks at a condition: leave the processor to the client. */
static inline void stub_pause(void)
{
    static const struct timespec pause = {.tv_nsec = 100000};
    (void)nanosleep(&pause, NULL);
}

/* Is text a whole request: its head, and as much behind it as that says? */
static inline bool stub_is_whole(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "\r\nContent-Length: ");
    size_t body = end != NULL && length != NULL && length < end ? strtoul(length + 18, NULL, 10) : 0;
    return end != NULL && len >= (size_t)(end - text) + 4 + body;
}

/* Read one request, body and all. Returns false if the client is gone. */
static inline bool stub_read(struct http_stub *stub)
{
    char *text = stub->requests[stub->count % HTTP_STUB_REQUESTS];
    size_t len = 0;
    text[0] = '\0';
    while (!stub_is_whole(text, len)) {
        ssize_t got = recv(stub->fd, text + len, sizeof stub->requests[0] - 1 - len, 0);
        if (got <= 0) {
            return false;
        }
        len += (size_t)got;
        text[len] = '\0';
    }
    stub->count++;
    return true;
}

static inline bool stub_send(struct http_stub *stub, const char *text)
{
    return send(stub->fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* Answer requests with text until the client has had enough. */
static inline void stub_answer(struct http_stub *stub, const char *text)
{
    while (stub_read(stub) && stub_send(stub, text)) {
    }
}

/* Until the client hangs up. */
static inline void stub_hang(struct http_stub *stub)
{
    char byte;
    while (recv(stub->fd, &byte, 1, 0) > 0) {
    }
}

/* Close with a reset instead of an end. */
static inline void stub_reset(struct http_stub *stub)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(stub->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* ---- life ---- */

static inline void *stub_run(void *arg)
{
    struct http_stub *stub = arg;
    for (;;) {
        int fd = accept(stub->listener, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        stub->fd = fd;
        stub->serve(stub, stub->connections++);
        stub->fd = -1;
        close(fd);
        stub->closed++;
    }
}

/* port 0: a free one. */
static inline void stub_bind_at(struct http_stub *stub, const char *address, int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t len = sizeof addr;
    assert_int_equal(inet_pton(AF_INET, address, &addr.sin_addr), 1);
    *stub = (struct http_stub){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .fd = -1};
    assert_int_equal(bind(stub->listener, (const struct sockaddr *)&addr, len), 0);
    assert_int_equal(getsockname(stub->listener, (struct sockaddr *)&addr, &len), 0);
    stub->port = ntohs(addr.sin_port);
}

static inline void stub_bind(struct http_stub *stub)
{
    stub_bind_at(stub, "127.0.0.1", 0);
}

static inline void stub_open_at(struct http_stub *stub, const char *address, int port,
                                void (*serve)(struct http_stub *, int))
{
    stub_bind_at(stub, address, port);
    stub->serve = serve;
    assert_int_equal(listen(stub->listener, 64), 0);
    assert_int_equal(pthread_create(&stub->thread, NULL, stub_run, stub), 0);
}

static inline void stub_open(struct http_stub *stub, void (*serve)(struct http_stub *, int))
{
    stub_open_at(stub, "127.0.0.1", 0, serve);
}

/* Ends what is being served, too. What the stub counted is final afterwards. */
static inline void stub_close(struct http_stub *stub)
{
    (void)shutdown(stub->listener, SHUT_RDWR);
    int fd = stub->fd;
    if (fd >= 0) {
        (void)shutdown(fd, SHUT_RDWR);
    }
    if (stub->serve != NULL) {
        (void)pthread_join(stub->thread, NULL);
    }
    close(stub->listener);
}

#endif
