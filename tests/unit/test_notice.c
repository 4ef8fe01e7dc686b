/* notice: what Redis keeps of one, what is sent, and the job that stands in for it. */
#include "job/notice.h"

#include "job_maker.h"
#include "run/notice_job.h"
#include "test.h"

#include <string.h>

#define T0     INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */
#define RECORD "o:f s:1772953200000 a:6 x:1772953200003 t:12 h:500 l:3 r:me c:http e:status 500"

static const struct job_id id = {{0xc8, 0xed}};

static struct store_claimed claimed_of(const char *text)
{
    struct store_claimed claimed = {
        .attempt = {.job = id, .scheduled = {T0 + 31207}, .number = 1},
        .fields = job_maker_fields("@hourly", "http://example.com/x", "ATMOST_ONCE"),
        .created = {1000},
        .from_retry = true,
        .notice = slice_of(text),
    };
    claimed.fields.name = slice_of("say {{no}}");
    claimed.fields.on_failure_url = slice_of("http://ops.example/bad?job={{job_id}}");
    claimed.fields.on_recovery_url = slice_of("http://ops.example/good");
    claimed.fields.retry = slice_of("{\"max_attempts\":3}");
    claimed.fields.timeout_ms = (struct job_number){true, 700};
    claimed.fields.method = slice_of("PUT");
    claimed.fields.success = slice_of("{\"status\":[404]}");
    return claimed;
}

TEST(notice_reads_what_redis_keeps)
{
    struct notice notice;
    assert_int_equal(notice_parse(&notice, &id, slice_of("f 1 " RECORD)), ERR_OK);
    assert_int_equal(notice.event, NOTICE_FAILING);
    assert_int_equal(notice.failures, 1);
    assert_int_equal(notice.execution.attempt, 6);
    assert_int_equal(notice_parse(&notice, &id, slice_of("r 12 " RECORD)), ERR_OK);
    assert_int_equal(notice.event, NOTICE_RECOVERED);
    assert_int_equal(notice.failures, 12);
}

TEST(notice_refuses_garbage)
{
    static const char *const bad[] = {"",        "f",           "f 1", "x 1 " RECORD, "f one " RECORD,
                                      "f 1 o:?", "fr 1 " RECORD};
    struct notice notice;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (notice_parse(&notice, &id, slice_of(bad[i])) != ERR_PROTOCOL) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

TEST(notice_tells_its_fate)
{
    static const char *const rows[][2] = {
        {"f 1772953231207 given_up 503 6",
         "{\"last\":{\"event\":\"failing\",\"at\":\"2026-03-08T07:00:31.207Z\",\"state\":\"given_up\","
         "\"status_code\":503,\"attempts\":6}}"},
        {"f never given_up 503 6", "{}"},
        {"f 1772953231207 given_up", "{}"},
        {"", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_writer w;
        struct buffer out = {0};
        json_begin(&w, &out);
        json_object_begin(&w);
        notice_write_fate(&w, "last", slice_of(rows[i][0]));
        json_object_end(&w);
        assert_string_equal(buffer_str(&out), rows[i][1]);
        buffer_fini(&out);
    }
}

TEST(notice_job_is_a_call_of_its_own)
{
    struct zones *zones = zones_new(JOB_MAKER_ZONES);
    struct store_claimed claimed = claimed_of("f 1 " RECORD);
    static struct job job;
    struct errinfo info = {0};
    if (notice_job_restore(&job, &claimed, zones, &info) != ERR_OK) {
        fail_msg("%s", info.text);
    }
    assert_string_equal(job.api, "http://ops.example/bad?job={{job_id}}");
    assert_int_equal(job.type, JOB_ATLEAST_ONCE);
    assert_int_equal(job.call.method, CALL_POST);
    assert_int_equal(job.call.timeout_ms, 700);
    assert_int_equal(job.retry.max_attempts, 3);
    assert_true(success_has_status(&job.success, 204));
    assert_false(success_has_status(&job.success, 404));
    assert_false(stateful_is_needed(&job.stateful));
    struct buffer body = {0};
    call_options_add_body(&job.call, &(struct template_values){0}, &body); /* {{no}} is no template there */
    static const char *const parts[] = {
        "{\"event\":\"failing\",\"job_id\":\"capi:c8ed",
        "\"name\":\"say {{no}}\",\"at\":\"2026-03-08T07:00:31.207Z\",\"failures\":1,",
        "\"execution\":{\"id\":\"exec:c8ed", "\"error\":\"status 500\""};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_non_null(strstr(buffer_str(&body), parts[i]));
    }
    buffer_fini(&body);
    job_fini(&job);
    zones_free(zones);
}

TEST(notice_job_of_a_recovery_has_the_other_url)
{
    struct zones *zones = zones_new(JOB_MAKER_ZONES);
    struct store_claimed claimed = claimed_of("r 4 " RECORD);
    static struct job job;
    struct errinfo info = {0};
    assert_int_equal(notice_job_restore(&job, &claimed, zones, &info), ERR_OK);
    assert_string_equal(job.api, "http://ops.example/good");
    job_fini(&job);
    claimed.notice = slice_of("garbage");
    assert_int_equal(notice_job_restore(&job, &claimed, zones, &info), ERR_PROTOCOL);
    zones_free(zones);
}
