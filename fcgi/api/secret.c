/* secret: PUT, DELETE and GET of /v1/secrets. A value is sealed here and never shown; only names, hosts and
 * versions are. */
#include "secret/secret.h"
#include "api/resources.h"
#include "api/sealed.h"

/* What a request asks for, and what is stored then. */
struct setting {
    struct context *ctx;
    struct seal_public key;
    struct slice name;
    struct slice value;
    struct secret secret; /* its texts are borrowed from the request */
    struct api_error *error;
};

/* ---- reading ---- */

static bool refuse(struct api_error *error, const char *field, const char *text)
{
    api_error_set(error, API_VALIDATION_ERROR, "%s %s", field, text);
    return api_error_at(error, slice_of(field));
}

static bool take_host(const struct json_value *value, void *arg)
{
    struct setting *setting = arg;

    return (json_kind_of(value) == JSON_STRING &&
            secret_rule_add(&setting->secret.rule, json_string(value))) ||
           refuse(setting->error, "hosts",
                  "must be 1 to 16 names or addresses as in a URL, each with a port or without");
}

static bool read_hosts(struct setting *setting, const struct json_value *hosts)
{
    if (json_kind_of(hosts) != JSON_ARRAY || json_count(hosts) == 0) {
        return refuse(setting->error, "hosts", "must be an array of at least one host");
    }
    return json_each_item(hosts, take_host, setting);
}

static bool read_value(struct setting *setting, const struct json_value *value)
{
    if (json_kind_of(value) != JSON_STRING) {
        return refuse(setting->error, "value", "must be a string");
    }
    setting->value = json_string(value);
    return secret_value_is_valid(setting->value) ||
           refuse(setting->error, "value",
                  "must be 1 to 4096 printable ASCII characters, with no blank at either end");
}

static bool read_http(struct setting *setting, const struct json_value *http)
{
    setting->secret.rule.http = json_is_true(http);
    return json_kind_of(http) == JSON_BOOL || refuse(setting->error, "http", "must be true or false");
}

static bool check_required(struct setting *setting, const struct json_value *value,
                           const struct json_value *hosts)
{
    return (value != NULL || refuse(setting->error, "value", "is required")) &&
           (hosts != NULL || refuse(setting->error, "hosts", "is required"));
}

static bool read_setting(struct setting *setting)
{
    static const char *const names[] = {"value", "hosts", "http", NULL};
    const struct json_value *body = sealed_body(setting->ctx, false, setting->error);

    if (body == NULL) {
        return false;
    }
    const struct json_value *value = json_member(body, "value");
    const struct json_value *hosts = json_member(body, "hosts");
    const struct json_value *http = json_member(body, "http");
    return sealed_check_members(setting->ctx, body, names, setting->error) &&
           (value == NULL || read_value(setting, value)) && (hosts == NULL || read_hosts(setting, hosts)) &&
           (http == NULL || read_http(setting, http)) && check_required(setting, value, hosts);
}

/* ---- storing ---- */

/* sealed_make_fn */
static bool make(void *arg, struct slice old, struct buffer *content, int64_t *known, struct api_error *error)
{
    struct setting *setting = arg;
    struct secret *secret = &setting->secret;
    struct slice version = slice_take_word(&old);
    struct buffer box = {0};

    if (version.len > 0 && !slice_i64(version, known)) {
        return api_error_set(error, API_INTERNAL_ERROR, "what is stored under this name is no secret");
    }
    secret->version = *known + 1;
    secret->set = redis_clock_now(&setting->ctx->redis_clock);
    enum err err = secret_seal(&box, &setting->key, setting->name, secret, setting->value);
    secret->box = (struct slice){box.data, box.len};
    if (err == ERR_OK) {
        secret_write(content, secret);
    }
    secret->box = (struct slice){NULL, 0};
    buffer_fini(&box);
    return err == ERR_OK || api_error_set(error, API_INTERNAL_ERROR, "the value cannot be sealed");
}

static void write_secret(struct json_writer *w, struct slice name, const struct secret *secret)
{
    json_object_begin(w);
    json_key(w, "name");
    json_put_bytes(w, name);
    json_member_i64(w, "version", secret->version);
    json_member_time(w, "set_at", secret->set);
    json_key(w, "hosts");
    json_array_begin(w);
    for (size_t i = 0; i < secret->rule.count; i++) {
        json_put_bytes(w, secret->rule.hosts[i].text);
    }
    json_array_end(w);
    json_key(w, "http");
    json_put_bool(w, secret->rule.http);
    json_object_end(w);
}

bool secret_put(struct context *ctx, struct api_error *error)
{
    struct setting setting = {.ctx = ctx, .error = error};
    struct json_writer w;

    ctx->is_secret = true;
    bool good =
        sealed_name(ctx, &setting.name, error) && sealed_key(ctx, &setting.key, error) &&
        read_setting(&setting) &&
        sealed_apply(ctx, &(struct sealed_change){STORE_SECRETS, setting.name, make, &setting}, error);
    if (good) {
        response_json(&ctx->response, setting.secret.version == 1 ? 201 : 200, &w);
        write_secret(&w, setting.name, &setting.secret);
    }
    return good;
}

bool secret_delete(struct context *ctx, struct api_error *error)
{
    return sealed_delete(ctx, STORE_SECRETS, "secret", error);
}

bool secrets_list(struct context *ctx, struct api_error *error)
{
    struct store_sealed *all;
    struct json_writer w;
    struct secret secret;
    size_t count;

    if (!sealed_all(ctx, STORE_SECRETS, &all, &count, error)) {
        return false;
    }
    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_key(&w, "secrets");
    json_array_begin(&w);
    for (size_t i = 0; i < count; i++) {
        if (secret_read(&secret, all[i].content) == ERR_OK) {
            write_secret(&w, all[i].name, &secret);
            secret_fini(&secret);
        }
    }
    json_array_end(&w);
    json_object_end(&w);
    return true;
}
