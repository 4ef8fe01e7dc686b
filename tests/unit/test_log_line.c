/* One event as one line: hostile values, limits, and JSON that stays well-formed whatever comes in. */
#include "base/log_line.h"

#include "text/json.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#define T0 1772953200012 /* 2026-03-08T07:00:00.012Z */

/* The line that a string value makes, from "v=" or "\"v\":" on, without its newline. */
static const char *shown(enum log_format format, const char *value, size_t len)
{
    static char line[LOG_LINE_MAX + 1];
    struct log_field field = log_bytes("v", value, len);
    struct log_head head = {.format = format, .time = {T0}, .level = LOG_INFO, .event = "e"};
    size_t line_len = log_line_format(line, &head, &field, 1);
    assert_int_equal(line[line_len - 1], '\n');
    line[line_len - 1] = '\0';
    assert_int_equal(strlen(line), line_len - 1);
    return strstr(line, format == LOG_JSON ? "\"v\":" : "v=");
}

TEST(log_line_escapes_hostile_values)
{
    static const struct {
        const char *value, *text, *json;
    } TABLE[] = {
        {"plain", "v=plain", "\"plain\"}"},
        {"", "v=\"\"", "\"\"}"},
        {"two words", "v=\"two words\"", "\"two words\"}"},
        {"a=b", "v=a=b", "\"a=b\"}"},
        {"say \"hi\"", "v=\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\"}"},
        {"back\\slash", "v=back\\slash", "\"back\\\\slash\"}"},
        {"back\\ slash", "v=\"back\\\\ slash\"", "\"back\\\\ slash\"}"},
        {"a\nINFO forged", "v=\"a\\nINFO forged\"", "\"a\\nINFO forged\"}"},
        {"\r\t", "v=\"\\r\\t\"", "\"\\r\\t\"}"},
        {"\x1b[2J", "v=\"\\x1b[2J\"", "\"\\u001b[2J\"}"},
        {"\x1b]0;title\a", "v=\"\\x1b]0;title\\x07\"", "\"\\u001b]0;title\\u0007\"}"},
        {"\x7f", "v=\"\\x7f\"", "\"\\u007f\"}"},
        {"\xC2\x9B"
         "31m",
         "v=\"\\u009b31m\"", "\"\\u009b31m\"}"}, /* CSI as one character */
        {"\xE2\x80\xAE"
         "gpj",
         "v=\"\\u202egpj\"", "\"\\u202egpj\"}"},           /* right-to-left override */
        {"\xE2\x80\xA8", "v=\"\\u2028\"", "\"\\u2028\"}"}, /* line separator */
        {"gr\xC3\xBC\xC3\x9F", "v=gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\"}"},
        {"\xF0\x9F\x98\x80", "v=\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\"}"},
        {"\xFF", "v=\"\\xff\"", "\"\\ufffd\"}"},
        {"a\xC3", "v=\"a\\xc3\"", "\"a\\ufffd\"}"},
        {"\xC0\xAF", "v=\"\\xc0\\xaf\"", "\"\\ufffd\\ufffd\"}"},
        {"\xED\xA0\x80", "v=\"\\xed\\xa0\\x80\"", "\"\\ufffd\\ufffd\\ufffd\"}"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        size_t len = strlen(TABLE[i].value);
        assert_string_equal(shown(LOG_TEXT, TABLE[i].value, len), TABLE[i].text);
        assert_string_equal(shown(LOG_JSON, TABLE[i].value, len) + 4, TABLE[i].json);
    }
    assert_string_equal(shown(LOG_TEXT, "a\0b", 3), "v=\"a\\x00b\"");
    assert_string_equal(shown(LOG_JSON, "a\0b", 3), "\"v\":\"a\\u0000b\"}");
}

/* Whatever bytes come in, the line is one line of JSON that our own strict reader takes. */
TEST(log_line_json_is_well_formed_for_any_bytes)
{
    srand(1);
    for (int round = 0; round < 2000; round++) {
        char bytes[3000];
        size_t len = (size_t)rand() % (round % 10 == 0 ? sizeof bytes : 40);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)rand();
        }
        char line[LOG_LINE_MAX];
        struct log_field fields[] = {log_bytes("a", bytes, len), log_bytes("b", bytes, len),
                                     log_bytes("c", bytes, len), log_bytes("d", bytes, len),
                                     log_bytes("e", bytes, len), log_i64("n", 1)};
        struct log_head head = {.format = LOG_JSON, .time = {T0}, .level = LOG_INFO, .event = "e"};
        size_t line_len = log_line_format(line, &head, fields, sizeof fields / sizeof fields[0]);
        assert_true(line_len <= LOG_LINE_MAX);
        assert_ptr_equal(memchr(line, '\n', line_len), line + line_len - 1);
        struct json_doc *doc;
        struct errinfo info;
        enum err err = json_parse(&doc, line, line_len, &info);
        if (err != ERR_OK &&
            strstr(info.text, "\\u0000") == NULL) { /* the one thing that our reader refuses on top */
            fail_msg("%s in %.*s", info.text, (int)line_len, line);
        }
        json_free(doc);
    }
}

TEST(log_line_cuts_a_long_value_with_an_ellipsis)
{
    char value[5000];
    memset(value, 'x', sizeof value);
    const char *text = shown(LOG_TEXT, value, sizeof value);
    assert_int_equal(strlen(text), strlen("v=") + LOG_VALUE_MAX);
    assert_string_equal(text + strlen(text) - 4, "x…");
    text = shown(LOG_TEXT, value, LOG_VALUE_MAX); /* just fits */
    assert_int_equal(text[strlen(text) - 1], 'x');
}

TEST(log_escape_cuts_between_characters)
{
    static const struct {
        const char *value;
        size_t size;
        const char *want;
    } TABLE[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdefg", 6, "abc…"},
        {"ab\xC3\xBC\xC3\xBC", 6, "ab\xC3\xBC\xC3\xBC"},
        {"ab\xC3\xBC\xC3\xBCx", 6, "ab…"}, /* not half a ü */
        {"ab\x1b\x1b", 7, "ab…"},          /* nor half an escape */
        {"\x1b\x1b", 8, "\\x1b\\x1b"},
        {"\x1b\x1b", 7, "\\x1b…"},
        {"abcd", 3, "…"},
        {"abcd", 2, ""},
        {"abcd", 0, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char out[16];
        size_t len = log_escape(out, TABLE[i].size, slice_of(TABLE[i].value), LOG_ESCAPE_BARE);
        assert_int_equal(len, strlen(TABLE[i].want));
        assert_memory_equal(out, TABLE[i].want, len);
    }
}

TEST(log_line_keeps_a_line_below_its_limit_and_counts_what_it_left_out)
{
    char value[2000];
    memset(value, '\x01', sizeof value); /* each byte takes four or six */
    struct log_field fields[40];
    for (size_t i = 0; i < 40; i++) {
        fields[i] = i % 2 == 0 ? log_bytes("value", value, sizeof value) : log_i64("number", INT64_MIN);
    }
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        char line[LOG_LINE_MAX];
        struct log_head head = {
            .format = (enum log_format)format, .time = {T0}, .level = LOG_INFO, .event = "e"};
        size_t len = log_line_format(line, &head, fields, 40);
        assert_in_range(len, LOG_LINE_MAX - 100, LOG_LINE_MAX);
        line[len - 1] = '\0';
        assert_non_null(strstr(line, "left_out"));
    }
}

TEST(log_line_bounds_even_the_event)
{
    char event[9000];
    memset(event, 'e', sizeof event - 1);
    event[sizeof event - 1] = '\0';
    char line[LOG_LINE_MAX];
    struct log_head head = {.format = LOG_TEXT, .time = {T0}, .level = LOG_INFO, .event = event};
    assert_true(log_line_format(line, &head, NULL, 0) < 400);
}
