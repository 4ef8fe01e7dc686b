/* seal_key: dronc-admin seal-key new and rotate: the two files of keys (lib/secret/seal_file.h), and what was
 * sealed with an older one. */
#include "commands.h"
#include "options.h"
#include "sealed.h"
#include "secret/seal_file.h"
#include "secret/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 1100

/* ---- the files ---- */

/* Write a file that appears whole or not at all. is_new: it must not be there yet. */
static int write_file(const char *path, const struct buffer *text, mode_t mode, bool is_new)
{
    char draft[PATH_SIZE];
    if (buffer_error(text) != ERR_OK || snprintf(draft, sizeof draft, "%s.new", path) >= (int)sizeof draft) {
        return admin_say(ADMIN_REFUSED, "%s: the path is too long", path);
    }
    if (is_new && access(path, F_OK) == 0) {
        return admin_say(ADMIN_REFUSED, "%s is there already: seal-key rotate adds a key to it", path);
    }
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    bool good = fd >= 0 && fchmod(fd, mode) == 0 &&
                write(fd, buffer_str(text), text->len) == (ssize_t)text->len && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (!good || rename(draft, path) != 0) {
        why = good ? errno : why;
        (void)unlink(draft);
        return admin_say(ADMIN_REFUSED, "%s: %s", path, strerror(why));
    }
    return 0;
}

static int write_keys(const char *path, const struct seal_keys *keys, bool is_new)
{
    struct buffer text = {0};
    buffer_reserve(&text, 1024);
    seal_file_write_keys(&text, keys);
    int status = write_file(path, &text, 0600, is_new);
    buffer_wipe(&text);
    return status;
}

static int write_public(const char *path, const struct seal_public *key)
{
    char name[PATH_SIZE];
    struct buffer text = {0};
    if (snprintf(name, sizeof name, "%s.pub", path) >= (int)sizeof name) {
        return admin_say(ADMIN_REFUSED, "%s: the path is too long", path);
    }
    seal_file_write_public(&text, key);
    int status = write_file(name, &text, 0644, false);
    buffer_fini(&text);
    return status;
}

static int read_path(struct admin *admin, const char **path)
{
    struct errinfo info = {0};
    return options_read(admin->argc, admin->argv, NULL, path, &info) == ERR_OK
               ? 0
               : admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
}

int command_seal_key_new(struct admin *admin)
{
    struct seal_keys keys = {.count = 1};
    const char *path = NULL;
    int status = read_path(admin, &path);
    if (status == 0 && seal_key_new(&keys.of[0]) != ERR_OK) {
        status = admin_say(ADMIN_REFUSED, "no key can be made");
    }
    status = status != 0 ? status : write_keys(path, &keys, true);
    status = status != 0 ? status : write_public(path, &keys.of[0].shut);
    if (status == 0) {
        printf("SECRETS_KEY=%s\nSECRETS_PUBLIC_KEY=%s.pub\n", path, path);
    }
    seal_keys_wipe(&keys);
    return status;
}

/* ---- sealing anew ---- */

/* What is opened and sealed anew. */
struct resealing {
    struct admin *admin;
    const struct seal_keys *keys; /* the newest first */
    int done;
    int failed;
};

static bool reseal_secret(const struct resealing *r, struct slice name, struct slice content,
                          struct buffer *out, int64_t *known)
{
    struct secret secret;
    struct buffer value = {0};
    struct buffer box = {0};
    if (secret_read(&secret, content) != ERR_OK) {
        return false;
    }
    *known = secret.version;
    buffer_reserve(&value, SECRET_VALUE_MAX + SEAL_OVERHEAD);
    bool good = secret_open(&value, r->keys->of, r->keys->count, name, &secret) == ERR_OK;
    secret.version++;
    good = good && secret_seal(&box, &r->keys->of[0].shut, name, &secret,
                               (struct slice){value.data, value.len}) == ERR_OK;
    secret.box = (struct slice){box.data, box.len};
    if (good) {
        secret_write(out, &secret);
    }
    secret_fini(&secret);
    buffer_wipe(&value);
    buffer_fini(&box);
    return good;
}

static bool reseal_signing(const struct resealing *r, struct slice name, struct slice content,
                           struct buffer *out, int64_t *known)
{
    struct signing signing;
    struct buffer boxes[SIGNING_ALIVE_MAX] = {{0}};
    bool good = signing_read(&signing, content) == ERR_OK;
    if (!good) {
        return false;
    }
    *known = signing.version;
    for (size_t i = 0; i < signing.count && good; i++) {
        struct signing_key *key = &signing.keys[i];
        struct buffer bytes = {0};
        good = signing_open(&bytes, r->keys->of, r->keys->count, name, key) == ERR_OK &&
               signing_seal(&boxes[i], &r->keys->of[0].shut, name, key->id, (const uint8_t *)bytes.data) ==
                   ERR_OK;
        key->box = (struct slice){boxes[i].data, boxes[i].len};
        buffer_wipe(&bytes);
    }
    signing.version++;
    if (good) {
        signing_write(out, &signing);
    }
    signing_fini(&signing);
    for (size_t i = 0; i < SIGNING_ALIVE_MAX; i++) {
        buffer_fini(&boxes[i]);
    }
    return good;
}

/* Seal one name anew. Returns an exit status if Redis does not serve. */
static int reseal(struct resealing *r, enum store_sealed_kind kind, const struct store_sealed *sealed)
{
    struct buffer content = {0};
    enum store_sealed_answer answer = STORE_SEALED_OTHER;
    int64_t known = 0;
    int status = 0;
    bool good = kind == STORE_SECRETS ? reseal_secret(r, sealed->name, sealed->content, &content, &known)
                                      : reseal_signing(r, sealed->name, sealed->content, &content, &known);
    if (good) {
        const struct store_sealed anew = {sealed->name, {content.data, content.len}};
        status = sealed_put(r->admin, kind, &anew, known, &answer);
    } else {
        (void)admin_say(0, "%.*s does not open with the keys of the file", (int)sealed->name.len,
                        sealed->name.data);
    }
    /* What was changed meanwhile was sealed with the new key already, or will be by another rotate. */
    r->done += good && answer == STORE_SEALED_STORED ? 1 : 0;
    r->failed += good ? 0 : 1;
    buffer_fini(&content);
    return status;
}

static int reseal_all(struct resealing *r, enum store_sealed_kind kind)
{
    struct errinfo info = {0};
    const struct reply *reply;
    struct store_sealed sealed;
    size_t count = 0;
    int64_t changes;
    struct cmd cmd;
    store_sealed_all(&cmd, kind);
    int status = admin_ask(r->admin, &cmd, 1, &reply);
    if (status == 0 && store_sealed_all_reply(reply, &count, &info) != ERR_OK) {
        return admin_fail(r->admin, &info);
    }
    const struct reply all = status == 0 ? *reply : (struct reply){0};
    for (size_t i = 0; i < count && status == 0; i++) {
        status = store_sealed_at(&all, i, &sealed, &changes) ? reseal(r, kind, &sealed) : 0;
    }
    return status;
}

/* Put a new key before the others. */
static int add_key(const char *path, struct seal_keys *keys)
{
    struct errinfo info = {0};
    if (seal_file_read_keys(keys, path, &info) != ERR_OK) {
        return admin_say(ADMIN_REFUSED, "%s", info.text);
    }
    if (keys->count == SEAL_KEYS_MAX) {
        keys->count--; /* all that it sealed was sealed anew by the rotations since */
    }
    memmove(&keys->of[1], &keys->of[0], keys->count * sizeof keys->of[0]);
    keys->count++;
    if (seal_key_new(&keys->of[0]) != ERR_OK) {
        return admin_say(ADMIN_REFUSED, "no key can be made");
    }
    int status = write_keys(path, keys, false);
    return status != 0 ? status : write_public(path, &keys->of[0].shut);
}

/* Runners find the new key in the file by themselves, so they are given it before anything is sealed with it. */
int command_seal_key_rotate(struct admin *admin)
{
    struct seal_keys keys = {0};
    struct resealing r = {.admin = admin, .keys = &keys};
    const char *path = NULL;
    int status = read_path(admin, &path);
    status = status != 0 ? status : add_key(path, &keys);
    for (int kind = 0; kind < STORE_SEALED__COUNT && status == 0; kind++) {
        status = reseal_all(&r, (enum store_sealed_kind)kind);
    }
    if (status == 0) {
        printf("sealed anew: %d; not opened: %d\n", r.done, r.failed);
        status = r.failed > 0 ? ADMIN_REFUSED : 0;
    }
    seal_keys_wipe(&keys);
    return status;
}
