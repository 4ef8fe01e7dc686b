/* startup: how both programs begin: the command line, the settings, the log.
 *
 * Owns the options that both have (--help, --version, --check, --check-config, --print-config), what they
 * print, and the exit status of each program. Leaves to main.c what the program does, what --check asks
 * Redis, and exit itself.
 *
 * Life cycle: startup_begin once, from main, before anything else; then startup_log; startup_end last.
 */
#ifndef DRONC_STARTUP_H
#define DRONC_STARTUP_H

#include "base/config.h"

/* The exit status of both programs, besides 0. */
enum {
    EXIT_FAILED = 1, /* the program could not do what it was asked for */
    EXIT_USAGE = 2   /* the command line or a setting is invalid, or this Redis can never serve the program */
};

struct startup_option {
    const char *name; /* "--pool"; NULL: none */
    const char *help;
};

/* Asks Redis whether the program can work with it, and writes what it found to out, one line or more. Returns
 * ERR_CONFIG if waiting cannot help, any other error if Redis does not serve now; info has the reason. */
typedef enum err startup_check(const struct config *config, struct buffer *out, struct errinfo *info);

/* What differs between the programs. */
struct startup {
    const char *program; /* "dronc-runner" */
    enum config_scope scope;
    int log_fd;                /* where the log goes */
    bool log_buffered;         /* the program calls log_flush */
    startup_check *check;      /* for --check */
    struct startup_option own; /* an option that this program alone has */
    const char *about;         /* --help: what the program does, in a line */
    const char *notes;         /* --help: paragraphs after the options */
};

enum startup_action {
    STARTUP_RUN, /* no option: run */
    STARTUP_OWN, /* the program's own option: run so */
    STARTUP_END  /* done: exit with *status */
};

/* Reads the command line and, unless it asks for --help or --version, the settings into config. Prints what
 * an option asks for, and each mistake to standard error. *status is set with STARTUP_END. */
NODISCARD enum startup_action startup_begin(const struct startup *startup, int argc, char **argv,
                                            struct config *config, int *status);

/* Takes the Redis password from its file, if the settings name one. Returns false, with a line in problems, if
 * that cannot be read. startup_begin does so. */
NODISCARD bool startup_take_password(struct config *config, struct buffer *problems);

/* Starts the log as the settings ask for. */
void startup_log(const struct startup *startup, const struct config *config);

/* The exit status for err. */
int startup_status(enum err err);

/* Ends the log. Returns the exit status for err, and prints info's text to standard error if err is an error.
 */
int startup_end(const struct startup *startup, enum err err, const struct errinfo *info);

/* Prints "<program>: <text>" to standard error. */
void startup_complain(const struct startup *startup, const char *text);

#endif
