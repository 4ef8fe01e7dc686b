/* key: dronc-admin key list, show and revoke. */
#include "key.h"

#include "commands.h"
#include "options.h"
#include "store/store_database.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000

int key_read_id(struct admin *admin, const struct option *options, const char **id)
{
    struct errinfo info = {0};
    *id = NULL;
    if (options_read(admin->argc, admin->argv, options, id, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    return token_id_is_valid(slice_of(*id)) ? 0
                                            : admin_say(ADMIN_USAGE, "\"%.64s\" is not the id of a key", *id);
}

int key_command(struct admin *admin, struct cmd *cmd, enum store_keyed *answer)
{
    struct errinfo info = {0};
    const struct reply *reply;
    int status = admin_ask(admin, cmd, 1, &reply);
    if (status == 0 && store_keyed_reply(reply, answer, &info) != ERR_OK) {
        status = admin_fail(admin, &info);
    }
    return status;
}

int key_refuse_missing(const char *id)
{
    return admin_say(ADMIN_REFUSED, "there is no key %s, or it is revoked", id);
}

/* ---- showing ---- */

static const char *state_of(const struct key_fields *fields, struct wall_ms now)
{
    struct key key;
    if (!key_read(&key, fields)) {
        return "malformed";
    }
    return key.revoked.ms != 0                               ? "revoked"
           : key.expires.ms != 0 && key.expires.ms <= now.ms ? "expired"
           : key.not_before.ms > now.ms                      ? "not yet"
                                                             : "valid";
}

/* "2026-03-08", of a number of days. */
static void format_day(char out[CLOCK_RFC3339_SIZE], struct slice days)
{
    int64_t count;
    memcpy(out, "never", sizeof "never");
    if (days.data != NULL && slice_i64(days, &count) && count > 0 && count < INT64_MAX / DAY_MS) {
        (void)clock_format_rfc3339(out, (struct wall_ms){count * DAY_MS});
        out[strlen("2026-03-08")] = '\0';
    }
}

static void print_row(const struct key_fields *key, struct wall_ms now)
{
    char used[CLOCK_RFC3339_SIZE];
    format_day(used, key->used);
    printf("%-12.*s  %-9s  %-10s  %-24.*s  %.*s\n", (int)key->id.len, key->id.data, state_of(key, now), used,
           (int)key->name.len, key->name.data, (int)key->scopes.len, key->scopes.data);
}

int command_key_list(struct admin *admin)
{
    const struct reply *replies;
    struct errinfo info = {0};
    struct cmd cmds[2];
    struct wall_ms now;
    size_t count;
    if (options_read(admin->argc, admin->argv, NULL, NULL, &info) != ERR_OK) {
        return admin_say(ADMIN_USAGE, "%s; see dronc-admin --help", info.text);
    }
    store_time(&cmds[0]);
    store_key_list(&cmds[1]);
    int status = admin_ask(admin, cmds, 2, &replies);
    if (status != 0) {
        return status;
    }
    if (store_time_reply(&replies[0], &now, &info) != ERR_OK ||
        store_key_list_reply(&replies[1], &count, &info) != ERR_OK) {
        return admin_fail(admin, &info);
    }
    if (count == 0) {
        return admin_say(
            0, "there are no keys: while that is so, whatever runs on this machine may ask the API");
    }
    printf("%-12s  %-9s  %-10s  %-24s  %s\n", "ID", "STATE", "LAST USED", "NAME", "SCOPES");
    for (size_t i = 0; i < count; i++) {
        struct key_fields key;
        store_key_at(&replies[1], i, &key);
        print_row(&key, now);
    }
    return 0;
}

static void print_text(const char *name, struct slice text)
{
    if (text.data != NULL) {
        printf("%-12s %.*s\n", name, (int)text.len, text.data);
    }
}

static void print_instant(const char *name, struct slice text)
{
    char stamp[CLOCK_RFC3339_SIZE];
    struct wall_ms at;
    if (text.data != NULL && slice_i64(text, &at.ms)) {
        (void)clock_format_rfc3339(stamp, at);
        printf("%-12s %s\n", name, stamp);
    }
}

static void print_key(const struct key_fields *key, struct wall_ms now)
{
    char used[CLOCK_RFC3339_SIZE];
    format_day(used, key->used);
    print_text("id", key->id);
    print_text("name", key->name);
    print_text("scopes", key->scopes);
    print_text("from", key->from);
    print_text("cert-dn", key->dn);
    print_text("state", slice_of(state_of(key, now)));
    print_instant("created", key->created);
    print_text("by", key->by);
    print_instant("not-before", key->not_before);
    print_instant("expires", key->expires);
    print_instant("revoked", key->revoked);
    print_instant("old-token", key->hash2_until);
    print_text("last-used", slice_of(used));
}

int command_key_show(struct admin *admin)
{
    const struct reply *replies;
    struct errinfo info = {0};
    struct key_fields key;
    struct cmd cmds[2];
    struct wall_ms now;
    const char *id;
    bool found;
    int status = key_read_id(admin, NULL, &id);
    if (status != 0) {
        return status;
    }
    store_time(&cmds[0]);
    store_key_get(&cmds[1], id);
    status = admin_ask(admin, cmds, 2, &replies);
    if (status != 0) {
        return status;
    }
    if (store_time_reply(&replies[0], &now, &info) != ERR_OK ||
        store_key_get_reply(&replies[1], id, &key, &found, &info) != ERR_OK) {
        return admin_fail(admin, &info);
    }
    if (!found) {
        return key_refuse_missing(id);
    }
    print_key(&key, now);
    return 0;
}

int command_key_revoke(struct admin *admin)
{
    enum store_keyed answer = STORE_KEYED_NONE;
    const char *id;
    struct cmd cmd;
    int status = key_read_id(admin, NULL, &id);
    if (status != 0) {
        return status;
    }
    store_key_revoke(&cmd, id);
    status = key_command(admin, &cmd, &answer);
    if (status == 0 && answer != STORE_KEYED_DONE) {
        return key_refuse_missing(id);
    }
    return status != 0 ? status
                       : admin_say(0, "key %s is revoked; each handler refuses it within two seconds", id);
}
