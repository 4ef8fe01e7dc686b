/* redis_limits: bounds the memory that a reply of Redis takes.
 *
 * hiredis' reader makes room for as many items as an array announces, before the first one has arrived, and
 * keeps every byte of a string until it is complete. So twelve bytes from a broken Redis, or from something
 * else, would cost gigabytes. A watched reader refuses a reply with more than REPLY_ITEMS_MAX items (in all
 * of its arrays), REPLY_BYTES_MAX bytes (cmd.h) or a line of 64 KiB: it fails as if memory had run out. Its
 * owner then drops the connection; redis_limits_check has the reason.
 *
 * Works with the reader of hiredis 0.14 and 1.x. Pure; one thread for each reader.
 */
#ifndef DRONC_REDIS_LIMITS_H
#define DRONC_REDIS_LIMITS_H

#include "base/err.h"

#include <stdbool.h>

struct redisReader; /* hiredis' */
struct redis_limits;

/* Returns owned; NULL: out of memory. */
struct redis_limits *redis_limits_new(void);
/* NULL is fine. Free the reader that it watches first. */
void redis_limits_free(struct redis_limits *limits);

/* Watch reader, which is new: counting functions wrap its own ones. The reader watched before must be
 * gone. */
void redis_limits_watch(struct redis_limits *limits, struct redisReader *reader);

/* ERR_PROTOCOL, with the reason in info: the reader refused a reply, or an incomplete one is too long
 * already. Call it after each feeding. reader: the watched one; NULL if it is gone. */
NODISCARD enum err redis_limits_check(const struct redis_limits *limits, const struct redisReader *reader,
                                      struct errinfo *info);

#endif
