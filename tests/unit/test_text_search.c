/* Searching in pieces, against strstr. */
#include "http/text_search.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

/* A word of a and b: many of its beginnings are in it again. */
static void draw(char *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = rand() % 3 == 0 ? 'b' : 'a';
    }
    out[len] = '\0';
}

TEST(text_search_finds_what_strstr_finds)
{
    char text[12];
    char hay[41];
    int found = 0;
    srand(1);
    for (int i = 0; i < 20000; i++) {
        struct text_search search;
        draw(text, (size_t)(1 + rand() % 9));
        draw(hay, 40);
        text_search_init(&search, slice_of(text));
        for (size_t at = 0; at < 40;) {
            size_t piece = (size_t)(rand() % 5);
            piece = piece < 40 - at ? piece : 40 - at;
            text_search_feed(&search, hay + at, piece);
            at += piece;
        }
        assert_int_equal(search.found, strstr(hay, text) != NULL);
        found += search.found ? 1 : 0;
    }
    assert_in_range(found, 2000, 18000);
}

TEST(text_search_takes_256_bytes_of_any_kind)
{
    static char text[TEXT_SEARCH_MAX];
    struct text_search search;
    memset(text, 0, sizeof text);
    text_search_init(&search, (struct slice){text, sizeof text});
    for (int i = 0; i < TEXT_SEARCH_MAX; i++) {
        assert_false(search.found);
        text_search_feed(&search, "\0", 1);
    }
    assert_true(search.found);
}
