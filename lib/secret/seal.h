/* seal: a box that one party can close and only another can open. The handler closes it with a public key;
 * the runner opens it with the private one.
 *
 * A sealed text is X25519 with a fresh key, HKDF-SHA256 (RFC 5869) over the shared secret, and AES-256-GCM:
 *
 *     1 byte   1, the version of this format
 *     8 bytes  id of the key that opens it: the first bytes of the SHA-256 of its public half
 *    32 bytes  public half of the fresh key
 *     n bytes  ciphertext, as long as the text
 *    16 bytes  tag, over the ciphertext and the context
 *
 * salt of HKDF: both public keys, the fresh one first. Its info: "dronc seal 1". It yields the AES key and the
 * nonce, so neither is ever used twice. The context says what the text is (whose, its name, its version). It is
 * not stored with the box: a box that is put in the place of another does not open.
 *
 * What is opened, and what it is opened with, is the caller's to wipe (buffer_wipe). Pure, but for OpenSSL's source
 * of random bytes. One thread.
 */
#ifndef DRONC_SEAL_H
#define DRONC_SEAL_H

#include "base/buffer.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY_SIZE 32 /* bytes */
#define SEAL_ID_SIZE  8
#define SEAL_OVERHEAD 57 /* bytes by which a box is longer than what it holds */

struct seal_public {
    uint8_t bytes[SEAL_KEY_SIZE];
    uint8_t id[SEAL_ID_SIZE];
};

struct seal_key {
    uint8_t bytes[SEAL_KEY_SIZE];
    struct seal_public shut; /* its public half */
};

/* Make a key. ERR_SYSTEM: there are no random bytes. */
NODISCARD enum err seal_key_new(struct seal_key *out);
/* The key, or the public half, of those bytes. ERR_INVALID: no key has them. */
NODISCARD enum err seal_key_of(struct seal_key *out, const uint8_t bytes[SEAL_KEY_SIZE]);
NODISCARD enum err seal_public_of(struct seal_public *out, const uint8_t bytes[SEAL_KEY_SIZE]);

/* Append text, sealed to `to`. ERR_SYSTEM, ERR_NOMEM. */
NODISCARD enum err seal_close(struct buffer *out, const struct seal_public *to, struct slice context,
                              struct slice text);
/* The same with the fresh key given: for tests with known answers. */
NODISCARD enum err seal_close_with(struct buffer *out, const struct seal_key *fresh,
                                   const struct seal_public *to, struct slice context, struct slice text);

/* Append what box holds, which one of count keys opens. ERR_NOT_FOUND: none of them has its id. ERR_INVALID: it
 * is no box, was changed, or belongs to another context. ERR_NOMEM. */
NODISCARD enum err seal_open(struct buffer *out, const struct seal_key *keys, size_t count,
                             struct slice context, struct slice box);

#endif
