/* digest: see digest.h. Digests whole texts only.
 *
 * With EVP_sha256(), libcrypto would look for an implementation at each digest, and make a context, which takes
 * longer than digesting a short text. So the first ones are kept for the life of the process. */
#include "text/digest.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

struct kind {
    const char *name; /* libcrypto's */
    EVP_MD *method;
    EVP_MD_CTX *ctx; /* libcrypto wipes what it has of a text when its digest is complete */
};

static bool open_kind(struct kind *kind)
{
    kind->method = kind->method != NULL ? kind->method : EVP_MD_fetch(NULL, kind->name, NULL);
    kind->ctx = kind->ctx != NULL ? kind->ctx : EVP_MD_CTX_new();
    return kind->method != NULL && kind->ctx != NULL;
}

static enum err digest(uint8_t *out, struct kind *kind, const void *data, size_t len)
{
    if (open_kind(kind) && EVP_DigestInit_ex2(kind->ctx, kind->method, NULL) == 1 &&
        EVP_DigestUpdate(kind->ctx, data, len) == 1 && EVP_DigestFinal_ex(kind->ctx, out, NULL) == 1) {
        return ERR_OK;
    }
    bool nomem = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
    ERR_clear_error();
    return nomem ? ERR_NOMEM : ERR_BUG;
}

enum err digest_sha256(uint8_t out[DIGEST_SHA256_SIZE], const void *data, size_t len)
{
    static struct kind sha256 = {.name = "SHA256"};
    return digest(out, &sha256, data, len);
}

enum err digest_sha1(uint8_t out[DIGEST_SHA1_SIZE], const void *data, size_t len)
{
    static struct kind sha1 = {.name = "SHA1"};
    return digest(out, &sha1, data, len);
}

bool digest_same(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void digest_hex(char *out, const uint8_t *bytes, size_t len)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = DIGITS[bytes[i] >> 4];
        out[2 * i + 1] = DIGITS[bytes[i] & 0xF];
    }
    out[2 * len] = '\0';
}

/* 0 to 15; -1 if c is not a lower-case hex digit. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_unhex(uint8_t *out, size_t len, const char *hex, size_t hex_len)
{
    if (hex_len % 2 != 0 || hex_len / 2 != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
