/* worker: the only file that includes libfcgi.
 *
 * libfcgi would accept by itself, and would then take a signal for the end of a request, give up on EMFILE,
 * and wait for ever for a peer that sends half a request. So connections are accepted here, get time-outs,
 * and are handed to it as if they were kept ones (ipcFd and keepConnection of FCGX_Request, read and written
 * in wait_for_request, hand_over and finish only). */
#include "worker.h"

#include "clock.h"
#include "log.h"
#include "stop.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LISTEN_FD     STDIN_FILENO
#define IO_TIMEOUT_S  5     /* a peer that neither sends nor takes a byte for so long is dropped */
#define CLOSE_WAIT_MS "200" /* how long libfcgi waits for the peer to close, too */
#define BACK_OFF_MS   100   /* before accepting again, when there are no descriptors or no memory */
#define DRAIN_MAX \
    (1024 * 1024) /* bytes of a body nobody wanted that are read before the connection is closed */
#define DRAIN_CHUNK 4096
#define STOP_MS     3000 /* how long connections that wait are still taken when a stop was asked for */

struct worker {
    struct app *app; /* borrowed */
    FCGX_Request request;
    sigset_t waiting; /* the signal mask to wait with */
    int epoll_fd;     /* watches LISTEN_FD; wakes one process per connection, not all */
    bool starved;     /* accepting failed for want of resources, and that was logged */
    struct clock clock;
    struct mono_ms stop_end; /* of taking connections; 0: no stop was asked for yet */
};

bool worker_is_fastcgi(void)
{
    int listening = 0;
    socklen_t len = sizeof listening;

    return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/* ---- one request ---- */

static const char *meta(void *arg, const char *name)
{
    const FCGX_Request *request = arg;
    return FCGX_GetParam(name, request->envp);
}

static int64_t read_body(void *arg, char *out, size_t size)
{
    const FCGX_Request *request = arg;
    int got = FCGX_GetStr(out, (int)size, request->in);

    return got == 0 && FCGX_GetError(request->in) != 0 ? -1 : got;
}

/* What is left of a body would be taken for the next request on a kept connection, and a server that is still
 * sending it may not look at the answer. True: its end was seen. */
static bool drain(FCGX_Request *request)
{
    char chunk[DRAIN_CHUNK];
    int got = 1;

    for (int total = 0; total < DRAIN_MAX && got > 0; total += got) {
        got = FCGX_GetStr(chunk, sizeof chunk, request->in);
    }
    return got == 0 && FCGX_GetError(request->in) == 0;
}

/* End a request. Before libfcgi closes a connection it waits until the server has closed its end, which that
 * does when it gets to it. Where nothing is unread, closing loses nothing of what was sent, so it is done
 * here, at once. */
static void finish(FCGX_Request *request, bool all_read)
{
    bool close_here = all_read && !request->keepConnection;

    request->keepConnection = request->keepConnection || close_here;
    FCGX_Finish_r(request);
    if (close_here && request->ipcFd >= 0) {
        close(request->ipcFd);
        request->ipcFd = -1;
    }
}

/* A client that went away is not an error: what cannot be written is forgotten. */
static void answer(struct worker *worker)
{
    struct request_source source = {.meta = meta,
                                    .read = read_body,
                                    .framed = true,
                                    .arg = &worker->request,
                                    .all = (const char *const *)worker->request.envp};
    struct slice bytes;

    if (FCGX_GetError(worker->request.in) !=
        0) { /* libfcgi takes the half of the parameters for all of them */
        FCGX_Finish_r(&worker->request);
        return;
    }
    bytes = app_answer(worker->app, &source);
    if (!bytes.data) {
        log_error("request failed", log_str("error", "out of memory"));
    }
    while (bytes.data && FCGX_PutStr(bytes.data, (int)bytes.len, worker->request.out) >= 0) {
        bytes = app_go_on(worker->app);
    }
    finish(&worker->request, drain(&worker->request));
}

/* ---- connections ---- */

static bool is_fatal(int error)
{
    return error == EBADF || error == EINVAL || error == ENOTSOCK || error == EOPNOTSUPP || error == EFAULT;
}

/* No descriptors, no memory: others may give some back. Say so once, and wait a little. */
static void back_off(struct worker *worker, int error)
{
    struct timespec pause = {0, BACK_OFF_MS * 1000000L};

    if (!worker->starved) {
        log_warn("cannot accept connections", log_str("error", strerror(error)));
    }
    worker->starved = true;
    (void)ppoll(NULL, 0, &pause, &worker->waiting);
}

static void set_timeouts(int fd)
{
    struct timeval timeout = {IO_TIMEOUT_S, 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

/* Give libfcgi a connection, in the state in which it leaves one that it keeps open. */
static void hand_over(struct worker *worker, int fd)
{
    set_timeouts(fd);
    worker->starved = false;
    worker->request.ipcFd = fd;
    worker->request.keepConnection = 1;
}

/* Have a connection, the kept one or a new one, if there is one. ERR_SYSTEM: there never will be. */
static enum err take_connection(struct worker *worker, bool *have, struct errinfo *info)
{
    int fd;

    *have = worker->request.ipcFd >= 0;
    if (*have) {
        return ERR_OK;
    }
    fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        hand_over(worker, fd);
    } else if (is_fatal(errno)) {
        return err_set_errno(info, "cannot accept connections");
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        back_off(worker, errno);
    }
    *have = fd >= 0;
    return ERR_OK;
}

/* Wait until there is a connection, or something on the kept one. A signal ends it, too. */
static void wait_for_request(struct worker *worker)
{
    struct pollfd kept = {.fd = worker->request.ipcFd, .events = POLLIN};
    struct epoll_event event;

    if (kept.fd >= 0) {
        (void)ppoll(&kept, 1, NULL, &worker->waiting);
    } else {
        (void)epoll_pwait(worker->epoll_fd, &event, 1, -1, &worker->waiting);
    }
}

/* A stop has been asked for: is it time? Not while connections wait: the kernel took them, and where this is
 * the last process on the socket nobody else will answer them. But not for ever: others may share it. */
static bool is_over(struct worker *worker, bool had_one)
{
    int64_t now = clock_mono(&worker->clock).ms;

    worker->stop_end.ms = worker->stop_end.ms ? worker->stop_end.ms : now + STOP_MS;
    return !had_one || now >= worker->stop_end.ms;
}

/* The loop. */
static enum err serve(struct worker *worker, struct errinfo *info)
{
    bool last = false; /* a stop was asked for */

    for (;;) {
        bool have;
        enum err err;

        if (!last) {
            wait_for_request(worker); /* not at all where a signal waits */
        }
        last = stop_requested();
        if (last && worker->request.ipcFd >= 0) {
            FCGX_Free(&worker->request, 1); /* a kept connection, and nothing under way on it */
        }
        err = take_connection(worker, &have, info);
        if (err != ERR_OK) {
            return err;
        }
        if (have && FCGX_Accept_r(&worker->request) == 0) {
            answer(worker);
        }
        if (last && is_over(worker, have)) {
            return ERR_OK;
        }
    }
}

/* ---- set-up ---- */

static enum err watch_listener(struct worker *worker, struct errinfo *info)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    int flags = fcntl(LISTEN_FD, F_GETFL);

    if (flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) != 0) {
        return err_set_errno(info, "the listening socket cannot be made non-blocking");
    }
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (worker->epoll_fd < 0 || epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, LISTEN_FD, &event) != 0) {
        return err_set_errno(info, "the listening socket cannot be watched");
    }
    return ERR_OK;
}

/* libfcgi never gets to see the listening socket. */
static enum err init_fcgi(struct worker *worker, struct errinfo *info)
{
    if (setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", CLOSE_WAIT_MS, 0) != 0) {
        return err_set_errno(info, "setenv");
    }
    if (FCGX_Init() != 0 || FCGX_InitRequest(&worker->request, -1, 0) != 0) {
        return err_set(info, ERR_SYSTEM, "libfcgi cannot be initialised");
    }
    return ERR_OK;
}

enum err worker_run(struct app *app, struct errinfo *info)
{
    struct worker worker = {.app = app, .epoll_fd = -1, .clock = clock_system()};
    enum err err = init_fcgi(&worker, info);

    if (err != ERR_OK) {
        return err;
    }
    stop_init(&worker.waiting);
    err = watch_listener(&worker, info);
    if (err == ERR_OK) {
        err = serve(&worker, info);
    }
    FCGX_Free(&worker.request, 1);
    if (worker.epoll_fd >= 0) {
        close(worker.epoll_fd);
    }
    return err;
}
