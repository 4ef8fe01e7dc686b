/* Tokens: their form, and that nothing else passes for one. */
#include "access/token.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

/* What other programs make of the form: id, secret and check of Python's zlib.crc32. */
#define GOOD  "dr_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUV"
#define CHECK "02v20I"

static bool parse(const char *text)
{
    char id[TOKEN_ID_SIZE];
    return token_parse(id, slice_of(text));
}

TEST(token_that_is_made_can_be_read)
{
    char id[TOKEN_ID_SIZE], again[TOKEN_ID_SIZE], token[TOKEN_SIZE];
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(token_make_id(id), ERR_OK);
        assert_true(token_id_is_valid(slice_of(id)));
        assert_int_equal(token_make(token, id), ERR_OK);
        assert_int_equal(strlen(token), TOKEN_LEN);
        assert_true(token_parse(again, slice_of(token)));
        assert_string_equal(again, id);
    }
}

TEST(token_check_is_the_crc_32_of_the_rest)
{
    assert_true(parse(GOOD CHECK));
    assert_false(parse(GOOD "000000"));
}

TEST(token_of_another_form_is_refused)
{
    static const char *const TABLE[] = {
        "",
        "dr_",
        "Bearer " GOOD CHECK,
        GOOD,
        GOOD CHECK "0",
        " " GOOD CHECK,
        GOOD CHECK " ",
        "DR_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUV" CHECK,
        "dr_0123456789ab-0123456789ABCDEFGHIJKLMNOPQRSTUV" CHECK,
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_false(parse(TABLE[i]));
    }
}

/* Each byte of a good token, with each other value. */
TEST(token_with_one_wrong_byte_is_refused)
{
    char token[TOKEN_SIZE], id[TOKEN_ID_SIZE];
    assert_int_equal(token_make(token, "0123456789ab"), ERR_OK);
    for (size_t at = 0; at < TOKEN_LEN; at++) {
        char kept = token[at];
        for (int byte = 0; byte < 256; byte++) {
            token[at] = (char)byte;
            assert_int_equal(token_parse(id, (struct slice){token, TOKEN_LEN}), (char)byte == kept);
        }
        token[at] = kept;
    }
}

/* The check lets one of 4 billion pass; the tests of the handler go on with those that pass. */
TEST(token_random_and_mutated_ones_are_refused)
{
    static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    char token[TOKEN_SIZE], good[TOKEN_SIZE], id[TOKEN_ID_SIZE];
    srand(1);
    assert_int_equal(token_make(good, "0123456789ab"), ERR_OK);
    for (int i = 0; i < 1000000; i++) {
        size_t len = i % 2 == 0 ? TOKEN_LEN : (size_t)rand() % (TOKEN_LEN + 1);
        memcpy(token, good, TOKEN_SIZE);
        for (int changes = 1 + rand() % TOKEN_LEN; changes > 0; changes--) {
            size_t at = (size_t)rand() % TOKEN_LEN;
            token[at] = rand() % 4 == 0 ? (char)rand() : DIGITS[(size_t)rand() % 63];
        }
        bool same = len == TOKEN_LEN && memcmp(token, good, TOKEN_LEN) == 0;
        assert_int_equal(token_parse(id, (struct slice){token, len}), same);
    }
}

TEST(token_id_of_a_text_is_always_the_same)
{
    char a[TOKEN_ID_SIZE], b[TOKEN_ID_SIZE], c[TOKEN_ID_SIZE];
    assert_int_equal(token_id_of(a, slice_of("CN=ops")), ERR_OK);
    assert_int_equal(token_id_of(b, slice_of("CN=ops")), ERR_OK);
    assert_int_equal(token_id_of(c, slice_of("CN=opt")), ERR_OK);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_true(token_id_is_valid(slice_of(a)));
}

TEST(token_id_has_twelve_digits)
{
    assert_true(token_id_is_valid(slice_of("0123456789aZ")));
    assert_false(token_id_is_valid(slice_of("0123456789a")));
    assert_false(token_id_is_valid(slice_of("0123456789a_")));
    assert_false(token_id_is_valid(slice_of("0123456789abc")));
    assert_false(token_id_is_valid((struct slice){NULL, 0}));
}
