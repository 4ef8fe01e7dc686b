/* redis_sync: one connection to Redis that waits for replies, for a bounded time.
 *
 * Owns connecting (at the first call, and whenever the connection was lost), logging in, checking the
 * database (store_setup), sending scripts again that Redis has forgotten, and the time that all of it may
 * take. Knows two things about commands: the level of what they store (store_level.h), and that all commands
 * of store.h may be sent twice without harm. So if a kept connection turns out to be dead, it sends the
 * command once more on a new one. A time-out is final.
 *
 * While Redis hangs, each call takes its whole budget, and callers would queue up. So for
 * REDIS_SYNC_PAUSE_MS after a time-out, calls fail at once: the queue empties during the pause, and the first
 * call after it finds out whether Redis is back.
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

#define REDIS_SYNC_BUDGET_MS    800  /* the most that one call of a handler may take, reconnecting included */
#define REDIS_SYNC_PAUSE_MS     250  /* after a time-out: how long calls fail without trying */
#define REDIS_SYNC_CHECK_MS     1000 /* how often to check whether a newer version has come */
#define REDIS_SYNC_PIPELINE_MAX 128  /* commands in one call */

struct redis_sync;

/* Does not connect. Borrows config, and arena, in which it makes replies, until redis_sync_free. Returns
 * owned; NULL: out of memory. */
struct redis_sync *redis_sync_new(const struct config *config, struct clock clock, struct arena *arena);
/* Takes NULL. */
void redis_sync_free(struct redis_sync *redis);

/* Send count commands (borrowed, 1 to REDIS_SYNC_PIPELINE_MAX) in one round trip, and wait for all replies,
 * for budget_ms at most. ERR_OK: redis_sync_reply has them; an error of Redis is a reply, too. ERR_DOWN,
 * ERR_TIMEOUT: Redis cannot be reached or does not answer; the effect is unknown. ERR_REFUSED: it refuses the
 * login. ERR_CONFIG: the database is not made for this program. ERR_PROTOCOL: the reply is malformed or too
 * long. ERR_NOMEM. */
NODISCARD enum err redis_sync_call(struct redis_sync *redis, const struct cmd *cmds, size_t count,
                                   int budget_ms, struct errinfo *info);

/* Returns the reply to the command at index of the last call, which must have returned ERR_OK; the replies to
 * the next commands follow it in memory. Readable until the arena is cleared, whatever is asked in between.
 */
const struct reply *redis_sync_reply(const struct redis_sync *redis, size_t index);

/* Why the last call failed. REDIS_FINE: it did not; its replies may still be errors. */
enum redis_trouble redis_sync_trouble(const struct redis_sync *redis);

/* Close the connection; the next call opens a new one. For a child process, which must not use its parent's.
 */
void redis_sync_close(struct redis_sync *redis);

/* Returns true once a connection was made, logged in and checked. */
bool redis_sync_was_reached(const struct redis_sync *redis);

#endif
