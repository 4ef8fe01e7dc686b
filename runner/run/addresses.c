/* addresses: see addresses.h. */
#include "run/addresses.h"

#include "base/log.h"
#include "run/attempt.h"

#include <string.h>

static void on_done(void *arg, struct lookup_waiter *waiter)
{
    struct addresses *addresses = arg;
    struct attempt *attempt = (struct attempt *)(void *)((char *)waiter - offsetof(struct attempt, lookup));
    addresses->waiting--;
    addresses->complained = false;
    addresses->cb(addresses->arg, attempt);
}

enum err addresses_init(struct addresses *addresses, struct loop *loop, struct clock clock, addresses_cb *cb,
                        void *arg)
{
    *addresses = (struct addresses){.cb = cb, .arg = arg};
    return lookups_new(&addresses->lookups, loop, clock, on_done, addresses);
}

void addresses_fini(struct addresses *addresses)
{
    lookups_free(addresses->lookups);
    addresses->lookups = NULL;
}

static enum addresses_answer refuse(struct addresses *addresses)
{
    if (!addresses->complained) {
        addresses->complained = true;
        log_warn("calls put off: too many host names are being looked up",
                 log_i64("lookups", (int64_t)lookups_count(addresses->lookups)),
                 log_i64("waiting", (int64_t)addresses->waiting));
    }
    return ADDRESSES_REFUSED;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum addresses_answer addresses_ask(struct addresses *addresses, struct attempt *attempt, struct wall_ms now,
                                    int64_t lead_ms, struct wall_ms *until)
{
    struct lookups *lookups = addresses->lookups;
    struct slice host = attempt->job.url.host;
    if (!lookups_are_for(host)) {
        return ADDRESSES_KNOWN;
    }
    struct lookup *lookup = lookups_ask(lookups, host);
    if (lookup != NULL && (!lookup->asking || lookups_are_fresh(lookups, lookup))) {
        return ADDRESSES_KNOWN;
    }
    if (lookup == NULL || addresses->waiting >= addresses->wait_max) {
        return refuse(addresses);
    }
    until->ms = lookups_have_old(lookups, lookup)
                    ? later(attempt->due.ms - lead_ms, now.ms + ADDRESSES_REFRESH_MS)
                    : later(attempt->due.ms, now.ms) + attempt->job.call.connect_timeout_ms;
    lookups_wait(lookup, &attempt->lookup);
    addresses->waiting++;
    return ADDRESSES_AWAITED;
}

bool addresses_have(const struct attempt *attempt)
{
    return attempt->lookup.lookup != NULL;
}

void addresses_leave(struct addresses *addresses, struct attempt *attempt)
{
    if (addresses_have(attempt)) {
        lookups_leave(&attempt->lookup);
        addresses->waiting--;
    }
}

void addresses_turn(struct addresses *addresses)
{
    lookups_turn(addresses->lookups);
}

static const struct lookup *known_of(const struct addresses *addresses, const struct attempt *attempt)
{
    struct slice host = attempt->job.url.host;
    return lookups_are_for(host) ? lookups_get(addresses->lookups, host) : NULL;
}

void addresses_first(const struct addresses *addresses, const struct attempt *attempt,
                     char out[LOOP_ADDRESS_SIZE])
{
    const struct lookup *lookup = known_of(addresses, attempt);
    size_t len = lookup != NULL && lookup->addresses != NULL ? strcspn(lookup->addresses, ",") : 0;
    len = len < LOOP_ADDRESS_SIZE ? len : 0;
    if (len > 0) {
        memcpy(out, lookup->addresses, len);
    }
    out[len] = '\0';
}

void addresses_fill(const struct addresses *addresses, const struct attempt *attempt,
                    struct http_request *request)
{
    const struct lookup *lookup = known_of(addresses, attempt);
    request->host = attempt->job.url.host;
    request->port = attempt->job.url.port;
    if (lookup == NULL) {
        return; /* the host has no name, or the name was forgotten and libcurl looks it up */
    }
    if (lookups_have_old(addresses->lookups, lookup)) {
        request->addresses = lookup->addresses;
    } else if (lookup->state == LOOKUP_FAILED) {
        request->unreachable = HTTP_ERROR_DNS;
        request->why = lookup->why;
    } else {
        request->unreachable = HTTP_ERROR_TIMEOUT;
        request->why = "looking up its host's name took too long";
    }
}
