/* Descriptions and tags. */
#include "job/labels.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

static struct labels labels;
static struct job_fault fault;

static void tear_down(void)
{
    labels_fini(&labels);
}

ALL_TESTS(NULL, tear_down);

static struct slice given(const char *text)
{
    return text == NULL ? (struct slice){NULL, 0} : slice_of(text);
}

static bool read_labels(const char *description, const char *tags)
{
    struct job_fields fields = {.description = given(description), .tags = given(tags)};
    labels_fini(&labels);
    fault = (struct job_fault){0};
    return labels_read(&labels, &fields, &fault);
}

TEST(labels_are_kept)
{
    struct job_fields told = {0};
    struct buffer out = {0};
    assert_true(read_labels("Nightly import\n\tof \xc3\xa4ll", "[\"b\",\"a c\",\"B\"]"));
    labels_describe(&labels, &told);
    assert_true(slice_eq(told.description, "Nightly import\n\tof \xc3\xa4ll"));
    assert_true(slice_eq(told.tags, "[\"B\",\"a c\",\"b\"]"));
    labels_print(&labels, &out);
    assert_string_equal(buffer_str(&out), "description 23 Nightly import\n\tof \xc3\xa4ll\n"
                                          "tags [\"B\",\"a c\",\"b\"]\n");
    buffer_fini(&out);
}

TEST(labels_may_be_missing)
{
    static const char *const rows[][2] = {{NULL, NULL}, {"", NULL}, {NULL, "[]"}, {"", "[]"}};
    for (size_t i = 0; i < 4; i++) {
        struct buffer out = {0};
        assert_true(read_labels(rows[i][0], rows[i][1]));
        assert_null(labels.description.data);
        assert_null(labels.tags.data);
        assert_null(labels.memory);
        labels_print(&labels, &out);
        assert_int_equal(out.len, 0);
    }
}

TEST(labels_name)
{
    char longest[LABELS_NAME_MAX + 2];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const rows[][2] = {{"nightly import \xc3\xa4", NULL},
                                   {"", "1 to 128"},
                                   {" a", "blank"},
                                   {"a ", "blank"},
                                   {"a\nb", "control"},
                                   {"\xff", "UTF-8"},
                                   {longest, "1 to 128"},
                                   {longest + 1, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job_fields fields = {.name = slice_of(rows[i][0]), .description = slice_of("d")};
        struct job_fields told = {0};
        labels_fini(&labels);
        bool good = labels_read(&labels, &fields, &fault);
        assert_int_equal(good, rows[i][1] == NULL);
        if (!good) {
            assert_string_equal(fault.field, "name");
            assert_non_null(strstr(fault.text, rows[i][1]));
            continue;
        }
        labels_describe(&labels, &told);
        assert_true(slice_eq(told.name, rows[i][0]));
        assert_true(slice_eq(told.description, "d"));
    }
}

TEST(labels_faults)
{
    static const char *const rows[][4] = {
        {"a\x01", NULL, "description", "control character"},
        {"\xff", NULL, "description", "not UTF-8"},
        {"\xc2\x85", NULL, "description", "control character"},
        {NULL, "{}", "tags", "must be an array of at most 16"},
        {NULL, "[", "tags", "tags: "},
        {NULL, "[1]", "tags", "each of tags"},
        {NULL, "[\"\"]", "tags", "each of tags"},
        {NULL, "[null]", "tags", "each of tags"},
        {NULL, "[\"a\\nb\"]", "tags", "each of tags"},
        {NULL, "[\"a\",\"b\",\"a\"]", "tags", "\"a\" stands there twice"},
        {NULL, "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "tags", "at most 16"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(read_labels(rows[i][0], rows[i][1]));
        if (strcmp(fault.field, rows[i][2]) != 0 || strstr(fault.text, rows[i][3]) == NULL) {
            fail_msg("row %zu: %s: %s", i, fault.field, fault.text);
        }
        assert_null(labels.memory);
    }
}

TEST(labels_have_limits)
{
    char description[LABELS_DESCRIPTION_MAX + 2];
    char tags[LABELS_TAG_MAX + 8];
    memset(description, 'd', sizeof description - 1);
    description[sizeof description - 1] = '\0';
    assert_false(read_labels(description, NULL));
    assert_true(read_labels(description + 1, NULL));
    (void)snprintf(tags, sizeof tags, "[\"%0*d\"]", LABELS_TAG_MAX + 1, 1);
    assert_false(read_labels(NULL, tags));
    (void)snprintf(tags, sizeof tags, "[\"%0*d\"]", LABELS_TAG_MAX, 1);
    assert_true(read_labels(NULL, tags));
}

TEST(labels_tag_is_found_byte_for_byte)
{
    static const char *const there[] = {"b", "a\"b", "x,", ",", "\xc3\xa4"};
    static const char *const absent[] = {"", "B", "a", "x", "\",\"", "a\\\"b", "[", "bb"};
    assert_true(read_labels(NULL, "[\"b\",\"a\\\"b\",\"x,\",\",\",\"\\u00e4\"]"));
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        assert_true(labels_have_tag(&labels, slice_of(there[i])));
    }
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_false(labels_have_tag(&labels, slice_of(absent[i])));
    }
    assert_true(read_labels(NULL, NULL));
    assert_false(labels_have_tag(&labels, slice_of("b")));
}
