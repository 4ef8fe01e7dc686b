/* The life of an occurrence in a real Redis: what each script does, and what it refuses. */
#include "store/store_database.h"
#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_rezone.h"
#include "store/store_runner.h"

#include "actor.h"
#include "store/store_dead.h"
#include "store_rig.h"
#include "test.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T0    INT64_C(1772953200000) /* 2026-03-08T07:00:00Z, long past for Redis */
#define T1    (T0 + 60000)
#define NONE  INT64_MAX
#define SHARD 3
#define TAG   "dronc:{3}:"
#define MAX   200 /* claims in one reply */

/* Ids of shard 3. */
#define A "cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B "cBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define C "cCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC"
#define S "1772953200000" /* T0 as text */

static struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

/* The token of each runner's latest claim of each job, by the first letters of their ids. */
static int64_t tokens[UCHAR_MAX + 1][UCHAR_MAX + 1];

/* What the last claim gave. */
static struct {
    struct wall_ms next;
    bool backlog;
    size_t count;
    struct store_claimed at[MAX];
} got;

/* ---- talking to Redis ---- */

static void set_up(void)
{
    SAY("FLUSHALL");
}

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(set_up, NULL);

/* ---- the operations, one line each ---- */

static struct store_attempt attempt_of(const char *id, int64_t scheduled, int attempt)
{
    struct store_attempt out = {.scheduled = {scheduled}, .number = attempt};
    memcpy(out.job.bytes, id, JOB_ID_SIZE);
    return out;
}

/* An attempt at T0, as runner claimed it. */
static struct store_attempt held_by(const char *runner, const char *id, int attempt)
{
    struct store_attempt out = attempt_of(id, T0, attempt);
    out.token = tokens[(unsigned char)runner[0]][(unsigned char)id[0]];
    return out;
}

static enum store_creation store_as(const struct job *job, int64_t due, struct wall_ms *now)
{
    enum store_creation creation;
    struct cmd cmd;
    store_job_create(&cmd, job, (struct wall_ms){due}, SOMEONE);
    exchange(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, now, &info), ERR_OK);
    return creation;
}

/* Store a job, which can only be done now, and have it created at job->created all the same. */
static bool store(const struct job *job, int64_t due)
{
    static struct job as_of_now;
    struct wall_ms now;
    char key[sizeof TAG "job:" + JOB_ID_SIZE] = TAG "job:";
    char created[24];
    as_of_now = *job;
    as_of_now.created = redis_now();
    if (store_as(&as_of_now, due, &now) != STORE_CREATED) {
        return false;
    }
    memcpy(key + strlen(key), job->id.bytes, JOB_ID_SIZE);
    (void)snprintf(created, sizeof created, "%lld", (long long)job->created.ms);
    SAY("HSET", key, "created", created);
    return true;
}

/* Store a job that is due each minute, from `due` on. */
static bool create_at(const char *id, enum job_type type, int64_t due, int64_t created_ms)
{
    static struct job job;
    make_job(&job, zones, "* * * * *", type, created_ms);
    memcpy(job.id.bytes, id, JOB_ID_SIZE);
    return store(&job, due);
}

static bool create(const char *id, enum job_type type, int64_t due)
{
    return create_at(id, type, due, 1000);
}

static size_t claim_within(const char *runner, const struct store_claim_bounds *bounds)
{
    struct cmd cmd;
    struct store_claim_left left;
    store_claim(&cmd, SHARD, runner, bounds, &keep);
    exchange(&cmd);
    assert_int_equal(store_claim_reply(reply, &left, &got.count, &info), ERR_OK);
    got.next = left.next;
    got.backlog = left.backlog;
    assert_true(got.count <= MAX);
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(store_claim_at(reply, i, &got.at[i], &info), ERR_OK);
        tokens[(unsigned char)runner[0]][got.at[i].attempt.job.bytes[0]] = got.at[i].attempt.token;
    }
    return got.count;
}

static size_t claim_up_to(const char *runner, int64_t until, int limit)
{
    const struct store_claim_bounds bounds = {.until = {until}, .limit = limit};
    return claim_within(runner, &bounds);
}

static size_t claim(const char *runner)
{
    return claim_up_to(runner, T1, 100);
}

static enum store_verdict verdict(size_t index)
{
    enum store_verdict out = STORE_GONE;
    if (store_verdict_at(reply, index, &out, &info) != ERR_OK) {
        fail_msg("%s", info.text);
    }
    return out;
}

static enum store_verdict start(const char *runner, const char *id, int attempt, int64_t next)
{
    struct store_attempt what = held_by(runner, id, attempt);
    struct cmd cmd;
    store_start(&cmd, SHARD, runner);
    store_start_add(&cmd, &what, (struct wall_ms){next});
    exchange(&cmd);
    return verdict(0);
}

static struct execution execution_of(const char *id, int attempt)
{
    struct execution out = {.scheduled = {T0}, .attempt = attempt, .status = 200, .runner = "me"};
    memcpy(out.job.bytes, id, JOB_ID_SIZE);
    return out;
}

static enum store_verdict finish(const char *runner, const char *id, int attempt, enum store_after after,
                                 int64_t at)
{
    struct store_attempt claimed = held_by(runner, id, attempt);
    struct execution what = execution_of(id, attempt);
    struct cmd cmd;
    store_finish(&cmd, SHARD, runner, &keep);
    store_finish_add(
        &cmd, &claimed, &what,
        &(struct store_ending){
            .after = after, .retry_at = {at}, .api = "http://example.com/x", .next = {INT64_MAX}});
    exchange(&cmd);
    return verdict(0);
}

static enum store_verdict release(const char *runner, const char *id, int attempt, int64_t due)
{
    struct store_attempt what = held_by(runner, id, attempt);
    struct cmd cmd;
    store_release(&cmd, SHARD, runner);
    store_release_add(&cmd, &what, (struct wall_ms){due});
    exchange(&cmd);
    return verdict(0);
}

static enum store_verdict give_up(const char *runner, const char *id, int64_t next)
{
    struct store_attempt claimed = held_by(runner, id, 1);
    struct execution what = execution_of(id, 0);
    struct cmd cmd;
    what.outcome = EXECUTION_MISSED;
    what.missed_count = 7;
    store_skip(&cmd, SHARD, runner, &keep);
    store_skip_add(&cmd, &claimed, &what, (struct wall_ms){next});
    exchange(&cmd);
    return verdict(0);
}

static struct store_recovered recover(const char *dead)
{
    struct store_recovered out;
    struct cmd cmd;
    store_recover(&cmd, SHARD, dead, &keep);
    exchange(&cmd);
    assert_int_equal(store_recover_reply(reply, &out, &info), ERR_OK);
    return out;
}

/* The newest record of a job; the caller looks at it. */
static struct execution newest(const char *id)
{
    static struct store_execution record;
    struct job_id job;
    struct cmd cmd;
    memcpy(job.bytes, id, JOB_ID_SIZE);
    store_history(&cmd, &job, 1);
    exchange(&cmd);
    assert_int_equal(store_history_at(reply, 0, &job, &record, &info), ERR_OK);
    return record.execution;
}

static int64_t due_of(const char *id)
{
    return ASK("ZSCORE", TAG "due", id);
}

/* A value that only the field at index has. */
static void value_for(size_t index, char out[16])
{
    (void)snprintf(out, 16, "%s%zu", job_field_is_slice(job_field_at(index)) ? "text " : "10", index);
}

/* Those of test_scripts_definition_comes_back_whole. */
static void assert_fields(struct job_fields *fields)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        char expected[16];
        value_for(i, expected);
        if (job_field_is_slice(field)) {
            assert_true(slice_eq(*job_field_text(fields, field), expected));
        } else {
            assert_true(job_field_number(fields, field)->given);
            assert_int_equal(job_field_number(fields, field)->value, atoi(expected));
        }
    }
}

/* ---- jobs ---- */

TEST(scripts_create_stores_a_job_once)
{
    assert_true(create(A, JOB_ATLEAST_ONCE, T0));
    assert_false(create_at(A, JOB_ATMOST_ONCE, T1, 2000));
    assert_int_equal(due_of(A), T0);
    assert_int_equal(ASK("HGET", TAG "job:" A, "created"), 1000);
    SAY("HGET", TAG "job:" A, "type");
    assert_true(slice_eq(reply->text, "ATLEAST_ONCE"));
    assert_int_equal(ASK("ZCARD", TAG "due"), 1);
}

TEST(scripts_create_after_a_deletion_makes_it_again)
{
    assert_true(create(A, JOB_ATMOST_ONCE, T0));
    SAY("DEL", TAG "job:" A);
    assert_true(create_at(A, JOB_ATMOST_ONCE, T1, 2000));
    assert_int_equal(due_of(A), T1);
}

/* A handler whose clock is wrong must not decide when a job begins. */
TEST(scripts_create_wants_the_time_to_be_redis_own)
{
    static const int64_t off_ms[] = {-3600000, -1500, 1500, 3600000};
    static struct job job;
    struct wall_ms now = {0};
    for (size_t i = 0; i < 4; i++) {
        struct wall_ms before = redis_now();
        make_job(&job, zones, "* * * * *", JOB_ATMOST_ONCE, before.ms + off_ms[i]);
        memcpy(job.id.bytes, A, JOB_ID_SIZE);
        assert_int_equal(store_as(&job, T0, &now), STORE_WRONG_TIME);
        assert_in_range(now.ms, before.ms, redis_now().ms);
        assert_int_equal(ASK("DBSIZE"), 0);
    }
    job.created = now;
    assert_int_equal(store_as(&job, T0, &now), STORE_CREATED);
    /* What is there stays as it is, whatever the time. */
    job.created.ms = 0;
    assert_int_equal(store_as(&job, T0, &now), STORE_KNOWN);
    assert_int_equal(due_of(A), T0);
}

TEST(scripts_create_at_a_wrong_time_leaves_a_broken_job_alone)
{
    static struct job job;
    struct wall_ms now;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("ZADD", TAG "broken", "1", A);
    make_job(&job, zones, "* * * * *", JOB_ATMOST_ONCE, 1000);
    memcpy(job.id.bytes, A, JOB_ID_SIZE);
    assert_int_equal(store_as(&job, T1, &now), STORE_WRONG_TIME);
    assert_int_equal(ASK("ZCARD", TAG "broken"), 1);
    assert_int_equal(due_of(A), T0);
    assert_true(store(&job, T1));
    assert_int_equal(ASK("ZCARD", TAG "broken"), 0);
    assert_int_equal(due_of(A), T1);
}

/* Every field that a definition can have comes back from where runners read it: the scripts and
 * lib/job/job_fields.c agree about which there are, and in which order. */
TEST(scripts_definition_comes_back_whole)
{
    struct store_pending pending;
    char cursor[STORE_CURSOR_SIZE];
    size_t count;
    struct cmd cmd;
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        char value[16];
        value_for(i, value);
        SAY("HSET", TAG "job:" A, job_field_at(i)->name, value);
    }
    store_due_page(&cmd, SHARD, "0");
    exchange(&cmd);
    assert_int_equal(store_due_page_reply(reply, cursor, &count, &info), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_due_page_at(reply, 0, &pending, &info), ERR_OK);
    assert_fields(&pending.fields);
    assert_int_equal(claim("me"), 1);
    assert_fields(&got.at[0].fields);
    assert_int_equal(got.at[0].created.ms, pending.created.ms);
}

/* And what a job is made of comes to where that reads it from. */
TEST(scripts_create_stores_what_is_not_usual)
{
    struct job_fields fields = job_maker_fields("0 7 * * *", "http://example.com/x", "ATLEAST_ONCE");
    struct job_fault fault;
    static struct job job;
    fields.timezone = slice_of("Europe/Berlin");
    fields.catch_up_window_s = (struct job_number){true, 7200};
    fields.method = slice_of("POST");
    fields.headers = slice_of("{\"X-A\":\"b\"}");
    fields.body = slice_of("a\r\nb");
    assert_true(job_build(&job, &fields, (struct wall_ms){1000}, zones, &fault));
    memcpy(job.id.bytes, A, JOB_ID_SIZE);
    store(&job, T0);
    job_fini(&job);
    assert_int_equal(ASK("HLEN", TAG "job:" A), 9);
    assert_int_equal(claim("me"), 1);
    assert_true(slice_eq(got.at[0].fields.timezone, "Europe/Berlin"));
    assert_int_equal(got.at[0].fields.catch_up_window_s.value, 7200);
    assert_true(slice_eq(got.at[0].fields.method, "POST"));
    assert_true(slice_eq(got.at[0].fields.headers, "{\"X-A\":\"b\"}"));
    assert_true(slice_eq(got.at[0].fields.body, "a\r\nb"));
}

/* Not one byte more than before there was catching up. */
TEST(scripts_create_stores_nothing_that_is_usual)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)create(B, JOB_ATMOST_ONCE, T0);
    assert_int_equal(ASK("HLEN", TAG "job:" A), 4);
    assert_int_equal(ASK("HLEN", TAG "job:" B), 4);
}

/* ---- claim ---- */

TEST(scripts_claim_hands_out_the_longest_due_first)
{
    (void)create(A, JOB_ATMOST_ONCE, T0 + 2);
    (void)create(B, JOB_ATLEAST_ONCE, T0);
    (void)create(C, JOB_ATMOST_ONCE, T1 + 1);
    SAY("ZADD", TAG "retry", "1772953200001", C S ":4");
    assert_int_equal(claim("me"), 3);
    assert_memory_equal(got.at[0].attempt.job.bytes, B, 32);
    assert_memory_equal(got.at[1].attempt.job.bytes, C, 32);
    assert_memory_equal(got.at[2].attempt.job.bytes, A, 32);
    assert_int_equal(got.at[0].due.ms, T0);
    assert_int_equal(got.at[0].attempt.number, 1);
    assert_int_equal(got.at[0].created.ms, 1000);
    assert_false(got.at[0].from_retry);
    assert_int_equal(got.at[1].due.ms, T0 + 1);
    assert_int_equal(got.at[1].attempt.scheduled.ms, T0);
    assert_int_equal(got.at[1].attempt.number, 4);
    assert_true(got.at[1].from_retry);
    assert_int_equal(got.next.ms, T1 + 1);
}

TEST(scripts_claim_is_bounded)
{
    char id[] = A;
    for (char c = 'a'; c < 'a' + 10; c++) {
        id[31] = c;
        (void)create(id, JOB_ATMOST_ONCE, T0 + c);
    }
    assert_int_equal(claim_up_to("me", T1, 4), 4);
    assert_int_equal(got.next.ms, T0 + 'e');
    assert_int_equal(claim_up_to("me", T0 + 'f', 100), 2);
    assert_int_equal(got.next.ms, T0 + 'g');
    assert_int_equal(claim_up_to("me", T1, 100), 4);
    assert_int_equal(got.next.ms, NONE);
    assert_int_equal(claim_up_to("me", T1, 100), 0);
    assert_int_equal(got.next.ms, NONE);
}

TEST(scripts_claim_gives_each_attempt_to_one_runner)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)create(B, JOB_ATMOST_ONCE, T0 + 1);
    assert_int_equal(claim_up_to("me", T1, 1), 1);
    assert_int_equal(claim_up_to("you", T1, 100), 1);
    assert_memory_equal(got.at[0].attempt.job.bytes, B, 32);
    assert_int_equal(claim("me"), 0);
    assert_int_equal(claim("you"), 0);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
    assert_int_equal(ASK("HLEN", TAG "claimed:you"), 1);
    assert_int_equal(ASK("SISMEMBER", TAG "holders", "me"), 1);
    assert_int_equal(ASK("SISMEMBER", TAG "holders", "you"), 1);
}

TEST(scripts_claim_of_nothing_leaves_no_trace)
{
    assert_int_equal(claim("me"), 0);
    assert_int_equal(got.next.ms, NONE);
    assert_int_equal(ASK("DBSIZE"), 0);
}

TEST(scripts_claim_distinguishes_gone_and_broken_jobs_from_good_ones)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)create(B, JOB_ATMOST_ONCE, T0 + 1);
    (void)create(C, JOB_ATMOST_ONCE, T0 + 2);
    SAY("SET", TAG "job:" A, "not a hash");
    SAY("DEL", TAG "job:" B);
    assert_int_equal(claim("me"), 3);
    assert_non_null(got.at[0].fields.schedule.data);
    assert_int_equal(got.at[0].fields.schedule.len, 0);
    assert_null(got.at[1].fields.schedule.data);
    assert_true(slice_eq(got.at[2].fields.schedule, "* * * * *"));
}

/* Else the runner would take it for one that is gone, and hand it back, and claim it again, without end. */
TEST(scripts_claim_of_a_job_without_a_creation_is_broken)
{
    static const char *const creations[] = {"", " ", " 1000", "1000 1", "+1000", "soon"};
    for (size_t i = 0; i < sizeof creations / sizeof creations[0]; i++) {
        struct cmd cmd;
        (void)create(A, JOB_ATMOST_ONCE, T0);
        SAY("HSET", TAG "job:" A, "created", creations[i]);
        assert_int_equal(claim("me"), 1);
        assert_non_null(got.at[0].fields.schedule.data);
        assert_int_equal(got.at[0].fields.schedule.len, 0);
        store_mark_broken(&cmd, SHARD, "me", &got.at[0].attempt);
        exchange(&cmd);
        assert_int_equal(number(), 1);
        assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "due", TAG "retry"), 0);
        assert_int_equal(ASK("ZCARD", TAG "broken"), 1);
        SAY("FLUSHALL");
    }
}

/* Whatever else a person wrote into its hash, the reply has the whole definition. */
TEST(scripts_claim_tells_all_of_a_job_with_strange_fields)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("HSET", TAG "job:" A, "method", "POST", "is_plain", "1");
    assert_int_equal(claim("me"), 1);
    assert_true(slice_eq(got.at[0].fields.method, "POST"));
}

TEST(scripts_claim_drops_a_retry_that_names_nothing)
{
    SAY("ZADD", TAG "retry", S, "garbage", S, A, S, A "x:1", S, A S ":", S, A S ":1:2");
    assert_int_equal(claim("me"), 0);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 0);
}

/* An occurrence that is under way here has to end before it is called again. */
TEST(scripts_claim_leaves_what_this_runner_has_started)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(start("me", A, 1, T1 + 1), STORE_DONE);
    SAY("ZADD", TAG "retry", S, A S ":2");
    assert_int_equal(claim("me"), 0);
    assert_int_equal(got.next.ms, T1 + 1000);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(got.at[0].attempt.number, 2);
}

/* However it got into both sets. */
TEST(scripts_claim_takes_an_occurrence_once)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    SAY("ZADD", TAG "retry", S, A S ":1.1000");
    assert_int_equal(claim("me"), 1);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
    assert_int_equal(ASK("ZCARD", TAG "due"), 0);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 1);
}

/* What has been due for long and what is due now share a claim that has not room for both. */
TEST(scripts_claim_shares_between_backlog_and_the_rest)
{
    char id[] = A;
    for (char c = 'a'; c < 'a' + 10; c++) {
        id[31] = c;
        (void)create(id, JOB_ATLEAST_ONCE, T0 - 60000 + c); /* backlog */
        id[31] = (char)(c - 'a' + 'A');
        (void)create(id, JOB_ATLEAST_ONCE, T0 + c);
    }
    struct store_claim_bounds bounds = {.until = {T1}, .limit = 8, .fresh_from = {T0}, .backlog_limit = 100};
    assert_int_equal(claim_within("me", &bounds), 8);
    assert_int_equal(got.at[0].due.ms, T0 - 60000 + 'a');
    assert_int_equal(got.at[3].due.ms, T0 - 60000 + 'd');
    assert_int_equal(got.at[4].due.ms, T0 + 'a');
    assert_int_equal(got.at[7].due.ms, T0 + 'd');
    assert_true(got.backlog);
    assert_int_equal(got.next.ms, T0 + 'e');
    bounds.backlog_limit = 1; /* what the backlog may not take is there for the rest */
    assert_int_equal(claim_within("me", &bounds), 7);
    bounds.backlog_limit = 100; /* and the other way round */
    assert_int_equal(claim_within("me", &bounds), 5);
    assert_false(got.backlog);
    assert_int_equal(got.next.ms, NONE);
}

/* A runner whose places become free one by one asks for one at a time: both get on all the same. */
TEST(scripts_claim_of_one_takes_of_a_backlog_too)
{
    const struct store_claim_bounds bounds = {
        .until = {T1}, .limit = 1, .fresh_from = {T0}, .backlog_limit = 1};
    int of_backlog = 0;
    for (int i = 0; i < 64; i++) {
        (void)create(A, JOB_ATLEAST_ONCE, T0 - 60000);
        (void)create(B, JOB_ATLEAST_ONCE, T0 + 5);
        assert_int_equal(claim_within("me", &bounds), 1);
        of_backlog += got.at[0].due.ms < T0 ? 1 : 0;
        SAY("FLUSHALL");
    }
    assert_in_range(of_backlog, 1, 63);
}

/* Entries of retry that are void are no reason to wait with what stands behind them. */
TEST(scripts_claim_of_what_is_void_alone_asks_again_at_once)
{
    (void)create(B, JOB_ATLEAST_ONCE, T0 + 5);
    SAY("ZADD", TAG "retry", S, A S ":2.1000", S, A S ":3.1000");
    const struct store_claim_bounds bounds = {
        .until = {T1}, .limit = 2, .fresh_from = {T0}, .backlog_limit = 2};
    assert_int_equal(claim_within("me", &bounds), 0);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(got.next.ms, T0 + 5);
    assert_int_equal(claim_within("me", &bounds), 1);
}

TEST(scripts_claim_leaves_a_backlog_that_is_not_asked_for)
{
    (void)create(A, JOB_ATMOST_ONCE, T0 - 1);
    (void)create(B, JOB_ATMOST_ONCE, T1 + 5);
    const struct store_claim_bounds bounds = {
        .until = {T1}, .limit = 8, .fresh_from = {T0}, .backlog_limit = 0};
    assert_int_equal(claim_within("me", &bounds), 0);
    assert_true(got.backlog);
    assert_int_equal(got.next.ms, T1 + 5); /* the backlog is no reason to ask again at once */
}

/* ---- start ---- */

TEST(scripts_start_makes_the_next_occurrence_due_only_once)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(due_of(A), -1);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
    assert_int_equal(due_of(A), T1);
    SAY("ZADD", TAG "due", "5", A);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
    assert_int_equal(due_of(A), 5);
}

/* Told twice, as after a lost connection: also when the next occurrence has been claimed in between. */
TEST(scripts_start_is_idempotent)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(start("me", A, 1, T0 + 1), STORE_DONE);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(start("me", A, 1, T0 + 1), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(claim("you"), 0);
}

TEST(scripts_start_refuses_what_is_not_held)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    assert_int_equal(start("me", A, 1, T1), STORE_LOST);
    (void)claim("me");
    assert_int_equal(start("you", A, 1, T1), STORE_LOST);
    assert_int_equal(start("me", A, 2, T1), STORE_LOST);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
}

TEST(scripts_start_refuses_a_job_that_is_gone)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" A);
    assert_int_equal(start("me", A, 1, T1), STORE_GONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
}

TEST(scripts_start_refuses_a_job_that_was_made_again)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" A);
    assert_true(create_at(A, JOB_ATMOST_ONCE, T1, 2000));
    assert_int_equal(start("me", A, 1, T0 + 5), STORE_GONE);
    assert_int_equal(due_of(A), T1);
}

TEST(scripts_start_of_a_retry_or_the_last_occurrence_makes_nothing_due)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(start("me", A, 1, NONE), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_RETRY, T0 + 9), STORE_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start("me", A, 2, T1), STORE_DONE);
    assert_int_equal(due_of(A), -1);
}

TEST(scripts_start_answers_for_each_attempt)
{
    struct store_attempt b = attempt_of(B, T0, 1);
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    struct store_attempt a = held_by("me", A, 1);
    store_start(&cmd, SHARD, "me");
    store_start_add(&cmd, &b, (struct wall_ms){T1});
    store_start_add(&cmd, &a, (struct wall_ms){T1});
    exchange(&cmd);
    assert_int_equal(verdict(0), STORE_LOST);
    assert_int_equal(verdict(1), STORE_DONE);
}

/* ---- finish ---- */

static void started(const char *id, enum job_type type)
{
    (void)create(id, type, T0);
    (void)claim("me");
    assert_int_equal(start("me", id, 1, T1 + 1), STORE_DONE);
}

TEST(scripts_finish_records_and_lets_go)
{
    started(A, JOB_ATMOST_ONCE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(newest(A).status, 200);
    assert_string_equal(newest(A).runner, "me");
    assert_int_equal(ASK("XLEN", TAG "executions"), 1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(ASK("EXISTS", TAG "dead"), 0);
}

TEST(scripts_finish_refuses_what_is_not_held)
{
    started(A, JOB_ATLEAST_ONCE);
    assert_int_equal(finish("you", A, 1, STORE_AFTER_RETRY, T0), STORE_LOST);
    assert_int_equal(finish("me", A, 2, STORE_AFTER_RETRY, T0), STORE_LOST);
    assert_int_equal(finish("me", B, 1, STORE_AFTER_RETRY, T0), STORE_LOST);
    assert_int_equal(ASK("EXISTS", TAG "executions"), 0);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_LOST);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
}

TEST(scripts_finish_retries_and_buries)
{
    started(A, JOB_ATLEAST_ONCE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_RETRY, T0 + 500), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "retry", A S ":2.1000"), T0 + 500);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].due.ms, T0 + 500);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_int_equal(start("you", A, 2, T1), STORE_DONE);
    assert_int_equal(finish("you", A, 2, STORE_AFTER_DEAD, T0 + 900), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "dead", A S), T0 + 900);
    SAY("HGET", TAG "dead:records", A S);
    assert_true(slice_eq(reply->text, "o:s s:" S " a:2 x:0 t:0 h:200 l:0 r:me"));
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 2);
    assert_int_equal(due_of(A), T1 + 1);
}

TEST(scripts_finish_keeps_the_latest_of_the_history)
{
    for (int i = 0; i < STORE_HISTORY_PER_JOB + 20; i++) {
        SAY("LPUSH", TAG "history:" A, "old");
    }
    started(A, JOB_ATMOST_ONCE);
    (void)finish("me", A, 1, STORE_AFTER_NOTHING, T0);
    assert_int_equal(ASK("LLEN", TAG "history:" A), STORE_HISTORY_PER_JOB);
    assert_int_equal(newest(A).status, 200);
}

static void trim(const struct store_keep *what)
{
    struct cmd cmd;
    store_trim(&cmd, SHARD, what);
    exchange(&cmd);
    assert_int_equal(reply->kind, REPLY_INTEGER);
}

/* Of a shard in which nothing is recorded any more. Whole nodes go, so about: here of ten each. */
TEST(scripts_trim_takes_out_what_is_too_old_or_too_much)
{
    struct store_keep few = {.executions = 30};
    struct store_keep young = {.executions = 1000, .age_ms = 60000};
    struct store_keep all = {.executions = 1000};
    char position[24];
    SAY("CONFIG", "SET", "stream-node-max-entries", "10");
    for (int i = 0; i < 200; i++) {
        bool old = i < 100;
        (void)snprintf(position, sizeof position, "%lld-%d",
                       (long long)redis_now().ms - (old ? 3600000 : 0) * 1LL, i);
        SAY("XADD", TAG "executions", old ? position : "*", "j", A, "r", "o:s s:1");
    }
    trim(&all);
    assert_int_equal(ASK("XLEN", TAG "executions"), 200);
    trim(&young);
    assert_int_equal(ASK("XLEN", TAG "executions"), 100);
    trim(&few);
    assert_int_equal(ASK("XLEN", TAG "executions"), 30);
    SAY("CONFIG", "SET", "stream-node-max-entries", "100");
}

TEST(scripts_finish_wrong_types_give_way)
{
    started(A, JOB_ATMOST_ONCE);
    SAY("SET", TAG "history:" A, "garbage");
    SAY("SET", TAG "executions", "garbage");
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
    assert_int_equal(ASK("XLEN", TAG "executions"), 1);
}

/* The batch is sent again and again; what it holds besides the one that fails is recorded with the first. */
TEST(scripts_finish_that_fails_records_the_others_once)
{
    started(A, JOB_ATLEAST_ONCE);
    struct store_attempt failing = held_by("me", A, 1);
    started(B, JOB_ATLEAST_ONCE);
    struct store_attempt good = held_by("me", B, 1);
    SAY("HSET", TAG "job:" A, "epoch",
        "garbage"); /* which cannot be counted up, so the job cannot be paused */
    for (int i = 0; i < 3; i++) {
        struct execution what = execution_of(A, 1);
        struct cmd cmd;
        store_finish(&cmd, SHARD, "me", &keep);
        store_finish_add(&cmd, &good, &what,
                         &(struct store_ending){
                             .after = STORE_AFTER_NOTHING, .retry_at = {T0}, .api = "", .next = {INT64_MAX}});
        store_finish_add(&cmd, &failing, &what,
                         &(struct store_ending){.after = STORE_AFTER_GONE,
                                                .retry_at = {T0},
                                                .api = "http://example.com/x",
                                                .next = {INT64_MAX}});
        exchange(&cmd);
        assert_int_equal(reply->kind, REPLY_ERROR);
    }
    assert_int_equal(ASK("LLEN", TAG "history:" B), 1);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
}

/* The claim waits for better times; memory that is full does not become fuller. */
TEST(scripts_finish_without_memory_does_nothing)
{
    started(A, JOB_ATLEAST_ONCE);
    SAY("CONFIG", "SET", "maxmemory", "1");
    struct store_attempt attempt = held_by("me", A, 1);
    struct execution what = execution_of(A, 1);
    struct cmd cmd;
    store_finish(&cmd, SHARD, "me", &keep);
    store_finish_add(&cmd, &attempt, &what,
                     &(struct store_ending){
                         .after = STORE_AFTER_NOTHING, .retry_at = {T0}, .api = "", .next = {INT64_MAX}});
    exchange(&cmd);
    bool refused = reply->kind == REPLY_ERROR;
    SAY("CONFIG", "SET", "maxmemory", "0");
    assert_true(refused);
    assert_int_equal(ASK("EXISTS", TAG "executions", TAG "history:" A), 0);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
}

TEST(scripts_executions_pages_backwards)
{
    static struct store_execution records[3];
    struct cmd cmd;
    size_t count;
    const char *const ids[] = {A, B, C};
    for (size_t i = 0; i < 3; i++) {
        started(ids[i], JOB_ATMOST_ONCE);
        (void)finish("me", ids[i], 1, STORE_AFTER_NOTHING, T0);
    }
    store_executions(&cmd, SHARD, "", 2);
    exchange(&cmd);
    assert_int_equal(store_executions_count(reply, &count, &info), ERR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(store_executions_at(reply, 0, &records[0], &info), ERR_OK);
    assert_int_equal(store_executions_at(reply, 1, &records[1], &info), ERR_OK);
    store_executions(&cmd, SHARD, records[1].position, 2);
    exchange(&cmd);
    assert_int_equal(reply->count, 3);
    assert_int_equal(store_executions_at(reply, 0, &records[2], &info), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(records[i].execution.job.bytes, ids[2 - i], JOB_ID_SIZE);
    }
}

/* ---- release, skip, mark broken ---- */

TEST(scripts_release_of_a_claim_makes_it_due_again)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(release("you", A, 1, T0), STORE_LOST);
    assert_int_equal(release("me", A, 1, T0), STORE_DONE);
    assert_int_equal(release("me", A, 1, T0), STORE_LOST);
    assert_int_equal(due_of(A), T0);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].attempt.number, 1);
}

/* Its job's next instant stands in due already, so it comes back as the same attempt from retry. */
TEST(scripts_release_of_a_started_claim_goes_to_retry)
{
    started(A, JOB_ATMOST_ONCE);
    assert_int_equal(release("me", A, 1, T0), STORE_DONE);
    assert_int_equal(due_of(A), T1 + 1);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].attempt.number, 1);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_true(got.at[0].from_retry);
    assert_int_equal(release("you", A, 1, T0), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "retry", A S ":1.1000"), T0);
}

/* Put off, the occurrence keeps its instant, and the job has no later one until it has been started. */
TEST(scripts_release_to_a_later_time_puts_a_first_attempt_off)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(release("me", A, 1, T0 + 5000), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(claim_up_to("you", T0 + 4999, 100), 0);
    assert_int_equal(got.next.ms, T0 + 5000);
    assert_int_equal(claim_up_to("you", T0 + 5000, 100), 1);
    assert_int_equal(got.at[0].attempt.number, 1);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_int_equal(got.at[0].due.ms, T0 + 5000);
    assert_false(got.at[0].from_retry);
    assert_int_equal(start("you", A, 1, T1), STORE_DONE);
    assert_int_equal(due_of(A), T1);
}

TEST(scripts_claim_of_what_was_put_off_survives_its_holder)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    (void)release("me", A, 1, T0 + 5000);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(recover("me").handed_on, 1);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(claim("you"), 1);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
    assert_int_equal(got.at[0].due.ms, T0 + 5000);
    assert_false(got.at[0].from_retry);
}

TEST(scripts_release_of_a_gone_job_drops_the_claim)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" A);
    assert_int_equal(release("me", A, 1, T0), STORE_GONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
}

TEST(scripts_skip_records_the_gap_and_goes_on)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(give_up("you", A, T1), STORE_LOST);
    assert_int_equal(give_up("me", A, T1), STORE_DONE);
    assert_int_equal(give_up("me", A, T1), STORE_LOST);
    assert_int_equal(due_of(A), T1);
    assert_int_equal(newest(A).outcome, EXECUTION_MISSED);
    assert_int_equal(newest(A).missed_count, 7);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
}

TEST(scripts_skip_refuses_what_is_started_or_gone)
{
    started(A, JOB_ATMOST_ONCE);
    assert_int_equal(give_up("me", A, T1), STORE_LOST);
    (void)create(B, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    SAY("DEL", TAG "job:" B);
    assert_int_equal(give_up("me", B, T1), STORE_GONE);
    assert_int_equal(due_of(B), -1);
    assert_int_equal(ASK("EXISTS", TAG "history:" B), 0);
}

TEST(scripts_skip_of_the_last_occurrences_makes_nothing_due)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    assert_int_equal(give_up("me", A, NONE), STORE_DONE);
    assert_int_equal(due_of(A), -1);
}

TEST(scripts_mark_broken_until_it_is_made_anew)
{
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("SET", TAG "job:" A, "garbage");
    (void)claim("me");
    struct store_attempt attempt = held_by("me", A, 1);
    store_mark_broken(&cmd, SHARD, "you", &attempt);
    exchange(&cmd);
    assert_int_equal(number(), 0);
    store_mark_broken(&cmd, SHARD, "me", &attempt);
    exchange(&cmd);
    assert_int_equal(number(), 1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "due"), 0);
    assert_in_range(ASK("ZSCORE", TAG "broken", A), redis_now().ms - 60000, redis_now().ms + 2000);
    assert_true(create(A, JOB_ATMOST_ONCE, T1));
    assert_false(create(A, JOB_ATMOST_ONCE, T1));
    assert_int_equal(due_of(A), T1);
    assert_int_equal(ASK("EXISTS", TAG "broken"), 0);
}

/* When the job was created stands in its claim: whatever it is, the claim has to be let go of. */
TEST(scripts_mark_broken_with_a_broken_creation)
{
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("HSET", TAG "job:" A, "created", "the day\nbefore");
    (void)claim("me");
    struct store_attempt attempt = held_by("me", A, 1);
    store_mark_broken(&cmd, SHARD, "me", &attempt);
    exchange(&cmd);
    assert_int_equal(number(), 1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "due"), 0);
}

/* The target answered that there is no need to call again. */
TEST(scripts_finish_pauses_a_job_whose_target_is_gone)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    (void)start("me", A, 1, T1);
    assert_int_equal(due_of(A), T1);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_GONE, T0), STORE_DONE);
    assert_int_equal(due_of(A), -1);
    assert_int_equal(ASK("HGET", TAG "job:" A, "epoch"), 1);
    SAY("HGET", TAG "job:" A, "state");
    assert_true(slice_eq(reply->text, "PAUSED"));
    SAY("HGET", TAG "job:" A, "state_reason");
    assert_true(slice_eq(reply->text, "gone"));
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
    assert_int_equal(ASK("EXISTS", TAG "retry", TAG "dead", TAG "claimed:me"), 0);
}

/* The URL that is gone is not the one that the job has by now. */
TEST(scripts_finish_of_a_target_that_is_gone_leaves_a_new_one_alone)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    (void)start("me", A, 1, T1);
    SAY("HSET", TAG "job:" A, "api", "http://example.com/new");
    assert_int_equal(finish("me", A, 1, STORE_AFTER_GONE, T0), STORE_DONE);
    assert_int_equal(due_of(A), T1);
    assert_int_equal(ASK("HEXISTS", TAG "job:" A, "state"), 0);
}

/* Somebody else's word stands, and nothing is made of a job that was deleted. */
TEST(scripts_finish_of_a_target_that_is_gone_changes_no_other_state)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)create(B, JOB_ATLEAST_ONCE, T0);
    (void)claim("me");
    (void)start("me", A, 1, T1);
    (void)start("me", B, 1, T1);
    SAY("HSET", TAG "job:" A, "state", "PAUSED", "state_reason", "user");
    SAY("DEL", TAG "job:" B);
    (void)finish("me", A, 1, STORE_AFTER_GONE, T0);
    (void)finish("me", B, 1, STORE_AFTER_GONE, T0);
    SAY("HGET", TAG "job:" A, "state_reason");
    assert_true(slice_eq(reply->text, "user"));
    assert_int_equal(ASK("HEXISTS", TAG "job:" A, "epoch"), 0);
    assert_int_equal(ASK("EXISTS", TAG "job:" B), 0);
}

/* ---- recovery ---- */

/* How many attempts there are, and for how long, the job itself may say. */
TEST(scripts_recover_knows_the_jobs_own_retries)
{
    static const struct {
        const char *retry;
        bool again;
    } rows[] = {
        {"{\"max_attempts\":2}", true},
        {"{\"max_attempts\":1}", false},
        {"{\"max_duration_ms\":1}", false},
        {"{\"max_duration_ms\":9000000000000}", true},
        {"garbage", true},
        {"[]", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SAY("FLUSHALL");
        (void)create(A, JOB_ATLEAST_ONCE, T0);
        SAY("HSET", TAG "job:" A, "retry", rows[i].retry);
        (void)claim("dead");
        (void)start("dead", A, 1, NONE);
        struct store_recovered done = recover("dead");
        assert_int_equal(done.lost, 1);
        assert_int_equal(done.handed_on, rows[i].again ? 1 : 0);
        assert_int_equal(ASK("ZCARD", TAG "dead"), rows[i].again ? 0 : 1);
    }
}

TEST(scripts_recover_unstarted_is_due_again_at_the_same_instant)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("dead");
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 1);
    assert_int_equal(done.lost, 0);
    assert_false(done.more);
    assert_int_equal(due_of(A), T0);
    assert_int_equal(ASK("EXISTS", TAG "claimed:dead", TAG "holders", TAG "executions"), 0);
    assert_int_equal(start("dead", A, 1, T1), STORE_LOST);
    assert_int_equal(finish("dead", A, 1, STORE_AFTER_NOTHING, T0), STORE_LOST);
}

TEST(scripts_recover_started_at_most_once_is_lost)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("dead");
    (void)start("dead", A, 1, T1 + 1);
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 0);
    assert_int_equal(done.lost, 1);
    assert_int_equal(claim("me"), 0);
    assert_int_equal(due_of(A), T1 + 1);
    assert_int_equal(newest(A).outcome, EXECUTION_LOST);
    assert_int_equal(newest(A).attempt, 1);
    assert_int_equal(newest(A).scheduled.ms, T0);
    assert_string_equal(newest(A).runner, "dead");
    assert_string_equal(newest(A).error_class, "lost");
    assert_int_equal(finish("dead", A, 1, STORE_AFTER_NOTHING, T0), STORE_LOST);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
}

TEST(scripts_recover_started_at_least_once_is_retried)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)claim("dead");
    (void)start("dead", A, 1, NONE);
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 1);
    assert_int_equal(done.lost, 1);
    assert_in_range(ASK("ZSCORE", TAG "retry", A S ":2.1000"), redis_now().ms - 60000, redis_now().ms + 2000);
    assert_int_equal(claim_up_to("me", NONE, 1), 1);
    assert_int_equal(got.at[0].attempt.number, 2);
    assert_int_equal(got.at[0].attempt.scheduled.ms, T0);
}

TEST(scripts_recover_spent_attempts_are_dead)
{
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    SAY("ZADD", TAG "retry", S, A S ":6");
    assert_int_equal(claim("dead"), 1);
    (void)start("dead", A, 6, T1);
    struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 0);
    assert_int_equal(done.lost, 1);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
    assert_in_range(ASK("ZSCORE", TAG "dead", A S), redis_now().ms - 60000, redis_now().ms + 2000);
    assert_int_equal(ASK("HEXISTS", TAG "dead:records", A S), 1);
}

/* ---- the dead ---- */

static enum store_redriven redrive(const char *id, int *attempt)
{
    const struct store_pace pace = {0};
    struct store_attempt what = attempt_of(id, T0, 0);
    enum store_redriven done;
    struct cmd cmd;
    store_dead_redrive(&cmd, SHARD, 6, &pace, SOMEONE);
    store_dead_add(&cmd, &what.job, what.scheduled);
    exchange(&cmd);
    assert_int_equal(store_dead_redrive_at(reply, 0, &done, attempt, &info), ERR_OK);
    return done;
}

TEST(scripts_redriven_is_in_retry_and_dead_no_more)
{
    static const struct {
        const char *record;
        int attempt;
    } rows[] = {{NULL, 7},
                {"o:f s:1 a:6", 7},
                {"o:f s:1 a:1", 7},
                {"o:l s:1 a:7 x:0", 13},
                {"o:f s:1 a:12", 13},
                {"o:f s:1 a:13 e: a:1", 19},
                {"garbage", 7},
                {"o:f s:1 a:0", 7}};
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char entry[JOB_ID_SIZE + 40];
        int attempt;
        SAY("DEL", TAG "retry");
        SAY("ZADD", TAG "dead", "5", A S);
        if (rows[i].record != NULL) {
            SAY("HSET", TAG "dead:records", A S, rows[i].record);
        }
        assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_DONE);
        assert_int_equal(attempt, rows[i].attempt);
        (void)snprintf(entry, sizeof entry, A S ":%d.1000", attempt);
        assert_in_range(ASK("ZSCORE", TAG "retry", entry), redis_now().ms - 60000, redis_now().ms);
        assert_int_equal(ASK("EXISTS", TAG "dead", TAG "dead:records"), 0);
        assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_NONE);
        assert_int_equal(ASK("ZCARD", TAG "retry"), 1);
    }
}

/* A round has as many attempts as the job says; the runner that claims it finds the next number. */
TEST(scripts_redriven_round_is_as_long_as_the_job_says)
{
    int attempt;
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    SAY("DEL", TAG "due");
    SAY("HSET", TAG "job:" A, "retry", "{\"max_attempts\":2}");
    SAY("ZADD", TAG "dead", "5", A S);
    SAY("HSET", TAG "dead:records", A S, "o:f s:1 a:2");
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_DONE);
    assert_int_equal(attempt, 3);
    assert_int_equal(claim_up_to("me", redis_now().ms, 100), 1);
    assert_int_equal(start("me", A, 3, T1), STORE_DONE);
    assert_int_equal(recover("me").handed_on, 1);
    assert_int_equal(claim_up_to("you", redis_now().ms, 100), 1);
    assert_int_equal(start("you", A, 4, T1), STORE_DONE);
    assert_int_equal(recover("you").handed_on, 0);
    assert_int_equal(ASK("ZCARD", TAG "dead"), 1);
}

TEST(scripts_redrive_refuses_and_leaves_it_dead)
{
    int attempt;
    SAY("ZADD", TAG "dead", "5", A S);
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_GONE);
    (void)create(A, JOB_ATMOST_ONCE, T1 + 5);
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_ONCE);
    SAY("HSET", TAG "job:" A, "state", "PAUSED");
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_PAUSED);
    SAY("HSET", TAG "job:" A, "created", "1772953200001"); /* after the occurrence: another job */
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_GONE);
    SAY("SET", TAG "job:" A, "no job");
    assert_int_equal(redrive(A, &attempt), STORE_REDRIVE_GONE);
    assert_int_equal(ASK("ZSCORE", TAG "dead", A S), 5);
    assert_int_equal(ASK("EXISTS", TAG "retry"), 0);
}

/* The oldest make room, and what they died of goes with them. */
TEST(scripts_dead_keep_the_latest)
{
    keep.dead = 2;
    SAY("ZADD", TAG "dead", "1", "one", "2", "two");
    SAY("HSET", TAG "dead:records", "one", "x", "two", "x");
    started(A, JOB_ATLEAST_ONCE);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_DEAD, T0), STORE_DONE);
    keep.dead = 10000;
    assert_int_equal(ASK("ZCARD", TAG "dead"), 2);
    assert_int_equal(ASK("HLEN", TAG "dead:records"), 2);
    assert_int_equal(ASK("ZSCORE", TAG "dead", "one"), -1);
    assert_int_equal(ASK("HEXISTS", TAG "dead:records", "one"), 0);
}

TEST(scripts_recover_unstarted_retry_stays_the_same_attempt)
{
    (void)create(A, JOB_ATLEAST_ONCE, T1 + 5);
    SAY("ZADD", TAG "retry", "1772953200007", A S ":3");
    assert_int_equal(claim("dead"), 1);
    assert_int_equal(recover("dead").handed_on, 1);
    assert_int_equal(ASK("ZSCORE", TAG "retry", A S ":3.1000"), T0 + 7);
    assert_int_equal(due_of(A), T1 + 5);
}

TEST(scripts_recover_does_not_overwrite_or_revive)
{
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)create(B, JOB_ATMOST_ONCE, T0);
    (void)claim("dead");
    SAY("ZADD", TAG "due", "5", A);
    SAY("DEL", TAG "job:" B);
    (void)recover("dead");
    assert_int_equal(due_of(A), 5);
    assert_int_equal(due_of(B), -1);
    assert_int_equal(ASK("EXISTS", TAG "claimed:dead"), 0);
    struct store_recovered again = recover("dead");
    assert_int_equal(again.handed_on + again.lost, 0);
    assert_false(again.more);
}

/* As many claims as no script may handle in one go. */
TEST(scripts_recover_goes_in_batches)
{
    SAY("EVAL",
        "for i = 1, 3000 do redis.call('HSET', KEYS[1], string.format('c%031d1772953200000', i), "
        "'s 1.1 M 1772953200000 0') end",
        "1", TAG "claimed:dead");
    SAY("SADD", TAG "holders", "dead", "me");
    int64_t lost = 0;
    int calls = 0;
    for (struct store_recovered done = {.more = true}; done.more && calls < 100; calls++) {
        done = recover("dead");
        assert_in_range(done.lost, 0, 500);
        lost += done.lost;
    }
    assert_int_equal(lost, 3000);
    assert_in_range(calls, 6, 99);
    assert_int_equal(ASK("XLEN", TAG "executions"), 3000);
    assert_int_equal(ASK("SISMEMBER", TAG "holders", "dead"), 0);
    assert_int_equal(ASK("SISMEMBER", TAG "holders", "me"), 1);
}

/* ---- runners ---- */

static void heartbeat(const char *runner, int64_t lease_ms, int64_t *now_us, size_t *count)
{
    struct cmd cmd;
    store_heartbeat(&cmd, runner, lease_ms);
    exchange(&cmd);
    assert_int_equal(store_heartbeat_reply(reply, now_us, count, &info), ERR_OK);
}

TEST(scripts_heartbeat_tells_time_and_runners)
{
    int64_t now_us;
    size_t count;
    struct store_runner runner;
    heartbeat("a", 1000, &now_us, &count);
    assert_int_equal(count, 1);
    heartbeat("b", 5000, &now_us, &count);
    assert_int_equal(count, 2);
    assert_int_equal(store_heartbeat_at(reply, 1, &runner, &info), ERR_OK);
    assert_string_equal(runner.id, "b");
    assert_int_equal(runner.expiry.ms, now_us / 1000 + 5000);
    assert_in_range(now_us / 1000, redis_now().ms - 60000, redis_now().ms + 2000);
    heartbeat("b", 5000, &now_us, &count);
    assert_int_equal(count, 2);
}

/* As after Redis' clock was set back by an hour: no runner may count as alive an hour longer. */
TEST(scripts_heartbeat_shortens_leases_from_the_future)
{
    int64_t now_us;
    size_t count;
    struct store_runner runner;
    heartbeat("a", 3600000, &now_us, &count);
    heartbeat("b", 5000, &now_us, &count);
    assert_int_equal(store_heartbeat_at(reply, 0, &runner, &info), ERR_OK);
    assert_string_equal(runner.id, "a");
    assert_int_equal(runner.expiry.ms, now_us / 1000 + 5000);
}

/* A runner that was taken for dead, and claims what was handed on again: what it sent for the first claim
 * does not count for the second. */
TEST(scripts_token_fences_off_an_earlier_claim)
{
    struct cmd cmd;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    struct store_attempt old = held_by("me", A, 1);
    assert_int_equal(recover("me").handed_on, 1);
    assert_int_equal(claim("me"), 1);
    store_start(&cmd, SHARD, "me");
    store_start_add(&cmd, &old, (struct wall_ms){T1});
    exchange(&cmd);
    assert_int_equal(verdict(0), STORE_LOST);
    assert_int_equal(start("me", A, 1, T1), STORE_DONE);
    store_release(&cmd, SHARD, "me");
    store_release_add(&cmd, &old, (struct wall_ms){T0});
    exchange(&cmd);
    assert_int_equal(verdict(0), STORE_LOST);
    assert_int_equal(finish("me", A, 1, STORE_AFTER_NOTHING, T0), STORE_DONE);
}

TEST(scripts_tidy_strikes_off_who_holds_nothing)
{
    struct cmd cmd;
    bool holds;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    (void)claim("me");
    store_tidy(&cmd, SHARD, "me");
    exchange(&cmd);
    assert_int_equal(store_tidy_reply(reply, &holds, &info), ERR_OK);
    assert_true(holds);
    assert_int_equal(release("me", A, 1, T0), STORE_DONE);
    store_tidy(&cmd, SHARD, "me");
    exchange(&cmd);
    assert_int_equal(store_tidy_reply(reply, &holds, &info), ERR_OK);
    assert_false(holds);
    assert_int_equal(ASK("SCARD", TAG "holders"), 0);
}

static int64_t forget(const char *runner, bool only_if_expired)
{
    struct cmd cmd;
    store_forget(&cmd, runner, only_if_expired);
    exchange(&cmd);
    return number();
}

TEST(scripts_forget_spares_the_living)
{
    int64_t now_us;
    size_t count;
    heartbeat("dead", -1, &now_us, &count);
    heartbeat("alive", 100000, &now_us, &count);
    assert_int_equal(forget("alive", true), 0);
    assert_int_equal(forget("nobody", true), 0);
    assert_int_equal(forget("dead", true), 1);
    assert_int_equal(forget("dead", true), 0);
    assert_int_equal(ASK("ZCARD", "dronc:runners"), 1);
    assert_int_equal(forget("alive", false), 1);
    assert_int_equal(ASK("EXISTS", "dronc:runners"), 0);
}

TEST(scripts_held_lists_what_a_runner_holds)
{
    struct cmd cmd;
    struct store_claimed held;
    size_t count;
    started(A, JOB_ATLEAST_ONCE);
    store_held(&cmd, SHARD, "me");
    exchange(&cmd);
    assert_int_equal(store_held_count(reply, &count, &info), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_held_at(reply, 0, &held, &info), ERR_OK);
    assert_memory_equal(held.attempt.job.bytes, A, 32);
    assert_int_equal(held.attempt.scheduled.ms, T0);
    assert_int_equal(held.attempt.number, 1);
    assert_int_equal(held.due.ms, T0);
    store_holders(&cmd, SHARD);
    exchange(&cmd);
    assert_int_equal(reply->count, 1);
    assert_true(slice_eq(reply->items[0], "me"));
}

/* ---- set-up ---- */

static struct mono_ms no_time(void *arg)
{
    (void)arg;
    return (struct mono_ms){1000};
}

/* A connection that does not look at the database by itself, which is to be spoilt here. */
static void connect_with(struct clock clock)
{
    redis_sync_free(redis);
    redis = redis_sync_new(&config, clock, &arena);
    assert_non_null(redis);
}

static enum err setup_says(int level, int *found)
{
    struct cmd cmd;
    store_setup(&cmd, level);
    exchange(&cmd);
    return store_setup_reply(reply, found, &info);
}

TEST(scripts_setup_fixes_the_number_of_shards)
{
    connect_with((struct clock){.wall = clock_system().wall, .mono = no_time});
    assert_int_equal(setup_says(0, NULL), ERR_OK);
    assert_int_equal(ASK("GET", "dronc:shards"), STORE_SHARDS);
    assert_int_equal(setup_says(0, NULL), ERR_OK);
    SAY("SET", "dronc:shards", "8");
    assert_int_equal(setup_says(1, NULL), ERR_CONFIG);
    assert_int_equal(ASK("GET", "dronc:shards"), 8);
    SAY("SET", "dronc:shards", "many");
    assert_int_equal(setup_says(1, NULL), ERR_PROTOCOL);
    SAY("DEL", "dronc:shards");
    connect_with(clock_system());
}

TEST(scripts_setup_raises_the_level_and_never_lowers_it)
{
    static const struct {
        int wanted;
        int found;
    } steps[] = {{0, 0}, {2, 2}, {1, 2}, {0, 2}, {3, 3}};
    int found = -1;
    connect_with((struct clock){.wall = clock_system().wall, .mono = no_time});
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(setup_says(steps[i].wanted, &found), ERR_OK);
        assert_int_equal(found, steps[i].found);
        assert_int_equal(ASK("GET", "dronc:shards"), steps[i].found * STORE_LEVEL_STEP + STORE_SHARDS);
    }
    SAY("DEL", "dronc:shards");
    assert_int_equal(setup_says(2, &found), ERR_OK); /* of a database that was emptied */
    assert_int_equal(found, 2);
    SAY("DEL", "dronc:shards");
    connect_with(clock_system());
}
