/* key_create: POST /v1/keys. The one answer that ever shows the token. */
#include "access/scope.h"
#include "api/audit.h"
#include "api/keys.h"
#include "api/resources.h"
#include "text/rfc3339.h"

#include <string.h>

static void end_doc(void *doc)
{
    json_free(doc);
}

bool keys_read_object(struct context *ctx, const struct json_value **out, struct api_error *error)
{
    const struct buffer *body = &ctx->request.body;
    struct errinfo info = {0};
    struct json_doc *doc;

    if (json_parse(&doc, buffer_str(body), body->len, &info) != ERR_OK) {
        return api_error_set(error, API_INVALID_REQUEST, "the body is not JSON: %s", info.text);
    }
    if (!context_own(ctx, end_doc, doc, error)) {
        return false;
    }
    *out = json_root(doc);
    return json_kind_of(*out) == JSON_OBJECT ||
           api_error_set(error, API_INVALID_REQUEST, "the body must be a JSON object");
}

/* ---- the body ---- */

/* What the body asks for. */
struct body {
    struct key_wish wish;
    struct buffer from; /* the ranges, with commas */
    struct api_error *error;
};

/* Name the field. Always returns false. */
static bool refuse(const struct body *body, const char *name, const char *text)
{
    api_error_set(body->error, API_VALIDATION_ERROR, "%s %s", name, text);
    return api_error_at(body->error, slice_of(name));
}

static bool take_text(struct body *body, const char *name, const struct json_value *value, struct slice *out)
{
    *out = json_string(value);
    return out->data != NULL || refuse(body, name, "must be a string");
}

static bool take_instant(struct body *body, const char *name, const struct json_value *value,
                         struct wall_ms *out)
{
    struct slice text = json_string(value);

    return (text.data != NULL && rfc3339_parse(out, text, NULL) == ERR_OK && out->ms > 0) ||
           refuse(body, name, "must be an instant such as 2027-01-01T00:00:00Z");
}

static bool take_number(struct body *body, const char *name, const struct json_value *value, int64_t *out)
{
    *out = json_int(value);
    return (json_kind_of(value) == JSON_INT && *out > 0) ||
           refuse(body, name, "must be a whole number from 1 on");
}

static bool take_scope(const struct json_value *value, void *arg)
{
    struct body *body = arg;
    struct slice name = json_string(value);

    return name.data != NULL && scope_find(name, &body->wish.scopes);
}

static bool take_scopes(struct body *body, const struct json_value *value)
{
    return (json_kind_of(value) == JSON_ARRAY && json_count(value) > 0 &&
            json_each_item(value, take_scope, body)) ||
           refuse(body, "scopes", "must be a list of scopes such as \"jobs:read\", or of \"*\"");
}

static bool take_range(const struct json_value *value, void *arg)
{
    struct body *body = arg;
    struct slice text = json_string(value);

    if (text.data == NULL || text.len == 0 || memchr(text.data, ',', text.len) != NULL) {
        return false;
    }
    buffer_add_str(&body->from, body->from.len > 0 ? "," : "");
    buffer_add(&body->from, text.data, text.len);
    return true;
}

static bool take_from(struct body *body, const struct json_value *value)
{
    struct ip_range ranges[KEY_RANGES_MAX];

    if (json_kind_of(value) != JSON_ARRAY || json_count(value) == 0 ||
        !json_each_item(value, take_range, body)) {
        return refuse(body, "from", "must be a list of addresses and ranges such as \"10.0.0.0/8\"");
    }
    body->wish.from = (struct slice){buffer_str(&body->from), body->from.len};
    return key_ranges_read(ranges, body->wish.from) > 0 ||
           refuse(body, "from", "must be at most 16 addresses and ranges such as \"10.0.0.0/8\"");
}

static bool take_member(struct slice name, const struct json_value *value, void *arg)
{
    struct body *body = arg;

    if (slice_eq(name, "name")) {
        return take_text(body, "name", value, &body->wish.name);
    }
    if (slice_eq(name, "scopes")) {
        return take_scopes(body, value);
    }
    if (slice_eq(name, "from")) {
        return take_from(body, value);
    }
    if (slice_eq(name, "cert_dn")) {
        return take_text(body, "cert_dn", value, &body->wish.dn);
    }
    if (slice_eq(name, "not_before")) {
        return take_instant(body, "not_before", value, &body->wish.not_before);
    }
    if (slice_eq(name, "expires_at")) {
        return take_instant(body, "expires_at", value, &body->wish.expires);
    }
    if (slice_eq(name, "rate")) {
        return take_number(body, "rate", value, &body->wish.rate);
    }
    if (slice_eq(name, "burst")) {
        return take_number(body, "burst", value, &body->wish.burst);
    }
    api_error_set(
        body->error, API_INVALID_REQUEST,
        "unknown field; there are name, scopes, from, cert_dn, not_before, expires_at, rate and burst");
    return api_error_at(body->error, name);
}

/* What the body leaves out, the new key has of the one that asks. */
static void inherit(const struct context *ctx, struct body *body)
{
    const struct key *own = &ctx->caller.key;

    if (body->wish.expires.ms == 0) {
        body->wish.expires = own->expires;
    }
    if (body->wish.from.data == NULL && own->range_count > 0) {
        key_ranges_write(&body->from, own);
        body->wish.from = (struct slice){buffer_str(&body->from), body->from.len};
    }
    if (body->wish.rate == 0 && body->wish.burst == 0) {
        body->wish.rate = own->rate;
        body->wish.burst = own->burst;
    }
    body->wish.by = slice_of(own->id);
}

static bool read_wish(struct context *ctx, struct body *body)
{
    const struct json_value *object = NULL;

    if (!request_read_body(&ctx->request, body->error) || !keys_read_object(ctx, &object, body->error) ||
        !json_each(object, take_member, body)) {
        return false;
    }
    inherit(ctx, body);
    if (buffer_error(&body->from) != ERR_OK) {
        return api_error_set(body->error, API_INTERNAL_ERROR, "out of memory");
    }
    bool is_over =
        body->wish.expires.ms != 0 && body->wish.expires.ms <= redis_clock_now(&ctx->redis_clock).ms;
    return !is_over || refuse(body, "expires_at", "is over");
}

/* ---- storing it ---- */

static bool store(struct context *ctx, const struct key_new *made, struct api_error *error)
{
    enum store_keyed answer = STORE_KEYED_NONE;
    struct key_fields fields = {0};
    struct json_writer w;
    struct cmd cmd;

    store_key_create(&cmd, &made->fields, &ctx->actor);
    if (!keys_command(ctx, &cmd, &answer, error)) {
        return false;
    }
    if (answer != STORE_KEYED_DONE) {
        return api_error_set(error, API_CONFLICT,
                             answer == STORE_KEYED_FULL
                                 ? "there are %d keys, and no more can be made: revoke some"
                                 : "this certificate is a key already",
                             STORE_KEYS_MAX);
    }
    audit_object_changed(ctx, STORE_ACTION_CREATE, "key", slice_of(made->id));
    if (!keys_find(ctx, made->id, &fields, error)) {
        return false;
    }
    response_json(&ctx->response, 201, &w);
    keys_write(&w, &fields, made->token[0] != '\0' ? made->token : NULL);
    return true;
}

static bool make(struct context *ctx, const struct key_wish *wish, struct api_error *error)
{
    struct key_new made;
    struct errinfo info = {0};
    enum err err = key_new_make(&made, wish, &info);

    if (err != ERR_OK) {
        api_error_set(error, err == ERR_INVALID ? API_VALIDATION_ERROR : API_INTERNAL_ERROR, "%s", info.text);
        return api_error_at(error, made.wrong != NULL ? slice_of(made.wrong) : (struct slice){NULL, 0});
    }

    bool good = keys_may_give(ctx, &made.fields, error) && store(ctx, &made, error);
    key_new_wipe(&made);
    return good;
}

bool key_create(struct context *ctx, struct api_error *error)
{
    struct body body = {.error = error};

    bool good = read_wish(ctx, &body) && make(ctx, &body.wish, error);
    buffer_fini(&body.from);
    return good;
}
