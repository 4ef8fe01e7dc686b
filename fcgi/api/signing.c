/* signing: POST, DELETE and GET of /v1/signing. Keys are made here. The answer to POST is the only place where a
 * key of v1 is ever shown; the public half of one of v1a always is. */
#include "secret/signing.h"
#include "api/resources.h"
#include "api/sealed.h"

#include <string.h>

#define OVERLAP_MAX_S 2592000 /* 30 days */

/* A new key, and what was asked of it. */
struct making {
    struct context *ctx;
    struct seal_public seal;
    struct slice name;
    int64_t overlap_s;
    uint8_t bytes[SIGNATURE_KEY_SIZE];
    char shown[SIGNATURE_TEXT_SIZE];
    struct signing_key key;
    struct api_error *error;
};

/* ---- reading ---- */

static bool refuse(struct api_error *error, const char *field, const char *text)
{
    api_error_set(error, API_VALIDATION_ERROR, "%s %s", field, text);
    return api_error_at(error, slice_of(field));
}

static bool read_scheme(struct making *making, const struct json_value *scheme)
{
    struct slice text = scheme != NULL ? json_string(scheme) : slice_of("v1");
    making->key.scheme = slice_eq(text, "v1a") ? SIGNATURE_V1A : SIGNATURE_V1;
    return slice_eq(text, signature_scheme_name(making->key.scheme)) ||
           refuse(making->error, "scheme", "must be v1 or v1a");
}

static bool read_overlap(struct making *making, const struct json_value *overlap)
{
    bool is_number = overlap != NULL && json_kind_of(overlap) == JSON_INT;
    making->overlap_s = is_number ? json_int(overlap) : SIGNING_OVERLAP_S;
    return (overlap == NULL || is_number) && making->overlap_s >= 0 && making->overlap_s <= OVERLAP_MAX_S
               ? true
               : refuse(making->error, "overlap_s", "must be a whole number from 0 to 2592000");
}

static bool read_making(struct making *making)
{
    static const char *const names[] = {"scheme", "overlap_s", NULL};
    const struct json_value *body = sealed_body(making->ctx, true, making->error);

    return body != NULL && sealed_check_members(making->ctx, body, names, making->error) &&
           read_scheme(making, json_member(body, "scheme")) &&
           read_overlap(making, json_member(body, "overlap_s"));
}

/* Make the bytes of the key, and the text by which its target verifies. */
static bool make_key(struct making *making)
{
    uint8_t shut[SIGNATURE_KEY_SIZE];
    bool is_pair = making->key.scheme == SIGNATURE_V1A;

    if (signature_make_key(making->bytes) != ERR_OK ||
        (is_pair && signature_public_of(shut, making->bytes) != ERR_OK)) {
        return api_error_set(making->error, API_INTERNAL_ERROR, "no key can be made");
    }
    signature_text(making->shown, making->key.scheme, is_pair ? shut : making->bytes);
    making->key.shown = is_pair ? slice_of(making->shown) : (struct slice){NULL, 0};
    return true;
}

/* ---- storing ---- */

/* Seal the key as the next one of signing, and write them all. */
static bool add_key(struct making *making, struct signing *signing, struct buffer *content,
                    struct api_error *error)
{
    struct wall_ms now = redis_clock_now(&making->ctx->redis_clock);
    struct buffer box = {0};

    enum err err = signing_seal(&box, &making->seal, making->name, signing->last_id + 1, making->bytes);
    making->key.box = (struct slice){box.data, box.len};
    bool has_room = err == ERR_OK && signing_add(signing, &making->key, now, making->overlap_s * 1000);
    if (has_room) {
        signing->version++;
        signing_write(content, signing);
    }
    making->key.box = (struct slice){NULL, 0};
    buffer_fini(&box);
    if (err != ERR_OK) {
        return api_error_set(error, API_INTERNAL_ERROR, "the key cannot be sealed");
    }
    return has_room || api_error_set(error, API_CONFLICT,
                                     "%d keys of this name are alive: wait for the end of one, or end those "
                                     "of the scheme now with \"overlap_s\": 0",
                                     SIGNING_ALIVE_MAX);
}

/* sealed_make_fn */
static bool make(void *arg, struct slice old, struct buffer *content, int64_t *known, struct api_error *error)
{
    struct making *making = arg;
    struct signing signing = {0};

    if (old.data != NULL && signing_read(&signing, old) != ERR_OK) {
        return api_error_set(error, API_INTERNAL_ERROR, "what is stored under this name is no signing key");
    }
    *known = signing.version;
    bool good = add_key(making, &signing, content, error);
    signing_fini(&signing);
    return good;
}

/* ---- showing ---- */

static void write_key(struct json_writer *w, const struct signing_key *key)
{
    json_member_i64(w, "id", key->id);
    json_member_str(w, "scheme", signature_scheme_name(key->scheme));
    json_member_time(w, "created_at", key->made);
    if (key->ends.ms < INT64_MAX) {
        json_member_time(w, "ends_at", key->ends);
    }
    if (key->shown.data != NULL) {
        json_key(w, "public_key");
        json_put_bytes(w, key->shown);
    }
}

static void answer_made(const struct making *making)
{
    struct json_writer w;

    response_json(&making->ctx->response, 201, &w);
    json_object_begin(&w);
    json_key(&w, "name");
    json_put_bytes(&w, making->name);
    write_key(&w, &making->key);
    if (making->key.scheme == SIGNATURE_V1) {
        json_member_str(&w, "key", making->shown);
    }
    json_object_end(&w);
}

bool signing_make(struct context *ctx, struct api_error *error)
{
    struct making making = {.ctx = ctx, .error = error};

    ctx->is_secret = true;
    bool good = sealed_name(ctx, &making.name, error) && sealed_key(ctx, &making.seal, error) &&
                read_making(&making) && make_key(&making) &&
                sealed_apply(ctx, &(struct sealed_change){STORE_SIGNING, making.name, make, &making}, error);
    if (good) {
        answer_made(&making);
    }
    explicit_bzero(making.bytes, sizeof making.bytes);
    explicit_bzero(making.shown, sizeof making.shown);
    return good;
}

bool signing_delete(struct context *ctx, struct api_error *error)
{
    return sealed_delete(ctx, STORE_SIGNING, "signing key", error);
}

static void write_name(struct json_writer *w, const struct store_sealed *sealed, struct wall_ms now)
{
    struct signing signing;

    if (signing_read(&signing, sealed->content) != ERR_OK) {
        return;
    }
    signing_drop_ended(&signing, now);
    json_object_begin(w);
    json_key(w, "name");
    json_put_bytes(w, sealed->name);
    json_key(w, "keys");
    json_array_begin(w);
    for (size_t i = 0; i < signing.count; i++) {
        json_object_begin(w);
        write_key(w, &signing.keys[i]);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
    signing_fini(&signing);
}

bool signing_list(struct context *ctx, struct api_error *error)
{
    struct wall_ms now = redis_clock_now(&ctx->redis_clock);
    struct store_sealed *all;
    struct json_writer w;
    size_t count;

    if (!sealed_all(ctx, STORE_SIGNING, &all, &count, error)) {
        return false;
    }
    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "signing");
    json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        write_name(&w, &all[i], now);
    }
    json_array_end(&w);
    json_object_end(&w);
    return true;
}
