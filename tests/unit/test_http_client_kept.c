/* The HTTP client and its kept connections: which ones it uses again, and for how long. */
#include "http_client_rig.h"
#include "test.h"

EACH_TEST(set_up, tear_down);

static struct http_stub other;

TEST(http_client_reuses_a_kept_connection)
{
    stub_open(&stub, serve_ok);
    for (int i = 0; i < 3; i++) {
        assert_result(get("/"), HTTP_OK);
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 1);
    assert_int_equal(stub.count, 3);
}

/* ---- bytes on a kept connection that no call asked for ---- */

static atomic_bool go;
static atomic_bool sent_late;

/* On the first connection, send more bytes once `go` is set. */
static void serve_late(struct http_stub *s, int connection)
{
    if (connection > 0) {
        stub_answer(s, OK_200);
    } else if (stub_read(s) && stub_send(s, OK_200)) {
        while (!go) {
            stub_pause();
        }
        (void)stub_send(s, bytes);
        sent_late = true;
        stub_hang(s);
    }
}

static const char *const late_bytes[] = {
    "HTTP/1.1 404 X\r\nContent-Length: 3\r\n\r\nbad",
    "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "x", "\r\n", "\n"};

/* Keep a connection to s on which text waits that no call asked for. The client has not seen it yet. */
static void keep_with_late_bytes(struct http_stub *s, const char *text)
{
    bytes = text;
    go = false;
    sent_late = false;
    stub_open(s, serve_late);
    char url[64];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", s->port);
    assert_result(get(url), HTTP_OK);
    go = true;
    while (!sent_late) {
        stub_pause();
    }
}

/* RFC 9112, 9.2. The request is sent once, and on another connection. */
TEST(http_client_late_bytes_are_no_answer_to_the_next_call)
{
    for (size_t i = 0; i < 2 * sizeof late_bytes / sizeof late_bytes[0]; i++) {
        request.once = i % 2 == 0;
        keep_with_late_bytes(&stub, late_bytes[i / 2]);
        assert_result(get("/next"), HTTP_OK);
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
        assert_result(get(url), HTTP_OK);
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

/* That takes no further call. */
TEST(http_client_late_bytes_end_the_connection)
{
    keep_with_late_bytes(&other, late_bytes[0]);
    rig.ticking = true;
    assert_true(rig_run(&rig, other_is_closed, RIG_LIMIT_MS));
    rig.ticking = false;
    stub_close(&other);
}

/* The call reports why its own connection failed, not what happened on the kept one. */
TEST(http_client_late_bytes_are_no_reason)
{
    keep_with_late_bytes(&stub, late_bytes[0]);
    (void)shutdown(stub.listener, SHUT_RDWR);
    assert_result(get("/next"), HTTP_ERROR_CONNECT);
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

/* The stub reads one request on each connection, so a second one would get no answer. */
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
        assert_result(get("/first"), HTTP_OK);
        if (i < 5) {
            assert_result(get("/second"), HTTP_OK);
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

/* The client gives up the connection of the redirect, and keeps the next one. */
TEST(http_client_connection_behind_a_redirect_is_kept)
{
    stub_open(&stub, serve_chunked_redirect_once);
    assert_result(get("/"), HTTP_OK);
    assert_result(get("/next"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.connections, 2);
    assert_int_equal(stub.count, 3);
}

/* ---- how long connections are kept ---- */

/* As get, for a target that answers when the client sleeps. */
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

/* Make two calls with a pause between them, to a target that is new to the client. Returns true if one
 * connection served both. */
static bool one_connection_serves(int64_t pause_ms)
{
    int before = stub.connections;
    assert_result(get("/"), HTTP_OK);
    leapt_ms += pause_ms;
    assert_result(get("/"), HTTP_OK);
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

/* The target's end of a connection is idle for a round trip longer than ours. */
TEST(http_client_the_way_to_the_target_counts)
{
    stub_open(&stub, serve_far_away);
    assert_true(one_connection_serves(150));
    assert_false(one_connection_serves(350));
    stub_close(&stub);
    stub_open(&stub, serve_slowly);
    assert_true(one_connection_serves(50)); /* a burst shares connections with slow calls, too */
    assert_false(one_connection_serves(150));
    stub_close(&stub);
}

/* Even if it is busy: its name may lead elsewhere by now. */
TEST(http_client_connection_has_a_greatest_age)
{
    stub_open(&stub, serve_ok_from_afar);
    for (int i = 0; i < 100; i++) {
        assert_result(get_from_afar("/"), HTTP_OK);
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

/* A kept connection to where the redirect leads may grow old while the first answer is awaited. What one
 * target says of its connections does not hold for the other's. */
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
    assert_result(get(target), HTTP_OK);
    assert_result(get_from_afar(url), HTTP_OK);
    assert_int_equal(other.connections, 2);
    assert_result(get_from_afar(url), HTTP_OK);
    assert_int_equal(stub.connections, 1);
    assert_int_equal(other.connections, 3);
    stub_close(&stub);
    stub_close(&other);
}

static bool client_has_hung_up(void)
{
    return stub.closed > 0;
}

/* That happens with the next call to anywhere. */
TEST(http_client_target_learns_that_a_connection_is_ended)
{
    char url[64];
    stub_open(&stub, serve_ok);
    stub_open(&other, serve_ok);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", other.port);
    assert_result(get("/"), HTTP_OK);
    leapt_ms += 1000;
    assert_result(get(url), HTTP_OK);
    rig.ticking = true;
    assert_true(rig_run(&rig, client_has_hung_up, RIG_LIMIT_MS));
    rig.ticking = false;
    stub_close(&other);
    stub_close(&stub);
}
