/* store_sealed: secrets and signing keys in Redis, sealed: two hashes, from a name to what lib/secret writes.
 * Builders and decoders, as in store.h.
 *
 * A change is made to what was read: the version that stands in front of what is stored says whether it is
 * still that. Each change raises a count beside the names, so that a runner that missed the message of a change
 * finds it by one number. Each change is in the trail (store_audit.h).
 */
#ifndef DRONC_STORE_SEALED_H
#define DRONC_STORE_SEALED_H

#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_audit.h"
#include "store/store_contract.h"

#include <stdbool.h>
#include <stdint.h>

enum store_sealed_kind {
    STORE_SECRETS,
    STORE_SIGNING,
    STORE_SEALED__COUNT
};

/* "secret" or "signing". */
const char *store_sealed_kind_name(enum store_sealed_kind kind);

/* Read what is stored under a name; its reply's text, data NULL: nothing is. */
void store_sealed_get(struct cmd *cmd, enum store_sealed_kind kind, struct slice name);
NODISCARD enum err store_sealed_get_reply(const struct reply *reply, struct slice *out, struct errinfo *info);

/* Read how often things of that kind were changed. */
void store_sealed_count(struct cmd *cmd, enum store_sealed_kind kind);
NODISCARD enum err store_sealed_count_reply(const struct reply *reply, int64_t *out, struct errinfo *info);

/* Read all of a kind. The reply has pairs: */
void store_sealed_all(struct cmd *cmd, enum store_sealed_kind kind);
struct store_sealed {
    struct slice name; /* borrowed from the reply, as the next */
    struct slice content;
};
/* *count: how many pairs there are to look at, the count of changes among them. */
NODISCARD enum err store_sealed_all_reply(const struct reply *reply, size_t *count, struct errinfo *info);
/* Returns false if the pair at index is the count of changes; *changes then has it. */
NODISCARD bool store_sealed_at(const struct reply *reply, size_t index, struct store_sealed *out,
                               int64_t *changes);

/* Store its content, in the place of what has the version `known` (0: of nothing). */
void store_sealed_put(struct cmd *cmd, enum store_sealed_kind kind, const struct store_sealed *sealed,
                      int64_t known, const struct store_actor *actor);
enum store_sealed_answer {
    STORE_SEALED_STORED = 1,
    STORE_SEALED_OTHER = 0,     /* it is not that any more */
    STORE_SEALED_TOO_MANY = -1, /* STORE_SEALED_MAX are stored */
};
NODISCARD enum err store_sealed_put_reply(const struct reply *reply, enum store_sealed_answer *out,
                                          struct errinfo *info);

/* Forget it. *there: it was there. */
void store_sealed_drop(struct cmd *cmd, enum store_sealed_kind kind, struct slice name,
                       const struct store_actor *actor);
NODISCARD enum err store_sealed_drop_reply(const struct reply *reply, bool *there, struct errinfo *info);

#endif
