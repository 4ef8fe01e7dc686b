/* http_multi: see http_multi.h. */
#include "http/http_multi.h"

#include "http/http_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLOCK_MARGIN_MS INT64_C(1000) /* for targets that count the idle time in whole seconds */

struct http_socket;
static void end_idle(struct http_multi *multi);
static void end_connection(struct http_socket *socket);

/* libcurl does all its work in here, so connections that must not be reused are closed before. */
static void drive(struct http_multi *multi, curl_socket_t fd, int events)
{
    int running;
    end_idle(multi);
    if (curl_multi_socket_action(multi->curl, fd, events, &running) != CURLM_OK) {
        multi->broken = true;
    }
}

static void on_timer(void *arg)
{
    drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* A descriptor that libcurl waits for, or has waited for.
 *
 * libcurl releases a connection's socket between two calls. If that ended the watch, the next call would
 * need four system calls to begin it again. So the socket of a kept connection is parked instead: it stays
 * watched, and is found again by its number. That is safe as long as we learn of its end. We can be sure of
 * that only after a request was sent on it, or after libcurl has used it a second time: libcurl closes a
 * connection that fails, and the descriptors of a look-up, without on_close. */
struct http_socket {
    struct http_multi *multi;
    struct loop_watch *watch; /* owned; NULL: not watched */
    curl_socket_t fd;
    ino_t node;            /* distinguishes it from others of the same number; 0: not made by on_open */
    bool let_go;           /* libcurl has waited for it, and no longer does */
    bool is_kept;          /* a request was sent on it, or it was used again: on_close will report its end */
    struct heap_item idle; /* in multi's idle */
    int64_t made_ms;       /* when it was made */
    int64_t answer_ms;     /* the shortest time from a request on it to the answer; INT64_MAX: none yet */
    int64_t keeps_ms;      /* how long the target keeps it when it is idle; -1: it did not say */
    struct http_socket *next_named; /* in the same slot of multi's named */
    int port;                       /* this and the rest of its ends; 0: they are not known yet */
    int local_port;
    char ip[INET6_ADDRSTRLEN];
    char local_ip[INET6_ADDRSTRLEN];
};

static void on_socket_events(void *arg, unsigned events)
{
    struct http_socket *socket = arg;
    if (socket->let_go && (events & (LOOP_READ | LOOP_ERROR)) != 0) {
        /* Most likely the target has closed it. libcurl finds that out when it looks for a connection. */
        end_connection(socket);
        return;
    }
    if (socket->let_go) {
        loop_watch_set(socket->watch, LOOP_READ);
        return;
    }
    int bits = (events & LOOP_READ) != 0 ? CURL_CSELECT_IN : 0;
    bits |= (events & LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0;
    /* Without CURL_CSELECT_ERR: libcurl would give up without reading an answer that may have come before the
     * reset. */
    bits |= (events & LOOP_ERROR) != 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
    drive(socket->multi, socket->fd, bits);
}

/* ---- sockets, by descriptor ---- */

static struct http_socket *socket_get(const struct http_multi *multi, curl_socket_t fd)
{
    return (size_t)fd < multi->sockets_size ? multi->sockets[fd] : NULL;
}

/* Make room for fd. Returns false if memory runs out. */
static bool make_room(struct http_multi *multi, curl_socket_t fd)
{
    size_t size = multi->sockets_size;
    size_t larger = 2 * (size_t)fd + 64;
    if ((size_t)fd < size) {
        return true;
    }
    struct http_socket **sockets = realloc(multi->sockets, larger * sizeof(struct http_socket *));
    if (sockets == NULL) {
        return false;
    }
    memset(sockets + size, 0, (larger - size) * sizeof(struct http_socket *));
    multi->sockets = sockets;
    multi->sockets_size = larger;
    return true;
}

/* NULL if memory runs out. */
static struct http_socket *socket_new(struct http_multi *multi, curl_socket_t fd)
{
    struct http_socket *socket = make_room(multi, fd) ? calloc(1, sizeof *socket) : NULL;
    if (socket != NULL) {
        *socket = (struct http_socket){.multi = multi, .fd = fd, .answer_ms = INT64_MAX, .keeps_ms = -1};
        multi->sockets[fd] = socket;
    }
    return socket;
}

static struct http_socket **slot_of(struct http_multi *multi, int local_port)
{
    return &multi->named[(unsigned)local_port % HTTP_NAMED_SLOTS];
}

static void forget_ends(struct http_socket *socket)
{
    struct http_socket **at = slot_of(socket->multi, socket->local_port);
    while (*at != NULL && *at != socket) {
        at = &(*at)->next_named;
    }
    if (*at != NULL) {
        *at = socket->next_named;
    }
}

static void socket_free(struct http_socket *socket)
{
    if (socket != NULL) {
        forget_ends(socket);
        socket->multi->sockets[socket->fd] = NULL;
        heap_remove(&socket->multi->idle, &socket->idle);
        loop_watch_free(socket->watch);
        free(socket);
    }
}

/* 0 if it is not open. */
static ino_t node_of(int fd)
{
    struct stat stat;
    return fstat(fd, &stat) == 0 ? stat.st_ino : 0;
}

static bool is_open(const struct http_socket *socket)
{
    return socket->node != 0 && node_of(socket->fd) == socket->node;
}

/* ---- how long they are kept ---- */

static int64_t now_ms(const struct http_multi *multi)
{
    return clock_mono(&multi->clock).ms;
}

/* Without this, libcurl before 8.x takes a connection on which bytes wait for alive. */
static void drain(int fd)
{
    char bytes[4096];
    for (int i = 0; i < 64 && recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0; i++) {
    }
}

/* libcurl checks that a kept connection is alive before it reuses it, finds that this one is not, and closes
 * it. There is no other way to make libcurl drop a connection. */
static void end_connection(struct http_socket *socket)
{
    if (!is_open(socket)) {
        socket_free(socket); /* closed without on_close */
        return;
    }
    if (socket->watch != NULL) {
        loop_watch_set(socket->watch, 0);
    }
    heap_remove(&socket->multi->idle, &socket->idle);
    (void)shutdown(socket->fd, SHUT_RDWR);
    drain(socket->fd);
}

static void end_idle(struct http_multi *multi)
{
    const struct heap_item *first;
    while ((first = heap_first(&multi->idle)) != NULL && first->at <= now_ms(multi)) {
        struct http_socket *socket = HEAP_OWNER(first, struct http_socket, idle);
        heap_remove(&multi->idle, &socket->idle);
        end_connection(socket);
    }
}

/* How long its connection may be idle. The time to an answer is a round trip, and the target's own work. A
 * slow target's connections, and those of a burst whose calls queue, are reused at once. */
static int64_t idle_limit_ms(const struct http_socket *socket)
{
    int64_t limit = HTTP_IDLE_MS;
    if (socket->keeps_ms >= 0) {
        bool is_short = socket->keeps_ms < 2 * CLOCK_MARGIN_MS;
        limit = is_short ? socket->keeps_ms / 2 : socket->keeps_ms - CLOCK_MARGIN_MS;
    }
    int64_t least = limit / 5;
    return socket->answer_ms < limit - least ? limit - socket->answer_ms : least;
}

/* Its transfer is over. */
static void begin_idling(struct http_socket *socket)
{
    struct http_multi *multi = socket->multi;
    if (socket->node == 0) {
        return; /* it belongs to a look-up, not to a connection */
    }
    int64_t limit = now_ms(multi) + idle_limit_ms(socket);
    int64_t age_limit = socket->made_ms + HTTP_AGE_MS;
    heap_remove(&multi->idle, &socket->idle);
    socket->idle.at = limit < age_limit ? limit : age_limit;
    if (heap_push(&multi->idle, &socket->idle) != ERR_OK) {
        end_connection(socket);
    }
}

/* ---- lines ---- */

struct http_line *http_multi_line(CURL *easy)
{
    char *line = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &line) == CURLE_OK ? (struct http_line *)(void *)line
                                                                        : NULL;
}

static int local_port_of(curl_socket_t fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return -1;
    }
    return address.ss_family == AF_INET6
               ? ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port)
               : ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

static bool has_ends(const struct http_socket *socket, const struct http_ends *ends)
{
    return socket->local_port == ends->local_port && socket->port == ends->port &&
           strcmp(socket->ip, ends->ip) == 0 && strcmp(socket->local_ip, ends->local_ip) == 0;
}

/* NULL if no request has been sent between these ends before. */
static struct http_socket *find_kept(struct http_multi *multi, const struct http_ends *ends)
{
    struct http_socket *socket = *slot_of(multi, ends->local_port);
    while (socket != NULL && !has_ends(socket, ends)) {
        socket = socket->next_named;
    }
    return socket;
}

static bool is_new_at(const struct http_socket *socket, int local_port)
{
    return socket != NULL && socket->node != 0 && socket->port == 0 &&
           local_port_of(socket->fd) == local_port;
}

/* The socket of a new connection: most likely line's latest one, or one that its transfer tried before. NULL
 * if it is unknown. */
static struct http_socket *find_new(const struct http_line *line, int local_port)
{
    struct http_multi *multi = line->multi;
    struct http_socket *socket = line->fd != CURL_SOCKET_BAD ? socket_get(multi, line->fd) : NULL;
    for (size_t fd = 0; !is_new_at(socket, local_port) && fd < multi->sockets_size; fd++) {
        socket = multi->sockets[fd];
    }
    return is_new_at(socket, local_port) ? socket : NULL;
}

/* Returns false if they are too long. */
static bool note_ends(struct http_socket *socket, const struct http_ends *ends)
{
    if (strlen(ends->ip) >= sizeof socket->ip || strlen(ends->local_ip) >= sizeof socket->local_ip) {
        return false;
    }
    struct http_socket **slot = slot_of(socket->multi, ends->local_port);
    memcpy(socket->ip, ends->ip, strlen(ends->ip) + 1);
    memcpy(socket->local_ip, ends->local_ip, strlen(ends->local_ip) + 1);
    socket->port = ends->port;
    socket->local_port = ends->local_port;
    socket->next_named = *slot;
    *slot = socket;
    socket->is_kept = true;
    return true;
}

/* True if there is something to read: bytes, or the end. */
static bool has_more(const struct http_socket *socket)
{
    char byte;
    return recv(socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EINTR);
}

enum http_line_state http_line_take(struct http_line *line, CURL *easy, const struct http_ends *ends,
                                    bool is_allowed)
{
    struct http_socket *kept = find_kept(line->multi, ends);
    struct http_socket *socket = kept != NULL ? kept : find_new(line, ends->local_port);
    bool is_known = kept != NULL || (socket != NULL && note_ends(socket, ends));
    line->fd = is_known ? socket->fd : CURL_SOCKET_BAD;
    line->is_over = kept != NULL && (!is_allowed || has_more(kept) || http_tls_has_more(easy));
    if (line->is_over) {
        end_connection(kept);
    }
    return line->is_over ? HTTP_LINE_OVER : is_known ? HTTP_LINE_CLEAN : HTTP_LINE_UNKNOWN;
}

void http_line_note(struct http_line *line, int64_t answer_ms, int64_t keeps_ms)
{
    struct http_socket *socket = line->fd != CURL_SOCKET_BAD ? socket_get(line->multi, line->fd) : NULL;
    if (socket != NULL) {
        socket->answer_ms = answer_ms < socket->answer_ms ? answer_ms : socket->answer_ms;
        socket->keeps_ms = keeps_ms;
    }
}

/* ---- libcurl's callbacks ---- */

/* Instead of socket(2). */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_line *line = arg;
    struct http_multi *multi = line->multi;
    if (multi->may_open != NULL && !multi->may_open(line->owner, &address->addr)) {
        return CURL_SOCKET_BAD;
    }
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        line->no_descriptor = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        return CURL_SOCKET_BAD;
    }
    socket_free(socket_get(multi, fd)); /* an earlier one that was closed without on_close */
    struct http_socket *made = socket_new(multi, fd);
    if (made == NULL) {
        (void)close(fd);
        return CURL_SOCKET_BAD;
    }
    made->node = node_of(fd);
    made->made_ms = now_ms(multi);
    line->fd = fd;
    return fd;
}

/* Instead of close(2). The watch ends first: the number may belong to another socket the next moment. */
static int on_close(void *arg, curl_socket_t fd)
{
    socket_free(socket_get(arg, fd));
    return close(fd) == 0 ? 0 : 1;
}

/* libcurl waited for it before. True if it was closed since, without on_close, and its number is
 * another's. */
static bool is_past(const struct http_socket *socket)
{
    return socket->let_go && !socket->is_kept && !is_open(socket);
}

/* The watched socket of fd, which libcurl waits for from now on. NULL if it cannot be watched. */
static struct http_socket *take_up(struct http_multi *multi, curl_socket_t fd)
{
    struct http_socket *socket = socket_get(multi, fd);
    if (socket != NULL && is_past(socket)) {
        socket_free(socket);
        socket = NULL;
    }
    socket = socket != NULL ? socket : socket_new(multi, fd);
    if (socket == NULL) {
        return NULL;
    }
    socket->is_kept = socket->is_kept || socket->let_go;
    socket->let_go = false;
    heap_remove(&multi->idle, &socket->idle);
    if (socket->watch == NULL) {
        socket->watch = loop_watch_new(multi->loop, fd, on_socket_events, socket);
    }
    return socket->watch != NULL ? socket : NULL;
}

/* The descriptor may be closed already. */
static void let_go(struct http_socket *socket)
{
    if (socket == NULL) {
        return;
    }
    socket->let_go = true;
    if (!socket->is_kept) {
        loop_watch_free(socket->watch);
        socket->watch = NULL;
    }
    begin_idling(socket);
}

/* easy, which may be one of libcurl's own, waits for fd, or no longer does. */
static void note_line(CURL *easy, curl_socket_t fd, int what)
{
    struct http_line *line = easy != NULL ? http_multi_line(easy) : NULL;
    if (line != NULL && what != CURL_POLL_REMOVE) {
        line->fd = fd;
    } else if (line != NULL && line->fd == fd) {
        line->fd = CURL_SOCKET_BAD;
    }
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    (void)assigned;
    struct http_multi *multi = arg;
    note_line(easy, fd, what);
    if (what == CURL_POLL_REMOVE) {
        let_go(socket_get(multi, fd));
        return 0;
    }
    const struct http_socket *socket = take_up(multi, fd);
    if (socket == NULL) {
        multi->broken = true; /* -1 would end all transfers without their callbacks */
        return 0;
    }
    unsigned events = what == CURL_POLL_IN    ? LOOP_READ
                      : what == CURL_POLL_OUT ? LOOP_WRITE
                                              : LOOP_READ | LOOP_WRITE;
    loop_watch_set(socket->watch, events);
    return 0;
}

/* Must not call libcurl, not even for 0: the timer does it, in a later turn. */
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

enum err http_multi_init(struct http_multi *multi, struct loop *loop, struct clock clock, int idle_max)
{
    *multi = (struct http_multi){.loop = loop, .clock = clock};
    multi->timer = loop_timer_new(loop, on_timer, multi);
    multi->curl = curl_multi_init();
    if (multi->timer == NULL || multi->curl == NULL || set_up(multi, idle_max) != ERR_OK) {
        http_multi_fini(multi);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

CURLcode http_multi_adopt(struct http_multi *multi, CURL *easy, struct http_line *line, void *owner)
{
    *line = (struct http_line){.multi = multi, .owner = owner, .fd = CURL_SOCKET_BAD};
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_PRIVATE, line);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, line);
    rc = rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    return rc != CURLE_OK ? rc : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, multi);
}

void http_multi_fini(struct http_multi *multi)
{
    if (multi->curl != NULL) {
        (void)curl_multi_cleanup(multi->curl);
    }
    loop_timer_free(multi->timer);
    for (size_t fd = 0; fd < multi->sockets_size; fd++) {
        socket_free(multi->sockets[fd]); /* those that were closed without on_close */
    }
    heap_fini(&multi->idle);
    free(multi->sockets);
    *multi = (struct http_multi){0};
}
