/* Which answers count as success: what is taken, what is refused, and what means the same. */
#include "job/success.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

static struct success rule;
static struct job_fault fault;

static void tear_down(void)
{
    success_fini(&rule);
}

ALL_TESTS(NULL, tear_down);

static bool read_rule(const char *text)
{
    struct job_fields fields = {.success = {text, text != NULL ? strlen(text) : 0}};
    success_fini(&rule);
    fault = (struct job_fault){0};
    return success_read(&rule, &fields, &fault);
}

/* Every status that counts, as ranges, and the text to be found. */
static void assert_means(const char *text, const char *printed)
{
    struct buffer out = {0};
    if (!read_rule(text)) {
        fail_msg("%s: %s", text, fault.text);
    }
    success_print(&rule, &out);
    assert_string_equal(buffer_str(&out), printed);
    buffer_fini(&out);
}

TEST(success_is_2xx_by_default)
{
    static const char *const usual[] = {NULL, "{}", "{\"status\":[\"2xx\"]}",
                                        "{\"status\":[\"250-299\",\"200-260\"]}"};
    for (size_t i = 0; i < 4; i++) {
        struct job_fields told = {0};
        assert_means(usual[i], "");
        success_describe(&rule, &told);
        assert_null(told.success.data);
        for (int status = -1; status < 1000; status++) {
            assert_int_equal(success_has_status(&rule, status), status >= 200 && status <= 299);
        }
    }
}

TEST(success_statuses_may_be_said_in_several_ways)
{
    assert_means("{\"status\":[304]}", "success 304-304\n");
    assert_means("{\"status\":[\"304\"]}", "success 304-304\n");
    assert_means("{\"status\":[\"2xx\",304]}", "success 200-299 304-304\n");
    assert_means("{\"status\":[304,\"250-299\",\"200-249\"]}", "success 200-299 304-304\n");
    assert_means("{\"status\":[\"1xx\",\"5xx\"]}", "success 100-199 500-599\n");
    assert_means("{\"status\":[100,599]}", "success 100-100 599-599\n");
    assert_means("{\"status\":[\"100-599\"]}", "success 100-599\n");
}

TEST(success_may_want_a_text)
{
    struct job_fields told = {0};
    assert_means("{\"body_contains\":\"o\\n\"}", "contains 2 o\n\n");
    assert_true(slice_eq(rule.contains, "o\n"));
    assert_true(success_has_status(&rule, 204));
    success_describe(&rule, &told);
    assert_true(slice_eq(told.success, "{\"body_contains\":\"o\\n\"}"));
    assert_means("{\"body_contains\":\"x\",\"status\":[404]}", "success 404-404\ncontains 1 x\n");
}

TEST(success_faults)
{
    static const char *const rows[][2] = {
        {"[]", "must be an object"},
        {"{", "success: "},
        {"{\"stat\":[200]}", "unknown member \"stat\"; there are status, body_contains"},
        {"{\"status\":200}", "array of 1 to 16"},
        {"{\"status\":[]}", "array of 1 to 16"},
        {"{\"status\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}", "array of 1 to 16"},
        {"{\"status\":[99]}", "an entry is no status"},
        {"{\"status\":[600]}", "is no status"},
        {"{\"status\":[4294967496]}", "is no status"},
        {"{\"status\":[200.5]}", "is no status"},
        {"{\"status\":[null]}", "an entry is no status"},
        {"{\"status\":[\"2XX\"]}", "\"2XX\" is no status"},
        {"{\"status\":[\"6xx\"]}", "\"6xx\" is no status"},
        {"{\"status\":[\"xxx\"]}", "is no status"},
        {"{\"status\":[\"\"]}", "\"\" is no status"},
        {"{\"status\":[\"20\"]}", "is no status"},
        {"{\"status\":[\"-20\"]}", "is no status"},
        {"{\"status\":[\"204-200\"]}", "\"204-200\" is no status"},
        {"{\"status\":[\"200-600\"]}", "is no status"},
        {"{\"status\":[\"200-20x\"]}", "is no status"},
        {"{\"status\":[\"200 204\"]}", "is no status"},
        {"{\"body_contains\":\"\"}", "1 to 256 bytes"},
        {"{\"body_contains\":1}", "1 to 256 bytes"},
        {"{\"body_contains\":null}", "1 to 256 bytes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(read_rule(rows[i][0]));
        assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
        assert_string_equal(fault.field, "success");
        if (strstr(fault.text, rows[i][1]) == NULL) {
            fail_msg("%s: %s", rows[i][0], fault.text);
        }
    }
}

TEST(success_text_may_be_as_long_as_stated)
{
    char text[300];
    for (int len = 256; len <= 257; len++) {
        (void)snprintf(text, sizeof text, "{\"body_contains\":\"%0*d\"}", len, 7);
        assert_int_equal(read_rule(text), len == 256);
    }
}
