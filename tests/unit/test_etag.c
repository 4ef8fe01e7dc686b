/* Entity tags in If-Match and If-None-Match. */
#include "http/etag.h"

#include "test.h"

TEST(etag_lists)
{
    static const struct {
        const char *list;
        bool matches; /* If-Match */
        bool known;   /* If-None-Match */
    } TABLE[] = {
        {"\"7a\"", true, true},    {"*", true, true},          {" \"1\" ,\t\"7a\"", true, true},
        {",,\"7a\",", true, true}, {"W/\"7a\"", false, true},  {"\"1\", W/\"7a\"", false, true},
        {"", false, false},        {"7a", false, false},       {"\"7\"", false, false},
        {"\"7a", false, false},    {"\"7aa\"", false, false},  {"\"7A\"", false, false},
        {"W/7a", false, false},    {"w/\"7a\"", false, false},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (etag_matches(TABLE[i].list, "7a") != TABLE[i].matches ||
            etag_is_known(TABLE[i].list, "7a") != TABLE[i].known) {
            fail_msg("misread: %s", TABLE[i].list);
        }
    }
}
