/* The heap against a reference that is too simple to be wrong: a linear search for the smallest. */
#include "loop/heap.h"

#include "test.h"

#include <stdbool.h>
#include <stdlib.h>

#define SEED   20260308U
#define THINGS 300

struct thing {
    int payload;
    struct heap_item item;
};

static uint32_t state_of_random;

static uint32_t random_below(uint32_t limit)
{
    state_of_random = state_of_random * 1664525U + 1013904223U;
    return (state_of_random >> 8) % limit;
}

static void push(struct heap *heap, struct thing *thing, int64_t at)
{
    thing->item.at = at;
    thing->item.rank = random_below(3);
    assert_int_equal(heap_push(heap, &thing->item), ERR_OK);
}

static bool is_earlier(const struct heap_item *a, const struct heap_item *b)
{
    return a->at < b->at || (a->at == b->at && a->rank < b->rank);
}

/* Every item knows its slot, and no child is earlier than its parent. */
static void check_shape(const struct heap *heap)
{
    for (size_t slot = 1; slot <= heap->len; slot++) {
        assert_int_equal(heap->items[slot - 1]->slot, slot);
        if (slot > 1) {
            assert_false(is_earlier(heap->items[slot - 1], heap->items[slot / 2 - 1]));
        }
    }
}

static void check_first(const struct heap *heap, const struct thing *things)
{
    const struct heap_item *first = heap_first(heap);
    size_t inside = 0;
    for (size_t i = 0; i < THINGS; i++) {
        if (things[i].item.slot != 0) {
            inside++;
            assert_false(is_earlier(&things[i].item, first));
        }
    }
    assert_int_equal(heap->len, inside);
    assert_true((first == NULL) == (inside == 0));
}

TEST(heap_empty_has_no_first)
{
    struct heap heap = {0};
    assert_null(heap_first(&heap));
    heap_fini(&heap);
    heap_fini(&heap);
}

TEST(heap_gives_the_earliest_first)
{
    static const int64_t ats[] = {5, -3, INT64_MAX, 0, 5, INT64_MIN, 7};
    static const int64_t sorted[] = {INT64_MIN, -3, 0, 5, 5, 7, INT64_MAX};
    struct thing things[7] = {0};
    struct heap heap = {0};
    for (size_t i = 0; i < 7; i++) {
        push(&heap, &things[i], ats[i]);
    }
    for (size_t i = 0; i < 7; i++) {
        struct heap_item *first = heap_first(&heap);
        assert_int_equal(first->at, sorted[i]);
        heap_remove(&heap, first);
        assert_int_equal(first->slot, 0);
    }
    assert_null(heap_first(&heap));
    heap_fini(&heap);
}

TEST(heap_gives_the_lowest_rank_first_where_all_else_is_equal)
{
    static const unsigned ranks[] = {2, 0, 3, 1, 2};
    static const unsigned sorted[] = {0, 1, 2, 2, 3};
    struct heap_item items[5] = {0};
    struct heap heap = {0};
    for (size_t i = 0; i < 5; i++) {
        items[i] = (struct heap_item){.at = 7, .rank = ranks[i]};
        assert_int_equal(heap_push(&heap, &items[i]), ERR_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        struct heap_item *first = heap_first(&heap);
        assert_int_equal(first->rank, sorted[i]);
        heap_remove(&heap, first);
    }
    heap_fini(&heap);
}

TEST(heap_refuses_what_is_in_a_heap)
{
    struct thing thing = {0};
    struct heap heap = {0};
    struct heap other = {0};
    push(&heap, &thing, 1);
    assert_int_equal(heap_push(&heap, &thing.item), ERR_BUG);
    assert_int_equal(heap_push(&other, &thing.item), ERR_BUG);
    assert_int_equal(heap.len, 1);
    assert_int_equal(other.len, 0);
    heap_fini(&heap);
}

TEST(heap_remove_of_what_is_in_none_does_nothing)
{
    struct thing in = {0};
    struct thing out = {0};
    struct heap heap = {0};
    push(&heap, &in, 1);
    heap_remove(&heap, &out.item);
    assert_ptr_equal(heap_first(&heap), &in.item);
    heap_remove(&heap, &in.item);
    heap_remove(&heap, &in.item);
    assert_int_equal(heap.len, 0);
    push(&heap, &in, 2);
    assert_int_equal(heap.len, 1);
    heap_fini(&heap);
}

/* The last slot moves into the hole: it may have to go up as well as down. */
TEST(heap_remove_from_the_middle_keeps_order)
{
    for (size_t victim = 0; victim < 31; victim++) {
        struct thing things[31] = {0};
        struct heap heap = {0};
        int64_t before = INT64_MIN;
        for (size_t i = 0; i < 31; i++) {
            push(&heap, &things[i], (int64_t)(i * 17 % 31));
        }
        heap_remove(&heap, &things[victim].item);
        check_shape(&heap);
        for (size_t left = 30; left > 0; left--) {
            struct heap_item *first = heap_first(&heap);
            assert_true(first->at > before);
            before = first->at;
            heap_remove(&heap, first);
        }
        assert_int_equal(heap.len, 0);
        heap_fini(&heap);
    }
}

TEST(heap_random_pushes_and_removals_match_the_reference)
{
    static struct thing things[THINGS];
    struct heap heap = {0};
    state_of_random = SEED;
    print_message("seed %u\n", SEED);
    for (int step = 0; step < 20000; step++) {
        struct thing *thing = &things[random_below(THINGS)];
        if (thing->item.slot == 0) {
            push(&heap, thing, (int64_t)random_below(100) - 50);
        } else if (random_below(3) != 0) {
            heap_remove(&heap, &thing->item);
        }
        if (step % 16 == 0) {
            check_shape(&heap);
            check_first(&heap, things);
        }
    }
    heap_fini(&heap);
}

TEST(heap_owner_is_found_from_the_item)
{
    struct thing thing = {.payload = 42};
    struct heap heap = {0};
    push(&heap, &thing, 1);
    assert_ptr_equal(HEAP_OWNER(heap_first(&heap), struct thing, item), &thing);
    assert_int_equal(HEAP_OWNER(heap_first(&heap), struct thing, item)->payload, 42);
    heap_fini(&heap);
}
