/* dronc-runner: calls what is due. This file prepares the process and starts the runner. */
#include "base/log.h"
#include "base/startup.h"
#include "check.h"
#include "runner.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPARE_FILES 256 /* file descriptors besides those of calls: two for each look-up of a redirect */
#define LEAST_FILES 32  /* with fewer, libuv aborts or every call fails: better not to begin */
#define BIG_BYTES   (1 << 20) /* malloc maps an allocation of this size on its own */

static const struct startup STARTUP = {
    .program = "dronc-runner",
    .scope = CONFIG_RUNNER,
    .log_fd = STDOUT_FILENO,
    .log_buffered = true,
    .check = check_redis,
    .about = "calls the jobs that dronc-fcgi stored in Redis, when they are due",
    .notes =
        "Logs to standard output. Signals:\n"
        "  TERM, INT        claim no more, let calls end, hand back the rest, exit with 0; a second one: "
        "exit at once\n"
        "  USR1, USR2       log more, log less\n"
        "  HUP              read the time zones again, and move the next instants of jobs whose zone "
        "changed\n"
        "\nSupervision: with NOTIFY_SOCKET it reports READY, STATUS, STOPPING, and WATCHDOG as "
        "WATCHDOG_USEC asks\n(systemd's Type=notify). It waits for a Redis that is down or refuses the "
        "login, and ends by itself only if\nwaiting cannot help, or with too few file descriptors or "
        "too little memory to begin; one line on standard error\nhas the reason.\n",
};

/* Allows as many file descriptors as the calls may need, if the system lets us: each call takes one for its
 * connection, another one while it tries two addresses, and one for a connection that idles. */
static enum err raise_file_limit(const struct config *config, struct errinfo *info)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)config->runner_max_in_flight * 3 + SPARE_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
        return ERR_OK;
    }
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (limit.rlim_cur < LEAST_FILES) {
        return err_set(info, ERR_SYSTEM,
                       "only %llu file descriptors are allowed (RLIMIT_NOFILE), %d are needed",
                       (unsigned long long)limit.rlim_cur, LEAST_FILES);
    }
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
        log_warn("few file descriptors", log_i64("limit", (int64_t)limit.rlim_cur),
                 log_i64("wanted", (int64_t)wanted));
    }
    return ERR_OK;
}

static int run(const struct config *config)
{
    struct errinfo info = {0};
    struct runner *runner;
    enum err err = raise_file_limit(config, &info);
    err = err != ERR_OK ? err : runner_new(&runner, config, config->tzdir, &info);
    if (err == ERR_OK) {
        err = runner_run(runner, &info);
        runner_free(runner);
    }
    return startup_end(&STARTUP, err, &info);
}

/* glibc moves a mapped block while an answer grows to REPLY_BYTES_MAX, without a copy, and gives it back to
 * the system. By default glibc takes such blocks from the heap once it has freed one. Two connections that
 * are flooded at the same time would leave holes there, and take twice the memory. */
static void keep_big_blocks_apart(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, BIG_BYTES);
    /* A threshold that is set stops both from adapting, and this one would stay at 128 KiB. */
    (void)mallopt(M_TRIM_THRESHOLD, 4 * BIG_BYTES);
}

int main(int argc, char **argv)
{
    struct config config;
    int status;
    if (startup_begin(&STARTUP, argc, argv, &config, &status) == STARTUP_END) {
        return status;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    keep_big_blocks_apart();
    startup_log(&STARTUP, &config);
    return run(&config);
}
