/* Requests: path, query and body, and every way in which they can be wrong. */
#include "http/request.h"

#include "fake_source.h"
#include "test.h"

#include <stdio.h>

#include <stdlib.h>

static const char *const ALLOWED[] = {"limit", "job_id", NULL};

static struct request req;
static struct api_error error;

static void set_up(void)
{
    request_init(&req);
    api_error_clear(&error);
}

static void tear_down(void)
{
    request_fini(&req);
}

EACH_TEST(set_up, tear_down);

static bool read_head(const char *uri)
{
    static struct fake_request fake;
    fake = (struct fake_request){.method = "GET", .uri = uri};
    return request_read_head(&req, fake_source(&fake), &error);
}

TEST(request_path_is_decoded_and_nothing_more)
{
    static const char *const TABLE[][2] = {
        {"/health", "/health"},     {"/health?x=1", "/health"},
        {"/%68ealth", "/health"},   {"/a%2Fb", "/a/b"},
        {"//health/", "//health/"}, {"/a/../b", "/a/../b"},
        {"/a+b", "/a+b"},           {"/?", "/"},
        {"/a?b?c", "/a"},           {"http://h/p", "http://h/p"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_true(read_head(TABLE[i][0]));
        assert_true(slice_eq(req.path, TABLE[i][1]));
    }
}

TEST(request_path_refuses_broken_escapes)
{
    static const char *const TABLE[] = {"/%", "/%4", "/%zz", "/a%4gb", "/%%41"};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_false(read_head(TABLE[i]));
        assert_int_equal(error.code, API_INVALID_REQUEST);
    }
}

TEST(request_uri_has_a_limit)
{
    char uri[REQUEST_URI_MAX + 2];
    memset(uri, 'a', sizeof uri);
    uri[0] = '/';
    uri[REQUEST_URI_MAX] = '\0';
    assert_true(read_head(uri));
    uri[REQUEST_URI_MAX] = 'a';
    uri[REQUEST_URI_MAX + 1] = '\0';
    assert_false(read_head(uri));
    assert_int_equal(error.code, API_URI_TOO_LONG);
    assert_true(read_head("/health"));
}

TEST(request_head_is_answered_as_get)
{
    struct fake_request fake = {.method = "HEAD", .uri = "/"};
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_string_equal(req.method, "GET");
    assert_true(req.head);
}

TEST(request_cgi_program_is_mounted_anywhere)
{
    struct fake_request fake = {.method = "GET",
                                .uri = "/cgi-bin/dronc/v1/%78?limit=1",
                                .extra = {{"SCRIPT_NAME", "/cgi-bin/dronc"}, {"PATH_INFO", "/v1/x"}}};
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_true(slice_eq(req.path, "/v1/x"));
    fake =
        (struct fake_request){.method = "GET", .extra = {{"PATH_INFO", "/a%b"}, {"QUERY_STRING", "limit=1"}}};
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_true(slice_eq(req.path, "/a%b"));
    assert_true(request_read_query(&req, ALLOWED, &error));
    assert_true(slice_eq(request_param(&req, "limit"), "1"));
}

TEST(request_without_any_variable_is_no_crash)
{
    struct fake_request fake = {0};
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_true(slice_eq(req.path, ""));
    assert_true(request_read_query(&req, ALLOWED, &error));
    assert_null(request_param(&req, "limit").data);
}

TEST(request_query_is_decoded)
{
    static const char *const TABLE[][3] = {
        {"/?limit=5", "limit", "5"},
        {"/?limit=5&job_id=x", "job_id", "x"},
        {"/?l%69mit=%35", "limit", "5"},
        {"/?limit=a+b%2Bc", "limit", "a b+c"},
        {"/?&&limit=5&", "limit", "5"},
        {"/?limit", "limit", ""},
        {"/?limit=", "limit", ""},
        {"/?limit=a=b", "limit", "a=b"},
        {"/?job_id=capi%3aff", "job_id", "capi:ff"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_true(read_head(TABLE[i][0]));
        assert_true(request_read_query(&req, ALLOWED, &error));
        assert_true(slice_eq(request_param(&req, TABLE[i][1]), TABLE[i][2]));
    }
}

TEST(request_query_refuses_by_name)
{
    static const char *const TABLE[][2] = {
        {"/?limt=5", "limt"},   {"/?limit=1&limit=1", "limit"}, {"/?x", "x"},           {"/?a+b=1", "a b"},
        {"/?Limit=1", "Limit"}, {"/?limit=%", "limit"},         {"/?limit%00=1", NULL}, {"/?=1", ""},
        {"/?%=1", NULL},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        api_error_clear(&error);
        assert_true(read_head(TABLE[i][0]));
        assert_false(request_read_query(&req, ALLOWED, &error));
        assert_int_equal(error.code, API_INVALID_REQUEST);
        if (TABLE[i][1]) {
            assert_true(slice_eq(error.field, TABLE[i][1]));
        }
    }
}

/* Read the body of a POST. */
static bool read_body(struct fake_request *fake)
{
    fake->method = "POST";
    fake->uri = "/";
    api_error_clear(&error);
    assert_true(request_read_head(&req, fake_source(fake), &error));
    return request_read_body(&req, &error);
}

TEST(request_body_is_read_whole)
{
    struct fake_request fake = {.length = "2", .body = "{}"};
    assert_true(read_body(&fake));
    assert_string_equal(buffer_str(&req.body), "{}");
    fake = (struct fake_request){.body = "{}"}; /* no Content-Length: up to its end */
    assert_true(read_body(&fake));
    assert_int_equal(req.body.len, 2);
    fake = (struct fake_request){.body = "{}", .unframed = true}; /* plain CGI: no length, no body */
    assert_true(read_body(&fake));
    assert_int_equal(req.body.len, 0);
    fake = (struct fake_request){.length = "2", .body = "{}garbage"};
    assert_true(read_body(&fake));
    assert_int_equal(req.body.len, 2);
}

TEST(request_body_of_exactly_the_limit)
{
    char *body = calloc(1, REQUEST_BODY_MAX + 1);
    assert_non_null(body);
    struct fake_request fake = {.length = "65536", .body = body, .body_len = REQUEST_BODY_MAX};
    assert_true(read_body(&fake));
    assert_int_equal(req.body.len, REQUEST_BODY_MAX);
    fake.length = NULL;
    assert_true(read_body(&fake));
    fake.body_len++;
    assert_false(read_body(&fake));
    assert_int_equal(error.code, API_PAYLOAD_TOO_LARGE);
    fake.length = "65537";
    assert_false(read_body(&fake));
    assert_int_equal(error.code, API_PAYLOAD_TOO_LARGE);
    free(body);
}

TEST(request_body_refusals)
{
    static const struct {
        struct fake_request fake;
        enum api_code code;
    } TABLE[] = {
        {{.length = "3", .body = "{}"}, API_INVALID_REQUEST},
        {{.length = "-1", .body = "{}"}, API_INVALID_REQUEST},
        {{.length = "2x", .body = "{}"}, API_INVALID_REQUEST},
        {{.length = "+2", .body = "{}"}, API_INVALID_REQUEST},
        {{.length = "99999999999999999999999999", .body = "{}"}, API_PAYLOAD_TOO_LARGE},
        {{.length = "2", .body = "{}", .type = "text/plain"}, API_UNSUPPORTED_MEDIA_TYPE},
        {{.body = "{}aa", .fails_at = 4}, API_INVALID_REQUEST},
        {{.length = "5", .body = "{}aa", .fails_at = 4}, API_INVALID_REQUEST},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct fake_request fake = TABLE[i].fake;
        assert_false(read_body(&fake));
        assert_int_equal(error.code, TABLE[i].code);
    }
}

TEST(request_lines_have_their_own_limit_and_type)
{
    char *body = calloc(1, REQUEST_LINES_MAX + 1);
    assert_non_null(body);
    struct fake_request fake = {.method = "POST",
                                .uri = "/",
                                .type = "application/x-ndjson",
                                .length = "4194304",
                                .body = body,
                                .body_len = REQUEST_LINES_MAX};
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_true(request_read_lines(&req, &error));
    assert_int_equal(req.body.len, REQUEST_LINES_MAX);
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_null(req.body.data); /* so much memory is not kept */
    fake.length = "4194305";
    assert_false(request_read_lines(&req, &error));
    assert_int_equal(error.code, API_PAYLOAD_TOO_LARGE);
    fake.length = "2";
    fake.type = "application/json";
    assert_false(request_read_lines(&req, &error));
    assert_int_equal(error.code, API_UNSUPPORTED_MEDIA_TYPE);
    free(body);
}

/* nginx before 1.23 hands a header on as often as it came. */
TEST(request_header_of_several_lines_is_one_list)
{
    static const char *const ALL[] = {"HTTP_IF_MATCH=\"1\"", "HTTP_IF=x", "HTTP_IF_MATCH=\"2\"",
                                      "HTTP_ACCEPT=a/b", NULL};
    struct fake_request fake = {.method = "GET",
                                .uri = "/",
                                .extra = {{"HTTP_IF_MATCH", "\"1\""}, {"HTTP_ACCEPT", "a/b"}},
                                .all = ALL};
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_string_equal(request_header(&req, "HTTP_IF_MATCH"), "\"1\", \"2\"");
    assert_string_equal(request_header(&req, "HTTP_ACCEPT"), "a/b");
    assert_string_equal(request_header(&req, "HTTP_NONE"), "");
}

TEST(request_header_is_found_among_many)
{
    static char texts[3 * REQUEST_NAMES_MAX][32];
    const char *all[3 * REQUEST_NAMES_MAX + 1] = {NULL};
    struct fake_request fake = {.method = "GET", .uri = "/", .all = all};
    for (size_t i = 0; i < 3 * REQUEST_NAMES_MAX; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "HTTP_N%zu=%zu", i, i);
        all[i] = texts[i];
    }
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_string_equal(request_header(&req, "HTTP_N7"), "7");
    assert_string_equal(request_header(&req, "HTTP_N63"), "63");
    assert_string_equal(request_header(&req, "HTTP_N64"), "64");
    assert_string_equal(request_header(&req, "HTTP_N191"), "191");
    assert_string_equal(request_header(&req, "HTTP_N"), "");
    assert_string_equal(request_header(&req, "HTTP_N1910"), "");
    assert_string_equal(request_header(&req, ""), "");
}
