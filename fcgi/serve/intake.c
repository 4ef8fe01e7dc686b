/* intake: an array in order of arrival, short enough for linear searches. */
#include "serve/intake.h"

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 65536 /* bytes read at once */

#define ANSWER(status, code, message)                                                         \
    "Status: " status                                                                         \
    "\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nRetry-After: 5\r\n\r\n" \
    "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"

static const char too_slow[] =
    ANSWER("408 Request Timeout", "REQUEST_TIMEOUT", "the request took too long to come");
static const char too_many[] =
    ANSWER("503 Service Unavailable", "SERVICE_UNAVAILABLE", "the server is busy: try again later");

void intake_init(struct intake *intake, struct clock clock, int epoll_fd)
{
    memset(intake, 0, sizeof *intake);
    intake->clock = clock;
    intake->epoll_fd = epoll_fd;
}

void intake_fini(struct intake *intake)
{
    while (intake->count > 0) {
        intake_drop(intake, intake->conns[intake->count - 1]);
    }
}

static int64_t now_ms(const struct intake *intake)
{
    return clock_mono(&intake->clock).ms;
}

static void unwatch(struct intake *intake, struct intake_conn *conn)
{
    /* close() alone does not unwatch it, since a child may hold the connection, too. */
    if (conn->watched && intake->epoll_fd >= 0 && conn->fd >= 0) {
        (void)epoll_ctl(intake->epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL);
    }
    conn->watched = false;
}

static void watch(struct intake *intake, struct intake_conn *conn, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = conn};

    (void)epoll_ctl(intake->epoll_fd, conn->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, conn->fd, &event);
    conn->watched = true;
}

void intake_drop(struct intake *intake, struct intake_conn *conn)
{
    size_t index = 0;

    while (intake->conns[index] != conn) {
        index++;
    }
    unwatch(intake, conn);
    if (conn->fd >= 0) {
        close(conn->fd);
    }
    intake->bytes -= conn->bytes.len;
    intake->count--;
    memmove(&intake->conns[index], &intake->conns[index + 1],
            (intake->count - index) * sizeof(struct intake_conn *));
    buffer_fini(&conn->bytes);
    free(conn);
}

/* Send answer if a request has begun; on an idle connection no client waits for one. */
static void refuse(struct intake *intake, struct intake_conn *conn, const char *answer)
{
    struct buffer out = {0};

    if (conn->records.id != 0) {
        records_answer(&out, conn->records.id, answer);
        (void)send(conn->fd, buffer_str(&out), out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        buffer_fini(&out);
    }
    intake_drop(intake, conn);
}

void intake_refuse(struct intake *intake, struct intake_conn *conn)
{
    refuse(intake, conn, too_many);
}

/* ---- room ---- */

/* Returns the oldest connection whose request is incomplete: slow clients must not harm fast ones. */
static struct intake_conn *oldest(const struct intake *intake)
{
    for (size_t i = 0; i < intake->count; i++) {
        if (!intake->conns[i]->waits) {
            return intake->conns[i];
        }
    }
    return intake->conns[0];
}

static void make_room(struct intake *intake)
{
    while (intake->count >= INTAKE_MAX || (intake->count > 0 && intake->bytes > INTAKE_BYTES_MAX)) {
        intake_refuse(intake, oldest(intake));
    }
}

struct intake_conn *intake_add(struct intake *intake, int fd)
{
    struct intake_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL) {
        close(fd);
        return NULL;
    }
    make_room(intake);
    conn->fd = fd;
    buffer_init(&conn->bytes, 0);
    conn->since.ms = now_ms(intake);
    intake->conns[intake->count++] = conn;
    return conn;
}

/* ---- reading ---- */

static enum intake_state lose(struct intake *intake, struct intake_conn *conn, const char *why)
{
    if (why != NULL) {
        log_warn("connection closed", log_str("error", why));
    }
    intake_drop(intake, conn);
    return INTAKE_GONE;
}

static enum intake_state judge(struct intake *intake, struct intake_conn *conn)
{
    enum records_state state =
        records_read(&conn->records, (struct slice){conn->bytes.data, conn->bytes.len});

    if (state == RECORDS_BAD) {
        return lose(intake, conn, conn->records.problem);
    }
    if (state == RECORDS_MORE && conn->bytes.len > INTAKE_ONE_MAX) {
        /* The body is too long for any route. */
        return conn->records.params_whole ? INTAKE_WHOLE : lose(intake, conn, "it never comes to its body");
    }
    return state == RECORDS_WHOLE ? INTAKE_WHOLE : INTAKE_MORE;
}

enum intake_state intake_read(struct intake *intake, struct intake_conn *conn)
{
    char chunk[CHUNK];
    enum intake_state state = INTAKE_MORE;

    if (conn->waits) { /* the request is complete, so the client has closed */
        return lose(intake, conn, NULL);
    }
    while (state == INTAKE_MORE) {
        ssize_t got = recv(conn->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!conn->watched) {
                watch(intake, conn, EPOLLIN);
            }
            return INTAKE_MORE;
        }
        if (got <= 0) {
            return lose(intake, conn, NULL);
        }
        buffer_add(&conn->bytes, chunk, (size_t)got);
        explicit_bzero(chunk, (size_t)got); /* it may hold a secret */
        if (buffer_error(&conn->bytes) != ERR_OK) {
            return lose(intake, conn, "out of memory");
        }
        intake->bytes += (size_t)got;
        state = judge(intake, conn);
    }
    return state;
}

static bool is_unix(int fd)
{
    int domain = 0;
    socklen_t len = sizeof domain;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

bool intake_is_gone(const struct intake_conn *conn)
{
    struct pollfd look = {.fd = conn->fd, .events = POLLRDHUP};

    if (poll(&look, 1, 0) <= 0) {
        return false;
    }
    /* Only a Unix socket distinguishes a peer that has sent everything from one that has closed. */
    return (look.revents & (POLLHUP | POLLERR)) != 0 || !is_unix(conn->fd);
}

/* ---- waiting ---- */

void intake_wait(struct intake *intake, struct intake_conn *conn)
{
    if (!conn->waits) {
        conn->waits = true;
        conn->since.ms = now_ms(intake);
        watch(intake, conn, 0); /* epoll still reports that it was closed */
    }
}

struct intake_conn *intake_next(const struct intake *intake)
{
    for (size_t i = 0; i < intake->count; i++) {
        if (intake->conns[i]->waits) {
            return intake->conns[i];
        }
    }
    return NULL;
}

static int64_t end_of(const struct intake_conn *conn)
{
    int64_t allowed = conn->waits                  ? INTAKE_TURN_MS
                      : conn->records.params_whole ? INTAKE_BODY_MS + (int64_t)conn->bytes.len / INTAKE_RATE
                                                   : INTAKE_HEAD_MS;
    return conn->since.ms + allowed;
}

int intake_expire(struct intake *intake)
{
    int64_t now = intake->count > 0 ? now_ms(intake) : 0;
    int64_t next = INT64_MAX;

    for (size_t i = intake->count; i > 0; i--) {
        int64_t end = end_of(intake->conns[i - 1]);
        if (end <= now) {
            refuse(intake, intake->conns[i - 1], intake->conns[i - 1]->waits ? too_many : too_slow);
        } else {
            next = end < next ? end : next;
        }
    }
    return intake->count > 0 ? (int)(next - now) : -1;
}
