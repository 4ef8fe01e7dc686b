/* The states of an attempt: every move that is allowed, and what happens at every other. */
#include "run/attempt.h"

#include "log_capture.h"
#include "test.h"

/* As drawn in attempt.h. */
static const bool allowed[ATTEMPT_STATE__COUNT][ATTEMPT_STATE__COUNT] = {
    [ATTEMPT_CLAIMED] = {[ATTEMPT_STARTING] = true,
                         [ATTEMPT_FINISHING] = true,
                         [ATTEMPT_SKIPPING] = true,
                         [ATTEMPT_RELEASING] = true,
                         [ATTEMPT_ENDED] = true},
    [ATTEMPT_STARTING] = {[ATTEMPT_READY] = true, [ATTEMPT_RELEASING] = true, [ATTEMPT_ENDED] = true},
    [ATTEMPT_READY] = {[ATTEMPT_CONFIRMING] = true,
                       [ATTEMPT_CALLING] = true,
                       [ATTEMPT_FINISHING] = true,
                       [ATTEMPT_RELEASING] = true,
                       [ATTEMPT_ENDED] = true},
    [ATTEMPT_CONFIRMING] = {[ATTEMPT_CONFIRMING] = true,
                            [ATTEMPT_CALLING] = true,
                            [ATTEMPT_FINISHING] = true,
                            [ATTEMPT_RELEASING] = true,
                            [ATTEMPT_ENDED] = true},
    [ATTEMPT_CALLING] = {[ATTEMPT_FINISHING] = true, [ATTEMPT_ENDED] = true},
    [ATTEMPT_FINISHING] = {[ATTEMPT_ENDED] = true},
    [ATTEMPT_SKIPPING] = {[ATTEMPT_ENDED] = true},
    [ATTEMPT_RELEASING] = {[ATTEMPT_ENDED] = true},
};

static struct log_capture capture;
static struct attempt attempt;

static void set_up(void)
{
    log_capture_begin(&capture, LOG_WARN);
}

static void tear_down(void)
{
    log_capture_end(&capture);
}

EACH_TEST(set_up, tear_down);

TEST(attempt_starts_as_claimed)
{
    assert_int_equal((struct attempt){0}.state, ATTEMPT_CLAIMED);
}

TEST(attempt_allowed_moves_are_silent_and_others_are_logged)
{
    size_t lines = 0;
    for (unsigned from = 0; from < ATTEMPT_STATE__COUNT; from++) {
        for (unsigned to = 0; to < ATTEMPT_STATE__COUNT; to++) {
            attempt.state = (enum attempt_state)from;
            attempt_set_state(&attempt, (enum attempt_state)to);
            assert_int_equal(attempt.state, to);
            lines += allowed[from][to] ? 0 : 1;
            if (log_capture_lines(&capture) != lines) {
                fail_msg("%s to %s", attempt_state_name((enum attempt_state)from),
                         attempt_state_name((enum attempt_state)to));
            }
        }
    }
}

TEST(attempt_forbidden_move_is_logged_as_a_bug)
{
    attempt.state = ATTEMPT_CALLING;
    attempt_set_state(&attempt, ATTEMPT_STARTING);
    const char *text = log_capture_text(&capture);
    assert_int_equal(log_capture_lines(&capture), 1);
    assert_non_null(strstr(text, "\"level\":\"error\""));
    assert_non_null(strstr(text, "bug"));
    assert_non_null(strstr(text, "\"from\":\"calling\""));
    assert_non_null(strstr(text, "\"to\":\"starting\""));
}

TEST(attempt_states_have_names)
{
    static const char *const names[ATTEMPT_STATE__COUNT] = {"claimed",    "starting",  "ready",
                                                            "confirming", "calling",   "finishing",
                                                            "skipping",   "releasing", "ended"};
    for (unsigned i = 0; i < ATTEMPT_STATE__COUNT; i++) {
        assert_string_equal(attempt_state_name((enum attempt_state)i), names[i]);
    }
    assert_string_equal(attempt_state_name(ATTEMPT_STATE__COUNT), "unknown");
}
