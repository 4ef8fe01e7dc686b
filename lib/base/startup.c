/* startup: see startup.h. An option stands alone: a program takes one at most. */
#include "base/startup.h"

#include "base/version.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option {
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_CHECK,
    OPTION_CHECK_CONFIG,
    OPTION_PRINT_CONFIG,
    OPTION__COUNT,
    OPTION_OWN,    /* startup.own */
    OPTION_NONE,   /* the command line is empty */
    OPTION_UNKNOWN /* it is invalid */
};

static const struct startup_option OPTIONS[OPTION__COUNT] = {
    [OPTION_HELP] = {"--help", "print this text"},
    [OPTION_VERSION] = {"--version", "print the version"},
    [OPTION_CHECK] = {"--check", "check the settings, reach Redis, and print what it keeps"},
    [OPTION_CHECK_CONFIG] = {"--check-config", "check the settings alone"},
    [OPTION_PRINT_CONFIG] = {"--print-config",
                             "print each setting with its value and origin; passwords as ***"},
};

static bool is_same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static enum option find_option(const struct startup *startup, const char *text)
{
    for (unsigned i = 0; i < OPTION__COUNT; i++) {
        if (is_same(text, OPTIONS[i].name)) {
            return (enum option)i;
        }
    }
    if (startup->own.name != NULL && is_same(text, startup->own.name)) {
        return OPTION_OWN;
    }
    return is_same(text, "-h") ? OPTION_HELP : is_same(text, "-V") ? OPTION_VERSION : OPTION_UNKNOWN;
}

static enum option read_option(const struct startup *startup, int argc, char **argv)
{
    if (argc <= 1) {
        return OPTION_NONE;
    }
    return argc == 2 ? find_option(startup, argv[1]) : OPTION_UNKNOWN;
}

static void add_option(struct buffer *out, const struct startup_option *option)
{
    buffer_printf(out, "  %-15s  %s\n", option->name, option->help);
}

static void add_help(struct buffer *out, const struct startup *startup)
{
    buffer_printf(out, "%s %s: %s\n\nUsage: %s [option]\n\n", startup->program, DRONC_VERSION, startup->about,
                  startup->program);
    if (startup->own.name != NULL) {
        add_option(out, &startup->own);
    }
    for (size_t i = 0; i < OPTION__COUNT; i++) {
        add_option(out, &OPTIONS[i]);
    }
    buffer_printf(
        out,
        "\n%s\nExit status: 0 when done or stopped; 1 after a failure (--check: Redis cannot be "
        "reached or refuses us);\n2 for an invalid option or setting, or for a Redis that can never "
        "serve: a node of a cluster,\na database with another number of shards.\n\n"
        "Settings, from the environment (an empty one counts as unset):\n",
        startup->notes);
    config_help(out, startup->scope);
}

/* Prints text and ends it. Returns the exit status. */
static int print(struct buffer *text)
{
    bool is_good =
        buffer_error(text) == ERR_OK && fputs(buffer_str(text), stdout) >= 0 && fflush(stdout) == 0;
    buffer_fini(text);
    return is_good ? EXIT_SUCCESS : EXIT_FAILED;
}

/* A valid name is not enough: the zone's file must exist. */
static bool check_timezone(const struct config *config, struct buffer *problems)
{
    struct zone *zone;
    enum zone_err err = zone_load(&zone, config->tzdir, config->timezone);
    zone_free(zone);
    if (err != ZONE_OK) {
        buffer_printf(problems, "DRONC_TIMEZONE: \"%s\": %s\n", config->timezone, zone_err_text(err));
    }
    return err == ZONE_OK;
}

static bool read_config(const struct startup *startup, struct config *config)
{
    struct buffer problems = {0};
    const struct config_source source = {.lookup = config_getenv, .tty = isatty(startup->log_fd) == 1};
    bool is_good = config_load(config, startup->scope, &source, &problems) == ERR_OK;
    if ((startup->scope & CONFIG_FCGI) != 0) {
        is_good = check_timezone(config, &problems) && is_good;
    }
    log_complain(buffer_str(&problems));
    buffer_fini(&problems);
    return is_good;
}

static int check(const struct startup *startup, const struct config *config)
{
    struct errinfo info = {0};
    struct buffer found = {0};
    (void)signal(SIGPIPE, SIG_IGN); /* a connection that Redis closes is an error, not the end */
    startup_log(startup, config);
    log_set_level(LOG_ERROR);
    enum err err = startup->check(config, &found, &info);
    int printed = print(&found);
    int status = startup_end(startup, err, &info);
    return status != EXIT_SUCCESS ? status : printed;
}

/* Does what the option asks for, with valid settings. Returns the exit status. */
static int act(const struct startup *startup, enum option option, const struct config *config)
{
    struct buffer text = {0};
    if (option == OPTION_CHECK) {
        return check(startup, config);
    }
    if (option == OPTION_PRINT_CONFIG) {
        config_print(&text, config, startup->scope);
    }
    return print(&text);
}

/* Prints what needs no settings. Returns the exit status, or -1 if the option needs them. */
static int act_early(const struct startup *startup, enum option option)
{
    struct buffer text = {0};
    switch (option) {
    case OPTION_HELP:
        add_help(&text, startup);
        return print(&text);
    case OPTION_VERSION:
        buffer_printf(&text, "%s %s\n", startup->program, DRONC_VERSION);
        return print(&text);
    case OPTION_UNKNOWN:
        buffer_printf(&text, "unknown option; see %s --help", startup->program);
        startup_complain(startup, buffer_str(&text));
        buffer_fini(&text);
        return EXIT_USAGE;
    default:
        return -1;
    }
}

enum startup_action startup_begin(const struct startup *startup, int argc, char **argv, struct config *config,
                                  int *status)
{
    /* libcurl and OpenSSL would write the keys of every TLS connection there. */
    (void)unsetenv("SSLKEYLOGFILE");
    enum option option = read_option(startup, argc, argv);
    int early = act_early(startup, option);
    if (early >= 0) {
        *status = early;
        return STARTUP_END;
    }
    if (!read_config(startup, config)) {
        *status = EXIT_USAGE;
        return STARTUP_END;
    }
    if (option == OPTION_NONE || option == OPTION_OWN) {
        *status = EXIT_SUCCESS;
        return option == OPTION_OWN ? STARTUP_OWN : STARTUP_RUN;
    }
    *status = act(startup, option, config);
    return STARTUP_END;
}

void startup_log(const struct startup *startup, const struct config *config)
{
    const struct log_options options = {.fd = startup->log_fd,
                                        .level = config->log_level,
                                        .format = config->log_format,
                                        .colour = isatty(startup->log_fd) == 1 && getenv("NO_COLOR") == NULL,
                                        .buffered = startup->log_buffered,
                                        .clock = clock_system(),
                                        .program = startup->program};
    log_init(&options);
}

int startup_status(enum err err)
{
    return err == ERR_OK ? EXIT_SUCCESS : err == ERR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
}

int startup_end(const struct startup *startup, enum err err, const struct errinfo *info)
{
    log_fini();
    if (err != ERR_OK) {
        startup_complain(startup, info->text);
    }
    return startup_status(err);
}

void startup_complain(const struct startup *startup, const char *text)
{
    struct buffer line = {0};
    buffer_printf(&line, "%s: %s\n", startup->program, text);
    log_complain(buffer_str(&line));
    buffer_fini(&line);
}
