/* Answers: headers, bodies, errors as JSON. */
#include "http/response.h"

#include "test.h"

#include <string.h>

static void check_wire(const struct response *res, bool head, const char *expected)
{
    struct buffer wire = {0};
    assert_int_equal(response_render(res, head, &wire), ERR_OK);
    assert_string_equal(buffer_str(&wire), expected);
    buffer_fini(&wire);
}

TEST(response_text)
{
    struct response res;
    response_init(&res);
    response_text(&res, 200, "hello");
    check_wire(&res, false,
               "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
               "Cache-Control: no-store\r\n\r\nhello");
    response_fini(&res);
}

TEST(response_head_has_no_body_but_its_length)
{
    struct response res;
    struct json_writer w;
    response_init(&res);
    response_json(&res, 201, &w);
    json_put_str(&w, "x");
    check_wire(&res, true,
               "Status: 201 Created\r\nContent-Type: application/json\r\nContent-Length: 3\r\n"
               "Cache-Control: no-store\r\n\r\n");
    response_fini(&res);
}

TEST(response_error_replaces_what_was_written)
{
    struct response res;
    struct json_writer w;
    struct api_error error;
    response_init(&res);
    strcpy(res.allow, "GET, HEAD");
    response_json(&res, 200, &w);
    json_array_begin(&w);
    api_error_set(&error, API_METHOD_NOT_ALLOWED, "no \"%s\"", "POST");
    response_error(&res, &error);
    check_wire(&res, false,
               "Status: 405 Method Not Allowed\r\nContent-Type: application/json\r\nContent-Length: 63\r\n"
               "Cache-Control: no-store\r\nAllow: GET, HEAD\r\n\r\n"
               "{\"error\":{\"code\":\"METHOD_NOT_ALLOWED\",\"message\":\"no \\\"POST\\\"\"}}");
    response_fini(&res);
}

TEST(response_error_tells_field_and_offset_where_known)
{
    struct response res;
    struct api_error error;
    response_init(&res);
    api_error_set(&error, API_JOB_CREATION_FAILED, "bad");
    api_error_at(&error, slice_of("schedule"));
    error.offset = 3;
    response_error(&res, &error);
    assert_int_equal(res.status, 400);
    assert_string_equal(buffer_str(&res.body),
                        "{\"error\":{\"code\":\"JOB_CREATION_FAILED\",\"message\":\"bad\","
                        "\"field\":\"schedule\",\"offset\":3}}");
    response_fini(&res);
}

TEST(response_with_a_tag_may_be_kept)
{
    struct response res;
    struct json_writer w;
    response_init(&res);
    response_json(&res, 200, &w);
    json_put_i64(&w, 1);
    res.tag = "7a";
    check_wire(&res, false,
               "Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n"
               "Cache-Control: no-cache\r\nETag: \"7a\"\r\n\r\n1");
    response_clear(&res);
    assert_null(res.tag);
    response_fini(&res);
}

TEST(response_error_as_a_problem)
{
    struct response res;
    struct api_error error;
    response_init(&res);
    res.problem = true;
    api_error_set(&error, API_JOB_CREATION_FAILED, "bad \"x\"");
    api_error_at(&error, slice_of("schedule"));
    error.offset = 3;
    response_error(&res, &error);
    assert_int_equal(res.status, 400);
    assert_string_equal(res.content_type, "application/problem+json");
    assert_string_equal(buffer_str(&res.body),
                        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                        "\"detail\":\"bad \\\"x\\\"\",\"code\":\"JOB_CREATION_FAILED\","
                        "\"field\":\"schedule\",\"offset\":3}");
    response_clear(&res);
    assert_false(res.problem);
    response_fini(&res);
}

TEST(response_every_code_has_a_name_and_a_status)
{
    for (int code = API_OK; code < API_CODE__COUNT; code++) {
        assert_non_null(api_code_name((enum api_code)code));
        assert_in_range(api_code_status((enum api_code)code), 200, 599);
    }
    assert_string_equal(api_code_name(API_CODE__COUNT), "INTERNAL_ERROR");
    assert_int_equal(api_code_status(API_CODE__COUNT), 500);
}

TEST(response_redis_details_are_for_the_log)
{
    struct errinfo info;
    struct api_error error;
    (void)err_set(&info, ERR_DOWN, "no socket at /secret/path");
    assert_false(api_error_redis(&error, API_STORAGE_ERROR, "not stored", &info));
    assert_int_equal(error.code, API_STORAGE_ERROR);
    assert_string_equal(error.text, "not stored: Redis cannot be reached");
    assert_string_equal(error.detail, "no socket at /secret/path");
    (void)err_set(&info, ERR_NOMEM, "x");
    assert_false(api_error_redis(&error, API_STORAGE_ERROR, "not stored", &info));
    assert_int_equal(error.code, API_INTERNAL_ERROR);
}

TEST(response_without_a_body_says_so)
{
    struct response res;
    struct json_writer w;
    response_init(&res);
    response_json(&res, 200, &w);
    json_put_str(&w, "x");
    response_empty(&res, 304);
    res.etag = 7;
    check_wire(&res, false, "Status: 304 Not Modified\r\nCache-Control: no-store\r\nETag: \"7\"\r\n\r\n");
    response_fini(&res);
}

TEST(response_that_goes_on_has_no_length)
{
    struct response res;
    response_init(&res);
    response_lines(&res, 200);
    buffer_add_str(&res.body, "{}\n");
    res.more = true;
    check_wire(&res, false,
               "Status: 200 OK\r\nContent-Type: application/x-ndjson\r\nCache-Control: no-store\r\n\r\n{}\n");
    response_clear(&res);
    assert_false(res.more);
    response_fini(&res);
}

TEST(response_that_was_stored_says_so)
{
    struct response res;
    response_init(&res);
    response_lines(&res, 200);
    res.replayed = true;
    check_wire(&res, false,
               "Status: 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 0\r\n"
               "Cache-Control: no-store\r\nIdempotent-Replayed: true\r\n\r\n");
    response_fini(&res);
}
