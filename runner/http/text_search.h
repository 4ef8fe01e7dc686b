/* text_search: finds a text in bytes that come piece by piece. Looks at each byte once, wherever the pieces
 * are cut, and keeps none of them (Knuth, Morris, Pratt). Pure.
 */
#ifndef DRONC_TEXT_SEARCH_H
#define DRONC_TEXT_SEARCH_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define TEXT_SEARCH_MAX 256 /* bytes */

struct text_search {
    struct slice text; /* borrowed; 1 to TEXT_SEARCH_MAX bytes */
    size_t matched;    /* how many bytes of text the latest bytes match */
    uint8_t
        fallback[TEXT_SEARCH_MAX]; /* [i]: how many still match if the one after the first i + 1 does not */
    bool found;
};

/* text is borrowed for as long as search is used. */
void text_search_init(struct text_search *search, struct slice text);
/* Search the next piece. */
void text_search_feed(struct text_search *search, const char *data, size_t len);

#endif
