/* dronc-fcgi: takes jobs in, answers questions about them. Options, settings and log; then the loop (worker),
 * a pool of processes with that loop each (pool), or, as a CGI program, one request (cgi). */
#include "base/config.h"
#include "base/log.h"
#include "redis/redis_health.h"
#include "serve/app.h"
#include "serve/cgi.h"
#include "serve/pool.h"
#include "serve/stop.h"
#include "serve/worker.h"
#include "zone/zone.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef DRONC_VERSION
#define DRONC_VERSION "unknown"
#endif

#define EXIT_USAGE 2 /* options or settings are wrong; nothing was done */

static void print_help(void)
{
    struct buffer text = {0};

    config_help(&text, CONFIG_FCGI);
    printf("Usage: dronc-fcgi [--pool | --help | --version | --check-config]\n\n"
           "Dronc's HTTP API. Runs as a FastCGI process on the listening socket that it finds\n"
           "as standard input (spawn-fcgi, or systemd with StandardInput=socket), or as a CGI\n"
           "program. Logs to standard error. SIGTERM: answers what is under way or waits, exits 0.\n"
           "It waits for a Redis that is away or refuses it; exit 2: a setting is wrong, or Redis is a node "
           "of a cluster.\n"
           "--pool: keep FCGI_PROCESSES handlers on that socket, and start another one where one dies.\n"
           "--check-config: read the settings, exit: 0 good, 2 bad.\n\n"
           "Settings, from the environment:\n%s",
           buffer_str(&text));
    buffer_fini(&text);
}

/* A sound name is not enough: the zone has to be there. */
static bool check_timezone(const struct config *config, struct buffer *problems)
{
    struct zone *zone;
    enum zone_err err = zone_load(&zone, getenv("TZDIR"), config->timezone);

    zone_free(zone);
    if (err != ZONE_OK) {
        buffer_printf(problems, "DRONC_TIMEZONE: \"%s\": %s\n", config->timezone, zone_err_text(err));
    }
    return err == ZONE_OK;
}

static bool read_config(struct config *config)
{
    struct buffer problems = {0};
    bool tty = isatty(STDERR_FILENO) == 1;
    bool ok = config_load(config, CONFIG_FCGI, config_getenv, NULL, tty, &problems) == ERR_OK;

    ok = check_timezone(config, &problems) && ok; /* of a bad name the default is left, which is there */
    log_complain(buffer_str(&problems));
    buffer_fini(&problems);
    return ok;
}

static int do_option(int option)
{
    struct config config;

    if (option == 'c') {
        return read_config(&config) ? EXIT_SUCCESS : EXIT_USAGE;
    }
    option == 'h' ? print_help() : (void)printf("dronc-fcgi %s\n", DRONC_VERSION);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Exit code of an option that ends the program; -1: go on, with *pool or without. */
static int read_options(int argc, char **argv, bool *pool)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"check-config", no_argument, NULL, 'c'},
                                            {"pool", no_argument, NULL, 'p'},
                                            {0}};
    int option = getopt_long(argc, argv, "hV", options, NULL);

    if (option == 'h' || option == 'V' || option == 'c') {
        return do_option(option);
    }
    *pool = option == 'p';
    if ((option == -1 || *pool) && optind == argc) {
        return -1;
    }
    log_complain("dronc-fcgi: try --help\n");
    return EXIT_USAGE;
}

static void start_log(const struct config *config)
{
    bool tty = isatty(STDERR_FILENO) == 1;
    struct log_options options = {STDERR_FILENO, config->log_level, config->log_format, tty,
                                  false,         clock_system(),    "dronc-fcgi"};

    log_init(&options);
}

/* So that the first request finds the connection, and an operator finds out early what is wrong. Only where
 * the address is that of a node of a cluster waiting cannot help: that is a wrong setting. */
static enum err look_at_redis(struct app *app, struct errinfo *info)
{
    struct redis_health health;
    char warning[STORE_WARNING_SIZE];

    redis_health_check(app->context.redis, &health);
    if (health.trouble == REDIS_CLUSTER) {
        return err_set(info, ERR_CONFIG, "%s", redis_trouble_reason(health.trouble));
    }
    if (health.trouble != REDIS_FINE) {
        log_warn("redis not ready yet", log_str("redis", redis_trouble_word(health.trouble)),
                 log_str("error", health.info.text));
    }
    for (size_t i = 0; store_durability_warn(&health.durability, i, warning); i++) {
        log_warn("redis may lose jobs", log_str("why", warning));
    }
    return ERR_OK;
}

static enum err serve_fastcgi(struct app *app, struct errinfo *info)
{
    pid_t pid = getpid();
    enum err err;

    stop_hold(); /* who reads the next line may stop this process, and has to find it answering what waits */
    log_info("handler started", log_i64("pid", pid), log_str("version", DRONC_VERSION));
    err = look_at_redis(app, info);
    if (err == ERR_OK) {
        err = worker_run(app, info);
    }
    if (getpid() == pid) { /* else it is a child of worker's, of which nobody need hear */
        log_info("handler stopped", log_i64("pid", pid));
    }
    return err;
}

static int serve(const struct config *config)
{
    struct errinfo info = {0};
    struct app app;
    enum err err = app_init(&app, config, clock_system(), getenv("TZDIR"));

    if (err != ERR_OK) {
        (void)err_set(&info, err, "out of memory");
    } else {
        err = worker_is_fastcgi() ? serve_fastcgi(&app, &info) : cgi_run(&app, &info);
    }
    if (err != ERR_OK) {
        log_error("handler failed", log_str("error", info.text));
    }
    app_fini(&app);
    return err == ERR_OK ? EXIT_SUCCESS : err == ERR_CONFIG ? EXIT_USAGE : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    bool pool = false;
    int code = read_options(argc, argv, &pool);
    struct config config;

    if (code >= 0) {
        return code;
    }
    code = EXIT_SUCCESS;
    if (!read_config(&config)) {
        return EXIT_USAGE;
    }
    if (!worker_is_fastcgi() && (pool || !cgi_is_request())) {
        log_complain("dronc-fcgi: standard input is no listening socket, nor is this CGI; try --help\n");
        return EXIT_USAGE;
    }
    start_log(&config);
    if (!pool || pool_keep(config.fcgi_processes, clock_system()) == POOL_HANDLER) {
        code = serve(&config);
    }
    log_fini();
    return code;
}
