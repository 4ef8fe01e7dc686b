/* redis_sync: one connection to Redis that waits for its answers, but never for long.
 *
 * Owns connecting (lazily, at the first call and whenever the connection was lost), logging in, the check of
 * the database (store_setup), scripts that Redis has forgotten, and the time that all of it may take. Knows
 * nothing of what the commands mean, but for two things: the level of what they store (store_level.h), and
 * that all commands of store.h may be sent twice without harm, so that one whose kept connection turns out to
 * be dead is sent once more on a new one. A time-out is final.
 *
 * While Redis hangs, each call costs its whole budget, and callers would queue up behind each other. So for
 * REDIS_SYNC_PAUSE_MS after a time-out calls fail at once: a queue is gone through in the pauses, and every
 * caller that is tried again after them finds out whether Redis is back.
 *
 * Life cycle: redis_sync_new once, redis_sync_call as often as needed, redis_sync_free. One thread.
 */
#ifndef DRONC_REDIS_SYNC_H
#define DRONC_REDIS_SYNC_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/err.h"
#include "resp/cmd.h"
#include "resp/redis_trouble.h"

#include <stdbool.h>
#include <stddef.h>

#define REDIS_SYNC_BUDGET_MS    800  /* what a handler may spend on one call, reconnecting included */
#define REDIS_SYNC_PAUSE_MS     250  /* after a time-out: how long calls fail without trying */
#define REDIS_SYNC_CHECK_MS     1000 /* how often is looked whether a newer version has come */
#define REDIS_SYNC_PIPELINE_MAX 128  /* commands in one call */

struct redis_sync;

/* Does not connect. Borrows config, and arena, in which it makes replies, until redis_sync_free. Returns
 * owned; NULL: out of memory. */
struct redis_sync *redis_sync_new(const struct config *config, struct clock clock, struct arena *arena);
/* Takes NULL. */
void redis_sync_free(struct redis_sync *redis);

/* Send count commands (borrowed, 1 to REDIS_SYNC_PIPELINE_MAX) in one round trip and wait for all replies, at
 * most budget_ms. ERR_OK: redis_sync_reply has them; an error of Redis' is a reply, too. ERR_DOWN,
 * ERR_TIMEOUT: Redis cannot be reached or does not answer; the effect is unknown. ERR_REFUSED: it does not
 * let us in. ERR_CONFIG: the database is not made for this program. ERR_PROTOCOL: what came back is no reply
 * that we understand, or is too long. ERR_NOMEM. */
NODISCARD enum err redis_sync_call(struct redis_sync *redis, const struct cmd *cmds, size_t count,
                                   int budget_ms, struct errinfo *info);

/* The reply to the command at index of the last call, which must have been ERR_OK; the others stand behind
 * it. Readable until the arena is cleared, whatever is asked in between. */
const struct reply *redis_sync_reply(const struct redis_sync *redis, size_t index);

/* Why the last call failed. REDIS_FINE: it did not; what the replies say is for the caller to see. */
enum redis_trouble redis_sync_trouble(const struct redis_sync *redis);

/* Close the connection; the next call makes a new one. For a child process, which must not use its parent's.
 */
void redis_sync_close(struct redis_sync *redis);

/* True when a connection was ever made, let in and checked. */
bool redis_sync_was_reached(const struct redis_sync *redis);

#endif
