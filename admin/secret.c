/* secret: dronc-admin secret set, list and rm. The value comes from standard input, so that it stands in no
 * list of processes and in no history of a shell. */
#include "secret/secret.h"

#include "commands.h"
#include "options.h"
#include "sealed.h"
#include "secret/seal_file.h"
#include "store/store_database.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is asked for, and what is stored then. */
struct setting {
    const char *name;
    const char *hosts;
    const char *http; /* "yes", or NULL */
    struct secret secret;
    struct buffer value;
};

/* ---- reading ---- */

static int read_words(struct admin *admin, struct setting *setting)
{
    struct errinfo info = {0};
    const struct option options[] = {{"--hosts", &setting->hosts}, {"--http", &setting->http}, {NULL, NULL}};
    if (options_read(admin->argc, admin->argv, options, &setting->name, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    if (!secret_name_is_valid(slice_of(setting->name))) {
        return admin_say(ADMIN_USAGE, "a name has 1 to %d letters, digits, '_', '-' and '.'",
                         SECRET_NAME_MAX);
    }
    if (setting->http != NULL && strcmp(setting->http, "yes") != 0) {
        return admin_say(ADMIN_USAGE, "--http takes yes: the secret may then go without TLS");
    }
    setting->secret.rule.http = setting->http != NULL;
    struct slice rest = setting->hosts != NULL ? slice_of(setting->hosts) : (struct slice){"", 0};
    while (rest.len > 0) {
        if (!secret_rule_add(&setting->secret.rule, slice_take_until(&rest, ','))) {
            return admin_say(ADMIN_USAGE, "--hosts: 1 to %d names or addresses as in a URL",
                             SECRET_HOSTS_MAX);
        }
    }
    return setting->secret.rule.count > 0 ? 0 : admin_say(ADMIN_USAGE, "--hosts is missing");
}

/* One line, without its end. */
static int read_value(struct buffer *value)
{
    char chunk[512];
    ssize_t got;
    buffer_init(value, SECRET_VALUE_MAX + 1);
    buffer_reserve(value, SECRET_VALUE_MAX + 1);
    while ((got = read(STDIN_FILENO, chunk, sizeof chunk)) > 0) {
        buffer_add(value, chunk, (size_t)got);
    }
    explicit_bzero(chunk, sizeof chunk);
    value->len -= value->len > 0 && value->data[value->len - 1] == '\n' ? 1 : 0;
    bool good = got == 0 && buffer_error(value) == ERR_OK &&
                secret_value_is_valid((struct slice){value->data, value->len});
    return good ? 0
                : admin_say(ADMIN_USAGE,
                            "standard input must be the value: 1 to %d printable ASCII characters, with no "
                            "blank at either end",
                            SECRET_VALUE_MAX);
}

/* ---- storing ---- */

static int read_key(const char *path, struct seal_public *key)
{
    struct errinfo info = {0};
    if (path[0] == '\0') {
        return admin_say(ADMIN_USAGE, "SECRETS_PUBLIC_KEY is not set");
    }
    return seal_file_read_public(key, path, &info) == ERR_OK ? 0 : admin_say(ADMIN_USAGE, "%s", info.text);
}

/* The version that is stored; 0: there is none. */
static int read_version(struct admin *admin, struct slice name, int64_t *version)
{
    struct errinfo info = {0};
    const struct reply *reply;
    struct slice old;
    struct cmd cmd;
    store_sealed_get(&cmd, STORE_SECRETS, name);
    int status = admin_ask(admin, &cmd, 1, &reply);
    if (status == 0 && store_sealed_get_reply(reply, &old, &info) != ERR_OK) {
        return admin_fail(admin, &info);
    }
    *version = 0;
    struct slice word = status == 0 && old.data != NULL ? slice_take_word(&old) : (struct slice){"0", 1};
    return slice_i64(word, version) ? status : admin_say(ADMIN_REFUSED, "what is stored is no secret");
}

static int put(struct admin *admin, struct setting *setting, const struct seal_public *key)
{
    struct slice name = slice_of(setting->name);
    struct buffer box = {0};
    struct buffer content = {0};
    enum store_sealed_answer answer = STORE_SEALED_OTHER;
    int64_t known = 0;
    int status = read_version(admin, name, &known);
    if (status != 0) {
        return status;
    }
    struct clock clock = clock_system();
    setting->secret.version = known + 1;
    setting->secret.set = clock_wall(&clock);
    if (secret_seal(&box, key, name, &setting->secret,
                    (struct slice){setting->value.data, setting->value.len}) != ERR_OK) {
        buffer_fini(&box);
        return admin_say(ADMIN_REFUSED, "the value cannot be sealed");
    }
    setting->secret.box = (struct slice){box.data, box.len};
    secret_write(&content, &setting->secret);
    const struct store_sealed sealed = {name, {content.data, content.len}};
    status = sealed_put(admin, STORE_SECRETS, &sealed, known, &answer);
    if (status == 0 && answer != STORE_SEALED_STORED) {
        status = admin_say(ADMIN_REFUSED, answer == STORE_SEALED_OTHER ? "it was changed meanwhile: try again"
                                                                       : "there are too many");
    }
    buffer_fini(&box);
    buffer_fini(&content);
    return status;
}

int command_secret_set(struct admin *admin)
{
    struct setting setting = {0};
    struct seal_public key;
    int status = read_words(admin, &setting);
    status = status != 0 ? status : read_key(admin->config.secrets_public_key, &key);
    status = status != 0 ? status : read_value(&setting.value);
    status = status != 0 ? status : put(admin, &setting, &key);
    if (status == 0) {
        printf("%s version %lld\n", setting.name, (long long)setting.secret.version);
    }
    buffer_wipe(&setting.value);
    return status;
}

/* ---- the others ---- */

static void print_row(struct slice name, const struct secret *secret)
{
    printf("%-24.*s  %-7lld  %-5s ", (int)name.len, name.data, (long long)secret->version,
           secret->rule.http ? "http" : "https");
    for (size_t i = 0; i < secret->rule.count; i++) {
        printf("%s%.*s", i > 0 ? "," : " ", (int)secret->rule.hosts[i].text.len,
               secret->rule.hosts[i].text.data);
    }
    putchar('\n');
}

int command_secret_list(struct admin *admin)
{
    struct errinfo info = {0};
    const struct reply *reply;
    struct store_sealed sealed;
    struct secret secret;
    size_t count = 0;
    int64_t changes;
    struct cmd cmd;
    if (options_read(admin->argc, admin->argv, NULL, NULL, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    store_sealed_all(&cmd, STORE_SECRETS);
    int status = admin_ask(admin, &cmd, 1, &reply);
    if (status == 0 && store_sealed_all_reply(reply, &count, &info) != ERR_OK) {
        return admin_fail(admin, &info);
    }
    for (size_t i = 0; i < count; i++) {
        if (store_sealed_at(reply, i, &sealed, &changes) && secret_read(&secret, sealed.content) == ERR_OK) {
            print_row(sealed.name, &secret);
            secret_fini(&secret);
        }
    }
    return status;
}

int command_secret_rm(struct admin *admin)
{
    struct errinfo info = {0};
    const struct reply *reply;
    const char *name = NULL;
    bool there = false;
    struct cmd cmd;
    if (options_read(admin->argc, admin->argv, NULL, &name, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    store_sealed_drop(&cmd, STORE_SECRETS, slice_of(name), &admin->actor);
    int status = admin_ask(admin, &cmd, 1, &reply);
    if (status == 0 && store_sealed_drop_reply(reply, &there, &info) != ERR_OK) {
        return admin_fail(admin, &info);
    }
    return status != 0 || there ? status : admin_say(ADMIN_REFUSED, "there is no secret %s", name);
}
