/* config: the settings of all programs, from the environment, by one table.
 *
 * Each setting has a name, a kind with bounds, a default and a help text. config_load checks all of them and
 * reports every invalid one by name. An empty variable counts as unset. Passwords are never printed.
 *
 * The table is the one statement of the settings: tests/system/test_settings.py compares the documentation,
 * systemd/dronc.env.example, docker-compose.yml and scripts/run with it.
 */
#ifndef DRONC_CONFIG_H
#define DRONC_CONFIG_H

#include "base/buffer.h"
#include "base/err.h"
#include "base/log.h"
#include "net/targets.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

/* Who may ask the API. */
enum api_auth {
    API_AUTH_AUTO, /* with a key; while there is none, whatever runs on this machine */
    API_AUTH_KEYS, /* with a key */
    API_AUTH_NONE, /* every client that reaches it */
    API_AUTH__COUNT
};

/* Set up by config_load. Array sizes include the NUL. */
struct config {
    /* Redis: a socket that is not empty wins over host and port. */
    char redis_host[256];
    int redis_port;                 /* 1 … 65535 */
    char redis_socket[108];         /* "" : use host and port */
    char redis_username[128];       /* "" : the default user */
    char redis_password[512];       /* "" : no AUTH */
    char redis_password_file[1024]; /* where startup reads redis_password from; "" : nowhere */
    int redis_db;                   /* 0 … 15 */

    /* Logging. */
    enum log_level log_level;
    enum log_format log_format; /* unset: text if the log goes to a terminal, else JSON */

    /* Time zones. */
    char tzdir[1024];                 /* where their files are; "": ZONE_DIR_DEFAULT */
    char timezone[ZONE_NAME_MAX + 1]; /* of jobs that name none; a valid name, but its file may be missing */

    struct targets_settings targets; /* where calls may go */

    /* What is sealed (lib/secret/seal_file.h). */
    char secrets_public_key[1024]; /* path of the file; "": the handler seals nothing */
    char secrets_key[1024];        /* path of the file; "": the runner opens nothing */

    /* The handler. */
    char http_addr[64];     /* the address that the web server listens on */
    enum api_auth api_auth; /* who may ask */
    int fcgi_processes;     /* handlers of a pool */
    char api_hosts[1024];   /* further names of the API in Host, separated by commas */
    int jobs_max;           /* jobs that may be stored; 0, as in the next two: no limit */
    int min_interval_s;     /* between two instants of a schedule */
    int idempotency_bytes;  /* of Redis, for the answers to requests with an Idempotency-Key */
    int audit_max;          /* entries of the trail, all shards together */

    /* The runner. The table has the bounds and the defaults. */
    int runner_max_in_flight;    /* calls at once */
    int runner_max_per_host;     /* of these, to one host and port */
    int runner_max_slow;         /* of these, to hosts that may be slow; 0: half of them */
    int executions_max;          /* records in the feed, all shards together */
    int executions_days;         /* their greatest age; 0: any age */
    int history_per_job;         /* records of each job */
    int runner_drain_timeout_ms; /* how long a SIGTERM waits for calls in flight */

    uint64_t from_environment; /* bit i: setting i of the table is not the default; for config_print */
};

/* Which settings a program knows; the table combines them with |. */
enum config_scope {
    CONFIG_FCGI = 1,
    CONFIG_RUNNER = 2,
    CONFIG_ADMIN = 4
};

/* Like getenv: returns NULL for a variable that is unset. The result is borrowed until the next look-up. */
typedef const char *config_lookup(const char *name, void *arg);

/* Where settings come from, and what decides the default of LOG_FORMAT. */
struct config_source {
    config_lookup *lookup;
    void *arg; /* for lookup; borrowed */
    bool tty;  /* the log goes to a terminal */
};

/* Reads the settings of scope into out. Returns ERR_CONFIG if any setting is invalid; then problems has a
 * line for each, `REDIS_PORT: "http" is not a whole number from 1 to 65535`, and out has the default in its
 * place. Settings outside the scope are not looked up and have their defaults. */
NODISCARD enum err config_load(struct config *out, enum config_scope scope,
                               const struct config_source *source, struct buffer *problems);

/* A config_lookup that reads the process' environment; arg is not used. */
const char *config_getenv(const char *name, void *arg);

/* Writes the table for --help: name, default ("-": empty), meaning and bounds, one setting a line. */
void config_help(struct buffer *out, enum config_scope scope);

/* Writes the settings in force, as sh and systemd read them: for each setting a comment with its origin
 * ("# default" or "# environment") and a line NAME=value. A password that is set is written as "***". */
void config_print(struct buffer *out, const struct config *config, enum config_scope scope);

/* Where Redis is, for messages: "unix:/run/redis.sock", "127.0.0.1:6379". Never has credentials. */
#define CONFIG_REDIS_SIZE 384
void config_describe_redis(char out[CONFIG_REDIS_SIZE], const struct config *config);

#endif
