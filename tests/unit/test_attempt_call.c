/* The call of an attempt: what the target gets, what its answer means, and what the log may show. */
#include "base/version.h"
#include "run/attempt_call.h"

#include "job_maker.h"
#include "log_capture.h"
#include "run/attempts.h"
#include "run/policy.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define T0  INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */
#define HEX "c8ed000000000000000000000000000000000000000000000000000000000000"

static struct attempt attempt;
static struct http_request request;
static struct attempt_texts texts;
static struct log_capture capture;

static void give_call(struct job_fields *fields)
{
    struct job_fault fault = {0};
    call_options_fini(&attempt.job.call);
    if (!call_options_read(&attempt.job.call, fields, &fault)) {
        fail_msg("%s: %s", fault.field, fault.text);
    }
}

static void give_success(const char *text)
{
    struct job_fault fault = {0};
    struct job_fields fields = {.success = {text, text != NULL ? strlen(text) : 0}};
    success_fini(&attempt.job.success);
    if (!success_read(&attempt.job.success, &fields, &fault)) {
        fail_msg("%s", fault.text);
    }
}

static void give_api(const char *text)
{
    (void)snprintf(attempt.job.api, sizeof attempt.job.api, "%s", text);
    assert_int_equal(url_parse(&attempt.job.url, slice_of(attempt.job.api), NULL), URL_OK);
}

/* Attempt number 3 of a retried occurrence. */
static void set_up(void)
{
    const struct job_id id = {{0xc8, 0xed}};
    attempt = (struct attempt){.claim = {.job = id, .scheduled = {T0}, .number = 3}, .due = {T0 + 5000}};
    attempt.job.id = id;
    attempt.job.type = JOB_ATLEAST_ONCE;
    give_api("http://user:pa55@example.com:8080/path?token=s3cret#frag");
    texts = (struct attempt_texts){0};
    give_call(&(struct job_fields){0});
    give_success(NULL);
    assert_true(retry_read(&attempt.job.retry, &(struct job_fields){0}, &(struct job_fault){0}));
    memset(&request, 0x55, sizeof request);
    log_capture_begin(&capture, LOG_INFO);
}

static void tear_down(void)
{
    attempt_texts_fini(&texts);
    buffer_fini(&attempt.body);
    job_fini(&attempt.job);
    log_capture_end(&capture);
}

EACH_TEST(set_up, tear_down);

/* ---- the request ---- */

/* Make the request of attempt anew. */
static void make_request(void)
{
    buffer_clear(&texts.url);
    buffer_clear(&texts.headers);
    buffer_clear(&attempt.body);
    assert_int_equal(attempt_make_request(&attempt, NULL, (struct wall_ms){0}, &texts, &request), ERR_OK);
}

#define SYSTEM_HEADERS                                                                           \
    "Dronc-Job-Id: capi:" HEX "\0Dronc-Scheduled-Time: 2026-03-08T07:00:00Z\0Dronc-Attempt: 3\0" \
    "Idempotency-Key: " HEX "-1772953200000\0"

static void assert_headers(const char *expected, size_t size)
{
    assert_int_equal(request.headers.len, size - 1);
    assert_memory_equal(request.headers.data, expected, size - 1);
}

#define ASSERT_HEADERS(text) assert_headers(text, sizeof(text))

TEST(attempt_call_request_names_occurrence_and_attempt)
{
    make_request();
    ASSERT_HEADERS(SYSTEM_HEADERS);
    assert_string_equal(request.method, "GET");
    assert_null(request.body.data);
    assert_string_equal(request.url, attempt.job.api);
    assert_string_equal(request.user_agent, "dronc/" DRONC_VERSION);
}

TEST(attempt_call_request_is_what_the_job_says)
{
    struct job_fields fields = {.method = slice_of("POST"),
                                .headers =
                                    slice_of("{\"Content-Type\":\"application/json\",\"X-Empty\":\"\"}"),
                                .body = slice_of("{\"a\":{\"b\":1}}")};
    give_call(&fields);
    make_request();
    assert_string_equal(request.method, "POST");
    ASSERT_HEADERS(SYSTEM_HEADERS "Content-Type: application/json\0X-Empty;\0");
    assert_true(slice_eq(request.body, "{\"a\":{\"b\":1}}"));
    assert_ptr_equal(request.body.data, attempt.job.call.body.data); /* not copied */
    assert_int_equal(attempt.body.size, 0);
}

TEST(attempt_call_templates_are_filled_in)
{
    struct job_fields fields = {.headers = slice_of("{\"X-For\":\"{{ scheduled_time }}/{{attempt}}\"}"),
                                .body =
                                    slice_of("{\"id\":\"{{execution_id}}\",\"at\":{{scheduled_time_unix}}}")};
    give_api("http://h/p?job={{job_id}}&at={{scheduled_time}}&n={{attempt}}#f");
    give_call(&fields);
    make_request();
    assert_string_equal(request.url, "http://h/p?job=capi%3A" HEX "&at=2026-03-08T07%3A00%3A00Z&n=3#f");
    ASSERT_HEADERS(SYSTEM_HEADERS "X-For: 2026-03-08T07:00:00Z/3\0");
    assert_true(slice_eq(request.body, "{\"id\":\"exec:" HEX ":1772953200000:3\",\"at\":1772953200}"));
}

/* By us, whatever libcurl would make of the others. */
TEST(attempt_call_dots_of_the_path_are_resolved)
{
    give_api("http://h/a/../%2e%2e/b/./c?n={{attempt}}&p=/../#f");
    assert_int_equal(attempt_make_request(&attempt, NULL, (struct wall_ms){0}, &texts, &request), ERR_OK);
    assert_string_equal(request.url, "http://h/%2e%2e/b/c?n=3&p=/../");
}

TEST(attempt_call_systems_headers_win)
{
    struct job_fields fields = {
        .headers = slice_of(
            "{\"Dronc-Attempt\":\"9\",\"User-Agent\":\"me\",\"dronc-x\":\"1\",\"idempotency-KEY\":\"2\"}")};
    give_call(&fields);
    make_request();
    ASSERT_HEADERS(SYSTEM_HEADERS "User-Agent: me\0");
}

TEST(attempt_call_body_may_be_bytes)
{
    struct job_fields fields = {.method = slice_of("PUT"), .body_base64 = slice_of("AAH/e3tqb2JfaWR9fQ==")};
    give_call(&fields);
    make_request();
    assert_int_equal(request.body.len, 13);
    assert_memory_equal(request.body.data, "\0\x01\xff{{job_id}}", 13);
}

/* A server may wait for a length otherwise. */
TEST(attempt_call_empty_bodies_are_said_where_one_is_expected)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "GET", "DELETE", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < 7; i++) {
        struct job_fields fields = {.method = slice_of(methods[i])};
        give_call(&fields);
        make_request();
        assert_string_equal(request.method, methods[i]);
        assert_int_equal(request.body.len, 0);
        assert_int_equal(request.body.data != NULL, i < 3);
    }
}

TEST(attempt_call_request_has_limits)
{
    make_request();
    assert_int_equal(request.timeout_ms, 90000);
    assert_int_equal(request.connect_timeout_ms, 10000);
    assert_int_equal(request.max_redirects, 5);
    assert_int_equal(request.response_max, ATTEMPTS_RESPONSE_MAX);
    assert_null(request.find.data);
    struct job_fields fields = {
        .timeout_ms = {true, 1800000}, .connect_timeout_ms = {true, 100}, .follow_redirects = {true, 0}};
    give_call(&fields);
    give_success("{\"body_contains\":\"ok\"}");
    make_request();
    assert_int_equal(request.timeout_ms, 1800000);
    assert_int_equal(request.connect_timeout_ms, 100);
    assert_int_equal(request.max_redirects, 0);
    assert_true(slice_eq(request.find, "ok"));
}

TEST(attempt_call_request_is_sent_once_where_that_was_promised)
{
    make_request();
    assert_false(request.once);
    attempt.job.type = JOB_ATMOST_ONCE;
    make_request();
    assert_true(request.once);
}

/* Every attempt at an occurrence carries the same key; another occurrence has another one. */
TEST(attempt_call_idempotency_key_is_the_occurrences)
{
    static const char key[] = "Idempotency-Key: " HEX "-1772953200000";
    attempt.claim.number = 4;
    attempt.due.ms += 9000;
    make_request();
    assert_non_null(memmem(request.headers.data, request.headers.len, key, sizeof key));
    attempt.claim.scheduled.ms += 1000;
    make_request();
    assert_null(memmem(request.headers.data, request.headers.len, key, sizeof key));
}

/* ---- the result ---- */

static const struct {
    struct http_result result;
    enum execution_outcome outcome;
    const char *class, *error;
} results[] = {
    {{.status = 200}, EXECUTION_SUCCEEDED, "", ""},
    {{.status = 204}, EXECUTION_SUCCEEDED, "", ""},
    {{.status = 299, .truncated = true}, EXECUTION_SUCCEEDED, "", ""},
    {{.status = 199}, EXECUTION_FAILED, "http", "status 199"},
    {{.status = 300}, EXECUTION_FAILED, "http", "status 300"},
    {{.status = 404}, EXECUTION_FAILED, "http", "status 404"},
    {{.status = 503, .truncated = true}, EXECUTION_FAILED, "http", "status 503"},
    {{.error = HTTP_ERROR_DNS, .text = "no such host"}, EXECUTION_FAILED, "dns", "no such host"},
    {{.error = HTTP_ERROR_CONNECT, .text = "refused"}, EXECUTION_FAILED, "connect", "refused"},
    {{.error = HTTP_ERROR_FORBIDDEN, .text = "inside"}, EXECUTION_FAILED, "forbidden", "inside"},
    {{.error = HTTP_ERROR_TLS, .text = "bad"}, EXECUTION_FAILED, "tls", "bad"},
    {{.error = HTTP_ERROR_TIMEOUT, .text = "slow"}, EXECUTION_FAILED, "timeout", "slow"},
    {{.error = HTTP_ERROR_REDIRECT, .status = 302, .text = "ftp"}, EXECUTION_FAILED, "redirect", "ftp"},
    {{.error = HTTP_ERROR_REDIRECTS, .status = 302, .text = "6"},
     EXECUTION_FAILED,
     "too_many_redirects",
     "6"},
    {{.error = HTTP_ERROR_RESPONSE, .status = 200, .text = "cut"}, EXECUTION_FAILED, "response", "cut"},
    {{.error = HTTP_ERROR_ABORTED, .text = "aborted"}, EXECUTION_FAILED, "aborted", "aborted"},
    {{.error = HTTP_ERROR_INTERNAL, .text = "memory"}, EXECUTION_FAILED, "internal", "memory"},
};

TEST(attempt_call_results_become_executions)
{
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        attempt_note_result(&attempt, "me", &results[i].result);
        assert_int_equal(attempt.execution.outcome, results[i].outcome);
        assert_int_equal(attempt.execution.status, results[i].result.status);
        assert_int_equal(attempt.execution.truncated, results[i].result.truncated);
        assert_string_equal(attempt.execution.error_class, results[i].class);
        assert_string_equal(attempt.execution.error, results[i].error);
    }
}

/* What the job counts as success is one, and nothing else is. */
TEST(attempt_call_success_is_what_the_job_says)
{
    static const struct {
        const char *rule;
        struct http_result result;
        enum execution_outcome outcome;
        const char *error;
    } rows[] = {
        {"{\"status\":[304,404]}", {.status = 404}, EXECUTION_SUCCEEDED, ""},
        {"{\"status\":[304,404]}", {.status = 200}, EXECUTION_FAILED, "status 200"},
        {"{\"status\":[\"3xx\"]}",
         {.error = HTTP_ERROR_RESPONSE, .status = 302, .text = "broke"},
         EXECUTION_FAILED,
         "broke"},
        {"{\"body_contains\":\"a\"}", {.status = 200, .found = true}, EXECUTION_SUCCEEDED, ""},
        {"{\"body_contains\":\"a\"}",
         {.status = 200},
         EXECUTION_FAILED,
         "the answer does not hold what success.body_contains asks for"},
        {"{\"body_contains\":\"a\"}", {.status = 500, .found = true}, EXECUTION_FAILED, "status 500"},
        {"{\"body_contains\":\"a\"}",
         {.status = 200, .truncated = true},
         EXECUTION_FAILED,
         "the answer does not hold what success.body_contains asks for"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        give_success(rows[i].rule);
        attempt_note_result(&attempt, "me", &rows[i].result);
        assert_int_equal(attempt.execution.outcome, rows[i].outcome);
        assert_string_equal(attempt.execution.error, rows[i].error);
    }
}

TEST(attempt_call_execution_tells_when_and_who)
{
    const struct http_result result = {
        .status = 200,
        .started = {T0 + 5007},
        .took_ms = 12,
        .timings = {.dns_us = 1, .connect_us = 2, .tls_us = 3, .first_byte_us = 4, .total_us = 5},
        .body_bytes = 6};
    const struct execution_timings timings = {1, 2, 3, 4, 5};
    attempt_note_result(&attempt, "me", &result);
    assert_memory_equal(&attempt.execution.job, &attempt.claim.job, sizeof attempt.claim.job);
    assert_int_equal(attempt.execution.scheduled.ms, T0);
    assert_int_equal(attempt.execution.started.ms, T0 + 5007);
    assert_int_equal(attempt.execution.took_ms, 12);
    assert_int_equal(attempt.execution.lateness_ms, 7);
    assert_int_equal(attempt.execution.attempt, 3);
    assert_memory_equal(&attempt.execution.timings, &timings, sizeof timings);
    assert_int_equal(attempt.execution.response_bytes, 6);
    assert_string_equal(attempt.execution.runner, "me");
}

TEST(attempt_call_what_is_kept_of_an_answer_is_in_the_record_and_in_no_log)
{
    const struct http_result result = {.status = 500, .started = {T0}, .kept = {"s3cret", 6}};
    attempt_note_result(&attempt, "me", &result);
    assert_true(slice_eq(attempt.execution.response, "czNjcmV0"));
    attempt_log_call(&attempt);
    assert_null(strstr(log_capture_text(&capture), "s3cret"));
    assert_null(strstr(log_capture_text(&capture), "czNjcmV0"));
    buffer_fini(&attempt.body);
}

TEST(attempt_call_asks_to_keep_only_what_the_job_does)
{
    for (int keep = 0; keep <= 1; keep++) {
        attempt.job.call.keep_response = keep == 1;
        assert_int_equal(attempt_make_request(&attempt, NULL, (struct wall_ms){0}, &texts, &request), ERR_OK);
        assert_int_equal(request.keep_max, keep * EXECUTION_RESPONSE_MAX);
        attempt_texts_fini(&texts);
        texts = (struct attempt_texts){0};
    }
}

TEST(attempt_call_long_texts_are_cut)
{
    char runner[200];
    struct http_result result = {.error = HTTP_ERROR_RESPONSE};
    memset(runner, 'r', sizeof runner - 1);
    runner[sizeof runner - 1] = '\0';
    memset(result.text, 't', sizeof result.text - 1);
    attempt_note_result(&attempt, runner, &result);
    assert_int_equal(strlen(attempt.execution.runner), EXECUTION_RUNNER_MAX);
    assert_string_equal(attempt.execution.error, result.text);
}

/* ---- what is next ---- */

static enum store_after after(enum job_type type, int number, int status)
{
    const struct http_result result = {.status = status, .started = {T0}, .sent = true, .retry_after_ms = -1};
    attempt.job.type = type;
    attempt.claim.number = number;
    attempt_note_result(&attempt, "me", &result);
    attempt_decide_after(&attempt, (struct wall_ms){T0});
    return attempt.after;
}

TEST(attempt_call_success_and_at_most_once_are_over)
{
    for (int number = 1; number <= RETRY_ATTEMPTS + 1; number++) {
        assert_int_equal(after(JOB_ATLEAST_ONCE, number, 200), STORE_AFTER_NOTHING);
        assert_int_equal(after(JOB_ATMOST_ONCE, number, 200), STORE_AFTER_NOTHING);
        assert_int_equal(after(JOB_ATMOST_ONCE, number, 500), STORE_AFTER_NOTHING);
    }
}

TEST(attempt_call_at_least_once_is_retried_until_the_attempts_are_spent)
{
    for (int number = 1; number < RETRY_ATTEMPTS; number++) {
        for (int i = 0; i < 50; i++) {
            assert_int_equal(after(JOB_ATLEAST_ONCE, number, 500), STORE_AFTER_RETRY);
            assert_in_range(attempt.next_due.ms, T0,
                            T0 + policy_backoff_ms(&attempt.job.retry, number, UINT32_MAX));
        }
    }
    assert_int_equal(after(JOB_ATLEAST_ONCE, RETRY_ATTEMPTS, 500), STORE_AFTER_DEAD);
    assert_int_equal(attempt.next_due.ms, T0);
}

TEST(attempt_call_what_is_next_follows_the_policy)
{
    assert_int_equal(after(JOB_ATLEAST_ONCE, 1, 404), STORE_AFTER_DEAD);
    assert_int_equal(after(JOB_ATLEAST_ONCE, 1, 410), STORE_AFTER_GONE);
    assert_int_equal(after(JOB_ATMOST_ONCE, 1, 410), STORE_AFTER_GONE);
    const struct http_result busy = {.status = 503, .sent = true, .retry_after_ms = 7000};
    attempt.job.type = JOB_ATLEAST_ONCE;
    attempt_note_result(&attempt, "me", &busy);
    attempt_decide_after(&attempt, (struct wall_ms){T0});
    assert_int_equal(attempt.after, STORE_AFTER_RETRY);
    assert_int_equal(attempt.next_due.ms, T0 + 7000);
    const struct http_result refused = {.error = HTTP_ERROR_CONNECT, .retry_after_ms = -1};
    attempt.job.type = JOB_ATMOST_ONCE;
    attempt.job.retry.unsent = true;
    attempt_note_result(&attempt, "me", &refused);
    attempt_decide_after(&attempt, (struct wall_ms){T0});
    assert_int_equal(attempt.after, STORE_AFTER_RETRY);
}

/* At most once: a request that left, and no whole answer to it. */
TEST(attempt_call_at_most_once_may_not_know)
{
    static const struct {
        struct http_result result;
        enum execution_outcome outcome;
    } rows[] = {
        {{.error = HTTP_ERROR_TIMEOUT, .sent = true}, EXECUTION_UNKNOWN},
        {{.error = HTTP_ERROR_RESPONSE, .sent = true}, EXECUTION_UNKNOWN},
        {{.error = HTTP_ERROR_RESPONSE, .sent = true, .status = 200}, EXECUTION_UNKNOWN},
        {{.error = HTTP_ERROR_ABORTED, .sent = true}, EXECUTION_UNKNOWN},
        {{.error = HTTP_ERROR_INTERNAL, .sent = true}, EXECUTION_UNKNOWN},
        {{.error = HTTP_ERROR_CONNECT, .sent = true}, EXECUTION_UNKNOWN}, /* of a redirect */
        {{.error = HTTP_ERROR_FORBIDDEN, .sent = true, .status = 302},
         EXECUTION_FAILED}, /* the redirect is the answer */
        {{.error = HTTP_ERROR_FORBIDDEN}, EXECUTION_FAILED},
        {{.error = HTTP_ERROR_TIMEOUT}, EXECUTION_FAILED},
        {{.error = HTTP_ERROR_CONNECT}, EXECUTION_FAILED},
        {{.error = HTTP_ERROR_ABORTED}, EXECUTION_FAILED},
        {{.error = HTTP_ERROR_REDIRECT, .sent = true, .status = 302}, EXECUTION_FAILED},
        {{.error = HTTP_ERROR_REDIRECTS, .sent = true, .status = 302}, EXECUTION_FAILED},
        {{.sent = true, .status = 500}, EXECUTION_FAILED},
        {{.sent = true, .status = 200}, EXECUTION_SUCCEEDED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        attempt.job.type = JOB_ATMOST_ONCE;
        attempt_note_result(&attempt, "me", &rows[i].result);
        assert_int_equal(attempt.execution.outcome, rows[i].outcome);
        attempt.job.type = JOB_ATLEAST_ONCE;
        attempt_note_result(&attempt, "me", &rows[i].result);
        assert_int_equal(attempt.execution.outcome,
                         rows[i].outcome == EXECUTION_UNKNOWN ? EXECUTION_FAILED : rows[i].outcome);
    }
}

/* What is redriven has a whole round of attempts, with the waits of the first, and numbers that go on. */
TEST(attempt_call_redriven_occurrence_has_another_round)
{
    for (int number = RETRY_ATTEMPTS + 1; number < 2 * RETRY_ATTEMPTS; number++) {
        assert_int_equal(after(JOB_ATLEAST_ONCE, number, 500), STORE_AFTER_RETRY);
        int64_t most_ms = policy_backoff_ms(&attempt.job.retry, number - RETRY_ATTEMPTS, UINT32_MAX);
        assert_in_range(attempt.next_due.ms, T0, T0 + most_ms);
    }
    assert_int_equal(after(JOB_ATLEAST_ONCE, 2 * RETRY_ATTEMPTS, 500), STORE_AFTER_DEAD);
}

/* ---- the log ---- */

static void assert_no_secrets(void)
{
    const char *text = log_capture_text(&capture);
    static const char *const secrets[] = {"user", "pa55", "token", "s3cret", "frag"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strstr(text, secrets[i]) != NULL) {
            fail_msg("the log holds \"%s\": %s", secrets[i], text);
        }
    }
}

static void log_result(int status, enum store_after next)
{
    const struct http_result result = {.status = status, .started = {T0 + 5007}, .took_ms = 12};
    attempt_note_result(&attempt, "me", &result);
    attempt.after = next;
    attempt.retry_in_ms = 900;
    attempt_log_call(&attempt);
}

TEST(attempt_call_log_line_of_a_success)
{
    log_result(200, STORE_AFTER_NOTHING);
    const char *text = log_capture_text(&capture);
    assert_int_equal(log_capture_lines(&capture), 1);
    assert_non_null(strstr(text, "\"level\":\"info\",\"event\":\"call succeeded\""));
    assert_non_null(strstr(text, "\"job\":\"capi:" HEX "\",\"scheduled\":\"2026-03-08T07:00:00Z\""));
    assert_non_null(strstr(text, "\"lateness_ms\":7,\"attempt\":3,\"status\":200,\"took_ms\":12"));
    assert_non_null(strstr(text, "\"api\":\"http://example.com:8080/path?"));
    assert_null(strstr(text, "\"error\""));
    assert_null(strstr(text, "\"next\""));
    assert_null(strstr(text, "retry_in_ms"));
    assert_no_secrets();
}

TEST(attempt_call_log_line_of_a_failure)
{
    log_result(503, STORE_AFTER_RETRY);
    const char *text = log_capture_text(&capture);
    assert_non_null(strstr(text, "\"level\":\"warn\",\"event\":\"call failed\""));
    assert_non_null(strstr(text, "\"error\":\"status 503\""));
    assert_non_null(strstr(text, "\"next\":\"retry\",\"retry_in_ms\":900"));
    assert_no_secrets();
}

TEST(attempt_call_log_line_of_the_last_failure)
{
    log_result(503, STORE_AFTER_DEAD);
    const char *text = log_capture_text(&capture);
    assert_non_null(strstr(text, "\"next\":\"dead\""));
    assert_null(strstr(text, "retry_in_ms"));
    assert_no_secrets();
}

TEST(attempt_call_log_of_a_success_obeys_the_level)
{
    log_set_level(LOG_WARN);
    log_result(200, STORE_AFTER_NOTHING);
    assert_int_equal(log_capture_lines(&capture), 0);
    log_result(500, STORE_AFTER_NOTHING);
    assert_int_equal(log_capture_lines(&capture), 1);
}

TEST(attempt_call_log_survives_the_longest_url)
{
    char api[URL_MAX + 1];
    memset(api, 'a', URL_MAX);
    memcpy(api, "http://user:pa55@h/", 19);
    api[URL_MAX] = '\0';
    give_api(api);
    log_result(200, STORE_AFTER_NOTHING);
    assert_int_equal(log_capture_lines(&capture), 1);
    assert_non_null(strstr(log_capture_text(&capture), "\"api\":\"http://h/…\""));
    assert_no_secrets();
}

TEST(attempt_call_log_of_a_gap_and_of_a_refusal)
{
    attempt.execution =
        (struct execution){.scheduled = {T0}, .missed_count = 60, .missed_until = {T0 + 3540000}};
    attempt_log_missed(&attempt);
    attempt_log_refused(&attempt);
    const char *text = log_capture_text(&capture);
    assert_int_equal(log_capture_lines(&capture), 2);
    assert_non_null(strstr(text, "\"event\":\"occurrences missed\",\"job\":\"capi:" HEX "\",\"count\":60,"
                                 "\"from\":\"2026-03-08T07:00:00Z\",\"until\":\"2026-03-08T07:59:00Z\""));
    assert_non_null(strstr(text, "\"event\":\"record refused\""));
    assert_non_null(strstr(text, "\"attempt\":3"));
    assert_no_secrets();
}

/* Its claim was taken away for the sake of a later occurrence: nothing is wrong, whether the runner was told
 * or not. */
TEST(attempt_call_log_of_a_record_that_is_refused_for_a_later_occurrence)
{
    attempt.job.stateful.overlap = OVERLAP_CANCEL;
    attempt_log_refused(&attempt);
    assert_int_equal(log_capture_lines(&capture), 0);
    log_set_level(LOG_DEBUG);
    attempt_log_refused(&attempt);
    assert_non_null(strstr(log_capture_text(&capture), "a later occurrence of the job has taken its place"));
}

TEST(attempt_call_log_of_a_call_that_is_cancelled)
{
    attempt_log_cancelled(&attempt);
    const char *text = log_capture_text(&capture);
    assert_non_null(strstr(text, "\"event\":\"call cancelled\",\"job\":\"capi:" HEX "\""));
    assert_non_null(strstr(text, "\"scheduled\":\"2026-03-08T07:00:00Z\",\"attempt\":3"));
    assert_no_secrets();
}
