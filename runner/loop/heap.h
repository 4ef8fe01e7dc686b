/* heap: things ordered by when they need attention. A binary heap whose items know their slot, so that one
 * can be taken out of the middle in O(log n). Items are embedded in the caller's structs; the heap owns only
 * its array of pointers.
 */
#ifndef DRONC_HEAP_H
#define DRONC_HEAP_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: in no heap. */
struct heap_item {
    int64_t at;  /* the order: smallest first; do not change it while in a heap */
    size_t slot; /* where in the heap, from 1; 0: in none */
};

/* Zero-initialised is a valid empty heap. */
struct heap {
    struct heap_item **items; /* owned array of borrowed items */
    size_t len;
    size_t size;
};

void heap_fini(struct heap *heap);
/* Put item in. ERR_NOMEM: it is not in; ERR_BUG: it is in a heap already. */
NODISCARD enum err heap_push(struct heap *heap, struct heap_item *item);
/* The first item, or NULL. It stays in. */
struct heap_item *heap_first(const struct heap *heap);
/* Take item out; nothing happens if it is in no heap. */
void heap_remove(struct heap *heap, struct heap_item *item);

/* The struct that an item is embedded in. */
#define HEAP_OWNER(item, type, member) ((type *)(void *)((char *)(item)-offsetof(type, member)))

#endif
