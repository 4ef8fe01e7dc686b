/* The states of a run: every move that is allowed, and what happens at every other. */
#include "run/run.h"

#include "log_capture.h"
#include "test.h"

/* As drawn in run.h. */
static const bool allowed[RUN_STATE__COUNT][RUN_STATE__COUNT] = {
    [RUN_CLAIMED] = {[RUN_STARTING] = true,
                     [RUN_FINISHING] = true,
                     [RUN_SKIPPING] = true,
                     [RUN_RELEASING] = true,
                     [RUN_ENDED] = true},
    [RUN_STARTING] = {[RUN_READY] = true, [RUN_RELEASING] = true, [RUN_ENDED] = true},
    [RUN_READY] = {[RUN_CONFIRMING] = true,
                   [RUN_CALLING] = true,
                   [RUN_FINISHING] = true,
                   [RUN_RELEASING] = true,
                   [RUN_ENDED] = true},
    [RUN_CONFIRMING] = {[RUN_CONFIRMING] = true,
                        [RUN_CALLING] = true,
                        [RUN_FINISHING] = true,
                        [RUN_RELEASING] = true,
                        [RUN_ENDED] = true},
    [RUN_CALLING] = {[RUN_FINISHING] = true, [RUN_ENDED] = true},
    [RUN_FINISHING] = {[RUN_ENDED] = true},
    [RUN_SKIPPING] = {[RUN_ENDED] = true},
    [RUN_RELEASING] = {[RUN_ENDED] = true},
};

static struct log_capture capture;
static struct run run;

static void set_up(void)
{
    log_capture_begin(&capture, LOG_WARN);
}

static void tear_down(void)
{
    log_capture_end(&capture);
}

EACH_TEST(set_up, tear_down);

TEST(run_starts_as_claimed)
{
    assert_int_equal((struct run){0}.state, RUN_CLAIMED);
}

TEST(run_allowed_moves_are_silent_and_others_are_logged)
{
    size_t lines = 0;
    for (unsigned from = 0; from < RUN_STATE__COUNT; from++) {
        for (unsigned to = 0; to < RUN_STATE__COUNT; to++) {
            run.state = (enum run_state)from;
            run_set_state(&run, (enum run_state)to);
            assert_int_equal(run.state, to);
            lines += allowed[from][to] ? 0 : 1;
            if (log_capture_lines(&capture) != lines) {
                fail_msg("%s to %s", run_state_name((enum run_state)from),
                         run_state_name((enum run_state)to));
            }
        }
    }
}

TEST(run_forbidden_move_is_logged_as_a_bug)
{
    run.state = RUN_CALLING;
    run_set_state(&run, RUN_STARTING);
    const char *text = log_capture_text(&capture);
    assert_int_equal(log_capture_lines(&capture), 1);
    assert_non_null(strstr(text, "\"level\":\"error\""));
    assert_non_null(strstr(text, "bug"));
    assert_non_null(strstr(text, "\"from\":\"calling\""));
    assert_non_null(strstr(text, "\"to\":\"starting\""));
}

TEST(run_states_have_names)
{
    static const char *const names[RUN_STATE__COUNT] = {"claimed",    "starting",  "ready",
                                                        "confirming", "calling",   "finishing",
                                                        "skipping",   "releasing", "ended"};
    for (unsigned i = 0; i < RUN_STATE__COUNT; i++) {
        assert_string_equal(run_state_name((enum run_state)i), names[i]);
    }
    assert_string_equal(run_state_name(RUN_STATE__COUNT), "unknown");
}
