/* store_key: API keys in Redis. Builders and decoders, as in store.h.
 *
 * No token is stored, only its digest. A revoked key stays on the list: where there was a key once, the API
 * goes on asking for one.
 */
#ifndef DRONC_STORE_KEY_H
#define DRONC_STORE_KEY_H

#include "access/key.h"
#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_contract.h"

#include <stdbool.h>

/* Is there any key? */
void store_keys_exist(struct cmd *cmd);
NODISCARD enum err store_keys_exist_reply(const struct reply *reply, bool *out, struct errinfo *info);

/* Look a key up. Texts of its reply are borrowed; id has to live as long. *found: there is one. */
void store_key_get(struct cmd *cmd, const char *id);
NODISCARD enum err store_key_get_reply(const struct reply *reply, const char *id, struct key_fields *out,
                                       bool *found, struct errinfo *info);

/* Store a key that no other has the id of. `created` and `revoked` are Redis' business. A program that knows
 * no keys would let everyone in, so the database is raised to STORE_LEVEL_KEYS. */
void store_key_create(struct cmd *cmd, const struct key_fields *key);
/* Make a key useless. */
void store_key_revoke(struct cmd *cmd, const char *id);
/* Give a key another token, of this digest; the token that it has is taken for overlap_ms more. */
void store_key_rotate(struct cmd *cmd, const char *id, const uint8_t hash[DIGEST_SHA256_SIZE],
                      int64_t overlap_ms);
/* Note the day of a use. */
void store_key_use(struct cmd *cmd, const char *id, int64_t day);
/* The reply to any of these four. */
NODISCARD enum err store_keyed_reply(const struct reply *reply, enum store_keyed *out, struct errinfo *info);

/* List all keys, STORE_KEYS_MAX at most, in no order. */
void store_key_list(struct cmd *cmd);
NODISCARD enum err store_key_list_reply(const struct reply *reply, size_t *count, struct errinfo *info);
/* The key at index, below the count. */
void store_key_at(const struct reply *reply, size_t index, struct key_fields *out);

#endif
