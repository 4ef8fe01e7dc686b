/* Memory for things that end together: a user that frees nothing leaks nothing. */
#include "base/arena.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 262144 /* bytes: what the arena takes from malloc at once */

static struct arena arena;
static char ended[64]; /* the names of the things that ended, in order */

struct thing {
    char name;
    char *text; /* owned */
};

static void end_thing(void *arg)
{
    struct thing *thing = arg;
    size_t len = strlen(ended);
    ended[len] = thing->name ? thing->name : '-';
    ended[len + 1] = '\0';
    free(thing->text);
}

static struct thing *make(char name)
{
    struct thing *thing = arena_new(&arena, sizeof *thing, end_thing);
    assert_non_null(thing);
    assert_int_equal(thing->name, 0);
    assert_null(thing->text);
    thing->name = name;
    thing->text = strdup("some text");
    return thing;
}

static void set_up(void)
{
    ended[0] = '\0';
}

static void tear_down(void)
{
    arena_fini(&arena);
}

EACH_TEST(set_up, tear_down);

/* LeakSanitizer watches this, too. */
TEST(arena_ends_what_its_user_forgets)
{
    for (int i = 0; i < 3; i++) {
        (void)make('a');
        (void)make('b');
        arena_clear(&arena);
    }
    assert_string_equal(ended, "bababa");
    arena_clear(&arena);
    assert_string_equal(ended, "bababa");
    (void)make('c');
    arena_fini(&arena);
    assert_string_equal(ended, "bababac");
}

TEST(arena_ends_what_was_never_filled)
{
    assert_non_null(arena_new(&arena, sizeof(struct thing), end_thing));
    arena_clear(&arena);
    assert_string_equal(ended, "-");
}

TEST(arena_owns_what_was_made_elsewhere)
{
    struct thing thing = {.name = 't'};
    assert_true(arena_own(&arena, end_thing, &thing));
    assert_true(arena_own(&arena, free, strdup("x")));
    arena_clear(&arena);
    assert_string_equal(ended, "t");
}

TEST(arena_gives_distinct_aligned_memory)
{
    static const size_t sizes[] = {1, 7, 16, 100, PIECE - 64, 3 * PIECE, 5, 0};
    unsigned char *given[sizeof sizes / sizeof sizes[0]];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        given[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(given[i]);
        assert_int_equal((uintptr_t)given[i] % _Alignof(max_align_t), 0);
        memset(given[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(given[i][at], i);
        }
    }
}

TEST(arena_refuses_what_no_machine_has)
{
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_new(&arena, SIZE_MAX - 1, end_thing));
    arena_clear(&arena);
    assert_string_equal(ended, "");
}

TEST(arena_released_to_a_mark_keeps_what_is_older)
{
    struct thing *old = make('a');
    struct arena_mark mark = arena_mark(&arena);
    void *first = arena_alloc(&arena, 100);
    (void)make('b');
    (void)arena_alloc(&arena, 2 * PIECE);
    (void)make('c');
    arena_release(&arena, mark);
    assert_string_equal(ended, "cb");
    assert_string_equal(old->text, "some text");
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    arena_clear(&arena);
    assert_string_equal(ended, "cba");
}

TEST(arena_marks_nest)
{
    struct arena_mark outer = arena_mark(&arena);
    (void)make('a');
    struct arena_mark inner = arena_mark(&arena);
    (void)make('b');
    arena_release(&arena, inner);
    assert_string_equal(ended, "b");
    (void)make('c');
    arena_release(&arena, outer);
    assert_string_equal(ended, "bca");
    assert_null(arena.latest);
}

/* A loop that releases uses the same memory in each round. */
TEST(arena_does_not_grow_with_rounds)
{
    (void)make('a');
    const void *piece = arena.newest;
    for (int i = 0; i < 1000; i++) {
        struct arena_mark mark = arena_mark(&arena);
        (void)arena_alloc(&arena, PIECE / 2);
        (void)arena_alloc(&arena, PIECE);
        arena_release(&arena, mark);
        assert_ptr_equal(arena.newest, piece);
    }
}
