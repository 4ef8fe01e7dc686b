/* The HTTP client: what it sends, and what it reports of an answer. */
#include "http_client_rig.h"
#include "test.h"

#include <sys/resource.h>
#include <time.h>

EACH_TEST(set_up, tear_down);

static struct http_stub other;

/* ---- what a call sends ---- */

TEST(http_client_sends_what_was_asked_for)
{
    stub_open(&stub, serve_ok);
    const struct http_result *result = get("/a/b?c=d#e");
    assert_result(result, HTTP_OK);
    assert_int_equal(result->status, 200);
    assert_true(result->sent);
    assert_false(result->truncated);
    assert_string_equal(result->text, "");
    assert_in_range(result->took_ms, 0, 4000);
    /* Two clocks, each cut to whole milliseconds: they may differ by one. */
    assert_in_range(now(NULL).ms - result->started.ms + 1, result->took_ms, 8000);
    stub_close(&stub);
    const char *text = stub.requests[0];
    assert_memory_equal(text, "GET /a/b?c=d HTTP/1.1\r\n", 23);
    assert_non_null(strstr(text, "\r\nUser-Agent: test/1\r\n"));
    assert_non_null(strstr(text, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(text, "\r\nX-Two: 2\r\n"));
    assert_null(strstr(text, "Cookie"));
    assert_null(strstr(text, "Authorization"));
}

/* An answer to a HEAD has no body. */
static void serve_head_or_ok(struct http_stub *s, int connection)
{
    (void)connection;
    while (stub_read(s)) {
        bool head = strncmp(s->requests[s->count - 1], "HEAD ", 5) == 0;
        (void)stub_send(s, head ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK_200);
    }
}

TEST(http_client_sends_every_method_with_and_without_a_body)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"};
    char line[32];
    stub_open(&stub, serve_head_or_ok);
    for (size_t i = 0; i < 14 - 1; i++) { /* HEAD has none */
        bool with = i >= 7;
        ask_for(methods[i % 7], with ? "a=b" : NULL);
        assert_result(get("/x"), HTTP_OK);
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 1);
    for (size_t i = 0; i < 14 - 1; i++) {
        const char *text = stub.requests[i];
        (void)snprintf(line, sizeof line, "%s /x HTTP/1.1\r\n", methods[i % 7]);
        assert_memory_equal(text, line, strlen(line));
        assert_int_equal(strstr(text, "\r\nContent-Length: 3\r\n") != NULL, i >= 7);
        assert_true(ends_in(text, i >= 7 ? "\r\n\r\na=b" : "\r\n\r\n"));
        assert_null(strstr(text, "Content-Type"));
        assert_null(strstr(text, "Expect"));
        assert_null(strstr(text, "Transfer-Encoding"));
    }
}

TEST(http_client_sends_an_empty_body_with_its_length)
{
    stub_open(&stub, serve_ok);
    ask_for("PUT", "");
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_non_null(strstr(stub.requests[0], "\r\nContent-Length: 0\r\n"));
}

TEST(http_client_sends_the_jobs_headers_in_place_of_its_own)
{
    stub_open(&stub, serve_ok);
    ask_for("POST", "x");
    request.headers = HEADERS("User-Agent: me\0Accept: text/plain\0content-type: text/x\0X-Empty;\0");
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    const char *text = stub.requests[0];
    assert_non_null(strstr(text, "\r\nUser-Agent: me\r\n"));
    assert_null(strstr(text, "test/1"));
    assert_non_null(strstr(text, "\r\nAccept: text/plain\r\n"));
    assert_null(strstr(text, "*/*"));
    assert_non_null(strstr(text, "\r\ncontent-type: text/x\r\n"));
    assert_null(strstr(text, "Content-Type"));
    assert_non_null(strstr(text, "\r\nX-Empty:\r\n"));
}

TEST(http_client_nothing_of_a_call_is_left_for_the_next)
{
    char url[64];
    stub_open(&stub, serve_head_or_ok);
    (void)snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%d/a", stub.port);
    request.headers = HEADERS("Content-Type: text/x-first\0X-First: 1\0");
    ask_for("PATCH", "first");
    (void)get(url);
    request.headers = HEADERS("X-Two: 2\0");
    ask_for("GET", NULL);
    (void)get("/b");
    ask_for("HEAD", NULL);
    (void)get("/c");
    ask_for("POST", "");
    (void)get("/d");
    stub_close(&stub);
    assert_non_null(strstr(stub.requests[0], "Authorization: Basic"));
    assert_memory_equal(stub.requests[1], "GET /b HTTP/1.1\r\n", 17);
    assert_memory_equal(stub.requests[2], "HEAD /c HTTP/1.1\r\n", 18);
    assert_memory_equal(stub.requests[3], "POST /d HTTP/1.1\r\n", 18);
    for (size_t i = 1; i <= 3; i++) {
        assert_null(strstr(stub.requests[i], "Authorization"));
        assert_null(strstr(stub.requests[i], "irst"));
        assert_non_null(strstr(stub.requests[i], "X-Two: 2"));
    }
    assert_true(ends_in(stub.requests[3], "Content-Length: 0\r\n\r\n"));
}

/* ---- what it reports of an answer ---- */

/* Each phase is shorter than the whole, and a kept connection needs neither a look-up nor a connection. */
TEST(http_client_tells_how_long_each_phase_took)
{
    stub_open(&stub, serve_ok);
    const struct http_timings *timings = &get("/")->timings;
    assert_true(timings->dns_us > 0 && timings->connect_us > 0 && timings->tls_us == 0);
    assert_true(timings->dns_us + timings->connect_us <= timings->first_byte_us);
    assert_in_range(timings->total_us, timings->first_byte_us, RIG_LIMIT_MS * 1000);
    assert_int_equal(calls[0].result.body_bytes, 2);
    timings = &get("/again")->timings;
    assert_int_equal(timings->dns_us + timings->connect_us + timings->tls_us, 0);
    assert_in_range(timings->total_us, timings->first_byte_us, RIG_LIMIT_MS * 1000);
    stub_close(&stub);
    assert_int_equal(stub.connections, 1);
}

/* A phase that the call did not reach has no time. */
TEST(http_client_failed_calls_have_the_phases_they_got_to)
{
    const struct http_result *result = get("http://127.0.0.1:1/");
    assert_result(result, HTTP_ERROR_CONNECT);
    assert_int_equal(result->timings.connect_us + result->timings.tls_us + result->timings.first_byte_us, 0);
    assert_true(result->timings.total_us > 0);
    assert_int_equal(result->body_bytes, 0);
}

static void serve_status(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[128];
    while (stub_read(s)) {
        const char *number = s->requests[s->count - 1] + strlen("GET /");
        (void)snprintf(answer, sizeof answer, "HTTP/1.1 %.3s X\r\nContent-Length: 0\r\n\r\n", number);
        (void)stub_send(s, answer);
    }
}

TEST(http_client_every_status_is_an_answer)
{
    static const char *const paths[] = {"/200", "/204", "/304", "/404", "/401", "/500", "/599", "/300"};
    stub_open(&stub, serve_status);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct http_result *result = get(paths[i]);
        assert_result(result, HTTP_OK);
        assert_int_equal(result->status, atoi(paths[i] + 1));
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 1);
}

static void serve_10000(struct http_stub *s, int connection)
{
    (void)connection;
    static char answer[10100];
    int head = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    memset(answer + head, 'x', 10000);
    stub_answer(s, answer);
}

TEST(http_client_answer_as_long_as_allowed_is_whole)
{
    stub_open(&stub, serve_10000);
    assert_false(get("/")->truncated);
    assert_result(&calls[0].result, HTTP_OK);
    request.response_max = 9999;
    assert_true(get("/")->truncated);
    assert_result(&calls[0].result, HTTP_OK);
    stub_close(&stub);
}

/* Send "needle" in pieces, behind some of its beginnings. */
static void serve_pieces(struct http_stub *s, int connection)
{
    (void)connection;
    static const char *const pieces[] = {"4\r\nnene\r\n", "3\r\nene\r\n", "1\r\ne\r\n", "6\r\ndle...\r\n",
                                         "0\r\n\r\n"};
    while (stub_read(s) && stub_send(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) {
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            static const struct timespec pause = {.tv_nsec = 3000000};
            (void)stub_send(s, pieces[i]);
            (void)nanosleep(&pause, NULL);
        }
    }
}

TEST(http_client_finds_text_across_the_pieces_of_an_answer)
{
    static const struct {
        const char *text;
        int64_t max;
        bool found;
    } rows[] = {{"needle", 10000, true},   {"neneen", 10000, true}, {"n", 10000, true},
                {"needles", 10000, false}, {"needle", 11, true},    {"needle", 10, false},
                {"...", 14, true}};
    stub_open(&stub, serve_pieces);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.find = slice_of(rows[i].text);
        request.response_max = rows[i].max;
        assert_result(get("/"), HTTP_OK);
        if (calls[0].result.found != rows[i].found) {
            fail_msg("row %zu", i);
        }
    }
    stub_close(&stub);
}

TEST(http_client_keeps_the_beginning_of_an_answer_if_asked)
{
    stub_open(&stub, serve_pieces);
    assert_null(get("/")->kept.data);
    request.keep_max = 6;
    assert_int_equal(get("/")->kept.len, 6);
    assert_string_equal(calls[0].kept, "neneen");
    assert_int_equal(calls[0].result.body_bytes, 14);
    request.keep_max = 100;
    assert_int_equal(get("/")->kept.len, 14);
    request.response_max = 3;
    assert_int_equal(get("/")->body_bytes, 3);
    assert_string_equal(calls[0].kept, "nen");
    stub_close(&stub);
}

/* ---- Retry-After ---- */

static const char *retry_headers;

static void serve_retry_headers(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[512];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 503 X\r\n%sContent-Length: 0\r\n\r\n", retry_headers);
    stub_answer(s, answer);
}

TEST(http_client_tells_how_long_to_wait)
{
    static const struct {
        const char *headers;
        int64_t wait_ms;
    } rows[] = {
        {"", -1},
        {"Retry-After: 0\r\n", 0},
        {"Retry-After: 120\r\n", 120000},
        {"retry-after:   7  \r\n", 7000},
        {"Retry-After:5\r\n", 5000},
        {"Retry-After:\r\n 5\r\n", 5000},
        {"Retry-After: \r\n", -1},
        {"Retry-After: soon\r\n", -1},
        {"Retry-After: -5\r\n", -1},
        {"Retry-After: 1.5\r\n", -1},
        {"X-Retry-After: 5\r\n", -1},
        /* The target's clock counts, whatever ours says. */
        {"Date: Sun, 08 Mar 2026 07:00:00 GMT\r\nRetry-After: Sun, 08 Mar 2026 07:01:30 GMT\r\n", 90000},
        {"Retry-After: Sun, 08 Mar 2026 07:01:30 GMT\r\nDate: Sun, 08 Mar 2026 07:00:00 GMT\r\n", 90000},
        {"Date: Sun, 08 Mar 2026 07:00:00 GMT\r\nRetry-After: Sun, 08 Mar 2026 06:00:00 GMT\r\n", 0},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0},
        {"Retry-After: 1000000000000000000000\r\n", 1000000000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        retry_headers = rows[i].headers;
        stub_open(&stub, serve_retry_headers);
        assert_result(get("/"), HTTP_OK);
        stub_close(&stub);
        if (calls[0].result.retry_after_ms != rows[i].wait_ms) {
            fail_msg("%s: %lld", rows[i].headers, (long long)calls[0].result.retry_after_ms);
        }
    }
}

TEST(http_client_a_date_to_wait_for_counts_from_now)
{
    static char headers[64];
    time_t until = (time_t)(now(NULL).ms / 1000) + 100;
    (void)strftime(headers, sizeof headers, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime(&until));
    retry_headers = headers;
    stub_open(&stub, serve_retry_headers);
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_in_range(calls[0].result.retry_after_ms, 90000, 100000);
}

/* ---- how calls end ---- */

static bool three_have_ended(void)
{
    return ended >= 3;
}

TEST(http_client_cancel_tells_once)
{
    stub_open(&stub, serve_nothing);
    begin(0, "/");
    rig.ticking = true;
    assert_true(rig_run(&rig, stub_has_a_request, RIG_LIMIT_MS));
    http_client_cancel(calls[0].handle);
    http_client_cancel(calls[0].handle);
    assert_int_equal(ended, 0);
    assert_true(rig_run(&rig, one_has_ended, RIG_LIMIT_MS));
    rig_idle(&rig, 20);
    assert_int_equal(calls[0].ended, 1);
    assert_result(&calls[0].result, HTTP_ERROR_ABORTED);
    assert_true(calls[0].result.sent);
    stub_close(&stub);
}

TEST(http_client_cancel_before_anything_was_sent)
{
    stub_open(&stub, serve_nothing);
    begin(0, "/");
    http_client_cancel(calls[0].handle);
    rig.ticking = true;
    assert_true(rig_run(&rig, one_has_ended, RIG_LIMIT_MS));
    assert_result(&calls[0].result, HTTP_ERROR_ABORTED);
    assert_false(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.count, 0);
}

/* Cancel the other calls and start one more, as the header allows. */
static void on_done_meddle(void *arg, const struct http_result *result)
{
    on_done(arg, result);
    http_client_cancel(calls[1].handle);
    http_client_cancel(calls[2].handle);
    assert_int_equal(http_client_call(client, &request, on_done, &calls[3], &calls[3].handle), ERR_OK);
    http_client_cancel(calls[3].handle);
}

static bool four_have_ended(void)
{
    return ended >= 4;
}

TEST(http_client_callback_may_cancel_and_start_calls)
{
    stub_open(&stub, serve_nothing);
    begin(1, "/1");
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/0", stub.port);
    request.url = url;
    assert_int_equal(http_client_call(client, &request, on_done_meddle, &calls[0], &calls[0].handle), ERR_OK);
    begin(2, "/2");
    http_client_cancel(calls[0].handle);
    request.url = url;
    rig.ticking = true;
    assert_true(rig_run(&rig, four_have_ended, RIG_LIMIT_MS));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(calls[i].ended, 1);
        assert_result(&calls[i].result, HTTP_ERROR_ABORTED);
    }
    stub_close(&stub);
}

TEST(http_client_free_ends_calls_silently)
{
    stub_open(&stub, serve_nothing);
    for (size_t i = 0; i < 5; i++) {
        begin(i, "/");
    }
    rig.ticking = true;
    assert_true(rig_run(&rig, stub_has_a_request, RIG_LIMIT_MS));
    begin(5, "/");
    http_client_cancel(calls[5].handle);
    rig.turn = NULL;
    http_client_free(client);
    client = NULL;
    assert_int_equal(ended, 0);
    stub_close(&stub);
    http_client_free(NULL);
}

TEST(http_client_calls_do_not_wait_for_each_other)
{
    stub_open(&stub, serve_nothing);
    stub_open(&other, serve_one_each);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", other.port);
    begin(4, "/hangs");
    for (size_t i = 0; i < 3; i++) {
        begin(i, url);
    }
    assert_true(rig_run(&rig, three_have_ended, RIG_LIMIT_MS));
    assert_int_equal(calls[4].ended, 0);
    stub_close(&other);
    stub_close(&stub);
}

/* That is the runner's fault, not the target's. */
TEST(http_client_without_descriptors_is_internal)
{
    struct rlimit before;
    stub_open(&stub, serve_ok);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0);
    close(next);
    const struct rlimit none = {(rlim_t)next, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    (void)get("/");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_result(&calls[0].result, HTTP_ERROR_INTERNAL);
    assert_false(calls[0].result.sent);
    stub_close(&stub);
}

TEST(http_client_errors_have_names)
{
    static const char *const names[HTTP_ERROR__COUNT] = {
        "",         "dns",     "connect", "forbidden", "tls",     "timeout", "redirect", "too_many_redirects",
        "response", "aborted", "secret",  "signing",   "internal"};
    for (unsigned i = 0; i < HTTP_ERROR__COUNT; i++) {
        assert_string_equal(http_error_name((enum http_error)i), names[i]);
    }
    assert_string_equal(http_error_name(HTTP_ERROR__COUNT), "internal");
}
