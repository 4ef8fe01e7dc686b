/* ip: see ip.h. The tables of ranges, and where IPv6 addresses keep an IPv4 address. */
#include "net/ip.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/* ---- text ---- */

bool ip_parse(struct ip *out, const char *text, size_t len)
{
    char copy[IP_TEXT_SIZE];
    *out = (struct ip){0};
    if (len == 0 || len >= sizeof copy || memchr(text, '\0', len) != NULL) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    out->is_v6 = memchr(copy, ':', len) != NULL;
    return inet_pton(out->is_v6 ? AF_INET6 : AF_INET, copy, out->bytes) == 1;
}

void ip_format(char out[IP_TEXT_SIZE], const struct ip *ip)
{
    if (inet_ntop(ip->is_v6 ? AF_INET6 : AF_INET, ip->bytes, out, IP_TEXT_SIZE) == NULL) {
        out[0] = '\0';
    }
}

/* ---- ranges ---- */

static unsigned width_of(const struct ip *ip)
{
    return ip->is_v6 ? 128 : 32;
}

/* True if the first bits bits of both are the same. */
static bool begin_alike(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    uint8_t mask = (uint8_t)(0xFF00U >> rest);
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

bool ip_range_has(const struct ip_range *range, const struct ip *ip)
{
    return range->first.is_v6 == ip->is_v6 && begin_alike(range->first.bytes, ip->bytes, range->bits);
}

/* Returns false if text is not a number from 0 to max in at most three digits. */
static bool read_bits(unsigned *out, const char *text, size_t len, unsigned max)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *out = *out * 10 + (unsigned)(text[i] - '0');
    }
    return len > 0 && len <= 3 && (text[0] != '0' || len == 1) && *out <= max;
}

static bool is_first_of(const struct ip *ip, unsigned bits)
{
    for (unsigned bit = bits; bit < width_of(ip); bit++) {
        if ((ip->bytes[bit / 8] & (0x80U >> bit % 8)) != 0) {
            return false;
        }
    }
    return true;
}

static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};

static struct ip v4_of(const uint8_t bytes[4])
{
    struct ip ip = {0};
    memcpy(ip.bytes, bytes, 4);
    return ip;
}

bool ip_range_parse(struct ip_range *out, const char *text, size_t len)
{
    const char *slash = memchr(text, '/', len);
    size_t address = slash != NULL ? (size_t)(slash - text) : len;
    if (!ip_parse(&out->first, text, address)) {
        return false;
    }
    out->bits = width_of(&out->first);
    if (slash != NULL && !read_bits(&out->bits, slash + 1, len - address - 1, out->bits)) {
        return false;
    }
    if (!is_first_of(&out->first, out->bits)) {
        return false;
    }
    if (out->first.is_v6 && out->bits >= 96 && memcmp(out->first.bytes, mapped, sizeof mapped) == 0) {
        *out = (struct ip_range){v4_of(out->first.bytes + 12), out->bits - 96};
    }
    return true;
}

/* ---- classes ---- */

struct row {
    uint8_t first[16];
    unsigned bits;
    enum ip_class class;
};

/* The first row that has an address decides. */
static const struct row v4_rows[] = {
    {{169, 254}, 16, IP_NEVER},
    {{168, 63, 129, 16}, 32, IP_NEVER},   /* Azure's WireServer */
    {{100, 100, 100, 200}, 32, IP_NEVER}, /* Alibaba's metadata */
    {{192, 0, 0, 192}, 32, IP_NEVER},     /* Oracle's metadata */
    {{127}, 8, IP_LOOPBACK},
    {{10}, 8, IP_PRIVATE},
    {{172, 16}, 12, IP_PRIVATE},
    {{192, 168}, 16, IP_PRIVATE},
    {{100, 64}, 10, IP_PRIVATE},      /* of carriers */
    {{0}, 8, IP_SPECIAL},             /* Linux takes 0.0.0.0 for loopback */
    {{192, 0, 0}, 24, IP_SPECIAL},    /* protocol assignments */
    {{192, 0, 2}, 24, IP_SPECIAL},    /* documentation */
    {{192, 31, 196}, 24, IP_SPECIAL}, /* AS112 */
    {{192, 52, 193}, 24, IP_SPECIAL}, /* AMT */
    {{192, 88, 99}, 24, IP_SPECIAL},  /* 6to4 relays */
    {{192, 175, 48}, 24, IP_SPECIAL}, /* AS112 */
    {{198, 18}, 15, IP_SPECIAL},      /* benchmarks */
    {{198, 51, 100}, 24, IP_SPECIAL}, /* documentation */
    {{203, 0, 113}, 24, IP_SPECIAL},  /* documentation */
    {{224}, 3, IP_SPECIAL},           /* multicast, reserved, broadcast */
    {{0}, 0, IP_PUBLIC},
};

static const struct row v6_rows[] = {
    {{0xFE, 0x80}, 10, IP_NEVER},
    {{0xFD, 0x00, 0x0E, 0xC2, [14] = 0x02, [15] = 0x54},
     128,
     IP_NEVER},                                             /* fd00:ec2::254: Amazon's metadata */
    {{0xFD, 0x00, 0x0E, 0xC2, [15] = 0x23}, 128, IP_NEVER}, /* fd00:ec2::23: credentials of pods there */
    {{0xFD, 0x20, 0x00, 0xCE, [14] = 0x02, [15] = 0x54}, 128, IP_NEVER}, /* fd20:ce::254: Google's metadata */
    {{[15] = 1}, 128, IP_LOOPBACK},
    {{0xFC}, 7, IP_PRIVATE},
    {{[10] = 0xFF, [11] = 0xFF}, 96, IP_PUBLIC},      /* mapped: what it embeds decides alone */
    {{0x20, 0x01, 0x0D, 0xB8}, 32, IP_SPECIAL},       /* documentation */
    {{0x20, 0x01}, 23, IP_SPECIAL},                   /* protocol assignments: Teredo, ORCHID, … */
    {{0x20, 0x02}, 16, IP_SPECIAL},                   /* 6to4 */
    {{0x26, 0x20, 0x00, 0x4F, 0x80}, 48, IP_SPECIAL}, /* AS112 */
    {{0x3F, 0xFF}, 20, IP_SPECIAL},                   /* documentation */
    {{0x20}, 3, IP_PUBLIC},
    {{0}, 0, IP_SPECIAL},
};

enum ip_class ip_class_outside(const struct ip *ip)
{
    const struct row *row = ip->is_v6 ? v6_rows : v4_rows;
    while (!begin_alike(row->first, ip->bytes, row->bits)) {
        row++;
    }
    return row->class;
}

enum ip_class ip_class_of(const struct ip *ip)
{
    struct ip inside[IP_EMBEDDED_MAX];
    enum ip_class class = ip_class_outside(ip);
    size_t count = ip_embedded(ip, inside);
    for (size_t i = 0; i < count; i++) {
        enum ip_class other = ip_class_outside(&inside[i]);
        class = other > class ? other : class;
    }
    return class;
}

const char *ip_class_phrase(enum ip_class class)
{
    static const char *const phrases[IP_CLASS__COUNT] = {
        [IP_PUBLIC] = "a public address",
        [IP_PRIVATE] = "a private address",
        [IP_LOOPBACK] = "a loopback address",
        [IP_SPECIAL] = "a special-purpose address",
        [IP_NEVER] = "a link-local or metadata address",
    };
    return phrases[class];
}

/* ---- embedded addresses ---- */

/* Where an address that begins like first has an IPv4 address: the indices of its bytes. */
struct form {
    uint8_t first[16];
    unsigned bits;
    uint8_t at[4];
    uint8_t flip;  /* each of its bytes is written with these bits flipped */
    bool is_guess; /* one of several forms of the same prefix */
};

static const struct form forms[] = {
    {{[10] = 0xFF, [11] = 0xFF}, 96, {12, 13, 14, 15}, 0, false}, /* mapped */
    {{0}, 96, {12, 13, 14, 15}, 0, false},                        /* compatible */
    {{[8] = 0xFF, [9] = 0xFF}, 96, {12, 13, 14, 15}, 0, false},   /* translated */
    {{0x00, 0x64, 0xFF, 0x9B}, 96, {12, 13, 14, 15}, 0, false},   /* NAT64 */
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01},
     48,
     {6, 7, 9, 10},
     0,
     true}, /* NAT64 of a site, by a prefix of 48 bits */
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, {7, 9, 10, 11}, 0, true},   /* 56 */
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, {9, 10, 11, 12}, 0, true},  /* 64 */
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, {12, 13, 14, 15}, 0, true}, /* 96 */
    {{0x20, 0x02}, 16, {2, 3, 4, 5}, 0, false},                            /* 6to4 */
    {{0x20, 0x01, 0x00, 0x00}, 32, {4, 5, 6, 7}, 0, false},                /* Teredo: its server */
    {{0x20, 0x01, 0x00, 0x00}, 32, {12, 13, 14, 15}, 0xFF, false},         /* Teredo: its client */
};

static struct ip embedded_at(const struct ip *ip, const struct form *form)
{
    uint8_t bytes[4];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = ip->bytes[form->at[i]] ^ form->flip;
    }
    return v4_of(bytes);
}

/* Of any prefix: its last 8 bytes are 0000:5efe or 0200:5efe, and the address (RFC 5214). */
static bool is_isatap(const struct ip *ip)
{
    const uint8_t *id = ip->bytes + 8;
    return (id[0] & 0xFD) == 0 && id[1] == 0 && id[2] == 0x5E && id[3] == 0xFE;
}

/* ::/96 has two addresses that embed none. */
static bool is_plain(const struct ip *ip)
{
    static const uint8_t zeros[15] = {0};
    return memcmp(ip->bytes, zeros, sizeof zeros) == 0 && ip->bytes[15] <= 1;
}

size_t ip_embedded(const struct ip *ip, struct ip out[IP_EMBEDDED_MAX])
{
    size_t count = 0;
    if (!ip->is_v6 || is_plain(ip)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct ip inside = embedded_at(ip, &forms[i]);
        bool is_wrong = forms[i].is_guess && inside.bytes[0] == 0; /* no gateway leads to 0.0.0.0/8 */
        if (begin_alike(forms[i].first, ip->bytes, forms[i].bits) && !is_wrong) {
            out[count++] = inside;
        }
    }
    if (is_isatap(ip)) {
        out[count++] = v4_of(ip->bytes + 12);
    }
    return count;
}
