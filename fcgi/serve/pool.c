/* pool: fork, wait, fork again. Blocks all signals that it heeds and waits for them in one place, so it needs
 * no signal handler. */
#include "serve/pool.h"

#include "base/log.h"
#include "serve/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
#define MS_PER_S  1000

struct handler {
    pid_t pid; /* 0: none */
    struct mono_ms started;
    struct mono_ms next; /* its replacement does not start before that */
};

struct pool {
    struct handler handlers[POOL_MAX];
    int size;
    struct clock clock;
    sigset_t awaited; /* blocked while the pool runs */
    bool stopping;
};

static void block_signals(struct pool *pool)
{
    static const int SIGNALS[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    sigemptyset(&pool->awaited);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++) {
        sigaddset(&pool->awaited, SIGNALS[i]);
    }
    sigprocmask(SIG_BLOCK, &pool->awaited, NULL);
}

/* ---- starting ---- */

static enum pool_role start(struct pool *pool, struct handler *handler)
{
    handler->started = clock_mono(&pool->clock);
    handler->pid = fork();
    if (handler->pid == 0) {
        sigset_t children;
        sigemptyset(&children);
        sigaddset(&children, SIGCHLD);
        sigprocmask(SIG_UNBLOCK, &children,
                    NULL); /* a request to stop stays blocked until the handler looks for it */
        return POOL_HANDLER;
    }
    if (handler->pid < 0) {
        log_warn("handler not started", log_str("error", strerror(errno)));
        handler->pid = 0;
        handler->next.ms = handler->started.ms + POOL_CALM_MS;
    }
    return POOL_KEEPER;
}

/* Start the missing handlers whose time has come. */
static enum pool_role fill(struct pool *pool)
{
    int64_t now = clock_mono(&pool->clock).ms;
    for (int i = 0; i < pool->size && !pool->stopping; i++) {
        struct handler *handler = &pool->handlers[i];
        if (handler->pid == 0 && handler->next.ms <= now && start(pool, handler) == POOL_HANDLER) {
            return POOL_HANDLER;
        }
    }
    return POOL_KEEPER;
}

/* ---- ending ---- */

static struct handler *find(struct pool *pool, pid_t pid)
{
    for (int i = 0; i < pool->size; i++) {
        if (pool->handlers[i].pid == pid) {
            return &pool->handlers[i];
        }
    }
    return NULL;
}

static void note_end(const struct pool *pool, struct handler *handler, int status)
{
    int64_t now = clock_mono(&pool->clock).ms;
    bool early = now - handler->started.ms < POOL_CALM_MS;
    if (!pool->stopping) {
        log_warn("handler ended, another one is started", log_i64("ended", handler->pid),
                 WIFSIGNALED(status) ? log_i64("signal", WTERMSIG(status))
                                     : log_i64("status", WEXITSTATUS(status)));
    }
    handler->pid = 0;
    handler->next.ms = now + (early ? POOL_CALM_MS : 0);
}

/* Other processes' children may have become ours; reap them, too. */
static void reap(struct pool *pool)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct handler *handler = find(pool, pid);
        if (handler != NULL) {
            note_end(pool, handler, status);
        }
    }
}

static void stop(struct pool *pool)
{
    if (!pool->stopping) {
        supervisor_send("STOPPING=1");
    }
    pool->stopping = true;
    for (int i = 0; i < pool->size; i++) {
        if (pool->handlers[i].pid > 0) {
            kill(pool->handlers[i].pid, SIGTERM);
        }
    }
}

/* ---- keeping ---- */

static bool is_empty(const struct pool *pool)
{
    for (int i = 0; i < pool->size; i++) {
        if (pool->handlers[i].pid > 0) {
            return false;
        }
    }
    return true;
}

/* Returns the ms until the first missing handler may start; -1: none is missing. */
static int64_t pause_ms(const struct pool *pool)
{
    int64_t now = clock_mono(&pool->clock).ms;
    int64_t least = -1;
    for (int i = 0; i < pool->size && !pool->stopping; i++) {
        const struct handler *handler = &pool->handlers[i];
        int64_t pause = handler->next.ms > now ? handler->next.ms - now : 0;
        if (handler->pid == 0 && (least < 0 || pause < least)) {
            least = pause;
        }
    }
    return least;
}

/* Wait until something happens or has to be done. */
static void turn(struct pool *pool)
{
    int64_t ms = pause_ms(pool);
    struct timespec timeout = {ms / MS_PER_S, ms % MS_PER_S * NS_PER_MS};
    int number = ms < 0 ? sigwaitinfo(&pool->awaited, NULL) : sigtimedwait(&pool->awaited, NULL, &timeout);
    if (number == SIGCHLD) {
        reap(pool);
    } else if (number > 0) {
        stop(pool);
    }
}

enum pool_role pool_keep(int size, struct clock clock)
{
    struct pool pool = {.size = size, .clock = clock};
    block_signals(&pool);
    log_info("pool started", log_i64("pid", getpid()), log_i64("handlers", size));
    for (bool ready = false; !pool.stopping || !is_empty(&pool); turn(&pool)) {
        if (fill(&pool) == POOL_HANDLER) {
            return POOL_HANDLER;
        }
        if (!ready) {
            supervisor_send("READY=1");
        }
        ready = true;
    }
    log_info("pool stopped", log_i64("pid", getpid()));
    return POOL_KEEPER;
}
