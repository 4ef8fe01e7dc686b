/* dronc-runner: calls what is due. This file reads the command line and the configuration, and starts the
 * rest. */
#include "base/buffer.h"
#include "base/config.h"
#include "base/log.h"
#include "check.h"
#include "runner.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Exit codes, besides 0. */
enum {
    EXIT_FAILED = 1, /* what was asked for could not be done */
    EXIT_USAGE = 2   /* the command line or the configuration is wrong */
};

enum action {
    ACTION_RUN,
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_CHECK,
    ACTION_CHECK_CONFIG,
    ACTION_PRINT_CONFIG,
    ACTION_UNKNOWN
};

#define CHECK_TIMEOUT_MS 3000
#define SPARE_FILES      256 /* file descriptors besides those of calls: two for each look-up of a redirect */
#define LEAST_FILES      32  /* with fewer, libuv aborts or every call fails: better not to begin */
#define BIG_BYTES        (1 << 20) /* an allocation that is mapped by itself */

static const struct {
    const char *name;
    enum action action;
    const char *help;
} options[] = {
    {"--help", ACTION_HELP, "this text"},
    {"--version", ACTION_VERSION, "the version"},
    {"--check", ACTION_CHECK,
     "read the configuration, reach Redis, say what it keeps, exit: 0 good, 1 Redis not reached, 2 bad "
     "configuration"},
    {"--check-config", ACTION_CHECK_CONFIG, "read the configuration, exit: 0 good, 2 bad"},
    {"--print-config", ACTION_PRINT_CONFIG, "print the settings in force (no passwords), exit"},
};

static enum action parse_action(int argc, char **argv)
{
    if (argc == 1) {
        return ACTION_RUN;
    }
    for (size_t i = 0; argc == 2 && i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(argv[1], options[i].name) == 0) {
            return options[i].action;
        }
    }
    return ACTION_UNKNOWN;
}

static void print_help(void)
{
    struct buffer settings;
    buffer_init(&settings, 0);
    config_help(&settings, CONFIG_RUNNER);
    printf("dronc-runner %s: calls the jobs that dronc-fcgi stored in Redis, when they are due.\n\n"
           "Usage: dronc-runner [option]\n\n",
           DRONC_VERSION);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        printf("  %-15s  %s\n", options[i].name, options[i].help);
    }
    printf(
        "\nSignals:\n"
        "  TERM, INT        claim no more, let calls end, hand back the rest, exit 0; a second one: exit "
        "at once\n"
        "  USR1, USR2       log more, log less\n"
        "  HUP              read the time zones again, and move the next instants of jobs whose zone "
        "changed\n"
        "\nSupervision: with NOTIFY_SOCKET it tells READY, STATUS, STOPPING, and WATCHDOG as WATCHDOG_USEC "
        "asks\n(systemd's Type=notify). It waits for a Redis that is away or refuses it, and ends by itself "
        "only where\nwaiting cannot help: exit 2 for a bad setting, a database of another shard count or a "
        "node of a cluster, 1 "
        "for too few file\ndescriptors or no memory to begin with; one line on standard error says why.\n"
        "\nEnvironment:\n%s",
        buffer_str(&settings));
    buffer_fini(&settings);
}

static void complain(const char *text)
{
    struct buffer line;
    buffer_init(&line, 0);
    buffer_printf(&line, "dronc-runner: %s\n", text);
    log_complain(buffer_str(&line));
    buffer_fini(&line);
}

static bool load_config(struct config *config)
{
    struct buffer problems;
    buffer_init(&problems, 0);
    bool good = config_load(config, CONFIG_RUNNER, config_getenv, NULL, isatty(STDOUT_FILENO) == 1,
                            &problems) == ERR_OK;
    log_complain(buffer_str(&problems));
    buffer_fini(&problems);
    return good;
}

static void start_log(const struct config *config)
{
    const struct log_options log = {.fd = STDOUT_FILENO,
                                    .level = config->log_level,
                                    .format = config->log_format,
                                    .colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL,
                                    .buffered = true,
                                    .clock = clock_system(),
                                    .program = "dronc-runner"};
    log_init(&log);
}

/* As many file descriptors as the calls may need (each its connection, another one while it tries two
 * addresses, and one that idles), if the system lets us. */
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

static int finish(enum err err, const struct errinfo *info)
{
    log_fini();
    if (err != ERR_OK) {
        complain(info->text);
    }
    return err == ERR_OK ? EXIT_SUCCESS : err == ERR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
}

static int run(const struct config *config)
{
    struct errinfo info = {0};
    struct runner *runner;
    enum err err = raise_file_limit(config, &info);
    err = err != ERR_OK ? err : runner_new(&runner, config, getenv("TZDIR"), &info);
    if (err == ERR_OK) {
        err = runner_run(runner, &info);
        runner_free(runner);
    }
    return finish(err, &info);
}

static int check(const struct config *config)
{
    struct errinfo info = {0};
    struct buffer text;
    log_set_level(LOG_ERROR);
    buffer_init(&text, 0);
    enum err err = check_redis(config, CHECK_TIMEOUT_MS, &text, &info);
    printf("%s", buffer_str(&text));
    buffer_fini(&text);
    return finish(err, &info);
}

static int act(enum action action, struct config *config)
{
    struct buffer text;
    switch (action) {
    case ACTION_CHECK_CONFIG:
        return EXIT_SUCCESS;
    case ACTION_PRINT_CONFIG:
        buffer_init(&text, 0);
        config_print(&text, config, CONFIG_RUNNER);
        printf("%s", buffer_str(&text));
        buffer_fini(&text);
        return EXIT_SUCCESS;
    default:
        start_log(config);
        return action == ACTION_CHECK ? check(config) : run(config);
    }
}

/* An answer that grows to REPLY_BYTES_MAX is moved, not copied, while it grows, and what it took goes back to
 * the system. Left to itself, glibc takes such blocks from the heap once it has seen one, and two connections
 * that are flooded at the same time leave holes in it: twice the memory. */
static void keep_big_blocks_apart(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, BIG_BYTES);
    /* Where one is set by hand neither adapts, and this one would stay at 128 KiB. */
    (void)mallopt(M_TRIM_THRESHOLD, 4 * BIG_BYTES);
}

int main(int argc, char **argv)
{
    struct config config;
    enum action action = parse_action(argc, argv);
    if (action == ACTION_HELP) {
        print_help();
        return EXIT_SUCCESS;
    }
    if (action == ACTION_VERSION) {
        printf("dronc-runner %s\n", DRONC_VERSION);
        return EXIT_SUCCESS;
    }
    if (action == ACTION_UNKNOWN) {
        complain("unknown option; see dronc-runner --help");
        return EXIT_USAGE;
    }
    if (!load_config(&config)) {
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    keep_big_blocks_apart();
    return act(action, &config);
}
