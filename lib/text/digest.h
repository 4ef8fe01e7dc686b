/* digest: SHA-256 (FIPS 180-4) for job ids, and SHA-1 for the names of Lua scripts in Redis, both by
 * libcrypto. One thread. */
#ifndef DRONC_DIGEST_H
#define DRONC_DIGEST_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SHA256_SIZE 32 /* bytes */
#define DIGEST_SHA1_SIZE   20 /* bytes */

/* ERR_NOMEM, or ERR_BUG if libcrypto refuses. */
NODISCARD enum err digest_sha256(uint8_t out[DIGEST_SHA256_SIZE], const void *data, size_t len);
NODISCARD enum err digest_sha1(uint8_t out[DIGEST_SHA1_SIZE], const void *data, size_t len);

/* Do a and b hold the same len bytes? Takes the same time wherever they differ, so that nothing of a digest that is
 * kept can be found out by trying. */
NODISCARD bool digest_same(const void *a, const void *b, size_t len);

/* Lower-case hexadecimal; out takes 2 * len characters and a NUL. */
void digest_hex(char *out, const uint8_t *bytes, size_t len);
/* The inverse. Returns false unless hex is exactly 2 * len lower-case hex digits. */
NODISCARD bool digest_unhex(uint8_t *out, size_t len, const char *hex, size_t hex_len);

#endif
