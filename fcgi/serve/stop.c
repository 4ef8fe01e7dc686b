/* stop: a signal handler that sets a flag, and a look at the pending signals. */
#include "serve/stop.h"

#include <stddef.h>

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
#define SIGNAL_COUNT (sizeof signals / sizeof signals[0])

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

/* *before: the mask before the call. */
static void block_signals(sigset_t *before)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        sigaddset(&blocked, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, before);
}

void stop_block(void)
{
    sigset_t before;

    block_signals(&before);
}

void stop_init(sigset_t *waiting)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: a signal ends the wait */
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    block_signals(waiting);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        sigdelset(waiting, signals[i]);
        sigaction(signals[i], &action, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL);
}

bool stop_requested(void)
{
    sigset_t pending;

    if (stopped) {
        return true;
    }
    sigpending(&pending);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        if (sigismember(&pending, signals[i]) == 1) {
            return true;
        }
    }
    return false;
}
