/* Signatures: the vectors of Standard Webhooks, ed25519 by RFC 8032, and the keys of a name while they rotate. */
#include "secret/signing.h"
#include "text/base64.h"
#include "text/digest.h"

#include "test.h"

#include <string.h>

static void assert_signs(enum signature_scheme scheme, const uint8_t key[SIGNATURE_KEY_SIZE],
                         const struct signature_of *of, const char *expected)
{
    struct signature_key *ready = signature_key_new(scheme, key);
    struct buffer out = {0};
    assert_non_null(ready);
    for (int i = 0; i < 2; i++) { /* the key's state is as new after each signature */
        buffer_clear(&out);
        assert_int_equal(signature_add(&out, ready, of), ERR_OK);
        assert_string_equal(buffer_str(&out), expected);
    }
    signature_key_free(ready);
    buffer_fini(&out);
}

/* Computed by standardwebhooks 1.1.0 of PyPI, and by Python's hmac. */
TEST(signature_v1_is_that_of_standard_webhooks)
{
    static const uint8_t key[SIGNATURE_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
    const struct signature_of with_body = {"msg_1", 1614265330, slice_of("{\"test\": 2432232314}")};
    const struct signature_of without = {"msg_1", 1614265330, {NULL, 0}};
    assert_signs(SIGNATURE_V1, key, &with_body, "v1,aTF4+pE6A/FmvKM0YSVBBUfRhLIlBiaBUR+EjGls6Mc=");
    assert_signs(SIGNATURE_V1, key, &without, "v1,v5tElUGk91Edzx1VCkxBEsPtHn3lcqo+90i4mAnBvW0=");
}

TEST(signature_v1a_is_ed25519)
{
    static const uint8_t key[SIGNATURE_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
    const struct signature_of of = {"msg_1", 1614265330, slice_of("{\"test\": 2432232314}")};
    uint8_t shut[SIGNATURE_KEY_SIZE];
    char text[SIGNATURE_TEXT_SIZE];
    assert_signs(
        SIGNATURE_V1A, key, &of,
        "v1a,4qY0F0O6M16zXgDPU6BUcByXxHnBVCCeb8OIOOpaesTRvROBSfJMmthlLvnwm5t34WZUEOgjg5pG726uRYlVDw==");
    assert_int_equal(signature_public_of(shut, key), ERR_OK);
    signature_text(text, SIGNATURE_V1A, shut);
    assert_string_equal(text, "whpk_I7xUkSwebpLEqGglyGfif/3FVb/71CRPF6Jqv//ull0=");
    signature_text(text, SIGNATURE_V1, key);
    assert_string_equal(text, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
}

/* ---- the keys of a name ---- */

static struct signing_key add(struct signing *signing, enum signature_scheme scheme, int64_t now_ms,
                              bool room)
{
    struct signing_key key = {.scheme = scheme, .box = slice_of("Ym94")};
    assert_int_equal(signing_add(signing, &key, (struct wall_ms){now_ms}, 1000), room);
    return key;
}

/* The newest first; the one before holds for the overlap, and no longer. */
TEST(signing_rotates_with_an_overlap)
{
    struct signing signing = {0};
    assert_int_equal(add(&signing, SIGNATURE_V1, 5000, true).id, 1);
    assert_int_equal(add(&signing, SIGNATURE_V1, 6000, true).id, 2);
    assert_int_equal(signing.count, 2);
    assert_int_equal(signing.keys[0].id, 2);
    assert_int_equal(signing.keys[0].ends.ms, INT64_MAX);
    assert_int_equal(signing.keys[1].ends.ms, 7000);
    signing_drop_ended(&signing, (struct wall_ms){6999});
    assert_int_equal(signing.count, 2);
    signing_drop_ended(&signing, (struct wall_ms){7000});
    assert_int_equal(signing.count, 1);
    assert_int_equal(signing.keys[0].id, 2);
}

TEST(signing_ends_only_keys_of_the_same_scheme)
{
    struct signing signing = {0};
    (void)add(&signing, SIGNATURE_V1, 5000, true);
    (void)add(&signing, SIGNATURE_V1A, 6000, true);
    assert_int_equal(signing.keys[1].ends.ms, INT64_MAX);
}

/* A fourth key would take one away that a target may still verify by. */
TEST(signing_has_three_keys_at_most)
{
    struct signing signing = {0};
    (void)add(&signing, SIGNATURE_V1, 5000, true);
    (void)add(&signing, SIGNATURE_V1, 5100, true);
    (void)add(&signing, SIGNATURE_V1, 5200, true);
    (void)add(&signing, SIGNATURE_V1, 5300, false);
    assert_int_equal(add(&signing, SIGNATURE_V1, 6100, true).id, 4);
}

TEST(signing_is_stored_sealed)
{
    static const uint8_t bytes[SIGNATURE_KEY_SIZE] = "0123456789abcdef0123456789abcdef";
    struct seal_key seal;
    struct signing signing = {.version = 3};
    struct signing_key key = {.scheme = SIGNATURE_V1A, .shown = slice_of("whpk_x")};
    struct buffer box = {0};
    struct buffer stored = {0};
    struct buffer opened = {0};
    assert_int_equal(seal_key_new(&seal), ERR_OK);
    assert_int_equal(signing_seal(&box, &seal.shut, slice_of("orders"), 1, bytes), ERR_OK);
    key.box = (struct slice){box.data, box.len};
    assert_true(signing_add(&signing, &key, (struct wall_ms){5000}, 1000));
    (void)add(&signing, SIGNATURE_V1A, 6000, true);
    signing_write(&stored, &signing);
    struct signing read;
    assert_int_equal(signing_read(&read, (struct slice){stored.data, stored.len}), ERR_OK);
    assert_int_equal(read.version, 3);
    assert_int_equal(read.last_id, 2);
    assert_int_equal(read.count, 2);
    assert_int_equal(read.keys[1].ends.ms, 7000);
    assert_true(slice_eq(read.keys[1].shown, "whpk_x"));
    assert_int_equal(signing_open(&opened, &seal, 1, slice_of("orders"), &read.keys[1]), ERR_OK);
    assert_memory_equal(opened.data, bytes, sizeof bytes);
    assert_int_equal(signing_open(&opened, &seal, 1, slice_of("others"), &read.keys[1]), ERR_INVALID);
    signing_fini(&read);
    buffer_fini(&box);
    buffer_fini(&stored);
    buffer_fini(&opened);
}

TEST(signing_that_is_none_is_not_read)
{
    static const char *const rows[] = {
        "",
        "1",
        "1 {}",
        "1 {\"last_id\":1,\"keys\":[{}]}",
        "1 {\"last_id\":1,\"keys\":[1]}",
        "1 {\"last_id\":1,\"keys\":[{\"id\":1,\"scheme\":\"v2\",\"made\":1,\"box\":\"\"}]}"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signing signing;
        assert_int_equal(signing_read(&signing, slice_of(rows[i])), ERR_PROTOCOL);
    }
}
