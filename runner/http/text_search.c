/* text_search: see text_search.h. */
#include "http/text_search.h"

/* How many bytes of text match after byte c has followed `matched` bytes of it. */
static size_t advance(const struct text_search *search, size_t matched, char c)
{
    while (matched > 0 && search->text.data[matched] != c) {
        matched = search->fallback[matched - 1];
    }
    return search->text.data[matched] == c ? matched + 1 : 0;
}

void text_search_init(struct text_search *search, struct slice text)
{
    *search = (struct text_search){.text = text};
    for (size_t i = 1; i < text.len; i++) {
        search->fallback[i] = (uint8_t)advance(search, search->fallback[i - 1], text.data[i]);
    }
}

void text_search_feed(struct text_search *search, const char *data, size_t len)
{
    for (size_t i = 0; i < len && !search->found; i++) {
        search->matched = advance(search, search->matched, data[i]);
        search->found = search->matched == search->text.len;
    }
}
