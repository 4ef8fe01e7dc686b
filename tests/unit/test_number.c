/* number: numbers in decimal, and the whole numbers that they are. */
#include "text/number.h"

#include "test.h"

TEST(number_tells_whole_numbers_exactly)
{
    static const struct {
        const char *text;
        enum number_kind kind;
        int64_t value;
    } TABLE[] = {
        {"0", NUMBER_WHOLE, 0},
        {"-0", NUMBER_WHOLE, 0},
        {"-0.000e99999999999999999999", NUMBER_WHOLE, 0},
        {"7", NUMBER_WHOLE, 7},
        {"007", NUMBER_WHOLE, 7},
        {"-12", NUMBER_WHOLE, -12},
        {"5000.0", NUMBER_WHOLE, 5000},
        {"5e3", NUMBER_WHOLE, 5000},
        {"5E+3", NUMBER_WHOLE, 5000},
        {"5000e-3", NUMBER_WHOLE, 5},
        {"0.005e3", NUMBER_WHOLE, 5},
        {"1.50e1", NUMBER_WHOLE, 15},
        {"9007199254740993.0", NUMBER_WHOLE, INT64_C(9007199254740993)},
        {"9223372036854775807", NUMBER_WHOLE, INT64_MAX},
        {"9223372036854775807.000", NUMBER_WHOLE, INT64_MAX},
        {"-9223372036854775808.0", NUMBER_WHOLE, INT64_MIN},
        {"922337203685477580.7e1", NUMBER_WHOLE, INT64_MAX},
        {"100000000000000000000000000000000000000e-37", NUMBER_WHOLE, 10},
        {"9223372036854775808", NUMBER_WIDE, INT64_MAX},
        {"-9223372036854775809", NUMBER_WIDE, INT64_MIN},
        {"1e19", NUMBER_WIDE, INT64_MAX},
        {"1e400", NUMBER_WIDE, INT64_MAX},
        {"-1e99999999999999999999999", NUMBER_WIDE, INT64_MIN},
        {"1.5", NUMBER_FRACTION, 0},
        {"9007199254740993.5", NUMBER_FRACTION, 0},
        {"5e-1", NUMBER_FRACTION, 0},
        {"1e-400", NUMBER_FRACTION, 0},
        {"1e-99999999999999999999999", NUMBER_FRACTION, 0},
        {"0.9999999999999999999999999999", NUMBER_FRACTION, 0},
        {"", NUMBER_NONE, 0},
        {"-", NUMBER_NONE, 0},
        {"+1", NUMBER_NONE, 0},
        {" 1", NUMBER_NONE, 0},
        {"1 ", NUMBER_NONE, 0},
        {"1.", NUMBER_NONE, 0},
        {".5", NUMBER_NONE, 0},
        {"1e", NUMBER_NONE, 0},
        {"1e+", NUMBER_NONE, 0},
        {"1e-+1", NUMBER_NONE, 0},
        {"1.0.0", NUMBER_NONE, 0},
        {"0x10", NUMBER_NONE, 0},
        {"NaN", NUMBER_NONE, 0},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        int64_t value = 99;
        enum number_kind kind = number_read(slice_of(TABLE[i].text), &value);
        if (kind != TABLE[i].kind || value != TABLE[i].value) {
            fail_msg("%s: kind %d, value %lld", TABLE[i].text, (int)kind, (long long)value);
        }
    }
}

TEST(number_of_nothing_and_with_a_nul_is_none)
{
    int64_t value;
    assert_int_equal(number_read((struct slice){NULL, 0}, &value), NUMBER_NONE);
    assert_int_equal(number_read((struct slice){"1\0", 2}, &value), NUMBER_NONE);
}
