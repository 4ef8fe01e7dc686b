/* stateful: which definitions are watched, and which are refused. */
#include "job/stateful.h"

#include "net/targets.h"

#include "test.h"

#include <string.h>

static void assert_refused(const struct job_fields *fields, const char *expected_field, const char *expected)
{
    struct stateful stateful;
    struct job_fault fault = {0};
    assert_false(stateful_read(&stateful, fields, &fault));
    assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
    assert_string_equal(fault.field, expected_field);
    assert_non_null(strstr(fault.text, expected));
}

TEST(stateful_nothing_is_remembered_by_default)
{
    const struct job_fields fields = {0};
    struct job_fields told = {0};
    struct stateful stateful;
    struct buffer text;
    struct job_fault fault;
    buffer_init(&text, 0);
    assert_true(stateful_read(&stateful, &fields, &fault));
    assert_false(stateful_is_needed(&stateful));
    stateful_describe(&stateful, &told);
    stateful_print(&stateful, &text);
    assert_memory_equal(&told, &fields, sizeof fields);
    assert_int_equal(text.len, 0);
    buffer_fini(&text);
    stateful_fini(&stateful);
}

TEST(stateful_notices_go_only_where_calls_may_go)
{
    struct targets targets;
    const struct targets_settings settings = {.mode = TARGETS_PUBLIC};
    assert_true(targets_init(&targets, &settings));
    assert_refused(&(struct job_fields){.on_failure_url = slice_of("http://10.1.2.3/"), .targets = &targets},
                   "on_failure_url", "on_failure_url: 10.1.2.3 is a private address");
    assert_refused(&(struct job_fields){.on_recovery_url = slice_of("http://[::1]/"), .targets = &targets},
                   "on_recovery_url", "on_recovery_url: ::1 is a loopback address");
    targets_fini(&targets);
}

TEST(stateful_tells_what_it_was_given)
{
    const struct job_fields fields = {.overlap = slice_of("queue"),
                                      .pause_after_failures = {true, 3},
                                      .on_failure_url = slice_of("http://ops.example/bad"),
                                      .on_recovery_url = slice_of("http://ops.example/good")};
    struct job_fields told = {0};
    struct stateful stateful;
    struct buffer text;
    struct job_fault fault;
    buffer_init(&text, 0);
    assert_true(stateful_read(&stateful, &fields, &fault));
    assert_true(stateful_is_needed(&stateful));
    assert_int_equal(stateful.overlap, OVERLAP_QUEUE);
    stateful_describe(&stateful, &told);
    assert_true(slice_eq(told.overlap, "queue"));
    assert_int_equal(told.pause_after_failures.value, 3);
    assert_true(slice_eq(told.on_failure_url, "http://ops.example/bad"));
    assert_true(slice_eq(told.on_recovery_url, "http://ops.example/good"));
    stateful_print(&stateful, &text);
    assert_string_equal(buffer_str(&text), "overlap queue\npause after 3 failures\n"
                                           "on failure http://ops.example/bad\n"
                                           "on recovery http://ops.example/good\n");
    buffer_fini(&text);
    stateful_fini(&stateful);
}

TEST(stateful_overlap_allow_is_the_default)
{
    const struct job_fields fields = {.overlap = slice_of("allow")};
    struct job_fields told = {0};
    struct stateful stateful;
    struct job_fault fault;
    assert_true(stateful_read(&stateful, &fields, &fault));
    assert_false(stateful_is_needed(&stateful));
    stateful_describe(&stateful, &told);
    assert_null(told.overlap.data);
    stateful_fini(&stateful);
}

TEST(stateful_refuses_other_words_and_no_urls)
{
    assert_refused(&(struct job_fields){.overlap = slice_of("Skip")}, "overlap",
                   "allow, skip, queue or cancel");
    assert_refused(&(struct job_fields){.on_failure_url = slice_of("ftp://ops.example/")}, "on_failure_url",
                   "http");
    assert_refused(&(struct job_fields){.on_recovery_url = slice_of("/relative")}, "on_recovery_url",
                   "on_recovery_url: ");
    assert_refused(&(struct job_fields){.on_recovery_url = slice_of("http://h/?x={{no_such}}")},
                   "on_recovery_url", "no_such");
}
