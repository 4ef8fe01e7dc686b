/* Templates: what is one, what it becomes, and how it is escaped for where it stands. */
#include "text/template.h"

#include "test.h"

#include <string.h>

static const struct template_values values = {{[TEMPLATE_JOB_ID] = "capi:ab",
                                               [TEMPLATE_EXECUTION_ID] = "exec:ab:1:2",
                                               [TEMPLATE_SCHEDULED_TIME] = "2026-03-08T07:00:00Z",
                                               [TEMPLATE_SCHEDULED_TIME_UNIX] = "1772953200",
                                               [TEMPLATE_ATTEMPT] = "2"}};

static void assert_expands(const char *text, const char *expected, enum template_place place)
{
    struct buffer out = {0};
    template_expand(&out, slice_of(text), &values, place);
    assert_string_equal(buffer_str(&out), expected);
    buffer_fini(&out);
}

TEST(template_values_are_filled_in)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"{{job_id}}", "capi:ab"},
        {"{{execution_id}}", "exec:ab:1:2"},
        {"{{scheduled_time}}", "2026-03-08T07:00:00Z"},
        {"{{scheduled_time_unix}}", "1772953200"},
        {"{{attempt}}", "2"},
        {"a{{attempt}}b{{attempt}}{{attempt}}", "a2b22"},
        {"{{ attempt }}{{\tattempt}}", "22"},
        {"{{{attempt}}}", "{2}"},
        {"{{{{attempt}}}}", "{{2}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_expands(rows[i][0], rows[i][1], TEMPLATE_IN_TEXT);
    }
}

TEST(template_values_are_percent_encoded_in_a_query)
{
    assert_expands("job={{job_id}}&at={{scheduled_time}}", "job=capi%3Aab&at=2026-03-08T07%3A00%3A00Z",
                   TEMPLATE_IN_QUERY);
}

/* Braces that are no template are text, and stay what they are. */
TEST(template_other_braces_are_text)
{
    static const char *const rows[] = {"{",         "{{",         "{{}}",     "{{ }}",        "{{attempt}",
                                       "{attempt}", "{{a b}}",    "{{a\nb}}", "{{\"a\"}}",    "{{#if}}",
                                       "{{attempt", "{\"a\":{}}", "}}{{",     "{ {attempt} }"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(template_any(slice_of(rows[i])));
        assert_int_equal(template_check(slice_of(rows[i]), NULL), ERR_OK);
        assert_expands(rows[i], rows[i], TEMPLATE_IN_TEXT);
    }
    assert_false(template_any((struct slice){NULL, 0}));
}

TEST(template_unknown_names_are_told)
{
    struct errinfo info = {0};
    assert_int_equal(template_check(slice_of("{{attempt}} {{job-id}}"), &info), ERR_INVALID);
    assert_non_null(strstr(info.text, "unknown template {{job-id}}; there are job_id, "));
    assert_int_equal(template_check(slice_of("{{Attempt}}"), &info), ERR_INVALID);
    assert_true(template_any(slice_of("x{{Attempt}}")));
    assert_expands("{{Attempt}}{{attempt}}", "{{Attempt}}2", TEMPLATE_IN_TEXT);
}

TEST(template_has_a_length)
{
    assert_int_equal(template_length(slice_of("{{attempt}}}")), 11);
    assert_int_equal(template_length(slice_of("{{ x }} ")), 7);
    assert_int_equal(template_length(slice_of(" {{x}}")), 0);
    assert_int_equal(template_length(slice_of("{")), 0);
    assert_int_equal(template_length(slice_of("")), 0);
}
