/* seal_file: the files with the keys of seal.h: SECRETS_KEY, which the runner reads, and SECRETS_PUBLIC_KEY,
 * which the handler reads.
 *
 *     dronc-seal-key-1:<base64 of 32 bytes>       a line of SECRETS_KEY; the newest key first
 *     dronc-seal-public-1:<base64 of 32 bytes>    the line of SECRETS_PUBLIC_KEY
 *
 * Lines that are empty or begin with '#' are comments. Several keys in SECRETS_KEY are a rotation: what is
 * sealed is sealed to the newest, and what an older one sealed still opens. A file of private keys that anyone
 * but its owner may read or write is refused. One thread.
 */
#ifndef DRONC_SEAL_FILE_H
#define DRONC_SEAL_FILE_H

#include "secret/seal.h"

#define SEAL_KEYS_MAX 8 /* in a file */

/* Zero-initialised: no keys. */
struct seal_keys {
    struct seal_key of[SEAL_KEYS_MAX]; /* the newest first */
    size_t count;
};

/* Read a file of private keys; at least one is there. On failure out has none, and info says why: ERR_CONFIG if
 * the file is no good, ERR_SYSTEM if it cannot be read. */
NODISCARD enum err seal_file_read_keys(struct seal_keys *out, const char *path, struct errinfo *info);
/* Read a file with a public key. Fails likewise. */
NODISCARD enum err seal_file_read_public(struct seal_public *out, const char *path, struct errinfo *info);
/* Forget the keys. */
void seal_keys_wipe(struct seal_keys *keys);

/* Append what the files hold. */
void seal_file_write_keys(struct buffer *out, const struct seal_keys *keys);
void seal_file_write_public(struct buffer *out, const struct seal_public *key);

#endif
