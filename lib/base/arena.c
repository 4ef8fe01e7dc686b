/* arena: memory from malloc in large pieces, given out from their beginning to their end. What is to be ended
 * is a list in that same memory. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE 262144U /* bytes; what is larger gets a piece of its own */

struct arena_piece {
    struct arena_piece *older;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

struct arena_owned {
    struct arena_owned *earlier;
    arena_end_fn *end;
    void *thing;
};

static struct arena_piece *add_piece(struct arena *arena, size_t size)
{
    struct arena_piece *piece = malloc(sizeof *piece + size);
    if (piece != NULL) {
        piece->older = arena->newest;
        piece->size = size;
        piece->used = 0;
        arena->newest = piece;
    }
    return piece;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t aligned = (size + align - 1) / align * align;
    struct arena_piece *piece = arena->newest;
    if (piece == NULL || piece->size - piece->used < aligned) {
        piece = add_piece(arena, aligned > PIECE_SIZE ? aligned : PIECE_SIZE);
    }
    if (piece == NULL) {
        return NULL;
    }
    void *taken = piece->bytes + piece->used;
    piece->used += aligned;
    return taken;
}

bool arena_own(struct arena *arena, arena_end_fn *end, void *thing)
{
    struct arena_owned *owned = arena_alloc(arena, sizeof *owned);
    if (owned == NULL) {
        end(thing);
        return false;
    }
    *owned = (struct arena_owned){.earlier = arena->latest, .end = end, .thing = thing};
    arena->latest = owned;
    return true;
}

void *arena_new(struct arena *arena, size_t size, arena_end_fn *end)
{
    void *thing = arena_alloc(arena, size);
    if (thing == NULL) {
        return NULL;
    }
    memset(thing, 0, size);
    return end == NULL || arena_own(arena, end, thing) ? thing : NULL;
}

static void drop_newest(struct arena *arena)
{
    struct arena_piece *piece = arena->newest;
    arena->newest = piece->older;
    free(piece);
}

/* Call the ends of what was registered after `last`, the latest first. */
static void end_since(struct arena *arena, const struct arena_owned *last)
{
    while (arena->latest != last) {
        struct arena_owned *owned = arena->latest;
        arena->latest = owned->earlier;
        owned->end(owned->thing);
    }
}

struct arena_mark arena_mark(const struct arena *arena)
{
    size_t used = arena->newest != NULL ? arena->newest->used : 0;
    return (struct arena_mark){.piece = arena->newest, .used = used, .latest = arena->latest};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    if (mark.piece == NULL) {
        arena_clear(arena);
        return;
    }
    end_since(arena, mark.latest);
    while (arena->newest != mark.piece) {
        drop_newest(arena);
    }
    arena->newest->used = mark.used;
}

void arena_clear(struct arena *arena)
{
    end_since(arena, NULL);
    while (arena->newest != NULL && (arena->newest->older != NULL || arena->newest->size > PIECE_SIZE)) {
        drop_newest(arena);
    }
    if (arena->newest != NULL) {
        arena->newest->used = 0;
    }
}

void arena_fini(struct arena *arena)
{
    end_since(arena, NULL);
    while (arena->newest != NULL) {
        drop_newest(arena);
    }
}
