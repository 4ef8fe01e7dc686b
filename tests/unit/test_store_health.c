/* What a job remembers of how its occurrences end, in a real Redis: the count of failures, the pause that it
 * leads to, and the notices of a change. */
#include "store/store_job.h"
#include "store/store_runner.h"

#include "store_rig.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define T0    INT64_C(1772953200000) /* 2026-03-08T07:00:00Z, long past for Redis */
#define T1    (T0 + 60000)
#define SHARD 3
#define TAG   "dronc:{3}:"
#define A     "cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* an id of shard 3 */
#define JOB   TAG "job:" A

static const struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

/* What the last claim gave: one attempt, the longest due. */
static struct store_claimed got;

/* ---- talking to Redis ---- */

/* The text or number that a command answers with; "" for nil. Valid until the next question. */
static const char *answer(void)
{
    static char text[1024];
    if (reply->kind == REPLY_INTEGER) {
        (void)snprintf(text, sizeof text, "%lld", (long long)reply->integer);
    } else {
        (void)snprintf(text, sizeof text, "%.*s", (int)reply->text.len,
                       reply->kind == REPLY_NIL ? "" : reply->text.data);
    }
    return text;
}

#define TELL(...) (SAY(__VA_ARGS__), answer())

static const char *field(const char *name)
{
    return TELL("HGET", JOB, name);
}

/* A job that was made long ago, and is due at T0. */
static void set_up(void)
{
    SAY("FLUSHALL");
    SAY("HSET", JOB, "created", "1000", "schedule", "* * * * *", "api", "http://example.com/x", "type",
        "ATLEAST_ONCE");
    SAY("ZADD", TAG "due", "1772953200000", A);
}

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(set_up, NULL);

/* ---- the operations, one line each ---- */

static size_t claim(const char *runner)
{
    const struct store_claim_bounds bounds = {.until = {INT64_MAX / 2}, .limit = 1};
    struct store_claim_left left;
    size_t count;
    struct cmd cmd;
    store_claim(&cmd, SHARD, runner, &bounds, &keep);
    call(&cmd);
    assert_int_equal(store_claim_reply(reply, &left, &count, &info), ERR_OK);
    if (count > 0) {
        assert_int_equal(store_claim_at(reply, 0, &got, &info), ERR_OK);
    }
    return count;
}

static enum store_verdict verdict(void)
{
    enum store_verdict out = STORE_GONE;
    assert_int_equal(store_verdict_at(reply, 0, &out, &info), ERR_OK);
    return out;
}

/* Start what was claimed; the job's next instant is a minute later. */
static void start(const char *runner)
{
    struct cmd cmd;
    store_start_stateful(&cmd, SHARD, runner, &keep);
    store_start_add(&cmd, &got.attempt, (struct wall_ms){got.attempt.scheduled.ms + 60000});
    call(&cmd);
    assert_int_equal(verdict(), STORE_DONE);
}

static enum store_verdict finish(const char *runner, enum execution_outcome outcome, enum store_after after)
{
    const struct execution what = {.job = got.attempt.job,
                                   .scheduled = got.attempt.scheduled,
                                   .attempt = got.attempt.number,
                                   .outcome = outcome,
                                   .status = outcome == EXECUTION_SUCCEEDED ? 200 : 500};
    struct cmd cmd;
    store_finish_stateful(&cmd, SHARD, runner, &keep);
    store_finish_add(&cmd, &got.attempt, &what,
                     &(struct store_ending){.after = after,
                                            .retry_at = got.attempt.scheduled,
                                            .api = "http://example.com/x",
                                            .next = {INT64_MAX}});
    call(&cmd);
    return verdict();
}

/* The job's next occurrence, from claim to record. */
static void occurrence(enum execution_outcome outcome, enum store_after after)
{
    assert_int_equal(claim("me"), 1);
    start("me");
    assert_int_equal(finish("me", outcome, after), STORE_DONE);
}

static void fails(void)
{
    occurrence(EXECUTION_FAILED, STORE_AFTER_DEAD);
}

static void succeeds(void)
{
    occurrence(EXECUTION_SUCCEEDED, STORE_AFTER_NOTHING);
}

static struct store_recovered recover(const char *dead)
{
    struct store_recovered out;
    struct cmd cmd;
    store_recover(&cmd, SHARD, dead, &keep);
    call(&cmd);
    assert_int_equal(store_recover_reply(reply, &out, &info), ERR_OK);
    return out;
}

/* Resume the job, which is paused: it is due a minute from now. */
/* Each time a minute later: what was called at an instant that is to come stays called. */
static void resume(void)
{
    static int minutes;
    struct store_job read;
    struct store_job_head head;
    enum store_answer done;
    struct cmd cmd;
    store_job_get(&cmd, &got.attempt.job, 0);
    call(&cmd);
    assert_int_equal(store_job_get_reply(reply, &got.attempt.job, &read, &head, &info), ERR_OK);
    const struct store_change change = {
        .read = &read, .timing = STORE_TIME_DUE, .due = {head.now.ms / 1000 * 1000 + 60000 * ++minutes}};
    store_job_change(&cmd, &change);
    call(&cmd);
    struct wall_ms taken;
    assert_int_equal(store_job_change_reply(reply, &done, &taken, &info), ERR_OK);
    assert_int_equal(done, STORE_ANSWER_DONE);
}

/* ---- the count, and the pause ---- */

TEST(health_failures_in_a_row_pause_the_job)
{
    SAY("HSET", JOB, "pause_after_failures", "2");
    fails();
    assert_string_equal(field("failures"), "1");
    assert_string_equal(field("state"), "");
    fails();
    assert_string_equal(field("failures"), "2");
    assert_string_equal(field("state"), "PAUSED");
    assert_string_equal(field("state_reason"), "failures");
    assert_string_equal(field("state_note"), "2 occurrences failed in a row");
    assert_string_equal(TELL("ZCARD", TAG "due"), "0");
    assert_int_equal(claim("me"), 0);
}

TEST(health_success_ends_the_row)
{
    SAY("HSET", JOB, "pause_after_failures", "2");
    for (int i = 0; i < 3; i++) {
        fails();
        succeeds();
        assert_string_equal(field("failures"), "");
    }
    assert_string_equal(field("state"), "");
}

TEST(health_only_the_end_of_an_occurrence_counts)
{
    SAY("HSET", JOB, "pause_after_failures", "3");
    occurrence(EXECUTION_FAILED, STORE_AFTER_RETRY);
    assert_string_equal(field("failures"), "");
    fails(); /* the retry, which is due first */
    assert_int_equal(got.attempt.number, 2);
    assert_string_equal(field("failures"), "1");
    occurrence(EXECUTION_UNKNOWN, STORE_AFTER_NOTHING);
    assert_string_equal(field("failures"), "2");
    occurrence(EXECUTION_MISSED, STORE_AFTER_NOTHING);
    assert_string_equal(field("failures"), "2");
}

TEST(health_record_sent_twice_counts_once)
{
    SAY("HSET", JOB, "pause_after_failures", "2");
    fails();
    assert_int_equal(finish("me", EXECUTION_FAILED, STORE_AFTER_DEAD), STORE_LOST);
    assert_string_equal(field("failures"), "1");
}

TEST(health_is_of_no_interest_to_most_jobs)
{
    SAY("HSET", JOB, "overlap", "skip");
    fails();
    assert_string_equal(field("failures"), "");
}

TEST(health_lost_occurrence_counts_when_it_is_over)
{
    SAY("HSET", JOB, "pause_after_failures", "1");
    assert_int_equal(claim("dead"), 1);
    start("dead");
    assert_int_equal(recover("dead").lost, 1); /* at least once: it has another attempt */
    assert_string_equal(field("failures"), "");
    SAY("DEL", TAG "retry");
    SAY("HSET", JOB, "type", "ATMOST_ONCE");
    assert_int_equal(claim("dead"), 1);
    start("dead");
    assert_int_equal(recover("dead").lost, 1);
    assert_string_equal(field("failures"), "1");
    assert_string_equal(field("state_reason"), "failures");
    assert_string_equal(field("state_note"), "1 occurrence failed");
}

TEST(health_resume_begins_to_count_anew)
{
    SAY("HSET", JOB, "pause_after_failures", "2");
    fails();
    fails();
    assert_string_equal(field("state"), "PAUSED");
    resume();
    assert_string_equal(field("state"), "");
    assert_string_equal(field("failures"), "0");
    fails();
    assert_string_equal(field("state"), "");
    fails();
    assert_string_equal(field("state"), "PAUSED");
}

TEST(health_leaves_another_state_alone)
{
    SAY("HSET", JOB, "pause_after_failures", "1");
    assert_int_equal(claim("me"), 1);
    start("me");
    SAY("HSET", JOB, "state", "PAUSED", "state_reason", "user");
    assert_int_equal(finish("me", EXECUTION_FAILED, STORE_AFTER_DEAD), STORE_DONE);
    assert_string_equal(field("failures"), "1");
    assert_string_equal(field("state_reason"), "user");
}

TEST(health_garbage_stops_nothing)
{
    SAY("HSET", JOB, "pause_after_failures", "many", "failures", "none", "notice", "?");
    fails();
    assert_string_equal(field("failures"), "1");
    SAY("HSET", JOB, "on_recovery_url", "http://ops/good");
    succeeds();
    assert_string_equal(field("failures"), "");
    assert_string_equal(TELL("ZCARD", TAG "retry"), "1");
}

/* ---- notices ---- */

#define WATCH() SAY("HSET", JOB, "on_failure_url", "http://ops/bad", "on_recovery_url", "http://ops/good")

/* Claim the notice that is due, whose text begins so. The occurrence that waits goes out of the way. */
static void claim_notice(const char *runner, const char *begin)
{
    SAY("ZREM", TAG "due", A);
    assert_int_equal(claim(runner), 1);
    assert_non_null(got.notice.data);
    assert_true(got.from_retry);
    assert_memory_equal(got.notice.data, begin, strlen(begin));
}

static enum store_verdict finish_notice(enum execution_outcome outcome, int status, enum store_after after)
{
    const struct execution what = {.job = got.attempt.job,
                                   .scheduled = got.attempt.scheduled,
                                   .attempt = got.attempt.number,
                                   .outcome = outcome,
                                   .status = status};
    struct cmd cmd;
    store_finish_notice(&cmd, SHARD, "me");
    store_finish_add(
        &cmd, &got.attempt, &what,
        &(struct store_ending){
            .after = after, .retry_at = got.attempt.scheduled, .api = "http://ops/bad", .next = {INT64_MAX}});
    call(&cmd);
    return verdict();
}

/* What became of the latest notice, its instant apart. */
static const char *fate(void)
{
    static char out[64];
    const char *instant = strchr(field("notice"), ' ');
    assert_non_null(instant);
    (void)snprintf(out, sizeof out, "%c%s", answer()[0], strchr(instant + 1, ' '));
    return out;
}

TEST(notice_is_written_on_a_change_and_on_no_other_occurrence)
{
    WATCH();
    succeeds();
    assert_string_equal(TELL("ZCARD", TAG "retry"), "0");
    fails();
    fails();
    assert_string_equal(TELL("ZCARD", TAG "retry"), "1");
    assert_string_equal(fate(), "f waiting 0 0");
    succeeds();
    succeeds();
    assert_string_equal(TELL("ZCARD", TAG "retry"), "2");
    assert_string_equal(fate(), "r waiting 0 0");
    claim_notice("me", "f 1 o:f ");
    assert_int_not_equal(got.attempt.scheduled.ms % 1000, 0);
    claim_notice("me", "r 2 o:s ");
}

TEST(notice_that_is_delivered_leaves_only_its_proof)
{
    WATCH();
    fails();
    SAY("DEL", TAG "executions", TAG "history:" A, TAG "dead");
    claim_notice("me", "f 1 ");
    start("me");
    assert_int_equal(finish_notice(EXECUTION_SUCCEEDED, 204, STORE_AFTER_NOTHING), STORE_DONE);
    assert_int_equal(finish_notice(EXECUTION_SUCCEEDED, 204, STORE_AFTER_NOTHING), STORE_LOST);
    assert_string_equal(fate(), "f delivered 204 1");
    assert_string_equal(TELL("HLEN", JOB), "8"); /* four of the definition, the URLs, failures, notice */
    assert_string_equal(TELL("EXISTS", TAG "executions", TAG "history:" A, TAG "dead", TAG "retry"), "0");
}

TEST(notice_is_retried_and_given_up_without_a_dead_occurrence)
{
    WATCH();
    fails();
    SAY("DEL", TAG "dead");
    claim_notice("me", "f 1 ");
    start("me");
    assert_int_equal(finish_notice(EXECUTION_FAILED, 503, STORE_AFTER_RETRY), STORE_DONE);
    assert_string_equal(fate(), "f waiting 503 1");
    claim_notice("me", "f 1 ");
    assert_int_equal(got.attempt.number, 2);
    start("me");
    assert_int_equal(finish_notice(EXECUTION_FAILED, 500, STORE_AFTER_DEAD), STORE_DONE);
    assert_string_equal(fate(), "f given_up 500 2");
    assert_string_equal(field("failures"), "1");
    assert_string_equal(TELL("EXISTS", TAG "dead", TAG "retry"), "0");
}

TEST(notice_leaves_while_its_job_is_paused)
{
    WATCH();
    SAY("HSET", JOB, "pause_after_failures", "1");
    fails();
    assert_string_equal(field("state_reason"), "failures");
    claim_notice("me", "f 1 ");
    start("me");
}

TEST(notice_of_a_resumed_job_comes_with_its_first_success)
{
    WATCH();
    SAY("HSET", JOB, "pause_after_failures", "1");
    fails();
    SAY("DEL", TAG "retry");
    resume();
    fails(); /* and is paused again; it was failing all the while */
    assert_string_equal(TELL("EXISTS", TAG "retry"), "0");
    resume();
    succeeds();
    claim_notice("me", "r 0 o:s ");
}

TEST(notice_that_a_dead_runner_had_started_is_sent_again)
{
    WATCH();
    fails();
    claim_notice("dead", "f 1 ");
    int64_t instant = got.attempt.scheduled.ms;
    start("dead");
    SAY("DEL", TAG "executions");
    const struct store_recovered done = recover("dead");
    assert_int_equal(done.handed_on, 1);
    assert_int_equal(done.lost, 0);
    assert_string_equal(field("failures"), "1");
    assert_string_equal(TELL("EXISTS", TAG "executions"), "0");
    claim_notice("me", "f 1 ");
    assert_int_equal(got.attempt.scheduled.ms, instant);
}

/* What is lost makes the change as well. */
TEST(notice_of_a_lost_occurrence)
{
    WATCH();
    SAY("HSET", JOB, "type", "ATMOST_ONCE");
    assert_int_equal(claim("dead"), 1);
    start("dead");
    assert_int_equal(recover("dead").lost, 1);
    claim_notice("me", "f 1 o:l ");
}

TEST(notice_of_a_deleted_job_goes_with_it)
{
    enum store_answer done;
    struct cmd cmd;
    WATCH();
    fails();
    store_job_delete(&cmd, &got.attempt.job, 0);
    call(&cmd);
    assert_int_equal(store_answer_reply(reply, &done, &info), ERR_OK);
    assert_int_equal(done, STORE_ANSWER_DONE);
    assert_int_equal(claim("me"), 0);
    assert_string_equal(TELL("EXISTS", TAG "retry", JOB, TAG "due", TAG "claimed:me"), "0");
}

TEST(notice_that_nobody_is_to_get_any_more_is_dropped)
{
    WATCH();
    fails();
    SAY("HDEL", JOB, "on_failure_url");
    SAY("ZREM", TAG "due", A);
    assert_int_equal(claim("me"), 0);
    assert_string_equal(TELL("EXISTS", TAG "retry"), "0");
    assert_string_equal(fate(), "f dropped 0 0");
    assert_string_equal(TELL("HLEN", JOB), "7");
}

TEST(notice_that_is_handed_back_stays_one)
{
    struct cmd cmd;
    WATCH();
    fails();
    claim_notice("me", "f 1 ");
    store_release(&cmd, SHARD, "me");
    store_release_add(&cmd, &got.attempt, got.due);
    call(&cmd);
    assert_int_equal(verdict(), STORE_DONE);
    claim_notice("you", "f 1 ");
}

/* A manual run and a notice in the same millisecond have different instants. */
TEST(notice_shares_its_instant_with_nothing)
{
    struct wall_ms by_hand;
    enum store_answer done;
    struct cmd cmd;
    WATCH();
    fails();
    SAY("HSET", JOB, "notice", "f 4000000000007 waiting 0 0");
    SAY("DEL", TAG "retry");
    store_job_run(&cmd, &got.attempt.job, "one", 0);
    call(&cmd);
    assert_int_equal(store_job_run_reply(reply, &done, &by_hand, &info), ERR_OK);
    assert_int_equal(by_hand.ms, INT64_C(4000000000008));
    SAY("DEL", TAG "retry");
    succeeds();
    assert_string_equal(TELL("HEXISTS", JOB, "notice:4000000000009"), "1");
}
