/* dns: asks for the addresses of a host, on the loop: /etc/hosts first, then the name servers of
 * /etc/resolv.conf, which is read again when it has changed. The only module that knows c-ares.
 *
 * No threads: all questions go out by a few sockets. getaddrinfo would take a thread for each, which nobody
 * can stop while a name server is silent. What c-ares does not know are other services of nsswitch.conf
 * (mdns, ldap and their like). Remembers nothing; that is lookups' part. Loop thread only.
 */
#ifndef DRONC_DNS_H
#define DRONC_DNS_H

#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"

#include <stdint.h>

#define DNS_ADDRESSES_SIZE 512 /* of some ten addresses as text; what is past that is left out */

enum dns_verdict {
    DNS_FOUND,
    DNS_ABSENT, /* there is no such name, or it has no address */
    DNS_SILENT, /* no name server has answered in time */
    DNS_FAILED  /* there is none to ask, or what they say is of no use */
};

struct dns_answer {
    enum dns_verdict verdict;
    const char *why;                    /* for a person; "" for DNS_FOUND */
    char addresses[DNS_ADDRESSES_SIZE]; /* "192.0.2.1,[2001:db8::1]", the best first */
    int64_t ttl_ms;                     /* the least of theirs */
};

struct dns;
typedef void dns_answer_cb(void *arg, const struct dns_answer *answer);

/* Returns owned. ERR_NOMEM, ERR_SYSTEM. */
NODISCARD enum err dns_new(struct dns **out, struct loop *loop, struct clock clock);
/* What is still asked is not answered any more. NULL is fine. */
void dns_free(struct dns *dns);

/* Ask for name (borrowed during the call). cb runs exactly once, perhaps before this returns. ERR_NOMEM: it
 * does not run. */
NODISCARD enum err dns_ask(struct dns *dns, const char *name, dns_answer_cb *cb, void *arg);

#endif
