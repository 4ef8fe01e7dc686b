/* redis_socket: non-blocking sockets and poll, so that every wait ends at the deadline. */
#include "redis/redis_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG_RETRY_MS 20 /* the wait before trying again if a Unix socket's backlog is full */

struct deadline deadline_in(struct clock clock, int budget_ms)
{
    return (struct deadline){clock, {clock_mono(&clock).ms + budget_ms}};
}

int deadline_left_ms(const struct deadline *deadline)
{
    int64_t left = deadline->end.ms - clock_mono(&deadline->clock).ms;

    if (left <= 0) {
        return 0;
    }
    return left < 3600000 ? (int)left : 3600000;
}

static enum err timed_out(struct errinfo *info)
{
    return err_set(info, ERR_TIMEOUT, "Redis does not answer in time");
}

static enum err lost(struct errinfo *info)
{
    return err_set(info, ERR_DOWN, "the connection to Redis is lost: %s", strerror(errno));
}

static enum err wait_for(int fd, short events, const struct deadline *deadline, struct errinfo *info)
{
    struct pollfd pfd = {.fd = fd, .events = events};

    for (;;) {
        int left = deadline_left_ms(deadline);
        int ready = left > 0 ? poll(&pfd, 1, left) : 0;
        if (ready > 0) {
            return ERR_OK;
        }
        if (ready == 0) {
            return timed_out(info);
        }
        if (errno != EINTR) {
            return err_set_errno(info, "poll");
        }
    }
}

/* Wait for the result of a connect that is in progress. */
static enum err finish_connect(int fd, const struct deadline *deadline, struct errinfo *info)
{
    int error = 0;
    socklen_t len = sizeof error;
    enum err err = wait_for(fd, POLLOUT, deadline, info);

    if (err != ERR_OK) {
        return err;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    return error == 0 ? ERR_OK : err_set(info, ERR_DOWN, "%s", strerror(error));
}

/* Connect fd. If a Unix socket's backlog is full, connect fails with EAGAIN at once, and is repeated. */
static enum err connect_fd(int fd, const struct sockaddr *addr, socklen_t len,
                           const struct deadline *deadline, struct errinfo *info)
{
    while (connect(fd, addr, len) != 0) {
        if (errno == EINPROGRESS || errno == EINTR) {
            return finish_connect(fd, deadline, info);
        }
        if (errno != EAGAIN) {
            return err_set(info, ERR_DOWN, "%s", strerror(errno));
        }
        if (deadline_left_ms(deadline) == 0) {
            return timed_out(info);
        }
        (void)poll(NULL, 0, BACKLOG_RETRY_MS);
    }
    return ERR_OK;
}

/* Open a socket of the address' family, and connect it. */
static enum err open_address(int *fd, const struct sockaddr *addr, socklen_t len,
                             const struct deadline *deadline, struct errinfo *info)
{
    int new_fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (new_fd < 0) {
        return err_set_errno(info, "socket");
    }
    enum err err = connect_fd(new_fd, addr, len, deadline, info);
    if (err == ERR_OK) {
        *fd = new_fd;
    } else {
        close(new_fd);
    }
    return err;
}

static enum err open_unix(int *fd, const char *path, const struct deadline *deadline, struct errinfo *info)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct errinfo why = {0};

    if (strlen(path) >= sizeof addr.sun_path) {
        return err_set(info, ERR_CONFIG, "the path of Redis' socket is too long");
    }
    memcpy(addr.sun_path, path, strlen(path));
    enum err err = open_address(fd, (const struct sockaddr *)&addr, sizeof addr, deadline, &why);
    return err == ERR_OK ? ERR_OK : err_set(info, err, "Redis cannot be reached at %s: %s", path, why.text);
}

/* Commands are small, and each waits for its reply; keep-alive notices a peer that has vanished. */
static void set_tcp_options(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/* Try the addresses in turn. Each gets its share of the time, so that a dead first one leaves time for the
 * second. */
static enum err open_first(int *fd, const struct addrinfo *list, const struct deadline *deadline,
                           struct errinfo *info)
{
    enum err err = ERR_DOWN;
    int count = 0;

    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
        count++;
    }
    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next, count--) {
        struct deadline share = deadline_in(deadline->clock, deadline_left_ms(deadline) / count);
        err = open_address(fd, ai->ai_addr, ai->ai_addrlen, &share, info);
        if (err == ERR_OK) {
            break;
        }
    }
    return err;
}

static const char *explain(int rc)
{
    switch (rc) {
    case EAI_NONAME:
    case EAI_NODATA:
        return "there is no host of this name";
    case EAI_AGAIN:
        return "no name server knows it, or none answers";
    default:
        return gai_strerror(rc);
    }
}

static enum err open_tcp(int *fd, const struct config *config, const struct deadline *deadline,
                         struct errinfo *info)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    struct errinfo why = {0};
    char port[8];

    /* A silent name server would hold a request up for 10 s or more: give up early, unless the environment
     * says otherwise. */
    (void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
    (void)snprintf(port, sizeof port, "%d", config->redis_port);
    int rc = getaddrinfo(config->redis_host, port, &hints, &list);
    if (rc != 0) {
        return err_set(info, ERR_DOWN, "Redis' host %s cannot be looked up: %s", config->redis_host,
                       explain(rc));
    }
    enum err err = open_first(fd, list, deadline, &why);
    freeaddrinfo(list);
    if (err != ERR_OK) {
        return err_set(info, err, "Redis cannot be reached at %s:%s: %s", config->redis_host, port, why.text);
    }
    set_tcp_options(*fd);
    return ERR_OK;
}

enum err redis_socket_open(int *fd, const struct config *config, const struct deadline *deadline,
                           struct errinfo *info)
{
    if (config->redis_socket[0]) {
        return open_unix(fd, config->redis_socket, deadline, info);
    }
    return open_tcp(fd, config, deadline, info);
}

enum err redis_socket_send(int fd, struct slice data, const struct deadline *deadline, struct errinfo *info)
{
    while (data.len > 0) {
        ssize_t sent = send(fd, data.data, data.len, MSG_NOSIGNAL);
        if (sent >= 0) {
            data.data += sent;
            data.len -= (size_t)sent;
        } else if (errno == EAGAIN) {
            enum err err = wait_for(fd, POLLOUT, deadline, info);
            if (err != ERR_OK) {
                return err;
            }
        } else if (errno != EINTR) {
            return lost(info);
        }
    }
    return ERR_OK;
}

enum err redis_socket_receive(int fd, struct piece *piece, const struct deadline *deadline,
                              struct errinfo *info)
{
    for (;;) {
        enum err err = wait_for(fd, POLLIN, deadline, info);
        if (err != ERR_OK) {
            return err;
        }
        ssize_t got = recv(fd, piece->data, piece->size, 0);
        if (got > 0) {
            piece->len = (size_t)got;
            return ERR_OK;
        }
        if (got == 0) {
            return err_set(info, ERR_DOWN, "Redis closed the connection");
        }
        if (errno != EAGAIN && errno != EINTR) {
            return lost(info);
        }
    }
}

bool redis_socket_is_stale(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    return poll(&pfd, 1, 0) != 0;
}
