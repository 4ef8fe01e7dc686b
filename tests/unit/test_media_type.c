/* Content-Type: what counts as JSON in UTF-8. */
#include "media_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_media_type_takes_json_in_utf8(void **state)
{
    (void)state;
    static const char *const TABLE[] = {
        "application/json",
        "APPLICATION/Json",
        " application/json ",
        "application/json;",
        "application/json;;",
        "application/json; charset=utf-8",
        "application/json;charset=UTF8",
        "application/json;\tcharset=\"utf-8\"",
        "application/json; version=1; charset=utf-8",
        "application/json; note=\"a \\\" ; b\"",
        "application/problem+json",
        "application/vnd.api+json; ext=\"x\"",
        "text/x+json",
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (!media_type_is_json(TABLE[i])) {
            fail_msg("refused: %s", TABLE[i]);
        }
    }
}

static void test_media_type_refuses_everything_else(void **state)
{
    (void)state;
    static const char *const TABLE[] = {
        "",
        "json",
        "/json",
        "application/",
        "application/jsonp",
        "application/+json",
        "/x+json",
        "text/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin1",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; charset",
        "application/json; charset=",
        "application/json; charset=\"utf-8",
        "application/json; charset = utf-8",
        "application/json charset=utf-8",
        "application/json, text/plain",
        "application/json;=utf-8",
        "application/json; a=\"\\",
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (media_type_is_json(TABLE[i])) {
            fail_msg("taken: %s", TABLE[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_media_type_takes_json_in_utf8),
        cmocka_unit_test(test_media_type_refuses_everything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
