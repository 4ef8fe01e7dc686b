/* attempt: see attempt.h. The states of an attempt and the moves between them. */
#include "run/attempt.h"

#include "base/log.h"

static const char *const state_names[ATTEMPT_STATE__COUNT] = {
    [ATTEMPT_CLAIMED] = "claimed",       [ATTEMPT_STARTING] = "starting",   [ATTEMPT_READY] = "ready",
    [ATTEMPT_CONFIRMING] = "confirming", [ATTEMPT_CALLING] = "calling",     [ATTEMPT_FINISHING] = "finishing",
    [ATTEMPT_SKIPPING] = "skipping",     [ATTEMPT_RELEASING] = "releasing", [ATTEMPT_ENDED] = "ended",
};

#define MOVE(state) (1U << (state))
static const unsigned allowed_moves[ATTEMPT_STATE__COUNT] = {
    [ATTEMPT_CLAIMED] = MOVE(ATTEMPT_STARTING) | MOVE(ATTEMPT_FINISHING) | MOVE(ATTEMPT_SKIPPING) |
                        MOVE(ATTEMPT_RELEASING) | MOVE(ATTEMPT_ENDED),
    [ATTEMPT_STARTING] = MOVE(ATTEMPT_READY) | MOVE(ATTEMPT_RELEASING) | MOVE(ATTEMPT_ENDED),
    [ATTEMPT_READY] = MOVE(ATTEMPT_CONFIRMING) | MOVE(ATTEMPT_CALLING) | MOVE(ATTEMPT_FINISHING) |
                      MOVE(ATTEMPT_RELEASING) | MOVE(ATTEMPT_ENDED),
    [ATTEMPT_CONFIRMING] = MOVE(ATTEMPT_CONFIRMING) | MOVE(ATTEMPT_CALLING) | MOVE(ATTEMPT_FINISHING) |
                           MOVE(ATTEMPT_RELEASING) | MOVE(ATTEMPT_ENDED),
    [ATTEMPT_CALLING] = MOVE(ATTEMPT_FINISHING) | MOVE(ATTEMPT_ENDED),
    [ATTEMPT_FINISHING] = MOVE(ATTEMPT_ENDED),
    [ATTEMPT_SKIPPING] = MOVE(ATTEMPT_ENDED),
    [ATTEMPT_RELEASING] = MOVE(ATTEMPT_ENDED),
    [ATTEMPT_ENDED] = 0,
};

const char *attempt_state_name(enum attempt_state state)
{
    return state < ATTEMPT_STATE__COUNT ? state_names[state] : "unknown";
}

void attempt_set_state(struct attempt *attempt, enum attempt_state state)
{
    if ((allowed_moves[attempt->state] & MOVE(state)) == 0) {
        log_error("bug: impossible move of an attempt", log_str("from", attempt_state_name(attempt->state)),
                  log_str("to", attempt_state_name(state)));
    }
    attempt->state = state;
}
