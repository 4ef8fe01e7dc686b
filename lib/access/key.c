/* key: see key.h. */
#include "access/key.h"

#include "access/scope.h"

#include <string.h>

#define DAY_MS 86400000

static bool read_instant(struct wall_ms *out, struct slice text)
{
    out->ms = 0;
    return text.data == NULL || (slice_i64(text, &out->ms) && out->ms >= 0);
}

/* A digest that is absent is no mistake. */
static bool read_digest(uint8_t out[DIGEST_SHA256_SIZE], struct slice bytes, bool *there)
{
    *there = bytes.data != NULL;
    if (*there && bytes.len == DIGEST_SHA256_SIZE) {
        memcpy(out, bytes.data, DIGEST_SHA256_SIZE);
    }
    return !*there || bytes.len == DIGEST_SHA256_SIZE;
}

static bool read_dn(struct key *out, struct slice dn)
{
    out->has_dn = dn.data != NULL;
    return !out->has_dn || (dn.len > 0 && digest_sha256(out->dn, dn.data, dn.len) == ERR_OK);
}

static bool read_from(struct key *out, struct slice from)
{
    out->range_count = from.data != NULL ? key_ranges_read(out->ranges, from) : 0;
    return from.data == NULL || out->range_count > 0;
}

bool key_read(struct key *out, const struct key_fields *fields)
{
    bool has_hash2 = false;
    *out = (struct key){0};
    if (!token_id_is_valid(fields->id) || fields->scopes.data == NULL) {
        return false;
    }
    memcpy(out->id, fields->id.data, TOKEN_ID_LEN);
    bool good = scope_parse(fields->scopes, &out->scopes) &&
                read_digest(out->hash, fields->hash, &out->has_hash) &&
                read_digest(out->hash2, fields->hash2, &has_hash2) && read_dn(out, fields->dn) &&
                read_from(out, fields->from) && read_instant(&out->hash2_until, fields->hash2_until) &&
                read_instant(&out->not_before, fields->not_before) &&
                read_instant(&out->expires, fields->expires) && read_instant(&out->revoked, fields->revoked);
    if (!has_hash2) {
        out->hash2_until.ms = 0;
    }
    return good && (fields->used.data == NULL || slice_i64(fields->used, &out->used));
}

/* ---- judging ---- */

/* Both digests are compared whatever the first comparison says, so that all wrong tokens take the same time. */
static bool has_token(const struct key *key, struct slice token, struct wall_ms now)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    if (digest_sha256(digest, token.data, token.len) != ERR_OK) {
        return false;
    }
    bool first = digest_same(digest, key->hash, sizeof digest);
    bool second = digest_same(digest, key->hash2, sizeof digest);
    return (key->has_hash && first) || (key->hash2_until.ms > now.ms && second);
}

static bool has_certificate(const struct key *key, struct slice dn)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    return key->has_dn && digest_sha256(digest, dn.data, dn.len) == ERR_OK &&
           digest_same(digest, key->dn, sizeof digest);
}

static bool is_proven(const struct key *key, const struct key_proof *proof, struct wall_ms now)
{
    return proof->token.data != NULL ? has_token(key, proof->token, now)
                                     : proof->dn.data != NULL && has_certificate(key, proof->dn);
}

static bool may_come_from(const struct key *key, struct slice source)
{
    struct ip ip;
    if (key->range_count == 0) {
        return true;
    }
    if (source.data == NULL || !ip_parse(&ip, source.data, source.len)) {
        return false;
    }
    for (size_t i = 0; i < key->range_count; i++) {
        if (ip_range_has(&key->ranges[i], &ip)) {
            return true;
        }
    }
    return false;
}

enum key_verdict key_judge(const struct key *key, const struct key_proof *proof, struct wall_ms now)
{
    if (!is_proven(key, proof, now)) {
        return KEY_UNKNOWN;
    }
    if (key->revoked.ms != 0) {
        return KEY_REVOKED;
    }
    if (key->expires.ms != 0 && now.ms >= key->expires.ms) {
        return KEY_EXPIRED;
    }
    if (now.ms < key->not_before.ms) {
        return KEY_TOO_EARLY;
    }
    return may_come_from(key, proof->source) ? KEY_GOOD : KEY_ELSEWHERE;
}

/* ---- what a key may give ---- */

static bool is_within(const struct ip_range *range, const struct key *own)
{
    for (size_t i = 0; i < own->range_count; i++) {
        if (range->bits >= own->ranges[i].bits && ip_range_has(&own->ranges[i], &range->first)) {
            return true;
        }
    }
    return own->range_count == 0;
}

bool key_covers(const struct key *own, const struct key *other)
{
    bool good = (other->scopes & ~own->scopes) == 0 &&
                (own->expires.ms == 0 || (other->expires.ms != 0 && other->expires.ms <= own->expires.ms)) &&
                (own->range_count == 0 || other->range_count > 0);
    for (size_t i = 0; i < other->range_count; i++) {
        good = good && is_within(&other->ranges[i], own);
    }
    return good;
}

size_t key_ranges_read(struct ip_range out[KEY_RANGES_MAX], struct slice list)
{
    size_t count = 0;
    if (list.len == 0 || list.len > KEY_FROM_MAX || list.data[list.len - 1] == ',') {
        return 0;
    }
    while (list.len > 0) {
        struct slice one = slice_take_until(&list, ',');
        if (count == KEY_RANGES_MAX || !ip_range_parse(&out[count++], one.data, one.len)) {
            return 0;
        }
    }
    return count;
}

void key_ranges_write(struct buffer *out, const struct key *key)
{
    char text[IP_TEXT_SIZE];
    for (size_t i = 0; i < key->range_count; i++) {
        ip_format(text, &key->ranges[i].first);
        buffer_printf(out, "%s%s/%u", i > 0 ? "," : "", text, key->ranges[i].bits);
    }
}

bool key_name_is_valid(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return text.len > 0 && text.len <= KEY_NAME_MAX;
}

int64_t key_day_of(struct wall_ms at)
{
    return at.ms / DAY_MS;
}
