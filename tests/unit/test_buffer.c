/* Buffers that grow, meet their limit and stay whole; slices and the numbers in them. */
#include "base/buffer.h"

#include "test.h"

#include <string.h>

/* AddressSanitizer ends the program at an allocation that no machine can give, unless told otherwise. */
const char *__asan_default_options(void); // NOLINT(bugprone-reserved-identifier)
const char *__asan_default_options(void)  // NOLINT(bugprone-reserved-identifier)
{
    return "allocator_may_return_null=1";
}

TEST(buffer_zero_initialised_is_empty)
{
    struct buffer b = {0};
    assert_string_equal(buffer_str(&b), "");
    assert_null(b.data);
    assert_int_equal(buffer_error(&b), ERR_OK);
    buffer_fini(&b);
}

TEST(buffer_appends_of_every_kind)
{
    struct buffer b = {0};
    buffer_add(&b, "ab\0c", 4);
    buffer_add_char(&b, '-');
    buffer_add_str(&b, "text");
    buffer_add_i64(&b, -7);
    buffer_printf(&b, "[%s:%03d]", "x", 5);
    assert_int_equal(b.len, 4 + 1 + 4 + 2 + 7);
    assert_memory_equal(buffer_str(&b), "ab\0c-text-7[x:005]", b.len + 1);
    buffer_fini(&b);
}

TEST(buffer_empty_piece_makes_an_empty_string)
{
    struct buffer b = {0};
    buffer_add(&b, NULL, 0);
    assert_non_null(b.data);
    assert_string_equal(b.data, "");
    buffer_fini(&b);
}

TEST(buffer_writes_all_of_int64)
{
    static const struct {
        int64_t value;
        const char *text;
    } TABLE[] = {
        {0, "0"},
        {9, "9"},
        {10, "10"},
        {-1, "-1"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct buffer b = {0};
        buffer_add_i64(&b, TABLE[i].value);
        assert_string_equal(buffer_str(&b), TABLE[i].text);
        buffer_fini(&b);
    }
}

TEST(buffer_takes_exactly_its_limit)
{
    struct buffer b;
    buffer_init(&b, 5);
    buffer_add_str(&b, "12345");
    assert_int_equal(buffer_error(&b), ERR_OK);
    buffer_add_char(&b, '6');
    assert_int_equal(buffer_error(&b), ERR_LIMIT);
    assert_string_equal(buffer_str(&b), "12345");
    buffer_fini(&b);
}

TEST(buffer_never_appends_half_a_piece)
{
    struct buffer b;
    buffer_init(&b, 6);
    buffer_add_str(&b, "123");
    buffer_add_str(&b, "4567");
    assert_string_equal(buffer_str(&b), "123");
    buffer_clear(&b);
    buffer_printf(&b, "%s", "1234567");
    assert_int_equal(buffer_error(&b), ERR_LIMIT);
    assert_string_equal(buffer_str(&b), "");
    buffer_fini(&b);
}

TEST(buffer_remembers_the_first_failure_until_cleared)
{
    struct buffer b;
    buffer_init(&b, 3);
    buffer_add_str(&b, "1234");
    buffer_add_str(&b, "12"); /* would fit, but the text would have a hole */
    assert_int_equal(b.len, 0);
    assert_int_equal(buffer_error(&b), ERR_LIMIT);
    buffer_clear(&b);
    buffer_add_str(&b, "12");
    assert_int_equal(buffer_error(&b), ERR_OK);
    assert_string_equal(buffer_str(&b), "12");
    buffer_fini(&b);
}

TEST(buffer_survives_a_refused_allocation)
{
    struct buffer b = {0};
    buffer_add_str(&b, "kept");
    buffer_add(&b, "x", PTRDIFF_MAX); /* no allocator gives that; nothing is read */
    assert_int_equal(buffer_error(&b), ERR_NOMEM);
    assert_string_equal(buffer_str(&b), "kept");
    buffer_clear(&b);
    buffer_add(&b, "x", SIZE_MAX); /* with the NUL this is no size at all */
    assert_int_equal(buffer_error(&b), ERR_LIMIT);
    buffer_fini(&b);
}

TEST(buffer_clear_keeps_memory_and_fini_gives_it_back)
{
    struct buffer b;
    buffer_init(&b, 100);
    buffer_add_str(&b, "text");
    size_t size = b.size;
    buffer_clear(&b);
    assert_string_equal(buffer_str(&b), "");
    assert_int_equal(b.size, size);
    buffer_fini(&b);
    assert_null(b.data);
    assert_int_equal(b.limit, 100);
    buffer_add_str(&b, "again");
    assert_string_equal(buffer_str(&b), "again");
    buffer_fini(&b);
}

TEST(buffer_grows_to_a_megabyte)
{
    struct buffer b = {0};
    for (size_t i = 0; i < 1 << 20; i++) {
        buffer_add_char(&b, (char)('a' + i % 26));
    }
    assert_int_equal(buffer_error(&b), ERR_OK);
    assert_int_equal(b.len, 1 << 20);
    assert_int_equal(b.data[(1 << 20) - 1], 'a' + ((1 << 20) - 1) % 26);
    assert_int_equal(b.data[b.len], '\0');
    buffer_fini(&b);
}

TEST(slice_eq_compares_bytes)
{
    assert_true(slice_eq(slice_of("abc"), "abc"));
    assert_false(slice_eq(slice_of("abc"), "ab"));
    assert_false(slice_eq(slice_of("ab"), "abc"));
    assert_false(slice_eq((struct slice){"ab\0", 3}, "ab"));
    assert_true(slice_eq(slice_of(""), ""));
    assert_false(slice_eq((struct slice){NULL, 0}, "")); /* nothing is not an empty piece */
    assert_null(slice_of(NULL).data);
}

TEST(slice_i64_reads_whole_numbers_only)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } TABLE[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"42", true, 42},
        {"-42", true, -42},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"--1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1x", false, 0},
        {"0x10", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        int64_t value = 12345;
        assert_int_equal(slice_i64(slice_of(TABLE[i].text), &value), TABLE[i].good);
        assert_int_equal(value, TABLE[i].good ? TABLE[i].value : 12345);
    }
    int64_t value;
    assert_false(slice_i64((struct slice){"1\0", 2}, &value));
    assert_false(slice_i64((struct slice){NULL, 0}, &value));
}
