/* supervision: see supervision.h. Compares what is with what the supervisor knows, and sends the difference
 * in one datagram. */
#include "supervision.h"

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
static bool read_address(struct supervision *supervision, const char *text)
{
    size_t len = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || text[1] == '\0' ||
        len >= sizeof supervision->address.sun_path) {
        return false;
    }
    supervision->address.sun_family = AF_UNIX;
    memcpy(supervision->address.sun_path, text, len);
    if (text[0] == '@') {
        supervision->address.sun_path[0] = '\0';
    }
    supervision->address_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '@' ? 0 : 1));
    return true;
}

/* A watchdog may be meant for another process: a wrapper that started this one. */
static void read_watchdog(struct supervision *supervision)
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
    supervision->watchdog_ms = pause_ms > 0 ? pause_ms : 1;
}

static void open_socket(struct supervision *supervision, const char *text)
{
    const char *why = "it is neither a path nor a name after \"@\", or too long";
    if (read_address(supervision, text)) {
        supervision->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        why = strerror(errno);
    }
    supervision->wanted = supervision->fd >= 0;
    if (!supervision->wanted) {
        log_warn("supervisor not informed", log_str("NOTIFY_SOCKET", text), log_str("error", why));
    }
}

enum err supervision_init(struct supervision *supervision, struct loop *loop, struct clock clock)
{
    const char *text = setting("NOTIFY_SOCKET");
    *supervision = (struct supervision){.fd = -1, .clock = clock};
    supervision->timer = loop_timer_new(loop, NULL, NULL);
    if (supervision->timer == NULL) {
        return ERR_NOMEM;
    }
    supervision->patience.ms = clock_mono(&clock).ms + SUPERVISION_PATIENCE_MS;
    if (text[0] != '\0') {
        open_socket(supervision, text);
        read_watchdog(supervision);
    }
    return ERR_OK;
}

void supervision_fini(struct supervision *supervision)
{
    if (supervision->wanted) {
        close(supervision->fd);
    }
    loop_timer_free(supervision->timer);
    *supervision = (struct supervision){0};
}

bool supervision_is_wanted(const struct supervision *supervision)
{
    return supervision->wanted;
}

/* ---- sending ---- */

/* Returns false if it could not be sent, which is logged once until something can. */
static bool tell(struct supervision *supervision, const char *text)
{
    size_t len = strlen(text);
    bool done =
        sendto(supervision->fd, text, len, MSG_NOSIGNAL, (const struct sockaddr *)&supervision->address,
               supervision->address_len) == (ssize_t)len;
    if (!done && !supervision->complained) {
        log_warn("supervisor not reached", log_str("error", strerror(errno)));
    }
    supervision->complained = !done;
    return done;
}

/* A ping that cannot be sent is not sent later: the next one comes soon enough. */
static void ping(struct supervision *supervision, struct mono_ms now)
{
    if (supervision->watchdog_ms > 0 && now.ms >= supervision->next_ping.ms) {
        (void)tell(supervision, "WATCHDOG=1\n");
        supervision->next_ping.ms = now.ms + supervision->watchdog_ms;
    }
}

/* The status as one line, whatever Redis put into an error text: a second line would be an assignment. */
static void clean(char out[SUPERVISION_STATUS_SIZE], const char *status)
{
    (void)snprintf(out, SUPERVISION_STATUS_SIZE, "%s", status);
    for (char *p = out; *p != '\0'; p++) {
        *p = (unsigned char)*p < ' ' || *p == '\x7f' ? '?' : *p;
    }
}

/* What the supervisor does not know yet. The life cycle does not wait for its turn as a status does. */
struct change {
    bool ready;
    bool stopping;
    bool status;
};

static struct change compare(const struct supervision *supervision, const struct supervision_news *news,
                             const char *status, struct mono_ms now)
{
    bool ready = news->working || now.ms >= supervision->patience.ms;
    return (struct change){.ready = ready && !news->stopping && !supervision->sent_ready,
                           .stopping = news->stopping && !supervision->sent_stopping,
                           .status = strcmp(status, supervision->sent_status) != 0};
}

static void tell_change(struct supervision *supervision, const struct change *change,
                        const struct supervision_news *news, const char *status)
{
    char text[SUPERVISION_STATUS_SIZE + 128];
    char extend[64] = "";
    struct mono_ms now = clock_mono(&supervision->clock);
    if (change->stopping) {
        (void)snprintf(extend, sizeof extend, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\n",
                       (long long)news->stop_ms * US_PER_MS);
    }
    (void)snprintf(text, sizeof text, "%s%sSTATUS=%s\n", change->ready ? "READY=1\n" : "", extend, status);
    if (!tell(supervision, text)) {
        supervision->not_before.ms = now.ms + SUPERVISION_RETRY_MS;
        return;
    }
    supervision->sent_ready = supervision->sent_ready || change->ready;
    supervision->sent_stopping = supervision->sent_stopping || change->stopping;
    (void)snprintf(supervision->sent_status, sizeof supervision->sent_status, "%s", status);
    supervision->status_from.ms = now.ms + SUPERVISION_STATUS_MS;
}

/* ---- the turn ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When there is something to do again: the next ping, and what the supervisor does not know yet. */
static void set_timer(struct supervision *supervision, bool ready_waits, bool status_waits,
                      struct mono_ms now)
{
    int64_t at = ready_waits ? supervision->patience.ms : INT64_MAX;
    at = status_waits ? earlier(at, supervision->status_from.ms) : at;
    if (supervision->not_before.ms > now.ms) {
        at = supervision->not_before.ms;
    }
    if (supervision->watchdog_ms > 0) {
        at = earlier(at, supervision->next_ping.ms);
    }
    if (at < INT64_MAX) {
        loop_timer_set(supervision->timer, at - now.ms);
    } else {
        loop_timer_stop(supervision->timer);
    }
}

void supervision_turn(struct supervision *supervision, const struct supervision_news *news)
{
    char status[SUPERVISION_STATUS_SIZE];
    if (!supervision->wanted) {
        return;
    }
    struct mono_ms now = clock_mono(&supervision->clock);
    clean(status, news->status);
    struct change change = compare(supervision, news, status, now);
    bool due = change.ready || (change.status && now.ms >= supervision->status_from.ms);
    ping(supervision, now);
    /* There may not be many turns left to report the end: each of them tries. */
    if (change.stopping || (due && now.ms >= supervision->not_before.ms)) {
        tell_change(supervision, &change, news, status);
    }
    set_timer(supervision, !supervision->sent_ready && !news->stopping,
              strcmp(status, supervision->sent_status) != 0, now);
}
