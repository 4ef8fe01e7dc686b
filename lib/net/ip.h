/* ip: IP addresses: reading and writing them, which class each belongs to, and which IPv4 addresses an IPv6 address
 * embeds. Ranges of addresses (10.0.0.0/8) as well.
 *
 * The classes follow IANA's registries of special-purpose addresses. An IPv6 address that embeds an IPv4 address may
 * lead to that one, through a gateway or through the machine itself, so it has the stricter class of the two.
 *
 * Pure; any thread. Depends only on libc.
 */
#ifndef DRONC_IP_H
#define DRONC_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_TEXT_SIZE    46 /* the longest text, with the NUL */
#define IP_EMBEDDED_MAX 5  /* IPv4 addresses that one IPv6 address may embed, as far as anyone can tell */

/* IPv4 in the first four bytes, the others zero. */
struct ip {
    bool is_v6;
    uint8_t bytes[16];
};

/* From the least to the most strict. */
enum ip_class {
    IP_PUBLIC,
    IP_PRIVATE,  /* 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 */
    IP_LOOPBACK, /* 127/8, ::1 */
    IP_SPECIAL,  /* 0.0.0.0, documentation, multicast, …; IPv6 outside 2000::/3 */
    IP_NEVER,    /* link-local (169.254/16, fe80::/10), and where clouds serve metadata and credentials */
    IP_CLASS__COUNT
};

/* Read an address: IPv4 as four decimal numbers, or IPv6 without brackets and zone. Returns false if text is
 * anything else. */
bool ip_parse(struct ip *out, const char *text, size_t len);
/* out: "192.0.2.1", "2001:db8::1". */
void ip_format(char out[IP_TEXT_SIZE], const struct ip *ip);

enum ip_class ip_class_of(const struct ip *ip);
/* The class that ip would have if it embedded no address. */
enum ip_class ip_class_outside(const struct ip *ip);
/* "a private address", … Static. */
const char *ip_class_phrase(enum ip_class class);

/* The IPv4 addresses that ip embeds: mapped (::ffff:a.b.c.d), compatible (::a.b.c.d), translated (::ffff:0:a.b.c.d),
 * NAT64 (64:ff9b::/96; 64:ff9b:1::/48 in each of RFC 6052's forms), 6to4 (2002::/16), Teredo (2001::/32: server and
 * client), ISATAP. Returns their number. */
size_t ip_embedded(const struct ip *ip, struct ip out[IP_EMBEDDED_MAX]);

/* The addresses whose first `bits` bits are those of first. */
struct ip_range {
    struct ip first;
    unsigned bits;
};

/* Read a range, or an address, which is a range of one. Returns false if text is anything else, such as a range that
 * does not begin with its first address ("10.1.2.3/8"). A range of mapped addresses becomes one of IPv4. */
bool ip_range_parse(struct ip_range *out, const char *text, size_t len);
/* Returns true if ip itself is in range; what it embeds does not count. */
bool ip_range_has(const struct ip_range *range, const struct ip *ip);

#endif
