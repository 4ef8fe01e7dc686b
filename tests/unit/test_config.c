/* Settings from a made-up environment: defaults, bounds, all problems at once, origins, and no password. */
#include "base/config.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An environment: pairs of name and value, ended by NULL. */
static const char *look_up(const char *name, void *arg)
{
    for (const char *const *pair = arg; *pair != NULL; pair += 2) {
        if (strcmp(pair[0], name) == 0) {
            return pair[1];
        }
    }
    return NULL;
}

#define ENV(...)         ((const char *[]){__VA_ARGS__, NULL})
#define SOURCE(env, tty) (&(const struct config_source){look_up, (void *)(env), (tty)})

/* Load for both programs, not on a terminal. problems has to be freed. */
static enum err load(struct config *config, const char **env, struct buffer *problems)
{
    buffer_init(problems, 0);
    return config_load(config, CONFIG_FCGI | CONFIG_RUNNER, SOURCE(env, false), problems);
}

/* The text of all problems with this environment; "" for none. Owned by the caller. */
static char *problems_of(const char **env)
{
    struct config config;
    struct buffer problems;
    enum err err = load(&config, env, &problems);
    char *text = strdup(buffer_str(&problems));
    assert_int_equal(err, text[0] != '\0' ? ERR_CONFIG : ERR_OK);
    buffer_fini(&problems);
    return text;
}

static void assert_problems(const char **env, const char *want)
{
    char *got = problems_of(env);
    assert_string_equal(got, want);
    free(got);
}

static void assert_defaults(const struct config *c)
{
    assert_string_equal(c->redis_host, "127.0.0.1");
    assert_int_equal(c->redis_port, 6379);
    assert_string_equal(c->redis_socket, "");
    assert_string_equal(c->redis_username, "");
    assert_string_equal(c->redis_password, "");
    assert_int_equal(c->redis_db, 0);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_int_equal(c->log_format, LOG_JSON);
    assert_string_equal(c->timezone, "UTC");
    assert_int_equal(c->runner_max_in_flight, 1000);
    assert_int_equal(c->runner_drain_timeout_ms, 30000);
    assert_int_equal(c->targets.mode, TARGETS_AUTO);
    assert_int_equal(c->targets.redirects, TARGETS_OUTWARD);
    assert_string_equal(c->targets.allow, "");
    assert_string_equal(c->targets.deny, "");
}

TEST(config_has_defaults_for_everything)
{
    struct config config;
    struct buffer problems;
    assert_int_equal(load(&config, ENV(NULL), &problems), ERR_OK);
    assert_defaults(&config);
    buffer_fini(&problems);
}

TEST(config_takes_an_empty_variable_as_unset)
{
    struct config config;
    struct buffer problems;
    const char **env = ENV("REDIS_HOST", "", "REDIS_PORT", "", "LOG_LEVEL", "", "LOG_FORMAT", "");
    assert_int_equal(load(&config, env, &problems), ERR_OK);
    assert_defaults(&config);
    buffer_fini(&problems);
}

TEST(config_reads_every_setting)
{
    struct config c;
    struct buffer problems;
    const char **env = ENV("REDIS_HOST", "redis.example", "REDIS_PORT", "6380", "REDIS_SOCKET",
                           "/run/redis.sock", "REDIS_USERNAME", "dronc", "REDIS_PASSWORD", "p w\xC3\xA9",
                           "REDIS_DB", "3", "LOG_LEVEL", "debug", "LOG_FORMAT", "text",
                           "RUNNER_MAX_IN_FLIGHT", "7", "RUNNER_MAX_PER_HOST", "3", "RUNNER_DRAIN_TIMEOUT_MS",
                           "0", "EXECUTIONS_MAX", "5000", "EXECUTIONS_DAYS", "0", "HISTORY_PER_JOB", "1000");
    assert_int_equal(load(&c, env, &problems), ERR_OK);
    assert_string_equal(c.redis_host, "redis.example");
    assert_int_equal(c.redis_port, 6380);
    assert_string_equal(c.redis_socket, "/run/redis.sock");
    assert_string_equal(c.redis_username, "dronc");
    assert_string_equal(c.redis_password, "p w\xC3\xA9");
    assert_int_equal(c.redis_db, 3);
    assert_int_equal(c.log_level, LOG_DEBUG);
    assert_int_equal(c.log_format, LOG_TEXT);
    assert_int_equal(c.runner_max_in_flight, 7);
    assert_int_equal(c.runner_drain_timeout_ms, 0);
    assert_int_equal(c.executions_max, 5000);
    assert_int_equal(c.executions_days, 0);
    assert_int_equal(c.history_per_job, 1000);
    buffer_fini(&problems);
}

TEST(config_logs_text_on_a_terminal_unless_told)
{
    struct config c;
    struct buffer problems = {0};
    assert_int_equal(config_load(&c, CONFIG_RUNNER, SOURCE(ENV(NULL), true), &problems), ERR_OK);
    assert_int_equal(c.log_format, LOG_TEXT);
    const char **env = ENV("LOG_FORMAT", "json");
    assert_int_equal(config_load(&c, CONFIG_RUNNER, SOURCE(env, true), &problems), ERR_OK);
    assert_int_equal(c.log_format, LOG_JSON);
}

TEST(config_takes_the_bounds_and_refuses_what_lies_beyond)
{
    static const struct {
        const char *name, *good, *bad;
    } TABLE[] = {
        {"REDIS_PORT", "1", "0"},
        {"REDIS_PORT", "65535", "65536"},
        {"REDIS_DB", "0", "-1"},
        {"REDIS_DB", "15", "16"},
        {"RUNNER_MAX_IN_FLIGHT", "1", "0"},
        {"RUNNER_MAX_PER_HOST", "1", "0"},
        {"RUNNER_MAX_SLOW", "0", "-1"},
        {"RUNNER_MAX_IN_FLIGHT", "100000", "100001"},
        {"RUNNER_DRAIN_TIMEOUT_MS", "0", "-1"},
        {"RUNNER_DRAIN_TIMEOUT_MS", "3600000", "3600001"},
        {"EXECUTIONS_MAX", "1600", "1599"},
        {"EXECUTIONS_DAYS", "0", "-1"},
        {"HISTORY_PER_JOB", "1", "0"},
        {"HISTORY_PER_JOB", "1000", "1001"},
        {"LOG_LEVEL", "error", "fatal"},
        {"LOG_LEVEL", "warn", "WARN"},
        {"LOG_FORMAT", "json", "xml"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_problems(ENV(TABLE[i].name, TABLE[i].good), "");
        char *text = problems_of(ENV(TABLE[i].name, TABLE[i].bad));
        assert_memory_equal(text, TABLE[i].name, strlen(TABLE[i].name)); /* names the setting */
        free(text);
    }
}

TEST(config_refuses_what_only_begins_like_a_number)
{
    static const char *const BAD[] = {"12abc", " 5",   "5 ", "+5",  "0x10",  "1e3",
                                      "5.0",   "http", "-",  "--1", "1,000", "99999999999999999999"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct buffer want = {0};
        buffer_printf(&want, "REDIS_PORT: \"%s\" is not a whole number from 1 to 65535\n", BAD[i]);
        assert_problems(ENV("REDIS_PORT", BAD[i]), buffer_str(&want));
        buffer_fini(&want);
    }
}

TEST(config_says_what_the_choices_are)
{
    assert_problems(ENV("LOG_LEVEL", "loud"), "LOG_LEVEL: \"loud\" is not one of debug, info, warn, error\n");
    assert_problems(ENV("LOG_FORMAT", "xml"), "LOG_FORMAT: \"xml\" is not one of text, json\n");
}

TEST(config_knows_the_grammar_of_zones)
{
    assert_problems(ENV("DRONC_TIMEZONE", "America/Argentina/Buenos_Aires"), "");
    assert_problems(ENV("DRONC_TIMEZONE", "Etc/GMT+5"), "");
    assert_problems(ENV("DRONC_TIMEZONE", "../passwd"),
                    "DRONC_TIMEZONE: \"../passwd\" is not a time zone's name, such as Europe/Berlin\n");
}

TEST(config_knows_lists_of_host_names)
{
    assert_problems(ENV("API_HOSTS", "dronc.example.com, 10.0.0.7:8080,[fd00::7]"), "");
    assert_problems(ENV("API_HOSTS", "https://dronc.example.com"),
                    "API_HOSTS: \"https://dronc.example.com\" is not a list of host names, such as "
                    "dronc.example.com, 10.0.0.7\n");
    assert_problems(ENV("API_HOSTS", "*"),
                    "API_HOSTS: \"*\" is not a list of host names, such as dronc.example.com, 10.0.0.7\n");
}

TEST(config_reports_all_problems_at_once)
{
    assert_problems(ENV("REDIS_PORT", "x", "LOG_LEVEL", "x", "RUNNER_MAX_IN_FLIGHT", "0", "REDIS_DB", "1"),
                    "REDIS_PORT: \"x\" is not a whole number from 1 to 65535\n"
                    "LOG_LEVEL: \"x\" is not one of debug, info, warn, error\n"
                    "RUNNER_MAX_IN_FLIGHT: \"0\" is not a whole number from 1 to 100000\n");
}

TEST(config_puts_the_default_in_place_of_a_bad_value)
{
    struct config config;
    struct buffer problems;
    const char **env = ENV("REDIS_PORT", "x", "REDIS_HOST", "a\nb", "LOG_LEVEL", "x", "LOG_FORMAT", "x");
    assert_int_equal(load(&config, env, &problems), ERR_CONFIG);
    assert_defaults(&config);
    buffer_fini(&problems);
}

/* len times 'x'. */
static const char *exes(char *out, size_t len)
{
    memset(out, 'x', len);
    out[len] = '\0';
    return out;
}

TEST(config_bounds_the_length_of_strings)
{
    static const struct {
        const char *name;
        size_t longest;
    } TABLE[] = {{"REDIS_HOST", 255},
                 {"TZDIR", 1023},
                 {"REDIS_SOCKET", 107},
                 {"REDIS_USERNAME", 127},
                 {"REDIS_PASSWORD", 511}};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char value[1100];
        assert_problems(ENV(TABLE[i].name, exes(value, TABLE[i].longest)), "");
        char *text = problems_of(ENV(TABLE[i].name, exes(value, TABLE[i].longest + 1)));
        assert_non_null(strstr(text, "is longer than "));
        assert_true(strlen(text) < 200); /* however long the value is */
        free(text);
    }
}

TEST(config_refuses_control_characters_and_does_not_print_them)
{
    assert_problems(ENV("REDIS_HOST", "a\nb\x1b[31m\x7f"),
                    "REDIS_HOST: \"a\\nb\\x1b[31m\\x7f\" holds a control character\n");
    assert_problems(ENV("REDIS_PORT", "\x1b]0;pwned\a"),
                    "REDIS_PORT: \"\\x1b]0;pwned\\x07\" is not a whole number from 1 to 65535\n");
}

TEST(config_reads_where_calls_may_go)
{
    struct config c;
    struct buffer problems;
    const char **env = ENV("TARGETS", "public", "TARGETS_ALLOW", "10.0.0.0/8:80, db.test", "TARGETS_DENY",
                           "[::1]:80", "TARGETS_REDIRECTS", "any");
    assert_int_equal(load(&c, env, &problems), ERR_OK);
    assert_int_equal(c.targets.mode, TARGETS_PUBLIC);
    assert_int_equal(c.targets.redirects, TARGETS_ANY);
    assert_string_equal(c.targets.allow, "10.0.0.0/8:80, db.test");
    assert_string_equal(c.targets.deny, "[::1]:80");
    buffer_fini(&problems);
}

TEST(config_names_the_wrong_item_of_a_list)
{
    assert_problems(ENV("TARGETS", "all"), "TARGETS: \"all\" is not one of auto, local, private, public\n");
    assert_problems(ENV("TARGETS_REDIRECTS", "no"), "TARGETS_REDIRECTS: \"no\" is not one of outward, any\n");
    assert_problems(
        ENV("TARGETS_ALLOW", "10.0.0.0/8, 10.1.2.3/8"),
        "TARGETS_ALLOW: \"10.1.2.3/8\" is not an address, a range such as 10.0.0.0/8, or a host name, with "
        ":port or without\n");
    assert_problems(
        ENV("TARGETS_DENY", "\x1b[31m"),
        "TARGETS_DENY: \"\\x1b[31m\" is not an address, a range such as 10.0.0.0/8, or a host name, with "
        ":port or without\n");
    char value[5000];
    memset(value, ',', sizeof value);
    for (size_t i = 0; i < sizeof value; i += 2) {
        value[i] = 'a';
    }
    value[sizeof value - 1] = '\0';
    assert_problems(ENV("TARGETS_DENY", value), "TARGETS_DENY: is longer than 4095 bytes\n");
}

TEST(config_never_shows_a_password)
{
    assert_problems(ENV("REDIS_PASSWORD", "hunter2\n"), "REDIS_PASSWORD: holds a control character\n");
    char value[600];
    assert_problems(ENV("REDIS_PASSWORD", exes(value, 512)), "REDIS_PASSWORD: is longer than 511 bytes\n");
}

TEST(config_looks_up_only_what_the_program_knows)
{
    struct config config;
    struct buffer problems = {0};
    const char **env = ENV("RUNNER_MAX_IN_FLIGHT", "nonsense");
    assert_int_equal(config_load(&config, CONFIG_FCGI, SOURCE(env, false), &problems), ERR_OK);
    assert_int_equal(config.runner_max_in_flight, 1000);
    assert_int_equal(config_load(&config, CONFIG_RUNNER, SOURCE(env, false), &problems), ERR_CONFIG);
    buffer_fini(&problems);
}

TEST(config_getenv_reads_the_environment)
{
    setenv("DRONC_TEST_CONFIG", "here", 1);
    assert_string_equal(config_getenv("DRONC_TEST_CONFIG", NULL), "here");
    unsetenv("DRONC_TEST_CONFIG");
    assert_null(config_getenv("DRONC_TEST_CONFIG", NULL));
}

TEST(config_help_has_a_line_for_each_setting_of_the_program)
{
    struct buffer help = {0};
    config_help(&help, CONFIG_FCGI);
    assert_non_null(strstr(buffer_str(&help),
                           "REDIS_PORT               6379       the Redis server's TCP port; "
                           "1 to 65535\n"));
    assert_non_null(strstr(buffer_str(&help), "LOG_LEVEL"));
    assert_non_null(strstr(buffer_str(&help), "debug, info, warn, error"));
    assert_null(strstr(buffer_str(&help), "RUNNER_"));
    buffer_clear(&help);
    config_help(&help, CONFIG_RUNNER);
    assert_non_null(strstr(buffer_str(&help), "RUNNER_MAX_IN_FLIGHT"));
    buffer_fini(&help);
}

TEST(config_print_shows_the_values_but_no_password)
{
    struct config config;
    struct buffer problems;
    struct buffer out = {0};
    assert_int_equal(load(&config, ENV("REDIS_PASSWORD", "hunter2"), &problems), ERR_OK);
    config_print(&out, &config, CONFIG_RUNNER);
    assert_string_equal(
        buffer_str(&out),
        "# default\nREDIS_HOST=127.0.0.1\n# default\nREDIS_PORT=6379\n"
        "# default\nREDIS_SOCKET=\n# default\nREDIS_USERNAME=\n"
        "# environment\nREDIS_PASSWORD=***\n# default\nREDIS_PASSWORD_FILE=\n# default\nREDIS_DB=0\n"
        "# default\nLOG_LEVEL=info\n# default\nLOG_FORMAT=json\n# default\nTZDIR=\n"
        "# default\nTARGETS=auto\n# default\nTARGETS_ALLOW=\n# default\nTARGETS_DENY=\n"
        "# default\nTARGETS_REDIRECTS=outward\n# default\nSECRETS_KEY=\n"
        "# default\nRUNNER_MAX_IN_FLIGHT=1000\n# default\nRUNNER_MAX_PER_HOST=64\n"
        "# default\nRUNNER_MAX_SLOW=0\n# default\nRUNNER_DRAIN_TIMEOUT_MS=30000\n"
        "# default\nEXECUTIONS_MAX=1600000\n# default\nEXECUTIONS_DAYS=30\n"
        "# default\nHISTORY_PER_JOB=200\n");
    buffer_fini(&out);
    buffer_fini(&problems);
}

/* What config_print writes for these variables alone, of dronc-fcgi. */
static void assert_printed(const char **env, enum err result, const char *want)
{
    struct config config;
    struct buffer problems = {0};
    struct buffer out = {0};
    assert_int_equal(config_load(&config, CONFIG_FCGI, SOURCE(env, false), &problems), result);
    config_print(&out, &config, CONFIG_FCGI);
    assert_non_null(strstr(buffer_str(&out), want));
    buffer_fini(&out);
    buffer_fini(&problems);
}

TEST(config_print_names_the_origin)
{
    assert_printed(ENV("REDIS_PORT", "6379"), ERR_OK, "# environment\nREDIS_PORT=6379\n");
    assert_printed(ENV("REDIS_PORT", ""), ERR_OK, "# default\nREDIS_PORT=6379\n");
    assert_printed(ENV("REDIS_PORT", "x"), ERR_CONFIG, "# default\nREDIS_PORT=6379\n");
    assert_printed(ENV("HISTORY_PER_JOB", "3"), ERR_OK, "# default\nFCGI_PROCESSES=8\n");
    assert_printed(ENV("FCGI_PROCESSES", "9"), ERR_OK, "# environment\nFCGI_PROCESSES=9\n");
}

TEST(config_print_quotes_what_a_shell_would_read)
{
    assert_printed(ENV("REDIS_SOCKET", "/run/a-b_c.1/s,t:@%+"), ERR_OK,
                   "\nREDIS_SOCKET=/run/a-b_c.1/s,t:@%+\n");
    assert_printed(ENV("REDIS_SOCKET", "/run/a b"), ERR_OK, "\nREDIS_SOCKET=\"/run/a b\"\n");
    assert_printed(ENV("REDIS_USERNAME", "a\"$b`\\'#"), ERR_OK, "\nREDIS_USERNAME=\"a\\\"\\$b\\`\\\\'#\"\n");
}

TEST(config_describes_redis_without_credentials)
{
    char where[CONFIG_REDIS_SIZE];
    struct config config = {.redis_host = "127.0.0.1", .redis_port = 6379, .redis_password = "sesame"};
    config_describe_redis(where, &config);
    assert_string_equal(where, "127.0.0.1:6379");
    (void)snprintf(config.redis_socket, sizeof config.redis_socket, "/run/redis.sock");
    config_describe_redis(where, &config);
    assert_string_equal(where, "unix:/run/redis.sock");
}
