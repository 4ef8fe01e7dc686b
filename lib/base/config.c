/* config.c: the one table of settings, and what walks it: load, help, print.
 *
 * A default is a text like any other and goes through the same reader. This file opens nothing: it does not
 * check whether a host, a socket or a time zone exists.
 */
#include "base/config.h"

#include "base/log_line.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_STRING,    /* at most max bytes */
    KIND_SECRET,    /* a string whose value is never printed */
    KIND_INT,       /* min to max, decimal */
    KIND_LEVEL,     /* a word of enum log_level */
    KIND_HOSTS,     /* host names with or without ports, separated by commas; at most max bytes */
    KIND_ZONE,      /* the name of a time zone, which need not exist */
    KIND_AUTH,      /* a word of enum api_auth */
    KIND_FORMAT,    /* a word of enum log_format; the default depends on the terminal */
    KIND_TARGETS,   /* a word of enum targets_mode */
    KIND_REDIRECTS, /* a word of enum targets_redirects */
    KIND_PLACES     /* a list of targets.h, of at most max bytes */
};

struct setting {
    const char *name;
    enum kind kind;
    unsigned scope;       /* one enum config_scope, or both */
    size_t offset;        /* of its field in struct config */
    int64_t min;          /* KIND_INT */
    int64_t max;          /* see kind */
    const char *standard; /* the default as text; "": empty, or see kind */
    const char *help;
};

#define SHOWN_MAX     64 /* bytes of an invalid value that are shown */
#define BOTH          (CONFIG_FCGI | CONFIG_RUNNER)
#define ALL           (BOTH | CONFIG_ADMIN)
#define AT(field)     offsetof(struct config, field)
#define LONGEST(text) ((int64_t)sizeof((struct config *)NULL)->text - 1)

static const struct setting SETTINGS[] = {
    {"REDIS_HOST", KIND_STRING, ALL, AT(redis_host), 0, LONGEST(redis_host), "127.0.0.1",
     "the Redis server's name or address"},
    {"REDIS_PORT", KIND_INT, ALL, AT(redis_port), 1, 65535, "6379", "the Redis server's TCP port"},
    {"REDIS_SOCKET", KIND_STRING, ALL, AT(redis_socket), 0, LONGEST(redis_socket), "",
     "a Unix socket to reach Redis by, instead of host and port"},
    {"REDIS_USERNAME", KIND_STRING, ALL, AT(redis_username), 0, LONGEST(redis_username), "",
     "the Redis user (empty: the default user)"},
    {"REDIS_PASSWORD", KIND_SECRET, ALL, AT(redis_password), 0, LONGEST(redis_password), "",
     "that user's password (empty: none is sent)"},
    {"REDIS_PASSWORD_FILE", KIND_STRING, ALL, AT(redis_password_file), 0, LONGEST(redis_password_file), "",
     "a file whose only line is that password, instead of REDIS_PASSWORD"},
    {"REDIS_DB", KIND_INT, ALL, AT(redis_db), 0, 15, "0", "the number of the Redis database"},
    {"LOG_LEVEL", KIND_LEVEL, BOTH, AT(log_level), 0, 0, "info", "the lowest level that is logged"},
    {"LOG_FORMAT", KIND_FORMAT, BOTH, AT(log_format), 0, 0, "",
     "the form of log lines (unset: text on a terminal, else json)"},
    {"TZDIR", KIND_STRING, BOTH, AT(tzdir), 0, LONGEST(tzdir), "",
     "the directory of the time zone files (empty: " ZONE_DIR_DEFAULT ")"},
    {"HTTP_ADDR", KIND_STRING, CONFIG_FCGI | CONFIG_ADMIN, AT(http_addr), 0, LONGEST(http_addr), "127.0.0.1",
     "the IP address that the web server listens on; without an API key only loopback will do"},
    {"API_AUTH", KIND_AUTH, CONFIG_FCGI | CONFIG_ADMIN, AT(api_auth), 0, 0, "auto",
     "who may ask the API (auto: this machine until there is a key, then every client with one)"},
    {"DRONC_TIMEZONE", KIND_ZONE, CONFIG_FCGI, AT(timezone), 0, LONGEST(timezone), "UTC",
     "the time zone of jobs that name none"},
    {"TARGETS", KIND_TARGETS, BOTH, AT(targets.mode), 0, 0, "auto",
     "which addresses jobs may call (auto: local without API keys, else private)"},
    {"TARGETS_ALLOW", KIND_PLACES, BOTH, AT(targets.allow), 0, LONGEST(targets.allow), "",
     "besides these: addresses, ranges and host names, with commas, each with :port or without"},
    {"TARGETS_DENY", KIND_PLACES, BOTH, AT(targets.deny), 0, LONGEST(targets.deny), "",
     "none of these, in the same form"},
    {"TARGETS_REDIRECTS", KIND_REDIRECTS, CONFIG_RUNNER, AT(targets.redirects), 0, 0, "outward",
     "where redirects may lead (outward: never further in than the call has been)"},
    {"SECRETS_PUBLIC_KEY", KIND_STRING, CONFIG_FCGI | CONFIG_ADMIN, AT(secrets_public_key), 0,
     LONGEST(secrets_public_key), "",
     "the file of the key that seals secrets and signing keys (empty: they cannot be stored)"},
    {"SECRETS_KEY", KIND_STRING, CONFIG_RUNNER, AT(secrets_key), 0, LONGEST(secrets_key), "",
     "the file of the keys that open them, which only its owner may read (empty: none is opened)"},
    {"FCGI_PROCESSES", KIND_INT, CONFIG_FCGI, AT(fcgi_processes), 1, 256, "8", "handlers of a pool (--pool)"},
    {"API_HOSTS", KIND_HOSTS, CONFIG_FCGI, AT(api_hosts), 0, LONGEST(api_hosts), "",
     "names that clients may reach the API by, besides localhost, 127.x.y.z and [::1]"},
    {"JOBS_MAX", KIND_INT, CONFIG_FCGI, AT(jobs_max), 0, 1000000000, "0",
     "jobs that may be stored, a sixteenth of them in each shard (0: any number)"},
    {"MIN_INTERVAL_S", KIND_INT, CONFIG_FCGI, AT(min_interval_s), 0, 86400, "0",
     "seconds that have to lie between two instants of a schedule (0: any number)"},
    {"IDEMPOTENCY_BYTES", KIND_INT, CONFIG_FCGI, AT(idempotency_bytes), 0, 2147483647, "67108864",
     "memory of Redis for the answers to requests with an Idempotency-Key (0: any amount)"},
    {"AUDIT_MAX", KIND_INT, CONFIG_FCGI | CONFIG_ADMIN, AT(audit_max), 1600, 1000000000, "100000",
     "the newest changes that the trail (GET /v1/audit) keeps, of all jobs together"},
    {"RUNNER_MAX_IN_FLIGHT", KIND_INT, CONFIG_RUNNER, AT(runner_max_in_flight), 1, 100000, "1000",
     "calls at once"},
    {"RUNNER_MAX_PER_HOST", KIND_INT, CONFIG_RUNNER, AT(runner_max_per_host), 1, 100000, "64",
     "of these, to one host and port"},
    {"RUNNER_MAX_SLOW", KIND_INT, CONFIG_RUNNER, AT(runner_max_slow), 0, 100000, "0",
     "of these, to hosts that are slow or have not answered lately (0: half)"},
    {"RUNNER_DRAIN_TIMEOUT_MS", KIND_INT, CONFIG_RUNNER, AT(runner_drain_timeout_ms), 0, 3600000, "30000",
     "how long a stop waits for calls in flight"},
    {"EXECUTIONS_MAX", KIND_INT, CONFIG_RUNNER, AT(executions_max), 1600, 1000000000, "1600000",
     "the newest records that are kept, of all jobs together"},
    {"EXECUTIONS_DAYS", KIND_INT, CONFIG_RUNNER, AT(executions_days), 0, 36500, "30",
     "their greatest age in days (0: any age)"},
    {"HISTORY_PER_JOB", KIND_INT, CONFIG_RUNNER, AT(history_per_job), 1, 1000, "200",
     "the newest records that are kept of each job as well"},
};

#define SETTINGS_COUNT (sizeof SETTINGS / sizeof SETTINGS[0])
_Static_assert(SETTINGS_COUNT <= sizeof((struct config *)NULL)->from_environment * 8, "a bit for each");

/* The number of a word is stored as such, whichever enum the field has. */
_Static_assert(sizeof(enum log_level) == sizeof(unsigned) && sizeof(enum log_format) == sizeof(unsigned) &&
                   sizeof(enum api_auth) == sizeof(unsigned) &&
                   sizeof(enum targets_mode) == sizeof(unsigned) &&
                   sizeof(enum targets_redirects) == sizeof(unsigned),
               "an enum of another size");

static bool has_choices(const struct setting *s)
{
    return s->kind == KIND_LEVEL || s->kind == KIND_AUTH || s->kind == KIND_FORMAT ||
           s->kind == KIND_TARGETS || s->kind == KIND_REDIRECTS;
}

/* The words of a setting that takes one of a few, in the order of their enum. */
struct choices {
    const char *const *words;
    unsigned count;
};

static struct choices choices_of(const struct setting *s)
{
    static const char *const LEVELS[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    static const char *const FORMATS[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json"};
    static const char *const AUTHS[] = {
        [API_AUTH_AUTO] = "auto", [API_AUTH_KEYS] = "keys", [API_AUTH_NONE] = "none"};
    _Static_assert(sizeof AUTHS / sizeof AUTHS[0] == API_AUTH__COUNT, "a mode without a word");
    static const char *const MODES[] = {[TARGETS_AUTO] = "auto",
                                        [TARGETS_LOCAL] = "local",
                                        [TARGETS_PRIVATE] = "private",
                                        [TARGETS_PUBLIC] = "public"};
    static const char *const REDIRECTS[] = {[TARGETS_OUTWARD] = "outward", [TARGETS_ANY] = "any"};
    _Static_assert(sizeof LEVELS / sizeof LEVELS[0] == LOG_LEVEL__COUNT, "a level without a word");
    _Static_assert(sizeof MODES / sizeof MODES[0] == TARGETS_MODE__COUNT, "a mode without a word");
    switch (s->kind) {
    case KIND_LEVEL:
        return (struct choices){LEVELS, LOG_LEVEL__COUNT};
    case KIND_AUTH:
        return (struct choices){AUTHS, API_AUTH__COUNT};
    case KIND_TARGETS:
        return (struct choices){MODES, TARGETS_MODE__COUNT};
    case KIND_REDIRECTS:
        return (struct choices){REDIRECTS, TARGETS_REDIRECTS__COUNT};
    default:
        return (struct choices){FORMATS, sizeof FORMATS / sizeof FORMATS[0]};
    }
}

static void *field_of(struct config *config, const struct setting *s)
{
    return (char *)config + s->offset;
}

static const void *field_in(const struct config *config, const struct setting *s)
{
    return (const char *)config + s->offset;
}

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            return true;
        }
    }
    return false;
}

static bool read_string(struct config *out, const struct setting *s, const char *text)
{
    size_t len = strlen(text);
    if (len > (size_t)s->max || has_control_character(text)) {
        return false;
    }
    memcpy(field_of(out, s), text, len + 1);
    return true;
}

static bool read_hosts(struct config *out, const struct setting *s, const char *text)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[], ";
    return text[strspn(text, ALLOWED)] == '\0' && read_string(out, s, text);
}

static bool read_zone(struct config *out, const struct setting *s, const char *text)
{
    return zone_name_is_valid(text, strlen(text)) && read_string(out, s, text);
}

static bool read_int(struct config *out, const struct setting *s, const char *text)
{
    int64_t value;
    if (!slice_i64(slice_of(text), &value) || value < s->min || value > s->max) {
        return false;
    }
    *(int *)field_of(out, s) = (int)value;
    return true;
}

static bool read_choice(struct config *out, const struct setting *s, const char *text)
{
    struct choices choices = choices_of(s);
    for (unsigned i = 0; i < choices.count; i++) {
        if (strcmp(text, choices.words[i]) == 0) {
            memcpy(field_of(out, s), &i, sizeof i);
            return true;
        }
    }
    return false;
}

/* The index of the word that is set. */
static unsigned choice_of(const struct config *config, const struct setting *s)
{
    unsigned choice;
    memcpy(&choice, field_in(config, s), sizeof choice);
    return choice;
}

static bool read_places(struct config *out, const struct setting *s, const char *text)
{
    size_t at;
    size_t len;
    return targets_list_check(text, &at, &len) && read_string(out, s, text);
}

/* Reads text into the setting's field. Returns false, and leaves the field as it is, if text is invalid. */
static bool read_setting(struct config *out, const struct setting *s, const char *text)
{
    switch (s->kind) {
    case KIND_STRING:
    case KIND_SECRET:
        return read_string(out, s, text);
    case KIND_INT:
        return read_int(out, s, text);
    case KIND_HOSTS:
        return read_hosts(out, s, text);
    case KIND_ZONE:
        return read_zone(out, s, text);
    case KIND_PLACES:
        return read_places(out, s, text);
    case KIND_LEVEL:
    case KIND_AUTH:
    case KIND_FORMAT:
    case KIND_TARGETS:
    case KIND_REDIRECTS:
        return read_choice(out, s, text);
    }
    return false;
}

/* "debug, info, warn, error" */
static void add_choices(struct buffer *out, const struct setting *s)
{
    struct choices choices = choices_of(s);
    for (unsigned i = 0; i < choices.count; i++) {
        buffer_printf(out, "%s%s", i > 0 ? ", " : "", choices.words[i]);
    }
}

static void add_wrong_length(struct buffer *out, const struct setting *s)
{
    buffer_printf(out, "is longer than %lld bytes\n", (long long)s->max);
}

/* Names the wrong item of a list. */
static void add_wrong_place(struct buffer *out, const struct setting *s, const char *text)
{
    char shown[SHOWN_MAX];
    size_t at = 0;
    size_t item = 0;
    if (targets_list_check(text, &at, &item)) {
        add_wrong_length(out, s);
        return;
    }
    size_t len = log_escape(shown, sizeof shown, (struct slice){text + at, item}, LOG_ESCAPE_QUOTED);
    buffer_printf(out,
                  "\"%.*s\" is not an address, a range such as 10.0.0.0/8, or a host name, with :port or "
                  "without\n",
                  (int)len, shown);
}

/* Writes what is wrong with text: its beginning, unless it is secret, and what the setting takes. */
static void add_problem(struct buffer *out, const struct setting *s, const char *text)
{
    char shown[SHOWN_MAX];
    size_t len = log_escape(shown, sizeof shown, slice_of(text), LOG_ESCAPE_QUOTED);
    buffer_printf(out, "%s: ", s->name);
    if (s->kind == KIND_PLACES) {
        add_wrong_place(out, s, text);
        return;
    }
    if (s->kind != KIND_SECRET) {
        buffer_printf(out, "\"%.*s\" ", (int)len, shown);
    }
    switch (s->kind) {
    case KIND_STRING:
    case KIND_SECRET:
        if (strlen(text) > (size_t)s->max) {
            add_wrong_length(out, s);
        } else {
            buffer_add_str(out, "holds a control character\n");
        }
        break;
    case KIND_INT:
        buffer_printf(out, "is not a whole number from %lld to %lld\n", (long long)s->min, (long long)s->max);
        break;
    case KIND_HOSTS:
        buffer_add_str(out, "is not a list of host names, such as dronc.example.com, 10.0.0.7\n");
        break;
    case KIND_ZONE:
        buffer_add_str(out, "is not a time zone's name, such as Europe/Berlin\n");
        break;
    default:
        buffer_add_str(out, "is not one of ");
        add_choices(out, s);
        buffer_add_char(out, '\n');
        break;
    }
}

/* Sets every field, whatever the scope. */
static void set_defaults(struct config *out, bool tty)
{
    *out = (struct config){.log_format = tty ? LOG_TEXT : LOG_JSON};
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if (SETTINGS[i].standard[0] != '\0') {
            (void)read_setting(out, &SETTINGS[i], SETTINGS[i].standard);
        }
    }
}

enum err config_load(struct config *out, enum config_scope scope, const struct config_source *source,
                     struct buffer *problems)
{
    enum err result = ERR_OK;
    set_defaults(out, source->tty);
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &SETTINGS[i];
        bool is_ours = (s->scope & (unsigned)scope) != 0;
        const char *text = is_ours ? source->lookup(s->name, source->arg) : NULL;
        if (text == NULL || text[0] == '\0') {
            continue;
        }
        if (read_setting(out, s, text)) {
            out->from_environment |= UINT64_C(1) << i;
        } else {
            add_problem(problems, s, text);
            result = ERR_CONFIG;
        }
    }
    return result;
}

const char *config_getenv(const char *name, void *arg)
{
    (void)arg;
    return getenv(name);
}

void config_help(struct buffer *out, enum config_scope scope)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *s = &SETTINGS[i];
        if ((s->scope & (unsigned)scope) == 0) {
            continue;
        }
        buffer_printf(out, "  %-24s %-10s %s", s->name, s->standard[0] != '\0' ? s->standard : "-", s->help);
        if (s->kind == KIND_INT) {
            buffer_printf(out, "; %lld to %lld", (long long)s->min, (long long)s->max);
        } else if (has_choices(s)) {
            buffer_add_str(out, "; ");
            add_choices(out, s);
        }
        buffer_add_char(out, '\n');
    }
}

/* Writes text so that sh and systemd read it back: in quotes if it has anything but plain characters. */
static void add_quoted(struct buffer *out, const char *text)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+:,./-";
    if (text[strspn(text, PLAIN)] == '\0') {
        buffer_add_str(out, text);
        return;
    }
    buffer_add_char(out, '"');
    for (; *text != '\0'; text++) {
        if (strchr("\"\\$`", *text) != NULL) {
            buffer_add_char(out, '\\');
        }
        buffer_add_char(out, *text);
    }
    buffer_add_char(out, '"');
}

static void add_value(struct buffer *out, const struct config *config, const struct setting *s, bool is_set)
{
    const void *field = field_in(config, s);
    switch (s->kind) {
    case KIND_STRING:
    case KIND_HOSTS:
    case KIND_ZONE:
    case KIND_PLACES:
        add_quoted(out, field);
        break;
    case KIND_SECRET:
        buffer_add_str(out, is_set ? "***" : ""); /* else it may be that of a file */
        break;
    case KIND_INT:
        buffer_add_i64(out, *(const int *)field);
        break;
    default:
        buffer_add_str(out, choices_of(s).words[choice_of(config, s)]);
        break;
    }
}

void config_print(struct buffer *out, const struct config *config, enum config_scope scope)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if ((SETTINGS[i].scope & (unsigned)scope) != 0) {
            bool is_set = (config->from_environment & UINT64_C(1) << i) != 0;
            buffer_printf(out, "# %s\n%s=", is_set ? "environment" : "default", SETTINGS[i].name);
            add_value(out, config, &SETTINGS[i], is_set);
            buffer_add_char(out, '\n');
        }
    }
}

void config_describe_redis(char out[CONFIG_REDIS_SIZE], const struct config *config)
{
    if (config->redis_socket[0] != '\0') {
        (void)snprintf(out, CONFIG_REDIS_SIZE, "unix:%s", config->redis_socket);
    } else {
        (void)snprintf(out, CONFIG_REDIS_SIZE, "%s:%d", config->redis_host, config->redis_port);
    }
}
