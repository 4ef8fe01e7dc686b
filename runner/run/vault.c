/* vault: see vault.h. Each kind is an array in the order of names, made anew from each reply. */
#include "run/vault.h"

#include "base/log.h"
#include "secret/seal_file.h"
#include "store/store_sealed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A name as Redis has it, and what was opened of it. */
struct entry {
    char *name;                  /* owned, with the content behind it */
    struct slice content;        /* in the same memory */
    struct vault_secret *secret; /* one use; NULL: it is shut, as the next */
    struct vault_signer *signer;
};

/* All that is known of a kind. */
struct shelf {
    struct vault *vault;
    enum store_sealed_kind kind;
    struct entry *entries; /* owned, by name */
    size_t count;
    int64_t changes;      /* how many there had been when it was read; -1: never read */
    int64_t found;        /* how many there are, as far as is known */
    bool is_wanted;       /* look as soon as nothing is under way */
    bool is_asked;        /* a command is under way */
    struct mono_ms shut;  /* when all that was open was forgotten last */
    struct mono_ms asked; /* when the count was asked for last */
    struct mono_ms as_of; /* when the count that is `changes` was asked for; -1: never */
};

struct vault {
    struct redis_link *link;
    struct clock clock;
    char path[1024];
    struct seal_keys keys;
    struct stat read; /* the file that they were read from */
    struct shelf shelves[STORE_SEALED__COUNT];
};

/* ---- entries ---- */

void vault_give_secret(struct vault_secret *secret)
{
    if (secret != NULL && --secret->users == 0) {
        buffer_wipe(&secret->value);
        secret_fini(&secret->stored);
        free(secret);
    }
}

void vault_give_signer(struct vault_signer *signer)
{
    if (signer != NULL && --signer->users == 0) {
        for (size_t i = 0; i < signer->count; i++) {
            signature_key_free(signer->keys[i]);
        }
        free(signer);
    }
}

/* Forget what was opened. */
static void shut(struct entry *entry)
{
    vault_give_secret(entry->secret);
    vault_give_signer(entry->signer);
    entry->secret = NULL;
    entry->signer = NULL;
}

static void shut_all(struct shelf *shelf, struct mono_ms now)
{
    for (size_t i = 0; i < shelf->count; i++) {
        shut(&shelf->entries[i]);
    }
    shelf->shut = now;
}

static void clear(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++) {
        shut(&shelf->entries[i]);
        free(shelf->entries[i].name);
    }
    free(shelf->entries);
    shelf->entries = NULL;
    shelf->count = 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static struct entry *find(const struct shelf *shelf, struct slice name)
{
    char text[SECRET_NAME_MAX + 1];
    if (shelf->count == 0 || name.len > SECRET_NAME_MAX) {
        return NULL;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    const struct entry wanted = {.name = text};
    return bsearch(&wanted, shelf->entries, shelf->count, sizeof wanted, compare);
}

static bool put_in(struct shelf *shelf, const struct store_sealed *sealed)
{
    char *name = malloc(sealed->name.len + 1 + sealed->content.len + 1);
    if (name == NULL) {
        return false;
    }
    char *content = name + sealed->name.len + 1;
    memcpy(name, sealed->name.data, sealed->name.len);
    name[sealed->name.len] = '\0';
    memcpy(content, sealed->content.data, sealed->content.len);
    content[sealed->content.len] = '\0';
    shelf->entries[shelf->count++] = (struct entry){.name = name, .content = {content, sealed->content.len}};
    return true;
}

/* ---- reading them ---- */

static enum err fill(struct shelf *shelf, const struct reply *reply, struct errinfo *info)
{
    size_t count;
    int64_t changes = 0;
    struct store_sealed sealed;
    enum err err = store_sealed_all_reply(reply, &count, info);
    if (err != ERR_OK) {
        return err;
    }
    clear(shelf);
    shelf->entries = calloc(count + 1, sizeof *shelf->entries);
    bool good = shelf->entries != NULL;
    for (size_t i = 0; i < count && good; i++) {
        good = !store_sealed_at(reply, i, &sealed, &changes) || put_in(shelf, &sealed);
    }
    if (!good) {
        clear(shelf);
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    qsort(shelf->entries, shelf->count, sizeof *shelf->entries, compare);
    shelf->changes = changes;
    return ERR_OK;
}

static void complain(const char *why)
{
    log_warn("secrets and signing keys not read", log_str("error", why));
}

/* The command of a shelf has been answered, or never will be. */
static bool take_answer(struct shelf *shelf, const struct reply *reply)
{
    shelf->is_asked = false;
    shelf->is_wanted = shelf->is_wanted || reply == NULL;
    return reply != NULL;
}

static void on_all(void *arg, const struct reply *reply)
{
    struct shelf *shelf = arg;
    struct errinfo info = {0};
    if (!take_answer(shelf, reply)) {
        return;
    }
    if (fill(shelf, reply, &info) != ERR_OK) {
        complain(info.text);
    } else {
        shelf->as_of = shelf->asked;
    }
}

static void ask(struct shelf *shelf, struct cmd *cmd, redis_link_cb *cb)
{
    shelf->is_asked = redis_link_submit(shelf->vault->link, cmd, cb, shelf) == ERR_OK;
    shelf->is_wanted = !shelf->is_asked;
}

static void on_count(void *arg, const struct reply *reply)
{
    struct shelf *shelf = arg;
    struct errinfo info = {0};
    struct cmd cmd;
    if (!take_answer(shelf, reply)) {
        return;
    }
    if (store_sealed_count_reply(reply, &shelf->found, &info) != ERR_OK) {
        complain(info.text);
    } else if (shelf->found == shelf->changes) {
        shelf->as_of = shelf->asked;
    } else {
        bool again = shelf->is_wanted;
        store_sealed_all(&cmd, shelf->kind);
        ask(shelf, &cmd, on_all);
        shelf->is_wanted = shelf->is_wanted || again;
    }
}

static void look(struct shelf *shelf)
{
    struct cmd cmd;
    shelf->asked = clock_mono(&shelf->vault->clock);
    store_sealed_count(&cmd, shelf->kind);
    ask(shelf, &cmd, on_count);
}

void vault_look(struct vault *vault)
{
    for (size_t i = 0; i < STORE_SEALED__COUNT && vault->path[0] != '\0'; i++) {
        vault->shelves[i].is_wanted = true;
    }
}

void vault_turn(struct vault *vault)
{
    if (vault->path[0] == '\0' || !redis_link_is_up(vault->link)) {
        return;
    }
    struct mono_ms now = clock_mono(&vault->clock);
    for (size_t i = 0; i < STORE_SEALED__COUNT; i++) {
        struct shelf *shelf = &vault->shelves[i];
        bool is_old = now.ms - shelf->asked.ms >= VAULT_LOOK_MS;
        if (now.ms - shelf->shut.ms >= VAULT_LOOK_MS) {
            shut_all(shelf, now);
        }
        if (!shelf->is_asked && (is_old || shelf->is_wanted)) {
            look(shelf);
        }
    }
}

bool vault_is_fresh(struct vault *vault, struct mono_ms since)
{
    bool is_fresh = true;
    for (size_t i = 0; i < STORE_SEALED__COUNT && vault->path[0] != '\0'; i++) {
        struct shelf *shelf = &vault->shelves[i];
        if (shelf->as_of.ms < since.ms) {
            is_fresh = false;
            shelf->is_wanted = shelf->is_wanted || !shelf->is_asked || shelf->asked.ms < since.ms;
        }
    }
    return is_fresh;
}

bool vault_is_settled(const struct vault *vault)
{
    bool is_settled = true;
    for (size_t i = 0; i < STORE_SEALED__COUNT; i++) {
        is_settled = is_settled && !vault->shelves[i].is_asked && !vault->shelves[i].is_wanted;
    }
    return is_settled;
}

bool vault_has_secret(const struct vault *vault, struct slice name)
{
    return find(&vault->shelves[STORE_SECRETS], name) != NULL;
}

bool vault_has_signer(const struct vault *vault, struct slice name)
{
    return find(&vault->shelves[STORE_SIGNING], name) != NULL;
}

/* ---- opening ---- */

/* Is the file another one than the one that was read? Notes what it is now. */
static bool is_another_file(struct vault *vault)
{
    struct stat before = vault->read;
    if (stat(vault->path, &vault->read) != 0) {
        return false;
    }
    return before.st_ino != vault->read.st_ino || before.st_size != vault->read.st_size ||
           before.st_mtim.tv_sec != vault->read.st_mtim.tv_sec ||
           before.st_mtim.tv_nsec != vault->read.st_mtim.tv_nsec;
}

/* Read the file of keys again, in which a key may be that was not there. Returns false if it is the same. */
static bool read_keys_again(struct vault *vault)
{
    struct seal_keys keys;
    struct errinfo info = {0};
    if (!is_another_file(vault)) {
        return false;
    }
    if (seal_file_read_keys(&keys, vault->path, &info) != ERR_OK) {
        log_warn("SECRETS_KEY not read again", log_str("error", info.text));
        return false;
    }
    vault->keys = keys;
    seal_keys_wipe(&keys);
    return true;
}

/* Why something that is there does not open. */
static enum err refuse(enum err err, const char *what, struct slice name, struct errinfo *why)
{
    const char *text = err == ERR_NOT_FOUND ? "SECRETS_KEY of this runner lacks the key that opens it"
                       : err == ERR_NOMEM   ? "out of memory"
                                            : "what is stored of it was changed, and does not open";
    return err_set(why, err, "the %s \"%.*s\": %s", what, (int)name.len, name.data, text);
}

static enum err open_secret(struct vault *vault, struct vault_secret *out, const struct entry *entry)
{
    struct slice name = slice_of(entry->name);
    memcpy(out->name, name.data, name.len + 1);
    enum err err = secret_read(&out->stored, entry->content);
    buffer_reserve(&out->value, SECRET_VALUE_MAX + SEAL_OVERHEAD);
    if (err == ERR_OK) {
        err = secret_open(&out->value, vault->keys.of, vault->keys.count, name, &out->stored);
    }
    if (err == ERR_NOT_FOUND && read_keys_again(vault)) {
        err = secret_open(&out->value, vault->keys.of, vault->keys.count, name, &out->stored);
    }
    bool good = err != ERR_OK || secret_value_is_valid((struct slice){out->value.data, out->value.len});
    return good ? err : ERR_INVALID;
}

static enum err open_signing_key(struct vault *vault, struct slice name, const struct signing_key *key,
                                 struct signature_key **out)
{
    struct buffer bytes = {0};
    enum err err = signing_open(&bytes, vault->keys.of, vault->keys.count, name, key);
    if (err == ERR_NOT_FOUND && read_keys_again(vault)) {
        err = signing_open(&bytes, vault->keys.of, vault->keys.count, name, key);
    }
    if (err == ERR_OK) {
        *out = signature_key_new(key->scheme, (const uint8_t *)bytes.data);
        err = *out != NULL ? ERR_OK : ERR_NOMEM;
    }
    buffer_wipe(&bytes);
    return err;
}

static enum err open_signer(struct vault *vault, struct vault_signer *out, const struct entry *entry)
{
    struct signing signing;
    enum err err = signing_read(&signing, entry->content);
    if (err != ERR_OK) {
        return err;
    }
    for (size_t i = 0; i < signing.count && err == ERR_OK; i++) {
        err = open_signing_key(vault, slice_of(entry->name), &signing.keys[i], &out->keys[i]);
        out->ends[i] = signing.keys[i].ends;
        out->count += err == ERR_OK ? 1 : 0;
    }
    signing_fini(&signing);
    return err;
}

/* The entry of that name. NULL: there is none; why is filled. */
static struct entry *look_up(const struct vault *vault, enum store_sealed_kind kind, const char *what,
                             struct slice name, struct errinfo *why)
{
    struct entry *entry = find(&vault->shelves[kind], name);
    if (vault->path[0] == '\0') {
        (void)err_set(why, ERR_CONFIG, "this runner has no SECRETS_KEY, which opens the %s \"%.*s\"", what,
                      (int)name.len, name.data);
    } else if (entry == NULL) {
        (void)err_set(why, ERR_NOT_FOUND, "there is no %s \"%.*s\"", what, (int)name.len, name.data);
    }
    return entry;
}

struct vault_secret *vault_take_secret(struct vault *vault, struct slice name, struct errinfo *why)
{
    struct entry *entry = look_up(vault, STORE_SECRETS, "secret", name, why);
    if (entry == NULL) {
        return NULL;
    }
    if (entry->secret == NULL) {
        struct vault_secret *secret = calloc(1, sizeof *secret);
        enum err err = secret != NULL ? open_secret(vault, secret, entry) : ERR_NOMEM;
        if (err != ERR_OK) {
            (void)refuse(err, "secret", name, why);
            if (secret != NULL) {
                secret->users = 1;
                vault_give_secret(secret);
            }
            return NULL;
        }
        secret->users = 1;
        entry->secret = secret;
    }
    entry->secret->users++;
    return entry->secret;
}

struct vault_signer *vault_take_signer(struct vault *vault, struct slice name, struct errinfo *why)
{
    struct entry *entry = look_up(vault, STORE_SIGNING, "signing key", name, why);
    if (entry == NULL) {
        return NULL;
    }
    if (entry->signer == NULL) {
        struct vault_signer *signer = calloc(1, sizeof *signer);
        enum err err = signer != NULL ? open_signer(vault, signer, entry) : ERR_NOMEM;
        if (err != ERR_OK) {
            (void)refuse(err, "signing key", name, why);
            if (signer != NULL) {
                signer->users = 1;
                vault_give_signer(signer);
            }
            return NULL;
        }
        signer->users = 1;
        entry->signer = signer;
    }
    entry->signer->users++;
    return entry->signer;
}

/* ---- life ---- */

enum err vault_new(struct vault **out, const char *path, struct redis_link *link, struct clock clock,
                   struct errinfo *info)
{
    struct vault *vault = calloc(1, sizeof *vault);
    *out = NULL;
    if (vault == NULL || strlen(path) >= sizeof vault->path) {
        free(vault);
        return err_set(info, ERR_NOMEM, "out of memory");
    }
    vault->link = link;
    vault->clock = clock;
    memcpy(vault->path, path, strlen(path) + 1);
    for (size_t i = 0; i < STORE_SEALED__COUNT; i++) {
        vault->shelves[i] = (struct shelf){.vault = vault,
                                           .kind = (enum store_sealed_kind)i,
                                           .changes = -1,
                                           .asked = {INT64_MIN / 2},
                                           .as_of = {INT64_MIN / 2}};
    }
    (void)is_another_file(vault);
    enum err err = path[0] == '\0' ? ERR_OK : seal_file_read_keys(&vault->keys, path, info);
    if (err != ERR_OK) {
        vault_free(vault);
        return err;
    }
    *out = vault;
    return ERR_OK;
}

void vault_free(struct vault *vault)
{
    if (vault == NULL) {
        return;
    }
    for (size_t i = 0; i < STORE_SEALED__COUNT; i++) {
        clear(&vault->shelves[i]);
    }
    seal_keys_wipe(&vault->keys);
    free(vault);
}
