/* The HTTP client and where requests may go: addresses when a connection is opened and before each request, and what
 * redirects take to another origin. */
#include "http_client_rig.h"
#include "net/targets.h"
#include "test.h"

static struct http_stub other;
static struct targets targets;

static void with(enum targets_mode mode, const char *allow, const char *deny)
{
    struct targets_settings settings = {.mode = mode};
    (void)snprintf(settings.allow, sizeof settings.allow, "%s", allow);
    (void)snprintf(settings.deny, sizeof settings.deny, "%s", deny);
    targets_fini(&targets);
    assert_true(targets_init(&targets, &settings));
}

static void begin_test(void)
{
    may_go_to = &targets;
    with(TARGETS_LOCAL, "", "");
    set_up();
}

static void end_test(void)
{
    tear_down();
    targets_fini(&targets);
}

EACH_TEST(begin_test, end_test);

static void assert_forbidden(const struct http_result *result, const char *why)
{
    assert_result(result, HTTP_ERROR_FORBIDDEN);
    assert_string_equal(result->text, why);
}

/* ---- addresses ---- */

TEST(http_guard_opens_no_connection_to_where_no_call_may_go)
{
    stub_open(&stub, serve_ok);
    with(TARGETS_PUBLIC, "", "");
    assert_forbidden(get("/"), "127.0.0.1 is a loopback address, which TARGETS=public does not open");
    assert_false(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.connections, 0);
}

TEST(http_guard_lets_allowed_calls_go_on)
{
    stub_open(&stub, serve_ok);
    with(TARGETS_PUBLIC, "127.0.0.0/8", "");
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
}

/* Addresses that a look-up found: the first ones are refused, the last one is not. */
TEST(http_guard_takes_the_address_that_is_allowed)
{
    char url[64];
    stub_open(&stub, serve_ok);
    with(TARGETS_PUBLIC, "127.0.0.1", "");
    (void)snprintf(url, sizeof url, "http://mixed.test:%d/", stub.port);
    request.host = slice_of("mixed.test");
    request.port = (uint16_t)stub.port;
    request.addresses = "127.0.0.3,127.0.0.2,127.0.0.1";
    assert_result(get(url), HTTP_OK);
    stub_close(&stub);
    request.addresses = "127.0.0.3,[::1]";
    request.host = slice_of("inside.test");
    (void)snprintf(url, sizeof url, "http://inside.test:%d/", stub.port);
    assert_result(get(url), HTTP_ERROR_FORBIDDEN);
}

/* The reason for the failure is what happened at the address that could be called. */
TEST(http_guard_says_that_an_allowed_address_did_not_answer)
{
    char url[64];
    stub_open(&stub, serve_ok);
    stub_close(&stub);
    with(TARGETS_PUBLIC, "127.0.0.1", "");
    (void)snprintf(url, sizeof url, "http://mixed.test:%d/", stub.port);
    request.host = slice_of("mixed.test");
    request.port = (uint16_t)stub.port;
    request.addresses = "127.0.0.3,127.0.0.1";
    assert_result(get(url), HTTP_ERROR_CONNECT);
}

TEST(http_guard_judges_kept_connections_again)
{
    stub_open(&stub, serve_ok);
    with(TARGETS_AUTO, "", "");
    assert_result(get("/"), HTTP_OK);
    targets_note_keys(&targets, true);
    assert_forbidden(get("/"),
                     "127.0.0.1 is a loopback address, which TARGETS=auto, with API keys, does not open");
    assert_false(calls[0].result.sent);
    targets_note_keys(&targets, false);
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
}

/* ---- redirects ---- */

static int status;
static char elsewhere[128];

/* Lead to elsewhere, of whatever request. */
static void serve_elsewhere(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[256];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                   status, elsewhere);
    stub_answer(s, answer);
}

static void lead_to(const struct http_stub *s, const char *path)
{
    (void)snprintf(elsewhere, sizeof elsewhere, "http://127.0.0.1:%d%s", s->port, path);
}

TEST(http_guard_refuses_redirects_to_where_no_call_may_go)
{
    static const char *const places[] = {"http://169.254.169.254/",  "http://2852039166/",
                                         "http://0xa9fea9fe/",       "http://0251.0376.0251.0376/",
                                         "http://169.254.43518/",    "//169.254.169.254/",
                                         "http:///169.254.169.254/", "http://[::ffff:a9fe:a9fe]/",
                                         "http://[fe80::1]/",        "http://[64:ff9b::a9fe:a9fe]/",
                                         "http://0.0.0.0/",          "http://[::]/"};
    stub_open(&stub, serve_elsewhere);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        status = 302;
        (void)snprintf(elsewhere, sizeof elsewhere, "%s", places[i]);
        assert_result(get("/"), HTTP_ERROR_FORBIDDEN);
        assert_int_equal(calls[0].result.status, 302);
        assert_true(calls[0].result.sent);
    }
    stub_close(&stub);
}

#define SECRETS                                                                                              \
    HEADERS(                                                                                                 \
        "Authorization: AAA\0Cookie: BBB\0X-Api-Key: CCC\0Proxy-Token: DDD\0X-Amz-Security-Token: EEE\0"     \
        "Dronc-Job-Id: FFF\0Idempotency-Key: GGG\0Content-Type: text/x-HHH\0X-Empty;\0Accept: text/x-mine\0" \
        "Accept-Language: de\0")
static const char *const secrets[] = {"AAA", "BBB", "CCC",     "DDD",  "EEE", "FFF",
                                      "GGG", "HHH", "X-Empty", "dTpw", "x=1"};

static const int statuses[] = {301, 302, 303, 307, 308};

static void assert_has_no_secret(const char *text)
{
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strstr(text, secrets[i]) != NULL) {
            fail_msg("%d, %s: %s", status, secrets[i], text);
        }
    }
}

static void ask_with_secrets(const char *method)
{
    char url[64];
    request.headers = SECRETS;
    ask_for(method, "x=1");
    (void)snprintf(url, sizeof url, "http://u:p@127.0.0.1:%d/", stub.port);
    assert_result(get(url), HTTP_OK);
}

TEST(http_guard_takes_no_secret_to_another_origin)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "GET"};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0] * 4; i++) {
        const char *method = methods[i % 4];
        char line[64];
        status = statuses[i / 4];
        bool to_get = status == 303 || (status < 303 && i % 4 == 0);
        stub_open(&other, serve_ok);
        stub_open(&stub, serve_elsewhere);
        lead_to(&other, "/landed?q=1");
        ask_with_secrets(method);
        stub_close(&stub);
        stub_close(&other);
        assert_int_equal(other.count, 1);
        (void)snprintf(line, sizeof line, "%s /landed?q=1 HTTP/1.1\r\n", to_get ? "GET" : method);
        if (strncmp(other.requests[0], line, strlen(line)) != 0) {
            fail_msg("%d: %s: %s", status, line, other.requests[0]);
        }
        assert_has_no_secret(other.requests[0]);
        assert_non_null(strstr(other.requests[0], "\r\nAccept: text/x-mine\r\n"));
        assert_non_null(strstr(other.requests[0], "\r\nAccept-Language: de\r\n"));
        assert_non_null(strstr(other.requests[0], "\r\nUser-Agent: test/1\r\n"));
    }
}

/* Nor from there on, not even back to the first. */
static void serve_back(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[256];
    while (stub_read(s)) {
        bool is_landed = strstr(s->requests[s->count - 1], " /landed ") != NULL;
        (void)snprintf(
            answer, sizeof answer, "HTTP/1.1 307 X\r\nLocation: %s%d%s\r\nContent-Length: 0\r\n\r\n",
            is_landed ? "/here?" : "http://127.0.0.1:", is_landed ? 1 : stub.port, is_landed ? "" : "/back");
        (void)stub_send(s, answer);
    }
}

static void serve_first(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[256];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 307 X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                   elsewhere);
    while (stub_read(s)) {
        (void)stub_send(s, strstr(s->requests[s->count - 1], " /back ") != NULL ? OK_200 : answer);
    }
}

TEST(http_guard_brings_no_secret_back)
{
    status = 307;
    stub_open(&other, serve_back);
    stub_open(&stub, serve_first);
    lead_to(&other, "/landed");
    ask_with_secrets("POST");
    stub_close(&stub);
    stub_close(&other);
    assert_int_equal(other.count, 2);
    assert_int_equal(stub.count, 2);
    assert_has_no_secret(other.requests[0]);
    assert_has_no_secret(other.requests[1]);
    assert_has_no_secret(stub.requests[1]);
    assert_memory_equal(stub.requests[1], "POST /back HTTP/1.1\r\n", 21);
}

static void serve_same(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[256];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 %d X\r\nLocation: /landed\r\nContent-Length: 0\r\n\r\n",
                   status);
    while (stub_read(s)) {
        (void)stub_send(s, strstr(s->requests[s->count - 1], " /landed ") != NULL ? OK_200 : answer);
    }
}

TEST(http_guard_takes_everything_to_the_same_origin)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        status = statuses[i];
        stub_open(&stub, serve_same);
        ask_with_secrets("PUT");
        stub_close(&stub);
        assert_int_equal(stub.count, 2);
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
            bool is_of_body = strcmp(secrets[k], "HHH") == 0 || strcmp(secrets[k], "x=1") == 0;
            bool is_replaced = strcmp(secrets[k], "dTpw") == 0; /* by the job's own Authorization */
            bool is_there = strstr(stub.requests[1], secrets[k]) != NULL;
            if (!is_replaced && is_there != !(is_of_body && status == 303)) {
                fail_msg("%d, %s: %s", status, secrets[k], stub.requests[1]);
            }
        }
    }
}

/* The first redirect stays at the origin and makes a GET of the request, the second one leads away. */
static void serve_near_then_far(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[256];
    while (stub_read(s)) {
        bool is_near = strstr(s->requests[s->count - 1], " /near ") != NULL;
        (void)snprintf(answer, sizeof answer, "HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                       is_near ? 307 : status, is_near ? elsewhere : "/near");
        (void)stub_send(s, answer);
    }
}

TEST(http_guard_keeps_the_method_that_redirects_led_to)
{
    static const struct {
        int status;
        const char *method, *then;
    } rows[] = {{303, "DELETE", "GET"}, {303, "PUT", "GET"},   {302, "POST", "GET"},
                {301, "POST", "GET"},   {307, "POST", "POST"}, {302, "PUT", "PUT"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[64];
        status = rows[i].status;
        stub_open(&other, serve_ok);
        stub_open(&stub, serve_near_then_far);
        lead_to(&other, "/far");
        ask_with_secrets(rows[i].method);
        stub_close(&stub);
        stub_close(&other);
        (void)snprintf(line, sizeof line, "%s /far HTTP/1.1\r\n", rows[i].then);
        if (strncmp(other.requests[0], line, strlen(line)) != 0) {
            fail_msg("%d %s: %s", status, rows[i].method, other.requests[0]);
        }
        assert_has_no_secret(other.requests[0]);
        assert_int_equal(strstr(other.requests[0], "Content-Length") == NULL,
                         strcmp(rows[i].then, "GET") == 0);
    }
}

/* User name and password of the redirect itself are no header that the call has. */
TEST(http_guard_drops_credentials_of_a_redirect)
{
    status = 302;
    stub_open(&other, serve_ok);
    stub_open(&stub, serve_elsewhere);
    (void)snprintf(elsewhere, sizeof elsewhere, "http://x:y@127.0.0.1:%d/", other.port);
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    stub_close(&other);
    assert_null(strstr(other.requests[0], "Authorization"));
}

/* ---- the transfer to another origin belongs to the call ---- */

TEST(http_guard_counts_redirects_across_origins)
{
    status = 302;
    stub_open(&stub, serve_elsewhere);
    stub_open(&other, serve_elsewhere);
    lead_to(&other, "/loop"); /* the other one leads to itself */
    request.max_redirects = 5;
    assert_result(get("/"), HTTP_ERROR_REDIRECTS);
    assert_int_equal(other.count, 5);
    request.max_redirects = 1;
    assert_result(get("/"), HTTP_ERROR_REDIRECTS);
    assert_int_equal(other.count, 6);
    assert_int_equal(calls[0].result.status, 302);
    stub_close(&stub);
    stub_close(&other);
}

TEST(http_guard_keeps_to_the_time_limit_across_origins)
{
    status = 302;
    stub_open(&stub, serve_elsewhere);
    stub_open(&other, serve_nothing);
    lead_to(&other, "/");
    request.timeout_ms = 300;
    assert_result(get("/"), HTTP_ERROR_TIMEOUT);
    assert_in_range(calls[0].result.took_ms, 250, 3000);
    stub_close(&stub);
    stub_close(&other);
}

TEST(http_guard_reports_a_place_that_cannot_be_reached)
{
    status = 307;
    stub_open(&other, serve_ok);
    stub_close(&other);
    stub_open(&stub, serve_elsewhere);
    lead_to(&other, "/");
    assert_result(get("/"), HTTP_ERROR_CONNECT);
    assert_int_equal(calls[0].result.status, 307);
    stub_close(&stub);
}

/* At most once: the redirect is no second sending, but a connection that dies there is no reason for one. */
TEST(http_guard_follows_once)
{
    status = 307;
    request.once = true;
    stub_open(&other, serve_ok);
    stub_open(&stub, serve_elsewhere);
    lead_to(&other, "/");
    assert_result(get("/"), HTTP_OK);
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    stub_close(&other);
    assert_int_equal(other.count, 2);
}

TEST(http_guard_sums_the_phases_of_both_transfers)
{
    status = 302;
    stub_open(&other, serve_ok);
    stub_open(&stub, serve_elsewhere);
    lead_to(&other, "/");
    assert_result(get("/"), HTTP_OK);
    const struct http_timings *t = &calls[0].result.timings;
    assert_true(t->connect_us > 0);
    assert_true(t->first_byte_us > t->connect_us);
    assert_true(t->total_us >= t->first_byte_us);
    stub_close(&stub);
    stub_close(&other);
}

TEST(http_guard_cancels_a_call_that_has_moved)
{
    status = 302;
    stub_open(&other, serve_nothing);
    stub_open(&stub, serve_elsewhere);
    lead_to(&other, "/");
    begin(0, "/");
    for (int i = 0; i < 50 && other.count == 0; i++) {
        (void)rig_run(&rig, one_has_ended, 20);
    }
    assert_int_equal(other.count, 1);
    http_client_cancel(calls[0].handle);
    assert_true(rig_run(&rig, one_has_ended, RIG_LIMIT_MS));
    assert_result(&calls[0].result, HTTP_ERROR_ABORTED);
    stub_close(&stub);
    stub_close(&other);
}
