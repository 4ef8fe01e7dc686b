/* Seals: known answers, what opens them and what does not, and the files of their keys. */
#include "secret/seal_file.h"
#include "text/digest.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Computed by Python's cryptography: X25519 of these two keys, HKDF, AESGCM. */
static const char known_public[] = "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c";
static const char known_box[] = "01aaa8fff703b50b225714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b"
                                "410c36d9c2929caeab3da944f0927d"
                                "0585aff4fbfaadfc90e06009efc8d239d5e3";
static const char known_empty[] = "01aaa8fff703b50b225714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e269"
                                  "8b410c363793f0fd01029b8698e9d85b"
                                  "789562a8";

static const struct slice context = {"secret\0default\0token\0003", 22};

/* The key whose bytes count up from first. */
static struct seal_key counting_key(int first)
{
    uint8_t bytes[SEAL_KEY_SIZE];
    struct seal_key key;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)((size_t)first + i);
    }
    assert_int_equal(seal_key_of(&key, bytes), ERR_OK);
    return key;
}

static void assert_hex(struct slice bytes, const char *hex)
{
    char text[512];
    assert_true(2 * bytes.len < sizeof text);
    digest_hex(text, (const uint8_t *)bytes.data, bytes.len);
    assert_string_equal(text, hex);
}

static struct slice all_of(const struct buffer *b)
{
    return (struct slice){b->data, b->len};
}

TEST(seal_has_known_answers)
{
    struct seal_key to = counting_key(1);
    struct seal_key fresh = counting_key(101);
    struct buffer box = {0};
    assert_hex((struct slice){(const char *)to.shut.bytes, SEAL_KEY_SIZE}, known_public);
    assert_int_equal(seal_close_with(&box, &fresh, &to.shut, context, slice_of("Bearer abc.def")), ERR_OK);
    assert_hex(all_of(&box), known_box);
    buffer_clear(&box);
    assert_int_equal(seal_close_with(&box, &fresh, &to.shut, context, slice_of("")), ERR_OK);
    assert_hex(all_of(&box), known_empty);
    buffer_fini(&box);
}

TEST(seal_opens_with_its_key_and_context)
{
    struct seal_key keys[2] = {counting_key(40), counting_key(1)};
    struct buffer box = {0};
    struct buffer text = {0};
    assert_int_equal(seal_close(&box, &keys[1].shut, context, slice_of("hunter2")), ERR_OK);
    assert_int_equal(box.len, 7 + SEAL_OVERHEAD);
    buffer_add_str(&text, "is ");
    assert_int_equal(seal_open(&text, keys, 2, context, all_of(&box)), ERR_OK);
    assert_string_equal(buffer_str(&text), "is hunter2");
    assert_int_equal(seal_open(&text, keys, 1, context, all_of(&box)), ERR_NOT_FOUND);
    buffer_fini(&box);
    buffer_fini(&text);
}

TEST(seal_is_another_box_each_time)
{
    struct seal_key to = counting_key(1);
    struct buffer one = {0};
    struct buffer other = {0};
    assert_int_equal(seal_close(&one, &to.shut, context, slice_of("hunter2")), ERR_OK);
    assert_int_equal(seal_close(&other, &to.shut, context, slice_of("hunter2")), ERR_OK);
    assert_memory_not_equal(one.data, other.data, one.len);
    buffer_fini(&one);
    buffer_fini(&other);
}

/* Each bit counts: of the version, the key's id, the fresh key, the ciphertext and the tag. */
TEST(seal_that_was_changed_stays_shut)
{
    struct seal_key to = counting_key(1);
    struct buffer box = {0};
    struct buffer text = {0};
    assert_int_equal(seal_close(&box, &to.shut, context, slice_of("hunter2")), ERR_OK);
    for (size_t bit = 0; bit < 8 * box.len; bit++) {
        /* X25519 ignores the highest bit of a public key; HKDF's salt does not. */
        box.data[bit / 8] = (char)(box.data[bit / 8] ^ (1 << bit % 8));
        assert_int_not_equal(seal_open(&text, &to, 1, context, all_of(&box)), ERR_OK);
        assert_int_equal(text.len, 0);
        box.data[bit / 8] = (char)(box.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < box.len; len++) {
        assert_int_equal(seal_open(&text, &to, 1, context, (struct slice){box.data, len}), ERR_INVALID);
    }
    buffer_fini(&box);
    buffer_fini(&text);
}

/* A secret that is put in the place of another one, or of an older version, does not open. */
TEST(seal_stays_shut_in_another_context)
{
    static const struct slice others[] = {
        {"secret\0default\0token\0004", 22},  {"secret\0default\0taken\0003", 22},
        {"secret\0another\0token\0003", 22},  {"signing\0default\0token\0003", 23},
        {"secret\0default\0token\0003 ", 23}, {"", 0}};
    struct seal_key to = counting_key(1);
    struct buffer box = {0};
    struct buffer text = {0};
    assert_int_equal(seal_close(&box, &to.shut, context, slice_of("hunter2")), ERR_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(seal_open(&text, &to, 1, others[i], all_of(&box)), ERR_INVALID);
    }
    buffer_fini(&box);
    buffer_fini(&text);
}

/* A public key of low order makes the shared secret known to all. */
TEST(seal_refuses_a_fresh_key_that_hides_nothing)
{
    struct seal_key to = counting_key(1);
    char box[SEAL_OVERHEAD + 4] = {1};
    struct buffer text = {0};
    memcpy(box + 1, to.shut.id, SEAL_ID_SIZE);
    assert_int_equal(seal_open(&text, &to, 1, context, (struct slice){box, sizeof box}), ERR_INVALID);
    buffer_fini(&text);
}

/* ---- files ---- */

static char path[] = "/tmp/dronc-test-seal-XXXXXX";

static void make_file(void)
{
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
}

static void remove_file(void)
{
    unlink(path);
}

EACH_TEST(make_file, remove_file);

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

TEST(seal_file_keeps_keys)
{
    struct seal_keys keys = {.of = {counting_key(1), counting_key(40)}, .count = 2};
    struct seal_keys read;
    struct seal_public shut;
    struct buffer text = {0};
    struct errinfo info = {0};
    seal_file_write_keys(&text, &keys);
    write_file(buffer_str(&text), 0600);
    assert_int_equal(seal_file_read_keys(&read, path, &info), ERR_OK);
    assert_memory_equal(&read, &keys, sizeof keys);
    buffer_clear(&text);
    seal_file_write_public(&text, &keys.of[0].shut);
    write_file(buffer_str(&text), 0644);
    assert_int_equal(seal_file_read_public(&shut, path, &info), ERR_OK);
    assert_memory_equal(&shut, &keys.of[0].shut, sizeof shut);
    buffer_fini(&text);
}

TEST(seal_file_that_others_may_read_is_refused)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666};
    struct seal_keys keys = {.of = {counting_key(1)}, .count = 1};
    struct buffer text = {0};
    struct errinfo info;
    seal_file_write_keys(&text, &keys);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file(buffer_str(&text), modes[i]);
        assert_int_equal(seal_file_read_keys(&keys, path, &info), ERR_CONFIG);
        assert_int_equal(keys.count, 0);
        assert_non_null(strstr(info.text, "chmod 600"));
    }
    write_file(buffer_str(&text), 0400);
    assert_int_equal(seal_file_read_keys(&keys, path, &info), ERR_OK);
    buffer_fini(&text);
}

TEST(seal_file_without_a_key_is_refused)
{
    static const char *const rows[] = {
        "",
        "# nothing\n",
        "\n\n",
        "dronc-seal-key-1:\n",
        "dronc-seal-key-1:AAAA\n",
        "dronc-seal-public-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "dronc-seal-key-2:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "dronc-seal-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nrubbish\n"};
    struct seal_keys keys;
    struct errinfo info;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_file(rows[i], 0600);
        assert_int_equal(seal_file_read_keys(&keys, path, &info), ERR_CONFIG);
        assert_int_equal(keys.count, 0);
    }
    assert_int_equal(seal_file_read_keys(&keys, "/nonexistent/key", &info), ERR_SYSTEM);
    assert_int_equal(seal_file_read_keys(&keys, "/tmp", &info), ERR_CONFIG);
}
