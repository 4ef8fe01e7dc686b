/* watch: which definitions are watched, and which are refused. */
#include "job/watch.h"

#include "test.h"

#include <string.h>

static void assert_refused(const struct job_fields *fields, const char *expected_field, const char *expected)
{
    struct watch watch;
    struct errinfo info = {0};
    const char *field;
    assert_int_equal(watch_read(&watch, fields, &field, &info), ERR_INVALID);
    assert_string_equal(field, expected_field);
    assert_non_null(strstr(info.text, expected));
}

TEST(watch_nothing_is_remembered_by_default)
{
    const struct job_fields fields = {0};
    struct job_fields told = {0};
    struct watch watch;
    struct buffer text;
    const char *field;
    buffer_init(&text, 0);
    assert_int_equal(watch_read(&watch, &fields, &field, NULL), ERR_OK);
    assert_false(watch_is_needed(&watch));
    watch_describe(&watch, &told);
    watch_print(&watch, &text);
    assert_memory_equal(&told, &fields, sizeof fields);
    assert_int_equal(text.len, 0);
    buffer_fini(&text);
    watch_fini(&watch);
}

TEST(watch_tells_what_it_was_given)
{
    const struct job_fields fields = {.overlap = slice_of("queue"),
                                      .pause_after_failures = {true, 3},
                                      .on_failure_url = slice_of("http://ops.example/bad"),
                                      .on_recovery_url = slice_of("http://ops.example/good")};
    struct job_fields told = {0};
    struct watch watch;
    struct buffer text;
    const char *field;
    buffer_init(&text, 0);
    assert_int_equal(watch_read(&watch, &fields, &field, NULL), ERR_OK);
    assert_true(watch_is_needed(&watch));
    assert_int_equal(watch.overlap, WATCH_QUEUE);
    watch_describe(&watch, &told);
    assert_true(slice_eq(told.overlap, "queue"));
    assert_int_equal(told.pause_after_failures.value, 3);
    assert_true(slice_eq(told.on_failure_url, "http://ops.example/bad"));
    assert_true(slice_eq(told.on_recovery_url, "http://ops.example/good"));
    watch_print(&watch, &text);
    assert_string_equal(buffer_str(&text), "overlap queue\npause after 3 failures\n"
                                           "on failure http://ops.example/bad\n"
                                           "on recovery http://ops.example/good\n");
    buffer_fini(&text);
    watch_fini(&watch);
}

TEST(watch_overlap_allow_is_the_default)
{
    const struct job_fields fields = {.overlap = slice_of("allow")};
    struct job_fields told = {0};
    struct watch watch;
    const char *field;
    assert_int_equal(watch_read(&watch, &fields, &field, NULL), ERR_OK);
    assert_false(watch_is_needed(&watch));
    watch_describe(&watch, &told);
    assert_null(told.overlap.data);
    watch_fini(&watch);
}

TEST(watch_refuses_other_words_and_no_urls)
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
