/* Where a call may go: each class by each setting, the lists, names, and redirects. */
#include "net/targets.h"

#include "test.h"

#include <string.h>

static struct targets targets;
static char why[TARGETS_WHY_SIZE];

static void with(enum targets_mode mode, const char *allow, const char *deny)
{
    struct targets_settings settings = {.mode = mode};
    size_t at;
    size_t len;
    assert_true(targets_list_check(allow, &at, &len));
    assert_true(targets_list_check(deny, &at, &len));
    memcpy(settings.allow, allow, strlen(allow) + 1);
    memcpy(settings.deny, deny, strlen(deny) + 1);
    targets_fini(&targets);
    assert_true(targets_init(&targets, &settings));
    why[0] = '\0';
}

static void tear_down(void)
{
    targets_fini(&targets);
}

EACH_TEST(NULL, tear_down);

static struct targets_place place_of(const char *host, const char *address)
{
    struct targets_place place = {.host = host, .host_len = strlen(host), .port = 80};
    if (!ip_parse(&place.ip, address, strlen(address))) {
        fail_msg("%s is no address", address);
    }
    place.class = ip_class_of(&place.ip);
    return place;
}

/* By an URL that has the address itself. */
static enum targets_verdict by_literal(const char *address)
{
    struct targets_place place = place_of(strchr(address, ':') != NULL ? "[]" : address, address);
    return targets_judge(&targets, &place, why);
}

static enum targets_verdict by_name(const char *name, const char *address)
{
    struct targets_place place = place_of(name, address);
    return targets_judge(&targets, &place, why);
}

static enum targets_verdict redirected(enum ip_class from, const char *host, const char *address)
{
    struct targets_place place = place_of(host, address);
    place.is_redirect = true;
    place.began_there = true;
    place.from = from;
    return targets_judge(&targets, &place, why);
}

/* An address of each class. */
static const char *const examples[IP_CLASS__COUNT] = {
    [IP_PUBLIC] = "8.8.8.8",    [IP_PRIVATE] = "10.1.2.3",      [IP_LOOPBACK] = "127.0.0.1",
    [IP_SPECIAL] = "192.0.2.1", [IP_NEVER] = "169.254.169.254",
};

/* The table of docs/targets.md. L, P, U: what each of local, private and public opens by itself. */
static const struct {
    enum ip_class class;
    const char *literal, *name;                             /* the modes, by letter */
    const char *from_public, *from_private, *from_loopback; /* the same, of redirects */
} cells[] = {
    {IP_PUBLIC, "LPU", "LPU", "LPU", "LPU", "LPU"},
    {IP_PRIVATE, "LP", "LP", "", "LP", "LP"},
    {IP_LOOPBACK, "L", "", "", "", "L"},
    {IP_SPECIAL, "", "", "", "", ""},
    {IP_NEVER, "", "", "", "", ""},
};

static void assert_cell(enum targets_verdict verdict, const char *modes, char mode, enum ip_class class,
                        const char *how)
{
    bool wanted = strchr(modes, mode) != NULL;
    if ((verdict == TARGETS_OPEN) != wanted) {
        fail_msg("%s %s by %c is %s: %s", ip_class_phrase(class), how, mode, wanted ? "refused" : "open",
                 why);
    }
}

TEST(targets_each_class_by_each_setting)
{
    static const struct {
        enum targets_mode mode;
        char letter;
    } modes[] = {{TARGETS_LOCAL, 'L'}, {TARGETS_PRIVATE, 'P'}, {TARGETS_PUBLIC, 'U'}};
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++) {
        char letter = modes[m].letter;
        with(modes[m].mode, "", "");
        for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
            enum ip_class class = cells[i].class;
            const char *address = examples[class];
            assert_cell(by_literal(address), cells[i].literal, letter, class, "as written");
            assert_cell(by_name("x.test", address), cells[i].name, letter, class, "by a name");
            assert_cell(redirected(IP_PUBLIC, address, address), cells[i].from_public, letter, class,
                        "from public");
            assert_cell(redirected(IP_PRIVATE, address, address), cells[i].from_private, letter, class,
                        "from private");
            assert_cell(redirected(IP_LOOPBACK, address, address), cells[i].from_loopback, letter, class,
                        "from loopback");
            assert_cell(redirected(IP_LOOPBACK, "x.test", address), cells[i].from_loopback, letter, class,
                        "from loopback by a name");
        }
    }
}

TEST(targets_auto_is_local_without_keys_and_private_with_them)
{
    with(TARGETS_AUTO, "", "");
    assert_int_equal(by_literal("127.0.0.1"), TARGETS_OPEN);
    assert_int_equal(by_literal("10.1.2.3"), TARGETS_OPEN);
    targets_note_keys(&targets, true);
    assert_int_equal(by_literal("127.0.0.1"), TARGETS_IS_CLOSED);
    assert_string_equal(why,
                        "127.0.0.1 is a loopback address, which TARGETS=auto, with API keys, does not open");
    assert_int_equal(by_literal("10.1.2.3"), TARGETS_OPEN);
    targets_note_keys(&targets, false);
    assert_int_equal(by_literal("127.0.0.1"), TARGETS_OPEN);
    with(TARGETS_LOCAL, "", "");
    targets_note_keys(&targets, true);
    assert_int_equal(by_literal("127.0.0.1"), TARGETS_OPEN);
}

TEST(targets_localhost_is_written_as_such)
{
    static const char *const hosts[] = {"localhost",   "LOCALHOST", "localhost.",
                                        "a.localhost", "127.0.0.1", "[::1]"};
    static const char *const names[] = {"notlocalhost", "localhost.example.com", "127.0.0.1.example.com",
                                        "a"};
    with(TARGETS_LOCAL, "", "");
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        assert_int_equal(by_name(hosts[i], "127.0.0.1"), TARGETS_OPEN);
        assert_int_equal(by_name(hosts[i], "::1"), TARGETS_OPEN);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(by_name(names[i], "127.0.0.1"), TARGETS_IS_NAMED);
        assert_int_equal(by_name(names[i], "::1"), TARGETS_IS_NAMED);
    }
    assert_string_equal(why, "::1 is a loopback address, which only TARGETS_ALLOW opens to a name");
}

TEST(targets_lists_take_ranges_addresses_and_names)
{
    static const struct {
        const char *allow, *host, *address;
        enum targets_verdict verdict;
    } rows[] = {
        {"10.0.0.0/8", "10.1.2.3", "10.1.2.3", TARGETS_OPEN},
        {"10.0.0.0/8", "x.test", "10.1.2.3", TARGETS_OPEN},
        {"10.0.0.0/8", "x.test", "11.1.2.3", TARGETS_OPEN},
        {"10.0.0.0/8", "x.test", "172.16.0.1", TARGETS_IS_CLOSED},
        {"10.1.2.3", "10.1.2.4", "10.1.2.4", TARGETS_IS_CLOSED},
        {"10.1.2.3:80", "10.1.2.3", "10.1.2.3", TARGETS_OPEN},
        {"10.1.2.3:81", "10.1.2.3", "10.1.2.3", TARGETS_IS_CLOSED},
        {"127.0.0.0/8", "x.test", "127.0.0.1", TARGETS_OPEN},
        {" 127.0.0.1 ,\t::1:80, [::1]:80 ", "x.test", "::1", TARGETS_OPEN},
        {"::1", "x.test", "::1", TARGETS_OPEN},
        {"[::1]:80", "x.test", "::1", TARGETS_OPEN},
        {"[::1]:81", "x.test", "::1", TARGETS_IS_CLOSED},
        {"192.0.2.0/24", "192.0.2.1", "192.0.2.1", TARGETS_OPEN},
        {"0.0.0.0", "0.0.0.0", "0.0.0.0", TARGETS_OPEN},
        {"x.test", "x.test", "10.1.2.3", TARGETS_OPEN},
        {"X.Test.", "x.tesT", "127.0.0.1", TARGETS_OPEN},
        {"x.test", "X.TEST.", "192.0.2.1", TARGETS_OPEN},
        {"x.test", "y.x.test", "10.1.2.3", TARGETS_IS_CLOSED},
        {"x.test:80", "x.test", "10.1.2.3", TARGETS_OPEN},
        {"x.test:443", "x.test", "10.1.2.3", TARGETS_IS_CLOSED},
        {"localhost", "localhost", "127.0.0.1", TARGETS_OPEN},
        {"0.0.0.0/0,::/0,x.test", "x.test", "169.254.169.254", TARGETS_IS_NEVER},
        {"0.0.0.0/0,::/0,169.254.169.254", "169.254.169.254", "169.254.169.254", TARGETS_IS_NEVER},
        {"::/0", "[fe80::1]", "fe80::1", TARGETS_IS_NEVER},
        {"::/0", "[fd00:ec2::254]", "fd00:ec2::254", TARGETS_IS_NEVER},
        {"::/0", "[::ffff:a9fe:a9fe]", "::ffff:169.254.169.254", TARGETS_IS_NEVER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        with(TARGETS_PUBLIC, rows[i].allow, "");
        if (by_name(rows[i].host, rows[i].address) != rows[i].verdict) {
            fail_msg("row %zu, %s: %s", i, rows[i].allow, why);
        }
    }
}

TEST(targets_deny_wins)
{
    static const struct {
        const char *deny, *host, *address;
        bool is_denied;
    } rows[] = {
        {"8.8.8.0/24", "x.test", "8.8.8.8", true},
        {"8.8.8.0/24", "x.test", "8.8.9.8", false},
        {"8.8.8.8:80", "x.test", "8.8.8.8", true},
        {"8.8.8.8:443", "x.test", "8.8.8.8", false},
        {"8.8.8.0/24", "[::ffff:808:808]", "::ffff:8.8.8.8", true},
        {"8.8.8.0/24", "[2606:4700::5efe:808:808]", "2606:4700::5efe:808:808", true},
        {"2606:4700::/32", "x.test", "2606:4700::1", true},
        {"x.test", "x.test", "8.8.8.8", true},
        {"x.test", "X.TEST.", "8.8.8.8", true},
        {"x.test", "y.test", "8.8.8.8", false},
        {"x.test:443", "x.test", "8.8.8.8", false},
        {"127.0.0.1", "localhost", "127.0.0.1", true},
        {"0.0.0.0/0", "x.test", "8.8.8.8", true},
        {"0.0.0.0/0", "x.test", "2606:4700::1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        with(TARGETS_LOCAL, "0.0.0.0/0,::/0,x.test", rows[i].deny);
        enum targets_verdict verdict = by_name(rows[i].host, rows[i].address);
        if (verdict != (rows[i].is_denied ? TARGETS_IS_DENIED : TARGETS_OPEN)) {
            fail_msg("row %zu: %s", i, why);
        }
        assert_int_equal(redirected(IP_LOOPBACK, rows[i].host, rows[i].address) == TARGETS_IS_DENIED,
                         rows[i].is_denied);
    }
}

/* A gateway that TARGETS_ALLOW opens leads where TARGETS lets an IPv4 address be called, and nowhere else. */
TEST(targets_embedded_addresses_are_judged_by_themselves)
{
    with(TARGETS_PUBLIC, "64:ff9b::/96", "");
    assert_int_equal(by_literal("64:ff9b::808:808"), TARGETS_OPEN);
    assert_int_equal(by_literal("64:ff9b::a01:203"), TARGETS_IS_CLOSED);
    assert_int_equal(by_literal("64:ff9b::7f00:1"), TARGETS_IS_CLOSED);
    assert_int_equal(by_literal("64:ff9b::a9fe:a9fe"), TARGETS_IS_NEVER);
    with(TARGETS_PRIVATE, "64:ff9b::/96", "");
    assert_int_equal(by_literal("64:ff9b::a01:203"), TARGETS_OPEN);
    with(TARGETS_PRIVATE, "10.0.0.0/8", "");
    assert_int_equal(by_literal("64:ff9b::a01:203"), TARGETS_IS_CLOSED);
    assert_int_equal(by_literal("::ffff:a01:203"), TARGETS_OPEN);
    with(TARGETS_LOCAL, "64:ff9b:1::/48", "");
    assert_int_equal(by_literal("64:ff9b:1::808:808"), TARGETS_OPEN);
}

TEST(targets_redirects_never_lead_further_in)
{
    with(TARGETS_LOCAL, "", "");
    assert_int_equal(redirected(IP_PUBLIC, "10.1.2.3", "10.1.2.3"), TARGETS_IS_INWARD);
    assert_string_equal(why, "10.1.2.3 is a private address, and the call began at a public one");
    assert_int_equal(redirected(IP_PRIVATE, "127.0.0.1", "127.0.0.1"), TARGETS_IS_INWARD);
    assert_string_equal(why, "127.0.0.1 is a loopback address, and the call began at a private one");
    struct targets_place place = place_of("10.1.2.3", "10.1.2.3");
    place.is_redirect = true; /* from private to public, and back */
    assert_int_equal(targets_judge(&targets, &place, why), TARGETS_IS_INWARD);
    assert_string_equal(why, "10.1.2.3 is a private address, and the call has been at a public one");
    /* TARGETS_ALLOW opens nothing to a redirect that leads inward */
    with(TARGETS_PUBLIC, "0.0.0.0/0,x.test", "");
    assert_int_equal(redirected(IP_PUBLIC, "x.test", "10.1.2.3"), TARGETS_IS_INWARD);
    assert_int_equal(redirected(IP_PRIVATE, "x.test", "10.1.2.3"), TARGETS_OPEN);
    /* what is special leads to itself, if it is allowed, and out */
    assert_int_equal(redirected(IP_SPECIAL, "192.0.2.1", "192.0.2.1"), TARGETS_OPEN);
    assert_int_equal(redirected(IP_SPECIAL, "8.8.8.8", "8.8.8.8"), TARGETS_OPEN);
    assert_int_equal(redirected(IP_SPECIAL, "10.1.2.3", "10.1.2.3"), TARGETS_IS_INWARD);
    with(TARGETS_PRIVATE, "192.0.2.1", "");
    assert_int_equal(redirected(IP_SPECIAL, "192.0.2.2", "192.0.2.2"), TARGETS_IS_CLOSED);
}

TEST(targets_redirects_may_be_set_to_lead_anywhere_that_is_open)
{
    with(TARGETS_LOCAL, "", "");
    targets.redirects = TARGETS_ANY;
    assert_int_equal(redirected(IP_PUBLIC, "10.1.2.3", "10.1.2.3"), TARGETS_OPEN);
    assert_int_equal(redirected(IP_PUBLIC, "127.0.0.1", "127.0.0.1"), TARGETS_OPEN);
    assert_int_equal(redirected(IP_LOOPBACK, "x.test", "127.0.0.1"), TARGETS_IS_NAMED);
    assert_int_equal(redirected(IP_PUBLIC, "192.0.2.1", "192.0.2.1"), TARGETS_IS_CLOSED);
    assert_int_equal(redirected(IP_LOOPBACK, "x.test", "169.254.169.254"), TARGETS_IS_NEVER);
    with(TARGETS_PRIVATE, "", "");
    targets.redirects = TARGETS_ANY;
    assert_int_equal(redirected(IP_PUBLIC, "127.0.0.1", "127.0.0.1"), TARGETS_IS_CLOSED);
}

TEST(targets_reasons_name_the_class)
{
    with(TARGETS_PUBLIC, "", "9.9.9.9");
    (void)by_literal("169.254.169.254");
    assert_string_equal(why, "169.254.169.254 is a link-local or metadata address, which is never called");
    (void)by_literal("10.1.2.3");
    assert_string_equal(why, "10.1.2.3 is a private address, which TARGETS=public does not open");
    (void)by_literal("0.0.0.0");
    assert_string_equal(why, "0.0.0.0 is a special-purpose address, which only TARGETS_ALLOW opens");
    (void)by_literal("9.9.9.9");
    assert_string_equal(why, "9.9.9.9 is a public address, which TARGETS_DENY forbids");
}

TEST(targets_hosts_are_judged_when_they_are_posted)
{
    static const struct {
        const char *host;
        bool is_open;
    } rows[] = {{"x.test", true},
                {"8.8.8.8", true},
                {"[2606:4700::1]", true},
                {"[::ffff:808:808]", true},
                {"10.1.2.3", false},
                {"[::1]", false},
                {"localhost", false},
                {"a.localhost.", false},
                {"0.0.0.0", false},
                {"[::]", false},
                {"169.254.169.254", false},
                {"[fe80::1]", false},
                {"[64:ff9b::a01:203]", false},
                {"denied.test", false},
                {"DENIED.test.", false},
                {"[::ffff:a01:203]", false}};
    with(TARGETS_PUBLIC, "", "denied.test");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        why[0] = '\0';
        if (targets_judge_host(&targets, rows[i].host, strlen(rows[i].host), 80, why) != rows[i].is_open ||
            (why[0] == '\0') != rows[i].is_open) {
            fail_msg("%s: %s", rows[i].host, why);
        }
    }
}

TEST(targets_lists_of_other_forms_are_refused)
{
    static const struct {
        const char *text, *wrong;
    } rows[] = {
        {"10.0.0.0/33", "10.0.0.0/33"},
        {"10.0.0.0/8, 10.1.2.3/8 ", "10.1.2.3/8"},
        {"a b", "a b"},
        {",", ""},
        {"a,,b", ""},
        {" ", ""},
        {"host:", "host:"},
        {"host:0", "host:0"},
        {"host:65536", "host:65536"},
        {"host:+80", "host:+80"},
        {"host:080000", "host:080000"},
        {"*.example.com", "*.example.com"},
        {"a..b", "a..b"},
        {".a", ".a"},
        {"1.2.3", "1.2.3"},
        {"http://a", "http://a"},
        {"a/8", "a/8"},
        {"[::1", "[::1"},
        {"[10.0.0.0/8]:80", "[10.0.0.0/8]:80"},
        {"[]", "[]"},
        {"[::1]80", "[::1]80"},
        {"b\xC3\xBC.de", "b\xC3\xBC.de"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t at = 0;
        size_t len = 0;
        if (targets_list_check(rows[i].text, &at, &len)) {
            fail_msg("%s was taken", rows[i].text);
        }
        assert_int_equal(len, strlen(rows[i].wrong));
        assert_memory_equal(rows[i].text + at, rows[i].wrong, len);
    }
    static const char *const good[] = {
        "", "a", "a,", "a.example.com:80,10.0.0.0/8:443", "fd00::/8,[fd00::/8]:80", "_x-1.y"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t at;
        size_t len;
        assert_true(targets_list_check(good[i], &at, &len));
    }
}
