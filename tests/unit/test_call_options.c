/* A call's method, headers and body: what is taken, what is refused and why, and what is the same call. */
#include "job/call_options.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct call_options options;
static struct job_fault fault;

static void tear_down(void)
{
    call_options_fini(&options);
}

ALL_TESTS(NULL, tear_down);

static struct slice given(const char *text)
{
    return text == NULL ? (struct slice){NULL, 0} : slice_of(text);
}

/* Method, headers, body, body_base64; NULL: not given. */
#define FIELDS(m, h, b, b64)                                                                 \
    (struct job_fields)                                                                      \
    {                                                                                        \
        .method = given(m), .headers = given(h), .body = given(b), .body_base64 = given(b64) \
    }

static bool read_spec(struct job_fields fields)
{
    call_options_fini(&options);
    fault = (struct job_fault){0};
    return call_options_read(&options, &fields, &fault);
}

static void assert_read(struct job_fields fields)
{
    if (!read_spec(fields)) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
}

TEST(call_options_default_is_a_plain_get)
{
    struct job_fields none[] = {FIELDS(NULL, NULL, NULL, NULL), FIELDS("GET", "{}", "", NULL),
                                FIELDS("GET", "{}", NULL, "")};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct job_fields told = {0};
        struct buffer text = {0};
        assert_read(none[i]);
        assert_int_equal(options.method, CALL_GET);
        assert_null(options.memory);
        call_options_describe(&options, &told);
        call_options_print(&options, &text);
        assert_null(told.method.data);
        assert_null(told.headers.data);
        assert_null(told.body.data);
        assert_null(told.body_base64.data);
        assert_int_equal(text.len, 0);
        buffer_fini(&text);
    }
}

TEST(call_options_keeps_what_was_given)
{
    struct job_fields told = {0};
    char headers[] = "{\"X-A\":\"b\"}";
    char body[] = "c {{attempt}}";
    assert_read(FIELDS("PATCH", headers, body, NULL));
    memset(headers, 'x', strlen(headers)); /* it has copies */
    memset(body, 'x', strlen(body));
    call_options_describe(&options, &told);
    assert_true(slice_eq(told.method, "PATCH"));
    assert_true(slice_eq(told.headers, "{\"X-A\":\"b\"}"));
    assert_true(slice_eq(told.body, "c {{attempt}}"));
    assert_null(told.body_base64.data);
    assert_read(FIELDS("PUT", NULL, NULL, "AAE="));
    told = (struct job_fields){0};
    call_options_describe(&options, &told);
    assert_true(slice_eq(told.body_base64, "AAE="));
    assert_null(told.body.data);
    assert_null(told.headers.data);
}

TEST(call_options_knows_seven_methods)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < CALL_METHOD__COUNT; i++) {
        assert_read(FIELDS(methods[i], NULL, NULL, NULL));
        assert_string_equal(call_method_name(options.method), methods[i]);
    }
    assert_string_equal(call_method_name(CALL_METHOD__COUNT), "unknown");
}

TEST(call_options_names_every_fault)
{
    static const struct {
        const char *method, *headers, *body, *base64, *field, *part;
    } rows[] = {
        {"get", NULL, NULL, NULL, "method", "must be GET, POST, PUT"},
        {"TRACE", NULL, NULL, NULL, "method", "must be"},
        {"CONNECT", NULL, NULL, NULL, "method", "must be"},
        {NULL, "[]", NULL, NULL, "headers", "must be an object"},
        {NULL, "{", NULL, NULL, "headers", "headers: "},
        {NULL, "{\"a\":1}", NULL, NULL, "headers", "\"a\" must be a string"},
        {NULL, "{\"a\":null}", NULL, NULL, "headers", "\"a\" must be a string"},
        {NULL, "{\"\":\"1\"}", NULL, NULL, "headers", "\"\" is not a header's name"},
        {NULL, "{\"a b\":\"1\"}", NULL, NULL, "headers", "\"a b\" is not a header's name"},
        {NULL, "{\"a:\":\"1\"}", NULL, NULL, "headers", "not a header's name"},
        {NULL, "{\"a\\r\\nb\":\"1\"}", NULL, NULL, "headers", "not a header's name"},
        {NULL, "{\"\xc3\xa9\":\"1\"}", NULL, NULL, "headers", "not a header's name"},
        {NULL, "{\"a\":\"b\\r\\nc: d\"}", NULL, NULL, "headers", "\"a\" holds a control character"},
        {NULL, "{\"a\":\"b\\nc\"}", NULL, NULL, "headers", "control character"},
        {NULL, "{\"a\":\"\\u007f\"}", NULL, NULL, "headers", "control character"},
        {NULL, "{\"a\":\" b\"}", NULL, NULL, "headers", "blank"},
        {NULL, "{\"a\":\"b\\t\"}", NULL, NULL, "headers", "blank"},
        {NULL, "{\"a\":\"{{nope}}\"}", NULL, NULL, "headers", "\"a\" unknown template {{nope}}"},
        {NULL, "{\"X-A\":\"1\",\"x-a\":\"2\"}", NULL, NULL, "headers", "\"x-a\" stands there twice"},
        {NULL, NULL, "{{nope}}", NULL, "body", "body: unknown template {{nope}}; there are job_id"},
        {NULL, NULL, NULL, "x", "body_base64", "not base64"},
        {NULL, NULL, "a", "YQ==", "body_base64", "both"},
        {NULL, NULL, "", "", "body_base64", "both"},
        {"HEAD", NULL, "a", NULL, "body", "a HEAD has no body"},
        {"HEAD", NULL, NULL, "YQ==", "body_base64", "a HEAD has no body_base64"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(read_spec(FIELDS(rows[i].method, rows[i].headers, rows[i].body, rows[i].base64)));
        if (strcmp(fault.field, rows[i].field) != 0 || strstr(fault.text, rows[i].part) == NULL) {
            fail_msg("row %zu: %s: %s", i, fault.field, fault.text);
        }
        assert_null(options.memory);
    }
}

TEST(call_options_refuses_headers_of_the_connection)
{
    static const char *const names[] = {"Host",
                                        "content-length",
                                        "CONNECTION",
                                        "Keep-Alive",
                                        "TE",
                                        "Transfer-Encoding",
                                        "Upgrade",
                                        "Trailer",
                                        "Expect",
                                        "Proxy-Connection",
                                        "Proxy-Authenticate",
                                        "proxy-authorization"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{\"%s\":\"x\"}", names[i]);
        assert_false(read_spec(FIELDS(NULL, text, NULL, NULL)));
        assert_non_null(strstr(fault.text, names[i]));
        assert_non_null(strstr(fault.text, "cannot be set"));
    }
}

/* What is secret in a header must not get into a message, which may be logged. */
TEST(call_options_messages_do_not_repeat_values)
{
    static const char *const rows[] = {"{\"Authorization\":\"s3cret\\n\"}", "{\"Authorization\":\" s3cret\"}",
                                       "{\"Host\":\"s3cret\"}", "{\"a\":\"s3cret\",\"A\":\"s3cret\"}"};
    for (size_t i = 0; i < 4; i++) {
        assert_false(read_spec(FIELDS(NULL, rows[i], NULL, NULL)));
        assert_null(strstr(fault.text, "s3cret"));
    }
}

/* {"n0":"vv…", …}: count headers of size bytes each. */
static char *many_headers(size_t count, size_t size)
{
    struct buffer text = {0};
    for (size_t i = 0; i < count; i++) {
        buffer_printf(&text, "%s\"n%02zu\":\"", i > 0 ? "," : "{", i);
        for (size_t k = 3; k < size; k++) {
            buffer_add_char(&text, 'v');
        }
        buffer_add_char(&text, '"');
    }
    buffer_add_char(&text, '}');
    assert_int_equal(buffer_error(&text), ERR_OK);
    return text.data;
}

TEST(call_options_headers_have_limits)
{
    static const struct {
        size_t count, size;
        const char *part; /* NULL: taken */
    } rows[] = {{32, 10, NULL},     {33, 10, "more than 32"}, {1, 4096, NULL},
                {1, 4097, "4,096"}, {4, 4096, NULL},          {5, 4096, "16384 bytes in all"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = many_headers(rows[i].count, rows[i].size);
        assert_int_equal(read_spec(FIELDS(NULL, text, NULL, NULL)), rows[i].part == NULL);
        assert_true(rows[i].part == NULL || strstr(fault.text, rows[i].part) != NULL);
        free(text);
    }
}

TEST(call_options_bodies_have_a_limit)
{
    size_t size = CALL_BODY_MAX + 1;
    char *text = malloc(2 * size);
    assert_non_null(text);
    memset(text, 'A', 2 * size);
    struct job_fields fields = {.body = {text, CALL_BODY_MAX}};
    assert_read(fields);
    fields.body.len = size;
    assert_false(read_spec(fields));
    assert_string_equal(fault.text, "body: longer than 32768 bytes");
    fields = (struct job_fields){.body_base64 = {text, 43688}}; /* 32,766 bytes */
    assert_read(fields);
    fields.body_base64.len = 43692; /* 32,769 bytes */
    assert_false(read_spec(fields));
    assert_string_equal(fault.text, "body_base64: longer than 32768 bytes");
    memcpy(text + 43688, "AAA=", 4); /* 32,768 bytes */
    assert_read(fields);
    free(text);
}

static void assert_prints(struct job_fields fields, const char *expected)
{
    struct buffer text = {0};
    assert_read(fields);
    call_options_print(&options, &text);
    assert_int_equal(buffer_error(&text), ERR_OK);
    assert_string_equal(buffer_str(&text), expected);
    buffer_fini(&text);
}

TEST(call_options_numbers_have_defaults)
{
    struct job_fields told = {0};
    struct job_fields usual = {
        .timeout_ms = {true, 90000}, .connect_timeout_ms = {true, 10000}, .follow_redirects = {true, 5}};
    struct job_fields other = {
        .timeout_ms = {true, 100}, .connect_timeout_ms = {true, 60000}, .follow_redirects = {true, 0}};
    assert_read((struct job_fields){0});
    assert_int_equal(options.timeout_ms, 90000);
    assert_int_equal(options.connect_timeout_ms, 10000);
    assert_int_equal(options.max_redirects, 5);
    assert_read(usual);
    call_options_describe(&options, &told);
    assert_false(told.timeout_ms.given || told.connect_timeout_ms.given || told.follow_redirects.given);
    assert_prints(usual, "");
    assert_prints(other, "timeout_ms 100\nconnect_timeout_ms 60000\nfollow_redirects 0\n");
    call_options_describe(&options, &told);
    assert_int_equal(told.timeout_ms.value, 100);
    assert_int_equal(told.connect_timeout_ms.value, 60000);
    assert_true(told.follow_redirects.given);
    assert_int_equal(told.follow_redirects.value, 0);
}

TEST(call_options_keeps_a_response_only_if_asked)
{
    struct job_fields told = {0};
    assert_read((struct job_fields){.keep_response = {true, 0}});
    call_options_describe(&options, &told);
    assert_false(options.keep_response || told.keep_response.given);
    assert_prints((struct job_fields){.keep_response = {true, 0}}, "");
    assert_prints((struct job_fields){.keep_response = {true, 1}}, "keep_response 1\n");
    call_options_describe(&options, &told);
    assert_true(options.keep_response && told.keep_response.given && told.keep_response.value == 1);
}

/* The letters of names, their order, and how the bytes of a body came do not matter. */
TEST(call_options_prints_what_it_means)
{
    assert_prints(FIELDS("POST", NULL, NULL, NULL), "method POST\n");
    assert_prints(FIELDS(NULL, "{\"b\":\"X\",\"A\":\"y z\"}", NULL, NULL), "header a y z\nheader b X\n");
    assert_prints(FIELDS(NULL, "{\"a\":\"y z\",\"B\":\"X\"}", NULL, NULL), "header a y z\nheader b X\n");
    assert_prints(FIELDS(NULL, "{\"a\":\"\",\"ab\":\"\"}", NULL, NULL), "header a \nheader ab \n");
    assert_prints(FIELDS(NULL, NULL, "foo\n", NULL), "body 4 foo\n\n");
    assert_prints(FIELDS(NULL, NULL, NULL, "Zm9vCg=="), "body 4 foo\n\n");
    assert_prints(FIELDS(NULL, NULL, "{{attempt}}", NULL), "template 11 {{attempt}}\n");
    assert_prints(FIELDS(NULL, NULL, NULL, "e3thdHRlbXB0fX0="), "body 11 {{attempt}}\n");
}

/* ---- secrets and signatures ---- */

TEST(call_options_knows_whether_it_has_secrets)
{
    assert_read(FIELDS("POST", "{\"A\":\"{{secret.a}}\"}", "x", NULL));
    assert_true(options.has_secrets);
    assert_read(FIELDS("POST", NULL, "{{secret.a|json}}", NULL));
    assert_true(options.has_secrets);
    assert_read(FIELDS("POST", "{\"A\":\"{{attempt}}\"}", "{{attempt}}", NULL));
    assert_false(options.has_secrets);
}

/* Each may be 4,096 bytes long, so that their number bounds what a call can grow to. */
TEST(call_options_has_sixteen_secrets_at_most)
{
    struct buffer body = {0};
    for (int i = 0; i < CALL_SECRETS_MAX - 1; i++) {
        buffer_add_str(&body, "{{secret.a}}");
    }
    assert_read(FIELDS("POST", "{\"A\":\"{{secret.a}}\"}", buffer_str(&body), NULL));
    assert_false(read_spec(FIELDS("POST", "{\"A\":\"{{secret.a}}{{secret.a}}\"}", buffer_str(&body), NULL)));
    assert_non_null(strstr(fault.text, "more than 16 secrets"));
    buffer_fini(&body);
}

TEST(call_options_signing_is_a_name)
{
    static const char *const bad[] = {"a b", "a/b", "\xc3\xa9",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct job_fields told = {0};
    assert_read((struct job_fields){.signing = slice_of("orders.v2")});
    call_options_describe(&options, &told);
    assert_true(slice_eq(told.signing, "orders.v2"));
    assert_prints((struct job_fields){.signing = slice_of("orders.v2")}, "signing orders.v2\n");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(read_spec((struct job_fields){.signing = slice_of(bad[i])}));
        assert_string_equal(fault.field, "signing");
    }
}

TEST(call_options_tells_credentials_in_clear)
{
    static const struct {
        const char *headers;
        bool clear;
    } rows[] = {{"{\"Authorization\":\"Bearer x\"}", true},
                {"{\"AUTHORIZATION\":\"Bearer {{job_id}}\"}", true},
                {"{\"Authorization\":\"Bearer {{secret.x}}\"}", false},
                {"{\"Authorization\":\"\"}", false},
                {"{\"X-Authorization\":\"x\"}", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_read(FIELDS(NULL, rows[i].headers, NULL, NULL));
        assert_int_equal(call_options_has_clear_credentials(&options), rows[i].clear);
    }
}
