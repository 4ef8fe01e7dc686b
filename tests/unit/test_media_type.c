/* Content-Type: what counts as JSON in UTF-8. Accept: who wants errors as problem+json. */
#include "http/media_type.h"

#include "test.h"

TEST(media_type_takes_json_in_utf8)
{
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

TEST(media_type_refuses_everything_else)
{
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

TEST(accept_that_asks_for_problems)
{
    static const char *const TABLE[] = {
        "application/problem+json",
        "APPLICATION/Problem+JSON",
        "application/problem+json, application/json",
        "application/json, application/problem+json",
        "application/problem+json, */*;q=0.8",
        "text/html, application/problem+json;q=0.1",
        "application/problem+json;q=0.5, application/json;q=0.4",
        "application/problem+json; q=0.5 , application/json; q=0.5",
        "application/problem+json;charset=utf-8;q=1.000",
        "application/problem+json;q=0.3, application/json;q=0.2, application/*, */*",
        ",, application/problem+json ,",
        "application/problem+json;note=\"a, b;q=0\"",
        "application/problem+json;q=0, application/problem+json",
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (!media_type_wants_problem(TABLE[i])) {
            fail_msg("not heard: %s", TABLE[i]);
        }
    }
}

TEST(accept_that_means_the_default_form)
{
    static const char *const TABLE[] = {
        "",
        "*/*",
        "application/*",
        "application/json",
        "application/*+json",
        "text/html, application/xhtml+xml, */*;q=0.8",
        "application/problem+xml",
        "text/problem+json",
        "application/problem+json;q=0",
        "application/problem+json;q=0.000, */*",
        "application/problem+json;q=0.5, application/json",
        "application/problem+json;q=0.5, */*;q=0.6",
        "application/problem+json;q=0.5, application/*;q=0.501",
        "application/problem+json;q=2",
        "application/problem+json;q=1.001",
        "application/problem+json;q=0.1234",
        "application/problem+json;q=.5",
        "application/problem+json;q=-1",
        "application/problem+json;q=",
        "application/problem+json;q",
        "application/problem+json application/json",
        "application/problem+json, json",
        "application/problem+json, /x",
        "application/problem+json, text/",
        "application/problem+json;x=\"",
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (media_type_wants_problem(TABLE[i])) {
            fail_msg("misheard: %s", TABLE[i]);
        }
    }
}
