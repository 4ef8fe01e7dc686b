/* run: see run.h. The states of a run and the moves between them. */
#include "run/run.h"

#include "base/log.h"

static const char *const state_names[RUN_STATE__COUNT] = {
    [RUN_CLAIMED] = "claimed",       [RUN_STARTING] = "starting",   [RUN_READY] = "ready",
    [RUN_CONFIRMING] = "confirming", [RUN_CALLING] = "calling",     [RUN_FINISHING] = "finishing",
    [RUN_SKIPPING] = "skipping",     [RUN_RELEASING] = "releasing", [RUN_ENDED] = "ended",
};

#define MOVE(state) (1U << (state))
static const unsigned allowed_moves[RUN_STATE__COUNT] = {
    [RUN_CLAIMED] =
        MOVE(RUN_STARTING) | MOVE(RUN_FINISHING) | MOVE(RUN_SKIPPING) | MOVE(RUN_RELEASING) | MOVE(RUN_ENDED),
    [RUN_STARTING] = MOVE(RUN_READY) | MOVE(RUN_RELEASING) | MOVE(RUN_ENDED),
    [RUN_READY] = MOVE(RUN_CONFIRMING) | MOVE(RUN_CALLING) | MOVE(RUN_FINISHING) | MOVE(RUN_RELEASING) |
                  MOVE(RUN_ENDED),
    [RUN_CONFIRMING] = MOVE(RUN_CONFIRMING) | MOVE(RUN_CALLING) | MOVE(RUN_FINISHING) | MOVE(RUN_RELEASING) |
                       MOVE(RUN_ENDED),
    [RUN_CALLING] = MOVE(RUN_FINISHING) | MOVE(RUN_ENDED),
    [RUN_FINISHING] = MOVE(RUN_ENDED),
    [RUN_SKIPPING] = MOVE(RUN_ENDED),
    [RUN_RELEASING] = MOVE(RUN_ENDED),
    [RUN_ENDED] = 0,
};

const char *run_state_name(enum run_state state)
{
    return state < RUN_STATE__COUNT ? state_names[state] : "unknown";
}

void run_set_state(struct run *run, enum run_state state)
{
    if ((allowed_moves[run->state] & MOVE(state)) == 0) {
        log_error("bug: impossible move of a run", log_str("from", run_state_name(run->state)),
                  log_str("to", run_state_name(state)));
    }
    run->state = state;
}
