/* redis_limits: no answer of Redis' takes more memory than it may.
 *
 * hiredis' reader makes room for as many items as an array announces, before the first of them has come, and
 * keeps every byte of a string until it is complete: twelve bytes from something that is no Redis, or a
 * broken one, would cost gigabytes. So a reader that is watched refuses an answer with more than
 * REPLY_ITEMS_MAX items (in all of its arrays together), REPLY_BYTES_MAX bytes (cmd.h) or a line of 64 KiB,
 * by failing as it does without memory; its owner then drops the connection, and finds here that this was
 * why.
 *
 * The reader's interface is used as hiredis 0.14 and 1.x both have it. Pure; one thread for each reader.
 */
#ifndef DRONC_REDIS_LIMITS_H
#define DRONC_REDIS_LIMITS_H

#include "base/err.h"

#include <stdbool.h>

struct redisReader; /* hiredis' */
struct redis_limits;

/* Returns owned; NULL: out of memory. */
struct redis_limits *redis_limits_new(void);
/* NULL is fine. After the reader that it watches. */
void redis_limits_free(struct redis_limits *limits);

/* Watch reader, which is new: its functions, hiredis' own or others, are called by those that count. What was
 * watched before is gone by now. */
void redis_limits_watch(struct redis_limits *limits, struct redisReader *reader);

/* ERR_PROTOCOL, and what is wrong: an answer was refused, or has become longer than it may while it is still
 * incomplete. Ask after each feeding. reader: the one that is watched; NULL where it is gone. */
NODISCARD enum err redis_limits_check(const struct redis_limits *limits, const struct redisReader *reader,
                                      struct errinfo *info);

#endif
