/* Commands as the bytes that Redis reads, and what replies are taken for. */
#include "resp/cmd.h"
#include "store/store.h"
#include "text/digest.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct script hello = {
    .name = "hello", .source = "return 1", .sha1 = "0123456789abcdef", .key_count = 1, .arg_count = 1};

static struct buffer out;

static void render(struct cmd *cmd, bool with_source)
{
    buffer_clear(&out);
    assert_int_equal(cmd_render(cmd, with_source, &out), ERR_OK);
}

static void assert_bytes(const char *expected, size_t len)
{
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, expected, len);
}

#define ASSERT_BYTES(text) assert_bytes(text, sizeof(text) - 1)

static void tear_down(void)
{
    buffer_fini(&out);
}

ALL_TESTS(NULL, tear_down);

TEST(cmd_plain_is_an_array_of_bulk_strings)
{
    struct cmd cmd;
    cmd_init(&cmd, "SET");
    cmd_arg_str(&cmd, "key");
    cmd_arg_i64(&cmd, -17);
    render(&cmd, false);
    ASSERT_BYTES("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\n-17\r\n");
    render(&cmd, true);
    ASSERT_BYTES("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\n-17\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_takes_any_bytes)
{
    struct cmd cmd;
    cmd_init(&cmd, "ECHO");
    cmd_arg(&cmd, "a\0b\r\n$1\r\n\xff", 10);
    cmd_arg(&cmd, "", 0);
    render(&cmd, false);
    ASSERT_BYTES("*3\r\n$4\r\nECHO\r\n$10\r\na\0b\r\n$1\r\n\xff\r\n$0\r\n\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_makes_one_argument_of_pieces)
{
    const struct slice pieces[] = {slice_of("dronc:{"), {"\0\n", 2}, slice_of(""), {NULL, 0}, slice_of("}")};
    struct cmd cmd;
    cmd_init(&cmd, "GET");
    cmd_arg_pieces(&cmd, pieces, sizeof pieces / sizeof pieces[0]);
    render(&cmd, false);
    ASSERT_BYTES("*2\r\n$3\r\nGET\r\n$10\r\ndronc:{\0\n}\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_writes_the_extreme_numbers)
{
    struct cmd cmd;
    cmd_init(&cmd, "X");
    cmd_arg_i64(&cmd, INT64_MIN);
    cmd_arg_i64(&cmd, INT64_MAX);
    render(&cmd, false);
    ASSERT_BYTES("*3\r\n$1\r\nX\r\n$20\r\n-9223372036854775808\r\n$19\r\n9223372036854775807\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_script_goes_by_its_name_or_with_its_source)
{
    struct cmd cmd;
    cmd_init_script(&cmd, &hello);
    cmd_arg_str(&cmd, "k");
    cmd_arg_str(&cmd, "v");
    render(&cmd, false);
    ASSERT_BYTES("*5\r\n$7\r\nEVALSHA\r\n$16\r\n0123456789abcdef\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\nv\r\n");
    render(&cmd, true);
    ASSERT_BYTES("*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\nv\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_script_without_keys_and_arguments)
{
    static const struct script bare = {.name = "bare", .source = "return 1", .sha1 = "0123456789abcdef"};
    struct cmd cmd;
    cmd_init_script(&cmd, &bare);
    render(&cmd, false);
    ASSERT_BYTES("*3\r\n$7\r\nEVALSHA\r\n$16\r\n0123456789abcdef\r\n$1\r\n0\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_script_has_as_many_arguments_as_it_takes)
{
    static const struct script grouped = {
        .name = "grouped", .source = "", .sha1 = "", .arg_count = 1, .group = 2};
    for (size_t argc = 0; argc < 7; argc++) {
        struct cmd cmd;
        cmd_init_script(&cmd, &grouped);
        for (size_t i = 0; i < argc; i++) {
            cmd_arg_str(&cmd, "x");
        }
        buffer_clear(&out);
        assert_int_equal(cmd_render(&cmd, false, &out), argc % 2 == 1 ? ERR_OK : ERR_BUG);
        cmd_fini(&cmd);
    }
}

TEST(cmd_render_appends)
{
    struct cmd cmd;
    cmd_init(&cmd, "A");
    render(&cmd, false);
    assert_int_equal(cmd_render(&cmd, false, &out), ERR_OK);
    ASSERT_BYTES("*1\r\n$1\r\nA\r\n*1\r\n$1\r\nA\r\n");
    cmd_fini(&cmd);
}

TEST(cmd_render_tells_of_failed_arguments_and_of_a_full_buffer)
{
    struct buffer small;
    struct cmd cmd;
    cmd_init(&cmd, "PING");
    buffer_init(&small, 5);
    assert_int_equal(cmd_render(&cmd, false, &small), ERR_LIMIT);
    buffer_fini(&small);
    cmd.args.error = ERR_NOMEM;
    assert_int_equal(cmd_render(&cmd, false, &out), ERR_NOMEM);
    cmd_fini(&cmd);
}

/* Redis names a script by the SHA-1 of its source: what was compiled in must be that. */
TEST(cmd_scripts_are_named_by_their_digest)
{
    size_t count = 0;
    for (const struct script *script; (script = store_script(count)) != NULL; count++) {
        uint8_t sum[DIGEST_SHA1_SIZE];
        char hex[2 * DIGEST_SHA1_SIZE + 1];
        assert_int_equal(digest_sha1(sum, script->source, strlen(script->source)), ERR_OK);
        digest_hex(hex, sum, sizeof sum);
        assert_string_equal(script->sha1, hex);
        char title[64];
        (void)snprintf(title, sizeof title, "-- %s: ", script->name);
        assert_non_null(strstr(script->source, title));
        for (size_t i = 0; i < count; i++) {
            assert_string_not_equal(store_script(i)->sha1, script->sha1);
            assert_string_not_equal(store_script(i)->name, script->name);
        }
    }
    assert_true(count >= 12);
    assert_null(store_script(SIZE_MAX));
}

static struct reply error_reply(const char *text)
{
    return (struct reply){.kind = REPLY_ERROR, .text = slice_of(text)};
}

TEST(cmd_reply_check_tells_errors_apart)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {
        {"LOADING Redis is loading the dataset in memory", ERR_DOWN},
        {"ERR unknown command", ERR_REFUSED},
        {"READONLY You can't write against a read only replica.", ERR_REFUSED},
        {"", ERR_REFUSED},
        {"LOAD", ERR_REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct errinfo info = {0};
        struct reply reply = error_reply(rows[i].text);
        assert_int_equal(reply_check(&reply, &info), rows[i].expected);
        assert_int_equal(info.code, rows[i].expected);
        assert_non_null(strstr(info.text, rows[i].text));
        assert_int_equal(reply_check(&reply, NULL), rows[i].expected);
    }
}

TEST(cmd_reply_check_takes_everything_else)
{
    static const enum reply_kind kinds[] = {REPLY_NIL, REPLY_INTEGER, REPLY_TEXT, REPLY_ARRAY};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct reply reply = {.kind = kinds[i], .text = slice_of("LOADING")};
        assert_int_equal(reply_check(&reply, NULL), ERR_OK);
        assert_false(reply_is_noscript(&reply));
    }
}

TEST(cmd_reply_check_cuts_a_long_message)
{
    static char text[5000];
    struct errinfo info;
    memset(text, 'x', sizeof text - 1);
    struct reply reply = error_reply(text);
    assert_int_equal(reply_check(&reply, &info), ERR_REFUSED);
    assert_in_range(strlen(info.text), 100, sizeof info.text - 1);
}

TEST(cmd_noscript_is_recognised)
{
    struct reply reply = error_reply("NOSCRIPT No matching script. Please use EVAL.");
    assert_true(reply_is_noscript(&reply));
    reply = error_reply("NOSCRIP");
    assert_false(reply_is_noscript(&reply));
    reply = error_reply("ERR NOSCRIPT");
    assert_false(reply_is_noscript(&reply));
}
