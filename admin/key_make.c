/* key_make: dronc-admin key create and rotate. The token goes to standard output, alone, and is shown this once; the
 * rest goes to standard error. */
#include "access/key_new.h"
#include "access/scope.h"
#include "commands.h"
#include "key.h"
#include "options.h"
#include "store/store_database.h"

#include <stdio.h>
#include <string.h>

#define OVERLAP \
    "24h" /* for how long the old token of a rotated key is taken, unless something else is said */

/* The values of the options; NULL: not given. */
struct words {
    const char *name;
    const char *scopes;
    const char *from;
    const char *cert_dn;
    const char *not_before;
    const char *expires;
};

static struct slice slice_or_none(const char *text)
{
    return text != NULL ? slice_of(text) : (struct slice){NULL, 0};
}

/* Find out what time it is, and whether there are keys. Returns 0 or the exit status. */
static int look(struct admin *admin, struct wall_ms *now, bool *any)
{
    const struct reply *replies;
    struct errinfo info = {0};
    struct cmd cmds[2];
    store_time(&cmds[0]);
    store_keys_exist(&cmds[1]);
    int status = admin_ask(admin, cmds, 2, &replies);
    if (status == 0 && (store_time_reply(&replies[0], now, &info) != ERR_OK ||
                        store_keys_exist_reply(&replies[1], any, &info) != ERR_OK)) {
        status = admin_fail(admin, &info);
    }
    return status;
}

/* The first key may do everything; of each other one somebody has to say what it may do. */
static int read_scopes(const struct words *words, bool any, unsigned *set)
{
    const char *text = words->scopes != NULL ? words->scopes : any ? NULL : "*";
    if (text == NULL) {
        return admin_say(ADMIN_USAGE, "--scopes is missing: what may the key do? See dronc-admin --help");
    }
    return scope_parse(slice_of(text), set)
               ? 0
               : admin_say(ADMIN_USAGE, "--scopes: \"%.64s\" is not a list of scopes; see dronc-admin --help",
                           text);
}

static int read_instant(const char *option, const char *text, struct wall_ms now, struct wall_ms *out)
{
    if (text != NULL && (!options_instant(text, now, out) || out->ms <= 0)) {
        return admin_say(
            ADMIN_USAGE,
            "%s: \"%.64s\" is not an instant such as 2027-01-01T00:00:00Z, nor a time such as 90d", option,
            text);
    }
    return 0;
}

static int make_wish(struct admin *admin, const struct words *words, struct key_wish *wish)
{
    struct wall_ms now = {0};
    bool any = true;
    int status = look(admin, &now, &any);
    *wish = (struct key_wish){.name = slice_of(words->name != NULL ? words->name : "admin"),
                              .from = slice_or_none(words->from),
                              .dn = slice_or_none(words->cert_dn),
                              .by = slice_of("dronc-admin")};
    status = status != 0 ? status : read_scopes(words, any, &wish->scopes);
    status = status != 0 ? status : read_instant("--not-before", words->not_before, now, &wish->not_before);
    status = status != 0 ? status : read_instant("--expires", words->expires, now, &wish->expires);
    if (status == 0 && wish->expires.ms != 0 && wish->expires.ms <= now.ms) {
        status = admin_say(ADMIN_USAGE, "--expires: that is over");
    }
    return status;
}

static int store(struct admin *admin, const struct key_new *made)
{
    enum store_keyed answer = STORE_KEYED_NONE;
    struct cmd cmd;
    store_key_create(&cmd, &made->fields);
    int status = key_command(admin, &cmd, &answer);
    if (status != 0) {
        return status;
    }
    if (answer != STORE_KEYED_DONE) {
        return answer == STORE_KEYED_FULL
                   ? admin_say(ADMIN_REFUSED, "there are %d keys, and no more can be made: revoke some",
                               STORE_KEYS_MAX)
                   : admin_say(ADMIN_REFUSED, "this certificate is key %s already", made->id);
    }
    bool has_token = made->token[0] != '\0';
    (void)admin_say(0, "key %s (%.*s), scopes %s%s", made->id, (int)made->fields.name.len,
                    made->fields.name.data, made->scopes,
                    has_token ? "; this is its token, which is shown only now:" : "");
    puts(has_token ? made->token : made->id);
    return 0;
}

int command_key_create(struct admin *admin)
{
    struct words words = {0};
    const struct option options[] = {{"--name", &words.name},
                                     {"--scopes", &words.scopes},
                                     {"--from", &words.from},
                                     {"--cert-dn", &words.cert_dn},
                                     {"--not-before", &words.not_before},
                                     {"--expires", &words.expires},
                                     {NULL, NULL}};
    struct errinfo info = {0};
    struct key_wish wish;
    struct key_new made;
    if (options_read(admin->argc, admin->argv, options, NULL, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    int status = make_wish(admin, &words, &wish);
    if (status != 0) {
        return status;
    }
    enum err err = key_new_make(&made, &wish, &info);
    status = err == ERR_OK ? store(admin, &made)
                           : admin_say(err == ERR_INVALID ? ADMIN_USAGE : ADMIN_REFUSED, "%s", info.text);
    key_new_wipe(&made);
    return status;
}

static int store_token(struct admin *admin, const struct key_new *made, int64_t overlap_ms)
{
    enum store_keyed answer = STORE_KEYED_NONE;
    struct cmd cmd;
    store_key_rotate(&cmd, made->id, made->hash, overlap_ms);
    int status = key_command(admin, &cmd, &answer);
    if (status != 0) {
        return status;
    }
    if (answer == STORE_KEYED_UNTOKENED) {
        return admin_say(ADMIN_REFUSED, "key %s is a certificate, which has no token", made->id);
    }
    if (answer != STORE_KEYED_DONE) {
        return key_refuse_missing(made->id);
    }
    (void)admin_say(
        0, "key %s has a new token, which is shown only now; the old one is taken for %lld s more:", made->id,
        (long long)overlap_ms / 1000);
    puts(made->token);
    return 0;
}

int command_key_rotate(struct admin *admin)
{
    const char *overlap = NULL;
    const struct option options[] = {{"--overlap", &overlap}, {NULL, NULL}};
    struct errinfo info = {0};
    struct key_new made;
    int64_t overlap_ms;
    const char *id;
    int status = key_read_id(admin, options, &id);
    if (status != 0) {
        return status;
    }
    if (!options_duration(overlap != NULL ? overlap : OVERLAP, &overlap_ms)) {
        return admin_say(ADMIN_USAGE, "--overlap: \"%.64s\" is not a time such as 24h", overlap);
    }
    if (key_new_token(&made, id, &info) != ERR_OK) {
        return admin_say(ADMIN_REFUSED, "%s", info.text);
    }
    status = store_token(admin, &made, overlap_ms);
    key_new_wipe(&made);
    return status;
}
