/* notify: see notify.h. Compares what is with what has been told, and sends the difference in one datagram.
 */
#include "notify.h"

#include "base/buffer.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define US_PER_MS INT64_C(1000)
#define PINGS     3 /* in the time after which the supervisor gives the runner up */

/* ---- setting up ---- */

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

/* A path, or a name after "@" (the "abstract" ones of Linux, which begin with a zero byte). */
static bool read_address(struct notify *notify, const char *text)
{
    size_t len = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || text[1] == '\0' || len >= sizeof notify->address.sun_path) {
        return false;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, text, len);
    if (text[0] == '@') {
        notify->address.sun_path[0] = '\0';
    }
    notify->address_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '@' ? 0 : 1));
    return true;
}

/* A watchdog that is meant for another process (a wrapper that started this one) is none of ours. */
static void read_watchdog(struct notify *notify)
{
    int64_t usec = 0;
    int64_t pid = 0;
    const char *text = setting("WATCHDOG_USEC");
    if (text[0] == '\0' || (slice_i64(slice_of(setting("WATCHDOG_PID")), &pid) && pid != getpid())) {
        return;
    }
    if (!slice_i64(slice_of(text), &usec) || usec <= 0) {
        log_warn("watchdog not served", log_str("WATCHDOG_USEC", text));
        return;
    }
    int64_t pause_ms = usec / US_PER_MS / PINGS;
    notify->watchdog_ms = pause_ms > 0 ? pause_ms : 1;
}

static void open_socket(struct notify *notify, const char *text)
{
    const char *why = "it is neither a path nor a name after \"@\", or too long";
    if (read_address(notify, text)) {
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        why = strerror(errno);
    }
    notify->wanted = notify->fd >= 0;
    if (!notify->wanted) {
        log_warn("supervisor is told nothing", log_str("NOTIFY_SOCKET", text), log_str("error", why));
    }
}

static void on_timer(void *arg)
{
    (void)arg; /* notify_turn does the work */
}

enum err notify_init(struct notify *notify, struct loop *loop, struct clock clock)
{
    const char *text = setting("NOTIFY_SOCKET");
    *notify = (struct notify){.fd = -1, .clock = clock};
    notify->timer = loop_timer_new(loop, on_timer, notify);
    if (notify->timer == NULL) {
        return ERR_NOMEM;
    }
    notify->patience.ms = clock_mono(&clock).ms + NOTIFY_PATIENCE_MS;
    if (text[0] != '\0') {
        open_socket(notify, text);
        read_watchdog(notify);
    }
    return ERR_OK;
}

void notify_fini(struct notify *notify)
{
    if (notify->wanted) {
        close(notify->fd);
    }
    loop_timer_free(notify->timer);
    *notify = (struct notify){0};
}

bool notify_is_wanted(const struct notify *notify)
{
    return notify->wanted;
}

/* ---- sending ---- */

/* Whether it went out; that it did not is logged once, until something does. */
static bool tell(struct notify *notify, const char *text)
{
    size_t len = strlen(text);
    bool done = sendto(notify->fd, text, len, MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
                       notify->address_len) == (ssize_t)len;
    if (!done && !notify->complained) {
        log_warn("supervisor not reached", log_str("error", strerror(errno)));
    }
    notify->complained = !done;
    return done;
}

/* One that cannot be sent is not made up for: the next one comes soon enough. */
static void ping(struct notify *notify, struct mono_ms now)
{
    if (notify->watchdog_ms > 0 && now.ms >= notify->next_ping.ms) {
        (void)tell(notify, "WATCHDOG=1\n");
        notify->next_ping.ms = now.ms + notify->watchdog_ms;
    }
}

/* The status as one line, whatever Redis put into an error text: a second line would be an assignment. */
static void clean(char out[NOTIFY_STATUS_SIZE], const char *status)
{
    (void)snprintf(out, NOTIFY_STATUS_SIZE, "%s", status);
    for (char *p = out; *p != '\0'; p++) {
        *p = (unsigned char)*p < ' ' || *p == '\x7f' ? '?' : *p;
    }
}

/* What is to be told of the life cycle: it does not wait for its turn as a status does. */
struct change {
    bool ready;
    bool stopping;
    bool status;
};

static struct change compare(const struct notify *notify, const struct notify_news *news, const char *status,
                             struct mono_ms now)
{
    bool ready = news->working || now.ms >= notify->patience.ms;
    return (struct change){.ready = ready && !news->stopping && !notify->told_ready,
                           .stopping = news->stopping && !notify->told_stopping,
                           .status = strcmp(status, notify->told_status) != 0};
}

static void tell_change(struct notify *notify, const struct change *change, const struct notify_news *news,
                        const char *status)
{
    char text[NOTIFY_STATUS_SIZE + 128];
    char extend[64] = "";
    struct mono_ms now = clock_mono(&notify->clock);
    if (change->stopping) {
        (void)snprintf(extend, sizeof extend, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\n",
                       (long long)news->stop_ms * US_PER_MS);
    }
    (void)snprintf(text, sizeof text, "%s%sSTATUS=%s\n", change->ready ? "READY=1\n" : "", extend, status);
    if (!tell(notify, text)) {
        notify->not_before.ms = now.ms + NOTIFY_RETRY_MS;
        return;
    }
    notify->told_ready = notify->told_ready || change->ready;
    notify->told_stopping = notify->told_stopping || change->stopping;
    (void)snprintf(notify->told_status, sizeof notify->told_status, "%s", status);
    notify->status_from.ms = now.ms + NOTIFY_STATUS_MS;
}

/* ---- the turn ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When there is something to do again: the next ping; and what has not been told yet, when it may be. */
static void set_timer(struct notify *notify, bool ready_waits, bool status_waits, struct mono_ms now)
{
    int64_t at = ready_waits ? notify->patience.ms : INT64_MAX;
    at = status_waits ? earlier(at, notify->status_from.ms) : at;
    if (notify->not_before.ms > now.ms) {
        at = notify->not_before.ms;
    }
    if (notify->watchdog_ms > 0) {
        at = earlier(at, notify->next_ping.ms);
    }
    if (at < INT64_MAX) {
        loop_timer_set(notify->timer, at - now.ms);
    } else {
        loop_timer_stop(notify->timer);
    }
}

void notify_turn(struct notify *notify, const struct notify_news *news)
{
    char status[NOTIFY_STATUS_SIZE];
    if (!notify->wanted) {
        return;
    }
    struct mono_ms now = clock_mono(&notify->clock);
    clean(status, news->status);
    struct change change = compare(notify, news, status, now);
    bool due = change.ready || (change.status && now.ms >= notify->status_from.ms);
    ping(notify, now);
    /* There may not be many turns left to tell of the end: it is tried in each of them. */
    if (change.stopping || (due && now.ms >= notify->not_before.ms)) {
        tell_change(notify, &change, news, status);
    }
    set_timer(notify, !notify->told_ready && !news->stopping, strcmp(status, notify->told_status) != 0, now);
}
