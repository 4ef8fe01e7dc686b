/* responder: libfcgi under tight control.
 *
 * Left to accept connections itself, libfcgi takes a signal for the end of a request, gives up on EMFILE, and
 * waits for ever for a peer that sends half a request. So here it reads complete requests only, from memory
 * (inlet), and then writes to the connection. Only open_request, send_answer and close_request touch ipcFd
 * and keepConnection of FCGX_Request.
 */
#include "serve/responder.h"

#include "api/audit.h"
#include "base/log.h"
#include "redis/redis_sync.h"
#include "serve/inlet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DRAIN_CHUNK 4096
#define TURNS       2
#define TAKE_S      5      /* a client that takes no byte of a short response for so long is dropped */
#define AT_ONCE_MAX 2048   /* bytes: the buffer of any new socket takes this many (SOCK_MIN_SNDBUF) */
#define SHORT_MAX   262144 /* bytes: the web server takes this many, whatever its client does */
#define TAKE_LONG_S 15     /* the same for a long response … */
#define TAKE_MS     20000  /* … which has this much time in all, plus a millisecond for … */
#define TAKE_RATE   64     /* … this many bytes */
#define TAKE_PIECE  65536  /* bytes written between two looks at the clock */

/* ---- the source of a request, for app ---- */

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

/* ---- the request, as libfcgi reads it ---- */

/* Something that libfcgi may close: it would accept a connection itself if it had none. */
static bool open_stand_in(struct responder *responder)
{
    if (responder->stand_in_fd < 0) {
        responder->stand_in_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    return responder->stand_in_fd >= 0;
}

/* Make libfcgi begin the request, as if it came on a connection that stays open. */
static bool open_request(struct responder *responder, struct slice bytes)
{
    FCGX_Request *request = &responder->request;

    if (!open_stand_in(responder)) {
        log_error("request failed", log_str("error", strerror(errno)));
        return false;
    }
    inlet_open(bytes);
    request->ipcFd = responder->stand_in_fd;
    request->keepConnection = 1;
    if (FCGX_Accept_r(request) != 0) {
        responder->stand_in_fd = -1; /* libfcgi closed it: records let a request pass that libfcgi refuses */
        request->ipcFd = -1;
        inlet_close();
        return false;
    }
    return true;
}

/* Read the rest of the body: libfcgi would look for it after the response. */
static void drain(FCGX_Request *request)
{
    char chunk[DRAIN_CHUNK];

    while (FCGX_GetStr(chunk, sizeof chunk, request->in) > 0) {
    }
    explicit_bzero(chunk, sizeof chunk); /* what was refused unread may hold a secret, too */
}

/* End the request without sending anything. */
static void close_request(struct responder *responder)
{
    FCGX_Free(&responder->request, 0);
    responder->request.ipcFd = -1;
    inlet_close();
}

/* ---- children ---- */

/* Start a child for the current request. Returns true in the child, which gets a connection to Redis of its own. */
static bool start_child(struct responder *responder, enum child_kind kind)
{
    responder->started = responder->spawn(responder->spawn_arg, kind);
    if (responder->started == CHILD_SELF) {
        responder->is_child = true;
        redis_sync_close(responder->app->context.redis);
        audit_forget(&responder->app->context);
    }
    if (responder->started == CHILD_FAILED) {
        log_error("request failed", log_str("error", strerror(errno)));
    }
    return responder->started == CHILD_SELF;
}

/* ---- turns ---- */

/* Of all children on one listening socket that work on many jobs, TURNS at a time load Redis and the
 * processor. They share only that socket, so it carries the locks; the kernel frees those of a child that
 * dies. */
static void lock(struct responder *responder, short type)
{
    if (!responder->is_child) {
        return;
    }
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = getpid() % TURNS, .l_len = 1};
    if (fcntl(responder->turn_fd, F_SETLKW, &lock) != 0) {
        log_error("turn not waited for", log_str("error", strerror(errno)));
    }
}

/* app_admit_fn. The client may have gone while the request waited for its turn. */
static bool admit(void *arg)
{
    struct responder *responder = arg;

    if (!responder->is_child && !start_child(responder, CHILD_BULK)) {
        return false;
    }
    lock(responder, F_WRLCK);
    return !intake_is_gone(responder->conn);
}

static struct slice go_on(struct responder *responder)
{
    if (!app_has_more(responder->app)) {
        return (struct slice){NULL, 0};
    }
    lock(responder, F_WRLCK);
    struct slice bytes = app_go_on(responder->app);
    lock(responder, F_UNLCK);
    return bytes;
}

/* ---- the response ---- */

/* A short answer is never waited for, so it needs no bound. */
static void bound_waiting(const struct responder *responder, struct slice bytes)
{
    struct timeval timeout = {responder->is_child ? TAKE_LONG_S : TAKE_S, 0};

    if (bytes.len > AT_ONCE_MAX || app_has_more(responder->app)) {
        (void)setsockopt(responder->conn->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    }
}

/* Is it too long for the web server to take without its client reading? */
static bool is_long(const struct responder *responder, struct slice bytes)
{
    return bytes.len > SHORT_MAX || app_has_more(responder->app);
}

struct taking {
    int64_t bytes; /* written */
    int64_t us;    /* spent on writing them */
};

/* Write the next bytes of a response. Returns false if that fails or takes too long. A client that has gone
 * is no error. */
static bool put(struct responder *responder, struct slice bytes, struct taking *taking)
{
    while (bytes.len > 0) {
        size_t len = bytes.len < TAKE_PIECE ? bytes.len : TAKE_PIECE;
        int64_t begin = clock_mono_us(&responder->app->context.clock);

        if (FCGX_PutStr(bytes.data, (int)len, responder->request.out) < 0) {
            return false;
        }
        taking->bytes += (int64_t)len;
        taking->us += clock_mono_us(&responder->app->context.clock) - begin;
        bytes.data += len;
        bytes.len -= len;
        if (taking->us / 1000 > TAKE_MS + taking->bytes / TAKE_RATE) {
            log_info("answer cut", log_str("error", "its client takes it too slowly"),
                     log_i64("bytes", taking->bytes));
            return false;
        }
    }
    return true;
}

/* Write the response that begins with bytes, and close the connection. A response that was cut off gets no
 * end record, so that no client takes it for complete. */
static void send_answer(struct responder *responder, struct slice bytes)
{
    FCGX_Request *request = &responder->request;
    struct taking taking = {0};
    bool good = true;

    lock(responder, F_UNLCK);
    request->ipcFd = responder->conn->fd;
    bound_waiting(responder, bytes);
    while (bytes.data != NULL && good) {
        good = put(responder, bytes, &taking);
        bytes = good ? go_on(responder) : bytes;
    }
    if (good) {
        (void)FCGX_FClose(request->err);
        (void)FCGX_FClose(request->out);
    }
}

/* What to return if this process does not answer. */
static enum responder_end end_of(const struct responder *responder, enum responder_end none)
{
    return responder->started == CHILD_NONE     ? none
           : responder->started == CHILD_FAILED ? RESPONDER_REFUSED
                                                : RESPONDER_DONE;
}

/* Answer the request that libfcgi has begun. */
static enum responder_end answer(struct responder *responder)
{
    struct request_source source = {.meta = meta,
                                    .read = read_body,
                                    .framed = true,
                                    .arg = &responder->request,
                                    .all = (const char *const *)responder->request.envp};
    struct slice bytes = app_answer(responder->app, &source);

    if (responder->app->left) {
        return end_of(responder, RESPONDER_NOT_YET);
    }
    if (bytes.data == NULL) {
        log_error("request failed", log_str("error", "out of memory"));
        return RESPONDER_DONE;
    }
    drain(&responder->request);
    if (is_long(responder, bytes) && !responder->is_child && !start_child(responder, CHILD_SENDER)) {
        return end_of(responder, RESPONDER_REFUSED);
    }
    send_answer(responder, bytes);
    return RESPONDER_DONE;
}

enum responder_end responder_answer(struct responder *responder, const struct intake_conn *conn)
{
    enum responder_end end = RESPONDER_DONE;

    responder->conn = conn;
    if (open_request(responder, (struct slice){conn->bytes.data, conn->bytes.len})) {
        end = answer(responder);
        close_request(responder);
        app_forget(responder->app);
    }
    return end;
}

/* ---- set-up ---- */

/* Does libfcgi read from the inlet? One that was linked in a way that binds its calls to itself would not. */
static bool reads_inlet(struct responder *responder)
{
    static const uint8_t smallest[] = {
        1, 1, 0, 1, 0, 8, 0, 0, /* begin: */
        0, 1, 1, 0, 0, 0, 0, 0, /* … a responder, on a connection that is kept */
        1, 4, 0, 1, 0, 0, 0, 0, /* no parameters */
        1, 5, 0, 1, 0, 0, 0, 0, /* no body */
    };
    bool good = open_request(responder, (struct slice){(const char *)smallest, sizeof smallest});

    if (good) {
        close_request(responder);
    }
    return good;
}

/* libfcgi never sees the listening socket. */
enum err responder_init(struct responder *responder, struct app *app, int listener, struct errinfo *info)
{
    *responder = (struct responder){.app = app, .stand_in_fd = -1, .turn_fd = listener};
    app->admit = admit;
    app->admit_arg = responder;
    if (FCGX_Init() != 0 || FCGX_InitRequest(&responder->request, -1, 0) != 0) {
        return err_set(info, ERR_SYSTEM, "libfcgi cannot be initialised");
    }
    if (!reads_inlet(responder)) {
        return err_set(info, ERR_SYSTEM, "libfcgi cannot be made to read from memory");
    }
    return ERR_OK;
}

void responder_fini(struct responder *responder)
{
    if (responder->stand_in_fd >= 0) {
        close(responder->stand_in_fd);
    }
    responder->app->admit = NULL;
}
