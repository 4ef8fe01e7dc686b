/* redis_reply: turns hiredis' tree of replies into our flat struct reply, for both programs. Pure. */
#ifndef DRONC_REDIS_REPLY_H
#define DRONC_REDIS_REPLY_H

#include "resp/cmd.h"

struct redisReply; /* hiredis' */

/* Describe `from` (borrowed: out points into it) as out. *items holds what out->items points to (returns
 * owned: free; NULL if there are none). An array of a stream's entries has three items for each: its position
 * and the first two values (data NULL if there is none). A reply that is nested in another way, or cannot be
 * described, becomes a REPLY_ERROR whose text says so. */
void redis_reply_flatten(const struct redisReply *from, struct reply *out, struct slice **items);

#endif
