/* The HTTP client and redirects: which ones it follows, how often, and what it sends along. */
#include "http_client_rig.h"
#include "test.h"

EACH_TEST(set_up, tear_down);

static struct http_stub other;

/* /n leads to /n-1, and /0 is an answer. */
static void serve_countdown(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[128];
    while (stub_read(s)) {
        int left = atoi(s->requests[s->count - 1] + strlen("GET /"));
        (void)snprintf(answer, sizeof answer, "HTTP/1.1 302 X\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n",
                       left - 1);
        (void)stub_send(s, left > 0 ? answer : OK_200);
    }
}

TEST(http_client_follows_redirects_up_to_the_limit)
{
    for (int once = 0; once <= 1; once++) {
        stub_open(&stub, serve_countdown);
        request.once = once == 1;
        assert_result(get("/5"), HTTP_OK);
        assert_int_equal(calls[0].result.status, 200);
        assert_result(get("/6"), HTTP_ERROR_REDIRECTS);
        assert_int_equal(calls[0].result.status, 302);
        stub_close(&stub);
        assert_int_equal(stub.count, 12);
    }
}

static void serve_loop(struct http_stub *s, int connection)
{
    (void)connection;
    stub_answer(s, "HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
}

TEST(http_client_leaves_a_redirect_loop)
{
    stub_open(&stub, serve_loop);
    assert_result(get("/"), HTTP_ERROR_REDIRECTS);
    stub_close(&stub);
    assert_int_equal(stub.count, 6);
}

TEST(http_client_does_not_follow_to_other_schemes)
{
    static const char *const targets[] = {"file:///etc/passwd",
                                          "ftp://127.0.0.1/x",
                                          "gopher://127.0.0.1/",
                                          "dict://127.0.0.1/x",
                                          "http://",
                                          "a-scheme-of-more-than-the-forty-letters-of-libcurl://127.0.0.1/x"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        location = targets[i];
        stub_open(&stub, serve_location);
        assert_result(get("/"), HTTP_ERROR_REDIRECT);
        stub_close(&stub);
    }
}

/* The redirect is fine; the answer to the next request is not. */
static void serve_redirect_to_no_http(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s) && stub_send(s, "HTTP/1.1 302 X\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n") &&
        stub_read(s)) {
        (void)stub_send(s, "SSH-2.0-OpenSSH_9.2p1\r\n");
    }
}

TEST(http_client_redirect_to_what_is_no_http_is_a_bad_response)
{
    stub_open(&stub, serve_redirect_to_no_http);
    assert_result(get("/"), HTTP_ERROR_RESPONSE);
    stub_close(&stub);
}

/* The first hop is a redirect; the second one's status is the call's. */
static int second_status;

static void serve_not_a_redirect(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[128];
    while (stub_read(s)) {
        bool first = strstr(s->requests[s->count - 1], "/first HTTP") != NULL;
        (void)snprintf(answer, sizeof answer, "HTTP/1.1 %d X\r\nLocation: /%s\r\nContent-Length: 0\r\n\r\n",
                       first ? 302 : second_status, first ? "second" : "elsewhere");
        (void)stub_send(s, answer);
    }
}

TEST(http_client_follows_no_other_3xx)
{
    static const int statuses[] = {300, 304, 305, 306, 309, 399, 201, 404};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        second_status = statuses[i];
        stub_open(&stub, serve_not_a_redirect);
        assert_result(get("/second"), HTTP_OK);
        assert_int_equal(calls[0].result.status, second_status);
        assert_result(get("/first"), HTTP_OK);
        assert_int_equal(calls[0].result.status, second_status);
        stub_close(&stub);
        assert_int_equal(stub.count, 3);
    }
}

TEST(http_client_without_redirects_takes_the_first_answer)
{
    location = "/elsewhere";
    request.max_redirects = 0;
    stub_open(&stub, serve_location);
    assert_result(get("/"), HTTP_OK);
    assert_int_equal(calls[0].result.status, 301);
    stub_close(&stub);
    assert_int_equal(stub.count, 1);
}

/* Every libcurl sends the job's own path as it is, and resolves the reference of a redirect. */
TEST(http_client_leaves_the_path_as_it_is)
{
    location = "/x/./../there";
    stub_open(&stub, serve_location);
    request.max_redirects = 1;
    assert_result(get("/a/%2e%2E/../b/%7e"), HTTP_ERROR_REDIRECTS);
    stub_close(&stub);
    assert_memory_equal(stub.requests[0], "GET /a/%2e%2E/../b/%7e HTTP/1.1\r\n", 33);
    assert_memory_equal(stub.requests[1], "GET /there HTTP/1.1\r\n", 21);
}

static int redirect_status;

/* All redirects lead to /there. */
static void serve_redirect_to_there(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[128];
    while (stub_read(s)) {
        (void)snprintf(answer, sizeof answer,
                       "HTTP/1.1 %d X\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", redirect_status);
        bool there = strstr(s->requests[s->count - 1], " /there HTTP") != NULL;
        bool head = strncmp(s->requests[s->count - 1], "HEAD ", 5) == 0;
        (void)stub_send(s, !there ? answer : head ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK_200);
    }
}

/* Methods and bodies change as in browsers (fetch, 4.4). */
TEST(http_client_redirects_change_methods_as_browsers_do)
{
    static const struct {
        int status;
        const char *method, *body, *then;
        bool keeps_body;
    } rows[] = {
        {301, "POST", "x=1", "GET", false},     {302, "POST", "x=1", "GET", false},
        {303, "POST", "x=1", "GET", false},     {307, "POST", "x=1", "POST", true},
        {308, "POST", "x=1", "POST", true},     {301, "PUT", "x=1", "PUT", true},
        {302, "PATCH", "x=1", "PATCH", true},   {303, "PUT", "x=1", "GET", false},
        {307, "PUT", "x=1", "PUT", true},       {303, "DELETE", NULL, "GET", false},
        {302, "DELETE", NULL, "DELETE", false}, {303, "HEAD", NULL, "HEAD", false},
        {302, "HEAD", NULL, "HEAD", false},     {303, "GET", "x=1", "GET", false},
        {302, "GET", "x=1", "GET", true},       {301, "POST", "", "GET", false},
        {303, "OPTIONS", NULL, "GET", false},   {308, "DELETE", "x=1", "DELETE", true},
    };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const char *text = stub.requests[1];
        char line[64];
        redirect_status = rows[i / 2].status;
        request.once = i % 2 == 1;
        request.headers = HEADERS("Content-Type: text/x\0X-One: 1\0");
        ask_for(rows[i / 2].method, rows[i / 2].body);
        stub_open(&stub, serve_redirect_to_there);
        assert_result(get("/"), HTTP_OK);
        stub_close(&stub);
        assert_int_equal(stub.count, 2);
        (void)snprintf(line, sizeof line, "%s /there HTTP/1.1\r\n", rows[i / 2].then);
        if (strncmp(text, line, strlen(line)) != 0 ||
            ends_in(text, "\r\n\r\nx=1") != rows[i / 2].keeps_body ||
            !ends_in(text, rows[i / 2].keeps_body ? "x=1" : "\r\n\r\n")) {
            fail_msg("row %zu: %s", i / 2, text);
        }
        assert_non_null(strstr(text, "\r\nX-One: 1\r\n"));
        bool dropped = redirect_status == 303 || strcmp(rows[i / 2].then, rows[i / 2].method) != 0;
        assert_int_equal(strstr(text, "Content-Type") == NULL, dropped);
    }
}

TEST(http_client_credentials_go_to_their_host_only)
{
    char url[128];
    char target[64];
    stub_open(&other, serve_ok);
    stub_open(&stub, serve_location);
    (void)snprintf(target, sizeof target, "http://127.0.0.1:%d/there", other.port);
    location = target;
    (void)snprintf(url, sizeof url, "http://user:pa55@127.0.0.1:%d/", stub.port);
    assert_result(get(url), HTTP_OK);
    stub_close(&stub);
    stub_close(&other);
    assert_non_null(strstr(stub.requests[0], "\r\nAuthorization: Basic dXNlcjpwYTU1\r\n"));
    assert_null(strstr(stub.requests[0], "pa55"));
    assert_int_equal(other.count, 1);
    assert_null(strstr(other.requests[0], "Authorization"));
    assert_null(strstr(other.requests[0], "Referer"));
}

static void serve_redirect_with_body(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s) &&
        stub_send(s, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nmoved")) {
        stub_answer(s, "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno");
    }
}

TEST(http_client_keeps_nothing_of_a_redirect_that_is_followed)
{
    stub_open(&stub, serve_redirect_with_body);
    request.keep_max = 100;
    assert_int_equal(get("/")->status, 500);
    assert_string_equal(calls[0].kept, "no");
    stub_close(&stub);
}

/* libcurl takes the end of the connection for the end of the headers, and would follow. */
TEST(http_client_redirect_that_ends_in_its_headers_is_a_bad_response)
{
    static const char *const answers[] = {
        "HTTP/1.1 302 X\r\nLocation: /there\r\n", "HTTP/1.1 302 X\r\nLocation: ftp://127.0.0.1/\r\n",
        "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\n", "HTTP/1.1 302 X\r\nLocation: http://:/\r\n"};
    for (size_t i = 0; i < 2 * sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i / 2];
        request.max_redirects = i % 2 == 0 ? 1 : 5;
        stub_open(&stub, serve_bytes);
        (void)get("/");
        stub_close(&stub);
        assert_result(&calls[0].result, HTTP_ERROR_RESPONSE);
        assert_int_equal(stub.count, 1);
    }
}
