/* What the strict reader takes and refuses, with its messages. Writing: test_json_write.c. */
#include "text/json.h"

#include <limits.h>

#include "test.h"

#include <string.h>
#include <time.h>

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

/* Text that must be refused with a message. */
static void assert_refused(const char *text, size_t len, const char *message)
{
    struct json_doc *doc;
    struct errinfo info = {0};
    if (json_parse(&doc, text, len, &info) != ERR_INVALID) {
        fail_msg("not refused as invalid: %s", text);
    }
    assert_null(doc);
    assert_int_equal(info.code, ERR_INVALID);
    assert_string_equal(info.text, message);
}

TEST(json_reads_the_members_of_an_object)
{
    struct json_doc *doc =
        parse(" {\"schedule\": \"* * * * *\", \"n\": -5, \"none\": null, \"deep\": {\"x\": [1, 2]}} \n");
    const struct json_value *root = json_root(doc);
    assert_int_equal(json_kind_of(root), JSON_OBJECT);
    assert_true(slice_eq(json_string(json_member(root, "schedule")), "* * * * *"));
    assert_int_equal(json_int(json_member(root, "n")), -5);
    assert_int_equal(json_kind_of(json_member(root, "none")), JSON_NULL); /* there, and null */
    assert_null(json_member(root, "absent"));
    assert_int_equal(json_kind_of(json_member(json_member(root, "deep"), "x")), JSON_ARRAY);
    json_free(doc);
}

TEST(json_tells_kinds_apart)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } TABLE[] = {
        {"null", JSON_NULL},
        {" null \n", JSON_NULL},
        {"true", JSON_BOOL},
        {" false ", JSON_BOOL},
        {"0", JSON_INT},
        {" 1 ", JSON_INT},
        {"-0", JSON_INT},
        {"9223372036854775807", JSON_INT},
        {"-9223372036854775808", JSON_INT},
        {"9223372036854775808", JSON_NUMBER},
        {"-9223372036854775809", JSON_NUMBER},
        {"18446744073709551615", JSON_NUMBER},
        {"123456789012345678901234567890", JSON_NUMBER},
        {" 123456789012345678901234567890 ", JSON_NUMBER},
        {"1.0", JSON_INT},
        {" -5e3 ", JSON_INT},
        {"1.05e1", JSON_NUMBER},
        {"1e19", JSON_NUMBER},
        {"-0.5E-3", JSON_NUMBER},
        {"1e400", JSON_NUMBER},
        {"\"\"", JSON_STRING},
        {" \"x\" ", JSON_STRING},
        {"[]", JSON_ARRAY},
        {"{}", JSON_OBJECT},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct json_doc *doc = parse(TABLE[i].text);
        assert_int_equal(json_kind_of(json_root(doc)), TABLE[i].kind);
        json_free(doc);
    }
}

TEST(json_reads_int64_exactly)
{
    struct json_doc *doc =
        parse("{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":99999999999999999999,"
              "\"d\":-9223372036854775809,\"e\":7}");
    const struct json_value *root = json_root(doc);
    assert_true(json_int(json_member(root, "a")) == INT64_MAX);
    assert_true(json_int(json_member(root, "b")) == INT64_MIN);
    assert_int_equal(json_kind_of(json_member(root, "c")), JSON_NUMBER); /* not clamped */
    assert_int_equal(json_kind_of(json_member(root, "d")), JSON_NUMBER);
    assert_int_equal(json_int(json_member(root, "e")), 7);
    json_free(doc);
}

/* By JSON Schema what has no fraction is an integer, however it is written, and none of it may go through a
 * double. */
TEST(json_reads_whole_numbers_however_they_are_written)
{
    struct json_doc *doc =
        parse("{\"a\":9007199254740993.0,\"b\":[5e3, 1.50E+1,-0.0],\"c\":{\"d\":9223372036854775807000e-3},"
              "\"e\":99999999999999999999,\"f\":1e400,\"g\":1.5}");
    const struct json_value *root = json_root(doc);
    assert_true(json_int(json_member(root, "a")) == INT64_C(9007199254740993));
    assert_true(json_int(json_member(json_member(root, "c"), "d")) == INT64_MAX);
    assert_int_equal(json_kind_of(json_member(root, "f")), JSON_NUMBER);
    struct buffer out;
    struct json_writer w;
    buffer_init(&out, 0);
    json_begin(&w, &out);
    json_put_value(&w, root);
    assert_string_equal(buffer_str(&out),
                        "{\"a\":9007199254740993,\"b\":[5000,15,0],\"c\":{\"d\":9223372036854775807},"
                        "\"e\":99999999999999999999e0,\"f\":1e400,\"g\":1.5}");
    buffer_fini(&out);
    json_free(doc);
}

TEST(json_getters_answer_nothing_for_other_kinds)
{
    static const char *const TEXTS[] = {"null", "true", "1.5", "[1]", "{\"a\":1}"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        struct json_doc *doc = parse(TEXTS[i]);
        assert_null(json_string(json_root(doc)).data);
        assert_int_equal(json_int(json_root(doc)), 0);
        json_free(doc);
    }
    struct json_doc *doc = parse("\"12\"");
    assert_int_equal(json_int(json_root(doc)), 0); /* json-c would say 12 */
    assert_null(json_member(json_root(doc), "a"));
    json_free(doc);
}

TEST(json_unescapes_strings)
{
    static const struct {
        const char *text, *want;
    } TABLE[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", "A\xC3\xA9\xE2\x82\xAC"},
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"},
        {"\"\xC3\xA9 \xF0\x9F\x98\x80 \x7f\"", "\xC3\xA9 \xF0\x9F\x98\x80 \x7f"},
        {"\"\\uffff\"", "\xEF\xBF\xBF"},
        {"\"/\"", "/"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct json_doc *doc = parse(TABLE[i].text);
        assert_true(slice_eq(json_string(json_root(doc)), TABLE[i].want));
        json_free(doc);
    }
}

TEST(json_refuses_what_is_not_rfc_8259)
{
    static const struct {
        const char *text, *message;
    } TABLE[] = {
        {"", "character 1: expected a value, but the text ends"},
        {" \t\r\n", "character 5: expected a value, but the text ends"},
        {"{", "character 2: expected a name in double quotes or '}', but the text ends"},
        {"{\"a\"", "character 5: expected ':', but the text ends"},
        {"{\"a\":", "character 6: expected a value, but the text ends"},
        {"{\"a\":1", "character 7: expected ',' or '}', but the text ends"},
        {"{\"a\":1 \"b\":2}", "character 8: expected ',' or '}'"},
        {"{\"a\":1]", "character 7: expected ',' or '}'"},
        {"{\"a\" 1}", "character 6: expected ':'"},
        {"{\"a\":1,}", "character 8: expected a name in double quotes"},
        {"{,}", "character 2: expected a name in double quotes or '}'"},
        {"{a:1}", "character 2: expected a name in double quotes or '}'"},
        {"{'a':1}", "character 2: expected a name in double quotes or '}'"},
        {"{1:1}", "character 2: expected a name in double quotes or '}'"},
        {"[1,]", "character 4: expected a value"},
        {"[,1]", "character 2: expected a value"},
        {"[1 2]", "character 4: expected ',' or ']'"},
        {"[1}", "character 3: expected ',' or ']'"},
        {"]", "character 1: expected a value"},
        {"{} {}", "character 4: expected nothing more behind the value"},
        {"{}x", "character 3: expected nothing more behind the value"},
        {"1,", "character 2: expected nothing more behind the value"},
        {"null null", "character 6: expected nothing more behind the value"},
        {"nul", "character 1: expected a value"},
        {"nulll", "character 5: expected nothing more behind the value"},
        {"True", "character 1: expected a value"},
        {"NaN", "character 1: expected a value"},
        {"Infinity", "character 1: expected a value"},
        {"-Infinity", "character 2: expected a digit behind '-'"},
        {"undefined", "character 1: expected a value"},
        {"/* */ 1", "character 1: expected a value"},
        {"1 // x", "character 3: expected nothing more behind the value"},
        {"# 1", "character 1: expected a value"},
        {"'a'", "character 1: expected a value"},
        {"01", "character 1: a number must not start with 0"},
        {"-01", "character 1: a number must not start with 0"},
        {"[00]", "character 2: a number must not start with 0"},
        {"01.5", "character 1: a number must not start with 0"},
        {"+1", "character 1: expected a value"},
        {".5", "character 1: expected a value"},
        {"1.", "character 3: expected a digit behind '.', but the text ends"},
        {"1.e5", "character 3: expected a digit behind '.'"},
        {"1e", "character 3: expected a digit in the exponent, but the text ends"},
        {"1e+", "character 4: expected a digit in the exponent, but the text ends"},
        {"--1", "character 2: expected a digit behind '-'"},
        {"-", "character 2: expected a digit behind '-', but the text ends"},
        {"0x10", "character 2: expected nothing more behind the value"},
        {"1_000", "character 2: expected nothing more behind the value"},
        {"\"abc", "character 5: expected '\"' at the end of the string, but the text ends"},
        {"\"a\nb\"", "character 3: a control character in a string must be escaped"},
        {"\"\t\"", "character 2: a control character in a string must be escaped"},
        {"{\"a\x01\":1}", "character 4: a control character in a string must be escaped"},
        {"\"\\x41\"", "character 3: expected one of \" \\ / b f n r t u behind a backslash"},
        {"\"\\", "character 3: expected one of \" \\ / b f n r t u behind a backslash, but the text ends"},
        {"\"\\u12\"", "character 6: expected four hexadecimal digits behind \\u"},
        {"\"\\u+123\"", "character 4: expected four hexadecimal digits behind \\u"},
        {"\"\\u00", "character 6: expected four hexadecimal digits behind \\u, but the text ends"},
        {"\"\\u0000\"", "character 2: \\u0000 is not allowed"},
        {"{\"a\\u0000b\":1}", "character 4: \\u0000 is not allowed"},
        {"\"\\ud800\"", "character 2: half of a surrogate pair"},
        {"\"\\udc00\"", "character 2: half of a surrogate pair"},
        {"\"x\\ud83dx\"", "character 3: half of a surrogate pair"},
        {"\"\\ud83d\\ud83d\"", "character 2: half of a surrogate pair"},
        {"\"\\ud83d\\n\"", "character 2: half of a surrogate pair"},
        {"\"\\ud83d\\u12\"", "character 2: half of a surrogate pair"},
        {"\"\\ud83d\\u12x4\"", "character 12: expected four hexadecimal digits behind \\u"},
        {"\"\xFF\"", "character 2: invalid UTF-8"},
        {"\"\xC3\"", "character 2: invalid UTF-8"},
        {"\"\x80\"", "character 2: invalid UTF-8"},
        {"\"\xC0\x80\"", "character 2: invalid UTF-8"},
        {"\"\xE0\x80\xAF\"", "character 2: invalid UTF-8"},
        {"\"\xED\xA0\x80\"", "character 2: invalid UTF-8"},
        {"\"\xF4\x90\x80\x80\"", "character 2: invalid UTF-8"},
        {"\"\xF0\x9F\x98\"", "character 2: invalid UTF-8"},
        {"{\"\xFF\":1}", "character 3: invalid UTF-8"},
        {"\xEF\xBB\xBF{}", "character 1: a byte-order mark is not allowed"},
        {"\xC2\xA0 1", "character 1: expected a value"}, /* a space that is none */
        {"\f1", "character 1: expected a value"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_refused(TABLE[i].text, strlen(TABLE[i].text), TABLE[i].message);
    }
}

TEST(json_refuses_nul_bytes_wherever_they_are)
{
    assert_refused("{}\0", 3, "character 3: expected nothing more behind the value");
    assert_refused("\0{}", 3, "character 1: expected a value");
    assert_refused("\"a\0b\"", 5, "character 3: a NUL byte is not allowed");
    assert_refused("[1\0]", 4, "character 3: expected ',' or ']'");
    assert_refused("1\0", 2, "character 2: expected nothing more behind the value");
    assert_refused("{\"a\0\":1}", 8, "character 4: a NUL byte is not allowed");
}

TEST(json_names_duplicate_keys)
{
    static const struct {
        const char *text, *message;
    } TABLE[] = {
        {"{\"a\":1,\"a\":2}", "character 8: the name \"a\" stands twice in one object"},
        {"{\"a\":1,\"\\u0061\":2}", "character 8: the name \"a\" stands twice in one object"},
        {"{\"/\":1,\"\\/\":2}", "character 8: the name \"/\" stands twice in one object"},
        {"{\"\":1,\"\":2}", "character 7: the name \"\" stands twice in one object"},
        {"{\"a\":{\"b\":1,\"c\":{},\"b\":2}}", "character 20: the name \"b\" stands twice in one object"},
        {"[{\"a\":1},{\"a\":1,\"b\":2,\"b\":3}]", "character 23: the name \"b\" stands twice in one object"},
        {"{\"a\":{\"x\":1},\"b\":2,\"a\":3}", "character 20: the name \"a\" stands twice in one object"},
        {"{\"\xC3\xA9\":1,\"\\u00e9\":2}", "character 9: the name \"\xC3\xA9\" stands twice in one object"},
        {"{\"a\":99999999999999999999,\"a\":1}", "character 27: the name \"a\" stands twice in one object"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        assert_refused(TABLE[i].text, strlen(TABLE[i].text), TABLE[i].message);
    }
}

TEST(json_shows_only_the_beginning_of_a_long_duplicate)
{
    struct buffer text = {0};
    for (int i = 0; i < 2; i++) {
        buffer_add_str(&text, i == 0 ? "{\"" : ",\"");
        for (int j = 0; j < 3000; j++) {
            buffer_add_str(&text, "\xC3\xBC");
        }
        buffer_add_str(&text, "\":1");
    }
    buffer_add_str(&text, "}");
    struct json_doc *doc;
    struct errinfo info;
    assert_int_equal(json_parse(&doc, text.data, text.len, &info), ERR_INVALID);
    assert_non_null(strstr(info.text, "\xC3\xBC…\" stands twice in one object"));
    buffer_fini(&text);
}

TEST(json_lets_the_same_name_stand_in_different_objects)
{
    json_free(parse("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}"));
}

TEST(json_takes_eight_containers_and_refuses_nine)
{
    json_free(parse("[[[[[[[[1]]]]]]]]"));
    json_free(parse("[[[[[[[[]]]]]]]]"));
    json_free(parse("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":\"x\"}}}}}}}}"));
    json_free(parse("[[[[[[[[1],[2],{\"a\":3}]]]]]],[]]"));
    assert_refused("[[[[[[[[[]]]]]]]]]", 18, "character 9: more than 8 objects and arrays inside each other");
    assert_refused("[[[[[[[[{}]]]]]]]]", 18, "character 9: more than 8 objects and arrays inside each other");
}

/* Milliseconds of processor time that one parse takes. */
static double time_of(const struct buffer *text, enum err want)
{
    struct json_doc *doc;
    clock_t before = clock();
    assert_int_equal(json_parse(&doc, text->data, text->len, NULL), want);
    clock_t after = clock();
    json_free(doc);
    return (double)(after - before) * 1000 / CLOCKS_PER_SEC;
}

TEST(json_is_fast_on_hostile_bodies)
{
    struct buffer keys = {0};
    struct buffer twice = {0};
    struct buffer deep = {0};
    struct buffer wide = {0};
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&keys, "%s\"%d\":1", i == 0 ? "{" : ",", i);
        buffer_printf(&twice, "%s\"%d\":1", i == 0 ? "{" : ",", i % 9999);
        buffer_add_char(&deep, '[');
        buffer_printf(&wide, "%s99999999999999999999", i == 0 ? "[" : ",");
    }
    buffer_add_char(&keys, '}');
    buffer_add_char(&twice, '}');
    buffer_add_char(&wide, ']');
    const double limit_ms = 1000; /* generous, for sanitizers; anything quadratic takes longer */
    assert_true(time_of(&keys, ERR_OK) < limit_ms);
    assert_true(time_of(&twice, ERR_INVALID) < limit_ms);
    assert_true(time_of(&deep, ERR_INVALID) < limit_ms);
    assert_true(time_of(&wide, ERR_OK) < limit_ms);
    buffer_fini(&keys);
    buffer_fini(&twice);
    buffer_fini(&deep);
    buffer_fini(&wide);
}

/* Cut and bend a good text in every place: no crash, and what is taken was JSON. */
TEST(json_survives_mutations)
{
    static const char GOOD[] =
        "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\n\xC3\xA9\"],\"b\":{\"c\":99999999999999999999}}";
    char text[sizeof GOOD];
    for (size_t len = 0; len < sizeof GOOD - 1; len++) {
        struct json_doc *doc;
        assert_int_equal(json_parse(&doc, GOOD, len, NULL), ERR_INVALID);
    }
    for (size_t pos = 0; pos < sizeof GOOD - 1; pos++) {
        for (int byte = 0; byte < 256; byte++) {
            struct json_doc *doc;
            memcpy(text, GOOD, sizeof GOOD);
            text[pos] = (char)byte;
            enum err err = json_parse(&doc, text, sizeof GOOD - 1, NULL);
            assert_true(err == ERR_OK || err == ERR_INVALID); /* never ERR_BUG: json-c agrees with the scan */
            json_free(doc);
        }
    }
}

TEST(json_refuses_more_than_json_c_can_count)
{
    struct json_doc *doc;
    struct errinfo info = {0};
    assert_int_equal(json_parse(&doc, "1", INT_MAX, &info), ERR_LIMIT); /* before reading any of it */
    assert_null(doc);
    assert_string_equal(info.text, "longer than 2147483646 bytes");
}

struct walk {
    struct buffer keys;
    int left; /* members to visit before stopping */
};

static bool note_key(struct slice key, const struct json_value *value, void *arg)
{
    struct walk *walk = arg;
    buffer_add(&walk->keys, key.data, key.len);
    buffer_add_str(&walk->keys, json_kind_of(value) == JSON_INT ? "=int " : "=? ");
    return --walk->left > 0;
}

TEST(json_each_visits_members_in_the_order_of_the_text)
{
    struct json_doc *doc = parse("{\"z\":1,\"a\":null,\"m\":3}");
    struct walk all = {.left = 100};
    assert_true(json_each(json_root(doc), note_key, &all));
    assert_string_equal(buffer_str(&all.keys), "z=int a=? m=int ");
    struct walk some = {.left = 2};
    assert_false(json_each(json_root(doc), note_key, &some));
    assert_string_equal(buffer_str(&some.keys), "z=int a=? ");
    buffer_fini(&all.keys);
    buffer_fini(&some.keys);
    json_free(doc);
}

TEST(json_free_takes_null)
{
    json_free(NULL);
}

TEST(json_kind_name_fits_a_sentence)
{
    assert_string_equal(json_kind_name(JSON_STRING), "a string");
    assert_string_equal(json_kind_name(JSON_OBJECT), "an object");
    assert_string_equal(json_kind_name(JSON_ARRAY), "an array");
    assert_string_equal(json_kind_name(JSON_INT), "a whole number");
    assert_string_equal(json_kind_name(JSON_NUMBER), "a number");
    assert_string_equal(json_kind_name(JSON_BOOL), "a boolean");
    assert_string_equal(json_kind_name(JSON_NULL), "null");
}
