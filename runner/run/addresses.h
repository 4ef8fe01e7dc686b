/* addresses: what an attempt waits for before it comes to the gate, if its host has a name: the address
 * (lookups).
 *
 * An attempt that waits here takes no place of a call. It waits as long as connecting may take from its
 * instant on, or, if an old address is known, until shortly before its instant. Then it goes on in any case,
 * and its call records what came of it. Loop thread only.
 */
#ifndef DRONC_ADDRESSES_H
#define DRONC_ADDRESSES_H

#include "http/http_client.h"
#include "http/lookups.h"

#define ADDRESSES_REFRESH_MS 20 /* how long an attempt waits at least, if an old address is known */

struct attempt;
/* attempt no longer waits: all is known that can be known for now. */
typedef void addresses_cb(void *arg, struct attempt *attempt);

struct addresses {
    struct lookups *lookups; /* owned */
    size_t wait_max;         /* attempts that wait, at most */
    size_t waiting;
    bool complained; /* that too many wait has been logged, since the last look-up ended */
    addresses_cb *cb;
    void *arg;
};

/* Then set wait_max. ERR_NOMEM, ERR_SYSTEM. */
NODISCARD enum err addresses_init(struct addresses *addresses, struct loop *loop, struct clock clock,
                                  addresses_cb *cb, void *arg);
void addresses_fini(struct addresses *addresses);

enum addresses_answer {
    ADDRESSES_KNOWN,   /* go on */
    ADDRESSES_AWAITED, /* until cb, or leave */
    ADDRESSES_REFUSED  /* too many wait, or are looked up: put it off */
};

/* Decide whether attempt, whose job is filled and which is due at attempt->due, may go to the gate. *until:
 * how long it waits, if it is AWAITED. lead_ms: how long before its instant it has to go on. */
enum addresses_answer addresses_ask(struct addresses *addresses, struct attempt *attempt, struct wall_ms now,
                                    int64_t lead_ms, struct wall_ms *until);
/* Returns true if it waits. */
bool addresses_have(const struct attempt *attempt);
/* Stop waiting. Does nothing if attempt does not wait. */
void addresses_leave(struct addresses *addresses, struct attempt *attempt);
/* Call back for those that no longer wait. Once per turn. */
void addresses_turn(struct addresses *addresses);

/* The first address of attempt's host, as text; "": none was looked up. */
void addresses_first(const struct addresses *addresses, const struct attempt *attempt,
                     char out[LOOP_ADDRESS_SIZE]);
/* Fill in what request has to know of attempt's host: its addresses, or why there are none. Borrowed until
 * the next turn. */
void addresses_fill(const struct addresses *addresses, const struct attempt *attempt,
                    struct http_request *request);

#endif
