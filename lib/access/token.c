/* token: see token.h. */
#include "access/token.h"

#include "text/digest.h"

#include <string.h>
#include <sys/random.h>

#define PREFIX     "dr_"
#define PREFIX_LEN (sizeof PREFIX - 1)
#define CHECK_AT   (TOKEN_LEN - TOKEN_CHECK_LEN)
#define BASE       62
#define EVEN       (256 / BASE * BASE) /* a byte below it is any digit with the same chance */

static const char DIGITS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool are_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i])) {
            return false;
        }
    }
    return true;
}

bool token_id_is_valid(struct slice text)
{
    return text.len == TOKEN_ID_LEN && are_digits(text.data, text.len);
}

/* The CRC-32 of IEEE 802.3, bit by bit: a token is short. */
static uint32_t crc32(const char *text, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint8_t)text[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
        }
    }
    return ~crc;
}

static void write_check(char *out, const char *text, size_t len)
{
    uint32_t rest = crc32(text, len);
    for (size_t i = TOKEN_CHECK_LEN; i > 0; i--) {
        out[i - 1] = DIGITS[rest % BASE];
        rest /= BASE;
    }
}

/* Fill out with len random digits. A getrandom of so few bytes is never cut short. */
static enum err make_digits(char *out, size_t len)
{
    uint8_t bytes[64];
    size_t done = 0;
    while (done < len) {
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
            return ERR_SYSTEM;
        }
        for (size_t i = 0; i < sizeof bytes && done < len; i++) {
            if (bytes[i] < EVEN) {
                out[done++] = DIGITS[bytes[i] % BASE];
            }
        }
    }
    explicit_bzero(bytes, sizeof bytes);
    return ERR_OK;
}

enum err token_make_id(char out[TOKEN_ID_SIZE])
{
    out[TOKEN_ID_LEN] = '\0';
    return make_digits(out, TOKEN_ID_LEN);
}

enum err token_id_of(char out[TOKEN_ID_SIZE], struct slice text)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    enum err err = digest_sha256(digest, text.data, text.len);
    if (err != ERR_OK) {
        return err;
    }
    for (size_t i = 0; i < TOKEN_ID_LEN; i++) {
        unsigned pair = (unsigned)digest[2 * i] << 8 | digest[2 * i + 1];
        out[i] = DIGITS[pair % BASE];
    }
    out[TOKEN_ID_LEN] = '\0';
    return ERR_OK;
}

enum err token_make(char out[TOKEN_SIZE], const char *id)
{
    memcpy(out, PREFIX, PREFIX_LEN);
    memcpy(out + PREFIX_LEN, id, TOKEN_ID_LEN);
    out[PREFIX_LEN + TOKEN_ID_LEN] = '_';
    enum err err = make_digits(out + CHECK_AT - TOKEN_SECRET_LEN, TOKEN_SECRET_LEN);
    write_check(out + CHECK_AT, out, CHECK_AT);
    out[TOKEN_LEN] = '\0';
    return err;
}

bool token_parse(char id[TOKEN_ID_SIZE], struct slice text)
{
    char check[TOKEN_CHECK_LEN];
    if (text.len != TOKEN_LEN || memcmp(text.data, PREFIX, PREFIX_LEN) != 0) {
        return false;
    }
    const char *own_id = text.data + PREFIX_LEN;
    const char *secret = own_id + TOKEN_ID_LEN + 1;
    write_check(check, text.data, CHECK_AT);
    if (!are_digits(own_id, TOKEN_ID_LEN) || own_id[TOKEN_ID_LEN] != '_' ||
        !are_digits(secret, TOKEN_SECRET_LEN) || memcmp(text.data + CHECK_AT, check, TOKEN_CHECK_LEN) != 0) {
        return false;
    }
    memcpy(id, own_id, TOKEN_ID_LEN);
    id[TOKEN_ID_LEN] = '\0';
    return true;
}
