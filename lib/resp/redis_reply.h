/* redis_reply: from hiredis' tree of replies to our flat struct reply, in one place for both programs. Pure.
 */
#ifndef DRONC_REDIS_REPLY_H
#define DRONC_REDIS_REPLY_H

#include "resp/cmd.h"

struct redisReply; /* hiredis' */

/* Describe `from` (borrowed: out points into it) as out. *items (returns owned, freed with free; NULL when
 * there are none) holds what out->items points to. An array of a stream's entries has three items for each:
 * its position and the first two values (data NULL where there is none). A reply that is nested in another
 * way or cannot be described becomes a REPLY_ERROR whose text says so. */
void redis_reply_flatten(const struct redisReply *from, struct reply *out, struct slice **items);

#endif
