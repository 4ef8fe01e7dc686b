/* dronc-fcgi: takes jobs in and answers questions about them. This file starts the loop (worker), a pool of
 * processes with that loop each (pool), or, as a CGI program, one request (cgi). */
#include "base/log.h"
#include "base/startup.h"
#include "base/version.h"
#include "check.h"
#include "serve/app.h"
#include "serve/cgi.h"
#include "serve/pool.h"
#include "serve/stop.h"
#include "serve/worker.h"

#include <stdlib.h>
#include <unistd.h>

static const struct startup STARTUP = {
    .program = "dronc-fcgi",
    .scope = CONFIG_FCGI,
    .log_fd = STDERR_FILENO,
    .check = check_redis,
    .own = {"--pool", "keep FCGI_PROCESSES handlers on the socket, and replace each one that dies"},
    .about = "Dronc's HTTP API",
    .notes = "Runs as a FastCGI process on the listening socket that is its standard input (spawn-fcgi, or\n"
             "systemd with StandardInput=socket), or as a CGI program. Logs to standard error.\n"
             "SIGTERM: answers the requests that are in progress or in the queue, then exits with 0.\n"
             "It waits for a Redis that is down or refuses the login.\n"
             "Without an API key in Redis, it does not start where HTTP_ADDR is not loopback (API_AUTH).\n",
};

static enum err serve_fastcgi(struct app *app, struct errinfo *info)
{
    pid_t pid = getpid();
    stop_block(); /* a reader of the next line may stop this process, which must answer what waits */
    log_info("handler started", log_i64("pid", pid), log_str("version", DRONC_VERSION));
    enum err err = check_at_start(app->context.redis, info);
    if (err == ERR_OK) {
        err = worker_run(app, info);
    }
    if (getpid() == pid) { /* else this is a child of worker's, which logs nothing */
        log_info("handler stopped", log_i64("pid", pid));
    }
    return err;
}

static int serve(const struct config *config)
{
    struct errinfo info = {0};
    struct app app;
    enum err err = app_init(&app, config, clock_system(), config->tzdir);
    if (err != ERR_OK) {
        (void)err_set(&info, err, "out of memory");
    } else {
        err = worker_is_fastcgi() ? serve_fastcgi(&app, &info) : cgi_run(&app, &info);
    }
    if (err != ERR_OK) {
        log_error("handler failed", log_str("error", info.text));
    }
    app_fini(&app);
    return startup_status(err);
}

int main(int argc, char **argv)
{
    struct errinfo info = {0};
    struct config config;
    int status;
    bool is_cgi = !worker_is_fastcgi() && cgi_is_request();
    /* A web server may pass a query string as arguments: a client must not choose an option. */
    enum startup_action action = startup_begin(&STARTUP, is_cgi ? 1 : argc, argv, &config, &status);
    bool is_pool = action == STARTUP_OWN;
    if (action == STARTUP_END) {
        return status;
    }
    if (!worker_is_fastcgi() && !is_cgi) {
        startup_complain(&STARTUP, "standard input is not a listening socket, and this is not CGI; see "
                                   "dronc-fcgi --help");
        return EXIT_USAGE;
    }
    startup_log(&STARTUP, &config);
    if (!is_cgi && check_exposure(&config, &info) == ERR_CONFIG) {
        return startup_end(&STARTUP, ERR_CONFIG, &info);
    }
    if (!is_pool || pool_keep(config.fcgi_processes, clock_system()) == POOL_HANDLER) {
        status = serve(&config);
    }
    log_fini();
    return status;
}
