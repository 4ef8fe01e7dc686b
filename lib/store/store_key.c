/* store_key: see store_key.h. */
#include "store/store_key.h"

#include "store/store_command.h"
#include "store/store_level.h"
#include "store/store_reply.h"
#include "store/store_scripts.h"

#include <stddef.h>

#define PREFIX "dronc:key:"

/* The fields of a key's hash, in the order in which replies have them. */
static const struct {
    const char *name;
    size_t offset; /* in struct key_fields */
} fields[] = {
    {"name", offsetof(struct key_fields, name)},
    {"scopes", offsetof(struct key_fields, scopes)},
    {"hash", offsetof(struct key_fields, hash)},
    {"hash2", offsetof(struct key_fields, hash2)},
    {"hash2_until", offsetof(struct key_fields, hash2_until)},
    {"dn", offsetof(struct key_fields, dn)},
    {"from", offsetof(struct key_fields, from)},
    {"not_before", offsetof(struct key_fields, not_before)},
    {"expires", offsetof(struct key_fields, expires)},
    {"created", offsetof(struct key_fields, created)},
    {"revoked", offsetof(struct key_fields, revoked)},
    {"by", offsetof(struct key_fields, by)},
    {"used", offsetof(struct key_fields, used)},
};

#define FIELDS (sizeof fields / sizeof fields[0])
#define WIDTH  (FIELDS + 1) /* of an entry in a list: and the id */

static const struct slice *field_in(const struct key_fields *key, size_t index)
{
    return (const struct slice *)(const void *)((const char *)key + fields[index].offset);
}

static void read_fields(struct key_fields *out, const struct slice *items)
{
    for (size_t i = 0; i < FIELDS; i++) {
        *(struct slice *)(void *)((char *)out + fields[i].offset) = items[i];
    }
}

static void add_key(struct cmd *cmd, const char *id)
{
    cmd_arg_pieces(cmd, (const struct slice[]){slice_of(PREFIX), slice_of(id)}, 2);
}

static void begin(struct cmd *cmd, const struct store_script *script, const char *id)
{
    store_begin(cmd, script, &(struct store_scope){0});
    add_key(cmd, id);
}

void store_keys_exist(struct cmd *cmd)
{
    cmd_init(cmd, "EXISTS");
    store_key(cmd, KEY_keys, &(struct store_scope){0});
}

enum err store_keys_exist_reply(const struct reply *reply, bool *out, struct errinfo *info)
{
    int64_t count;
    enum err err = store_reply_i64(reply, "EXISTS", &count, info);
    *out = err != ERR_OK || count != 0;
    return err;
}

void store_key_get(struct cmd *cmd, const char *id)
{
    cmd_init(cmd, "HMGET");
    add_key(cmd, id);
    for (size_t i = 0; i < FIELDS; i++) {
        cmd_arg_str(cmd, fields[i].name);
    }
}

enum err store_key_get_reply(const struct reply *reply, const char *id, struct key_fields *out, bool *found,
                             struct errinfo *info)
{
    *out = (struct key_fields){.id = slice_of(id)};
    *found = false;
    enum err err = store_check_array(reply, FIELDS, FIELDS, info);
    if (err == ERR_OK) {
        read_fields(out, reply->items);
        *found = out->created.data != NULL;
    }
    return err;
}

void store_key_create(struct cmd *cmd, const struct key_fields *key)
{
    store_begin(cmd, &store_script_key_create, &(struct store_scope){0});
    cmd_arg_pieces(cmd, (const struct slice[]){slice_of(PREFIX), key->id}, 2);
    store_arg(cmd, ARG_key_id, key->id.data, key->id.len);
    store_arg_str(cmd, ARG_key_prefix, PREFIX);
    store_arg(cmd, ARG_hash, key->hash.data != NULL ? key->hash.data : "", key->hash.len);
    for (size_t i = 0; i < FIELDS; i++) {
        const struct slice *value = field_in(key, i);
        if (value->data != NULL && value != &key->hash) {
            store_arg_str(cmd, ARG_field, fields[i].name);
            store_arg(cmd, ARG_value, value->data, value->len);
        }
    }
    cmd->level = STORE_LEVEL_KEYS;
}

void store_key_revoke(struct cmd *cmd, const char *id)
{
    begin(cmd, &store_script_key_revoke, id);
}

void store_key_rotate(struct cmd *cmd, const char *id, const uint8_t hash[DIGEST_SHA256_SIZE],
                      int64_t overlap_ms)
{
    begin(cmd, &store_script_key_rotate, id);
    store_arg(cmd, ARG_hash, hash, DIGEST_SHA256_SIZE);
    store_arg_i64(cmd, ARG_overlap_ms, overlap_ms);
}

void store_key_use(struct cmd *cmd, const char *id, int64_t day)
{
    begin(cmd, &store_script_key_use, id);
    store_arg_i64(cmd, ARG_day, day);
}

enum err store_keyed_reply(const struct reply *reply, enum store_keyed *out, struct errinfo *info)
{
    int64_t value;
    enum err err = store_reply_i64(reply, "a script of keys", &value, info);
    *out = STORE_KEYED_NONE;
    if (err == ERR_OK && (value > STORE_KEYED_DONE || value < STORE_KEYED_UNTOKENED)) {
        return err_set(info, ERR_PROTOCOL, "Redis answered with something that the script does not return");
    }
    *out = (enum store_keyed)value;
    return err;
}

void store_key_list(struct cmd *cmd)
{
    store_begin(cmd, &store_script_key_list, &(struct store_scope){0});
    store_arg_str(cmd, ARG_key_prefix, PREFIX);
    for (size_t i = 0; i < FIELDS; i++) {
        store_arg_str(cmd, ARG_field, fields[i].name);
    }
}

enum err store_key_list_reply(const struct reply *reply, size_t *count, struct errinfo *info)
{
    enum err err = store_check_array(reply, 0, WIDTH, info);
    *count = err == ERR_OK ? reply->count / WIDTH : 0;
    return err;
}

void store_key_at(const struct reply *reply, size_t index, struct key_fields *out)
{
    *out = (struct key_fields){.id = reply->items[index * WIDTH]};
    read_fields(out, reply->items + index * WIDTH + 1);
}
