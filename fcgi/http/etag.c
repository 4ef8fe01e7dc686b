/* etag: see etag.h. Commas and spaces separate the members of a list; no tag of Dronc's contains either. */
#include "http/etag.h"

#include "base/buffer.h"

#include <stddef.h>
#include <string.h>

_Static_assert(I64_DIGITS < ETAG_SIZE, "a version fits");

void etag_of_version(char out[ETAG_SIZE], int64_t version)
{
    out[i64_format(out, version)] = '\0';
}

/* Is text (len bytes) the tag in quotes, or "*"? */
static bool is_tag(const char *text, size_t len, const char *tag)
{
    size_t tag_len = strlen(tag);

    return (len == 1 && *text == '*') || (len == tag_len + 2 && text[0] == '"' && text[len - 1] == '"' &&
                                          memcmp(text + 1, tag, tag_len) == 0);
}

static bool is_among(const char *list, const char *tag, bool weak)
{
    const char *p = list + strspn(list, " \t,");

    while (*p != '\0') {
        size_t len = strcspn(p, " \t,");
        size_t skip = weak && len > 2 && memcmp(p, "W/", 2) == 0 ? 2 : 0;
        if (is_tag(p + skip, len - skip, tag)) {
            return true;
        }
        p += len;
        p += strspn(p, " \t,");
    }
    return false;
}

bool etag_matches(const char *list, const char *tag)
{
    return is_among(list, tag, false);
}

bool etag_is_known(const char *list, const char *tag)
{
    return is_among(list, tag, true);
}
