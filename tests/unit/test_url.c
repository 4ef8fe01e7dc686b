/* What is a URL that Dronc calls, what is none and why, its normal form, and what of it a log may show. */
#include "text/url.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

TEST(url_parse_finds_all_parts)
{
    struct url url;
    const char *text = "HTTPS://user:p%40ss@Example.COM:8443/a/b?x=1&y=/?#frag?/";
    assert_int_equal(url_parse(&url, slice_of(text), NULL), URL_OK);
    assert_true(slice_eq(url.text, text));
    assert_true(slice_eq(url.scheme, "HTTPS"));
    assert_true(url.https);
    assert_true(slice_eq(url.userinfo, "user:p%40ss"));
    assert_true(slice_eq(url.host, "Example.COM"));
    assert_int_equal(url.port, 8443);
    assert_true(slice_eq(url.path, "/a/b"));
    assert_true(slice_eq(url.query, "x=1&y=/?"));
    assert_true(slice_eq(url.fragment, "frag?/"));
}

TEST(url_parse_marks_absent_parts)
{
    struct url url;
    assert_int_equal(url_parse(&url, slice_of("http://h"), NULL), URL_OK);
    assert_null(url.userinfo.data);
    assert_true(slice_eq(url.path, ""));
    assert_null(url.query.data);
    assert_null(url.fragment.data);
    assert_int_equal(url.port, 80);
    assert_false(url.https);
    assert_int_equal(url_parse(&url, slice_of("https://@h:?#"), NULL), URL_OK);
    assert_true(slice_eq(url.userinfo, "")); /* there, and empty */
    assert_int_equal(url.port, 443);
    assert_true(slice_eq(url.query, ""));
    assert_true(slice_eq(url.fragment, ""));
}

TEST(url_parse_accepts)
{
    static const char *const GOOD[] = {
        "http://example.com",
        "http://example.com/",
        "https://example.com/webhook?token=abc#top",
        "HTTP://Ex.COM",
        "http://localhost:8080/x",
        "http://a_b-c.example/",
        "http://example.com./",
        "http://xn--bcher-kva.example/",
        "http://127.0.0.1/",
        "http://255.255.255.255:65535/",
        "http://1.2.3.4.example/",
        "http://1e100.net/",
        "http://0x7f.example/",
        "http://[::1]/",
        "http://[::1]:8080/x",
        "http://[2001:DB8::1]",
        "http://[::ffff:1.2.3.4]/",
        "http://[1:2:3:4:5:6:7:8]/",
        "http://h:/",
        "http://h:0080/",
        "http://h:1",
        "http://h?q",
        "http://h#f",
        "http://h/a;b=c,d!$&'()*+:@~._-",
        "http://h/%00%ff%2F",
        "http://h/?a=b?c/d:e@f",
        "http://h//a//b",
        "http://u@h/",
        "http://u:p:q@h/",
        "http://u!$&'()*+,;=:%41@h/",
        "http://h/../../x",
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        struct url url;
        struct errinfo info = {0};
        if (url_parse(&url, slice_of(GOOD[i]), &info) != URL_OK) {
            fail_msg("%s: %s", GOOD[i], info.text);
        }
    }
}

/* Templates may stand in a query, and braces nowhere else. */
TEST(url_parse_takes_templates_in_a_query)
{
    static const char *const good[] = {"http://h?{{a}}", "http://h/?x={{job_id}}&y={{nope}}{{z}}#f",
                                       "http://h/?a?{{b}}"};
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"http://h/{{a}}", "character 10: a character that a URL may only hold as %XX"},
        {"http://{{a}}/?b", "character 8: a character that a URL may only hold as %XX"},
        {"http://h/#{{a}}", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/#?{{a}}", "character 12: a character that a URL may only hold as %XX"},
        {"http://h/?{a}", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/?{{a}", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/?{{a}}}", "character 16: a character that a URL may only hold as %XX"},
        {"http://h/?{{a#}}", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/?{{ a }}", "character 13: a space is not allowed (write %20)"},
    };
    struct url url;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(url_parse(&url, slice_of(good[i]), NULL), URL_OK);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct errinfo info = {0};
        assert_int_equal(url_parse(&url, slice_of(bad[i].text), &info), URL_MALFORMED);
        assert_string_equal(info.text, bad[i].message);
    }
}

TEST(url_parse_refuses_and_says_where)
{
    static const struct {
        const char *text, *message;
    } TABLE[] = {
        {"", "character 1: expected http:// or https://"},
        {"example.com", "character 1: expected http:// or https://"},
        {"/x", "character 1: expected http:// or https://"},
        {"//h/x", "character 1: expected http:// or https://"},
        {"://h", "character 1: expected http:// or https://"},
        {"1http://h", "character 1: expected http:// or https://"},
        {"127.0.0.1:80/x", "character 1: expected http:// or https://"},
        {"h_t_t_p://h", "character 1: expected http:// or https://"},
        {"localhost:8080/x", "character 1: expected http:// or https:// in front of the host"},
        {"example.com:80", "character 1: expected http:// or https:// in front of the host"},
        {"h:1?x", "character 1: expected http:// or https:// in front of the host"},
        {"http:x", "character 6: expected // behind the scheme"},
        {"http:", "character 6: expected // behind the scheme"},
        {"http:/h", "character 6: expected // behind the scheme"},
        {"https:h/x", "character 7: expected // behind the scheme"},
        {"http://", "character 8: the host is missing"},
        {"http:///x", "character 8: the host is missing"},
        {"http://?x", "character 8: the host is missing"},
        {"http://#x", "character 8: the host is missing"},
        {"http://:80/", "character 8: the host is missing"},
        {"http://user@/", "character 13: the host is missing"},
        {"http://user@:80/", "character 13: the host is missing"},
        {"http:////h", "character 8: the host is missing"},
        {"http://a b/", "character 9: a space is not allowed (write %20)"},
        {" http://h/", "character 1: a space is not allowed (write %20)"},
        {"http://h/ ", "character 10: a space is not allowed (write %20)"},
        {"http://h/\n", "character 10: a control character is not allowed"},
        {"ht\ttp://h/", "character 3: a control character is not allowed"},
        {"http://h/\x7f", "character 10: a control character is not allowed"},
        {"http://h\\@evil/", "character 9: a backslash is not allowed (write / or %5C)"},
        {"http:\\\\h/", "character 6: a backslash is not allowed (write / or %5C)"},
        {"http://b\xC3\xBC.example/",
         "character 9: only ASCII is allowed (write a name in punycode, other bytes as %XX)"},
        {"http://h/<x>", "character 10: a character that a URL may only hold as %XX"},
        {"http://h/a\"b", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/{id}", "character 10: a character that a URL may only hold as %XX"},
        {"http://h/a|b", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/a^b", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/a`b", "character 11: a character that a URL may only hold as %XX"},
        {"http://h/a[1]", "character 11: a character that may only stand here as %XX"},
        {"http://h/#a#b", "character 12: a character that may only stand here as %XX"},
        {"http://h/%", "character 10: '%' must be followed by two hexadecimal digits"},
        {"http://h/%4", "character 10: '%' must be followed by two hexadecimal digits"},
        {"http://h/%4?1", "character 10: '%' must be followed by two hexadecimal digits"},
        {"http://h/%zz", "character 10: '%' must be followed by two hexadecimal digits"},
        {"http://h/?%g0", "character 11: '%' must be followed by two hexadecimal digits"},
        {"http://h/#%", "character 11: '%' must be followed by two hexadecimal digits"},
        {"http://u%4@h/", "character 9: '%' must be followed by two hexadecimal digits"},
        {"http://exa%6dple.com/", "character 11: a host name is made of letters, digits, '-', '_' and '.'"},
        {"http://a@b@c/", "character 11: a host name is made of letters, digits, '-', '_' and '.'"},
        {"http://h,x/", "character 9: a host name is made of letters, digits, '-', '_' and '.'"},
        {"http://h~/", "character 9: a host name is made of letters, digits, '-', '_' and '.'"},
        {"http://*.h/", "character 8: a host name is made of letters, digits, '-', '_' and '.'"},
        {"http://a..b/", "character 10: an empty label in the host name"},
        {"http://.a/", "character 8: an empty label in the host name"},
        {"http://a../", "character 10: an empty label in the host name"},
        {"http://./", "character 8: an empty label in the host name"},
        {"http://[u]@h/", "character 8: a character that may only stand here as %XX"},
        {"http://h:80:90/", "character 12: expected a digit of the port"},
        {"http://h:x/", "character 10: expected a digit of the port"},
        {"http://h:-1/", "character 10: expected a digit of the port"},
        {"http://h:+80/", "character 10: expected a digit of the port"},
        {"http://h:80a/", "character 12: expected a digit of the port"},
        {"http://::1/", "character 8: the host is missing"},
        {"http://h:0/", "character 10: port 0 cannot be called"},
        {"http://h:00000/", "character 10: port 0 cannot be called"},
        {"http://h:65536/", "character 10: the port is larger than 65535"},
        {"http://h:000080/", "character 10: the port is larger than 65535"},
        {"http://h:4294967376/", "character 10: the port is larger than 65535"},
        {"http://[::1]:99999/", "character 14: the port is larger than 65535"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct url url;
        struct errinfo info = {0};
        if (url_parse(&url, slice_of(TABLE[i].text), &info) != URL_MALFORMED) {
            fail_msg("not refused as malformed: %s", TABLE[i].text);
        }
        assert_string_equal(info.text, TABLE[i].message);
        assert_int_equal(info.code, ERR_INVALID);
    }
}

TEST(url_parse_refuses_numbers_that_clients_read_differently)
{
    static const char *const BAD[] = {"http://2130706433/",   "http://0x7f.1/",        "http://0x7f000001/",
                                      "http://0177.0.0.1/",   "http://127.1/",         "http://1.2.3/",
                                      "http://1.2.3.4.5/",    "http://256.1.1.1/",     "http://1.2.3.4./",
                                      "http://1.2.3.04/",     "http://01.2.3.4/",      "http://0/",
                                      "http://a.1/",          "http://a.0x1/",         "http://0x/",
                                      "http://1.2.3.0X4:80/", "http://example.com.1/", "http://1.2.3.4.0x./"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct url url;
        struct errinfo info = {0};
        if (url_parse(&url, slice_of(BAD[i]), &info) != URL_MALFORMED) {
            fail_msg("not refused: %s", BAD[i]);
        }
        assert_string_equal(info.text, "character 8: an IPv4 address is four decimal numbers from 0 to 255");
    }
}

TEST(url_parse_refuses_broken_ipv6)
{
    static const char *const BAD[] = {
        "http://[",           "http://[]/",           "http://[::1/",      "http://[::1]x/",
        "http://[::1]x:80/",  "http://[:::1]/",       "http://[1:2:3]/",   "http://[1:2:3:4:5:6:7:8:9]/",
        "http://[12345::]/",  "http://[::g]/",        "http://[1.2.3.4]/", "http://[::1.2.3]/",
        "http://[::1%25lo]/", "http://[v1.x]/",       "http://[::1::2]/",  "http://[::1.2.3.04]/",
        "http://[example]/",  "http://[::256.1.1.1]/"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct url url;
        struct errinfo info = {0};
        if (url_parse(&url, slice_of(BAD[i]), &info) != URL_MALFORMED) {
            fail_msg("not refused: %s", BAD[i]);
        }
        assert_string_equal(info.text, "character 8: not an IPv6 address in brackets");
    }
}

TEST(url_parse_tells_other_schemes_from_nonsense)
{
    static const struct {
        const char *text;
        enum url_fault fault;
    } TABLE[] = {
        {"ftp://h", URL_SCHEME},
        {"FTP://h/x", URL_SCHEME},
        {"file:///etc/passwd", URL_SCHEME},
        {"file:/etc/passwd", URL_SCHEME},
        {"gopher://h:70/_x", URL_SCHEME},
        {"ws://h", URL_SCHEME},
        {"httpx://h", URL_SCHEME},
        {"http+unix://x", URL_SCHEME},
        {"h://80", URL_SCHEME},
        {"mailto:a@b", URL_SCHEME},
        {"javascript:alert(1)", URL_SCHEME},
        {"data:text/html,x", URL_SCHEME},
        {"urn:isbn:123", URL_SCHEME},
        {"localhost:8080", URL_MALFORMED},
        {"localhost:8080/x", URL_MALFORMED},
        {"example.com:443//x", URL_MALFORMED},
        {"example.com", URL_MALFORMED},
        {"ftp", URL_MALFORMED},
        {"http", URL_MALFORMED},
        {"http//h:80", URL_MALFORMED},
        {"ftp://h/a b", URL_MALFORMED}, /* no URI at all */
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct url url;
        assert_int_equal(url_parse(&url, slice_of(TABLE[i].text), NULL), TABLE[i].fault);
    }
}

TEST(url_parse_takes_2048_bytes_and_no_more)
{
    char text[URL_MAX + 1];
    struct url url;
    struct errinfo info = {0};
    memset(text, 'x', sizeof text);
    (void)snprintf(text, sizeof text, "http://h/");
    text[strlen(text)] = 'x';
    assert_int_equal(url_parse(&url, (struct slice){text, URL_MAX}, &info), URL_OK);
    assert_int_equal(url_parse(&url, (struct slice){text, URL_MAX + 1}, &info), URL_TOO_LONG);
    assert_string_equal(info.text, "longer than 2048 bytes");
    assert_int_equal(info.code, ERR_LIMIT);
}

/* "http://" and a host of labels of the given lengths. */
static enum url_fault parse_host(const size_t *labels, size_t count, const char *tail)
{
    char text[600] = "http://";
    size_t len = strlen(text);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            text[len++] = '.';
        }
        memset(text + len, 'a', labels[i]);
        len += labels[i];
    }
    len += (size_t)snprintf(text + len, sizeof text - len, "%s", tail);
    struct url url;
    return url_parse(&url, (struct slice){text, len}, NULL);
}

TEST(url_parse_bounds_host_and_labels)
{
    assert_int_equal(parse_host((const size_t[]){63}, 1, "/"), URL_OK);
    assert_int_equal(parse_host((const size_t[]){64}, 1, "/"), URL_MALFORMED);
    assert_int_equal(parse_host((const size_t[]){63, 63, 63, 61}, 4, "/"), URL_OK);  /* 253 */
    assert_int_equal(parse_host((const size_t[]){63, 63, 63, 61}, 4, "./"), URL_OK); /* and the root's dot */
    assert_int_equal(parse_host((const size_t[]){63, 63, 63, 62}, 4, "/"), URL_MALFORMED);
}

TEST(url_parse_stays_inside_its_slice)
{
    struct url url;
    assert_int_equal(url_parse(&url, (struct slice){"http://h/pathEVIL", 13}, NULL), URL_OK);
    assert_true(slice_eq(url.path, "/path"));
    assert_int_equal(url_parse(&url, (struct slice){"http://h/%41", 11}, NULL), URL_MALFORMED);
    assert_int_equal(url_parse(&url, (struct slice){"http://h/\0x", 11}, NULL), URL_MALFORMED);
}

TEST(url_parse_does_not_quote_credentials)
{
    static const char *const BAD[] = {"http://user:hunter2@h:0/", "http://user:hunter2@@h/",
                                      "http://user:hunter2@/",    "http://user:hunter2 @h/",
                                      "ftp://user:hunter2@h/",    "user:hunter2@h"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct url url;
        struct errinfo info = {0};
        assert_int_not_equal(url_parse(&url, slice_of(BAD[i]), &info), URL_OK);
        assert_null(strstr(info.text, "hunter2"));
        assert_null(strstr(info.text, "user"));
    }
}

/* What is taken can be called: a NUL libcurl refuses, and a line feed would stand in a header. */
TEST(url_parse_refuses_control_characters_in_credentials)
{
    static const char *const BAD[] = {"http://user:p%00w@h/", "http://us%0Aer@h/", "http://u:%0d@h/",
                                      "http://%1f:p@h/",      "http://u:p%7F@h/",  "http://%09@h/",
                                      "http://%7f@h/"};
    static const char *const GOOD[] = {"http://u%20r:p%25w@h/", "http://u:%C3%A9%80%ff@h/",
                                       "http://u:%2f@h/%00?%0a"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct url url;
        struct errinfo info = {0};
        assert_int_equal(url_parse(&url, slice_of(BAD[i]), &info), URL_MALFORMED);
        assert_non_null(strstr(info.text, "control character"));
    }
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        struct url url;
        assert_int_equal(url_parse(&url, slice_of(GOOD[i]), NULL), URL_OK);
    }
}

TEST(url_resolve_leaves_all_but_dots)
{
    static const struct {
        const char *text, *want;
    } TABLE[] = {
        {"HTTP://u:p@H:080/a/./b/../%2e%2E/%7e?q=/../#f", "HTTP://u:p@H:080/a/%2e%2E/%7e?q=/../"},
        {"http://h/../../x/..", "http://h/"},
        {"http://h", "http://h/"},
        {"http://h?q", "http://h/?q"},
        {"http://h/.well-known/x", "http://h/.well-known/x"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct url url;
        struct buffer out = {0};
        assert_int_equal(url_parse(&url, slice_of(TABLE[i].text), NULL), URL_OK);
        url_resolve(&url, &out);
        assert_string_equal(buffer_str(&out), TABLE[i].want);
        buffer_fini(&out);
    }
}

static void assert_normal(const char *text, const char *want)
{
    struct url url;
    struct buffer out = {0};
    assert_int_equal(url_parse(&url, slice_of(text), NULL), URL_OK);
    url_normalise(&url, &out);
    assert_string_equal(buffer_str(&out), want);
    assert_true(out.len <= strlen(text) + 1);
    buffer_fini(&out);
}

TEST(url_normalise)
{
    static const struct {
        const char *text, *want;
    } TABLE[] = {
        {"http://h/", "http://h/"},
        {"HTTP://Ex.COM", "http://ex.com/"},
        {"http://h:80/x", "http://h/x"},
        {"https://h:443", "https://h/"},
        {"http://h:443/", "http://h:443/"},
        {"https://h:80/", "https://h:80/"},
        {"http://h:/", "http://h/"},
        {"http://h:08080/", "http://h:8080/"},
        {"http://h?q", "http://h/?q"},
        {"http://h?", "http://h/?"},
        {"http://h/x#frag", "http://h/x"},
        {"http://h#frag", "http://h/"},
        {"http://h/A/b", "http://h/A/b"},
        {"http://h/%c3%bc?q=%c3%bc%41", "http://h/%C3%BC?q=%C3%BC%41"},
        {"http://h/%7euser", "http://h/%7Euser"},
        {"http://h/%2e%2e/x", "http://h/%2E%2E/x"},
        {"http://h/%25zz", "http://h/%25zz"},
        {"http://U%3a:P@H/", "http://U%3A:P@h/"},
        {"http://[2001:DB8::A]:80/", "http://[2001:db8::a]/"},
        {"http://h/.", "http://h/"},
        {"http://h/..", "http://h/"},
        {"http://h/./a", "http://h/a"},
        {"http://h/a/./b", "http://h/a/b"},
        {"http://h/a/../b", "http://h/b"},
        {"http://h/a/..", "http://h/"},
        {"http://h/a/b/..", "http://h/a/"},
        {"http://h/a/b/.", "http://h/a/b/"},
        {"http://h/a/b/../", "http://h/a/"},
        {"http://h/../../x", "http://h/x"},
        {"http://h/a/b/c/./../../g", "http://h/a/g"}, /* RFC 3986, 5.2.4 */
        {"http://h/mid/content=5/../6", "http://h/mid/6"},
        {"http://h/a//../b", "http://h/a/b"},
        {"http://h//", "http://h//"},
        {"http://h//../x", "http://h/x"},
        {"http://h/...", "http://h/..."},
        {"http://h/.a/..b/c.", "http://h/.a/..b/c."},
        {"http://h/x?a=../b", "http://h/x?a=../b"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_normal(TABLE[i].text, TABLE[i].want);
        assert_normal(TABLE[i].want, TABLE[i].want); /* a normal form is its own normal form */
    }
}

TEST(url_normalise_reports_the_limit_of_its_buffer)
{
    struct url url;
    assert_int_equal(url_parse(&url, slice_of("http://example.com/a/../b/../c"), NULL), URL_OK);
    for (size_t limit = 1; limit < 20; limit++) {
        struct buffer out;
        buffer_init(&out, limit);
        url_normalise(&url, &out);
        assert_int_equal(buffer_error(&out), ERR_LIMIT);
        buffer_fini(&out);
    }
}

TEST(url_redact_hides_credentials_query_and_tokens_in_the_path)
{
    static const struct {
        const char *text, *want;
    } TABLE[] = {
        {"http://user:secret@h/a/../b?token=secret#secret", "http://h/a/…?…"},
        {"https://H:443", "https://h"},
        {"https://h:8443/x", "https://h:8443/x"},
        {"http://secret@[::1]:81/?secret", "http://[::1]:81/?…"},
        {"http://h/a/", "http://h/a/"},
        {"http://h//secret", "http://h//…"},
        {"https://hooks.slack.com/services/T0/B0/secret", "https://hooks.slack.com/services/…"},
        {"https://discord.com/api/webhooks/1/secret?wait=1", "https://discord.com/api/…?…"},
        {"https://api.telegram.org/bot1:secret/sendMessage", "https://api.telegram.org/…"},
        {"https://hc-ping.com/5a6e2f3c-secret-secret-secret0", "https://hc-ping.com/…"},
        {"http://h/abcdefghijklmnopqrstuvwxy", "http://h/…"},
        {"http://h/abcdefghijklmnopqrstuvwx/secret", "http://h/abcdefghijklmnopqrstuvwx/…"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct url url;
        struct buffer out = {0};
        assert_int_equal(url_parse(&url, slice_of(TABLE[i].text), NULL), URL_OK);
        url_redact(&url, &out);
        assert_string_equal(buffer_str(&out), TABLE[i].want);
        buffer_fini(&out);
    }
}
