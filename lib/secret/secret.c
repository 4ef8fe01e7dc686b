/* secret: see secret.h. What is stored is "<version> <JSON>": scripts compare the version, and leave the rest
 * alone. */
#include "secret/secret.h"

#include "text/base64.h"

#include <string.h>
#include <strings.h>

#define TENANT "default" /* there is no other one yet */

/* ---- names and values ---- */

static bool is_name_char(char c)
{
    char lower = (char)(c | 0x20);
    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '_' || c == '-' || c == '.';
}

bool secret_name_is_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.data[i])) {
            return false;
        }
    }
    return name.len > 0 && name.len <= SECRET_NAME_MAX;
}

bool secret_value_is_valid(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] > 0x7E) {
            return false;
        }
    }
    return value.len > 0 && value.len <= SECRET_VALUE_MAX && value.data[0] != ' ' &&
           value.data[value.len - 1] != ' ';
}

/* ---- hosts ---- */

/* A host is what a URL may have in its place, and nothing that would be another part of a URL. */
static bool read_host(struct secret_host *out, struct slice text)
{
    static const char scheme[] = "https://";
    const size_t head = sizeof scheme - 1;
    char whole[SECRET_HOST_MAX + sizeof scheme];
    struct url url;
    if (text.len == 0 || text.len > SECRET_HOST_MAX) {
        return false;
    }
    memcpy(whole, scheme, head);
    memcpy(whole + head, text.data, text.len);
    whole[head + text.len] = '/';
    if (url_parse(&url, (struct slice){whole, head + text.len + 1}, NULL) != URL_OK ||
        url.userinfo.data != NULL || url.path.len != 1 || url.query.data != NULL ||
        url.fragment.data != NULL || text.data[text.len - 1] == ':') {
        return false;
    }
    out->text = text;
    out->host = (struct slice){text.data, url.host.len};
    out->port = url.host.len < text.len ? url.port : 0;
    return true;
}

bool secret_rule_add(struct secret_rule *rule, struct slice text)
{
    if (rule->count == SECRET_HOSTS_MAX || !read_host(&rule->hosts[rule->count], text)) {
        return false;
    }
    for (size_t i = 0; i < rule->count; i++) {
        if (slice_same(rule->hosts[i].text, text)) {
            return false;
        }
    }
    rule->count++;
    return true;
}

static bool is_at(const struct secret_host *host, const struct url *url)
{
    return host->host.len == url->host.len &&
           strncasecmp(host->host.data, url->host.data, host->host.len) == 0 &&
           (host->port == 0 || host->port == url->port);
}

const char *secret_rule_refuses(const struct secret_rule *rule, const struct url *url)
{
    size_t i = 0;
    while (i < rule->count && !is_at(&rule->hosts[i], url)) {
        i++;
    }
    if (i == rule->count) {
        return "may not go to this host and port";
    }
    return url->https || rule->http ? NULL : "goes by https only";
}

/* ---- what is stored ---- */

void secret_write(struct buffer *out, const struct secret *secret)
{
    struct json_writer w;
    buffer_add_i64(out, secret->version);
    buffer_add_char(out, ' ');
    json_begin(&w, out);
    json_object_begin(&w);
    json_member_i64(&w, "set", secret->set.ms);
    json_key(&w, "hosts");
    json_array_begin(&w);
    for (size_t i = 0; i < secret->rule.count; i++) {
        json_put_bytes(&w, secret->rule.hosts[i].text);
    }
    json_array_end(&w);
    json_key(&w, "http");
    json_put_bool(&w, secret->rule.http);
    json_key(&w, "box");
    json_put_bytes(&w, secret->box);
    json_object_end(&w);
}

static bool take_host(const struct json_value *value, void *arg)
{
    return secret_rule_add(arg, json_string(value));
}

static bool read_members(struct secret *out, const struct json_value *root)
{
    const struct json_value *hosts = json_member(root, "hosts");
    const struct json_value *set = json_member(root, "set");
    const struct json_value *http = json_member(root, "http");
    const struct json_value *box = json_member(root, "box");
    if (hosts == NULL || set == NULL || http == NULL || box == NULL) {
        return false;
    }
    out->set.ms = json_int(set);
    out->rule.http = json_is_true(http);
    out->box = json_string(box);
    return json_each_item(hosts, take_host, &out->rule) && out->rule.count > 0 && out->box.data != NULL;
}

enum err secret_read(struct secret *out, struct slice text)
{
    *out = (struct secret){0};
    struct slice version = slice_take_word(&text);
    if (!slice_i64(version, &out->version)) {
        return ERR_PROTOCOL;
    }
    enum err err = json_parse(&out->doc, text.data, text.len, NULL);
    if (err == ERR_OK && !read_members(out, json_root(out->doc))) {
        err = ERR_PROTOCOL;
    }
    if (err != ERR_OK) {
        secret_fini(out);
    }
    return err == ERR_INVALID || err == ERR_LIMIT ? ERR_PROTOCOL : err;
}

void secret_fini(struct secret *secret)
{
    json_free(secret->doc);
    *secret = (struct secret){0};
}

/* ---- boxes ---- */

void secret_context(struct buffer *out, const char *kind, struct slice name, int64_t number)
{
    buffer_add(out, kind, strlen(kind) + 1);
    buffer_add(out, TENANT, sizeof TENANT);
    buffer_add(out, name.data, name.len);
    buffer_add_char(out, '\0');
    buffer_add_i64(out, number);
}

/* With its rule: "\0<0 or 1 for http>", and "\0<host>" for each. */
static void add_context(struct buffer *out, struct slice name, const struct secret *secret)
{
    secret_context(out, "secret", name, secret->version);
    buffer_add_char(out, '\0');
    buffer_add_char(out, secret->rule.http ? '1' : '0');
    for (size_t i = 0; i < secret->rule.count; i++) {
        struct slice host = secret->rule.hosts[i].text;
        buffer_add_char(out, '\0');
        buffer_add(out, host.data, host.len);
    }
}

enum err secret_close_box(struct buffer *box, const struct seal_public *to, const struct buffer *context,
                          struct slice text)
{
    struct buffer bytes = {0};
    enum err err = buffer_error(context);
    err = err != ERR_OK ? err : seal_close(&bytes, to, (struct slice){context->data, context->len}, text);
    if (err == ERR_OK) {
        base64_encode(box, (struct slice){bytes.data, bytes.len});
        err = buffer_error(box);
    }
    buffer_fini(&bytes);
    return err;
}

enum err secret_open_box(struct buffer *out, const struct seal_key *keys, size_t count,
                         const struct buffer *context, struct slice box)
{
    size_t len;
    if (!base64_check(box, &len)) {
        return ERR_INVALID;
    }
    struct buffer bytes = {0};
    base64_decode(&bytes, box);
    enum err err = buffer_error(&bytes) != ERR_OK ? ERR_NOMEM : buffer_error(context);
    if (err == ERR_OK) {
        err = seal_open(out, keys, count, (struct slice){context->data, context->len},
                        (struct slice){bytes.data, bytes.len});
    }
    buffer_fini(&bytes);
    return err;
}

enum err secret_seal(struct buffer *box, const struct seal_public *to, struct slice name,
                     const struct secret *secret, struct slice value)
{
    struct buffer context = {0};
    add_context(&context, name, secret);
    enum err err = secret_close_box(box, to, &context, value);
    buffer_fini(&context);
    return err;
}

enum err secret_open(struct buffer *value, const struct seal_key *keys, size_t count, struct slice name,
                     const struct secret *secret)
{
    struct buffer context = {0};
    add_context(&context, name, secret);
    enum err err = secret_open_box(value, keys, count, &context, secret->box);
    buffer_fini(&context);
    return err;
}
