/* search: is a text in bytes that come piece by piece? Looks at each byte once, wherever the pieces are cut,
 * and keeps none of them (Knuth, Morris, Pratt). Pure.
 */
#ifndef DRONC_SEARCH_H
#define DRONC_SEARCH_H

#include "buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define SEARCH_TEXT_MAX 256 /* bytes */

struct search {
    struct slice text;                 /* borrowed; 1 to SEARCH_TEXT_MAX bytes */
    size_t matched;                    /* bytes of text that the latest bytes seen are */
    uint8_t fallback[SEARCH_TEXT_MAX]; /* how many are, when the one behind the first i + 1 is not */
    bool found;
};

/* text is borrowed for as long as search is used. */
void search_init(struct search *search, struct slice text);
/* The next piece. */
void search_feed(struct search *search, const char *data, size_t len);

#endif
