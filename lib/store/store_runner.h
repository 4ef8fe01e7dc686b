/* store_runner: which runners are alive, which hold claims, and recovery. Builders and decoders, as in
 * store.h.
 */
#ifndef DRONC_STORE_RUNNER_H
#define DRONC_STORE_RUNNER_H

#include "store/store_attempt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prove that a runner is alive, for lease_ms. The reply has Redis' clock, whether there are API keys, and all
 * runners. */
void store_heartbeat(struct cmd *cmd, const char *runner, int64_t lease_ms);
struct store_heart {
    int64_t now_us; /* Redis' wall clock, in microseconds since the epoch */
    bool keyed;     /* there are API keys: what TARGETS=auto depends on */
    size_t count;   /* of runners */
};
NODISCARD enum err store_heartbeat_reply(const struct reply *reply, struct store_heart *out,
                                         struct errinfo *info);
struct store_runner {
    char id[STORE_RUNNER_ID_MAX + 1];
    struct wall_ms expiry; /* by Redis' clock: dead after that */
};
NODISCARD enum err store_heartbeat_at(const struct reply *reply, size_t index, struct store_runner *out,
                                      struct errinfo *info);

/* Take a runner off the list: if its heartbeat has expired, or in any case (when a runner ends that holds
 * nothing). */
void store_forget(struct cmd *cmd, const char *runner, bool only_if_expired);

/* Which runners hold or held claims in a shard: a list of their ids (REPLY_ARRAY of text). */
void store_holders(struct cmd *cmd, unsigned shard);

/* Take a runner off a shard's holders, unless it holds something there. *holds: it does. */
void store_tidy(struct cmd *cmd, unsigned shard, const char *runner);
NODISCARD enum err store_tidy_reply(const struct reply *reply, bool *holds, struct errinfo *info);

/* Hand on up to STORE_BATCH_MAX claims of a dead runner: unstarted ones are due again, started ones are
 * retried (at-least-once) or recorded as lost (at-most-once). */
void store_recover(struct cmd *cmd, unsigned shard, const char *dead, const struct store_keep *keep);
/* Hand on one started claim of a living runner that no longer knows it: the attempt was recorded, and then
 * Redis' data went back to before that. */
void store_recover_lost(struct cmd *cmd, const char *runner, const struct store_attempt *attempt,
                        const struct store_keep *keep);
struct store_recovered {
    int64_t handed_on; /* due or retried again */
    int64_t lost;      /* recorded as lost */
    bool more;         /* call again */
};
NODISCARD enum err store_recover_reply(const struct reply *reply, struct store_recovered *out,
                                       struct errinfo *info);

#endif
