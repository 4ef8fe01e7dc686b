/* number: see number.h. Takes the digits as one row, and moves the point as the exponent says. */
#include "text/number.h"

#include <stdbool.h>

#define EXPONENT_MAX INT64_C(1000000000000) /* larger ones mean the same */

/* A parsed number. */
struct parts {
    bool negative;
    struct slice whole; /* digits before the point */
    struct slice fraction;
    int64_t exponent;
};

static struct slice take_digits(struct slice *rest)
{
    struct slice digits = {rest->data, 0};
    while (digits.len < rest->len && digits.data[digits.len] >= '0' && digits.data[digits.len] <= '9') {
        digits.len++;
    }
    rest->data += digits.len;
    rest->len -= digits.len;
    return digits;
}

/* Take the character off rest. Returns false if rest does not begin with it. */
static bool take_char(struct slice *rest, char c)
{
    if (rest->len == 0 || rest->data[0] != c) {
        return false;
    }
    rest->data++;
    rest->len--;
    return true;
}

static bool take_exponent(struct slice *rest, int64_t *exponent)
{
    bool negative = take_char(rest, '-');
    if (!negative) {
        (void)take_char(rest, '+');
    }
    struct slice digits = take_digits(rest);
    for (size_t i = 0; i < digits.len && *exponent < EXPONENT_MAX; i++) {
        *exponent = *exponent * 10 + (digits.data[i] - '0');
    }
    *exponent = negative ? -*exponent : *exponent;
    return digits.len > 0;
}

static bool split(struct slice rest, struct parts *out)
{
    *out = (struct parts){.negative = take_char(&rest, '-')};
    out->whole = take_digits(&rest);
    if (out->whole.len == 0) {
        return false;
    }
    if (take_char(&rest, '.')) {
        out->fraction = take_digits(&rest);
        if (out->fraction.len == 0) {
            return false;
        }
    }
    if ((take_char(&rest, 'e') || take_char(&rest, 'E')) && !take_exponent(&rest, &out->exponent)) {
        return false;
    }
    return rest.len == 0;
}

/* The digit at an index of the row that both parts make. */
static int digit_at(const struct parts *parts, size_t at)
{
    size_t head = parts->whole.len;
    return (at < head ? parts->whole.data[at] : parts->fraction.data[at - head]) - '0';
}

/* Append a digit to value. Returns false if the result does not fit. */
static bool push(int64_t *value, int digit, bool negative)
{
    return !__builtin_mul_overflow(*value, 10, value) &&
           !__builtin_add_overflow(*value, negative ? -digit : digit, value);
}

enum number_kind number_read(struct slice text, int64_t *value)
{
    struct parts parts;
    *value = 0;
    if (text.data == NULL || !split(text, &parts)) {
        return NUMBER_NONE;
    }
    size_t first = 0;
    size_t end = parts.whole.len + parts.fraction.len;
    int64_t exponent = parts.exponent - (int64_t)parts.fraction.len;
    while (first < end && digit_at(&parts, first) == 0) {
        first++;
    }
    while (end > first && digit_at(&parts, end - 1) == 0) {
        end--;
        exponent++;
    }
    if (first == end) {
        return NUMBER_WHOLE;
    }
    if (exponent < 0) {
        return NUMBER_FRACTION;
    }
    bool fits = true;
    for (size_t at = first; fits && at < end; at++) {
        fits = push(value, digit_at(&parts, at), parts.negative);
    }
    for (; fits && exponent > 0; exponent--) {
        fits = push(value, 0, parts.negative);
    }
    *value = fits ? *value : parts.negative ? INT64_MIN : INT64_MAX;
    return fits ? NUMBER_WHOLE : NUMBER_WIDE;
}
