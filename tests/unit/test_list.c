/* Things in a row: where they go in, and how they come out. */
#include "base/list.h"

#include "test.h"

struct thing {
    char name;
    struct list_item item;
};

static struct list list;
static struct thing things[4];

static void set_up(void)
{
    list = (struct list){0};
    for (int i = 0; i < 4; i++) {
        things[i] = (struct thing){.name = (char)('a' + i)};
    }
}

EACH_TEST(set_up, NULL);

/* The names of all that are in it, both ways. */
static void assert_row(const char *names)
{
    size_t count = 0;
    const char *name = names;
    for (struct list_item *i = list.first; i != NULL; i = i->next, count++) {
        assert_int_equal(LIST_OWNER(i, struct thing, item)->name, *name++);
    }
    assert_int_equal(*name, '\0');
    assert_int_equal(list.count, count);
    for (struct list_item *i = list.last; i != NULL; i = i->prev) {
        assert_int_equal(LIST_OWNER(i, struct thing, item)->name, *--name);
    }
    assert_ptr_equal(name, names);
}

static void append(int count)
{
    for (int i = 0; i < count; i++) {
        list_append(&list, &things[i].item);
    }
}

TEST(list_empty_has_nothing)
{
    assert_row("");
    assert_null(list_pop(&list));
    assert_null(LIST_OWNER(list.first, struct thing, item));
}

TEST(list_append_puts_last)
{
    append(3);
    assert_row("abc");
}

TEST(list_insert_puts_behind_an_item_or_first)
{
    append(2);
    list_insert(&list, NULL, &things[2].item);
    list_insert(&list, &things[0].item, &things[3].item);
    assert_row("cadb");
}

TEST(list_remove_takes_from_anywhere)
{
    append(4);
    list_remove(&list, &things[1].item);
    assert_row("acd");
    list_remove(&list, &things[0].item);
    assert_row("cd");
    list_remove(&list, &things[3].item);
    assert_row("c");
    list_remove(&list, &things[2].item);
    assert_row("");
    append(2); /* what was taken out may go in again */
    assert_row("ab");
}

TEST(list_pop_takes_the_first)
{
    append(2);
    assert_ptr_equal(list_pop(&list), &things[0].item);
    assert_row("b");
    assert_ptr_equal(list_pop(&list), &things[1].item);
    assert_row("");
}
