/* worker: the listening socket, epoll, and when to stop. Accepts and waits itself instead of leaving that to
 * libfcgi, so that signals come at points where it can heed them. */
#include "serve/worker.h"

#include "api/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "serve/children.h"
#include "serve/intake.h"
#include "serve/responder.h"
#include "serve/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_FD   STDIN_FILENO
#define BACK_OFF_MS 100  /* the wait before accepting again, if descriptors or memory are short */
#define STOP_MS     3000 /* how long waiting connections are still taken after a request to stop */
#define EVENTS      64   /* handled in one turn */

struct worker {
    struct responder responder;
    struct intake intake; /* connections */
    struct children children;
    const struct intake_conn *conn; /* of the current request */
    sigset_t waiting;               /* the signal mask while waiting */
    int epoll_fd; /* watches LISTEN_FD (a connection wakes one process, not all), connections and children */
    bool starved; /* accepting failed because resources are short, and that was logged */
    bool closed;  /* stopping, and no connection waits: no more are accepted */
    struct mono_ms stop_end; /* when to stop taking connections; 0: not stopping */
};

bool worker_is_fastcgi(void)
{
    int listening = 0;
    socklen_t len = sizeof listening;

    return getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/* ---- requests ---- */

/* In a child: let go of all connections except its own. It keeps the listening socket for the locks on it,
 * and never accepts. */
static void keep_own_only(struct worker *worker)
{
    worker->epoll_fd = worker->intake.epoll_fd = -1;
    for (size_t i = worker->intake.count; i > 0; i--) {
        if (worker->intake.conns[i - 1] != worker->conn) {
            intake_drop(&worker->intake, worker->intake.conns[i - 1]);
        }
    }
}

/* responder_spawn_fn. */
static enum child_start spawn(void *arg, enum child_kind kind)
{
    struct worker *worker = arg;
    enum child_start started = children_start(&worker->children, kind);

    if (started == CHILD_SELF) {
        keep_own_only(worker);
    }
    return started;
}

/* Answer the complete request on a connection, unless its client has gone. */
static void serve_request(struct worker *worker, struct intake_conn *conn)
{
    if (intake_is_gone(conn)) {
        log_debug("request not begun", log_str("error", "its client has gone"));
        intake_drop(&worker->intake, conn);
        return;
    }
    worker->conn = conn;
    enum responder_end end = responder_answer(&worker->responder, conn);
    if (end == RESPONDER_NOT_YET) {
        intake_wait(&worker->intake, conn);
    } else if (end == RESPONDER_REFUSED) {
        intake_refuse(&worker->intake, conn);
    } else {
        intake_drop(&worker->intake, conn);
    }
}

/* ---- connections ---- */

static bool is_fatal(int error)
{
    return error == EBADF || error == EINVAL || error == ENOTSOCK || error == EOPNOTSUPP || error == EFAULT;
}

/* Descriptors or memory are short, and other processes may free some: log that once, and wait a little. */
static void back_off(struct worker *worker, int error)
{
    struct timespec pause = {0, BACK_OFF_MS * 1000000L};

    if (!worker->starved) {
        log_warn("cannot accept connections", log_str("error", strerror(error)));
    }
    worker->starved = true;
    (void)ppoll(NULL, 0, &pause, &worker->waiting);
}

static void read_connection(struct worker *worker, struct intake_conn *conn)
{
    if (intake_read(&worker->intake, conn) == INTAKE_WHOLE) {
        serve_request(worker, conn);
    }
}

/* Take a connection, if there is one. ERR_SYSTEM: the socket will never have one. */
static enum err take_connection(struct worker *worker, bool *have, struct errinfo *info)
{
    int fd = accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC);

    *have = fd >= 0;
    if (fd >= 0) {
        struct intake_conn *conn = intake_add(&worker->intake, fd);
        worker->starved = false;
        if (conn != NULL) {
            read_connection(worker, conn);
        }
    } else if (is_fatal(errno)) {
        return err_set_errno(info, "cannot accept connections");
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        back_off(worker, errno);
    }
    return ERR_OK;
}

/* Begin the requests whose turn has come. */
static void serve_waiting(struct worker *worker)
{
    struct intake_conn *conn = intake_next(&worker->intake);

    while (conn != NULL && !worker->responder.is_child && children_may_start(&worker->children, CHILD_BULK)) {
        serve_request(worker, conn);
        conn = intake_next(&worker->intake);
    }
}

/* ---- the loop ---- */

/* Handle the events, except on the listening socket. Returns true if there is one on that. */
static bool look_at(struct worker *worker, const struct epoll_event *events, int count)
{
    bool listener = false;

    for (int i = 0; i < count && !worker->responder.is_child; i++) {
        if (events[i].data.ptr == NULL) {
            listener = true;
        } else if (events[i].data.ptr == &worker->children) {
            (void)children_reap(&worker->children);
        } else {
            read_connection(worker, events[i].data.ptr);
        }
    }
    return listener;
}

/* Wait for timeout_ms at most (-1: without limit; a signal ends the wait, too), and handle the events.
 * Returns true if a client connects. */
static bool wait_for_work(struct worker *worker, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_pwait(worker->epoll_fd, events, EVENTS, timeout_ms, &worker->waiting);

    return look_at(worker, events, count);
}

/* Stopping: is it time to end? Not while connections wait: the kernel has taken them, and if this is the last
 * process on the socket, no other will answer them. There is a limit, since other processes may share the
 * socket. Requests that children have begun are waited for. */
static bool is_over(struct worker *worker, bool had_one)
{
    int64_t now = clock_mono(&worker->intake.clock).ms;

    worker->stop_end.ms = worker->stop_end.ms ? worker->stop_end.ms : now + STOP_MS;
    if (!worker->closed && (!had_one || now >= worker->stop_end.ms)) {
        worker->closed = true;
        (void)epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, LISTEN_FD, NULL);
    }
    while (now >= worker->stop_end.ms && worker->intake.count > 0) {
        intake_refuse(&worker->intake, worker->intake.conns[0]);
    }
    return worker->closed && worker->intake.count == 0 && children_count(&worker->children) == 0;
}

/* The shorter of two waits; -1: without end. */
static int sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Returns the ms to wait for events. Notes refused requests and writes the log before: their clients have
 * their answers. */
static int patience(struct worker *worker, bool last)
{
    int note_ms = audit_flush(&worker->responder.app->context, false);
    int log_ms = log_linger();
    int ms = intake_expire(&worker->intake);

    if (!last) {
        return sooner(ms, sooner(note_ms, log_ms));
    }
    return !worker->closed ? 0 : ms < 0 || ms > BACK_OFF_MS ? BACK_OFF_MS : ms;
}

static enum err serve(struct worker *worker, struct errinfo *info)
{
    bool last = false; /* stopping */

    while (!worker->responder.is_child) {
        bool have = wait_for_work(worker, patience(worker, last));
        enum err err = ERR_OK;

        last = stop_requested();
        serve_waiting(worker);
        if (!worker->responder.is_child && (have || last) && !worker->closed) {
            err = take_connection(worker, &have, info);
        }
        if (err != ERR_OK || (last && !worker->responder.is_child && is_over(worker, have))) {
            return err;
        }
    }
    return ERR_OK;
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

static void end(struct worker *worker)
{
    log_flush();
    if (worker->epoll_fd >= 0) {
        close(worker->epoll_fd);
    }
    worker->intake.epoll_fd = -1;
    intake_fini(&worker->intake);
    responder_fini(&worker->responder);
}

enum err worker_run(struct app *app, struct errinfo *info)
{
    struct worker worker = {.epoll_fd = -1};
    enum err err = responder_init(&worker.responder, app, LISTEN_FD, info);

    worker.responder.spawn = spawn;
    worker.responder.spawn_arg = &worker;
    if (err == ERR_OK) {
        log_collect();
        stop_init(&worker.waiting);
        err = watch_listener(&worker, info);
    }
    intake_init(&worker.intake, app->context.clock, worker.epoll_fd);
    children_init(&worker.children, worker.epoll_fd);
    if (err == ERR_OK) {
        err = serve(&worker, info);
    }
    end(&worker);
    return err;
}
