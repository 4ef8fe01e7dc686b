/* lookups: remembers the addresses of host names, knows who waits for them, and decides when to ask dns
 * again.
 *
 * A name has one look-up at a time, however many wait for it.
 *
 * Addresses are fresh for their time to live, but at least LOOKUPS_FRESH_MIN_MS and at most
 * LOOKUPS_FRESH_MAX_MS. After that they are old, and the next use looks them up again; old addresses serve if
 * no name server answers. A name without an answer fails at once for LOOKUPS_SILENT_MS.
 *
 * At most LOOKUPS_MAX look-ups are under way, including those without waiters. Loop thread only.
 */
#ifndef DRONC_LOOKUPS_H
#define DRONC_LOOKUPS_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/list.h"
#include "http/dns.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOKUPS_MAX          4096
#define LOOKUPS_KEPT_MAX     16384 /* names that are kept */
#define LOOKUPS_TIMEOUT_MS   6000  /* for an answer; after that the name has failed */
#define LOOKUPS_FRESH_MIN_MS 1000
#define LOOKUPS_FRESH_MAX_MS 60000
#define LOOKUPS_OLD_MS       600000 /* how old an address may be that is used because no answer comes */
#define LOOKUPS_SILENT_MS    10000  /* how long a name without an answer fails at once */
#define LOOKUPS_ABSENT_MS    1000   /* the same for a name that does not exist */

#define LOOKUPS_NAME_SIZE    256 /* the longest that url accepts, and a NUL */
#define LOOKUPS_WHY_SIZE     80

struct lookups;

enum lookup_state {
    LOOKUP_NEW,   /* never asked, or forgotten */
    LOOKUP_FOUND, /* addresses are known */
    LOOKUP_FAILED /* for the reason in why */
};

/* What is known about a name. */
struct lookup {
    char name[LOOKUPS_NAME_SIZE]; /* in lower case. The first member, so that a plain name serves as a key */
    struct lookups *owner;
    struct list_item by_age; /* of all names, in the order in which they were asked for */
    enum lookup_state state;
    bool asking;                  /* a look-up is under way */
    bool overdue;                 /* for longer than LOOKUPS_TIMEOUT_MS */
    bool answered;                /* its waiters must be called */
    struct mono_ms asked;         /* when it was last asked for */
    struct mono_ms known;         /* when the state was set */
    int64_t fresh_ms;             /* how long the state is fresh */
    char *addresses;              /* owned: "192.0.2.1,[2001:db8::1]"; NULL: none are known. Old ones if the
                                   state is LOOKUP_FAILED, unless the name has been reported absent */
    struct mono_ms found;         /* when these were found */
    char why[LOOKUPS_WHY_SIZE];   /* LOOKUP_FAILED: for a person */
    struct list_item in_asking;   /* of those under way and not overdue, the oldest first */
    struct list_item in_answered; /* of those whose waiters must be called */
    struct list waiters;          /* of struct lookup_waiter, owned by others */
};

/* One that waits for a look-up. Zero-initialised: it does not wait. */
struct lookup_waiter {
    struct lookup *lookup;
    struct list_item item;
};

typedef void lookups_done_cb(void *arg, struct lookup_waiter *waiter);

/* done is called for a waiter whose look-up is over; by then it no longer waits. Returns owned.
 * ERR_NOMEM, ERR_SYSTEM. */
NODISCARD enum err lookups_new(struct lookups **out, struct loop *loop, struct clock clock,
                               lookups_done_cb *done, void *arg);
/* done is not called. NULL is fine. */
void lookups_free(struct lookups *lookups);

/* True if host needs a look-up: it is neither an address nor a name of this machine (localhost). */
bool lookups_are_for(struct slice host);

/* Returns what is known about host. If that is not fresh, a look-up begins: then `asking` is set. Borrowed
 * until the loop's next turn. NULL if nothing is known and no look-up can begin now (too many are under way,
 * or memory has run out). */
struct lookup *lookups_ask(struct lookups *lookups, struct slice host);
/* Returns what is known about host, without a look-up; NULL if nothing is known. */
struct lookup *lookups_get(struct lookups *lookups, struct slice host);
/* Returns true if what is known is fresh, so that there is no need to wait. */
bool lookups_are_fresh(const struct lookups *lookups, const struct lookup *lookup);
/* Returns true if it has addresses that may be used, fresh or not. */
bool lookups_have_old(const struct lookups *lookups, const struct lookup *lookup);

void lookups_wait(struct lookup *lookup, struct lookup_waiter *waiter);
/* Does nothing if the waiter does not wait. */
void lookups_leave(struct lookup_waiter *waiter);

/* Call the waiters whose look-ups are over. */
void lookups_turn(struct lookups *lookups);

/* The number of look-ups under way. */
size_t lookups_count(const struct lookups *lookups);

#endif
