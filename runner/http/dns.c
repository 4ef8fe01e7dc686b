/* dns: see dns.h. A c-ares channel; the loop serves its sockets and time-outs. */
#include "http/dns.h"

#include "base/log.h"

#include <ares.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRY_MS    2000 /* how long to wait for one name server; twice that in the second round */
#define ROUNDS    2
#define TICK_MS   50   /* the precision of these time-outs */
#define REREAD_MS 2000 /* the shortest time between two looks at resolv.conf */

static const char resolv_conf[] = "/etc/resolv.conf";

/* One of c-ares' descriptors. */
struct dns_socket {
    struct dns *dns;
    struct dns_socket *next;
    struct loop_watch *watch; /* owned */
    ares_socket_t fd;
};

struct question {
    struct dns *dns;
    struct question *next; /* the next one of those that must be asked again */
    dns_answer_cb *cb;
    void *arg;
    char name[];
};

struct dns {
    struct loop *loop; /* borrowed */
    struct clock clock;
    ares_channel channel;       /* owned; NULL: it could not be made */
    struct loop_timer *timer;   /* owned; set while questions are under way */
    struct dns_socket *sockets; /* owned */
    struct question *again;     /* owned: their channel is gone */
    size_t asked;               /* questions under way */
    bool closing;
    struct mono_ms looked; /* when resolv.conf was last looked at */
    struct timespec changed;
};

/* ---- sockets and time ---- */

static void on_events(void *arg, unsigned events)
{
    const struct dns_socket *socket = arg;
    ares_socket_t fd = socket->fd;
    bool reads = (events & (LOOP_READ | LOOP_ERROR)) != 0;
    bool writes = (events & (LOOP_WRITE | LOOP_ERROR)) != 0;
    ares_process_fd(socket->dns->channel, reads ? fd : ARES_SOCKET_BAD, writes ? fd : ARES_SOCKET_BAD);
}

static struct dns_socket **link_to(struct dns *dns, ares_socket_t fd)
{
    struct dns_socket **link = &dns->sockets;
    while (*link != NULL && (*link)->fd != fd) {
        link = &(*link)->next;
    }
    return link;
}

static void let_go(struct dns_socket **link)
{
    struct dns_socket *socket = *link;
    if (socket != NULL) {
        *link = socket->next;
        loop_watch_free(socket->watch);
        free(socket);
    }
}

/* Returns NULL if the descriptor cannot be watched; then its questions time out. */
static struct dns_socket *take_up(struct dns *dns, ares_socket_t fd)
{
    struct dns_socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL) {
        return NULL;
    }
    *socket = (struct dns_socket){.dns = dns, .next = dns->sockets, .fd = fd};
    socket->watch = loop_watch_new(dns->loop, fd, on_events, socket);
    if (socket->watch == NULL) {
        free(socket);
        return NULL;
    }
    dns->sockets = socket;
    return socket;
}

/* c-ares wants to read or write; if neither, it is about to close the socket. */
static void on_socket(void *arg, ares_socket_t fd, int reads, int writes)
{
    struct dns *dns = arg;
    struct dns_socket **link = link_to(dns, fd);
    if (reads == 0 && writes == 0) {
        let_go(link);
        return;
    }
    const struct dns_socket *socket = *link != NULL ? *link : take_up(dns, fd);
    if (socket != NULL) {
        loop_watch_set(socket->watch, (reads != 0 ? LOOP_READ : 0U) | (writes != 0 ? LOOP_WRITE : 0U));
    }
}

static void on_tick(void *arg)
{
    struct dns *dns = arg;
    ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    if (dns->asked > 0) {
        loop_timer_set(dns->timer, TICK_MS);
    }
}

/* ---- answers ---- */

/* Write "192.0.2.1" or "[2001:db8::1]". Returns its length; 0 if the address is neither, or does not fit. */
static size_t print_address(char *out, size_t size, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes = address->sa_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if ((address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
        inet_ntop(address->sa_family, bytes, text, sizeof text) == NULL) {
        return 0;
    }
    int len = snprintf(out, size, address->sa_family == AF_INET6 ? "[%s]" : "%s", text);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

static void take_addresses(struct dns_answer *answer, const struct ares_addrinfo *info)
{
    size_t len = 0;
    answer->ttl_ms = INT64_MAX;
    for (const struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next) {
        size_t comma = len > 0 ? 1 : 0;
        size_t room = sizeof answer->addresses - len;
        size_t added =
            room > comma ? print_address(answer->addresses + len + comma, room - comma, node->ai_addr) : 0;
        if (added == 0) {
            break;
        }
        if (comma > 0) {
            answer->addresses[len] = ',';
        }
        len += comma + added;
        answer->ttl_ms =
            node->ai_ttl * INT64_C(1000) < answer->ttl_ms ? node->ai_ttl * INT64_C(1000) : answer->ttl_ms;
    }
    answer->addresses[len] = '\0';
    if (len == 0) {
        answer->verdict = DNS_ABSENT;
        answer->why = ares_strerror(ARES_ENODATA);
    }
}

static enum dns_verdict verdict_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return DNS_FOUND;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
    case ARES_EBADNAME:
        return DNS_ABSENT;
    case ARES_ETIMEOUT:
        return DNS_SILENT;
    default:
        return DNS_FAILED;
    }
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct question *question = arg;
    struct dns *dns = question->dns;
    (void)timeouts;
    dns->asked--;
    if (status == ARES_EDESTRUCTION && !dns->closing) {
        question->next = dns->again;
        dns->again = question;
        return;
    }
    struct dns_answer answer = {.verdict = verdict_of(status), .why = ""};
    if (status == ARES_SUCCESS) {
        take_addresses(&answer, info);
        ares_freeaddrinfo(info);
    } else {
        answer.why = ares_strerror(status);
    }
    if (!dns->closing) {
        question->cb(question->arg, &answer);
    }
    free(question);
}

static void send_question(struct dns *dns, struct question *question)
{
    const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    if (dns->asked == 0) {
        loop_timer_set(dns->timer, TICK_MS);
    }
    dns->asked++;
    ares_getaddrinfo(dns->channel, question->name, NULL, &hints, on_answer, question);
}

/* ---- the channel ---- */

static enum err open_channel(struct dns *dns)
{
    struct ares_options options = {
        .timeout = TRY_MS, .tries = ROUNDS, .sock_state_cb = on_socket, .sock_state_cb_data = dns};
    int rc = ares_init_options(&dns->channel, &options,
                               ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (rc != ARES_SUCCESS) {
        dns->channel = NULL;
        log_error("name look-ups cannot be set up", log_str("error", ares_strerror(rc)));
    }
    return rc == ARES_SUCCESS ? ERR_OK : rc == ARES_ENOMEM ? ERR_NOMEM : ERR_SYSTEM;
}

static void close_channel(struct dns *dns)
{
    if (dns->channel != NULL) {
        ares_destroy(dns->channel);
        dns->channel = NULL;
    }
    while (dns->sockets != NULL) {
        let_go(&dns->sockets);
    }
}

static struct timespec change_of(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 ? stat_of.st_mtim : (struct timespec){0};
}

/* Change to other name servers, and ask them the questions under way again. Keeps the old ones if the file
 * cannot be used. */
static void reread(struct dns *dns)
{
    struct mono_ms now = clock_mono(&dns->clock);
    if (now.ms - dns->looked.ms < REREAD_MS) {
        return;
    }
    struct timespec changed = change_of(resolv_conf);
    dns->looked = now;
    if (changed.tv_sec == dns->changed.tv_sec && changed.tv_nsec == dns->changed.tv_nsec) {
        return;
    }
    ares_channel old = dns->channel;
    if (open_channel(dns) != ERR_OK) {
        dns->channel = old;
        return;
    }
    log_info("name servers read again", log_str("from", resolv_conf));
    dns->changed = changed;
    ares_destroy(old);
    for (struct question *question = dns->again, *next; question != NULL; question = next) {
        next = question->next;
        send_question(dns, question);
    }
    dns->again = NULL;
}

enum err dns_ask(struct dns *dns, const char *name, dns_answer_cb *cb, void *arg)
{
    size_t size = strlen(name) + 1;
    struct question *question = malloc(sizeof *question + size);
    if (question == NULL) {
        return ERR_NOMEM;
    }
    *question = (struct question){.dns = dns, .cb = cb, .arg = arg};
    memcpy(question->name, name, size);
    reread(dns);
    send_question(dns, question);
    return ERR_OK;
}

enum err dns_new(struct dns **out, struct loop *loop, struct clock clock)
{
    struct dns *dns = calloc(1, sizeof *dns);
    *out = NULL;
    if (dns == NULL) {
        return ERR_NOMEM;
    }
    *dns = (struct dns){
        .loop = loop, .clock = clock, .looked = clock_mono(&clock), .changed = change_of(resolv_conf)};
    dns->timer = loop_timer_new(loop, on_tick, dns);
    enum err err = dns->timer == NULL                                     ? ERR_NOMEM
                   : ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ? ERR_SYSTEM
                                                                          : open_channel(dns);
    if (err != ERR_OK) {
        dns_free(dns);
        return err;
    }
    *out = dns;
    return ERR_OK;
}

void dns_free(struct dns *dns)
{
    if (dns == NULL) {
        return;
    }
    dns->closing = true;
    close_channel(dns);
    loop_timer_free(dns->timer);
    free(dns);
    ares_library_cleanup();
}
