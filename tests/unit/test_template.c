/* Templates: what is one, what it becomes, and how it is escaped for where it stands. */
#include "text/template.h"

#include "test.h"

#include <string.h>

static const struct template_values values = {.of = {[TEMPLATE_JOB_ID] = "capi:ab",
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

/* ---- secrets ---- */

/* "quoted" is the only one. */
static bool find_secret(void *arg, struct slice name, struct slice *value)
{
    size_t *asked = arg;
    (*asked)++;
    *value = slice_of("pass\"wo\\rd");
    return slice_eq(name, "quo-ted.1");
}

TEST(template_secrets_are_filled_in_as_their_place_wants_them)
{
    static const char *const rows[][2] = {
        {"Bearer {{secret.quo-ted.1}}", "Bearer pass\"wo\\rd"},
        {"{{ secret.quo-ted.1 }}", "pass\"wo\\rd"},
        {"{\"a\":\"{{secret.quo-ted.1|json}}\"}", "{\"a\":\"pass\\\"wo\\\\rd\"}"},
        {"Basic {{secret.quo-ted.1 | base64}}", "Basic cGFzcyJ3b1xyZA=="},
        {"{{secret.other}}.", "."},
    };
    size_t asked = 0;
    struct template_values with = values;
    with.secret = find_secret;
    with.arg = &asked;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out = {0};
        size_t secrets = 0;
        template_expand(&out, slice_of(rows[i][0]), &with, TEMPLATE_IN_TEXT);
        assert_string_equal(buffer_str(&out), rows[i][1]);
        assert_int_equal(template_check_secrets(slice_of(rows[i][0]), &secrets, NULL), ERR_OK);
        assert_int_equal(secrets, 1);
        assert_int_equal(template_count_secrets(slice_of(rows[i][0])), 1);
        buffer_fini(&out);
    }
    assert_int_equal(asked, 5);
}

/* What a secret holds is not read for templates. */
static bool find_a_template(void *arg, struct slice name, struct slice *value)
{
    (void)arg;
    (void)name;
    *value = slice_of("{{secret.b}}{{attempt}}");
    return true;
}

TEST(template_in_a_secret_is_text)
{
    struct template_values with = values;
    with.secret = find_a_template;
    struct buffer out = {0};
    template_expand(&out, slice_of("{{secret.a}}"), &with, TEMPLATE_IN_TEXT);
    assert_string_equal(buffer_str(&out), "{{secret.b}}{{attempt}}");
    buffer_fini(&out);
}

/* A URL is logged, and shown: no secret gets into it. */
TEST(template_secret_in_a_query_is_refused)
{
    struct errinfo info = {0};
    struct template_values with = values;
    size_t asked = 0;
    with.secret = find_secret;
    with.arg = &asked;
    assert_int_equal(template_check(slice_of("a={{secret.quo-ted.1}}"), &info), ERR_INVALID);
    assert_non_null(strstr(info.text, "a URL cannot hold {{secret.quo-ted.1}}"));
    struct buffer out = {0};
    template_expand(&out, slice_of("a={{secret.quo-ted.1}}"), &with, TEMPLATE_IN_QUERY);
    assert_string_equal(buffer_str(&out), "a={{secret.quo-ted.1}}");
    assert_int_equal(asked, 0);
    buffer_fini(&out);
}

TEST(template_secret_that_is_none_is_refused)
{
    static const char *const rows[] = {
        "{{secret.}}", "{{secret.a|}}", "{{secret.a|url}}", "{{secret.a|JSON}}",
        "{{secret.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t secrets = 0;
        assert_int_equal(template_check_secrets(slice_of(rows[i]), &secrets, NULL), ERR_INVALID);
        assert_int_equal(template_count_secrets(slice_of(rows[i])), 0);
        assert_expands(rows[i], rows[i], TEMPLATE_IN_TEXT);
    }
}
