/* signing: see signing.h. What is stored has the form of secret.c: "<version> <JSON>". */
#include "secret/signing.h"

#include <string.h>

/* ---- what is stored ---- */

static void write_key(struct json_writer *w, const struct signing_key *key)
{
    json_object_begin(w);
    json_member_i64(w, "id", key->id);
    json_member_str(w, "scheme", signature_scheme_name(key->scheme));
    json_member_i64(w, "made", key->made.ms);
    if (key->ends.ms < INT64_MAX) {
        json_member_i64(w, "ends", key->ends.ms);
    }
    if (key->shown.data != NULL) {
        json_key(w, "public");
        json_put_bytes(w, key->shown);
    }
    json_key(w, "box");
    json_put_bytes(w, key->box);
    json_object_end(w);
}

void signing_write(struct buffer *out, const struct signing *signing)
{
    struct json_writer w;
    buffer_add_i64(out, signing->version);
    buffer_add_char(out, ' ');
    json_begin(&w, out);
    json_object_begin(&w);
    json_member_i64(&w, "last_id", signing->last_id);
    json_key(&w, "keys");
    json_array_begin(&w);
    for (size_t i = 0; i < signing->count; i++) {
        write_key(&w, &signing->keys[i]);
    }
    json_array_end(&w);
    json_object_end(&w);
}

/* A member that must be there, as a number. */
static bool read_i64(const struct json_value *object, const char *name, int64_t *out)
{
    const struct json_value *value = json_member(object, name);
    if (value == NULL || json_kind_of(value) != JSON_INT) {
        return false;
    }
    *out = json_int(value);
    return true;
}

/* A member's text; data NULL: there is none. */
static struct slice read_text(const struct json_value *object, const char *name)
{
    const struct json_value *value = json_member(object, name);
    return value != NULL ? json_string(value) : (struct slice){NULL, 0};
}

static bool read_key(const struct json_value *value, void *arg)
{
    struct signing *out = arg;
    if (out->count == SIGNING_ALIVE_MAX) {
        return false;
    }
    struct signing_key *key = &out->keys[out->count++];
    *key = (struct signing_key){.ends = {INT64_MAX}, .shown = read_text(value, "public")};
    struct slice scheme = read_text(value, "scheme");
    key->scheme = slice_eq(scheme, "v1a") ? SIGNATURE_V1A : SIGNATURE_V1;
    key->box = read_text(value, "box");
    if (json_member(value, "ends") != NULL && !read_i64(value, "ends", &key->ends.ms)) {
        return false;
    }
    return read_i64(value, "id", &key->id) && read_i64(value, "made", &key->made.ms) &&
           slice_eq(scheme, signature_scheme_name(key->scheme)) && key->box.data != NULL;
}

enum err signing_read(struct signing *out, struct slice text)
{
    *out = (struct signing){0};
    if (!slice_i64(slice_take_word(&text), &out->version)) {
        return ERR_PROTOCOL;
    }
    enum err err = json_parse(&out->doc, text.data, text.len, NULL);
    if (err == ERR_OK) {
        const struct json_value *root = json_root(out->doc);
        const struct json_value *keys = json_member(root, "keys");
        bool good =
            keys != NULL && read_i64(root, "last_id", &out->last_id) && json_each_item(keys, read_key, out);
        err = good ? ERR_OK : ERR_PROTOCOL;
    }
    if (err != ERR_OK) {
        signing_fini(out);
    }
    return err == ERR_INVALID || err == ERR_LIMIT ? ERR_PROTOCOL : err;
}

void signing_fini(struct signing *signing)
{
    json_free(signing->doc);
    *signing = (struct signing){0};
}

/* ---- rotation ---- */

void signing_drop_ended(struct signing *signing, struct wall_ms now)
{
    size_t kept = 0;
    for (size_t i = 0; i < signing->count; i++) {
        if (signing->keys[i].ends.ms > now.ms) {
            signing->keys[kept++] = signing->keys[i];
        }
    }
    signing->count = kept;
}

bool signing_add(struct signing *signing, struct signing_key *key, struct wall_ms now, int64_t overlap_ms)
{
    int64_t ends = now.ms + overlap_ms;
    key->id = signing->last_id + 1;
    key->made = now;
    key->ends.ms = INT64_MAX;
    for (size_t i = 0; i < signing->count; i++) {
        struct signing_key *old = &signing->keys[i];
        if (old->scheme == key->scheme && old->ends.ms > ends) {
            old->ends.ms = ends;
        }
    }
    signing_drop_ended(signing, now);
    if (signing->count == SIGNING_ALIVE_MAX) {
        return false;
    }
    memmove(&signing->keys[1], &signing->keys[0], signing->count * sizeof signing->keys[0]);
    signing->keys[0] = *key;
    signing->count++;
    signing->last_id = key->id;
    return true;
}

/* ---- boxes ---- */

enum err signing_seal(struct buffer *box, const struct seal_public *to, struct slice name, int64_t id,
                      const uint8_t bytes[SIGNATURE_KEY_SIZE])
{
    struct buffer context = {0};
    secret_context(&context, "signing", name, id);
    enum err err =
        secret_close_box(box, to, &context, (struct slice){(const char *)bytes, SIGNATURE_KEY_SIZE});
    buffer_fini(&context);
    return err;
}

enum err signing_open(struct buffer *bytes, const struct seal_key *keys, size_t count, struct slice name,
                      const struct signing_key *key)
{
    struct buffer context = {0};
    size_t before = bytes->len;
    secret_context(&context, "signing", name, key->id);
    enum err err = secret_open_box(bytes, keys, count, &context, key->box);
    buffer_fini(&context);
    return err == ERR_OK && bytes->len - before != SIGNATURE_KEY_SIZE ? ERR_INVALID : err;
}
