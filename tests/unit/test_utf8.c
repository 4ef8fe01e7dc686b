/* Characters and what is none, by RFC 3629; and where a text may be cut. */
#include "base/utf8.h"

#include "test.h"

#include <string.h>

TEST(utf8_decode_reads_characters_of_every_length)
{
    static const struct {
        const char *text;
        size_t len;
        uint32_t code_point;
    } TABLE[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7F},
        {"\xC2\x80", 2, 0x80},
        {"\xDF\xBF", 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 0x800},
        {"\xED\x9F\xBF", 3, 0xD7FF},
        {"\xEE\x80\x80", 3, 0xE000},
        {"\xEF\xBF\xBF", 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
        {"\xC3\xBC more", 2, 0xFC},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        uint32_t code_point = 0;
        assert_int_equal(utf8_decode(TABLE[i].text, strlen(TABLE[i].text), &code_point), TABLE[i].len);
        assert_int_equal(code_point, TABLE[i].code_point);
    }
    uint32_t code_point = 1;
    assert_int_equal(utf8_decode("\0", 1, &code_point), 1); /* NUL is a character like any other */
    assert_int_equal(code_point, 0);
}

TEST(utf8_decode_refuses_what_is_no_character)
{
    static const char *const BAD[] = {
        "",                 /* nothing */
        "\x80",             /* a continuation byte without a lead */
        "\xBF",             /* the same */
        "\xC3",             /* cut off */
        "\xE2\x82",         /* cut off */
        "\xF0\x9F\x98",     /* cut off */
        "\xC3z",            /* no continuation byte */
        "\xE2\x82z",        /* the same */
        "\xC0\x80",         /* overlong NUL */
        "\xC1\xBF",         /* overlong */
        "\xE0\x9F\xBF",     /* overlong */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80",     /* a surrogate */
        "\xED\xBF\xBF",     /* the last surrogate */
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xF5\x80\x80\x80", /* the same */
        "\xFE",             /* never a lead */
        "\xFF",             /* the same */
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        uint32_t code_point;
        assert_int_equal(utf8_decode(BAD[i], strlen(BAD[i]), &code_point), 0);
    }
}

TEST(utf8_cut_keeps_characters_whole)
{
    static const struct {
        const char *text;
        size_t len, want;
    } TABLE[] = {
        {"abc", 3, 3},
        {"abc", 0, 0},
        {"a\xC3\xBC", 3, 3},
        {"a\xC3\xBC", 2, 1},
        {"a\xE2\x82\xAC", 4, 4},
        {"a\xE2\x82\xAC", 3, 1},
        {"a\xE2\x82\xAC", 2, 1},
        {"a\xF0\x9F\x98\x80", 5, 5},
        {"a\xF0\x9F\x98\x80", 4, 1},
        {"a\xF0\x9F\x98\x80", 3, 1},
        {"a\xF0\x9F\x98\x80", 2, 1},
        {"\x80\x80\x80\x80\x80", 5, 5}, /* no character anywhere: nothing to keep whole */
        {"\xC3", 1, 0},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_int_equal(utf8_cut(TABLE[i].text, TABLE[i].len), TABLE[i].want);
    }
}
