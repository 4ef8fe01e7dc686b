/* signature: see signature.h. */
#include "secret/signature.h"

#include "text/base64.h"
#include "text/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define ED25519_SIZE 64 /* bytes of a signature */

struct signature_key {
    enum signature_scheme scheme;
    EVP_MAC_CTX *mac; /* owned; v1: has the key */
    EVP_PKEY *pkey;   /* owned; v1a */
};

const char *signature_scheme_name(enum signature_scheme scheme)
{
    return scheme == SIGNATURE_V1 ? "v1" : "v1a";
}

/* ---- keys ---- */

static bool set_up_mac(struct signature_key *key, const uint8_t bytes[SIGNATURE_KEY_SIZE])
{
    static char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    key->mac = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac); /* the context keeps it */
    return key->mac != NULL && EVP_MAC_init(key->mac, bytes, SIGNATURE_KEY_SIZE, params) == 1;
}

struct signature_key *signature_key_new(enum signature_scheme scheme, const uint8_t bytes[SIGNATURE_KEY_SIZE])
{
    struct signature_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        return NULL;
    }
    key->scheme = scheme;
    if (scheme == SIGNATURE_V1A) {
        key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, SIGNATURE_KEY_SIZE);
    }
    if (scheme == SIGNATURE_V1 ? !set_up_mac(key, bytes) : key->pkey == NULL) {
        signature_key_free(key);
        return NULL;
    }
    return key;
}

void signature_key_free(struct signature_key *key)
{
    if (key != NULL) {
        EVP_MAC_CTX_free(key->mac);
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

enum err signature_make_key(uint8_t out[SIGNATURE_KEY_SIZE])
{
    return RAND_priv_bytes(out, SIGNATURE_KEY_SIZE) == 1 ? ERR_OK : ERR_SYSTEM;
}

enum err signature_public_of(uint8_t out[SIGNATURE_KEY_SIZE], const uint8_t bytes[SIGNATURE_KEY_SIZE])
{
    size_t len = SIGNATURE_KEY_SIZE;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, SIGNATURE_KEY_SIZE);
    bool good = key != NULL && EVP_PKEY_get_raw_public_key(key, out, &len) == 1;
    EVP_PKEY_free(key);
    return good ? ERR_OK : ERR_NOMEM;
}

void signature_text(char out[SIGNATURE_TEXT_SIZE], enum signature_scheme scheme,
                    const uint8_t bytes[SIGNATURE_KEY_SIZE])
{
    struct buffer text = {0};
    buffer_add_str(&text, scheme == SIGNATURE_V1 ? "whsec_" : "whpk_");
    base64_encode(&text, (struct slice){(const char *)bytes, SIGNATURE_KEY_SIZE});
    size_t len = text.len < SIGNATURE_TEXT_SIZE ? text.len : 0;
    memcpy(out, buffer_str(&text), len);
    out[len] = '\0';
    buffer_wipe(&text);
}

/* ---- signing ---- */

/* "<id>.<timestamp>.", which comes before the body. */
static void add_head(struct buffer *out, const struct signature_of *of)
{
    buffer_add_str(out, of->id);
    buffer_add_char(out, '.');
    buffer_add_i64(out, of->timestamp);
    buffer_add_char(out, '.');
}

static bool mac(struct signature_key *key, struct slice head, struct slice body,
                uint8_t out[DIGEST_SHA256_SIZE])
{
    size_t len = 0;
    return EVP_MAC_init(key->mac, NULL, 0, NULL) == 1 && /* the same key again */
           EVP_MAC_update(key->mac, (const unsigned char *)head.data, head.len) == 1 &&
           (body.len == 0 || EVP_MAC_update(key->mac, (const unsigned char *)body.data, body.len) == 1) &&
           EVP_MAC_final(key->mac, out, &len, DIGEST_SHA256_SIZE) == 1;
}

/* ed25519 signs in two passes, so it wants all in one piece. */
static bool sign(struct signature_key *key, struct buffer *head, struct slice body, uint8_t out[ED25519_SIZE])
{
    size_t len = ED25519_SIZE;
    buffer_add(head, body.data, body.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && buffer_error(head) == ERR_OK &&
                EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(ctx, out, &len, (const unsigned char *)head->data, head->len) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

enum err signature_add(struct buffer *out, struct signature_key *key, const struct signature_of *of)
{
    uint8_t bytes[ED25519_SIZE];
    struct buffer head = {0};
    bool is_mac = key->scheme == SIGNATURE_V1;
    add_head(&head, of);
    enum err err = buffer_error(&head);
    if (err == ERR_OK) {
        bool good = is_mac ? mac(key, (struct slice){head.data, head.len}, of->body, bytes)
                           : sign(key, &head, of->body, bytes);
        err = good ? ERR_OK : ERR_BUG;
    }
    buffer_wipe(&head); /* it may hold a body with a secret */
    if (err != ERR_OK) {
        return err;
    }
    buffer_add_str(out, is_mac ? "v1," : "v1a,");
    base64_encode(out,
                  (struct slice){(const char *)bytes, is_mac ? (size_t)DIGEST_SHA256_SIZE : ED25519_SIZE});
    return buffer_error(out);
}
