/* Records of attempts: what is written is read back, and what others wrote does no harm. */
#include "job/execution.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

#define SEED 4711U
#define T0   1772953200000

static const struct job_id job = {{0xab, 0x01, 0xff, 0x10}};
static struct execution back;

static enum err decode(const char *record)
{
    return execution_decode(&back, &job, slice_of(record));
}

static void assert_encoded(const struct execution *execution, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 0);
    execution_encode(execution, &out);
    assert_int_equal(buffer_error(&out), ERR_OK);
    assert_string_equal(buffer_str(&out), expected);
    buffer_fini(&out);
}

/* Encode and decode into back. */
static void turn_around(const struct execution *execution)
{
    struct buffer out;
    buffer_init(&out, 0);
    execution_encode(execution, &out);
    assert_null(memchr(out.data, '\n', out.len));
    enum err err = execution_decode(&back, &execution->job, (struct slice){out.data, out.len});
    if (err != ERR_OK) {
        print_error("cannot read back: %s\n", buffer_str(&out));
    }
    buffer_fini(&out);
    assert_int_equal(err, ERR_OK);
}

static void assert_same(const struct execution *a, const struct execution *b)
{
    assert_memory_equal(a->job.bytes, b->job.bytes, JOB_ID_SIZE);
    assert_int_equal(a->scheduled.ms, b->scheduled.ms);
    assert_int_equal(a->started.ms, b->started.ms);
    assert_int_equal(a->took_ms, b->took_ms);
    assert_int_equal(a->lateness_ms, b->lateness_ms);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->truncated, b->truncated);
    assert_memory_equal(&a->timings, &b->timings, sizeof a->timings);
    assert_int_equal(a->response_bytes, b->response_bytes);
    assert_int_equal(a->response.len, b->response.len);
    assert_true(a->response.len == 0 || memcmp(a->response.data, b->response.data, a->response.len) == 0);
    assert_int_equal(a->missed_count, b->missed_count);
    assert_int_equal(a->missed_until.ms, b->missed_until.ms);
    assert_string_equal(a->runner, b->runner);
    assert_string_equal(a->error_class, b->error_class);
    assert_string_equal(a->error, b->error);
}

static const struct {
    const char *record;
    struct execution execution;
} vectors[] = {
    {"o:s s:1772953200000 a:1 x:1772953200003 t:12 h:200 l:3 r:web1-4711-9f2c",
     {.scheduled = {T0},
      .started = {T0 + 3},
      .took_ms = 12,
      .lateness_ms = 3,
      .status = 200,
      .attempt = 1,
      .runner = "web1-4711-9f2c"}},
    {"o:f s:1772953200000 a:6 x:1772953200003 t:10002 h:0 l:2 r:w c:connect e:Connection timed out",
     {.outcome = EXECUTION_FAILED,
      .scheduled = {T0},
      .started = {T0 + 3},
      .took_ms = 10002,
      .lateness_ms = 2,
      .attempt = 6,
      .runner = "w",
      .error_class = "connect",
      .error = "Connection timed out"}},
    {"o:m s:1772953200000 a:0 u:1772956740000 n:60",
     {.outcome = EXECUTION_MISSED, .scheduled = {T0}, .missed_until = {1772956740000}, .missed_count = 60}},
    {"o:l s:0 a:2 x:0 t:0 h:0 l:0", {.outcome = EXECUTION_LOST, .attempt = 2}},
    {"o:u s:0 a:1 x:0 t:0 h:0 l:0", {.outcome = EXECUTION_UNKNOWN, .attempt = 1}},
    {"o:k s:0 a:1 x:0 t:0 h:0 l:0", {.outcome = EXECUTION_SKIPPED, .attempt = 1}},
    {"o:s s:1772953200000 a:1 x:1772953200003 t:12 h:200 l:3 p:11820,11874,210,95 z:512 r:w",
     {.scheduled = {T0},
      .started = {T0 + 3},
      .took_ms = 12,
      .lateness_ms = 3,
      .status = 200,
      .attempt = 1,
      .timings = {.dns_us = 210, .connect_us = 95, .first_byte_us = 11820, .total_us = 11874},
      .response_bytes = 512,
      .runner = "w"}},
    {"o:f s:1772953200000 a:1 x:1772953200003 t:90000 h:0 l:3 p:0,90000123 r:w c:timeout",
     {.outcome = EXECUTION_FAILED,
      .scheduled = {T0},
      .started = {T0 + 3},
      .took_ms = 90000,
      .lateness_ms = 3,
      .attempt = 1,
      .timings = {.total_us = 90000123},
      .runner = "w",
      .error_class = "timeout"}},
    {"o:s s:-5 a:1 x:-4 t:0 h:204 l:-1 b:1",
     {.scheduled = {-5}, .started = {-4}, .status = 204, .lateness_ms = -1, .attempt = 1, .truncated = true}},
    {"o:f s:0 a:1 x:0 t:0 h:500 l:0 z:2 k:bm8= c:http e:status 500",
     {.outcome = EXECUTION_FAILED,
      .attempt = 1,
      .status = 500,
      .response_bytes = 2,
      .response = {"bm8=", 4},
      .error_class = "http",
      .error = "status 500"}},
};

TEST(execution_records_are_as_described)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct execution execution = vectors[i].execution;
        execution.job = job;
        assert_encoded(&execution, vectors[i].record);
        assert_int_equal(decode(vectors[i].record), ERR_OK);
        assert_same(&back, &execution);
    }
}

static uint32_t random_state = SEED;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525U + 1013904223U;
    return random_state >> 3;
}

static int64_t random_i64(void)
{
    uint64_t bits = (uint64_t)next_random() << 40 ^ (uint64_t)next_random() << 20 ^ next_random();
    return (int64_t)(bits >> next_random() % 64) * (next_random() % 2 == 0 ? 1 : -1);
}

/* Printable ASCII and UTF-8's bytes, no control characters; spaces where they are kept. */
static void random_text(char *out, size_t max, bool spaces)
{
    size_t len = next_random() % (max + 1);
    for (size_t i = 0; i < len; i++) {
        char c = (char)(0x20 + next_random() % 224);
        out[i] = c == 0x7f || (c == ' ' && !spaces) ? ':' : c;
    }
    out[len] = '\0';
}

TEST(execution_random_records_come_back)
{
    print_message("seed %u\n", SEED);
    for (int i = 0; i < 5000; i++) {
        struct execution execution = {.job = job, .scheduled = {random_i64()}};
        execution.attempt = (int)next_random() * (next_random() % 2 == 0 ? 1 : -1);
        execution.outcome = next_random() % EXECUTION_OUTCOME__COUNT;
        if (execution.outcome == EXECUTION_MISSED) {
            execution.missed_count = random_i64();
            execution.missed_until.ms = random_i64();
        } else {
            execution.started.ms = random_i64();
            execution.took_ms = random_i64();
            execution.lateness_ms = random_i64();
            execution.status = (int)next_random();
            execution.truncated = next_random() % 2 == 0;
            execution.response_bytes = random_i64();
            execution.timings =
                (struct execution_timings){.dns_us = random_i64(),
                                           .connect_us = random_i64(),
                                           .tls_us = next_random() % 2 == 0 ? random_i64() : 0,
                                           .first_byte_us = random_i64(),
                                           .total_us = random_i64()};
        }
        random_text(execution.runner, sizeof execution.runner - 1, false);
        random_text(execution.error_class, sizeof execution.error_class - 1, false);
        random_text(execution.error, sizeof execution.error - 1, true);
        turn_around(&execution);
        assert_same(&back, &execution);
    }
}

TEST(execution_hostile_errors_stay_in_their_place)
{
    static const char *const rows[][2] = {
        {"two words", "two words"},
        {" spaces at both ends ", " spaces at both ends "},
        {"a\nb\r\nc\td\x7f-\x01", "a b  c d - "},
        {"x e:y o:s s:9 a:99", "x e:y o:s s:9 a:99"},
        {"e:e:", "e:e:"},
        {" ", " "},
        {"\xc3\xa9\xff", "\xc3\xa9\xff"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct execution execution = {
            .job = job, .scheduled = {T0}, .attempt = 1, .outcome = EXECUTION_FAILED};
        (void)snprintf(execution.error, sizeof execution.error, "%s", rows[i][0]);
        turn_around(&execution);
        assert_string_equal(back.error, rows[i][1]);
        assert_int_equal(back.outcome, EXECUTION_FAILED);
        assert_int_equal(back.scheduled.ms, T0);
        assert_int_equal(back.attempt, 1);
    }
}

/* Whatever a host is called, its runner's records must be readable. */
TEST(execution_hostile_tokens_do_not_spoil_the_record)
{
    static const char *const rows[] = {"two words", "tab\there", "line\nbreak", "e:rest",
                                       "a\x7f-",    " ",         "\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct execution execution = {
            .job = job, .scheduled = {T0}, .attempt = 1, .outcome = EXECUTION_FAILED};
        (void)snprintf(execution.runner, sizeof execution.runner, "%s", rows[i]);
        (void)snprintf(execution.error_class, sizeof execution.error_class, "%s", rows[i]);
        (void)snprintf(execution.error, sizeof execution.error, "kept");
        turn_around(&execution);
        assert_int_equal(strlen(back.runner), strlen(rows[i]));
        assert_string_equal(back.runner, back.error_class);
        assert_string_equal(back.error, "kept");
    }
}

TEST(execution_long_texts_are_cut)
{
    char record[2000];
    char x[600];
    memset(x, 'x', sizeof x - 1);
    x[sizeof x - 1] = '\0';
    (void)snprintf(record, sizeof record, "o:f s:1 r:%s c:%s e:%s", x, x, x);
    assert_int_equal(decode(record), ERR_OK);
    assert_int_equal(strlen(back.runner), EXECUTION_RUNNER_MAX);
    assert_int_equal(strlen(back.error_class), sizeof back.error_class - 1);
    assert_int_equal(strlen(back.error), EXECUTION_ERROR_MAX);
}

TEST(execution_response_that_is_none_is_left_out)
{
    static const char *const bad[] = {"", "bm8", "bm8_", "===="};
    char text[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "o:s s:0 k:%s a:2", bad[i]);
        assert_int_equal(decode(text), ERR_OK);
        assert_null(back.response.data);
        assert_int_equal(back.attempt, 2);
    }
}

/* Whatever the target, the host's name and the clocks come up with. */
TEST(execution_longest_record_is_bounded)
{
    const struct execution_timings timings = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    struct execution execution = {.job = job,
                                  .scheduled = {INT64_MIN},
                                  .started = {INT64_MIN},
                                  .took_ms = INT64_MIN,
                                  .lateness_ms = INT64_MIN,
                                  .status = INT32_MIN,
                                  .attempt = INT32_MIN,
                                  .timings = timings,
                                  .response_bytes = INT64_MIN,
                                  .truncated = true};
    static char response[BASE64_LEN(EXECUTION_RESPONSE_MAX)];
    struct buffer out;
    memset(response, 'A', sizeof response);
    execution.response = (struct slice){response, sizeof response};
    memset(execution.runner, 'r', sizeof execution.runner - 1);
    memset(execution.error_class, 'c', sizeof execution.error_class - 1);
    memset(execution.error, 'e', sizeof execution.error - 1);
    buffer_init(&out, 0);
    execution_encode(&execution, &out);
    assert_in_range(out.len, 1, EXECUTION_RECORD_MAX);
    buffer_fini(&out);
}

TEST(execution_timings_of_a_later_version_are_read_as_far_as_known)
{
    assert_int_equal(decode("o:s s:5 p:1,2,3,4,5,6,x"), ERR_OK);
    assert_int_equal(back.timings.tls_us, 5);
}

TEST(execution_reads_only_the_bytes_it_was_given)
{
    const char text[] = "o:s s:12345 a:1";
    assert_int_equal(execution_decode(&back, &job, (struct slice){text, 9}), ERR_OK);
    assert_int_equal(back.scheduled.ms, 123);
    assert_int_equal(back.attempt, 0);
}

TEST(execution_skips_what_a_later_version_wrote)
{
    static const char *const rows[] = {
        "q:9 o:s y:1:2:3 s:5 j: a:3 h:200",
        "o:s  s:5   a:3 h:200 ",
        " o:s s:5 a:3 h:200 Z:\xff",
        "h:200 a:3 s:5 o:s",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(decode(rows[i]), ERR_OK);
        assert_int_equal(back.outcome, EXECUTION_SUCCEEDED);
        assert_int_equal(back.scheduled.ms, 5);
        assert_int_equal(back.attempt, 3);
        assert_int_equal(back.status, 200);
    }
}

static const char *const no_records[] = {
    "",
    " ",
    "garbage",
    "o:s",
    "s:5",
    "o: s:5",
    "o:x s:5",
    "o:ss s:5",
    "o:s s:",
    "o:s s:x",
    "o:s s:5x",
    "o:s s:99999999999999999999",
    "o:s s:5 h:2147483648",
    "o:s s:5 h:-2147483649",
    "o:s s:5 a:1.5",
    "o:s s:5 a:",
    "o:s s:5 t:1e3",
    "o:s s:5 x:0x1",
    "o:s s:5 l:--1",
    "o:s s:5 u:+1",
    "o:s s:5 n:",
    "o:s s:5 p:",
    "o:s s:5 p:1,",
    "o:s s:5 p:1,,2",
    "o:s s:5 z:x",
    "o:s s:5 a",
    "o:s s:5 ab:1",
    "o:s s:5 :",
    "o:s s:5\nh:200",
    "e:o:s s:5",
    "os s:5",
};

TEST(execution_refuses_what_is_no_record)
{
    for (size_t i = 0; i < sizeof no_records / sizeof no_records[0]; i++) {
        if (decode(no_records[i]) != ERR_PROTOCOL) {
            fail_msg("taken for a record: \"%s\"", no_records[i]);
        }
    }
    assert_int_equal(execution_decode(&back, &job, (struct slice){NULL, 0}), ERR_PROTOCOL);
}

TEST(execution_ids_name_job_instant_and_attempt)
{
    struct execution execution = {.job = job, .scheduled = {T0}, .attempt = 2};
    char id[EXECUTION_ID_SIZE];
    char key[EXECUTION_KEY_SIZE];
    execution_id_format(id, &execution);
    assert_string_equal(
        id, "exec:ab01ff1000000000000000000000000000000000000000000000000000000000:1772953200000:2");
    execution_idempotency_key(key, &job, execution.scheduled);
    assert_string_equal(key,
                        "ab01ff1000000000000000000000000000000000000000000000000000000000-1772953200000");
}

TEST(execution_ids_are_read_as_they_are_written)
{
#define HEX "ab01ff1000000000000000000000000000000000000000000000000000000000"
    static const char *const none[] = {
        "",
        "exec",
        "exec:",
        "exec:" HEX,
        "exec:" HEX ":5",
        "exec:" HEX ":5:",
        "exec:" HEX "::1",
        "capi:" HEX ":5:1",
        "exec:" HEX ":5:1:",
        "exec:" HEX ":5:1:1",
        "exec:" HEX ":05:1",
        "exec:" HEX ":5:+1",
        "exec:" HEX ":5:01",
        "exec:AB01ff1000000000000000000000000000000000000000000000000000000000:5:1",
        "exec:ab01:5:1",
        "exec:" HEX "0:5:1",
        "exec:" HEX ":5:99999999999",
        " exec:" HEX ":5:1",
        "exec:" HEX ":5:1 "};
    struct execution execution;
    assert_true(execution_id_parse(&execution, slice_of("exec:" HEX ":1772953200000:2")));
    assert_memory_equal(execution.job.bytes, job.bytes, JOB_ID_SIZE);
    assert_int_equal(execution.scheduled.ms, T0);
    assert_int_equal(execution.attempt, 2);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (execution_id_parse(&execution, slice_of(none[i]))) {
            fail_msg("taken for an id: \"%s\"", none[i]);
        }
    }
}

TEST(execution_longest_ids_fit)
{
    struct execution execution = {.job = job, .scheduled = {INT64_MIN}, .attempt = INT32_MIN};
    char id[EXECUTION_ID_SIZE];
    char key[EXECUTION_KEY_SIZE];
    execution_id_format(id, &execution);
    assert_string_equal(strrchr(id, ':'), ":-2147483648");
    execution_idempotency_key(key, &job, execution.scheduled);
    assert_string_equal(strchr(key, '-'), "--9223372036854775808");
}

TEST(execution_outcomes_have_names)
{
    assert_string_equal(execution_outcome_name(EXECUTION_SUCCEEDED), "succeeded");
    assert_string_equal(execution_outcome_name(EXECUTION_FAILED), "failed");
    assert_string_equal(execution_outcome_name(EXECUTION_LOST), "lost");
    assert_string_equal(execution_outcome_name(EXECUTION_MISSED), "missed");
    assert_string_equal(execution_outcome_name(EXECUTION_UNKNOWN), "unknown");
    assert_string_equal(execution_outcome_name(EXECUTION_SKIPPED), "skipped");
    assert_string_equal(execution_outcome_name(EXECUTION_OUTCOME__COUNT), "unknown");
}
