/* keys: GET /v1/keys, DELETE /v1/keys/{id}, POST /v1/keys/{id}/rotate. What a key allows is lib/access' business. */
#include "api/keys.h"

#include "api/audit.h"
#include "api/key_cache.h"
#include "api/resources.h"
#include "store/store_key.h"

#include <string.h>

#define OVERLAP_MAX_S 2592000 /* 30 days */
#define DAY_MS        86400000

/* ---- showing keys ---- */

static void put_instant(struct json_writer *w, const char *name, struct slice text)
{
    struct wall_ms at;

    if (text.data != NULL && slice_i64(text, &at.ms)) {
        json_member_time(w, name, at);
    }
}

static void put_number(struct json_writer *w, const char *name, struct slice text)
{
    int64_t value;

    if (text.data != NULL && slice_i64(text, &value)) {
        json_key(w, name);
        json_put_i64(w, value);
    }
}

static void put_text(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data != NULL) {
        json_key(w, name);
        json_put_bytes(w, text);
    }
}

/* A list of texts that is kept with commas. */
static void put_list(struct json_writer *w, const char *name, struct slice list)
{
    if (list.data == NULL) {
        return;
    }
    json_key(w, name);
    json_array_begin(w);
    while (list.len > 0) {
        json_put_bytes(w, slice_take_until(&list, ','));
    }
    json_array_end(w);
}

/* The day of the last use, "2026-03-08". */
static void put_used(struct json_writer *w, struct slice text)
{
    char day[CLOCK_RFC3339_SIZE];
    int64_t days;

    if (text.data != NULL && slice_i64(text, &days) && days > 0 && days < INT64_MAX / DAY_MS) {
        (void)clock_format_rfc3339(day, (struct wall_ms){days * DAY_MS});
        day[strlen("2026-03-08")] = '\0';
        json_member_str(w, "last_used", day);
    }
}

void keys_write(struct json_writer *w, const struct key_fields *key, const char *token)
{
    json_object_begin(w);
    put_text(w, "id", key->id);
    put_text(w, "name", key->name);
    put_list(w, "scopes", key->scopes);
    put_list(w, "from", key->from);
    put_text(w, "cert_dn", key->dn);
    put_number(w, "rate", key->rate);
    put_number(w, "burst", key->burst);
    put_instant(w, "not_before", key->not_before);
    put_instant(w, "expires_at", key->expires);
    put_instant(w, "created_at", key->created);
    put_text(w, "created_by", key->by);
    put_instant(w, "revoked_at", key->revoked);
    put_instant(w, "previous_token_until", key->hash2_until);
    put_used(w, key->used);
    if (token != NULL) {
        json_member_str(w, "token", token);
    }
    json_object_end(w);
}

static bool fail(struct api_error *error, const struct errinfo *info)
{
    return api_error_redis(error, API_STORAGE_ERROR, "it is not known to be done", info);
}

bool keys_list(struct context *ctx, struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct json_writer w;
    struct cmd cmd;
    size_t count;

    store_key_list(&cmd);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_key_list_reply(reply, &count, &info) != ERR_OK) {
        return api_error_redis(error, API_STORAGE_ERROR, "the keys are not known", &info);
    }
    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "keys");
    json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        struct key_fields key;
        store_key_at(reply, i, &key);
        keys_write(&w, &key, NULL);
    }
    json_array_end(&w);
    json_object_end(&w);
    return true;
}

/* ---- one key ---- */

static bool refuse_missing(struct api_error *error)
{
    return api_error_set(error, API_KEY_NOT_FOUND, "there is no such key, or it is revoked");
}

/* Copy the id in the path. Returns false if no key can have it; error is filled. */
static bool read_id(const struct context *ctx, char out[TOKEN_ID_SIZE], struct api_error *error)
{
    if (!token_id_is_valid(ctx->request.id)) {
        return refuse_missing(error);
    }
    memcpy(out, ctx->request.id.data, TOKEN_ID_LEN);
    out[TOKEN_ID_LEN] = '\0';
    return true;
}

bool keys_command(struct context *ctx, struct cmd *cmd, enum store_keyed *answer, struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};

    if (context_ask(ctx, cmd, 1, &reply, &info) != ERR_OK ||
        store_keyed_reply(reply, answer, &info) != ERR_OK) {
        return fail(error, &info);
    }
    key_cache_forget(ctx->keys);
    return true;
}

bool keys_find(struct context *ctx, const char *id, struct key_fields *out, struct api_error *error)
{
    const struct reply *reply;
    struct errinfo info = {0};
    struct cmd cmd;
    bool found;

    store_key_get(&cmd, id);
    if (context_ask(ctx, &cmd, 1, &reply, &info) != ERR_OK ||
        store_key_get_reply(reply, id, out, &found, &info) != ERR_OK) {
        return fail(error, &info);
    }
    return found || refuse_missing(error);
}

bool key_revoke(struct context *ctx, struct api_error *error)
{
    char id[TOKEN_ID_SIZE];
    enum store_keyed answer = STORE_KEYED_NONE;
    struct cmd cmd;

    if (!read_id(ctx, id, error)) {
        return false;
    }
    store_key_revoke(&cmd, id, &ctx->actor);
    if (!keys_command(ctx, &cmd, &answer, error)) {
        return false;
    }
    if (answer != STORE_KEYED_DONE && answer != STORE_KEYED_KNOWN) {
        return refuse_missing(error);
    }
    if (answer == STORE_KEYED_DONE) {
        audit_object_changed(ctx, STORE_ACTION_REVOKE, "key", slice_of(id));
    }
    response_empty(&ctx->response, 204);
    return true;
}

/* ---- a new token ---- */

/* A key cannot be made to give what it has not: neither a new one, nor the token of another one. */
bool keys_may_give(const struct context *ctx, const struct key_fields *fields, struct api_error *error)
{
    struct key key;

    if (ctx->barred.code != ERR_OK) {
        return fail(error, &ctx->barred); /* what the caller's key has is not known */
    }
    if (!key_read(&key, fields)) {
        return api_error_set(error, API_INTERNAL_ERROR, "the key is malformed");
    }
    return key_covers(&ctx->caller.key, &key) ||
           api_error_set(error, API_FORBIDDEN,
                         "a key gives no more than it has itself: scopes, addresses, rate, and until when");
}

struct rotation {
    int64_t seconds;
    struct api_error *error;
};

static bool take_overlap(struct slice name, const struct json_value *value, void *arg)
{
    struct rotation *rotation = arg;

    if (!slice_eq(name, "overlap_s")) {
        api_error_set(rotation->error, API_INVALID_REQUEST, "unknown field; there is overlap_s");
        return false;
    }
    rotation->seconds = json_int(value);
    if (json_kind_of(value) == JSON_INT && rotation->seconds >= 0 && rotation->seconds <= OVERLAP_MAX_S) {
        return true;
    }
    api_error_set(rotation->error, API_VALIDATION_ERROR, "overlap_s must be a whole number from 0 to %d",
                  OVERLAP_MAX_S);
    return api_error_at(rotation->error, slice_of("overlap_s"));
}

static bool read_overlap(struct context *ctx, int64_t *seconds, struct api_error *error)
{
    struct rotation rotation = {KEYS_OVERLAP_S, error};
    const struct json_value *body = NULL;

    if (!request_read_body(&ctx->request, error)) {
        return false;
    }
    if (ctx->request.body.len > 0 &&
        (!keys_read_object(ctx, &body, error) || !json_each(body, take_overlap, &rotation))) {
        return false;
    }
    *seconds = rotation.seconds;
    return true;
}

/* Store the digest of a new token, and show the key with it. */
static bool store_token(struct context *ctx, const char *id, int64_t overlap_s, struct key_new *made,
                        struct api_error *error)
{
    enum store_keyed answer = STORE_KEYED_NONE;
    struct key_fields fields = {0};
    struct json_writer w;
    struct cmd cmd;

    store_key_rotate(&cmd, id, made->hash, overlap_s * 1000, &ctx->actor);
    if (!keys_command(ctx, &cmd, &answer, error)) {
        return false;
    }
    if (answer == STORE_KEYED_UNTOKENED) {
        return api_error_set(error, API_CONFLICT, "this key is a certificate, which has no token");
    }
    if (answer != STORE_KEYED_DONE) {
        return refuse_missing(error);
    }
    audit_object_changed(ctx, STORE_ACTION_ROTATE, "key", slice_of(id));
    if (!keys_find(ctx, id, &fields, error)) {
        return false;
    }
    response_json(&ctx->response, 200, &w);
    keys_write(&w, &fields, made->token);
    return true;
}

bool key_rotate(struct context *ctx, struct api_error *error)
{
    char id[TOKEN_ID_SIZE];
    struct key_fields fields = {0};
    struct errinfo info = {0};
    struct key_new made;
    int64_t overlap_s;

    if (!read_id(ctx, id, error) || !read_overlap(ctx, &overlap_s, error) ||
        !keys_find(ctx, id, &fields, error) || !keys_may_give(ctx, &fields, error)) {
        return false;
    }
    if (key_new_token(&made, id, &info) != ERR_OK) {
        return api_error_set(error, API_INTERNAL_ERROR, "%s", info.text);
    }
    bool good = store_token(ctx, id, overlap_s, &made, error);
    key_new_wipe(&made);
    return good;
}
