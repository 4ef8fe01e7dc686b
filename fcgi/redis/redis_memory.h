/* redis_memory: where replies are kept until the next question: memory that is taken in large pieces and
 * given back at once. hiredis would allocate twice for each item and free each of them; of a page of the feed
 * that is 900 items, and a third of what the page takes here.
 *
 * The reader's interface is used as hiredis 0.14 and 1.x both have it. One thread.
 */
#ifndef DRONC_REDIS_MEMORY_H
#define DRONC_REDIS_MEMORY_H

struct redisReader; /* hiredis' */
struct redis_memory;

/* Returns owned; NULL: out of memory. */
struct redis_memory *redis_memory_new(void);
/* NULL is fine. After the readers that it serves. */
void redis_memory_free(struct redis_memory *memory);

/* Have reader, which is new, make its replies in memory. They are hiredis' in all but this: they need not be
 * freed (and must not be, by freeReplyObject). */
void redis_memory_serve(struct redis_memory *memory, struct redisReader *reader);

/* All replies end here. */
void redis_memory_clear(struct redis_memory *memory);

#endif
