/* What the writer writes, what it takes for misuse, and that the reader reads it back. */
#include "text/json.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

TEST(json_writer_puts_commas_and_colons)
{
    struct buffer out = {0};
    struct json_writer w;
    json_begin(&w, &out);
    json_object_begin(&w);
    json_key(&w, "count");
    json_put_i64(&w, 2);
    json_key(&w, "items");
    json_array_begin(&w);
    json_put_str(&w, "a");
    json_put_bool(&w, true);
    json_put_bool(&w, false);
    json_put_null(&w);
    json_object_begin(&w);
    json_object_end(&w);
    json_array_begin(&w);
    json_array_end(&w);
    json_array_end(&w);
    json_key(&w, "last");
    json_put_bytes(&w, (struct slice){"xyz", 2});
    json_key(&w, "none");
    json_put_str(&w, NULL);
    json_object_end(&w);
    assert_int_equal(buffer_error(&out), ERR_OK);
    assert_string_equal(
        buffer_str(&out),
        "{\"count\":2,\"items\":[\"a\",true,false,null,{},[]],\"last\":\"xy\",\"none\":null}");
    buffer_fini(&out);
}

TEST(json_writer_writes_a_bare_value)
{
    struct buffer out = {0};
    struct json_writer w;
    json_begin(&w, &out);
    json_put_i64(&w, INT64_MIN);
    assert_string_equal(buffer_str(&out), "-9223372036854775808");
    buffer_fini(&out);
}

static void value_without_key(struct json_writer *w)
{
    json_object_begin(w);
    json_put_i64(w, 1);
}

static void key_in_array(struct json_writer *w)
{
    json_array_begin(w);
    json_key(w, "a");
}

static void key_outside(struct json_writer *w)
{
    json_key(w, "a");
}

static void key_twice(struct json_writer *w)
{
    json_object_begin(w);
    json_key(w, "a");
    json_key(w, "b");
}

static void key_without_value(struct json_writer *w)
{
    json_object_begin(w);
    json_key(w, "a");
    json_object_end(w);
}

static void wrong_end(struct json_writer *w)
{
    json_object_begin(w);
    json_array_end(w);
}

static void end_too_many(struct json_writer *w)
{
    json_array_begin(w);
    json_array_end(w);
    json_array_end(w);
}

static void second_root(struct json_writer *w)
{
    json_put_null(w);
    json_put_null(w);
}

static void too_deep(struct json_writer *w)
{
    for (int i = 0; i < 100; i++) {
        json_array_begin(w);
    }
}

TEST(json_writer_remembers_misuse)
{
    static void (*const MISUSES[])(struct json_writer *) = {value_without_key, key_in_array,      key_outside,
                                                            key_twice,         key_without_value, wrong_end,
                                                            end_too_many,      second_root,       too_deep};
    for (size_t i = 0; i < sizeof MISUSES / sizeof MISUSES[0]; i++) {
        struct buffer out = {0};
        struct json_writer w;
        json_begin(&w, &out);
        MISUSES[i](&w);
        assert_int_equal(buffer_error(&out), ERR_BUG);
        buffer_fini(&out);
    }
}

TEST(json_writer_reports_the_limit_of_its_buffer)
{
    struct buffer out;
    struct json_writer w;
    buffer_init(&out, 10);
    json_begin(&w, &out);
    json_array_begin(&w);
    json_put_str(&w, "longer than ten bytes");
    json_array_end(&w);
    assert_int_equal(buffer_error(&out), ERR_LIMIT);
    buffer_fini(&out);
}

TEST(json_escape_escapes_what_it_must_and_no_more)
{
    static const struct {
        const char *text, *want;
    } TABLE[] = {
        {"", ""},
        {"plain /path?a=b&c", "plain /path?a=b&c"},
        {"\"\\", "\\\"\\\\"},
        {"\b\f\n\r\t", "\\b\\f\\n\\r\\t"},
        {"\x01\x1f\x7f", "\\u0001\\u001f\x7f"},
        {"\xC3\xA9\xF0\x9F\x98\x80", "\xC3\xA9\xF0\x9F\x98\x80"},
        {"a\xFFz", "a\xEF\xBF\xBDz"},
        {"\xC3", "\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct buffer out = {0};
        json_escape(&out, slice_of(TABLE[i].text));
        assert_string_equal(buffer_str(&out), TABLE[i].want);
        buffer_fini(&out);
    }
    struct buffer out = {0};
    json_escape(&out, (struct slice){"a\0b", 3});
    assert_string_equal(buffer_str(&out), "a\\u0000b");
    buffer_fini(&out);
}

/* Long texts are looked at in words. */
TEST(json_escape_finds_each_byte_at_each_place)
{
    for (unsigned byte = 0; byte < 0x80; byte++) {
        struct buffer alone = {0};
        json_escape(&alone, (struct slice){(const char[]){(char)byte}, 1});
        for (size_t place = 0; place < 20; place++) {
            char text[] = "~~~~~~~~~~~~~~~~~~~~";
            struct buffer want = {0};
            struct buffer out = {0};
            buffer_add(&want, text, place);
            buffer_add(&want, alone.data, alone.len);
            buffer_add(&want, text, sizeof text - 2 - place);
            text[place] = (char)byte;
            json_escape(&out, (struct slice){text, sizeof text - 1});
            assert_string_equal(buffer_str(&out), buffer_str(&want));
            buffer_fini(&want);
            buffer_fini(&out);
        }
        buffer_fini(&alone);
    }
}

/* Parse text that must be good. Owned by the caller. */
static struct json_doc *parse(const char *text)
{
    struct json_doc *doc;
    struct errinfo info = {0};
    if (json_parse(&doc, text, strlen(text), &info) != ERR_OK) {
        fail_msg("%s: %s", text, info.text);
    }
    assert_non_null(doc);
    return doc;
}

/* Any bytes without NUL, written as a string and as a key, are read back: as themselves if they are UTF-8. */
TEST(json_reads_what_it_wrote)
{
    srand(2);
    for (int round = 0; round < 2000; round++) {
        char bytes[40];
        size_t len = (size_t)rand() % (sizeof bytes - 1);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(1 + rand() % (round % 2 == 0 ? 127 : 255));
        }
        bytes[len] = '\0';
        struct buffer out = {0};
        struct json_writer w;
        json_begin(&w, &out);
        json_object_begin(&w);
        json_key(&w, bytes);
        json_put_bytes(&w, (struct slice){bytes, len});
        json_object_end(&w);
        assert_int_equal(buffer_error(&out), ERR_OK);
        struct json_doc *doc = parse(buffer_str(&out));
        if (round % 2 == 0) {
            assert_true(slice_eq(json_string(json_member(json_root(doc), bytes)), bytes));
        }
        json_free(doc);
        buffer_fini(&out);
    }
}
