/* redis_memory: makes hiredis' reader put its replies into an arena. hiredis itself allocates twice for each
 * item and frees each of them: for a page of the feed that is 900 items, and a third of the page's cost.
 *
 * Uses only what the readers of hiredis 0.14 and 1.x have in common. One thread.
 */
#ifndef DRONC_REDIS_MEMORY_H
#define DRONC_REDIS_MEMORY_H

#include "base/arena.h"

struct redisReader; /* hiredis' */
struct redis_memory;

/* Borrows arena. Returns owned; NULL: out of memory. */
struct redis_memory *redis_memory_new(struct arena *arena);
/* Takes NULL. Free the readers that it serves first. */
void redis_memory_free(struct redis_memory *memory);

/* Make reader, which is new, put its replies into the arena, where they stay until it is cleared. They are as
 * hiredis makes them, but must not be passed to freeReplyObject. */
void redis_memory_serve(struct redis_memory *memory, struct redisReader *reader);

#endif
