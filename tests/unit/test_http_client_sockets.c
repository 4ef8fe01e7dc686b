/* The HTTP client: the sockets of kept connections, which stay watched between two calls. */
#include "http_client_rig.h"
#include "test.h"

#include <sys/eventfd.h>

EACH_TEST(set_up, tear_down);

static int over;                /* connections that are to be over */
static const char *last_answer; /* on each of them */

/* Answer three requests, each once the client sleeps over it. */
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

/* Make three calls, of which the last two use a kept connection. The target then closes it. */
static void use_up_a_connection(const char *path)
{
    over = stub.closed + 1;
    rig.turn = count_turn;
    rig.ticking = true;
    for (int i = 0; i < 3; i++) {
        assert_result(get(path), HTTP_OK);
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

/* Other descriptors, which get the numbers of closed sockets, can be watched. */
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
        assert_result(get("http://nowhere.invalid/"), HTTP_ERROR_DNS);
        assert_numbers_are_free();
    }
    stub_close(&stub);
    assert_int_equal(stub.connections, 4);
}

/* libcurl does not report the end of these. */
TEST(http_client_number_of_a_connection_that_never_was_is_free)
{
    last_answer = OK_200;
    stub_open(&stub, serve_three_each);
    for (int i = 0; i < 3; i++) {
        ended = 0;
        calls[1] = (struct call){0};
        begin(1, "/");
        http_client_cancel(calls[1].handle);
        assert_true(rig_run(&rig, one_has_ended, RIG_LIMIT_MS));
        assert_result(&calls[1].result, HTTP_ERROR_ABORTED);
        assert_result(get("http://nowhere.invalid/"), HTTP_ERROR_DNS);
        assert_numbers_are_free();
        assert_result(get("http://127.0.0.1:1/"), HTTP_ERROR_CONNECT);
        assert_numbers_are_free();
        use_up_a_connection("/");
    }
    stub_close(&stub);
}
