/* base64: see base64.h. */
#include "text/base64.h"

void base64_encode(struct buffer *out, struct slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t count = bytes.len - i < 3 ? bytes.len - i : 3;
        unsigned bits = 0;
        char group[] = "====";
        for (size_t k = 0; k < 3; k++) {
            bits = bits << 8 | (k < count ? (unsigned char)bytes.data[i + k] : 0U);
        }
        for (size_t k = 0; k <= count; k++) {
            group[k] = digits[bits >> (18 - 6 * k) & 0x3F];
        }
        buffer_add(out, group, 4);
    }
}

/* The six bits that c stands for; -1 if it is not in the alphabet. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The number of '=' at the end: 0 to 2. */
static size_t padding_of(struct slice text)
{
    if (text.len == 0 || text.data[text.len - 1] != '=') {
        return 0;
    }
    return text.data[text.len - 2] == '=' ? 2 : 1;
}

bool base64_check(struct slice text, size_t *len)
{
    if (text.len % 4 != 0) {
        return false;
    }
    size_t padding = padding_of(text);
    size_t digits = text.len - padding;
    for (size_t i = 0; i < digits; i++) {
        if (value_of(text.data[i]) < 0) {
            return false;
        }
    }
    int unused = padding == 2 ? 0xF : padding == 1 ? 0x3 : 0; /* bits of the last digit */
    if (digits > 0 && (value_of(text.data[digits - 1]) & unused) != 0) {
        return false;
    }
    *len = text.len / 4 * 3 - padding;
    return true;
}

void base64_decode(struct buffer *out, struct slice text)
{
    size_t digits = text.len - padding_of(text);
    unsigned bits = 0;
    for (size_t i = 0; i < digits; i++) {
        bits = bits << 6 | ((unsigned)value_of(text.data[i]) & 0x3F);
        if (i % 4 != 0) {
            unsigned left = 6 - 2 * (unsigned)(i % 4); /* bits that belong to the next byte */
            buffer_add_char(out, (char)(unsigned char)(bits >> left & 0xFF));
        }
    }
}
