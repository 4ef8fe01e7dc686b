/* config: the settings of both programs, from the environment, by one table.
 *
 * Each setting has a name, a kind with bounds, a default and a help text; config_load checks all of them and
 * reports every bad one, each with its name. An empty variable counts as unset. Passwords are never printed.
 */
#ifndef DRONC_CONFIG_H
#define DRONC_CONFIG_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/log.h"
#include "zone/zone.h"

#include <stdbool.h>

/* The lengths include the NUL. */
struct config {
    /* Redis: the socket wins over host and port where it is not empty. */
    char redis_host[256];
    int redis_port;           /* 1 … 65535 */
    char redis_socket[108];   /* "" : use host and port */
    char redis_username[128]; /* "" : the default user */
    char redis_password[512]; /* "" : no AUTH */
    int redis_db;             /* 0 … 15 */

    /* Logging. */
    enum log_level log_level;
    enum log_format log_format; /* unset: text where standard output is a terminal, else JSON */

    /* The handler. */
    int fcgi_processes;               /* that a pool has; 1 … 256; default 8 */
    char timezone[ZONE_NAME_MAX + 1]; /* of jobs that name none; its name is sound, the zone may be missing */

    /* The runner. */
    int runner_max_in_flight; /* calls at once; 1 … 100,000; default 1,000 */
    int runner_max_per_host;  /* of these, to one host and port; 1 … 100,000; default 64 */
    int runner_max_slow; /* of these, what may turn out slow; 0 … 100,000; 0: half of them; default 0 */
    int executions_max;  /* attempts in the feed, all shards together; 1,600 … 1,000,000,000; default
                            1,600,000 */
    int executions_days; /* how old these may be; 0 … 36,500; 0: any age; default 30 */
    int history_per_job; /* attempts of each job; 1 … 1,000; default 200 */
    int runner_drain_timeout_ms; /* how long a SIGTERM waits for calls in flight; 0 … 3,600,000; default
                                    30,000 */
};

/* Which settings a program knows: they are or-ed in the table. */
enum config_scope {
    CONFIG_FCGI = 1,
    CONFIG_RUNNER = 2
};

/* Read the settings of scope through getenv-like lookup (borrowed; NULL result: unset), into out. tty says
 * whether standard output is a terminal. ERR_CONFIG: at least one is wrong; problems (borrowed) then got one
 * line for each, newline included: `REDIS_PORT: "http" is not a whole number from 1 to 65535`, and out holds
 * the default in its place. Settings outside the scope are not looked up and have their defaults. */
typedef const char *config_lookup(const char *name, void *arg);
NODISCARD enum err config_load(struct config *out, enum config_scope scope, config_lookup *lookup, void *arg,
                               bool tty, struct buffer *problems);

/* config_lookup over the process' environment; arg is not used. */
const char *config_getenv(const char *name, void *arg);

/* The table as text for --help: name, default, bounds, meaning, one setting a line. */
void config_help(struct buffer *out, enum config_scope scope);
/* The values in force, NAME=value a line; a password shows as "***". */
void config_print(struct buffer *out, const struct config *config, enum config_scope scope);

#endif
