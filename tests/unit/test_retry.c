/* The rule for retries: what is accepted, what is refused, and the defaults. */
#include "job/retry.h"

#include "test.h"

#include <string.h>

static struct retry rule;
static struct job_fault fault;

static void tear_down(void)
{
    retry_fini(&rule);
}

ALL_TESTS(NULL, tear_down);

static bool read_rule(const char *text)
{
    struct job_fields fields = {.retry = {text, text != NULL ? strlen(text) : 0}};
    retry_fini(&rule);
    fault = (struct job_fault){0};
    return retry_read(&rule, &fields, &fault);
}

static void assert_means(const char *text, const char *printed)
{
    struct buffer out = {0};
    if (!read_rule(text)) {
        fail_msg("%s: %s", text, fault.text);
    }
    retry_print(&rule, &out);
    assert_string_equal(buffer_str(&out), printed);
    buffer_fini(&out);
}

TEST(retry_has_defaults)
{
    static const char *const usual[] = {NULL, "{}",
                                        "{\"max_attempts\":6,\"min_backoff_ms\":1000,\"max_backoff_ms\":"
                                        "30000,\"multiplier\":2.0,\"jitter\":\"full\"}"};
    for (size_t i = 0; i < 3; i++) {
        struct job_fields told = {0};
        assert_means(usual[i], "");
        retry_describe(&rule, &told);
        assert_null(told.retry.data);
        assert_false(told.retry_unsent.given || told.retry_client_errors.given);
        assert_int_equal(rule.max_attempts, 6);
        assert_int_equal(rule.min_backoff_ms, 1000);
        assert_int_equal(rule.max_backoff_ms, 30000);
        assert_int_equal(rule.multiplier_milli, 2000);
        assert_true(rule.jitter);
        assert_int_equal(rule.max_duration_ms, 0);
    }
}

TEST(retry_takes_every_member)
{
    struct job_fields told = {0};
    static const char all[] = "{\"jitter\":\"none\",\"max_attempts\":100,\"max_backoff_ms\":86400000,"
                              "\"max_duration_ms\":2592000000,\"min_backoff_ms\":1,\"multiplier\":1.125}";
    assert_means(all, "retry 100 in 1 to 86400000 ms times 1125 jitter none within 2592000000 ms\n");
    retry_describe(&rule, &told);
    assert_true(slice_eq(told.retry, all));
}

/* What is not said follows what is. */
TEST(retry_backoffs_fit_each_other)
{
    assert_means("{\"min_backoff_ms\":60000}",
                 "retry 6 in 60000 to 60000 ms times 2000 jitter full within 0 ms\n");
    assert_means("{\"max_backoff_ms\":500}", "retry 6 in 500 to 500 ms times 2000 jitter full within 0 ms\n");
    assert_means("{\"max_backoff_ms\":5000}",
                 "retry 6 in 1000 to 5000 ms times 2000 jitter full within 0 ms\n");
}

TEST(retry_flags)
{
    struct job_fields fields = {.retry_unsent = {true, 1}, .retry_client_errors = {true, 0}};
    struct job_fields told = {0};
    struct buffer out = {0};
    retry_fini(&rule);
    assert_true(retry_read(&rule, &fields, &fault));
    assert_true(rule.unsent);
    assert_false(rule.client_errors);
    retry_describe(&rule, &told);
    assert_true(told.retry_unsent.given);
    assert_int_equal(told.retry_unsent.value, 1);
    assert_false(told.retry_client_errors.given);
    fields.retry_client_errors.value = 1;
    assert_true(retry_read(&rule, &fields, &fault));
    retry_print(&rule, &out);
    assert_string_equal(buffer_str(&out), "retry unsent\nretry client errors\n");
    buffer_fini(&out);
}

TEST(retry_faults)
{
    static const char *const rows[][2] = {
        {"[]", "must be an object"},
        {"{", "retry: "},
        {"{\"max_attempt\":1}", "unknown member \"max_attempt\"; there are max_attempts, min_backoff_ms"},
        {"{\"retry_unsent\":true}", "unknown member \"retry_unsent\""},
        {"{\"max_attempts\":0}", "retry.max_attempts must be a whole number from 1 to 100"},
        {"{\"max_attempts\":101}", "from 1 to 100"},
        {"{\"max_attempts\":-1}", "from 1 to 100"},
        {"{\"max_attempts\":1.5}", "from 1 to 100"},
        {"{\"max_attempts\":\"5\"}", "from 1 to 100"},
        {"{\"max_attempts\":null}", "from 1 to 100"},
        {"{\"min_backoff_ms\":0}", "retry.min_backoff_ms must be"},
        {"{\"min_backoff_ms\":86400001}", "retry.min_backoff_ms must be"},
        {"{\"max_backoff_ms\":86400001}", "retry.max_backoff_ms must be"},
        {"{\"max_duration_ms\":2592000001}", "retry.max_duration_ms must be"},
        {"{\"min_backoff_ms\":10,\"max_backoff_ms\":9}", "must not be less than retry.min_backoff_ms"},
        {"{\"multiplier\":0.999}", "retry.multiplier must be"},
        {"{\"multiplier\":10.001}", "retry.multiplier must be"},
        {"{\"multiplier\":1.0005}", "retry.multiplier must be"},
        {"{\"multiplier\":1e400}", "retry.multiplier must be"},
        {"{\"multiplier\":\"2\"}", "retry.multiplier must be"},
        {"{\"jitter\":\"half\"}", "retry.jitter must be full or none"},
        {"{\"jitter\":true}", "retry.jitter must be full or none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(read_rule(rows[i][0]));
        assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
        assert_string_equal(fault.field, "retry");
        if (strstr(fault.text, rows[i][1]) == NULL) {
            fail_msg("%s: %s", rows[i][0], fault.text);
        }
    }
}

TEST(retry_warns_of_rules_that_do_nothing)
{
    static const struct {
        const char *text;
        bool unsent, client_errors, at_least_once;
        const char *part; /* NULL: no warning */
    } rows[] = {
        {NULL, false, false, true, NULL},
        {NULL, false, false, false, NULL},
        {"{\"max_attempts\":3}", false, false, true, NULL},
        {"{\"max_attempts\":3}", false, true, true, NULL},
        {"{\"max_attempts\":3}", true, false, false, NULL},
        {"{\"max_attempts\":3}", false, false, false, "retry changes nothing"},
        {NULL, false, true, false, "retry_client_errors changes nothing"},
        {NULL, true, false, true, "retry_unsent changes nothing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(read_rule(rows[i].text));
        rule.unsent = rows[i].unsent;
        rule.client_errors = rows[i].client_errors;
        const char *warning = retry_warning(&rule, rows[i].at_least_once);
        assert_int_equal(warning != NULL, rows[i].part != NULL);
        assert_true(warning == NULL || strstr(warning, rows[i].part) != NULL);
    }
}
