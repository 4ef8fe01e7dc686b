/* redis_memory: has hiredis' reader make its replies in an arena. hiredis would allocate twice for each item
 * and free each of them: for a page of the feed that is 900 items, and a third of the cost of the page.
 *
 * Uses the reader's interface as hiredis 0.14 and 1.x both have it. One thread.
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

/* Have reader, which is new, make its replies in the arena, where they stay until it is cleared. They are as
 * hiredis makes them, except that freeReplyObject must not get them. */
void redis_memory_serve(struct redis_memory *memory, struct redisReader *reader);

#endif
