/* utf8: see utf8.h. Decodes by the ranges of RFC 3629, section 4. Does not repair, does not normalise. */
#include "base/utf8.h"

static unsigned byte_at(const char *text, size_t pos)
{
    return (unsigned char)text[pos];
}

/* The length of a character that starts with this byte; 0 if none does. */
static size_t length_of(unsigned lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *code_point)
{
    static const uint32_t SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = len > 0 ? length_of(byte_at(text, 0)) : 0;
    if (need == 0 || need > len) {
        return 0;
    }
    uint32_t value = need == 1 ? byte_at(text, 0) : byte_at(text, 0) & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((byte_at(text, i) & 0xC0) != 0x80) {
            return 0;
        }
        value = value << 6 | (byte_at(text, i) & 0x3F);
    }
    if (value < SMALLEST[need] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
        return 0;
    }
    *code_point = value;
    return need;
}

size_t utf8_cut(const char *text, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned byte = byte_at(text, len - back);
        if ((byte & 0xC0) != 0x80) {
            return length_of(byte) > back ? len - back : len;
        }
    }
    return len;
}
