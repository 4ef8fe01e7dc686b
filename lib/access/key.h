/* key: an API key as Redis keeps it, and whether it lets a request in.
 *
 * A client proves that it has a key by a token, of which only the digest is kept, or by a client certificate
 * that the web server has verified, which the key names. A rotated key has two digests for a while.
 *
 * Owns what a stored key means, the judgement, and that a key gives no more than it has. Leaves reading Redis
 * to lib/store, and the request to fcgi. Pure; any thread.
 */
#ifndef DRONC_KEY_H
#define DRONC_KEY_H

#include "access/token.h"
#include "base/clock.h"
#include "net/ip.h"
#include "text/digest.h"

#include <stdbool.h>

#define KEY_NAME_MAX   64  /* bytes */
#define KEY_DN_MAX     512 /* bytes, of the name in a certificate */
#define KEY_RANGES_MAX 16  /* that a key may come from */
#define KEY_FROM_MAX   800 /* bytes of these as text */

/* A key as it is kept: texts and numbers as text. Borrowed; data NULL: not there. */
struct key_fields {
    struct slice id;
    struct slice name;
    struct slice scopes;
    struct slice hash;        /* DIGEST_SHA256_SIZE bytes */
    struct slice hash2;       /* of the token before the last rotation */
    struct slice hash2_until; /* ms, as all instants */
    struct slice dn;
    struct slice from; /* ranges, separated by commas */
    struct slice not_before;
    struct slice expires;
    struct slice created;
    struct slice revoked;
    struct slice by;
    struct slice used; /* days since 1970 */
};

/* The same, read. An instant of 0: none. Owns all that it holds. */
struct key {
    char id[TOKEN_ID_SIZE];
    unsigned scopes;
    bool has_hash;
    uint8_t hash[DIGEST_SHA256_SIZE];
    uint8_t hash2[DIGEST_SHA256_SIZE]; /* counts until hash2_until */
    struct wall_ms hash2_until;
    uint8_t dn[DIGEST_SHA256_SIZE]; /* digest of the name; counts if has_dn */
    bool has_dn;
    size_t range_count; /* 0: from everywhere */
    struct ip_range ranges[KEY_RANGES_MAX];
    struct wall_ms not_before;
    struct wall_ms expires;
    struct wall_ms revoked;
    int64_t used;
};

/* What a client shows. */
struct key_proof {
    struct slice token;  /* data NULL: none */
    struct slice dn;     /* of a certificate that was verified; data NULL: none */
    struct slice source; /* the address that it comes from */
};

enum key_verdict {
    KEY_GOOD,
    KEY_UNKNOWN, /* no key, or not proven */
    KEY_REVOKED, /* the others: it has the key, and the key does not help */
    KEY_EXPIRED,
    KEY_TOO_EARLY,
    KEY_MISSING,   /* nothing was shown */
    KEY_ELSEWHERE, /* it may not come from this address */
};

/* Read a key. Returns false if what is kept is malformed: then no request passes for it. */
NODISCARD bool key_read(struct key *out, const struct key_fields *fields);

/* Does the client have the key, and does the key let it in now? */
enum key_verdict key_judge(const struct key *key, const struct key_proof *proof, struct wall_ms now);

/* Does own allow all that other does, from everywhere that other may come from, and as long? */
bool key_covers(const struct key *own, const struct key *other);

/* Read ranges, "10.0.0.0/8,2001:db8::/32". Returns their number; 0 if there are none, more than
 * KEY_RANGES_MAX, or one is malformed. */
size_t key_ranges_read(struct ip_range out[KEY_RANGES_MAX], struct slice list);

/* Append the ranges of a key, as key_ranges_read reads them. */
void key_ranges_write(struct buffer *out, const struct key *key);

/* Is text a name for a key: 1 to KEY_NAME_MAX bytes of visible ASCII and spaces? */
bool key_name_is_valid(struct slice text);

/* The day of an instant, as `used` has it. */
int64_t key_day_of(struct wall_ms at);

#endif
