/* store_idem: requests with an idempotency key: Redis keeps which request it was, and once that is done its
 * answer, for STORE_IDEM_MS (less if much is kept already). Builders and decoders, as in store.h.
 *
 * Nothing waits, and nothing is locked: a request that may have such a key, done twice, has the effect of one
 * (a job's id says what it is). So the handler notes the key, does the request, and keeps the answer. If it
 * dies in between, the key has no answer, and the request is done again.
 */
#ifndef DRONC_STORE_IDEM_H
#define DRONC_STORE_IDEM_H

#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_contract.h"
#include "text/digest.h"

#include <stdbool.h>
#include <stdint.h>

/* A request with a key. */
struct store_idem {
    uint8_t key[DIGEST_SHA256_SIZE];     /* digest of the key */
    uint8_t request[DIGEST_SHA256_SIZE]; /* digest of all that makes it another request */
    int64_t bytes_max;                   /* memory for all that is kept of such requests; 0: any amount */
};

/* The answer to a request. Texts are borrowed. */
struct store_idem_answer {
    int64_t status;
    struct slice type; /* its Content-Type */
    struct slice body;
};

/* Note a request that has come. Its reply: */
void store_idem_open(struct cmd *cmd, const struct store_idem *idem);
enum store_idem_state {
    STORE_IDEM_NEW,      /* do it */
    STORE_IDEM_ANSWERED, /* it was done: out is filled, borrowed from reply */
    STORE_IDEM_OTHER,    /* another request has the key */
    STORE_IDEM_FULL      /* there is no room to note it: nothing was noted */
};
NODISCARD enum err store_idem_open_reply(const struct reply *reply, enum store_idem_state *state,
                                         struct store_idem_answer *out, struct errinfo *info);

/* Keep its answer, unless there is one; NULL: the request did nothing, so the key is free again. The reply
 * matters only if it is an error. */
void store_idem_close(struct cmd *cmd, const struct store_idem *idem, const struct store_idem_answer *answer);

#endif
