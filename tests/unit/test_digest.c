/* Digests against the published test vectors, and hexadecimal there and back. */
#include "text/digest.h"

#include "test.h"

#include <string.h>

TEST(digest_sha256_of_known_texts)
{
    static const struct {
        const char *text, *hex;
    } TABLE[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        uint8_t digest[DIGEST_SHA256_SIZE];
        char hex[2 * DIGEST_SHA256_SIZE + 1];
        assert_int_equal(digest_sha256(digest, TABLE[i].text, strlen(TABLE[i].text)), ERR_OK);
        digest_hex(hex, digest, sizeof digest);
        assert_string_equal(hex, TABLE[i].hex);
    }
}

TEST(digest_sha1_of_known_texts)
{
    static const struct {
        const char *text, *hex;
    } TABLE[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"return 1", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"}, /* as SCRIPT LOAD answers it */
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        uint8_t digest[DIGEST_SHA1_SIZE];
        char hex[2 * DIGEST_SHA1_SIZE + 1];
        assert_int_equal(digest_sha1(digest, TABLE[i].text, strlen(TABLE[i].text)), ERR_OK);
        digest_hex(hex, digest, sizeof digest);
        assert_string_equal(hex, TABLE[i].hex);
    }
}

TEST(digest_counts_every_byte)
{
    uint8_t one[DIGEST_SHA256_SIZE];
    uint8_t two[DIGEST_SHA256_SIZE];
    assert_int_equal(digest_sha256(one, "a\0b", 3), ERR_OK);
    assert_int_equal(digest_sha256(two, "a\0c", 3), ERR_OK);
    assert_memory_not_equal(one, two, sizeof one);
    assert_int_equal(digest_sha256(one, NULL, 0), ERR_OK);
    assert_int_equal(digest_sha256(two, "", 0), ERR_OK);
    assert_memory_equal(one, two, sizeof one);
}

TEST(digest_hex_goes_there_and_back)
{
    uint8_t bytes[256];
    uint8_t back[256];
    char hex[513];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    digest_hex(hex, bytes, sizeof bytes);
    assert_int_equal(strlen(hex), 512);
    assert_memory_equal(hex, "000102", 6);
    assert_true(digest_unhex(back, sizeof back, hex, 512));
    assert_memory_equal(bytes, back, sizeof bytes);
    digest_hex(hex, bytes, 0);
    assert_string_equal(hex, "");
}

TEST(digest_unhex_refuses_all_but_lower_case_of_the_right_length)
{
    static const char *const BAD[] = {"",     "0",    "012",  "01234", "012345",
                                      "0g12", "00 1", "ABCD", "0x12",  "00-1"};
    uint8_t out[2];
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_false(digest_unhex(out, sizeof out, BAD[i], strlen(BAD[i])));
    }
    assert_true(digest_unhex(out, sizeof out, "00ff", 4));
    assert_int_equal(out[1], 0xFF);
    assert_true(digest_unhex(out, 0, "", 0));
}
