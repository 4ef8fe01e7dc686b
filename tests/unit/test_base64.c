/* Base64, strictly. */
#include "text/base64.h"

#include "test.h"

#include <string.h>

/* RFC 4648, section 10, and the ends of the alphabet. */
static const char *const good[][2] = {
    {"", ""},
    {"Zg==", "f"},
    {"Zm8=", "fo"},
    {"Zm9v", "foo"},
    {"Zm9vYg==", "foob"},
    {"Zm9vYmE=", "fooba"},
    {"Zm9vYmFy", "foobar"},
    {"+/+/", "\xfb\xff\xbf"},
};

TEST(base64_decodes)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct buffer out = {0};
        size_t len = 99;
        assert_true(base64_check(slice_of(good[i][0]), &len));
        assert_int_equal(len, strlen(good[i][1]));
        base64_decode(&out, slice_of(good[i][0]));
        assert_int_equal(out.len, len);
        assert_string_equal(buffer_str(&out), good[i][1]);
        buffer_fini(&out);
    }
}

TEST(base64_encodes)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct buffer out = {0};
        base64_encode(&out, slice_of(good[i][1]));
        assert_string_equal(buffer_str(&out), good[i][0]);
        assert_int_equal(out.len, BASE64_LEN(strlen(good[i][1])));
        buffer_fini(&out);
    }
}

TEST(base64_refuses_all_else)
{
    static const char *const bad[] = {"Z",    "Zg",       "Zg=",    "Zg===",     "=",    "====",
                                      "=Zg=", "Z===",     "Zh==",   "Zm9=",      "Zm 8", "Zm8-",
                                      "Zm8_", "Zg==Zg==", "Zm8=\n", "\xc3\xa9=="};
    size_t len;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (base64_check(slice_of(bad[i]), &len)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}
