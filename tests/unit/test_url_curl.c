// LIBS: -lcurl
/* What url accepts, libcurl (which makes the calls) reads in the same way: scheme, host, port, path, query.
 * And the normal form leads libcurl to the same place as the text did. */
#include "text/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const TEXTS[] = {
    /* plain */
    "http://example.com",
    "http://example.com/",
    "https://example.com/webhook",
    "https://example.com/a/b/c?d=e&f=g#h",
    "HTTP://Ex.COM",
    "hTTpS://Ex.COM/PaTh",
    "http://localhost:8080/x",
    "http://h",
    "http://a_b.example/",
    "http://-a-.example/",
    "http://xn--bcher-kva.example/",
    "http://h:1/",
    "http://h:65535/",
    "https://h:80/",
    "http://h:443/",
    /* ports */
    "http://h:/",
    "https://h:",
    "http://h:?q",
    "http://h:#f",
    "http://h:0/",
    "http://h:00/",
    "http://h:0080/",
    "http://h:00080/",
    "http://h:000080/",
    "http://h:65536/",
    "http://h:99999/",
    "http://h:4294967376/",
    "http://h:18446744073709551696/",
    "http://host:80:90/",
    "http://h:80a/",
    "http://h:a80/",
    "http://h:+80/",
    "http://h:-80/",
    "http://h: 80/",
    "http://h:8 0/",
    "http://h:0x50/",
    "http://h:80.0/",
    "http://[::1]:99999/",
    "http://[::1]:/",
    "http://[::1]:80:80/",
    "http://::80/",
    "http://:80/",
    "http://h::80/",
    /* numbers as hosts */
    "http://1.2.3.4/",
    "http://1.2.3.4.5/",
    "http://1.2.3/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://256.1.1.1/",
    "http://1.2.3.256/",
    "http://1.2.3.4./",
    "http://1.2.3.04/",
    "http://1.2.3.0x4/",
    "http://0/",
    "http://0x/",
    "http://1.2.3.4.example/",
    "http://0x7f.example/",
    "http://1e100.net/",
    "http://123abc/",
    "http://0x7g/",
    "http://4294967296/",
    "http://1..2/",
    "http://999999999999/",
    "http://08.1.1.1/",
    "http://1.2.3.4x/",
    "http://0x1.0x2.0x3.x/",
    "http://1-2/",
    /* IPv6 */
    "http://[::1]/",
    "http://[::1]:8080/x?y",
    "http://[2001:DB8:0:0:0:0:0:1]/",
    "http://[::]/",
    "http://[::ffff:1.2.3.4]/",
    "http://[1:2:3:4:5:6:7:8]/",
    "http://[1:2:3:4:5:6:7::]/",
    "http://[1:2:3:4:5:6:1.2.3.4]/",
    "http://[::1",
    "http://::1]/",
    "http://[]/",
    "http://[::1]x/",
    "http://[::1]x:80/",
    "http://x[::1]/",
    "http://[::1%25eth0]/",
    "http://[::1%eth0]/",
    "http://[fe80::1%251]/",
    "http://[v1.x]/",
    "http://[1.2.3.4]/",
    "http://[::g]/",
    "http://[:::]/",
    "http://[::1::2]/",
    "http://[0001:0002::0003]/",
    "http://[::1]@h/",
    "http://u@[::1]/",
    "http://[::1]:80@h/",
    "http://[h]/",
    /* dots in names */
    "http://example.com./",
    "http://example.com../",
    "http://.example.com/",
    "http://a..b/",
    "http://./",
    "http://../",
    /* userinfo */
    "http://u@h/",
    "http://u:p@h/",
    "http://:p@h/",
    "http://u:@h/",
    "http://@h/",
    "http://:@h/",
    "http://a@b@c/",
    "http://u:p:q@h:81/x",
    "http://u%40x:p%3a@h/",
    "http://u;o=x:p@h/",
    "http://u!$&'()*+,;=:@h/",
    "http://u@h@/",
    "http://a:b@c:d@e/",
    "http://u/@h/",
    "http://u?@h/",
    "http://u#@h/",
    "http://u:p/x@h/",
    "http://u@/",
    "http://u%@h/",
    "http://u%zz@h/",
    "http://u%00@h/",
    "http://u@h:80@i/",
    /* who ends the host? */
    "http://host#@evil",
    "http://host?@evil",
    "http://host/@evil",
    "http://host\\@evil/",
    "http://host\\.evil/",
    "http:\\\\host/",
    "http:/\\host/",
    "http://host;@evil/",
    "http://host;.evil/",
    "http://host,evil/",
    "http://host\t.evil/",
    "http://host\n/",
    "http://ho\rst/",
    "http://host .evil/",
    "http://host%20/",
    "http://host%2f.evil/",
    "http://host%00.evil/",
    "http://exa%6dple.com",
    "http://host%23@evil/",
    "http://host&x/",
    "http://ho'st/",
    "http://h*st/",
    "http://b\xC3\xBC.example/",
    "http://\xEF\xBC\xA1.example/",
    "http://a\xE3\x80\x82.b/",
    "http://a\xE2\x84\x80.b/",
    /* slashes and schemes */
    "http:///x",
    "http:////h/x",
    "http:/h/x",
    "http:h/x",
    "http:",
    "http://",
    "//h/x",
    "/x",
    "h",
    "example.com",
    "localhost:8080/x",
    "://h/",
    "http://http://h/",
    "http://https:/h/",
    "http//h/",
    "http ://h/",
    " http://h/",
    "ftp://h",
    "mailto:a@b",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "file://h/x",
    "httpx://h/",
    "https//h",
    "ht\ttp://h/",
    "",
    "?",
    "#",
    "http:?x",
    "http:#x",
    "http://?x",
    "http://#x",
    "http://h?",
    "http://h#",
    /* paths, queries, fragments */
    "http://h//",
    "http://h//a//b",
    "http://h/.",
    "http://h/..",
    "http://h/./",
    "http://h/../",
    "http://h/a/./b",
    "http://h/a/../b",
    "http://h/a/..",
    "http://h/a/.",
    "http://h/a/b/../..",
    "http://h/a/b/../../",
    "http://h/../../x",
    "http://h/a//../b",
    "http://h/a/b//../../c",
    "http://h/...",
    "http://h/..a",
    "http://h/a..",
    "http://h/.a/.b",
    "http://h/%2e/%2e%2e/x",
    "http://h/.%2e/x",
    "http://h/a%2fb",
    "http://h/%",
    "http://h/%4",
    "http://h/%zz",
    "http://h/%00",
    "http://h/a b",
    "http://h/a?b?c",
    "http://h/a?b/../c",
    "http://h/a#b?c",
    "http://h/a#b#c",
    "http://h/?#",
    "http://h/?",
    "http://h/#",
    "http://h?q",
    "http://h?q/../x",
    "http://h#f",
    "http://h/?q=%7e%41",
    "http://h/a;b=c?d;e",
    "http://h/[x]",
    "http://h/?a[]=1",
    "http://h/{x}",
    "http://h/<x>",
    "http://h/\"x\"",
    "http://h/a:b@c",
    "http://h/\xC3\xBC",
    "http://h/a\\b",
    "http://h/|",
    "http://h/^",
    "http://h/\x01",
    "http://h/\x7f",
    "http://h/?a b",
    "http://h/~u/!$&'()*+,;=:@",
    "http://h/./../.././a/./b/.././c",
};

/* One part as curl has it; "" where it has none. Owned by the caller. */
static char *part_of(CURLU *handle, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(handle, part, &text, flags);
    char *copy = strdup(code == CURLUE_OK ? text : "");
    curl_free(text);
    assert_non_null(copy);
    return copy;
}

static CURLU *parse_with_curl(const char *text, unsigned flags)
{
    CURLU *handle = curl_url();
    assert_non_null(handle);
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, flags);
    if (code != CURLUE_OK) {
        fail_msg("curl refuses %s: %s", text, curl_url_strerror(code));
    }
    return handle;
}

static void assert_part(CURLU *handle, CURLUPart part, const char *want, const char *text)
{
    char *got = part_of(handle, part, CURLU_DEFAULT_PORT);
    if (strcmp(got, want) != 0) {
        fail_msg("%s: curl reads \"%s\" where we read \"%s\"", text, got, want);
    }
    free(got);
}

/* Slice as string in out; "" for nothing. */
static const char *string_of(char *out, size_t size, struct slice slice)
{
    (void)snprintf(out, size, "%.*s", (int)slice.len, slice.data != NULL ? slice.data : "");
    return out;
}

/* An IPv6 address in its shortest form, as curl shows it; anything else as it is. */
static const char *shortest(char out[2048], const char *host)
{
    struct in6_addr address;
    char text[2048];
    (void)snprintf(text, sizeof text, "%s", host);
    size_t len = strlen(text);
    if (len < 2 || text[0] != '[') {
        (void)snprintf(out, 2048, "%s", text);
        return out;
    }
    text[len - 1] = '\0';
    assert_int_equal(inet_pton(AF_INET6, text + 1, &address), 1);
    assert_non_null(inet_ntop(AF_INET6, &address, text, sizeof text));
    (void)snprintf(out, 2048, "[%.100s]", text);
    return out;
}

static void assert_same_host(CURLU *handle, const char *want, const char *text)
{
    char ours[2048];
    char theirs[2048];
    char *got = part_of(handle, CURLUPART_HOST, 0);
    if (strcasecmp(shortest(ours, want), shortest(theirs, got)) != 0) {
        fail_msg("%s: curl calls \"%s\" where we see \"%s\"", text, got, want);
    }
    free(got);
}

/* Userinfo: ours in one piece, curl's in two. */
static void assert_same_userinfo(CURLU *handle, struct slice userinfo, const char *text)
{
    char ours[2048];
    char theirs[2048];
    char *user = part_of(handle, CURLUPART_USER, 0);
    char *password = part_of(handle, CURLUPART_PASSWORD, 0);
    bool colon = userinfo.data != NULL && memchr(userinfo.data, ':', userinfo.len) != NULL;
    (void)snprintf(theirs, sizeof theirs, "%s%s%s", user, colon ? ":" : "", password);
    if (strcmp(string_of(ours, sizeof ours, userinfo), theirs) != 0) {
        fail_msg("%s: curl sends \"%s\" where we see \"%s\"", text, theirs, ours);
    }
    free(user);
    free(password);
}

/* Compare all that we found in text with what curl finds. */
static void assert_same_parts(const struct url *url, const char *text)
{
    char want[2048];
    CURLU *handle = parse_with_curl(text, CURLU_PATH_AS_IS);
    assert_part(handle, CURLUPART_SCHEME, url->https ? "https" : "http", text);
    assert_same_host(handle, string_of(want, sizeof want, url->host), text);
    (void)snprintf(want, sizeof want, "%u", url->port);
    assert_part(handle, CURLUPART_PORT, want, text);
    assert_part(handle, CURLUPART_PATH, url->path.len > 0 ? string_of(want, sizeof want, url->path) : "/",
                text);
    assert_part(handle, CURLUPART_QUERY, string_of(want, sizeof want, url->query), text);
    assert_part(handle, CURLUPART_FRAGMENT, string_of(want, sizeof want, url->fragment), text);
    assert_same_userinfo(handle, url->userinfo, text);
    curl_url_cleanup(handle);
}

TEST(url_accepts_only_what_curl_reads_in_the_same_way)
{
    size_t accepted = 0;
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct url url;
        if (url_parse(&url, slice_of(TEXTS[i]), NULL) == URL_OK) {
            assert_same_parts(&url, TEXTS[i]);
            accepted++;
        }
    }
    assert_in_range(accepted, 80, sizeof TEXTS / sizeof TEXTS[0] - 80); /* both sides are put to the test */
}

/* Upper case for the hex digits of escapes, which curl leaves alone. */
static void raise_escapes(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '%' && c[1] != '\0' && c[2] != '\0') {
            c[1] = (char)(c[1] >= 'a' ? c[1] & ~0x20 : c[1]);
            c[2] = (char)(c[2] >= 'a' ? c[2] & ~0x20 : c[2]);
        }
    }
}

/* Do libcurl's versions agree on the dots in text's path? To 8.14, "%2e" is one; to 7.88 it is not. */
static bool has_plain_dots_only(const char *text)
{
    return strcasestr(text, "%2e") == NULL;
}

/* What is called is what libcurl would make of the text, where all its versions make the same of it. */
TEST(url_is_called_where_curl_would_call_it)
{
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct url url;
        struct buffer called = {0};
        if (url_parse(&url, slice_of(TEXTS[i]), NULL) != URL_OK || !has_plain_dots_only(TEXTS[i])) {
            continue;
        }
        url_resolve(&url, &called);
        CURLU *from_text = parse_with_curl(TEXTS[i], 0);
        CURLU *from_called = parse_with_curl(buffer_str(&called), CURLU_PATH_AS_IS);
        (void)curl_url_set(from_text, CURLUPART_FRAGMENT, NULL, 0);
        char *want = part_of(from_text, CURLUPART_URL, 0);
        char *got = part_of(from_called, CURLUPART_URL, 0);
        assert_string_equal(got, want);
        free(want);
        free(got);
        curl_url_cleanup(from_text);
        curl_url_cleanup(from_called);
        buffer_fini(&called);
    }
}

TEST(url_normal_form_leads_curl_to_the_same_place)
{
    static const CURLUPart PARTS[] = {CURLUPART_SCHEME, CURLUPART_USER, CURLUPART_PASSWORD,
                                      CURLUPART_PORT,   CURLUPART_PATH, CURLUPART_QUERY};
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct url url;
        struct buffer normal = {0};
        if (url_parse(&url, slice_of(TEXTS[i]), NULL) != URL_OK) {
            continue;
        }
        struct buffer called = {0};
        url_normalise(&url, &normal);
        url_resolve(&url, &called);
        CURLU *from_text = parse_with_curl(buffer_str(&called), CURLU_PATH_AS_IS);
        CURLU *from_normal = parse_with_curl(buffer_str(&normal), CURLU_PATH_AS_IS);
        for (size_t p = 0; p < sizeof PARTS / sizeof PARTS[0]; p++) {
            char *want = part_of(from_text, PARTS[p], CURLU_DEFAULT_PORT);
            raise_escapes(want);
            assert_part(from_normal, PARTS[p], want, TEXTS[i]);
            free(want);
        }
        curl_url_cleanup(from_text);
        curl_url_cleanup(from_normal);
        buffer_fini(&called);
        buffer_fini(&normal);
    }
}

/* Random texts from the pieces that confuse parsers. */
TEST(url_accepts_no_random_text_that_curl_reads_otherwise)
{
    static const char *const PIECES[] = {
        "http://", "https://", "h",  "a.b", "1.2.3.4", "[::1]", "@", ":", "80", "/", "?", "#", "%41", "..",
        ".",       "0x7f",     "\\", ";",   "//",      "u:p@",  "%", "[", "]",  "1", "-", "_", "&"};
    srand(3);
    for (int round = 0; round < 200000; round++) {
        struct buffer text = {0};
        buffer_add_str(&text, rand() % 8 != 0 ? "http://" : "");
        for (int n = rand() % 8; n >= 0; n--) {
            buffer_add_str(&text, PIECES[(size_t)rand() % (sizeof PIECES / sizeof PIECES[0])]);
        }
        struct url url;
        if (url_parse(&url, (struct slice){text.data, text.len}, NULL) == URL_OK) {
            assert_same_parts(&url, text.data);
        }
        buffer_fini(&text);
    }
}
