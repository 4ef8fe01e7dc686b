/* The HTTP client and targets that do not answer, or not in HTTP: the name of each failure. Later calls
 * succeed all the same. */
#include "http_client_rig.h"
#include "test.h"

EACH_TEST(set_up, tear_down);

/* ---- no answer ---- */

TEST(http_client_nobody_listens)
{
    stub_bind(&stub);
    const struct http_result *result = get("/");
    assert_result(result, HTTP_ERROR_CONNECT);
    assert_false(result->sent);
    assert_int_equal(result->status, 0);
    stub_close(&stub);
}

/* A label has more than 63 bytes, so the client asks no resolver. */
TEST(http_client_name_that_does_not_resolve)
{
    assert_result(get("http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid/"),
                  HTTP_ERROR_DNS);
    assert_false(calls[0].result.sent);
}

TEST(http_client_gives_up_in_time)
{
    request.timeout_ms = 60;
    stub_open(&stub, serve_nothing);
    const struct http_result *result = get("/");
    assert_result(result, HTTP_ERROR_TIMEOUT);
    assert_true(result->sent);
    assert_in_range(result->took_ms, 55, 1000);
    stub_close(&stub);
}

static void serve_reset(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        stub_reset(s);
    }
}

TEST(http_client_reset_is_a_bad_response)
{
    stub_open(&stub, serve_reset);
    assert_result(get("/"), HTTP_ERROR_RESPONSE);
    assert_true(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.count, 1);
}

static void serve_bytes_at_once(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_send(s, bytes)) {
        stub_hang(s);
    }
}

static void call_by_tls(void)
{
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/", stub.port);
    (void)get(url);
}

/* Neither a target that answers a greeting in plain text, nor one that does not answer it. */
TEST(http_client_tls_that_is_none)
{
    bytes = "HTTP/1.1 400 Bad Request\r\n\r\n";
    stub_open(&stub, serve_bytes_at_once);
    call_by_tls();
    assert_result(&calls[0].result, HTTP_ERROR_TLS);
    assert_false(calls[0].result.sent);
    stub_close(&stub);
    request.timeout_ms = 60; /* serve_ok waits for the end of a request that never comes */
    stub_open(&stub, serve_ok);
    call_by_tls();
    assert_false(calls[0].result.sent);
    assert_true(calls[0].result.error == HTTP_ERROR_TIMEOUT || calls[0].result.error == HTTP_ERROR_TLS);
    stub_close(&stub);
}

/* ---- answers that are not HTTP ---- */

TEST(http_client_broken_answers_are_bad_responses)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\nokmore!",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 7\r\n\r\nokmore!",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5zz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nxyz\r\n\r\n",
        "http/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
        "Http/1.1 404 X\r\nContent-Length: 2\r\n\r\nno",
        ("HTTP/\x80"
         "1.10 404 X\r\nContent-Length: 2\r\n\r\nno"),
        "HTTP/1.1 100 Go on\r\n\r\nhttp/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\n\rX: y\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 308 X\r\nLocation:\r\n /x\r\nContent-Length: 2\r\n\r\nok",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i];
        stub_open(&stub, serve_bytes);
        (void)get("/");
        stub_close(&stub);
        assert_result(&calls[0].result, HTTP_ERROR_RESPONSE);
    }
}

/* libcurl takes it for 200. */
TEST(http_client_what_is_no_status_line_has_no_status)
{
    bytes = "http/1.1 500 No\r\nContent-Length: 2\r\n\r\nno";
    stub_open(&stub, serve_bytes);
    assert_result(get("/"), HTTP_ERROR_RESPONSE);
    stub_close(&stub);
    assert_int_equal(calls[0].result.status, 0);
}

/* libcurl takes the end of the connection for the end of the headers. */
TEST(http_client_answer_that_ends_in_its_headers_is_a_bad_response)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n",
                                          "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nX: y\r\n"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i];
        stub_open(&stub, serve_bytes);
        (void)get("/");
        stub_close(&stub);
        assert_result(&calls[0].result, HTTP_ERROR_RESPONSE);
    }
}

/* Some real servers begin their headers with a space. libcurl decides how that call ends (with 7.88 it
 * fails); the calls after it, on the same connection and on others, are not affected. */
static void serve_blank_first(struct http_stub *s, int connection)
{
    (void)connection;
    stub_answer(s, "HTTP/1.1 200 OK\r\n X-One: 1\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nok");
}

TEST(http_client_answer_that_begins_with_a_blank_hurts_no_other_call)
{
    for (int i = 0; i < 20; i++) {
        stub_open(&stub, serve_blank_first);
        for (int n = 0; n < 3; n++) {
            (void)get("/");
            assert_true(calls[0].result.error == HTTP_OK || calls[0].result.error == HTTP_ERROR_RESPONSE);
        }
        stub_close(&stub);
        stub_open(&stub, serve_ok);
        assert_result(get("/"), HTTP_OK);
        stub_close(&stub);
    }
}

/* The next call does not get the rest of a wrong answer. */
static void serve_bytes_once(struct http_stub *s, int connection)
{
    if (connection > 0) {
        stub_answer(s, OK_200);
    } else if (stub_read(s) && stub_send(s, bytes)) {
        stub_hang(s);
    }
}

TEST(http_client_connection_of_a_wrong_answer_is_not_used_again)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n",
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
         "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"),
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i];
        stub_open(&stub, serve_bytes_once);
        assert_result(get("/"), i < 2 ? HTTP_ERROR_RESPONSE : HTTP_OK);
        assert_result(get("/"), HTTP_OK);
        assert_int_equal(calls[0].result.status, 200);
        assert_int_equal(calls[0].result.body_bytes, 2);
        stub_close(&stub);
        assert_int_equal(stub.connections, 2);
    }
}

/* ---- answers without end ---- */

static void serve_endless(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s) && stub_send(s, "HTTP/1.1 200 OK\r\n\r\n")) {
        while (stub_send(s, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")) {
        }
    }
}

TEST(http_client_endless_answer_is_cut_and_no_failure)
{
    stub_open(&stub, serve_endless);
    const struct http_result *result = get("/");
    assert_result(result, HTTP_OK);
    assert_int_equal(result->status, 200);
    assert_true(result->truncated);
    assert_string_equal(result->text, "");
    stub_close(&stub);
}

/* The beginning of a flood, and what the target then repeats. */
static const char *flood_begin;
static const char *flood_piece;

static void serve_flood(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s) && stub_send(s, flood_begin)) {
        while (stub_send(s, flood_piece)) {
        }
    }
}

TEST(http_client_flood_of_headers_is_a_bad_response)
{
    static const char *const floods[][2] = {
        {"HTTP/1.1 200 OK\r\n", "X-Flood: 0123456789abcdef0123456789abcdef0123456789abcdef\r\n"},
        {"HTTP/1.1 200 OK\r\nX-Flood: ", "0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"HTTP/1.1 200 ", "0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ", "0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"HTTP/1.1 ", "HTTP/1.1 103 Early Hints\r\n\r\n"},
        {"HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
        flood_begin = floods[i][0];
        flood_piece = floods[i][1];
        stub_open(&stub, serve_flood);
        assert_result(get("/"), HTTP_ERROR_RESPONSE);
        bool is_line = i != 4; /* "HTTP/1.1 HTTP/1.1 103" has no status */
        assert_int_equal(strstr(calls[0].result.text, "64 KiB") != NULL, is_line);
        stub_close(&stub);
    }
}
