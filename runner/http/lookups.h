/* lookups: what is known of the names of hosts, who waits for it, and when to ask (dns) again.
 *
 * One look-up for each name, however many wait for it.
 *
 * What was found is good for as long as its time to live says, between LOOKUPS_FRESH_MIN_MS and
 * LOOKUPS_FRESH_MAX_MS. After that it is looked up again, and counts as `old` meanwhile: better than nothing
 * where nobody answers. A name that nobody answered for fails at once for LOOKUPS_SILENT_MS.
 *
 * At most LOOKUPS_MAX are under way, those that nobody waits for any more included. Loop thread only.
 */
#ifndef DRONC_LOOKUPS_H
#define DRONC_LOOKUPS_H

#include "base/buffer.h"
#include "base/clock.h"
#include "http/dns.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOKUPS_MAX          4096
#define LOOKUPS_KEPT_MAX     16384 /* names that are remembered */
#define LOOKUPS_TIMEOUT_MS   6000  /* for an answer; then the name counts as failed */
#define LOOKUPS_FRESH_MIN_MS 1000
#define LOOKUPS_FRESH_MAX_MS 60000
#define LOOKUPS_OLD_MS       600000 /* how old an address may be that is used for want of an answer */
#define LOOKUPS_SILENT_MS    10000  /* how long a name fails at once that nobody answered for */
#define LOOKUPS_ABSENT_MS    1000   /* likewise, one that there is not */

#define LOOKUPS_NAME_SIZE    256 /* the longest that url lets through, and a NUL */
#define LOOKUPS_WHY_SIZE     80

struct lookups;

enum lookup_state {
    LOOKUP_NEW,   /* never asked, or forgotten */
    LOOKUP_FOUND, /* addresses are known */
    LOOKUP_FAILED /* why says why */
};

/* What is known of a name. */
struct lookup {
    char name[LOOKUPS_NAME_SIZE]; /* in lower case. First, so that a name serves as a key */
    struct lookups *owner;
    struct lookup *older, *newer; /* in the order in which they were asked for */
    enum lookup_state state;
    bool asking;                /* a name server is */
    bool overdue;               /* for longer than LOOKUPS_TIMEOUT_MS */
    bool answered;              /* in the list of those whose waiters are to be told */
    struct mono_ms asked;       /* when it was asked last */
    struct mono_ms known;       /* when the state was found out */
    int64_t fresh_ms;           /* how long that is good for */
    char *addresses;            /* owned: "192.0.2.1,[2001:db8::1]"; NULL: none are known. Old ones where the
                                   state is LOOKUP_FAILED, but nobody has said that there are none */
    struct mono_ms found;       /* when these were found */
    char why[LOOKUPS_WHY_SIZE]; /* LOOKUP_FAILED: for a person */
    struct lookup *prev_asking, *next_asking; /* of those under way, the longest first */
    struct lookup *next_answered;
    struct lookup_waiter *waiters; /* owned by others */
};

/* Who waits for a look-up. Zero-initialised: for none. */
struct lookup_waiter {
    struct lookup *lookup;
    struct lookup_waiter *prev, *next;
};

typedef void lookups_done_cb(void *arg, struct lookup_waiter *waiter);

/* done tells a waiter, which waits no more by then, that its look-up is over. Returns owned. ERR_NOMEM,
 * ERR_SYSTEM. */
NODISCARD enum err lookups_new(struct lookups **out, struct loop *loop, struct clock clock,
                               lookups_done_cb *done, void *arg);
/* Tells nobody. NULL is fine. */
void lookups_free(struct lookups *lookups);

/* Is host one that needs a look-up? Not an address, and no name of this machine (localhost). */
bool lookups_are_for(struct slice host);

/* What is known of host, which is asked for where that is not fresh: then `asking` is set. Borrowed until the
 * loop's next turn. NULL: nothing is known, and nobody can be asked now (as many are under way as may be, or
 * out of memory). */
struct lookup *lookups_ask(struct lookups *lookups, struct slice host);
/* What is known of host; nobody is asked. NULL: nothing. */
struct lookup *lookups_get(struct lookups *lookups, struct slice host);
/* Is what is known of it good enough not to wait for more? */
bool lookups_are_fresh(const struct lookups *lookups, const struct lookup *lookup);
/* Has it addresses that may be used, be they fresh or not? */
bool lookups_have_old(const struct lookups *lookups, const struct lookup *lookup);

void lookups_wait(struct lookup *lookup, struct lookup_waiter *waiter);
/* Of one that does not wait nothing happens. */
void lookups_leave(struct lookup_waiter *waiter);

/* Tell whose look-ups are over. */
void lookups_turn(struct lookups *lookups);

/* Look-ups under way. */
size_t lookups_count(const struct lookups *lookups);

#endif
