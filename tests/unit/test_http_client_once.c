/* The HTTP client: what is sent at most once, and what may be sent again. */
#include "http_client_rig.h"
#include "test.h"

EACH_TEST(set_up, tear_down);

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
        assert_result(get("/first"), HTTP_OK);
        assert_result(get("/second"), HTTP_ERROR_RESPONSE);
        assert_true(calls[0].result.sent);
        stub_close(&stub);
        assert_int_equal(stub.count, 2);
        assert_non_null(strstr(stub.requests[1], "GET /second "));
        tear_down();
        set_up();
    }
}

/* The same with a body, all of which the target may have read. */
TEST(http_client_once_holds_for_bodies)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE"};
    for (size_t i = 0; i < 3; i++) {
        stub_open(&stub, serve_dies);
        request.once = true;
        ask_for(methods[i], "pay=1");
        assert_result(get("/first"), HTTP_OK);
        assert_result(get("/second"), HTTP_ERROR_RESPONSE);
        assert_true(calls[0].result.sent);
        stub_close(&stub);
        assert_int_equal(stub.count, 2);
        assert_true(ends_in(stub.requests[1], "pay=1"));
        tear_down();
        set_up();
    }
}

/* This shows that the tests above test something. */
TEST(http_client_others_are_sent_again_when_a_kept_connection_dies)
{
    stub_open(&stub, serve_dies);
    assert_result(get("/first"), HTTP_OK);
    assert_result(get("/second"), HTTP_OK);
    assert_int_equal(calls[0].result.status, 200);
    stub_close(&stub);
    assert_int_equal(stub.count, 3);
    assert_non_null(strstr(stub.requests[1], "GET /second "));
    assert_non_null(strstr(stub.requests[2], "GET /second "));
    ask_for("POST", "pay=1");
    stub_open(&stub, serve_dies);
    assert_result(get("/first"), HTTP_OK);
    assert_result(get("/second"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 3);
    assert_true(ends_in(stub.requests[2], "pay=1"));
}

/* As serve_dies, and the lease runs out before the connection dies. */
static void serve_dies_after_the_lease(struct http_stub *s, int connection)
{
    if (connection == 0 && stub_read(s) && stub_send(s, OK_200)) {
        (void)stub_read(s);
        may_send = false;
    } else if (connection > 0) {
        stub_answer(s, OK_200);
    }
}

/* The runner slept and counts as dead: another one may have called by now. */
TEST(http_client_nothing_is_sent_again_once_that_is_forbidden)
{
    stub_open(&stub, serve_dies_after_the_lease);
    assert_result(get("/first"), HTTP_OK);
    assert_result(get("/second"), HTTP_ERROR_ABORTED);
    assert_true(calls[0].result.sent);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
}

/* Following a redirect is a new request, which is sent once as well. */
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
    assert_result(get("/here"), HTTP_ERROR_RESPONSE);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
    assert_non_null(strstr(stub.requests[1], "GET /there "));
}

static bool first_connection_is_over(void)
{
    return stub.closed > 0;
}

/* The client notices that the target has closed a kept connection before it uses it. */
TEST(http_client_once_survives_a_connection_closed_while_idle)
{
    stub_open(&stub, serve_one_each);
    request.once = true;
    assert_result(get("/first"), HTTP_OK);
    rig.ticking = true;
    assert_true(rig_run(&rig, first_connection_is_over, RIG_LIMIT_MS));
    rig.ticking = false;
    assert_result(get("/second"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 2);
}

TEST(http_client_sends_nothing_that_is_forbidden)
{
    stub_open(&stub, serve_ok);
    may_send = false;
    assert_result(get("/"), HTTP_ERROR_ABORTED);
    assert_false(calls[0].result.sent);
    may_send = true;
    assert_result(get("/"), HTTP_OK);
    stub_close(&stub);
    assert_int_equal(stub.count, 1);
}

/* ---- a reset that arrives while the loop waits ---- */

static atomic_bool go;

/* Answer the last request and reset the connection while the client looks away. */
static void serve_and_reset(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        while (!go) {
            stub_pause();
        }
        (void)stub_send(s, OK_200);
        stub_reset(s);
    }
}

/* The whole answer is there; a reset after it takes nothing away. */
TEST(http_client_answer_before_a_reset_counts)
{
    go = false;
    stub_open(&stub, serve_and_reset);
    begin(0, "/");
    rig.ticking = true;
    assert_true(rig_run(&rig, stub_has_a_request, RIG_LIMIT_MS));
    go = true;
    while (stub.closed == 0) {
        stub_pause();
    }
    assert_true(rig_run(&rig, one_has_ended, RIG_LIMIT_MS));
    stub_close(&stub);
    assert_result(&calls[0].result, HTTP_OK);
    assert_int_equal(calls[0].result.status, 200);
}
