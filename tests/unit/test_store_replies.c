/* Each reply of Redis is either understood or refused. Claims are in test_store_claim_reply.c. */
#include "store/store_database.h"
#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_runner.h"

#include "reply_maker.h"
#include "store_ids.h"
#include "test.h"

#include <string.h>

static struct errinfo info;

struct decoded {
    int64_t number;
    size_t count;
    bool keyed;
    struct store_claimed claimed;
    struct store_execution record;
    struct store_runner runner;
    struct store_recovered recovered;
    struct store_claim_left left;
    struct wall_ms instant;
    enum store_verdict verdict;
    enum store_creation creation;
};

static struct decoded d; /* what was read last */

static enum err decode_setup(const struct reply *r)
{
    return store_setup_reply(r, NULL, &info);
}

static enum err decode_created(const struct reply *r)
{
    return store_job_create_reply(r, &d.creation, &d.instant, &info);
}

static enum err decode_time(const struct reply *r)
{
    return store_time_reply(r, &d.instant, &info);
}

static enum err decode_history(const struct reply *r)
{
    return store_history_count(r, &d.count, &info);
}

static enum err decode_executions(const struct reply *r)
{
    return store_executions_count(r, &d.count, &info);
}

static enum err decode_verdict(const struct reply *r)
{
    return store_verdict_at(r, 0, &d.verdict, &info);
}

static enum err decode_heartbeat(const struct reply *r)
{
    struct store_heart heart;
    enum err err = store_heartbeat_reply(r, &heart, &info);
    d.number = heart.now_us;
    d.count = heart.count;
    d.keyed = heart.keyed;
    return err;
}

static enum err decode_claim(const struct reply *r)
{
    return store_claim_reply(r, &d.left, &d.count, &info);
}

static enum err decode_held(const struct reply *r)
{
    return store_held_count(r, &d.count, &info);
}

static enum err decode_recover(const struct reply *r)
{
    return store_recover_reply(r, &d.recovered, &info);
}

static enum err (*const decoders[])(const struct reply *) = {
    decode_setup, decode_created, decode_time, decode_history,   decode_executions,
    decode_claim, decode_verdict, decode_held, decode_heartbeat, decode_recover,
};
#define DECODERS (sizeof decoders / sizeof decoders[0])

TEST(store_decoders_pass_on_what_redis_says)
{
    const struct reply refused = {.kind = REPLY_ERROR, .text = slice_of("READONLY no writes here")};
    const struct reply loading = {.kind = REPLY_ERROR, .text = slice_of("LOADING wait")};
    for (size_t i = 0; i < DECODERS; i++) {
        info = (struct errinfo){0};
        assert_int_equal(decoders[i](&refused), ERR_REFUSED);
        assert_non_null(strstr(info.text, "READONLY no writes here"));
        assert_int_equal(decoders[i](&loading), ERR_DOWN);
    }
}

TEST(store_decoders_refuse_other_kinds)
{
    static const struct reply replies[] = {
        {.kind = REPLY_NIL}, {.kind = REPLY_INTEGER, .integer = 3}, {.kind = REPLY_TEXT, .text = {"x", 1}}};
    for (size_t i = 0; i < DECODERS; i++) {
        for (size_t k = 0; k < 3; k++) {
            bool fits = decoders[i] == decode_created && replies[k].kind == REPLY_INTEGER;
            info = (struct errinfo){0};
            assert_int_equal(decoders[i](&replies[k]), fits ? ERR_OK : ERR_PROTOCOL);
            assert_int_equal(info.text[0] != '\0', !fits);
        }
    }
    assert_int_equal(decode_setup(MAKE_ARRAY("16")), ERR_PROTOCOL);
    assert_int_equal(decode_created(MAKE_ARRAY("1")), ERR_PROTOCOL);
}

/* Each *_at refuses an index past the end, and a reply without items. */
TEST(store_decoders_refuse_an_index_past_the_end)
{
    const struct reply empty = {.kind = REPLY_ARRAY};
    struct job_id id = the_id();
    assert_int_equal(store_history_at(&empty, 0, &id, &d.record, &info), ERR_PROTOCOL);
    assert_int_equal(store_executions_at(&empty, 0, &d.record, &info), ERR_PROTOCOL);
    assert_int_equal(store_claim_at(&empty, 0, &d.claimed, &info), ERR_PROTOCOL);
    assert_int_equal(store_verdict_at(&empty, 0, &d.verdict, &info), ERR_PROTOCOL);
    assert_int_equal(store_held_at(&empty, 0, &d.claimed, &info), ERR_PROTOCOL);
    assert_int_equal(store_heartbeat_at(&empty, 0, &d.runner, &info), ERR_PROTOCOL);
}

TEST(store_setup_reply_compares_the_number)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {{"16", ERR_OK},        {"8", ERR_CONFIG},         {"17", ERR_CONFIG},
                {"0", ERR_CONFIG},     {"-16", ERR_CONFIG},       {"", ERR_PROTOCOL},
                {"16 ", ERR_PROTOCOL}, {"sixteen", ERR_PROTOCOL}, {"1e1", ERR_PROTOCOL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct reply reply = {.kind = REPLY_TEXT, .text = slice_of(rows[i].text)};
        assert_int_equal(store_setup_reply(&reply, NULL, &info), rows[i].expected);
    }
}

TEST(store_setup_reply_tells_the_level)
{
    static const struct {
        const char *text;
        enum err expected;
        int level;
        enum err check;
    } rows[] = {
        {"16", ERR_OK, 0, ERR_OK},          {"10016", ERR_OK, 1, ERR_OK},
        {"990016", ERR_OK, 99, ERR_CONFIG}, {"10008", ERR_CONFIG, -1, ERR_OK},
        {"10000", ERR_CONFIG, -1, ERR_OK},  {"999999999999990016", ERR_CONFIG, -1, ERR_OK},
        {"-9984", ERR_CONFIG, -1, ERR_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct reply reply = {.kind = REPLY_TEXT, .text = slice_of(rows[i].text)};
        int level = -1;
        assert_int_equal(store_setup_reply(&reply, &level, &info), rows[i].expected);
        assert_int_equal(level, rows[i].level);
        assert_int_equal(store_level_check(level, &info), rows[i].check);
    }
}

TEST(store_level_of_each_field)
{
    const struct slice text = slice_of("x");
    const struct job_number number = {.given = true};
    const struct job_fields plain = {.schedule = slice_of("@every 5m"), .overlap = text, .jitter_ms = {0}};
    const struct job_fields fields[] = {{.schedule = slice_of("@at 2030-01-01T00:00:00Z")},
                                        {.schedule = slice_of("CRON_TZ=UTC @in 5m")},
                                        {.max_runs = number},
                                        {.jitter_ms = number},
                                        {.starts_at = text},
                                        {.ends_at = text}};
    assert_int_equal(store_level_of(&plain), 0);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        assert_int_equal(store_level_of(&fields[i]), 1);
    }
    const struct job_fields secret[] = {
        {.schedule = plain.schedule, .signing = text},
        {.schedule = plain.schedule, .body = slice_of("{{secret.a|json}}")},
        {.max_runs = number, .headers = slice_of("{\"A\":\"{{secret.a}}\"}")}};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        assert_int_equal(store_level_of(&secret[i]), 3);
    }
}

TEST(store_job_create_reply_tells_new_from_known)
{
    const struct reply one = {.kind = REPLY_INTEGER, .integer = 1};
    const struct reply zero = {.kind = REPLY_INTEGER, .integer = 0};
    const struct reply changed = {.kind = REPLY_INTEGER, .integer = -1};
    const struct reply late = {.kind = REPLY_INTEGER, .integer = -2};
    const struct reply taken = {.kind = REPLY_INTEGER, .integer = -T0};
    const struct reply wrong = {.kind = REPLY_INTEGER, .integer = T0 + 1};
    assert_int_equal(decode_created(&one), ERR_OK);
    assert_int_equal(d.creation, STORE_CREATED);
    assert_int_equal(decode_created(&zero), ERR_OK);
    assert_int_equal(d.creation, STORE_KNOWN);
    assert_int_equal(decode_created(&changed), ERR_OK);
    assert_int_equal(d.creation, STORE_CHANGED);
    assert_int_equal(decode_created(&late), ERR_OK);
    assert_int_equal(d.creation, STORE_LATE);
    assert_int_equal(decode_created(&taken), ERR_OK);
    assert_int_equal(d.creation, STORE_TAKEN);
    assert_int_equal(d.instant.ms, T0);
    assert_int_equal(decode_created(&wrong), ERR_OK);
    assert_int_equal(d.creation, STORE_WRONG_TIME);
    assert_int_equal(d.instant.ms, T0 + 1);
}

TEST(store_time_reply_reads_seconds_and_micros)
{
    assert_int_equal(decode_time(MAKE_ARRAY("1772953200", "1999")), ERR_OK);
    assert_int_equal(d.instant.ms, T0 + 1);
    assert_int_equal(decode_time(MAKE_ARRAY("1772953200", "x")), ERR_PROTOCOL);
    assert_int_equal(decode_time(MAKE_ARRAY("1772953200")), ERR_PROTOCOL);
    assert_int_equal(decode_time(MAKE_ARRAY("", "1")), ERR_PROTOCOL);
}

#define RECORD "o:s s:1772953200000 a:1 h:200"

TEST(store_history_reads_records)
{
    struct job_id id = the_id();
    const struct reply *reply = MAKE_ARRAY(RECORD, "garbage", NULL, "o:m s:5 n:3");
    assert_int_equal(decode_history(reply), ERR_OK);
    assert_int_equal(d.count, 4);
    assert_int_equal(store_history_at(reply, 0, &id, &d.record, &info), ERR_OK);
    assert_string_equal(d.record.position, "");
    assert_int_equal(d.record.execution.status, 200);
    assert_memory_equal(&d.record.execution.job, &id, sizeof id);
    assert_int_equal(store_history_at(reply, 1, &id, &d.record, &info), ERR_PROTOCOL);
    assert_non_null(strstr(info.text, "capi:63646566"));
    assert_int_equal(store_history_at(reply, 2, &id, &d.record, &info), ERR_PROTOCOL);
    assert_int_equal(store_history_at(reply, 3, &id, &d.record, &info), ERR_OK);
    assert_int_equal(d.record.execution.missed_count, 3);
}

TEST(store_executions_reads_records)
{
    const struct reply *reply = MAKE_ARRAY("1-1", ID, RECORD, "1-2", "short", RECORD, "1-3", ID, "x", NULL,
                                           ID, RECORD, "1-4", NULL, RECORD, "1-5", ID, NULL);
    assert_int_equal(decode_executions(reply), ERR_OK);
    assert_int_equal(d.count, 6);
    assert_int_equal(store_executions_at(reply, 0, &d.record, &info), ERR_OK);
    assert_string_equal(d.record.position, "1-1");
    assert_memory_equal(d.record.execution.job.bytes, ID, JOB_ID_SIZE);
    static const size_t bad[] = {1, 2, 4, 5};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(store_executions_at(reply, bad[i], &d.record, &info), ERR_PROTOCOL);
    }
}

TEST(store_executions_refuses_bad_shapes)
{
    char position[STORE_FEED_ID_MAX + 1];
    memset(position, '1', sizeof position);
    position[STORE_FEED_ID_MAX] = '\0';
    assert_int_equal(decode_executions(MAKE_ARRAY("1-1", ID)), ERR_PROTOCOL);
    assert_int_equal(decode_executions(MAKE_ARRAY("1-1", ID, RECORD, "1-2")), ERR_PROTOCOL);
    assert_int_equal(store_executions_at(MAKE_ARRAY(position, ID, RECORD), 0, &d.record, &info),
                     ERR_PROTOCOL);
    position[STORE_FEED_ID_MAX - 1] = '\0';
    assert_int_equal(store_executions_at(MAKE_ARRAY(position, ID, RECORD), 0, &d.record, &info), ERR_OK);
    assert_string_equal(d.record.position, position);
}

TEST(store_verdicts)
{
    const struct reply *reply = MAKE_ARRAY("0", "1", "2", "3", "4", "-1", NULL, "x", "");
    static const enum store_verdict expected[] = {STORE_LOST, STORE_DONE, STORE_GONE, STORE_SETTLED};
    for (size_t i = 0; i < 9; i++) {
        enum err err = store_verdict_at(reply, i, &d.verdict, &info);
        assert_int_equal(err, i < 4 ? ERR_OK : ERR_PROTOCOL);
        assert_true(i >= 4 || d.verdict == expected[i]);
    }
}

TEST(store_heartbeat_reads_clock_and_runners)
{
    const struct reply *reply = MAKE_ARRAY("1772953200000123", "1", "a", "1772953205000", "b", "5");
    assert_int_equal(decode_heartbeat(reply), ERR_OK);
    assert_int_equal(d.number, 1772953200000123);
    assert_true(d.keyed);
    assert_int_equal(d.count, 2);
    assert_int_equal(store_heartbeat_at(reply, 0, &d.runner, &info), ERR_OK);
    assert_string_equal(d.runner.id, "a");
    assert_int_equal(d.runner.expiry.ms, T0 + 5000);
    assert_int_equal(store_heartbeat_at(reply, 1, &d.runner, &info), ERR_OK);
    assert_string_equal(d.runner.id, "b");
    assert_int_equal(store_heartbeat_at(reply, 2, &d.runner, &info), ERR_PROTOCOL);
    const struct reply empty = {.kind = REPLY_ARRAY};
    assert_int_equal(decode_heartbeat(&empty), ERR_PROTOCOL);
    assert_int_equal(decode_heartbeat(MAKE_ARRAY("1", "0", "a")), ERR_PROTOCOL);
    for (size_t i = 0; i < GARBAGE_COUNT; i++) {
        assert_int_equal(decode_heartbeat(MAKE_ARRAY(GARBAGE_NUMBERS[i], "0")), ERR_PROTOCOL);
        assert_int_equal(decode_heartbeat(MAKE_ARRAY("1", GARBAGE_NUMBERS[i])), ERR_PROTOCOL);
        const struct reply *bad = MAKE_ARRAY("1", "0", "a", GARBAGE_NUMBERS[i]);
        assert_int_equal(store_heartbeat_at(bad, 0, &d.runner, &info), ERR_PROTOCOL);
    }
}

TEST(store_heartbeat_refuses_improper_ids)
{
    char id[STORE_RUNNER_ID_MAX + 2];
    memset(id, 'r', sizeof id);
    id[STORE_RUNNER_ID_MAX + 1] = '\0';
    assert_int_equal(store_heartbeat_at(MAKE_ARRAY("1", "0", id, "5"), 0, &d.runner, &info), ERR_PROTOCOL);
    id[STORE_RUNNER_ID_MAX] = '\0';
    assert_int_equal(store_heartbeat_at(MAKE_ARRAY("1", "0", id, "5"), 0, &d.runner, &info), ERR_OK);
    assert_string_equal(d.runner.id, id);
    assert_int_equal(store_heartbeat_at(MAKE_ARRAY("1", "0", NULL, "5"), 0, &d.runner, &info), ERR_PROTOCOL);
    const struct slice items[] = {{"1", 1}, {"0", 1}, {"a\0b", 3}, {"5", 1}};
    const struct reply reply = {.kind = REPLY_ARRAY, .items = items, .count = 4};
    assert_int_equal(store_heartbeat_at(&reply, 0, &d.runner, &info), ERR_PROTOCOL);
}

TEST(store_recover_reply_reads_three_numbers)
{
    assert_int_equal(decode_recover(MAKE_ARRAY("7", "2", "1")), ERR_OK);
    assert_int_equal(d.recovered.handed_on, 7);
    assert_int_equal(d.recovered.lost, 2);
    assert_true(d.recovered.more);
    assert_int_equal(decode_recover(MAKE_ARRAY("0", "0", "0")), ERR_OK);
    assert_false(d.recovered.more);
    assert_int_equal(decode_recover(MAKE_ARRAY("7", "2")), ERR_PROTOCOL);
    for (size_t i = 0; i < GARBAGE_COUNT; i++) {
        for (size_t at = 0; at < 3; at++) {
            const char *items[] = {"7", "2", "1"};
            items[at] = GARBAGE_NUMBERS[i];
            assert_int_equal(decode_recover(make_array(items, 3)), ERR_PROTOCOL);
        }
    }
}
