/* arena: memory for things that end together, such as all that is made for one request.
 *
 * What is allocated here is never freed by itself. A thing that owns more than its own memory registers a
 * function that ends it (arena_own, arena_new). arena_clear runs those functions, the latest first, and then
 * takes the memory back; so a user of the arena has nothing to free, and cannot forget to.
 *
 * A loop whose rounds each allocate takes a mark before a round and releases it after the round, so that
 * memory does not grow with the number of rounds.
 *
 * Zero-initialised is a valid empty arena. Life cycle: arena_alloc, arena_own and arena_new as often as
 * needed; arena_clear; and so on; arena_fini. Not thread-safe.
 */
#ifndef DRONC_ARENA_H
#define DRONC_ARENA_H

#include "base/err.h"

#include <stddef.h>

struct arena_piece;
struct arena_owned;

struct arena {
    struct arena_piece *newest; /* owned, and all older ones; NULL: none yet */
    struct arena_owned *latest; /* what is to be ended, and all that came before it; in the arena's memory */
};

/* A point in the life of an arena. */
struct arena_mark {
    struct arena_piece *piece;
    size_t used;
    struct arena_owned *latest;
};

/* Ends a thing; what it owns is given back. */
typedef void arena_end_fn(void *thing);

/* Returns size bytes, uninitialised and aligned for any type; valid until the arena is cleared, or released
 * to an earlier mark. Returns NULL if memory is short. */
void *arena_alloc(struct arena *arena, size_t size);

/* Register that end(thing) is to be called when the arena is cleared or released. Returns false if memory is
 * short: end(thing) has been called then. */
NODISCARD bool arena_own(struct arena *arena, arena_end_fn *end, void *thing);

/* Returns size zeroed bytes for a thing that end ends. Returns NULL if memory is short. end must be able to
 * end a zeroed thing; NULL: there is nothing to end. */
void *arena_new(struct arena *arena, size_t size, arena_end_fn *end);

/* Take a mark, and end what was made since. Marks are released in reverse order. */
struct arena_mark arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

/* End everything. Keeps one piece of memory for what comes next. */
void arena_clear(struct arena *arena);
/* End everything. The arena is empty and usable afterwards. */
void arena_fini(struct arena *arena);

#endif
