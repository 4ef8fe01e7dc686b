/* store_rate: how many requests a client may send: a bucket of tokens in Redis, shared by all handlers, that
 * goes when it is full. Builders and decoders, as in store.h.
 */
#ifndef DRONC_STORE_RATE_H
#define DRONC_STORE_RATE_H

#include "base/err.h"
#include "resp/cmd.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_RATE_MAX  1000000 /* requests a second */
#define STORE_BURST_MAX 1000000

struct store_rate {
    int64_t per_s; /* 1 to STORE_RATE_MAX requests a second in the long run; 0: no limit */
    int64_t burst; /* 1 to STORE_BURST_MAX at once */
};

/* What came of one request. */
struct store_rated {
    bool is_allowed;
    int64_t left;  /* it may send so many more at once */
    int64_t in_ms; /* until it may send a whole burst; if it is not allowed: one */
};

/* Count a request of the client of this id, which has no '{' or '}', unless it is one too many. */
void store_rate_take(struct cmd *cmd, const char *id, const struct store_rate *rate);
NODISCARD enum err store_rate_take_reply(const struct reply *reply, struct store_rated *out,
                                         struct errinfo *info);

#endif
