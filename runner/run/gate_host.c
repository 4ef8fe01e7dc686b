/* gate_host: see gate_host.h. */
#include "run/gate_host.h"

#include "run/attempt.h"
#include "text/url.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(a, b); /* each is a name, or a host or peer, which begins with its name */
}

/* Write "host:port", in lower case. Returns false if it does not fit. */
static bool name_of(char name[GATE_NAME_SIZE], struct slice host, uint16_t port)
{
    if (host.len + sizeof ":65535" > GATE_NAME_SIZE) {
        return false;
    }
    size_t len = 0;
    while (len < host.len) {
        name[len] = (char)tolower((unsigned char)host.data[len]);
        len++;
    }
    name[len++] = ':';
    len += i64_format(name + len, port);
    name[len] = '\0';
    return true;
}

/* Returns the item of that name in tree; if there is none, adds one of size bytes that begins with the name.
 * NULL: out of memory. */
static void *get_or_add(void **tree, const char name[GATE_NAME_SIZE], size_t size)
{
    void **found = tfind(name, tree, compare);
    if (found != NULL) {
        return *found;
    }
    char *made = calloc(1, size);
    if (made == NULL) {
        return NULL;
    }
    memcpy(made, name, GATE_NAME_SIZE);
    if (tsearch(made, tree, compare) == NULL) {
        free(made);
        return NULL;
    }
    return made;
}

/* ---- what is doubtful ---- */

size_t gate_host_inside(const struct gate_host *host)
{
    return host->ahead + host->calling;
}

size_t gate_host_earned(const struct gate_host *host)
{
    return host->trust.now + host->trust.before;
}

void gate_host_count(struct gate *gate, struct gate_host *host)
{
    size_t earned = gate_host_earned(host);
    size_t doubtful = gate_host_inside(host) > earned ? gate_host_inside(host) - earned : 0;
    gate->doubtful = gate->doubtful - host->doubtful + doubtful;
    if (host->peer != NULL) {
        host->peer->doubtful = host->peer->doubtful - host->doubtful + doubtful;
    }
    host->doubtful = doubtful;
}

/* Begin a span now. If memory is short, the host earns nothing. */
static void begin_span(struct gate *gate, struct gate_host *host, struct mono_ms now)
{
    int64_t took_ms = host->trust.took_ms;
    host->trust.span_ms = took_ms > GATE_TRUST_MIN_MS ? took_ms : GATE_TRUST_MIN_MS;
    host->trust.until.at = now.ms + host->trust.span_ms;
    host->trust.took_ms = 0;
    if (heap_push(&gate->trusts, &host->trust.until) != ERR_OK) {
        host->trust.now = host->trust.before = 0;
    }
}

static void end_span(struct gate *gate, struct gate_host *host, struct mono_ms now)
{
    bool late = now.ms - host->trust.until.at >= host->trust.span_ms;
    heap_remove(&gate->trusts, &host->trust.until);
    host->trust.before = late ? 0 : host->trust.now;
    host->trust.now = 0;
    if (host->trust.before > 0) {
        begin_span(gate, host, now);
    }
    gate_host_count(gate, host);
}

void gate_hosts_expire(struct gate *gate, struct mono_ms now)
{
    struct heap_item *first;
    while ((first = heap_first(&gate->trusts)) != NULL && first->at <= now.ms) {
        end_span(gate, HEAP_OWNER(first, struct gate_host, trust.until), now);
    }
}

void gate_host_earn(struct gate *gate, struct gate_host *host, int64_t took_ms, struct mono_ms now)
{
    host->quick = took_ms < GATE_SLOW_MS;
    if (!host->quick) {
        return;
    }
    host->trust.now++;
    host->trust.took_ms = took_ms > host->trust.took_ms ? took_ms : host->trust.took_ms;
    if (host->trust.until.slot == 0) {
        begin_span(gate, host, now);
    }
}

size_t gate_spares(const struct gate *gate)
{
    const struct gate_limits *limits = &gate->limits;
    return (limits->max_slow < limits->max ? limits->max_slow : limits->max) / 8;
}

/* Returns true if host, with one more doubtful attempt, leaves enough for those that come later: what hangs
 * does not give its places back. */
static bool leaves_enough(const struct gate_host *host, size_t all, size_t left)
{
    size_t many = host->quick ? GATE_MANY_QUICK : GATE_MANY;
    size_t weight = host->quick ? 1 : GATE_PEER_WEIGHT;
    bool for_hosts = host->doubtful * all < left * (host->doubtful + many);
    bool for_peers = host->peer->doubtful + weight * host->doubtful < left;
    return for_hosts && for_peers;
}

bool gate_host_may_be_doubtful(const struct gate *gate, const struct gate_host *host)
{
    size_t all = gate->limits.max_slow - gate_spares(gate);
    return gate->doubtful < all && leaves_enough(host, all, all - gate->doubtful);
}

/* ---- hosts ---- */

static void remember(struct gate *gate, struct gate_host *host)
{
    host->newer = NULL;
    host->older = gate->latest;
    *(gate->latest != NULL ? &gate->latest->newer : &gate->oldest) = host;
    gate->latest = host;
    gate->remembered++;
}

static void remember_no_more(struct gate *gate, struct gate_host *host)
{
    *(host->older != NULL ? &host->older->newer : &gate->oldest) = host->newer;
    *(host->newer != NULL ? &host->newer->older : &gate->latest) = host->older;
    gate->remembered--;
}

static void host_forget(struct gate *gate, struct gate_host *host)
{
    heap_remove(&gate->trusts, &host->trust.until);
    (void)tdelete(host, &gate->hosts, compare);
    free(host);
}

static void peer_leave(struct gate *gate, struct gate_host *host)
{
    struct gate_peer *peer = host->peer;
    host->peer = NULL;
    if (peer != NULL && --peer->hosts == 0) {
        (void)tdelete(peer, &gate->peers, compare);
        free(peer);
    }
}

/* Let host lead to peer from now on. */
static void peer_join(struct gate *gate, struct gate_host *host, struct gate_peer *peer)
{
    if (host->peer == peer) {
        return;
    }
    peer->hosts++;
    peer->doubtful += host->doubtful;
    if (host->peer != NULL) {
        host->peer->doubtful -= host->doubtful;
    }
    peer_leave(gate, host);
    host->peer = peer;
}

struct gate_host *gate_host_get(struct gate *gate, const struct attempt *attempt, const char *address)
{
    const struct url *url = &attempt->job.url;
    char name[GATE_NAME_SIZE] = {0};
    char at[GATE_NAME_SIZE] = {0};
    bool known = address != NULL && address[0] != '\0' && name_of(at, slice_of(address), url->port);
    if (!name_of(name, url->host, url->port)) {
        return NULL;
    }
    struct gate_host *host = get_or_add(&gate->hosts, name, sizeof *host);
    struct gate_peer *peer = host != NULL ? get_or_add(&gate->peers, known ? at : name, sizeof *peer) : NULL;
    if (peer == NULL) {
        if (host != NULL && host->attempts == 0 && !host->quick) {
            host_forget(gate, host);
        }
        return NULL;
    }
    peer_join(gate, host, peer);
    return host;
}

void gate_host_join(struct gate *gate, struct gate_host *host)
{
    if (host->attempts++ == 0 && host->quick) {
        remember_no_more(gate, host);
    }
}

void gate_host_leave(struct gate *gate, struct gate_host *host)
{
    if (--host->attempts > 0) {
        return;
    }
    peer_leave(gate, host);
    if (!host->quick) {
        host_forget(gate, host);
        return;
    }
    remember(gate, host);
    if (gate->remembered > GATE_REMEMBERED_MAX) {
        struct gate_host *oldest = gate->oldest;
        remember_no_more(gate, oldest);
        host_forget(gate, oldest);
    }
}

void gate_hosts_forget(struct gate *gate)
{
    while (gate->hosts != NULL) {
        struct gate_host *host = *(void **)gate->hosts;
        peer_leave(gate, host);
        host_forget(gate, host);
    }
    heap_fini(&gate->trusts);
}
