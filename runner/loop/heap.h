/* heap: items ordered by when they need attention. A binary heap whose items know their slot, so that an
 * item in the middle can be removed in O(log n). Items are embedded in the caller's structs; the heap owns
 * only its array of pointers.
 */
#ifndef DRONC_HEAP_H
#define DRONC_HEAP_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: not in a heap. */
struct heap_item {
    int64_t at;    /* the order: smallest first; do not change it while in a heap */
    unsigned rank; /* the order among those with the same at; nor this */
    size_t slot;   /* the position in the heap, from 1; 0: not in a heap */
};

/* Zero-initialised is a valid empty heap. */
struct heap {
    struct heap_item **items; /* owned array of borrowed items */
    size_t len;
    size_t size;
};

void heap_fini(struct heap *heap);
/* Add item. ERR_NOMEM: it is not in the heap. ERR_BUG: it was in a heap already. */
NODISCARD enum err heap_push(struct heap *heap, struct heap_item *item);
/* The first item, which stays in the heap; NULL if the heap is empty. */
struct heap_item *heap_first(const struct heap *heap);
/* Remove item. Does nothing if it is not in a heap. */
void heap_remove(struct heap *heap, struct heap_item *item);

/* The struct that an item is embedded in. */
#define HEAP_OWNER(item, type, member) ((type *)(void *)((char *)(item)-offsetof(type, member)))

#endif
