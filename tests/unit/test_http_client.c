/* The HTTP client against targets that behave, and against all the ways in which they do not. */
#include "http/http_client.h"

#include "http_stub.h"
#include "rig.h"
#include "test.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>

#define OK_200 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define CALLS  16

/* Each with a NUL behind it. */
#define HEADERS(text)          \
    (struct slice)             \
    {                          \
        text, sizeof(text) - 1 \
    }

static struct rig rig;
static struct http_client *client;
static struct http_stub stub;
static struct http_stub other;
static struct http_request request;
static struct errinfo info;
static bool may_send;

/* What became of each call. */
static struct call {
    struct http_call *handle;
    struct http_result result;
    int told;
    char kept[64]; /* what its result had kept */
} calls[CALLS];
static int told; /* all together */

static struct wall_ms now(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return clock_wall(&clock);
}

static bool ask_may_send(void *arg)
{
    (void)arg;
    return may_send;
}

/* The client's clock goes with the machine's, and leaps when a test says so. */
static atomic_llong leapt_ms;

static struct mono_ms leaping_mono(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return (struct mono_ms){clock_mono(&clock).ms + leapt_ms};
}

static struct clock leaping_clock(void)
{
    struct clock clock = clock_system();
    clock.mono = leaping_mono;
    clock.mono_us = NULL;
    return clock;
}

static void turn(void)
{
    http_client_turn(client);
}

static void set_up(void)
{
    rig_init(&rig);
    const struct http_client_options options = {
        .loop = rig.loop, .now = now, .may_send = ask_may_send, .clock = leaping_clock(), .max_calls = 8};
    may_send = true;
    leapt_ms = 0;
    assert_int_equal(http_client_new(&client, &options, &info), ERR_OK);
    rig.turn = turn;
    memset(calls, 0, sizeof calls);
    told = 0;
    request = (struct http_request){.method = "GET",
                                    .user_agent = "test/1",
                                    .headers = HEADERS("X-One: 1\0X-Two: 2\0"),
                                    .timeout_ms = 4000,
                                    .connect_timeout_ms = 4000,
                                    .max_redirects = 5,
                                    .response_max = 10000};
}

static void tear_down(void)
{
    rig.turn = NULL;
    http_client_free(client);
    rig_fini(&rig);
}

EACH_TEST(set_up, tear_down);

static void on_done(void *arg, const struct http_result *result)
{
    struct call *call = arg;
    call->result = *result;
    (void)snprintf(call->kept, sizeof call->kept, "%.*s", (int)result->kept.len,
                   result->kept.len > 0 ? result->kept.data : "");
    call->told++;
    told++;
}

/* Start call number i at path on the stub; path may be a whole URL. */
static void begin(size_t i, const char *path)
{
    char url[512];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", stub.port, path);
    request.url = path[0] == '/' ? url : path;
    assert_int_equal(http_client_call(client, &request, on_done, &calls[i], &calls[i].handle), ERR_OK);
    assert_int_equal(calls[i].told, 0);
}

static bool one_is_told(void)
{
    return told > 0;
}

/* Make one call to its end. */
static const struct http_result *get(const char *path)
{
    told = 0;
    calls[0] = (struct call){0};
    begin(0, path);
    assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
    assert_int_equal(calls[0].told, 1);
    return &calls[0].result;
}

static void assert_failed(const struct http_result *result, enum http_error error)
{
    if (result->error != error) {
        fail_msg("\"%s\", not \"%s\": %s", http_error_name(result->error), http_error_name(error),
                 result->text);
    }
    assert_true(result->text[0] != '\0' || error == HTTP_OK);
}

/* ---- answers ---- */

static void serve_ok(struct http_stub *s, int connection);

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

/* Of what was not reached there is no time. */
TEST(http_client_failed_calls_have_the_phases_they_got_to)
{
    const struct http_result *result = get("http://127.0.0.1:1/");
    assert_failed(result, HTTP_ERROR_CONNECT);
    assert_int_equal(result->timings.connect_us + result->timings.tls_us + result->timings.first_byte_us, 0);
    assert_true(result->timings.total_us > 0);
    assert_int_equal(result->body_bytes, 0);
}

static bool stub_has_a_request(void)
{
    return stub.count > 0;
}

static void serve_ok(struct http_stub *s, int connection)
{
    (void)connection;
    stub_answer(s, OK_200);
}

TEST(http_client_sends_what_was_asked_for)
{
    stub_open(&stub, serve_ok);
    const struct http_result *result = get("/a/b?c=d#e");
    assert_failed(result, HTTP_OK);
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
        assert_failed(result, HTTP_OK);
        assert_int_equal(result->status, atoi(paths[i] + 1));
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 1);
}

/* ---- redirects: /n leads to /n-1, and /0 is an answer ---- */

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
        assert_failed(get("/5"), HTTP_OK);
        assert_int_equal(calls[0].result.status, 200);
        assert_failed(get("/6"), HTTP_ERROR_REDIRECTS);
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
    assert_failed(get("/"), HTTP_ERROR_REDIRECTS);
    stub_close(&stub);
    assert_int_equal(stub.count, 6);
}

static const char *location;

static void serve_location(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[512];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 301 X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                   location);
    stub_answer(s, answer);
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
        assert_failed(get("/"), HTTP_ERROR_REDIRECT);
        stub_close(&stub);
    }
}

/* What answers the hop's request is the answer's fault, not the redirect's. */
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
    assert_failed(get("/"), HTTP_ERROR_RESPONSE);
    stub_close(&stub);
}

/* The first hop is a redirect, the second one's status is to be told. */
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
        assert_failed(get("/second"), HTTP_OK);
        assert_int_equal(calls[0].result.status, second_status);
        assert_failed(get("/first"), HTTP_OK);
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
    assert_failed(get("/"), HTTP_OK);
    assert_int_equal(calls[0].result.status, 301);
    stub_close(&stub);
    assert_int_equal(stub.count, 1);
}

/* The job's own path is sent as it is, by every libcurl; what a redirect's reference means is resolved. */
TEST(http_client_leaves_the_path_as_it_is)
{
    location = "/x/./../there";
    stub_open(&stub, serve_location);
    request.max_redirects = 1;
    assert_failed(get("/a/%2e%2E/../b/%7e"), HTTP_ERROR_REDIRECTS);
    stub_close(&stub);
    assert_memory_equal(stub.requests[0], "GET /a/%2e%2E/../b/%7e HTTP/1.1\r\n", 33);
    assert_memory_equal(stub.requests[1], "GET /there HTTP/1.1\r\n", 21);
}

/* ---- methods and bodies ---- */

static void ask_for(const char *method, const char *body)
{
    request.method = method;
    request.body = body != NULL ? slice_of(body) : (struct slice){NULL, 0};
}

static bool ends_in(const char *text, const char *tail)
{
    size_t len = strlen(text);
    return len >= strlen(tail) && strcmp(text + len - strlen(tail), tail) == 0;
}

TEST(http_client_sends_every_method_with_and_without_a_body)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"};
    char line[32];
    stub_open(&stub, serve_head_or_ok);
    for (size_t i = 0; i < 14 - 1; i++) { /* HEAD has none */
        bool with = i >= 7;
        ask_for(methods[i % 7], with ? "a=b" : NULL);
        assert_failed(get("/x"), HTTP_OK);
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
    assert_failed(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_non_null(strstr(stub.requests[0], "\r\nContent-Length: 0\r\n"));
}

TEST(http_client_sends_the_jobs_headers_in_place_of_its_own)
{
    stub_open(&stub, serve_ok);
    ask_for("POST", "x");
    request.headers = HEADERS("User-Agent: me\0Accept: text/plain\0content-type: text/x\0X-Empty;\0");
    assert_failed(get("/"), HTTP_OK);
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

static int redirect_status;

/* /there is where all redirects lead. */
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

/* As browsers do (fetch, 4.4): what method comes of which, and whether its body comes along. */
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
        assert_failed(get("/"), HTTP_OK);
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

/* ---- what the target says of a retry ---- */

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
        assert_failed(get("/"), HTTP_OK);
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
    assert_failed(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_in_range(calls[0].result.retry_after_ms, 90000, 100000);
}

/* ---- credentials ---- */

TEST(http_client_credentials_go_to_their_host_only)
{
    char url[128];
    char target[64];
    stub_open(&other, serve_ok);
    stub_open(&stub, serve_location);
    (void)snprintf(target, sizeof target, "http://127.0.0.1:%d/there", other.port);
    location = target;
    (void)snprintf(url, sizeof url, "http://user:pa55@127.0.0.1:%d/", stub.port);
    assert_failed(get(url), HTTP_OK);
    stub_close(&stub);
    stub_close(&other);
    assert_non_null(strstr(stub.requests[0], "\r\nAuthorization: Basic dXNlcjpwYTU1\r\n"));
    assert_null(strstr(stub.requests[0], "pa55"));
    assert_int_equal(other.count, 1);
    assert_null(strstr(other.requests[0], "Authorization"));
    assert_null(strstr(other.requests[0], "Referer"));
}

/* ---- failures ---- */

/* Real servers begin their headers with a blank. What becomes of that call is libcurl's to say (with 7.88
 * it fails); the calls after it, on the same connection and on others, must not feel it. */
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
        assert_failed(get("/"), HTTP_OK);
        stub_close(&stub);
    }
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

TEST(http_client_nobody_listens)
{
    stub_bind(&stub);
    const struct http_result *result = get("/");
    assert_failed(result, HTTP_ERROR_CONNECT);
    assert_false(result->sent);
    assert_int_equal(result->status, 0);
    stub_close(&stub);
}

/* A label of more than 63 bytes: no resolver has to be asked. */
TEST(http_client_name_that_does_not_resolve)
{
    assert_failed(get("http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid/"),
                  HTTP_ERROR_DNS);
    assert_false(calls[0].result.sent);
}

static void serve_nothing(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        stub_hang(s);
    }
}

TEST(http_client_gives_up_in_time)
{
    request.timeout_ms = 60;
    stub_open(&stub, serve_nothing);
    const struct http_result *result = get("/");
    assert_failed(result, HTTP_ERROR_TIMEOUT);
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
    assert_failed(get("/"), HTTP_ERROR_RESPONSE);
    assert_true(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.count, 1);
}

static const char *bytes;

static void serve_bytes(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        (void)stub_send(s, bytes);
    }
}

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
        "HTTP/\x80"
        "1.10 404 X\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 100 Go on\r\n\r\nhttp/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 200 OK\r\n\rX: y\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 308 X\r\nLocation:\r\n /x\r\nContent-Length: 2\r\n\r\nok",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i];
        stub_open(&stub, serve_bytes);
        (void)get("/");
        stub_close(&stub);
        assert_failed(&calls[0].result, HTTP_ERROR_RESPONSE);
    }
}

/* For libcurl, it is 200. */
TEST(http_client_what_is_no_status_line_has_no_status)
{
    bytes = "http/1.1 500 No\r\nContent-Length: 2\r\n\r\nno";
    stub_open(&stub, serve_bytes);
    assert_failed(get("/"), HTTP_ERROR_RESPONSE);
    stub_close(&stub);
    assert_int_equal(calls[0].result.status, 0);
}

/* Followed, it would be: libcurl takes the end of the connection for the end of the headers. */
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
        assert_failed(&calls[0].result, HTTP_ERROR_RESPONSE);
        assert_int_equal(stub.count, 1);
    }
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
        assert_failed(&calls[0].result, HTTP_ERROR_RESPONSE);
    }
}

/* However wrong an answer is, the call after it does not get the rest of it. */
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
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 404 X\r\nContent-Length: "
        "0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i];
        stub_open(&stub, serve_bytes_once);
        assert_failed(get("/"), i < 2 ? HTTP_ERROR_RESPONSE : HTTP_OK);
        assert_failed(get("/"), HTTP_OK);
        assert_int_equal(calls[0].result.status, 200);
        assert_int_equal(calls[0].result.body_bytes, 2);
        stub_close(&stub);
        assert_int_equal(stub.connections, 2);
    }
}

TEST(http_client_tls_that_is_none)
{
    char url[64];
    bytes = "HTTP/1.1 400 Bad Request\r\n\r\n";
    stub_open(&stub, serve_ok);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/", stub.port);
    request.timeout_ms = 200; /* the stub waits for the end of a request that never comes */
    begin(0, url);
    assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
    assert_false(calls[0].result.sent);
    assert_true(calls[0].result.error == HTTP_ERROR_TIMEOUT || calls[0].result.error == HTTP_ERROR_TLS);
    stub_close(&stub);
}

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
    assert_failed(result, HTTP_OK);
    assert_int_equal(result->status, 200);
    assert_true(result->truncated);
    assert_string_equal(result->text, "");
    stub_close(&stub);
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
    assert_failed(&calls[0].result, HTTP_OK);
    request.response_max = 9999;
    assert_true(get("/")->truncated);
    assert_failed(&calls[0].result, HTTP_OK);
    stub_close(&stub);
}

/* "needle" in pieces, with beginnings of it before. */
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
        assert_failed(get("/"), HTTP_OK);
        if (calls[0].result.found != rows[i].found) {
            fail_msg("row %zu", i);
        }
    }
    stub_close(&stub);
}

static void serve_redirect_with_body(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s) &&
        stub_send(s, "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 5\r\n\r\nmoved")) {
        stub_answer(s, "HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno");
    }
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

TEST(http_client_keeps_nothing_of_a_redirect_that_is_followed)
{
    stub_open(&stub, serve_redirect_with_body);
    request.keep_max = 100;
    assert_int_equal(get("/")->status, 500);
    assert_string_equal(calls[0].kept, "no");
    stub_close(&stub);
}

/* What a flood begins with, and what comes again and again. */
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
        assert_failed(get("/"), HTTP_ERROR_RESPONSE);
        bool is_line = i != 4; /* "HTTP/1.1 HTTP/1.1 103" has no status */
        assert_int_equal(strstr(calls[0].result.text, "64 KiB") != NULL, is_line);
        stub_close(&stub);
    }
}

/* ---- at most once ---- */

/* The first connection answers once, reads another request, and dies. */
static void serve_dies(struct http_stub *s, int connection)
{
    if (connection > 0) {
        stub_answer(s, OK_200);
    } else if (stub_read(s) && stub_send(s, OK_200)) {
        (void)stub_read(s);
    }
}

static void serve_dies_hard(struct http_stub *s, int connection)
{
    serve_dies(s, connection);
    if (connection == 0) {
        stub_reset(s);
    }
}

static void (*const deaths[])(struct http_stub *, int) = {serve_dies, serve_dies_hard};

TEST(http_client_once_is_not_sent_again_when_a_kept_connection_dies)
{
    for (size_t i = 0; i < 2; i++) {
        stub_open(&stub, deaths[i]);
        request.once = true;
        assert_failed(get("/first"), HTTP_OK);
        assert_failed(get("/second"), HTTP_ERROR_RESPONSE);
        assert_true(calls[0].result.sent);
        stub_close(&stub);
        assert_int_equal(stub.count, 2);
        assert_non_null(strstr(stub.requests[1], "GET /second "));
        tear_down();
        set_up();
    }
}

/* Nor is it when it has a body, all of which the target may have read. */
TEST(http_client_once_holds_for_bodies)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE"};
    for (size_t i = 0; i < 3; i++) {
        stub_open(&stub, serve_dies);
        request.once = true;
        ask_for(methods[i], "pay=1");
        assert_failed(get("/first"), HTTP_OK);
        assert_failed(get("/second"), HTTP_ERROR_RESPONSE);
        assert_true(calls[0].result.sent);
        stub_close(&stub);
        assert_int_equal(stub.count, 2);
        assert_true(ends_in(stub.requests[1], "pay=1"));
        tear_down();
        set_up();
    }
}

/* To see that the tests above test something. */
TEST(http_client_others_are_sent_again_when_a_kept_connection_dies)
{
    stub_open(&stub, serve_dies);
    assert_failed(get("/first"), HTTP_OK);
    assert_failed(get("/second"), HTTP_OK);
    assert_int_equal(calls[0].result.status, 200);
    stub_close(&stub);
    assert_int_equal(stub.count, 3);
    assert_non_null(strstr(stub.requests[1], "GET /second "));
    assert_non_null(strstr(stub.requests[2], "GET /second "));
    ask_for("POST", "pay=1");
    stub_open(&stub, serve_dies);
    assert_failed(get("/first"), HTTP_OK);
    assert_failed(get("/second"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 3);
    assert_true(ends_in(stub.requests[2], "pay=1"));
}

/* As serve_dies; the lease runs out before the connection does. */
static void serve_dies_after_the_lease(struct http_stub *s, int connection)
{
    if (connection == 0 && stub_read(s) && stub_send(s, OK_200)) {
        (void)stub_read(s);
        may_send = false;
    } else if (connection > 0) {
        stub_answer(s, OK_200);
    }
}

/* A runner that was asleep, and taken for dead: others have called again by now. */
TEST(http_client_nothing_is_sent_again_once_that_is_forbidden)
{
    stub_open(&stub, serve_dies_after_the_lease);
    assert_failed(get("/first"), HTTP_OK);
    assert_failed(get("/second"), HTTP_ERROR_ABORTED);
    assert_true(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
}

/* ---- a reset that arrives while the loop waits ---- */

static atomic_bool go;
static const struct timespec millisecond = {.tv_nsec = 1000000};

/* Answer the last request and reset the connection while the client looks away. */
static void serve_and_reset(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        while (!go) {
            (void)nanosleep(&millisecond, NULL);
        }
        (void)stub_send(s, OK_200);
        stub_reset(s);
    }
}

/* The whole answer is there: that the target is rude afterwards takes nothing from it. */
TEST(http_client_answer_before_a_reset_counts)
{
    go = false;
    stub_open(&stub, serve_and_reset);
    begin(0, "/");
    rig.ticking = true;
    assert_true(rig_run(&rig, stub_has_a_request, RIG_LIMIT_MS));
    go = true;
    while (stub.closed == 0) {
        (void)nanosleep(&millisecond, NULL);
    }
    assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
    stub_close(&stub);
    assert_failed(&calls[0].result, HTTP_OK);
    assert_int_equal(calls[0].result.status, 200);
}

/* The redirect itself is a new request; what it asks for is sent once as well. */
static void serve_redirect_and_die(struct http_stub *s, int connection)
{
    if (connection > 0) {
        stub_answer(s, OK_200);
    } else if (stub_read(s) &&
               stub_send(s, "HTTP/1.1 302 X\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")) {
        (void)stub_read(s);
    }
}

TEST(http_client_once_holds_for_what_a_redirect_asks_for)
{
    stub_open(&stub, serve_redirect_and_die);
    request.once = true;
    assert_failed(get("/here"), HTTP_ERROR_RESPONSE);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
    assert_non_null(strstr(stub.requests[1], "GET /there "));
}

static void serve_one_each(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        (void)stub_send(s, OK_200);
    }
}

static bool first_connection_is_over(void)
{
    return stub.closed > 0;
}

/* A kept connection that the target has closed is noticed before it is used. */
TEST(http_client_once_survives_a_connection_closed_while_idle)
{
    stub_open(&stub, serve_one_each);
    request.once = true;
    assert_failed(get("/first"), HTTP_OK);
    rig.ticking = true;
    assert_true(rig_run(&rig, first_connection_is_over, RIG_LIMIT_MS));
    rig.ticking = false;
    assert_failed(get("/second"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
}

TEST(http_client_sends_nothing_that_is_forbidden)
{
    stub_open(&stub, serve_ok);
    may_send = false;
    assert_failed(get("/"), HTTP_ERROR_ABORTED);
    assert_false(calls[0].result.sent);
    may_send = true;
    assert_failed(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 1);
}

/* ---- ending calls ---- */

static bool three_are_told(void)
{
    return told >= 3;
}

TEST(http_client_cancel_tells_once)
{
    stub_open(&stub, serve_nothing);
    begin(0, "/");
    rig.ticking = true;
    assert_true(rig_run(&rig, stub_has_a_request, RIG_LIMIT_MS));
    http_client_cancel(calls[0].handle);
    http_client_cancel(calls[0].handle);
    assert_int_equal(told, 0);
    assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
    rig_idle(&rig, 20);
    assert_int_equal(calls[0].told, 1);
    assert_failed(&calls[0].result, HTTP_ERROR_ABORTED);
    assert_true(calls[0].result.sent);
    stub_close(&stub);
}

TEST(http_client_cancel_before_anything_was_sent)
{
    stub_open(&stub, serve_nothing);
    begin(0, "/");
    http_client_cancel(calls[0].handle);
    rig.ticking = true;
    assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
    assert_failed(&calls[0].result, HTTP_ERROR_ABORTED);
    assert_false(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.count, 0);
}

/* Cancels its neighbours and starts another call, which the header allows. */
static void on_done_meddle(void *arg, const struct http_result *result)
{
    on_done(arg, result);
    http_client_cancel(calls[1].handle);
    http_client_cancel(calls[2].handle);
    assert_int_equal(http_client_call(client, &request, on_done, &calls[3], &calls[3].handle), ERR_OK);
    http_client_cancel(calls[3].handle);
}

static bool four_are_told(void)
{
    return told >= 4;
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
    assert_true(rig_run(&rig, four_are_told, RIG_LIMIT_MS));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(calls[i].told, 1);
        assert_failed(&calls[i].result, HTTP_ERROR_ABORTED);
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
    assert_int_equal(told, 0);
    stub_close(&stub);
    http_client_free(NULL);
}

TEST(http_client_reuses_a_kept_connection)
{
    stub_open(&stub, serve_ok);
    for (int i = 0; i < 3; i++) {
        assert_failed(get("/"), HTTP_OK);
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 1);
    assert_int_equal(stub.count, 3);
}

/* ---- what comes on a kept connection that nobody asked for ---- */

static atomic_bool sent_late;

/* The first connection says more, when it is told to. */
static void serve_late(struct http_stub *s, int connection)
{
    if (connection > 0) {
        stub_answer(s, OK_200);
    } else if (stub_read(s) && stub_send(s, OK_200)) {
        while (!go) {
            (void)sched_yield();
        }
        (void)stub_send(s, bytes);
        sent_late = true;
        stub_hang(s);
    }
}

static const char *const late_bytes[] = {
    "HTTP/1.1 404 X\r\nContent-Length: 3\r\n\r\nbad",
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "x", "\r\n", "\n"};

/* Have a connection to s kept on which bytes wait that nobody asked for. The client has not been told. */
static void keep_with_late_bytes(struct http_stub *s, const char *text)
{
    bytes = text;
    go = false;
    sent_late = false;
    stub_open(s, serve_late);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", s->port);
    assert_failed(get(url), HTTP_OK);
    go = true;
    while (!sent_late) {
        (void)sched_yield();
    }
}

/* RFC 9112, 9.2. The request is sent once, and on another connection. */
TEST(http_client_late_bytes_are_no_answer_to_the_next_call)
{
    for (size_t i = 0; i < 2 * sizeof late_bytes / sizeof late_bytes[0]; i++) {
        request.once = i % 2 == 0;
        keep_with_late_bytes(&stub, late_bytes[i / 2]);
        assert_failed(get("/next"), HTTP_OK);
        stub_close(&stub);
        assert_int_equal(calls[0].result.status, 200);
        assert_int_equal(calls[0].result.body_bytes, 2);
        assert_true(calls[0].result.sent);
        assert_int_equal(stub.count, 2);
        assert_int_equal(stub.connections, 2);
    }
}

TEST(http_client_late_bytes_are_no_answer_to_a_redirect)
{
    char url[64];
    char target[64];
    request.once = true;
    for (size_t i = 0; i < sizeof late_bytes / sizeof late_bytes[0]; i++) {
        keep_with_late_bytes(&other, late_bytes[i]);
        stub_open(&stub, serve_location);
        (void)snprintf(target, sizeof target, "http://127.0.0.1:%d/there", other.port);
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", stub.port);
        location = target;
        assert_failed(get(url), HTTP_OK);
        stub_close(&stub);
        stub_close(&other);
        assert_int_equal(calls[0].result.status, 200);
        assert_int_equal(other.count, 2);
        assert_int_equal(other.connections, 2);
    }
}

static bool other_is_closed(void)
{
    return other.closed > 0;
}

/* Nobody has to come for that. */
TEST(http_client_late_bytes_end_the_connection)
{
    keep_with_late_bytes(&other, late_bytes[0]);
    rig.ticking = true;
    assert_true(rig_run(&rig, other_is_closed, RIG_LIMIT_MS));
    rig.ticking = false;
    stub_close(&other);
}

/* What failed on the connection that was over is not why the call did. */
TEST(http_client_late_bytes_are_no_reason)
{
    keep_with_late_bytes(&stub, late_bytes[0]);
    (void)shutdown(stub.listener, SHUT_RDWR);
    assert_failed(get("/next"), HTTP_ERROR_CONNECT);
    assert_null(strstr(calls[0].result.text, "ipe"));
    assert_false(calls[0].result.sent);
    stub_close(&stub);
}

/* ---- connections that the target does not want to be used again ---- */

static void serve_bytes_for_ever(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        bool first = strncmp(s->requests[s->count - 1], "GET /first", 10) == 0;
        (void)stub_send(s, first ? bytes : OK_200);
        stub_hang(s);
    }
}

/* Nothing that comes on such a connection later is answered: the stub reads one request only. */
TEST(http_client_connection_that_is_to_be_closed_is_not_used_again)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nConnection:\r\n close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: x,\r\n close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nConnection: x: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 302 X\r\nLocation: /there\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 302 X\r\nLocation: /there\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bytes = answers[i];
        stub_open(&stub, serve_bytes_for_ever);
        request.timeout_ms = 3000;
        assert_failed(get("/first"), HTTP_OK);
        if (i < 5) {
            assert_failed(get("/second"), HTTP_OK);
        }
        stub_close(&stub);
        assert_int_equal(stub.connections, 2);
    }
}

static void serve_chunked_redirect_once(struct http_stub *s, int connection)
{
    if (connection > 0) {
        stub_answer(s, OK_200);
    } else if (stub_read(s)) {
        (void)stub_send(s,
                        "HTTP/1.1 302 X\r\nLocation: /there\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        stub_hang(s);
    }
}

/* That the connection of a redirect is given up says nothing of the next one. */
TEST(http_client_connection_behind_a_redirect_is_kept)
{
    stub_open(&stub, serve_chunked_redirect_once);
    assert_failed(get("/"), HTTP_OK);
    assert_failed(get("/next"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.connections, 2);
    assert_int_equal(stub.count, 3);
}

/* ---- how long connections are kept ---- */

static atomic_int turns; /* of the loop */

static void count_turn(void)
{
    turns++;
    turn();
}

/* An answer that comes at once is read before libcurl waits for it; those from elsewhere are not. The loop
 * must tick. */
static void wait_until_it_sleeps(void)
{
    for (int until = turns + 3; turns < until;) {
        (void)sched_yield();
    }
}

/* As get, from a target that answers when the client sleeps. */
static const struct http_result *get_from_afar(const char *path)
{
    rig.turn = count_turn;
    rig.ticking = true;
    const struct http_result *result = get(path);
    rig.ticking = false;
    rig.turn = turn;
    return result;
}

static void serve_ok_from_afar(struct http_stub *s, int connection)
{
    (void)connection;
    while (stub_read(s)) {
        wait_until_it_sleeps();
        (void)stub_send(s, OK_200);
    }
}

static int idle_s; /* what a target says of that */

static void serve_keep_alive(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[128];
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=%d, max=100\r\nContent-Length: 2\r\n\r\nok",
                   idle_s);
    stub_answer(s, answer);
}

/* Two calls with a pause between them, to a target that has just been opened. True: one connection served
 * both. */
static bool one_connection_serves(int64_t pause_ms)
{
    int before = stub.connections;
    assert_failed(get("/"), HTTP_OK);
    leapt_ms += pause_ms;
    assert_failed(get("/"), HTTP_OK);
    int made = stub.connections - before;
    leapt_ms += 100000; /* the next pair has its own */
    return made <= 1;
}

TEST(http_client_connection_is_used_again_only_while_it_is_young)
{
    for (int once = 0; once <= 1; once++) {
        request.once = once == 1;
        stub_open(&stub, serve_ok);
        assert_true(one_connection_serves(0));
        assert_true(one_connection_serves(300));
        assert_false(one_connection_serves(600));
        assert_false(one_connection_serves(1000));
        assert_false(one_connection_serves(60000));
        stub_close(&stub);
    }
}

TEST(http_client_connection_is_kept_for_as_long_as_the_target_says)
{
    static const struct {
        int idle_s;
        int64_t pause_ms;
        bool kept;
    } rows[] = {{5, 3500, true}, {5, 4100, false}, {60, 25000, true},  {1, 300, true},
                {1, 600, false}, {0, 10, false},   {100, 40000, false} /* it would be too old */};
    stub_open(&stub, serve_keep_alive);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        idle_s = rows[i].idle_s;
        if (one_connection_serves(rows[i].pause_ms) != rows[i].kept) {
            fail_msg("row %zu", i);
        }
    }
    stub_close(&stub);
}

static void serve_far_away(struct http_stub *s, int connection)
{
    (void)connection;
    while (stub_read(s)) {
        leapt_ms += 200;
        (void)stub_send(s, OK_200);
    }
}

static void serve_slowly(struct http_stub *s, int connection)
{
    (void)connection;
    while (stub_read(s)) {
        leapt_ms += 3000;
        (void)stub_send(s, OK_200);
    }
}

/* The target's end of a connection is idle a round trip longer than ours. */
TEST(http_client_the_way_to_the_target_counts)
{
    stub_open(&stub, serve_far_away);
    assert_true(one_connection_serves(150));
    assert_false(one_connection_serves(350));
    stub_close(&stub);
    stub_open(&stub, serve_slowly);
    assert_true(one_connection_serves(50)); /* a burst shares connections with whoever takes long, too */
    assert_false(one_connection_serves(150));
    stub_close(&stub);
}

/* A busy one, too: its name may lead elsewhere by now. */
TEST(http_client_connection_has_a_greatest_age)
{
    stub_open(&stub, serve_ok_from_afar);
    for (int i = 0; i < 100; i++) {
        assert_failed(get_from_afar("/"), HTTP_OK);
        leapt_ms += 310;
    }
    assert_int_equal(stub.connections, 2);
    stub_close(&stub);
}

static void serve_location_late(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[512];
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 302 X\r\nLocation: %s\r\nKeep-Alive: timeout=60\r\nContent-Length: 0\r\n\r\n",
                   location);
    while (stub_read(s)) {
        wait_until_it_sleeps();
        leapt_ms += 1000;
        (void)stub_send(s, answer);
    }
}

/* Where a redirect leads, the connection may have grown old while the first answer was waited for; and what
 * the one target says of its connections says nothing of the other's. */
TEST(http_client_redirects_take_no_old_connection)
{
    char target[64];
    char url[64];
    request.once = true;
    stub_open(&other, serve_ok);
    stub_open(&stub, serve_location_late);
    (void)snprintf(target, sizeof target, "http://127.0.0.1:%d/there", other.port);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", stub.port);
    location = target;
    assert_failed(get(target), HTTP_OK);
    assert_failed(get_from_afar(url), HTTP_OK);
    assert_int_equal(other.connections, 2);
    assert_failed(get_from_afar(url), HTTP_OK);
    assert_int_equal(stub.connections, 1);
    assert_int_equal(other.connections, 3);
    stub_close(&stub);
    stub_close(&other);
}

static bool client_has_hung_up(void)
{
    return stub.closed > 0;
}

/* As soon as something else is called. */
TEST(http_client_target_learns_that_a_connection_is_ended)
{
    char url[64];
    stub_open(&stub, serve_ok);
    stub_open(&other, serve_ok);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", other.port);
    assert_failed(get("/"), HTTP_OK);
    leapt_ms += 1000;
    assert_failed(get(url), HTTP_OK);
    rig.ticking = true;
    assert_true(rig_run(&rig, client_has_hung_up, RIG_LIMIT_MS));
    rig.ticking = false;
    stub_close(&other);
    stub_close(&stub);
}

/* Not the target's fault, and not its class. */
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
    assert_failed(&calls[0].result, HTTP_ERROR_INTERNAL);
    assert_false(calls[0].result.sent);
    stub_close(&stub);
}

/* ---- kept connections, whose sockets stay watched between two calls ---- */

static int over;                /* connections that are to be over */
static const char *last_answer; /* on each of them */

/* Answers not before the client has gone to sleep over it. */
static void serve_three_each(struct http_stub *s, int connection)
{
    (void)connection;
    for (int i = 0; i < 3 && stub_read(s); i++) {
        wait_until_it_sleeps();
        (void)stub_send(s, i < 2 ? OK_200 : last_answer);
    }
}

static bool connections_are_over(void)
{
    return stub.closed >= over;
}

/* Three calls, of which the last two take up a kept connection; the target ends it after that. */
static void use_up_a_connection(const char *path)
{
    over = stub.closed + 1;
    rig.turn = count_turn;
    rig.ticking = true;
    for (int i = 0; i < 3; i++) {
        assert_failed(get(path), HTTP_OK);
    }
    assert_true(rig_run(&rig, connections_are_over, RIG_LIMIT_MS));
    rig.ticking = false;
}

TEST(http_client_connection_closed_while_idle_costs_no_turns)
{
    last_answer = OK_200;
    stub_open(&stub, serve_three_each);
    use_up_a_connection("/");
    int before = turns;
    rig_idle(&rig, 50);
    assert_in_range(turns - before, 0, 5);
    stub_close(&stub);
}

static void watch_nothing(void *arg, unsigned events)
{
    (void)arg;
    (void)events;
}

/* Somebody else's descriptors get the numbers of sockets that are closed: can they be watched? */
static void assert_numbers_are_free(void)
{
    struct loop_watch *watches[8];
    int fds[8];
    for (size_t i = 0; i < 8; i++) {
        fds[i] = eventfd(0, EFD_CLOEXEC);
        watches[i] = loop_watch_new(rig.loop, fds[i], watch_nothing, NULL);
        assert_non_null(watches[i]);
        loop_watch_set(watches[i], LOOP_READ);
    }
    for (size_t i = 0; i < 8; i++) {
        loop_watch_free(watches[i]);
        close(fds[i]);
    }
}

TEST(http_client_number_of_a_closed_connection_is_free)
{
    stub_open(&stub, serve_three_each);
    for (int i = 0; i < 4; i++) {
        last_answer =
            i % 2 == 0 ? OK_200 : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        use_up_a_connection("/");
        assert_numbers_are_free();
        assert_failed(get("http://nowhere.invalid/"), HTTP_ERROR_DNS);
        assert_numbers_are_free();
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 4);
}

/* libcurl does not tell of these. */
TEST(http_client_number_of_a_connection_that_never_was_is_free)
{
    last_answer = OK_200;
    stub_open(&stub, serve_three_each);
    for (int i = 0; i < 3; i++) {
        told = 0;
        calls[1] = (struct call){0};
        begin(1, "/");
        http_client_cancel(calls[1].handle);
        assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
        assert_failed(&calls[1].result, HTTP_ERROR_ABORTED);
        assert_failed(get("http://nowhere.invalid/"), HTTP_ERROR_DNS);
        assert_numbers_are_free();
        assert_failed(get("http://127.0.0.1:1/"), HTTP_ERROR_CONNECT);
        assert_numbers_are_free();
        use_up_a_connection("/");
    }
    stub_close(&stub);
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
    assert_true(rig_run(&rig, three_are_told, RIG_LIMIT_MS));
    assert_int_equal(calls[4].told, 0);
    stub_close(&other);
    stub_close(&stub);
}

TEST(http_client_errors_have_names)
{
    static const char *const names[HTTP_ERROR__COUNT] = {
        "",         "dns",     "connect", "tls", "timeout", "redirect", "too_many_redirects",
        "response", "aborted", "internal"};
    for (unsigned i = 0; i < HTTP_ERROR__COUNT; i++) {
        assert_string_equal(http_error_name((enum http_error)i), names[i]);
    }
    assert_string_equal(http_error_name(HTTP_ERROR__COUNT), "internal");
}
