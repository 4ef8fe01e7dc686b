/* dns: looks up the addresses of a host, on the loop: in /etc/hosts first, then by the name servers of
 * /etc/resolv.conf, which it reads again after a change. The only module that knows c-ares.
 *
 * Uses no threads: all questions go out through a few sockets. getaddrinfo would need a thread for each one,
 * and no thread can be stopped while a name server is silent. c-ares does not know other services of
 * nsswitch.conf (mdns, ldap and the like). lookups remembers the answers. Loop thread only.
 */
#ifndef DRONC_DNS_H
#define DRONC_DNS_H

#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"

#include <stdint.h>

#define DNS_ADDRESSES_SIZE 512 /* some ten addresses as text; the rest is left out */

enum dns_verdict {
    DNS_FOUND,
    DNS_ABSENT, /* the name does not exist, or has no address */
    DNS_SILENT, /* no name server answered in time */
    DNS_FAILED  /* there is no name server, or its answer is useless */
};

struct dns_answer {
    enum dns_verdict verdict;
    const char *why;                    /* for a person; "" for DNS_FOUND */
    char addresses[DNS_ADDRESSES_SIZE]; /* "192.0.2.1,[2001:db8::1]", the best first */
    int64_t ttl_ms;                     /* the shortest of all addresses */
};

struct dns;
typedef void dns_answer_cb(void *arg, const struct dns_answer *answer);

/* Returns owned. ERR_NOMEM, ERR_SYSTEM. */
NODISCARD enum err dns_new(struct dns **out, struct loop *loop, struct clock clock);
/* The callbacks of pending questions do not run. NULL is fine. */
void dns_free(struct dns *dns);

/* Look name up (borrowed during the call). cb runs exactly once, perhaps before this returns. ERR_NOMEM: cb
 * does not run. */
NODISCARD enum err dns_ask(struct dns *dns, const char *name, dns_answer_cb *cb, void *arg);

#endif
