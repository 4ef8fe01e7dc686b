/* signature: what proves to a target that a call comes from here, and is as it was sent: Standard Webhooks
 * (standardwebhooks.com).
 *
 *     webhook-id: <the call's Idempotency-Key: the same for all attempts>
 *     webhook-timestamp: <seconds since the epoch, of this attempt>
 *     webhook-signature: v1,<base64> v1a,<base64> …    one for each key that is alive, the newest first
 *
 * Signed are "<id>.<timestamp>.<body>". v1 is HMAC-SHA256 by a key that both sides have ("whsec_" and base64);
 * v1a is ed25519, whose public half ("whpk_" and base64) verifies only. It binds neither the URL nor the
 * method.
 *
 * An HMAC's key is set up once, so that a signature costs only the digests of what is signed. Pure. One thread.
 */
#ifndef DRONC_SIGNATURE_H
#define DRONC_SIGNATURE_H

#include "base/buffer.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define SIGNATURE_KEY_SIZE  32 /* bytes, of either kind */
#define SIGNATURE_TEXT_SIZE 52 /* of "whsec_…" and "whpk_…", with the NUL */

enum signature_scheme {
    SIGNATURE_V1, /* HMAC-SHA256 */
    SIGNATURE_V1A /* ed25519 */
};

/* "v1", "v1a". Static. */
const char *signature_scheme_name(enum signature_scheme scheme);

/* A key that is ready to sign. */
struct signature_key;

/* Returns owned the key of these bytes; an ed25519 key is its seed. NULL if memory runs out. */
struct signature_key *signature_key_new(enum signature_scheme scheme,
                                        const uint8_t bytes[SIGNATURE_KEY_SIZE]);
/* Forgets the key. NULL is fine. */
void signature_key_free(struct signature_key *key);

/* Make the bytes of a new key. ERR_SYSTEM: there are no random bytes. */
NODISCARD enum err signature_make_key(uint8_t out[SIGNATURE_KEY_SIZE]);
/* The bytes that verify what an ed25519 key of these bytes signs. */
NODISCARD enum err signature_public_of(uint8_t out[SIGNATURE_KEY_SIZE],
                                       const uint8_t bytes[SIGNATURE_KEY_SIZE]);
/* "whsec_<base64>", for the owner of a v1 key; "whpk_<base64>", the public half of a v1a key. */
void signature_text(char out[SIGNATURE_TEXT_SIZE], enum signature_scheme scheme,
                    const uint8_t bytes[SIGNATURE_KEY_SIZE]);

/* What is signed. */
struct signature_of {
    const char *id;
    int64_t timestamp; /* seconds since the epoch */
    struct slice body;
};

/* Append "v1,<base64>" or "v1a,<base64>". ERR_NOMEM, ERR_BUG. */
NODISCARD enum err signature_add(struct buffer *out, struct signature_key *key,
                                 const struct signature_of *of);

#endif
