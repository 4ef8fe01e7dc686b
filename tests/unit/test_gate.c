/* The gate: places per host, who waits in line, and whose turn it is. */
#include "run/gate.h"

#include "log_capture.h"
#include "run/attempt.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define RUNS 1100

static struct gate gate;
static struct attempt attempts[RUNS];
static int64_t now_ms;

static struct mono_ms mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){now_ms};
}

static void begin(struct gate_limits limits)
{
    gate_fini(&gate);
    memset(attempts, 0, sizeof attempts);
    now_ms = 1000;
    gate_init(&gate, &limits, (struct clock){.mono = mono});
}

/* Five attempts inside at once, two calls to each host, all of which may turn out slow. */
static void set_up(void)
{
    begin((struct gate_limits){.max = 5, .per_host = 2, .max_slow = 40});
}

static void tear_down(void)
{
    gate_fini(&gate);
    gate = (struct gate){0};
}

EACH_TEST(set_up, tear_down);

static enum gate_place enter_at(int n, const char *api, const char *address)
{
    assert_int_equal(url_parse(&attempts[n].job.url, slice_of(api), NULL), URL_OK);
    assert_int_equal(gate_enter(&gate, &attempts[n], address), ERR_OK);
    return attempts[n].place;
}

static enum gate_place enter(int n, const char *api)
{
    return enter_at(n, api, NULL);
}

/* Attempt n of host a, called as soon as it is in. */
static void call(int n)
{
    assert_int_equal(enter(n, "http://a/"), GATE_AHEAD);
    assert_true(gate_call(&gate, &attempts[n]));
}

static void leave(int n)
{
    attempts[n].answered = true;
    gate_leave(&gate, &attempts[n]);
    assert_int_equal(attempts[n].place, GATE_OUT);
}

TEST(gate_lets_as_many_in_as_a_host_may_have_calls)
{
    assert_int_equal(enter(0, "http://a/1"), GATE_AHEAD);
    assert_int_equal(enter(1, "http://a/2"), GATE_AHEAD);
    assert_int_equal(enter(2, "http://a/3"), GATE_OUTSIDE);
    assert_int_equal(enter(3, "http://b/"), GATE_AHEAD);
    assert_int_equal(gate.inside, 3);
    assert_int_equal(gate.outside, 1);
    assert_null(gate_next(&gate));
    leave(0);
    assert_ptr_equal(gate_next(&gate), &attempts[2]);
    assert_int_equal(attempts[2].place, GATE_AHEAD);
    assert_null(gate_next(&gate));
}

TEST(gate_knows_a_host_by_name_and_port)
{
    (void)enter(0, "http://example.com/1");
    (void)enter(1, "http://user:secret@EXAMPLE.com:80/2?x");
    assert_int_equal(enter(2, "http://Example.Com"), GATE_OUTSIDE);
    assert_int_equal(enter(3, "https://example.com/"), GATE_AHEAD);
    assert_int_equal(enter(4, "http://example.com:81/"), GATE_AHEAD);
    assert_int_equal(enter(5, "http://www.example.com/"), GATE_AHEAD);
}

TEST(gate_lets_no_more_in_than_there_are_places)
{
    const char *const apis[] = {"http://a/", "http://b/", "http://c/", "http://d/", "http://e/", "http://f/"};
    for (int n = 0; n < 5; n++) {
        assert_int_equal(enter(n, apis[n]), GATE_AHEAD);
    }
    assert_int_equal(enter(5, apis[5]), GATE_OUTSIDE);
    assert_null(gate_next(&gate));
    leave(3);
    assert_ptr_equal(gate_next(&gate), &attempts[5]);
}

TEST(gate_lines_are_first_come_first_served)
{
    for (int n = 0; n < 6; n++) {
        (void)enter(n, "http://a/");
    }
    leave(3); /* from the middle of the line */
    leave(0);
    leave(1);
    assert_ptr_equal(gate_next(&gate), &attempts[2]);
    assert_ptr_equal(gate_next(&gate), &attempts[4]);
    assert_null(gate_next(&gate));
    leave(2);
    /* Nobody comes in past those that wait. */
    assert_int_equal(enter(6, "http://a/"), GATE_OUTSIDE);
    assert_ptr_equal(gate_next(&gate), &attempts[5]);
}

/* A backlog that came first, and behind it what is due now: they take turns. */
TEST(gate_lines_take_turns_with_a_backlog)
{
    static const int order[] = {4, 1, 5, 2, 3};
    begin((struct gate_limits){.max = 1, .per_host = 1, .max_slow = 1});
    (void)enter(0, "http://a/");
    for (int n = 1; n <= 5; n++) {
        attempts[n].backlog = n <= 3;
        (void)enter(n, "http://a/");
    }
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        leave(i == 0 ? 0 : order[i - 1]);
        assert_ptr_equal(gate_next(&gate), &attempts[order[i]]);
    }
}

TEST(gate_asks_hosts_in_turn)
{
    for (int n = 0; n < 4; n++) {
        (void)enter(n, "http://a/");
        (void)enter(10 + n, "http://b/");
    }
    for (int n = 0; n < 2; n++) {
        leave(n);
        leave(10 + n);
    }
    struct attempt *first = gate_next(&gate);
    struct attempt *second = gate_next(&gate);
    assert_ptr_equal(first, &attempts[2]);
    assert_ptr_equal(second, &attempts[12]);
    assert_ptr_equal(gate_next(&gate), &attempts[3]);
}

/* A host that ends calls may have more attempts on their way than it has calls; those wait for a call to be
 * free.
 */
TEST(gate_lets_more_of_a_fast_host_in_ahead_of_its_calls)
{
    call(0);
    call(1);
    assert_int_equal(enter(2, "http://a/"), GATE_OUTSIDE);
    leave(0);
    assert_ptr_equal(gate_next(&gate), &attempts[2]);
    assert_int_equal(enter(3, "http://a/"), GATE_AHEAD); /* for the one that has just ended */
    assert_int_equal(enter(4, "http://a/"), GATE_OUTSIDE);
    assert_true(gate_call(&gate, &attempts[2]));
    assert_false(gate_call(&gate, &attempts[3]));
    assert_int_equal(attempts[3].place, GATE_QUEUED);
    assert_null(gate_next(&gate));
    leave(1);
    assert_ptr_equal(gate_next(&gate), &attempts[3]);
    assert_int_equal(attempts[3].place, GATE_CALLING);
    now_ms += 2 * GATE_WINDOW_MS; /* not so fast any more */
    assert_null(gate_next(&gate));
    assert_int_equal(attempts[4].place, GATE_OUTSIDE);
}

TEST(gate_host_is_hopeless_when_stuck_with_a_line)
{
    call(0);
    call(1);
    for (int n = 2; n < 5; n++) {
        (void)enter(n, "http://a/");
    }
    now_ms += GATE_STUCK_MS - 1;
    assert_false(gate_is_hopeless(&gate, &attempts[4], 1000));
    now_ms += 1;
    assert_true(gate_is_hopeless(&gate, &attempts[4], 1000));
    leave(4);
    leave(3);
    assert_false(gate_is_hopeless(&gate, &attempts[2], 1000)); /* a short line is kept for when it moves */
    leave(0);
    assert_false(gate_is_hopeless(&gate, &attempts[2], 1000));
}

TEST(gate_complains_once_until_the_host_moves)
{
    struct log_capture capture;
    log_capture_begin(&capture, LOG_INFO);
    call(0);
    call(1);
    (void)enter(2, "http://user:secret@a/");
    now_ms += 700;
    gate_complain(&gate, &attempts[2]);
    gate_complain(&gate, &attempts[2]);
    leave(0);
    gate_complain(&gate, &attempts[2]);
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

TEST(gate_forgets_hosts_without_runs)
{
    static char apis[20][32];
    for (int n = 0; n < 40; n++) {
        (void)snprintf(apis[n % 20], sizeof apis[0], "http://host-%d/", n % 20);
        (void)enter_at(n, apis[n % 20], "192.0.2.1");
    }
    for (int n = 0; n < 40; n++) {
        leave(n);
    }
    gate_leave(&gate, &attempts[0]); /* twice is fine */
    assert_null(gate.hosts);
    assert_null(gate.peers);
    assert_null(gate.next);
    assert_int_equal(gate.inside + gate.outside + gate.doubtful, 0);
}

/* ---- what is doubtful ---- */

static char apis[RUNS][40];

/* Attempt n of host number h, which has an address of its own, or the one that is given. Is it let in? */
static bool hang_at(int n, int h, const char *address)
{
    char own[24];
    (void)snprintf(apis[n], sizeof apis[n], "http://host-%d/", h);
    (void)snprintf(own, sizeof own, "10.0.%d.%d", h / 200, h % 200);
    bool in = enter_at(n, apis[n], address != NULL ? address : own) == GATE_AHEAD;
    if (in) {
        assert_true(gate_call(&gate, &attempts[n]));
    } else {
        leave(n);
    }
    return in;
}

/* Every host as many as it gets, in turn. How many are let in. */
static int hang_all(int hosts, const char *address)
{
    int in = 0;
    for (int more = 1; more > 0;) {
        more = 0;
        for (int h = 0; h < hosts; h++) {
            more += hang_at(in + more, h, address) ? 1 : 0;
        }
        in += more;
    }
    return in;
}

static void begin_as_shipped(void)
{
    begin((struct gate_limits){.max = 1000, .per_host = 64});
}

TEST(gate_half_of_the_places_may_turn_out_slow)
{
    begin_as_shipped();
    assert_int_equal(gate.limits.max_slow, 500);
    begin((struct gate_limits){.max = 1, .per_host = 1});
    assert_int_equal(gate.limits.max_slow, 1);
    assert_int_equal(enter(0, "http://a/"), GATE_AHEAD);
}

TEST(gate_hosts_that_hang_leave_places_for_others)
{
    static const struct {
        int hosts;
        int least; /* all together */
    } table[] = {{1, 64}, {2, 100}, {5, 150}, {10, 180}, {40, 250}, {200, 300}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        begin_as_shipped();
        int in = hang_all(table[i].hosts, NULL);
        assert_in_range(in, table[i].least, 438); /* seven eighths of half, at most */
        assert_true(hang_at(RUNS - 1, 999, NULL));
        assert_int_equal(gate.doubtful, in + 1);
    }
}

/* What hangs gives nothing back: who comes first must leave something for who comes last. */
TEST(gate_hosts_that_hang_one_after_the_other_leave_places_for_others)
{
    begin_as_shipped();
    int in = 0;
    for (int h = 0; h < 60; h++) {
        int before = in;
        while (in - before < 64 && hang_at(in, h, NULL)) {
            in++;
        }
        assert_true(in > before);
    }
    assert_in_range(in, 250, 438);
    assert_true(hang_at(RUNS - 1, 999, NULL));
}

/* Once a second, all at once: what it earned a second ago is forgotten, that it answered is not. */
TEST(gate_host_that_answered_has_all_its_calls_beside_one_that_hangs)
{
    begin_as_shipped();
    assert_true(hang_at(RUNS - 1, 999, NULL));
    leave(RUNS - 1);
    now_ms += 60000;
    assert_int_equal(hang_all(1, NULL), 64);
    for (int n = 100; n < 164; n++) {
        assert_true(hang_at(n, 999, NULL));
    }
}

TEST(gate_names_of_one_peer_share_what_it_may_have)
{
    begin_as_shipped();
    assert_int_equal(hang_all(1, "192.0.2.1"), 64);
    begin_as_shipped();
    assert_in_range(hang_all(40, "192.0.2.1"), 150, 218); /* half of what forty peers would have */
    assert_true(hang_at(RUNS - 1, 999, "192.0.2.1"));     /* another name of the same peer */
    assert_true(hang_at(RUNS - 2, 998, NULL));            /* another peer */
}

TEST(gate_peer_is_one_port_of_an_address)
{
    begin_as_shipped();
    (void)hang_all(400, "192.0.2.1"); /* as many as it may have */
    assert_false(hang_at(RUNS - 3, 999, "192.0.2.1"));
    size_t before = gate.doubtful;
    assert_int_equal(enter_at(RUNS - 1, "http://other:81/", "192.0.2.1"), GATE_AHEAD);
    assert_int_equal(enter_at(RUNS - 2, "http://other:81/", "192.0.2.1"), GATE_AHEAD);
    assert_int_equal(gate.doubtful, before + 2);
}

TEST(gate_host_earns_places_by_ending_calls_and_loses_them)
{
    begin((struct gate_limits){.max = 100, .per_host = 64, .max_slow = 18});
    assert_int_equal(hang_all(1, NULL), 3);
    now_ms += 40;
    leave(0);
    leave(1);
    assert_int_equal(gate.doubtful, 0); /* two have ended, one is inside */
    assert_true(hang_at(10, 0, NULL));
    assert_int_equal(gate.doubtful, 0);
    now_ms += 2 * GATE_TRUST_MIN_MS; /* longer than two spans: nothing ends any more */
    (void)hang_at(11, 0, NULL);
    assert_int_equal(gate.doubtful, gate.inside);
}

/* What takes seconds is trusted for seconds. */
TEST(gate_trust_lasts_for_as_long_as_calls_take)
{
    begin_as_shipped();
    assert_int_equal(hang_all(1, NULL), 64);
    now_ms += 3000;
    for (int n = 0; n < 10; n++) {
        leave(n);
    }
    now_ms += 2 * 3000 - 1;
    for (int n = 70; n < 80; n++) {
        assert_true(hang_at(n, 0, NULL));
    }
    assert_int_equal(gate.doubtful, 54);
}

TEST(gate_slow_calls_and_those_without_an_answer_earn_nothing)
{
    begin_as_shipped();
    (void)hang_all(1, NULL);
    gate_leave(&gate, &attempts[1]);
    now_ms += GATE_SLOW_MS;
    leave(0);
    assert_int_equal(gate.doubtful, 62);
    assert_int_equal(gate.doubtful, gate.inside);
}

/* Each of so many hosts has answered once, and then all hang at once. */
TEST(gate_spare_places_are_for_hosts_that_answered)
{
    begin_as_shipped();
    assert_true(hang_at(0, 999, NULL));
    leave(0);
    now_ms += 60000;
    for (int n = 0; n < 438; n++) {
        assert_true(hang_at(n, n, NULL)); /* one place each: all that there are */
    }
    assert_false(hang_at(RUNS - 1, 998, NULL));
    assert_true(hang_at(RUNS - 2, 999, NULL));
    assert_false(hang_at(RUNS - 3, 999, NULL)); /* one */
}

/* Hosts that answer a thousand calls together, and then fall silent, all of them. */
TEST(gate_spare_places_are_left_where_trust_was_misplaced)
{
    begin_as_shipped();
    assert_true(hang_at(RUNS - 1, 999, NULL));
    leave(RUNS - 1);
    for (int round = 0; round < 20; round++) {
        int in = hang_all(40, NULL);
        now_ms += 10;
        for (int n = 0; n < in; n++) {
            leave(n);
        }
    }
    int in = hang_all(40, NULL);
    assert_in_range(in, 800, 938);
    now_ms += 60000;
    assert_true(hang_at(RUNS - 2, 999, NULL));
    assert_false(hang_at(RUNS - 3, 998, NULL));
    assert_in_range(gate.spare, 1, 62);
}

TEST(gate_no_host_takes_all_places_by_answering)
{
    begin((struct gate_limits){.max = 20, .per_host = 1000});
    int inside = 0;
    for (int n = 0; n < 100; n++) {
        inside += hang_at(n, 0, NULL) ? 1 : 0;
        if (n % 2 == 0 && attempts[n].place == GATE_CALLING) {
            leave(n);
            inside--;
        }
    }
    assert_in_range(gate.inside, 10, 18);
    assert_true(hang_at(RUNS - 1, 99, NULL));
}

/* ---- who waits in vain ---- */

TEST(gate_lines_leave_room_outside)
{
    begin((struct gate_limits){.max = 5, .per_host = 40, .max_slow = 1});
    assert_true(hang_at(0, 0, NULL));
    (void)enter(1, apis[0]);
    for (int n = 2; n <= 18; n++) {
        assert_false(gate_is_hopeless(&gate, &attempts[n - 1], 1000));
        (void)enter(n, apis[0]);
        assert_int_equal(attempts[n].place, GATE_OUTSIDE);
    }
    /* 18 of 20: more than eight times what is left */
    assert_true(gate_is_hopeless(&gate, &attempts[18], 1000));
    leave(18);
    (void)enter(19, "http://b/");
    assert_false(gate_is_hopeless(&gate, &attempts[19], 1000));
}

/* Far more calls than there is room for at one instant, to a host that answers in no time: no attempt is
 * sent away. */
TEST(gate_long_line_of_a_fast_host_may_wait)
{
    begin((struct gate_limits){.max = 10, .per_host = 2, .max_slow = 10});
    for (int n = 0; n < 42; n++) {
        (void)enter(n, "http://a/");
    }
    assert_int_equal(gate.outside, 40); /* two are on their way, and their instant is yet to come */
    assert_true(gate_call(&gate, &attempts[0]));
    now_ms += 10;
    leave(0);
    assert_ptr_equal(gate_next(&gate), &attempts[2]);
    assert_false(gate_is_hopeless(&gate, &attempts[41], 1000));
    now_ms += 90;
    assert_true(gate_is_hopeless(&gate, &attempts[41], 1000)); /* one in 100 ms: not so fast */
}
