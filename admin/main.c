/* dronc-admin: what an operator does beside the API, straight in Redis: API keys, above all the first one, and the
 * trail. */
#include "admin.h"
#include "base/startup.h"
#include "base/version.h"
#include "commands.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_MS 5000 /* for one question to Redis */

static const char HELP[] =
    "dronc-admin " DRONC_VERSION ": Dronc's API keys and the trail, straight in Redis\n\n"
    "Usage: dronc-admin COMMAND\n\n"
    "  key create           make a key, and print its token, which is shown only now\n"
    "      --name NAME          what it is for (admin)\n"
    "      --scopes LIST        what it may do, with commas; * is everything (the first key: *)\n"
    "      --expires WHEN       an instant such as 2027-01-01T00:00:00Z, or a time such as 90d\n"
    "      --not-before WHEN    it is not valid before\n"
    "      --from LIST          addresses and ranges that it may come from, such as 10.0.0.0/8\n"
    "      --rate N             requests a second that it may send (any number)\n"
    "      --burst N            and how many at once (as many as a second)\n"
    "      --cert-dn NAME       no token: a client certificate of this name, as nginx verified it\n"
    "  key list             all keys: state, last use, scopes\n"
    "  key show ID          all that is known of a key; only its holder knows its token\n"
    "  key revoke ID        refuse it from now on: each handler within two seconds\n"
    "  key rotate ID        give it a new token\n"
    "      --overlap TIME       for how long the old token is taken, such as 0s, 15m, 7d (24h)\n"
    "  audit                the trail: who changed what, and what was refused, the latest first\n"
    "      --since WHEN         an instant, or a time such as 24h: so long ago\n"
    "      --by WHO             only what this key's id, local or dronc-admin did\n"
    "      --object WHAT        only what was done to this: a job's id, key:ID, secret:NAME, signing:NAME\n"
    "      --limit N            how many entries at most, 1 to 10000 (" ADMIN_AUDIT_LIMIT ")\n"
    "      --format FORMAT      table, or json: a line for each, as GET /v1/audit has them (table)\n"
    "  secret set NAME      store the value on standard input, sealed by SECRETS_PUBLIC_KEY\n"
    "      --hosts LIST         where it may go, such as api.example.com,10.0.0.5:8443\n"
    "      --http yes           also without TLS\n"
    "  secret list          names, versions and hosts; a value is never shown\n"
    "  secret rm NAME       forget it\n"
    "  seal-key new FILE    make the key that opens secrets, and FILE.pub, which seals them\n"
    "  seal-key rotate FILE make a newer one, and seal with it what older ones sealed\n"
    "  check                is Redis there, are there keys, and would anyone get in without one?\n"
    "  --help, --version\n\n"
    "Scopes: jobs:read jobs:write jobs:run executions:read dead:write export secrets:read secrets:write\n"
    "keys:admin audit:read self\n\n"
    "Exit status: 0 done; 1 refused, or no such key; 2 the command line or a setting is wrong, or this Redis "
    "can\n"
    "never serve; 3 Redis does not serve now.\n\n"
    "Where no REDIS_… is set, it looks for the Redis of `make run` in DATA_DIR (data) first.\n\n"
    "Settings, from the environment (an empty one counts as unset):\n";

int admin_say(int status, const char *fmt, ...)
{
    va_list args;
    fputs("dronc-admin: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int admin_fail(const struct admin *admin, const struct errinfo *info)
{
    char where[CONFIG_REDIS_SIZE];
    config_describe_redis(where, &admin->config);
    return admin_say(info->code == ERR_CONFIG ? ADMIN_USAGE : ADMIN_UNREACHABLE, "Redis at %s: %s", where,
                     info->text);
}

int admin_ask(struct admin *admin, struct cmd *cmds, size_t count, const struct reply **replies)
{
    struct errinfo info = {0};
    enum err err = redis_sync_call(admin->redis, cmds, count, ASK_MS, &info);
    for (size_t i = 0; i < count; i++) {
        cmd_fini(&cmds[i]);
    }
    *replies = err == ERR_OK ? redis_sync_reply(admin->redis, 0) : NULL;
    return err == ERR_OK ? 0 : admin_fail(admin, &info);
}

/* ---- settings ---- */

static int print_help(void)
{
    struct buffer settings = {0};
    config_help(&settings, CONFIG_ADMIN);
    fputs(HELP, stdout);
    fputs(buffer_str(&settings), stdout);
    buffer_fini(&settings);
    return 0;
}

/* Use the Redis of `make run` in DATA_DIR, if it runs and the environment names no other. */
static void find_redis(struct config *config)
{
    static const char *const NAMES[] = {"REDIS_HOST", "REDIS_PORT", "REDIS_SOCKET"};
    const char *data = getenv("DATA_DIR");
    char path[sizeof config->redis_socket];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        const char *value = getenv(NAMES[i]);
        if (value != NULL && *value != '\0') {
            return;
        }
    }
    int len = snprintf(path, sizeof path, "%s/run/redis.sock", data != NULL && *data != '\0' ? data : "data");
    if (len < (int)sizeof path && access(path, F_OK) == 0) {
        memcpy(config->redis_socket, path, (size_t)len + 1);
    }
}

static bool read_config(struct config *config)
{
    const struct config_source source = {.lookup = config_getenv};
    struct buffer problems = {0};
    bool good = config_load(config, CONFIG_ADMIN, &source, &problems) == ERR_OK;
    good = startup_take_password(config, &problems) && good;
    fputs(buffer_str(&problems), stderr);
    buffer_fini(&problems);
    find_redis(config);
    return good;
}

/* ---- commands ---- */

static const struct {
    const char *words[2];
    admin_command *run;
} commands[] = {
    {{"audit"}, command_audit},
    {{"check"}, command_check},
    {{"key", "create"}, command_key_create},
    {{"key", "list"}, command_key_list},
    {{"key", "show"}, command_key_show},
    {{"key", "revoke"}, command_key_revoke},
    {{"key", "rotate"}, command_key_rotate},
    {{"secret", "set"}, command_secret_set},
    {{"secret", "list"}, command_secret_list},
    {{"secret", "rm"}, command_secret_rm},
    {{"seal-key", "new"}, command_seal_key_new},
    {{"seal-key", "rotate"}, command_seal_key_rotate},
};

/* Find the command that argv begins with; *words: how many of argv it takes. */
static admin_command *find_command(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        *words = commands[i].words[1] != NULL ? 2 : 1;
        if (argc >= *words && strcmp(argv[0], commands[i].words[0]) == 0 &&
            (*words == 1 || strcmp(argv[1], commands[i].words[1]) == 0)) {
            return commands[i].run;
        }
    }
    return NULL;
}

static int run(admin_command *command, struct admin *admin)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a connection that Redis closes is an error, not the end */
    if (!read_config(&admin->config)) {
        return ADMIN_USAGE;
    }
    admin->actor =
        (struct store_actor){.who = slice_of("dronc-admin"), .keep = admin->config.audit_max / STORE_SHARDS};
    admin->redis = redis_sync_new(&admin->config, clock_system(), &admin->replies);
    int status = admin->redis != NULL ? command(admin) : admin_say(ADMIN_REFUSED, "out of memory");
    redis_sync_free(admin->redis);
    arena_fini(&admin->replies);
    if (fflush(stdout) != 0 && status == 0) {
        status = admin_say(ADMIN_REFUSED, "standard output takes nothing");
    }
    return status;
}

int main(int argc, char **argv)
{
    static struct admin admin;
    int words = 0;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        return print_help();
    }
    if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        puts("dronc-admin " DRONC_VERSION);
        return 0;
    }
    admin_command *command = find_command(argc - 1, argv + 1, &words);
    if (command == NULL) {
        return admin_say(ADMIN_USAGE, "unknown command; see dronc-admin --help");
    }
    admin.argc = argc - 1 - words;
    admin.argv = argv + 1 + words;
    return run(command, &admin);
}
