/* The gate: places per host, who waits in line, and whose turn it is. */
#include "gate.h"

#include "log_capture.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define RUNS 40

static struct gate gate;
static struct run runs[RUNS];
static int64_t now_ms;

static struct mono_ms mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){now_ms};
}

/* Five runs inside at once, two calls to each host. */
static int set_up(void **state)
{
    (void)state;
    memset(runs, 0, sizeof runs);
    now_ms = 1000;
    gate_init(&gate, 5, 2, (struct clock){.mono = mono});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gate_fini(&gate);
    return 0;
}

static enum gate_place enter(int n, const char *api)
{
    assert_int_equal(url_parse(&runs[n].job.url, slice_of(api), NULL), URL_OK);
    assert_int_equal(gate_enter(&gate, &runs[n]), ERR_OK);
    return runs[n].place;
}

/* Run n of host a, called as soon as it is in. */
static void call(int n)
{
    assert_int_equal(enter(n, "http://a/"), GATE_AHEAD);
    assert_true(gate_call(&gate, &runs[n]));
}

static void leave(int n)
{
    gate_leave(&gate, &runs[n]);
    assert_int_equal(runs[n].place, GATE_OUT);
}

static void test_gate_lets_as_many_in_as_a_host_may_have_calls(void **state)
{
    (void)state;
    assert_int_equal(enter(0, "http://a/1"), GATE_AHEAD);
    assert_int_equal(enter(1, "http://a/2"), GATE_AHEAD);
    assert_int_equal(enter(2, "http://a/3"), GATE_OUTSIDE);
    assert_int_equal(enter(3, "http://b/"), GATE_AHEAD);
    assert_int_equal(gate.inside, 3);
    assert_int_equal(gate.outside, 1);
    assert_null(gate_next(&gate));
    leave(0);
    assert_ptr_equal(gate_next(&gate), &runs[2]);
    assert_int_equal(runs[2].place, GATE_AHEAD);
    assert_null(gate_next(&gate));
}

static void test_gate_knows_a_host_by_name_and_port(void **state)
{
    (void)state;
    (void)enter(0, "http://example.com/1");
    (void)enter(1, "http://user:secret@EXAMPLE.com:80/2?x");
    assert_int_equal(enter(2, "http://Example.Com"), GATE_OUTSIDE);
    assert_int_equal(enter(3, "https://example.com/"), GATE_AHEAD);
    assert_int_equal(enter(4, "http://example.com:81/"), GATE_AHEAD);
    assert_int_equal(enter(5, "http://www.example.com/"), GATE_AHEAD);
}

static void test_gate_lets_no_more_in_than_there_are_places(void **state)
{
    (void)state;
    const char *const apis[] = {"http://a/", "http://b/", "http://c/", "http://d/", "http://e/", "http://f/"};
    for (int n = 0; n < 5; n++) {
        assert_int_equal(enter(n, apis[n]), GATE_AHEAD);
    }
    assert_int_equal(enter(5, apis[5]), GATE_OUTSIDE);
    assert_null(gate_next(&gate));
    leave(3);
    assert_ptr_equal(gate_next(&gate), &runs[5]);
}

static void test_gate_lines_are_first_come_first_served(void **state)
{
    (void)state;
    for (int n = 0; n < 6; n++) {
        (void)enter(n, "http://a/");
    }
    leave(3); /* from the middle of the line */
    leave(0);
    leave(1);
    assert_ptr_equal(gate_next(&gate), &runs[2]);
    assert_ptr_equal(gate_next(&gate), &runs[4]);
    assert_null(gate_next(&gate));
    leave(2);
    /* Nobody comes in past those that wait. */
    assert_int_equal(enter(6, "http://a/"), GATE_OUTSIDE);
    assert_ptr_equal(gate_next(&gate), &runs[5]);
}

static void test_gate_asks_hosts_in_turn(void **state)
{
    (void)state;
    for (int n = 0; n < 4; n++) {
        (void)enter(n, "http://a/");
        (void)enter(10 + n, "http://b/");
    }
    for (int n = 0; n < 2; n++) {
        leave(n);
        leave(10 + n);
    }
    struct run *first = gate_next(&gate);
    struct run *second = gate_next(&gate);
    assert_ptr_equal(first, &runs[2]);
    assert_ptr_equal(second, &runs[12]);
    assert_ptr_equal(gate_next(&gate), &runs[3]);
}

/* A host that ends calls may have more runs on their way than it has calls; those wait for a call to be free.
 */
static void test_gate_lets_more_of_a_fast_host_in_ahead_of_its_calls(void **state)
{
    (void)state;
    call(0);
    call(1);
    assert_int_equal(enter(2, "http://a/"), GATE_OUTSIDE);
    leave(0);
    assert_ptr_equal(gate_next(&gate), &runs[2]);
    assert_int_equal(enter(3, "http://a/"), GATE_AHEAD); /* for the one that has just ended */
    assert_int_equal(enter(4, "http://a/"), GATE_OUTSIDE);
    assert_true(gate_call(&gate, &runs[2]));
    assert_false(gate_call(&gate, &runs[3]));
    assert_int_equal(runs[3].place, GATE_HELD);
    assert_null(gate_next(&gate));
    leave(1);
    assert_ptr_equal(gate_next(&gate), &runs[3]);
    assert_int_equal(runs[3].place, GATE_CALLING);
    now_ms += 2 * GATE_WINDOW_MS; /* not so fast any more */
    assert_null(gate_next(&gate));
    assert_int_equal(runs[4].place, GATE_OUTSIDE);
}

static void test_gate_host_is_hopeless_when_stuck_with_a_line(void **state)
{
    (void)state;
    call(0);
    call(1);
    for (int n = 2; n < 5; n++) {
        (void)enter(n, "http://a/");
    }
    now_ms += GATE_STUCK_MS - 1;
    assert_false(gate_is_hopeless(&gate, &runs[4]));
    now_ms += 1;
    assert_true(gate_is_hopeless(&gate, &runs[4]));
    leave(4);
    leave(3);
    assert_false(gate_is_hopeless(&gate, &runs[2])); /* a short line is kept for when it moves */
    leave(0);
    assert_false(gate_is_hopeless(&gate, &runs[2]));
}

static void test_gate_complains_once_until_the_host_moves(void **state)
{
    (void)state;
    struct log_capture capture;
    log_capture_begin(&capture, LOG_INFO);
    call(0);
    call(1);
    (void)enter(2, "http://user:secret@a/");
    now_ms += 700;
    gate_complain(&gate, &runs[2]);
    gate_complain(&gate, &runs[2]);
    leave(0);
    gate_complain(&gate, &runs[2]);
    const char *text = log_capture_text(&capture);
    log_capture_end(&capture);
    const char *line = strstr(text, "calls put off");
    assert_non_null(line);
    assert_non_null(
        strstr(line, "\"host\":\"a:80\",\"calls_under_way\":2,\"waiting\":1,\"no_answer_for_ms\":700"));
    line = strstr(line + 1, "calls put off");
    assert_non_null(line);
    assert_null(strstr(line + 1, "calls put off"));
    assert_null(strstr(text, "secret"));
}

static void test_gate_forgets_hosts_without_runs(void **state)
{
    (void)state;
    for (int n = 0; n < RUNS; n++) {
        char api[32];
        (void)snprintf(api, sizeof api, "http://host-%d/", n % 20);
        (void)enter(n, api);
    }
    for (int n = 0; n < RUNS; n++) {
        leave(n);
    }
    gate_leave(&gate, &runs[0]); /* twice is fine */
    assert_null(gate.hosts);
    assert_null(gate.next);
    assert_int_equal(gate.inside + gate.outside, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gate_lets_as_many_in_as_a_host_may_have_calls),
        TEST(test_gate_knows_a_host_by_name_and_port),
        TEST(test_gate_lets_no_more_in_than_there_are_places),
        TEST(test_gate_lines_are_first_come_first_served),
        TEST(test_gate_asks_hosts_in_turn),
        TEST(test_gate_lets_more_of_a_fast_host_in_ahead_of_its_calls),
        TEST(test_gate_host_is_hopeless_when_stuck_with_a_line),
        TEST(test_gate_complains_once_until_the_host_moves),
        TEST(test_gate_forgets_hosts_without_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
