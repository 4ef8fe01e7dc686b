/* Keys: whom they let in, and what they may give. */
#include "access/key.h"

#include "access/scope.h"

#include "test.h"

#include <string.h>
#include <time.h>

#define NOW 1000000

static char token[TOKEN_SIZE], old_token[TOKEN_SIZE], wrong[TOKEN_SIZE];
static uint8_t hash[DIGEST_SHA256_SIZE], hash2[DIGEST_SHA256_SIZE];
static struct key_fields fields;

static void set_up(void)
{
    assert_int_equal(token_make(token, "0123456789ab"), ERR_OK);
    assert_int_equal(token_make(old_token, "0123456789ab"), ERR_OK);
    assert_int_equal(token_make(wrong, "0123456789ab"), ERR_OK);
    assert_int_equal(digest_sha256(hash, token, TOKEN_LEN), ERR_OK);
    assert_int_equal(digest_sha256(hash2, old_token, TOKEN_LEN), ERR_OK);
    fields = (struct key_fields){.id = slice_of("0123456789ab"),
                                 .scopes = slice_of("jobs:read,jobs:run"),
                                 .hash = {(const char *)hash, sizeof hash},
                                 .created = slice_of("5")};
}

EACH_TEST(set_up, NULL);

static enum key_verdict judge(struct key_proof proof, int64_t now)
{
    struct key key;
    assert_true(key_read(&key, &fields));
    return key_judge(&key, &proof, (struct wall_ms){now});
}

static enum key_verdict show(const char *text)
{
    return judge((struct key_proof){.token = slice_of(text)}, NOW);
}

TEST(key_lets_in_who_shows_its_token)
{
    assert_int_equal(show(token), KEY_GOOD);
    assert_int_equal(show(wrong), KEY_UNKNOWN);
    assert_int_equal(judge((struct key_proof){0}, NOW), KEY_UNKNOWN);
    fields.hash = (struct slice){NULL, 0};
    assert_int_equal(show(token), KEY_UNKNOWN);
}

TEST(key_old_token_counts_until_the_overlap_is_over)
{
    assert_int_equal(show(old_token), KEY_UNKNOWN);
    fields.hash2 = (struct slice){(const char *)hash2, sizeof hash2};
    fields.hash2_until = slice_of("1000001");
    assert_int_equal(show(old_token), KEY_GOOD);
    assert_int_equal(show(token), KEY_GOOD);
    assert_int_equal(show(wrong), KEY_UNKNOWN);
    fields.hash2_until = slice_of("1000000");
    assert_int_equal(show(old_token), KEY_UNKNOWN);
    assert_int_equal(show(token), KEY_GOOD);
    fields.hash2 = (struct slice){NULL, 0};
    fields.hash2_until = slice_of("2000000");
    assert_int_equal(show(old_token), KEY_UNKNOWN);
}

TEST(key_that_is_revoked_or_not_of_this_time_lets_no_one_in)
{
    fields.expires = slice_of("1000001");
    fields.not_before = slice_of("1000000");
    assert_int_equal(show(token), KEY_GOOD);
    fields.expires = slice_of("1000000");
    assert_int_equal(show(token), KEY_EXPIRED);
    assert_int_equal(show(wrong), KEY_UNKNOWN); /* only who has the key learns why */
    fields.expires = (struct slice){NULL, 0};
    fields.not_before = slice_of("1000001");
    assert_int_equal(show(token), KEY_TOO_EARLY);
    fields.revoked = slice_of("7");
    assert_int_equal(show(token), KEY_REVOKED);
}

TEST(key_of_some_addresses_lets_in_from_these)
{
    static const struct {
        const char *source;
        enum key_verdict verdict;
    } TABLE[] = {{"10.1.2.3", KEY_GOOD},    {"11.1.2.3", KEY_ELSEWHERE},
                 {"2001:db8::7", KEY_GOOD}, {"2001:db9::7", KEY_ELSEWHERE},
                 {"192.0.2.1", KEY_GOOD},   {"192.0.2.2", KEY_ELSEWHERE},
                 {"", KEY_ELSEWHERE},       {"unix:", KEY_ELSEWHERE}};
    fields.from = slice_of("10.0.0.0/8,2001:db8::/32,192.0.2.1");
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct key_proof proof = {.token = slice_of(token), .source = slice_of(TABLE[i].source)};
        assert_int_equal(judge(proof, NOW), TABLE[i].verdict);
    }
    assert_int_equal(show(token), KEY_ELSEWHERE);
}

TEST(key_of_a_certificate_lets_in_who_has_that)
{
    struct key_proof proof = {.dn = slice_of("CN=ops,O=Example")};
    assert_int_equal(judge(proof, NOW), KEY_UNKNOWN);
    fields.hash = (struct slice){NULL, 0};
    fields.dn = slice_of("CN=ops,O=Example");
    assert_int_equal(judge(proof, NOW), KEY_GOOD);
    proof.token = slice_of(token); /* a wrong token is not made good by a certificate */
    assert_int_equal(judge(proof, NOW), KEY_UNKNOWN);
    assert_int_equal(judge((struct key_proof){.dn = slice_of("CN=ops,O=Example2")}, NOW), KEY_UNKNOWN);
    assert_int_equal(judge((struct key_proof){.dn = slice_of("")}, NOW), KEY_UNKNOWN);
}

TEST(key_that_is_malformed_is_none)
{
    static const struct {
        size_t offset;
        const char *text;
    } TABLE[] = {
        {offsetof(struct key_fields, id), "0123456789a"},   {offsetof(struct key_fields, id), "0123456789a/"},
        {offsetof(struct key_fields, scopes), "jobs:reed"}, {offsetof(struct key_fields, scopes), ""},
        {offsetof(struct key_fields, hash), "short"},       {offsetof(struct key_fields, hash2), ""},
        {offsetof(struct key_fields, expires), "soon"},     {offsetof(struct key_fields, expires), "-1"},
        {offsetof(struct key_fields, not_before), ""},      {offsetof(struct key_fields, revoked), "x"},
        {offsetof(struct key_fields, from), "10.0.0.0/33"}, {offsetof(struct key_fields, from), ""},
        {offsetof(struct key_fields, hash2_until), "1e9"},  {offsetof(struct key_fields, dn), ""},
        {offsetof(struct key_fields, used), "today"}};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct key key;
        set_up();
        *(struct slice *)(void *)((char *)&fields + TABLE[i].offset) = slice_of(TABLE[i].text);
        if (key_read(&key, &fields)) {
            fail_msg("row %zu was read", i);
        }
    }
}

/* own, other: scopes, expiry and ranges; "" for none. */
static bool covers(const char *const own[3], const char *const other[3])
{
    struct key keys[2];
    const char *const *texts[] = {own, other};
    for (size_t i = 0; i < 2; i++) {
        set_up();
        fields.scopes = slice_of(texts[i][0]);
        fields.expires = *texts[i][1] != '\0' ? slice_of(texts[i][1]) : fields.expires;
        fields.from = *texts[i][2] != '\0' ? slice_of(texts[i][2]) : fields.from;
        assert_true(key_read(&keys[i], &fields));
    }
    return key_covers(&keys[0], &keys[1]);
}

TEST(key_gives_no_more_than_it_has)
{
    static const struct {
        const char *own[3];
        const char *other[3];
        bool covers;
    } TABLE[] = {
        {{"*", "", ""}, {"*", "", ""}, true},
        {{"*", "", ""}, {"jobs:read", "9", "10.0.0.1"}, true},
        {{"keys:admin,jobs:read", "", ""}, {"jobs:read", "", ""}, true},
        {{"keys:admin,jobs:read", "", ""}, {"jobs:write", "", ""}, false},
        {{"keys:admin,jobs:read", "", ""}, {"*", "", ""}, false},
        {{"*", "9", ""}, {"self", "9", ""}, true},
        {{"*", "9", ""}, {"self", "10", ""}, false},
        {{"*", "9", ""}, {"self", "", ""}, false},
        {{"*", "", "10.0.0.0/8"}, {"self", "", "10.1.0.0/16,10.0.0.0/8"}, true},
        {{"*", "", "10.0.0.0/8"}, {"self", "", "10.1.0.0/16,11.0.0.0/16"}, false},
        {{"*", "", "10.0.0.0/8"}, {"self", "", "0.0.0.0/0"}, false},
        {{"*", "", "10.0.0.0/8"}, {"self", "", ""}, false},
        {{"*", "", "::/0"}, {"self", "", "10.0.0.0/8"}, false},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (covers(TABLE[i].own, TABLE[i].other) != TABLE[i].covers) {
            fail_msg("row %zu", i);
        }
    }
}

/* In nanoseconds, of many; the least of a few rounds, since whatever else runs here only adds. */
static int64_t time_of(const struct key *key, const char *wrong_token)
{
    struct key_proof proof = {.token = slice_of(wrong_token)};
    int64_t least = INT64_MAX;
    for (int round = 0; round < 200; round++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (int i = 0; i < 500; i++) {
            assert_int_equal(key_judge(key, &proof, (struct wall_ms){NOW}), KEY_UNKNOWN);
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        int64_t took = (end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec;
        least = took < least ? took : least;
    }
    return least / 500;
}

/* What a digest that is kept begins with cannot be found out by trying: digests that differ in the first byte and in
 * the last one take the same time. The key's digest is made to fit, so that the difference is where it is wanted. */
TEST(key_wrong_token_takes_the_same_time_wherever_it_is_wrong)
{
    struct key first, last;
    assert_true(key_read(&first, &fields));
    assert_int_equal(digest_sha256(first.hash, wrong, TOKEN_LEN), ERR_OK);
    last = first;
    first.hash[0] ^= 1;
    last.hash[DIGEST_SHA256_SIZE - 1] ^= 1;
    int64_t difference = time_of(&first, wrong) - time_of(&last, wrong);
    assert_in_range(difference + 1000, 0, 2000);
}

TEST(key_ranges_are_16_at_most)
{
    struct ip_range ranges[KEY_RANGES_MAX];
    struct buffer list = {0};
    for (int i = 1; i <= 17; i++) {
        buffer_printf(&list, "%s10.0.0.%d", i > 1 ? "," : "", i);
        assert_int_equal(key_ranges_read(ranges, slice_of(buffer_str(&list))), i <= 16 ? i : 0);
    }
    buffer_fini(&list);
    assert_int_equal(key_ranges_read(ranges, slice_of("10.0.0.1,")), 0);
    assert_int_equal(key_ranges_read(ranges, slice_of("10.0.0.1, 10.0.0.2")), 0);
}

TEST(key_name_is_printable)
{
    char longest[KEY_NAME_MAX + 2];
    memset(longest, 'n', sizeof longest);
    assert_true(key_name_is_valid(slice_of("ops of Example")));
    assert_true(key_name_is_valid((struct slice){longest, KEY_NAME_MAX}));
    assert_false(key_name_is_valid((struct slice){longest, KEY_NAME_MAX + 1}));
    assert_false(key_name_is_valid(slice_of("")));
    assert_false(key_name_is_valid(slice_of("a\tb")));
    assert_false(key_name_is_valid(slice_of("\303\244")));
}
