/* Secrets: their names and values, where they may go, and what is stored of them. */
#include "secret/secret.h"

#include "test.h"

#include <string.h>

TEST(secret_names_and_values_are_plain)
{
    char longest[SECRET_VALUE_MAX + 1];
    memset(longest, 'x', sizeof longest);
    assert_true(secret_name_is_valid(slice_of("stripe-live.v2_KEY")));
    assert_true(secret_name_is_valid((struct slice){longest, SECRET_NAME_MAX}));
    assert_false(secret_name_is_valid((struct slice){longest, SECRET_NAME_MAX + 1}));
    static const char *const bad_names[] = {"", "a b", "a|json", "a}", "\xc3\xa9", "a/b", "#"};
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
        assert_false(secret_name_is_valid(slice_of(bad_names[i])));
    }
    assert_true(secret_value_is_valid(slice_of("a b~!\"\\{}")));
    assert_true(secret_value_is_valid((struct slice){longest, SECRET_VALUE_MAX}));
    assert_false(secret_value_is_valid((struct slice){longest, SECRET_VALUE_MAX + 1}));
    static const char *const bad_values[] = {"",  "a\r\nX-Injected: b", "a\tb", "a\x7f", "\xc3\xa9", " a",
                                             "a "};
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
        assert_false(secret_value_is_valid(slice_of(bad_values[i])));
    }
}

static const char *refuses(const char *host, bool http, const char *text)
{
    struct secret_rule rule = {.http = http};
    struct url url;
    assert_true(secret_rule_add(&rule, slice_of(host)));
    assert_int_equal(url_parse(&url, slice_of(text), NULL), URL_OK);
    return secret_rule_refuses(&rule, &url);
}

TEST(secret_goes_to_its_hosts_only)
{
    static const char *const rows[][2] = {
        {"api.example.com", "https://api.example.com/x"},
        {"api.example.com", "https://API.example.COM:8443/"},
        {"API.example.com", "https://api.example.com"},
        {"api.example.com:8443", "https://api.example.com:8443/"},
        {"api.example.com:443", "https://api.example.com/"},
        {"192.0.2.7", "https://192.0.2.7/"},
        {"[2001:db8::1]:9", "https://[2001:DB8::1]:9/"},
    };
    static const char *const others[][2] = {
        {"api.example.com", "https://example.com/"},
        {"api.example.com", "https://api.example.com.evil.org/"},
        {"api.example.com", "https://evil.org/api.example.com"},
        {"api.example.com", "https://api.example.com@evil.org/"},
        {"api.example.com", "https://xapi.example.com/"},
        {"api.example.com", "https://api.example.com./"},
        {"example.com", "https://api.example.com/"},
        {"api.example.com:8443", "https://api.example.com/"},
        {"api.example.com:443", "https://api.example.com:444/"},
        {"192.0.2.7", "https://192.0.2.70/"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(refuses(rows[i][0], false, rows[i][1]));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_string_equal(refuses(others[i][0], true, others[i][1]), "may not go to this host and port");
    }
}

TEST(secret_goes_by_https_unless_http_is_allowed)
{
    assert_string_equal(refuses("api.example.com", false, "http://api.example.com/"), "goes by https only");
    assert_null(refuses("api.example.com", true, "http://api.example.com/"));
}

TEST(secret_hosts_are_hosts)
{
    static const char *const bad[] = {"",     "a b", "https://a", "a/b",  "u@a", "a?b",          "a#b",
                                      "a:",   "a:0", "a:65536",   "a:b",  "*.a", "{{secret.a}}", "2130706433",
                                      "[::1", "::1", "a,b",       "a..b", "\\a", "0x7f.1"};
    struct secret_rule rule = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(secret_rule_add(&rule, slice_of(bad[i])));
    }
    assert_false(secret_rule_add(&rule, (struct slice){"a\0b", 3}));
    static const char names[] = "abcdefghijklmnopq";
    for (size_t i = 0; i < SECRET_HOSTS_MAX; i++) {
        assert_true(secret_rule_add(&rule, (struct slice){names + i, 1}));
        assert_false(secret_rule_add(&rule, (struct slice){names, 1}));
    }
    assert_false(secret_rule_add(&rule, (struct slice){names + SECRET_HOSTS_MAX, 1}));
}

static struct seal_key a_key(void)
{
    struct seal_key key;
    assert_int_equal(seal_key_new(&key), ERR_OK);
    return key;
}

/* What is stored has no trace of the value, and opens as the version that it is. */
TEST(secret_is_stored_sealed)
{
    struct seal_key key = a_key();
    struct secret secret = {.version = 7, .set = {1790000000000}};
    struct buffer box = {0};
    struct buffer stored = {0};
    struct buffer value = {0};
    assert_true(secret_rule_add(&secret.rule, slice_of("api.example.com:8443")));
    assert_int_equal(secret_seal(&box, &key.shut, slice_of("token"), &secret, slice_of("hunter2")), ERR_OK);
    secret.box = (struct slice){box.data, box.len};
    secret_write(&stored, &secret);
    assert_null(strstr(buffer_str(&stored), "hunter2"));
    struct secret read;
    assert_int_equal(secret_read(&read, (struct slice){stored.data, stored.len}), ERR_OK);
    assert_int_equal(read.version, 7);
    assert_int_equal(read.set.ms, 1790000000000);
    assert_int_equal(read.rule.count, 1);
    assert_int_equal(read.rule.hosts[0].port, 8443);
    assert_false(read.rule.http);
    assert_int_equal(secret_open(&value, &key, 1, slice_of("token"), &read), ERR_OK);
    assert_string_equal(buffer_str(&value), "hunter2");
    assert_int_equal(secret_open(&value, &key, 1, slice_of("other"), &read), ERR_INVALID);
    read.version++;
    assert_int_equal(secret_open(&value, &key, 1, slice_of("token"), &read), ERR_INVALID);
    read.version--;
    /* Who can write to Redis cannot send it elsewhere. */
    read.rule.http = true;
    assert_int_equal(secret_open(&value, &key, 1, slice_of("token"), &read), ERR_INVALID);
    read.rule.http = false;
    assert_true(secret_rule_add(&read.rule, slice_of("evil.example")));
    assert_int_equal(secret_open(&value, &key, 1, slice_of("token"), &read), ERR_INVALID);
    read.rule.count--;
    assert_int_equal(secret_open(&value, &key, 1, slice_of("token"), &read), ERR_OK);
    read.rule.hosts[0].text = slice_of("evil.example:8443");
    assert_int_equal(secret_open(&value, &key, 1, slice_of("token"), &read), ERR_INVALID);
    secret_fini(&read);
    buffer_fini(&box);
    buffer_fini(&stored);
    buffer_fini(&value);
}

TEST(secret_that_is_none_is_not_read)
{
    static const char *const rows[] = {"",
                                       "7",
                                       "x {}",
                                       "7 {}",
                                       "7 []",
                                       "7 {\"set\":1,\"hosts\":[],\"http\":false,\"box\":\"\"}",
                                       "7 {\"set\":1,\"hosts\":[\"a b\"],\"http\":false,\"box\":\"\"}",
                                       "7 {\"set\":1,\"hosts\":[\"a\"],\"http\":false,\"box\":7}",
                                       "7 {\"set\":1,\"hosts\":[\"a\"],\"http\":false"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct secret secret;
        assert_int_equal(secret_read(&secret, slice_of(rows[i])), ERR_PROTOCOL);
    }
}
