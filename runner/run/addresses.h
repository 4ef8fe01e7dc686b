/* addresses: lets an attempt whose host has a name wait for the address (lookups) before it comes to the
 * gate.
 *
 * An attempt that waits here takes no place of a call. It waits at most until its instant plus its time-out
 * for connecting or, if an old address is known, until shortly before its instant. Then it goes on in any
 * case, and its call records the result. Loop thread only.
 */
#ifndef DRONC_ADDRESSES_H
#define DRONC_ADDRESSES_H

#include "http/http_client.h"
#include "http/lookups.h"

#define ADDRESSES_REFRESH_MS 20 /* the least time that an attempt waits if an old address is known */

struct attempt;
/* attempt no longer waits: its host's address is known, or no answer will come for now. */
typedef void addresses_cb(void *arg, struct attempt *attempt);

struct addresses {
    struct lookups *lookups; /* owned */
    size_t wait_max;         /* the most attempts that may wait */
    size_t waiting;
    bool complained; /* since the last look-up ended, the log has had that too many wait */
    addresses_cb *cb;
    void *arg;
};

/* Then set wait_max. ERR_NOMEM, ERR_SYSTEM. */
NODISCARD enum err addresses_init(struct addresses *addresses, struct loop *loop, struct clock clock,
                                  addresses_cb *cb, void *arg);
void addresses_fini(struct addresses *addresses);

enum addresses_answer {
    ADDRESSES_KNOWN,   /* go on */
    ADDRESSES_AWAITED, /* it waits until cb, or addresses_leave */
    ADDRESSES_REFUSED  /* too many attempts wait, or too many names are being looked up: put it off */
};

/* Decide whether attempt may go to the gate; its job and attempt->due must be filled. *until: when AWAITED,
 * the latest moment that it waits for. lead_ms: how long before its instant it has to go on. */
enum addresses_answer addresses_ask(struct addresses *addresses, struct attempt *attempt, struct wall_ms now,
                                    int64_t lead_ms, struct wall_ms *until);
/* Returns true if attempt waits. */
bool addresses_have(const struct attempt *attempt);
/* Stop waiting. Does nothing if attempt does not wait. */
void addresses_leave(struct addresses *addresses, struct attempt *attempt);
/* Call back for those that no longer wait. Once per turn. */
void addresses_turn(struct addresses *addresses);

/* Write the first address of attempt's host, as text; "": none was looked up. */
void addresses_first(const struct addresses *addresses, const struct attempt *attempt,
                     char out[LOOP_ADDRESS_SIZE]);
/* Fill in what request must know about attempt's host: its addresses, or why there are none. request borrows
 * them until the next turn. */
void addresses_fill(const struct addresses *addresses, const struct attempt *attempt,
                    struct http_request *request);

#endif
