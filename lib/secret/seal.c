/* seal: see seal.h. The primitives are OpenSSL's; only their order is ours. */
#include "secret/seal.h"

#include "text/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define VERSION    1
#define NONCE_SIZE 12
#define TAG_SIZE   16
#define SECRET_LEN (SEAL_KEY_SIZE + NONCE_SIZE) /* what HKDF yields */
#define HEAD_SIZE  (1 + SEAL_ID_SIZE + SEAL_KEY_SIZE)

_Static_assert(HEAD_SIZE + TAG_SIZE == SEAL_OVERHEAD, "the overhead is all but the ciphertext");

/* ---- keys ---- */

enum err seal_public_of(struct seal_public *out, const uint8_t bytes[SEAL_KEY_SIZE])
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    memcpy(out->bytes, bytes, SEAL_KEY_SIZE);
    enum err err = digest_sha256(digest, bytes, SEAL_KEY_SIZE);
    memcpy(out->id, digest, SEAL_ID_SIZE);
    return err;
}

enum err seal_key_of(struct seal_key *out, const uint8_t bytes[SEAL_KEY_SIZE])
{
    uint8_t shut[SEAL_KEY_SIZE];
    size_t len = sizeof shut;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, bytes, SEAL_KEY_SIZE);
    bool good = key != NULL && EVP_PKEY_get_raw_public_key(key, shut, &len) == 1;
    EVP_PKEY_free(key);
    if (!good) {
        return ERR_INVALID;
    }
    memcpy(out->bytes, bytes, SEAL_KEY_SIZE);
    return seal_public_of(&out->shut, shut);
}

enum err seal_key_new(struct seal_key *out)
{
    uint8_t bytes[SEAL_KEY_SIZE];
    size_t len = sizeof bytes;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    bool good = key != NULL && EVP_PKEY_get_raw_private_key(key, bytes, &len) == 1;
    EVP_PKEY_free(key);
    enum err err = good ? seal_key_of(out, bytes) : ERR_SYSTEM;
    OPENSSL_cleanse(bytes, sizeof bytes);
    return err;
}

/* ---- the shared secret ---- */

/* X25519 of our key and their public half. Fails if theirs is one of the few that make the result known. */
static bool agree(uint8_t out[SEAL_KEY_SIZE], const struct seal_key *ours,
                  const uint8_t theirs[SEAL_KEY_SIZE])
{
    size_t len = SEAL_KEY_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, ours->bytes, SEAL_KEY_SIZE);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, SEAL_KEY_SIZE);
    EVP_PKEY_CTX *ctx = key != NULL && peer != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool good = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
                EVP_PKEY_derive(ctx, out, &len) == 1 && len == SEAL_KEY_SIZE;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
    return good;
}

/* HKDF-SHA256, to the AES key and the nonce. */
static bool stretch(uint8_t out[SECRET_LEN], uint8_t shared[SEAL_KEY_SIZE],
                    const uint8_t fresh[SEAL_KEY_SIZE], const uint8_t to[SEAL_KEY_SIZE])
{
    static char digest[] = "SHA256";
    static char info[] = "dronc seal 1";
    uint8_t salt[2 * SEAL_KEY_SIZE];
    memcpy(salt, fresh, SEAL_KEY_SIZE);
    memcpy(salt + SEAL_KEY_SIZE, to, SEAL_KEY_SIZE);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared, SEAL_KEY_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof salt),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info - 1),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    bool good = ctx != NULL && EVP_KDF_derive(ctx, out, SECRET_LEN, params) == 1;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return good;
}

/* What both sides compute: mine is the key that this side has, theirs the other side's public half. */
static bool derive(uint8_t out[SECRET_LEN], const struct seal_key *mine, const uint8_t theirs[SEAL_KEY_SIZE],
                   bool mine_is_fresh)
{
    uint8_t shared[SEAL_KEY_SIZE];
    const uint8_t *fresh = mine_is_fresh ? mine->shut.bytes : theirs;
    const uint8_t *to = mine_is_fresh ? theirs : mine->shut.bytes;
    bool good = agree(shared, mine, theirs) && stretch(out, shared, fresh, to);
    OPENSSL_cleanse(shared, sizeof shared);
    return good;
}

/* ---- the cipher ---- */

/* Set ctx up for one direction, and feed it the context. */
static bool begin(EVP_CIPHER_CTX *ctx, const uint8_t secret[SECRET_LEN], struct slice context, bool closing)
{
    int len;
    return EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret, secret + SEAL_KEY_SIZE, closing ? 1 : 0) ==
               1 &&
           EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)context.data, (int)context.len) == 1;
}

/* Write the ciphertext of text and the tag to out. */
static bool encrypt(uint8_t *out, const uint8_t secret[SECRET_LEN], struct slice context, struct slice text)
{
    int len = 0;
    int rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx != NULL && begin(ctx, secret, context, true) &&
                EVP_CipherUpdate(ctx, out, &len, (const unsigned char *)text.data, (int)text.len) == 1 &&
                EVP_CipherFinal_ex(ctx, out + len, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, out + text.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

/* Write the text of a ciphertext, behind which its tag stands. Returns false if the tag is another one. */
static bool decrypt(uint8_t *out, const uint8_t secret[SECRET_LEN], struct slice context, struct slice coded)
{
    int len = 0;
    int rest = 0;
    size_t text_len = coded.len - TAG_SIZE;
    uint8_t tag[TAG_SIZE];
    memcpy(tag, coded.data + text_len, TAG_SIZE);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx != NULL && begin(ctx, secret, context, false) &&
                EVP_CipherUpdate(ctx, out, &len, (const unsigned char *)coded.data, (int)text_len) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
                EVP_CipherFinal_ex(ctx, out + len, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

/* ---- the box ---- */

/* Append len bytes for the caller to fill. NULL if memory runs out. */
static uint8_t *make_room(struct buffer *out, size_t len)
{
    static const char zeros[64];
    buffer_reserve(out, len);
    for (size_t left = len; left > 0; left -= left < sizeof zeros ? left : sizeof zeros) {
        buffer_add(out, zeros, left < sizeof zeros ? left : sizeof zeros);
    }
    return buffer_error(out) == ERR_OK && len > 0 ? (uint8_t *)out->data + out->len - len : NULL;
}

enum err seal_close_with(struct buffer *out, const struct seal_key *fresh, const struct seal_public *to,
                         struct slice context, struct slice text)
{
    uint8_t secret[SECRET_LEN];
    uint8_t *box = make_room(out, SEAL_OVERHEAD + text.len);
    if (box == NULL) {
        return ERR_NOMEM;
    }
    box[0] = VERSION;
    memcpy(box + 1, to->id, SEAL_ID_SIZE);
    memcpy(box + 1 + SEAL_ID_SIZE, fresh->shut.bytes, SEAL_KEY_SIZE);
    bool good = derive(secret, fresh, to->bytes, true) && encrypt(box + HEAD_SIZE, secret, context, text);
    OPENSSL_cleanse(secret, sizeof secret);
    return good ? ERR_OK : ERR_SYSTEM;
}

enum err seal_close(struct buffer *out, const struct seal_public *to, struct slice context, struct slice text)
{
    struct seal_key fresh;
    enum err err = seal_key_new(&fresh);
    err = err != ERR_OK ? err : seal_close_with(out, &fresh, to, context, text);
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return err;
}

/* The key that opens box; NULL: none of them. */
static const struct seal_key *key_of(const struct seal_key *keys, size_t count, struct slice box)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(keys[i].shut.id, box.data + 1, SEAL_ID_SIZE) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

enum err seal_open(struct buffer *out, const struct seal_key *keys, size_t count, struct slice context,
                   struct slice box)
{
    uint8_t secret[SECRET_LEN];
    if (box.len < SEAL_OVERHEAD || box.data[0] != VERSION) {
        return ERR_INVALID;
    }
    const struct seal_key *key = key_of(keys, count, box);
    if (key == NULL) {
        return ERR_NOT_FOUND;
    }
    uint8_t *text = make_room(out, box.len - HEAD_SIZE);
    if (text == NULL) {
        return ERR_NOMEM;
    }
    const uint8_t *fresh = (const uint8_t *)box.data + 1 + SEAL_ID_SIZE;
    bool good = derive(secret, key, fresh, false) &&
                decrypt(text, secret, context, (struct slice){box.data + HEAD_SIZE, box.len - HEAD_SIZE});
    OPENSSL_cleanse(secret, sizeof secret);
    /* GCM writes before it knows whether the tag is right: what is wrong must not stay. */
    size_t kept = good ? box.len - SEAL_OVERHEAD : 0;
    OPENSSL_cleanse(text + kept, box.len - HEAD_SIZE - kept);
    out->len -= box.len - HEAD_SIZE - kept;
    return good ? ERR_OK : ERR_INVALID;
}
