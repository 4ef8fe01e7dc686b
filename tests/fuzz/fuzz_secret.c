/* Any bytes as what secrets and signatures are read from: a text with templates, a header, a host that a secret may
 * go to, a box, and what is stored in Redis. The first byte chooses. */
#include "job/call_options.h"
#include "secret/signing.h"
#include "text/template.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MARK "\x01secret\x01"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool find(void *arg, struct slice name, struct slice *value)
{
    size_t *asked = arg;
    (*asked)++;
    check(name.len > 0 && name.len <= 64);
    *value = slice_of(MARK);
    return true;
}

/* A text that may hold secrets asks for each of them once; a query never does. */
static void try_template(struct slice text)
{
    size_t secrets = 0;
    size_t asked = 0;
    struct template_values values = {.of = {"a", "b", "c", "d", "e"}, .secret = find, .arg = &asked};
    struct buffer out = {0};
    bool good = template_check_secrets(text, &secrets, NULL) == ERR_OK;
    template_expand(&out, text, &values, TEMPLATE_IN_TEXT);
    check(asked == template_count_secrets(text) && (!good || asked == secrets));
    check(!good || secrets > 0 || template_check(text, NULL) == ERR_OK);
    buffer_clear(&out);
    asked = 0;
    template_expand(&out, text, &values, TEMPLATE_IN_QUERY);
    check(asked == 0);
    buffer_fini(&out);
}

/* Whatever a job's headers are, what is sent has one line for each, and none of the signature's. */
static void try_headers(struct slice text)
{
    size_t asked = 0;
    struct template_values values = {.of = {"a", "b", "c", "d", "e"}, .secret = find, .arg = &asked};
    struct job_fields fields = {.headers = text};
    struct job_fault fault = {0};
    struct call_options options;
    struct buffer out = {0};
    if (!call_options_read(&options, &fields, &fault)) {
        return;
    }
    call_options_add_headers(&options, &values, &out);
    check(asked <= CALL_SECRETS_MAX &&
          (asked == 0 || options.has_secrets)); /* headers of Dronc's own are not sent */
    for (size_t i = 0; i < out.len; i += strlen(out.data + i) + 1) {
        check(strncasecmp(out.data + i, "webhook-", 8) != 0 ||
              strncasecmp(out.data + i + 8, "signature:", 10) != 0);
        check(strpbrk(out.data + i, "\r\n") == NULL);
    }
    buffer_fini(&out);
    call_options_fini(&options);
}

/* What is a host of a secret is that host in a URL, and no other. */
static void try_host(struct slice text)
{
    struct secret_rule rule = {.http = true};
    struct url url;
    struct buffer whole = {0};
    if (!secret_rule_add(&rule, text)) {
        return;
    }
    buffer_add_str(&whole, "http://");
    buffer_add(&whole, text.data, text.len);
    buffer_add_str(&whole, "/x");
    check(url_parse(&url, (struct slice){whole.data, whole.len}, NULL) == URL_OK);
    check(url.userinfo.data == NULL && secret_rule_refuses(&rule, &url) == NULL);
    check(url_parse(&url, slice_of("http://evil.example.org:81/"), NULL) == URL_OK);
    check(secret_rule_refuses(&rule, &url) != NULL || url.host.len == rule.hosts[0].host.len);
    buffer_fini(&whole);
}

/* No bytes open that were not sealed. */
static void try_box(struct slice text)
{
    static struct seal_key key;
    struct buffer out = {0};
    if (key.shut.id[0] == 0 && key.shut.id[1] == 0) {
        check(seal_key_of(&key, (const uint8_t *)"0123456789abcdef0123456789abcdef") == ERR_OK);
    }
    char box[512];
    size_t len = text.len < sizeof box ? text.len : sizeof box;
    memcpy(box, text.data, len);
    if (len > SEAL_ID_SIZE + 1) {
        memcpy(box + 1, key.shut.id, SEAL_ID_SIZE);
    }
    check(seal_open(&out, &key, 1, slice_of("c"), (struct slice){box, len}) != ERR_OK && out.len == 0);
    buffer_fini(&out);
}

static void try_stored(struct slice text)
{
    struct secret secret;
    struct signing signing;
    struct buffer out = {0};
    if (secret_read(&secret, text) == ERR_OK) {
        secret_write(&out, &secret);
        secret_fini(&secret);
        check(secret_read(&secret, (struct slice){out.data, out.len}) == ERR_OK);
        secret_fini(&secret);
    }
    if (signing_read(&signing, text) == ERR_OK) {
        buffer_clear(&out);
        signing_write(&out, &signing);
        signing_fini(&signing);
        check(signing_read(&signing, (struct slice){out.data, out.len}) == ERR_OK);
        signing_fini(&signing);
    }
    buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct slice) = {try_template, try_headers, try_host, try_box, try_stored};
    if (size > 0) {
        tries[data[0] % (sizeof tries / sizeof tries[0])]((struct slice){(const char *)data + 1, size - 1});
    }
    return 0;
}
