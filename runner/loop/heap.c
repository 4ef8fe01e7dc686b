/* heap: see heap.h. items[0] is slot 1. */
#include "loop/heap.h"

#include <stdbool.h>
#include <stdlib.h>

static bool is_before(const struct heap_item *a, const struct heap_item *b)
{
    return a->at != b->at ? a->at < b->at : a->rank < b->rank;
}

static void put(struct heap *heap, struct heap_item *item, size_t slot)
{
    heap->items[slot - 1] = item;
    item->slot = slot;
}

static void sift_up(struct heap *heap, struct heap_item *item, size_t slot)
{
    while (slot > 1 && is_before(item, heap->items[slot / 2 - 1])) {
        put(heap, heap->items[slot / 2 - 1], slot);
        slot /= 2;
    }
    put(heap, item, slot);
}

static size_t earlier_child(const struct heap *heap, size_t slot)
{
    size_t child = slot * 2;
    return child < heap->len && is_before(heap->items[child], heap->items[child - 1]) ? child + 1 : child;
}

static void sift_down(struct heap *heap, struct heap_item *item, size_t slot)
{
    for (size_t child; slot * 2 <= heap->len; slot = child) {
        child = earlier_child(heap, slot);
        if (!is_before(heap->items[child - 1], item)) {
            break;
        }
        put(heap, heap->items[child - 1], slot);
    }
    put(heap, item, slot);
}

static enum err grow(struct heap *heap)
{
    size_t size = heap->size == 0 ? 64 : heap->size * 2;
    struct heap_item **items = realloc(heap->items, size * sizeof(struct heap_item *));
    if (items == NULL) {
        return ERR_NOMEM;
    }
    heap->items = items;
    heap->size = size;
    return ERR_OK;
}

void heap_fini(struct heap *heap)
{
    free(heap->items);
    *heap = (struct heap){0};
}

enum err heap_push(struct heap *heap, struct heap_item *item)
{
    if (item->slot != 0) {
        return ERR_BUG;
    }
    if (heap->len == heap->size) {
        enum err err = grow(heap);
        if (err != ERR_OK) {
            return err;
        }
    }
    heap->len++;
    sift_up(heap, item, heap->len);
    return ERR_OK;
}

struct heap_item *heap_first(const struct heap *heap)
{
    return heap->len > 0 ? heap->items[0] : NULL;
}

void heap_remove(struct heap *heap, struct heap_item *item)
{
    size_t slot = item->slot;
    if (slot == 0) {
        return;
    }
    struct heap_item *last = heap->items[heap->len - 1];
    heap->len--;
    item->slot = 0;
    if (last == item) {
        return;
    }
    if (slot > 1 && is_before(last, heap->items[slot / 2 - 1])) {
        sift_up(heap, last, slot);
    } else {
        sift_down(heap, last, slot);
    }
}
