/* IP addresses: their classes, what IPv6 addresses embed, and ranges. */
#include "net/ip.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

static struct ip ip_of(const char *text)
{
    struct ip ip;
    if (!ip_parse(&ip, text, strlen(text))) {
        fail_msg("%s is no address", text);
    }
    return ip;
}

static void assert_class(const char *text, enum ip_class want)
{
    struct ip ip = ip_of(text);
    if (ip_class_of(&ip) != want) {
        fail_msg("%s is %s, and not %s", text, ip_class_phrase(ip_class_of(&ip)), ip_class_phrase(want));
    }
}

TEST(ip_text_is_read_and_written)
{
    static const char *const texts[] = {
        "0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "::ffff:10.1.2.3", "fe80::1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char out[IP_TEXT_SIZE];
        struct ip ip = ip_of(texts[i]);
        ip_format(out, &ip);
        assert_string_equal(out, texts[i]);
    }
}

TEST(ip_text_of_other_forms_is_refused)
{
    static const char *const texts[] = {
        "",           "1",        "1.2.3",        "1.2.3.4.5", "1.2.3.256", "01.2.3.4",     "0x7f.0.0.1",
        "2130706433", "1.2.3.4 ", " 1.2.3.4",     "[::1]",     "::1%lo",    "fe80::1%eth0", ":::",
        "1::2::3",    "g::",      "::ffff:1.2.3", "1.2.3.4\n", "localhost", "1.2.3.4/8"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ip ip;
        if (ip_parse(&ip, texts[i], strlen(texts[i]))) {
            fail_msg("%s was taken", texts[i]);
        }
    }
    struct ip ip;
    assert_false(ip_parse(&ip, "1.2.3.4\0", 8));
}

/* Each range of a class: its first and last address, and those beside it. */
TEST(ip_classes_of_ipv4)
{
    static const struct {
        const char *text;
        enum ip_class class;
    } rows[] = {
        {"1.0.0.0", IP_PUBLIC},          {"8.8.8.8", IP_PUBLIC},           {"9.255.255.255", IP_PUBLIC},
        {"10.0.0.0", IP_PRIVATE},        {"10.255.255.255", IP_PRIVATE},   {"11.0.0.0", IP_PUBLIC},
        {"100.63.255.255", IP_PUBLIC},   {"100.64.0.0", IP_PRIVATE},       {"100.127.255.255", IP_PRIVATE},
        {"100.128.0.0", IP_PUBLIC},      {"100.100.100.199", IP_PRIVATE},  {"100.100.100.200", IP_NEVER},
        {"100.100.100.201", IP_PRIVATE}, {"126.255.255.255", IP_PUBLIC},   {"127.0.0.0", IP_LOOPBACK},
        {"127.0.0.1", IP_LOOPBACK},      {"127.255.255.255", IP_LOOPBACK}, {"128.0.0.0", IP_PUBLIC},
        {"168.63.129.15", IP_PUBLIC},    {"168.63.129.16", IP_NEVER},      {"168.63.129.17", IP_PUBLIC},
        {"169.253.255.255", IP_PUBLIC},  {"169.254.0.0", IP_NEVER},        {"169.254.169.254", IP_NEVER},
        {"169.254.255.255", IP_NEVER},   {"169.255.0.0", IP_PUBLIC},       {"172.15.255.255", IP_PUBLIC},
        {"172.16.0.0", IP_PRIVATE},      {"172.31.255.255", IP_PRIVATE},   {"172.32.0.0", IP_PUBLIC},
        {"191.255.255.255", IP_PUBLIC},  {"192.0.0.0", IP_SPECIAL},        {"192.0.0.192", IP_NEVER},
        {"192.0.0.255", IP_SPECIAL},     {"192.0.1.0", IP_PUBLIC},         {"192.0.2.0", IP_SPECIAL},
        {"192.0.2.255", IP_SPECIAL},     {"192.0.3.0", IP_PUBLIC},         {"192.31.196.1", IP_SPECIAL},
        {"192.52.193.1", IP_SPECIAL},    {"192.88.99.1", IP_SPECIAL},      {"192.167.255.255", IP_PUBLIC},
        {"192.168.0.0", IP_PRIVATE},     {"192.168.255.255", IP_PRIVATE},  {"192.169.0.0", IP_PUBLIC},
        {"192.175.48.1", IP_SPECIAL},    {"198.17.255.255", IP_PUBLIC},    {"198.18.0.0", IP_SPECIAL},
        {"198.19.255.255", IP_SPECIAL},  {"198.20.0.0", IP_PUBLIC},        {"198.51.100.1", IP_SPECIAL},
        {"198.51.101.0", IP_PUBLIC},     {"203.0.113.1", IP_SPECIAL},      {"203.0.114.0", IP_PUBLIC},
        {"223.255.255.255", IP_PUBLIC},  {"224.0.0.1", IP_SPECIAL},        {"239.255.255.255", IP_SPECIAL},
        {"240.0.0.1", IP_SPECIAL},       {"255.255.255.255", IP_SPECIAL},  {"0.0.0.0", IP_SPECIAL},
        {"0.255.255.255", IP_SPECIAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_class(rows[i].text, rows[i].class);
    }
}

TEST(ip_classes_of_ipv6)
{
    static const struct {
        const char *text;
        enum ip_class class;
    } rows[] = {
        {"::", IP_SPECIAL},
        {"::1", IP_LOOPBACK},
        {"::2", IP_SPECIAL},
        {"100::1", IP_SPECIAL},
        {"1fff:ffff::", IP_SPECIAL},
        {"2000::", IP_PUBLIC},
        {"2001::1", IP_SPECIAL},
        {"2001:1ff:ffff::", IP_SPECIAL},
        {"2001:200::1", IP_PUBLIC},
        {"2001:4860:4860::8888", IP_PUBLIC},
        {"2001:db8::1", IP_SPECIAL},
        {"2001:db9::1", IP_PUBLIC},
        {"2002:808:808::1", IP_SPECIAL},
        {"2003::1", IP_PUBLIC},
        {"2606:4700:4700::1111", IP_PUBLIC},
        {"2620:4f:8000::1", IP_SPECIAL},
        {"3ffe:ffff::", IP_PUBLIC},
        {"3fff::1", IP_SPECIAL},
        {"3fff:fff::1", IP_SPECIAL},
        {"3fff:1000::", IP_PUBLIC},
        {"4000::", IP_SPECIAL},
        {"5f00::1", IP_SPECIAL},
        {"fbff::1", IP_SPECIAL},
        {"fc00::", IP_PRIVATE},
        {"fd12:3456:789a::1", IP_PRIVATE},
        {"fdff:ffff::1", IP_PRIVATE},
        {"fd00:ec2::254", IP_NEVER},
        {"fd00:ec2::255", IP_PRIVATE},
        {"fd00:ec2::23", IP_NEVER},
        {"fd20:ce::254", IP_NEVER},
        {"fe00::1", IP_SPECIAL},
        {"fe80::", IP_NEVER},
        {"febf:ffff::1", IP_NEVER},
        {"fec0::1", IP_SPECIAL},
        {"ff02::1", IP_SPECIAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_class(rows[i].text, rows[i].class);
    }
}

/* The forms that embed an IPv4 address a.b.c.d, each with a digit of it in the place of its byte; least: the class of the
 * form itself. */
static const struct form {
    const char *name;
    const char *text; /* with 0a, 0b, 0c and 0d for the four bytes */
    enum ip_class least;
    bool is_flipped;
} forms[] = {
    {"mapped", "::ffff:0a0b:0c0d", IP_PUBLIC, false},
    {"compatible", "::0a0b:0c0d", IP_SPECIAL, false},
    {"translated", "::ffff:0:0a0b:0c0d", IP_SPECIAL, false},
    {"NAT64", "64:ff9b::0a0b:0c0d", IP_SPECIAL, false},
    {"NAT64 of a site, 48", "64:ff9b:1:0a0b:000c:0d00::", IP_SPECIAL, false},
    {"NAT64 of a site, 56", "64:ff9b:1:550a:000b:0c0d::", IP_SPECIAL, false},
    {"NAT64 of a site, 64", "64:ff9b:1:5555:000a:0b0c:0d00::", IP_SPECIAL, false},
    {"NAT64 of a site, 96", "64:ff9b:1:5555::0a0b:0c0d", IP_SPECIAL, false},
    {"6to4", "2002:0a0b:0c0d::1", IP_SPECIAL, false},
    {"Teredo's server", "2001:0:0a0b:0c0d:0:0:f7f7:f7f7", IP_SPECIAL, false},
    {"Teredo's client", "2001:0:808:808:0:0:0a0b:0c0d", IP_SPECIAL, true},
    {"ISATAP", "2606:4700::5efe:0a0b:0c0d", IP_PUBLIC, false},
    {"ISATAP of a global address", "2606:4700::200:5efe:0a0b:0c0d", IP_PUBLIC, false},
    {"ISATAP of a private network", "fd12::5efe:0a0b:0c0d", IP_PRIVATE, false},
};

static struct ip embed(const struct form *form, const struct ip *v4)
{
    struct ip out = ip_of(form->text);
    for (size_t i = 0; i < sizeof out.bytes; i++) {
        if (out.bytes[i] >= 0x0A && out.bytes[i] <= 0x0D) {
            out.bytes[i] = v4->bytes[out.bytes[i] - 0x0A] ^ (form->is_flipped ? 0xFF : 0);
        }
    }
    return out;
}

TEST(ip_embedding_has_the_stricter_class_of_both)
{
    static const char *const inside[] = {
        "8.8.8.8",      "10.1.2.3",  "172.16.5.6",      "192.168.1.1",     "100.64.0.1",    "127.0.0.1",
        "198.51.100.7", "224.0.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (size_t k = 0; k < sizeof inside / sizeof inside[0]; k++) {
            struct ip v4 = ip_of(inside[k]);
            struct ip v6 = embed(&forms[i], &v4);
            enum ip_class own = ip_class_of(&v4);
            if (ip_class_of(&v6) != (own > forms[i].least ? own : forms[i].least)) {
                fail_msg("%s of %s is %s", forms[i].name, inside[k], ip_class_phrase(ip_class_of(&v6)));
            }
        }
    }
}

TEST(ip_embedded_addresses_are_found)
{
    struct ip v4 = ip_of("203.1.113.9");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct ip out[IP_EMBEDDED_MAX];
        struct ip v6 = embed(&forms[i], &v4);
        size_t count = ip_embedded(&v6, out);
        bool found = false;
        for (size_t k = 0; k < count; k++) {
            found = found || memcmp(&out[k], &v4, sizeof v4) == 0;
        }
        if (!found) {
            fail_msg("%s was not found", forms[i].name);
        }
    }
    static const char *const none[] = {"::",      "::1",         "2606:4700::1",
                                       "fd12::1", "203.0.113.9", "2606:4700::5eff:a01:203"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct ip out[IP_EMBEDDED_MAX];
        struct ip ip = ip_of(none[i]);
        assert_int_equal(ip_embedded(&ip, out), 0);
    }
}

/* The most that one address has: of a site's NAT64 in all four forms, and ISATAP. */
TEST(ip_embedded_addresses_have_room)
{
    struct ip out[IP_EMBEDDED_MAX];
    struct ip ip = ip_of("64:ff9b:1:101:0:5efe:a01:203");
    assert_in_range(ip_embedded(&ip, out), 1, IP_EMBEDDED_MAX);
}

TEST(ip_ranges_have_what_lies_in_them)
{
    static const struct {
        const char *range, *inside, *outside;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
        {"10.1.2.3", "10.1.2.3", "10.1.2.4"},
        {"10.1.2.3/32", "10.1.2.3", "10.1.2.2"},
        {"172.16.0.0/12", "172.31.0.1", "172.32.0.1"},
        {"0.0.0.0/0", "255.255.255.255", "::1"},
        {"::/0", "2001:db8::1", "10.1.2.3"},
        {"fd00::/8", "fdff::1", "fc00::1"},
        {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"},
        {"::1", "::1", "::2"},
        {"::ffff:10.0.0.0/104", "10.9.9.9", "::ffff:11.0.0.0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip_range range;
        struct ip inside = ip_of(rows[i].inside);
        struct ip outside = ip_of(rows[i].outside);
        assert_true(ip_range_parse(&range, rows[i].range, strlen(rows[i].range)));
        if (!ip_range_has(&range, &inside) || ip_range_has(&range, &outside)) {
            fail_msg("%s", rows[i].range);
        }
    }
}

TEST(ip_ranges_of_other_forms_are_refused)
{
    static const char *const texts[] = {
        "",           "/8",          "10.0.0.0/",   "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
        "10/8",       "10.1.2.3/8",  "::1/127",     "::/129",      "::/0128",     "10.0.0.0/8/8",
        "[fd00::]/8", "10.0.0.0 /8", "10.0.0.0/ 8", "host/8"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ip_range range;
        if (ip_range_parse(&range, texts[i], strlen(texts[i]))) {
            fail_msg("%s was taken", texts[i]);
        }
    }
}
