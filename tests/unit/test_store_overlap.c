/* Occurrences of one job that meet, in a real Redis: what becomes of the later one, and of the earlier one,
 * by the job's `overlap`. */
#include "store/store_dead.h"
#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_runner.h"

#include "store_rig.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define SHARD 3
#define TAG   "dronc:{3}:"
#define MAX   50

/* An id of shard 3, also as it is shown. */
#define A     "cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A_HEX "6341414141414141414141414141414141414141414141414141414141414141"
#define JOB   TAG "job:" A

static const struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

static struct job_id a;
static int64_t first, second, third, fourth; /* its instants, a second apart; the first comes soon */

/* ---- talking to Redis ---- */

/* ---- the operations, one line each ---- */

/* A job with that rule. */
static void create(enum job_type type, const char *overlap)
{
    static struct job job;
    enum store_creation creation;
    struct wall_ms now;
    struct cmd cmd;
    first = redis_now().ms + 500;
    second = first + 1000;
    third = second + 1000;
    fourth = third + 1000;
    make_job(&job, zones, "* * * * * *", type, redis_now().ms);
    job.id = a;
    store_job_create(&cmd, &job, (struct wall_ms){first});
    call(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, &now, &info), ERR_OK);
    assert_int_equal(creation, STORE_CREATED);
    (void)ASK("HSET", JOB, "overlap", overlap);
}

/* How many attempts there are to claim up to an instant, and the first of them. */
static size_t claim(const char *runner, int64_t until, struct store_attempt *out)
{
    const struct store_claim_bounds bounds = {
        .until = {until}, .limit = MAX, .backlog_limit = MAX, .fresh_from = {0}};
    struct store_claim_left left;
    struct store_claimed claimed;
    struct cmd cmd;
    size_t count;
    store_claim(&cmd, SHARD, runner, &bounds, &keep);
    call(&cmd);
    assert_int_equal(store_claim_reply(reply, &left, &count, &info), ERR_OK);
    if (count > 0) {
        assert_int_equal(store_claim_at(reply, 0, &claimed, &info), ERR_OK);
        *out = claimed.attempt;
    }
    return count;
}

/* The only attempt that is due up to an instant. */
static struct store_attempt take(const char *runner, int64_t until)
{
    struct store_attempt out = {0};
    assert_int_equal(claim(runner, until, &out), 1);
    return out;
}

static enum store_verdict verdict(struct cmd *cmd)
{
    enum store_verdict out;
    call(cmd);
    assert_int_equal(store_verdict_at(reply, 0, &out, &info), ERR_OK);
    return out;
}

static enum store_verdict start(const char *runner, const struct store_attempt *what)
{
    struct cmd cmd;
    store_start_stateful(&cmd, SHARD, runner, &keep);
    store_start_add(&cmd, what, (struct wall_ms){what->scheduled.ms + 1000});
    return verdict(&cmd);
}

static enum store_verdict finish(const char *runner, const struct store_attempt *what, enum store_after after,
                                 int64_t at)
{
    struct cmd cmd;
    const struct execution execution = {.job = a,
                                        .scheduled = what->scheduled,
                                        .attempt = what->number,
                                        .outcome = after == STORE_AFTER_NOTHING ? EXECUTION_SUCCEEDED
                                                                                : EXECUTION_FAILED};
    store_finish_stateful(&cmd, SHARD, runner, &keep);
    store_finish_add(
        &cmd, what, &execution,
        &(struct store_ending){
            .after = after, .retry_at = {at}, .api = "http://example.com/", .next = {INT64_MAX}});
    return verdict(&cmd);
}

static enum store_verdict end(const char *runner, const struct store_attempt *what)
{
    return finish(runner, what, STORE_AFTER_NOTHING, 0);
}

static enum store_verdict release(const char *runner, const struct store_attempt *what, int64_t due)
{
    struct cmd cmd;
    store_release(&cmd, SHARD, runner);
    store_release_add(&cmd, what, (struct wall_ms){due});
    return verdict(&cmd);
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

/* Run it by hand: the instant that stands for that. */
static int64_t run_by_hand(const char *request)
{
    enum store_answer answer;
    struct wall_ms at;
    struct cmd cmd;
    store_job_run(&cmd, &a, request, (int)(first % 1000));
    call(&cmd);
    assert_int_equal(store_job_run_reply(reply, &answer, &at, &info), ERR_OK);
    assert_int_equal(answer, STORE_ANSWER_DONE);
    return at.ms;
}

/* Claim and start the only attempt that is due up to an instant: it must be allowed to. */
static struct store_attempt begin(const char *runner, int64_t until)
{
    struct store_attempt what = take(runner, until);
    assert_int_equal(start(runner, &what), STORE_DONE);
    return what;
}

/* ---- what is there ---- */

/* Of the job's records, newest first. */
static struct execution execution_at(size_t index)
{
    struct store_execution record = {0};
    struct cmd cmd;
    store_history(&cmd, &a, MAX);
    call(&cmd);
    assert_int_equal(store_history_at(reply, index, &a, &record, &info), ERR_OK);
    return record.execution;
}

static void assert_execution(size_t index, enum execution_outcome outcome, int64_t scheduled, int attempt)
{
    struct execution record = execution_at(index);
    assert_string_equal(execution_outcome_name(record.outcome), execution_outcome_name(outcome));
    assert_int_equal(record.scheduled.ms, scheduled);
    assert_int_equal(record.attempt, attempt);
}

/* The newest record is of class overlap, and says so of an execution. */
static void assert_says(const char *before, int64_t scheduled, int attempt, const char *after)
{
    char expected[EXECUTION_ERROR_MAX + 1];
    struct execution record = execution_at(0);
    (void)snprintf(expected, sizeof expected, "%sexec:%s:%lld:%d%s", before, A_HEX, (long long)scheduled,
                   attempt, after);
    assert_string_equal(record.error_class, "overlap");
    assert_string_equal(record.error, expected);
}

/* The instant that a field of the job names; -1: none. */
static int64_t slot(const char *field)
{
    int64_t scheduled = -1;
    (void)ASK("HGET", JOB, field);
    if (reply->kind == REPLY_TEXT) {
        const char *space = memchr(reply->text.data, ' ', reply->text.len);
        assert_non_null(space);
        assert_true(
            slice_i64((struct slice){reply->text.data, (size_t)(space - reply->text.data)}, &scheduled));
    }
    return scheduled;
}

static void assert_places(int64_t running, int64_t waiting)
{
    assert_int_equal(slot("running"), running);
    assert_int_equal(slot("waiting"), waiting);
}

static int64_t due(void)
{
    return ASK("ZSCORE", TAG "due", A);
}

/* When the first in retry is to be made; -1: none. */
static int64_t first_in_retry(void)
{
    int64_t at;
    (void)ASK("ZRANGE", TAG "retry", "0", "0", "WITHSCORES");
    if (reply->count == 0) {
        return -1;
    }
    assert_true(slice_i64(reply->items[1], &at));
    return at;
}

static void set_up(void)
{
    memcpy(a.bytes, A, JOB_ID_SIZE);
    (void)ASK("FLUSHALL");
}

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(set_up, NULL);

/* ---- allow ---- */

TEST(overlap_allow_remembers_nothing)
{
    create(JOB_ATMOST_ONCE, "skip");
    (void)ASK("HDEL", JOB, "overlap");
    (void)ASK("HSET", JOB, "pause_after_failures", "3");
    (void)begin("me", first);
    (void)begin("me", second);
    assert_places(-1, -1);
}

/* ---- skip ---- */

TEST(overlap_skip_leaves_out_what_meets_another)
{
    create(JOB_ATMOST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    struct store_attempt other = take("you", second);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_execution(0, EXECUTION_SKIPPED, second, 1);
    assert_says("", first, 1, " was under way");
    assert_int_equal(due(), third);
    assert_int_equal(ASK("EXISTS", TAG "claimed:you"), 0);
    assert_int_equal(start("you", &other), STORE_LOST); /* sent again: nothing happens twice */
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
    assert_int_equal(end("me", &running), STORE_DONE);
    assert_places(-1, -1);
    (void)begin("you", third);
    assert_places(third, -1);
}

TEST(overlap_start_sent_again_is_no_collision)
{
    create(JOB_ATMOST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    assert_int_equal(start("me", &running), STORE_DONE);
    assert_places(first, -1);
}

TEST(overlap_goes_on_between_the_attempts)
{
    create(JOB_ATLEAST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    assert_int_equal(finish("me", &running, STORE_AFTER_RETRY, third), STORE_DONE);
    struct store_attempt other = take("you", second);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_says("", first, 1, " was under way");
    /* The retry itself passes, whichever runner makes it; and what was due with it does not. */
    struct store_attempt retry = {0};
    assert_int_equal(claim("you", third, &retry), 2);
    retry = (struct store_attempt){a, {first}, 2, retry.token};
    other = (struct store_attempt){a, {third}, 1, retry.token};
    assert_int_equal(start("you", &retry), STORE_DONE);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_says("", first, 2, " was under way");
    assert_int_equal(finish("you", &retry, STORE_AFTER_DEAD, third), STORE_DONE);
    (void)begin("me", fourth);
}

TEST(overlap_of_one_that_was_handed_back)
{
    create(JOB_ATMOST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    assert_int_equal(release("me", &running, third), STORE_DONE);
    struct store_attempt other = take("you", second);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_execution(0, EXECUTION_SKIPPED, second, 1);
}

/* A retry is the same one whatever was done to its job's time since it was started. */
TEST(overlap_goes_on_through_a_pause)
{
    create(JOB_ATLEAST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    assert_int_equal(finish("me", &running, STORE_AFTER_RETRY, second), STORE_DONE);
    (void)ASK("ZREM", TAG "due", A);
    (void)ASK("HINCRBY", JOB, "epoch", "2"); /* paused and resumed */
    struct store_attempt retry = take("me", second);
    assert_int_equal(release("me", &retry, fourth), STORE_DONE);
    (void)ASK("ZADD", TAG "due", "5", A);
    struct store_attempt other = take("you", 5);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_says("", first, 1, " was under way");
}

TEST(overlap_stale_place_keeps_nobody_out)
{
    create(JOB_ATMOST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    (void)ASK("DEL", TAG "claimed:me"); /* no script recorded its end */
    assert_places(first, -1);
    (void)begin("you", second);
    assert_places(second, -1);
    assert_int_equal(end("me", &running), STORE_LOST);
    (void)ASK("HSET", JOB, "running", "whatever somebody wrote there");
    (void)begin("me", third);
    assert_places(third, -1);
}

TEST(overlap_of_a_job_that_is_made_again_begins_anew)
{
    create(JOB_ATMOST_ONCE, "skip");
    struct store_attempt running = begin("me", first);
    (void)ASK("DEL", JOB);
    while (redis_now().ms + 500 <= first) {
        /* so that it has another first instant */
    }
    create(JOB_ATMOST_ONCE, "skip");
    struct store_attempt other = begin("you", first);
    assert_int_equal(end("me", &running), STORE_DONE);
    assert_places(other.scheduled.ms, -1);
}

/* ---- queue ---- */

TEST(overlap_queue_makes_one_wait_and_leaves_out_the_rest)
{
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt other = take("you", second);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_places(first, second);
    assert_int_equal(due(), third);
    assert_true(first_in_retry() > redis_now().ms + 5000);
    other = take("you", third);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_execution(0, EXECUTION_SKIPPED, third, 1);
    assert_says("", first, 1, " was under way");
    assert_int_equal(ASK("ZCARD", TAG "retry"), 1);

    assert_int_equal(end("me", &running), STORE_DONE);
    assert_places(second, -1);
    assert_true(first_in_retry() <= redis_now().ms);
    running = begin("me", redis_now().ms);
    assert_int_equal(running.scheduled.ms, second);
    assert_int_equal(running.number, 1);
    assert_int_equal(due(), fourth);
    assert_int_equal(end("me", &running), STORE_DONE);
    assert_places(-1, -1);
}

/* max_runs counts what is called: also what waits first, but not what is left out. */
TEST(overlap_queue_counts_for_max_runs_and_skip_does_not)
{
    static const char *const rules[] = {"queue", "skip"};
    for (size_t i = 0; i < 2; i++) {
        (void)ASK("FLUSHALL");
        create(JOB_ATMOST_ONCE, rules[i]);
        (void)ASK("HSET", JOB, "max_runs", "2");
        (void)begin("me", first);
        assert_int_equal(ASK("HGET", JOB, "runs"), 1);
        struct store_attempt other = take("you", second);
        assert_int_equal(start("you", &other), STORE_SETTLED);
        assert_int_equal(ASK("HGET", JOB, "runs"), i == 0 ? 2 : 1);
        assert_int_equal(due(), i == 0 ? -1 : third);
        assert_int_equal(ASK("HEXISTS", JOB, "state"), i == 0 ? 1 : 0); /* COMPLETED */
    }
}

/* Its turn has come, and it is not started yet: what is due now is behind it, and comes after it. */
/* Nothing else shows it: it has neither a claim nor a record, and in a job that is made again no entry either. */
TEST(overlap_queue_takes_the_instant_of_what_waits)
{
    create(JOB_ATMOST_ONCE, "queue");
    (void)begin("me", first);
    struct store_attempt other = take("you", second);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_places(first, second);
    assert_int_equal(ASK("HGET", JOB, "floor"), second);
}

TEST(overlap_queue_keeps_the_order)
{
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt waiting = take("me", second);
    assert_int_equal(start("me", &waiting), STORE_SETTLED);
    assert_int_equal(end("me", &running), STORE_DONE);
    waiting = take("me", redis_now().ms);
    struct store_attempt other = take("you", third);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_places(second, third);
    assert_int_equal(start("me", &waiting), STORE_DONE);
    assert_places(second, third);
    assert_int_equal(end("me", &waiting), STORE_DONE);
    assert_places(third, -1);
}

/* Nobody said that the first one is over: the one that waits looks again by itself. */
TEST(overlap_queue_needs_nobody_to_end_it)
{
    create(JOB_ATMOST_ONCE, "queue");
    (void)begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    (void)ASK("ZREM", TAG "due", A);
    waiting = take("you", first_in_retry()); /* still under way */
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    assert_places(first, second);
    (void)ASK("DEL", TAG "claimed:me");
    waiting = begin("you", first_in_retry());
    assert_int_equal(waiting.scheduled.ms, second);
    assert_places(second, -1);
}

TEST(overlap_queue_moves_up_when_a_newcomer_finds_the_place_free)
{
    create(JOB_ATMOST_ONCE, "queue");
    (void)begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    (void)ASK("DEL", TAG "claimed:me");
    struct store_attempt other = take("you", third);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_places(second, third);
    waiting = begin("you", redis_now().ms);
    assert_int_equal(waiting.scheduled.ms, second);
}

/* Claimed to look again, when the one before it ends. */
TEST(overlap_queue_survives_an_end_while_it_looks)
{
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    (void)ASK("ZREM", TAG "due", A);
    waiting = take("you", first_in_retry());
    assert_int_equal(end("me", &running), STORE_DONE);
    assert_int_equal(start("you", &waiting), STORE_DONE);
    assert_places(second, -1);
}

TEST(overlap_queue_of_another_rule_by_now)
{
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    (void)ASK("HDEL", JOB, "overlap");
    assert_int_equal(end("me", &running), STORE_DONE);
    waiting = begin("you", redis_now().ms);
    assert_int_equal(waiting.scheduled.ms, second);
    assert_int_equal(end("you", &waiting), STORE_DONE);
    assert_places(-1, -1);
}

TEST(overlap_queue_goes_with_its_job)
{
    struct store_attempt none;
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    struct cmd cmd;
    enum store_answer answer;
    store_job_delete(&cmd, &a, 0);
    call(&cmd);
    assert_int_equal(store_answer_reply(reply, &answer, &info), ERR_OK);
    assert_int_equal(end("me", &running), STORE_DONE);
    assert_int_equal(claim("you", first_in_retry(), &none), 0);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 0);
    assert_int_equal(ASK("EXISTS", JOB), 0);
}

/* It waited, and its job is paused when its turn comes: that is recorded. */
TEST(overlap_queue_in_a_pause_is_cancelled)
{
    struct store_attempt none;
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    struct cmd cmd;
    enum store_answer answer;
    store_job_pause(&cmd, &a, "user", (struct slice){"", 0}, (struct slice){"", 0});
    call(&cmd);
    assert_int_equal(store_answer_reply(reply, &answer, &info), ERR_OK);
    assert_int_equal(end("me", &running), STORE_DONE);
    assert_int_equal(claim("you", redis_now().ms, &none), 0);
    assert_execution(0, EXECUTION_CANCELLED, second, 1);
}

/* ---- cancel ---- */

TEST(overlap_cancel_takes_the_earlier_ones_claim_away)
{
    create(JOB_ATLEAST_ONCE, "cancel");
    struct store_attempt running = begin("me", first);
    struct store_attempt other = begin("you", second);
    assert_execution(0, EXECUTION_CANCELLED, first, 1);
    assert_says("aborted for the sake of ", second, 1, "; it may have reached its target");
    assert_string_equal(execution_at(0).runner, "me");
    assert_places(second, -1);
    assert_int_equal(due(), third);
    assert_int_equal(ASK("EXISTS", TAG "claimed:me"), 0);
    assert_int_equal(finish("me", &running, STORE_AFTER_RETRY, third), STORE_LOST);
    assert_int_equal(ASK("LLEN", TAG "history:" A), 1);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 0);
    assert_int_equal(end("you", &other), STORE_DONE);
}

TEST(overlap_cancel_of_one_that_waits_to_be_tried_again)
{
    create(JOB_ATLEAST_ONCE, "cancel");
    struct store_attempt running = begin("me", first);
    assert_int_equal(finish("me", &running, STORE_AFTER_RETRY, fourth), STORE_DONE);
    (void)begin("me", second);
    assert_execution(0, EXECUTION_CANCELLED, first, 2);
    assert_says("given up for the sake of ", second, 1, "");
    assert_int_equal(ASK("ZCARD", TAG "retry"), 0);
}

/* "you" does not know yet that its claim of the same instant is void, so Redis still has it. */
static void assert_void_claim_is_none(const char *state, int64_t older_ms)
{
    char member[JOB_ID_SIZE + 24];
    char claim[64];
    create(JOB_ATLEAST_ONCE, "cancel");
    struct store_attempt running = begin("me", first);
    (void)snprintf(member, sizeof member, "%s%lld", A, (long long)first);
    (void)snprintf(claim, sizeof claim, "%s 1.7 L 5 %lld", state,
                   (long long)(ASK("HGET", JOB, "created") - older_ms));
    (void)ASK("HSET", TAG "claimed:you", member, claim);
    (void)ASK("SADD", TAG "holders", "you");
    assert_int_equal(finish("me", &running, STORE_AFTER_RETRY, fourth), STORE_DONE);
    (void)begin("me", second);
    assert_execution(0, EXECUTION_CANCELLED, first, 2);
    assert_int_equal(first_in_retry(), -1);
}

TEST(overlap_cancel_does_not_take_a_void_claim_for_the_one_under_way)
{
    assert_void_claim_is_none("c", 0); /* the job's time was changed since */
    set_up();
    assert_void_claim_is_none("s", 77); /* an earlier job of the id */
}

TEST(overlap_cancel_of_one_that_is_claimed_to_be_tried_again)
{
    create(JOB_ATLEAST_ONCE, "cancel");
    struct store_attempt running = begin("me", first);
    assert_int_equal(finish("me", &running, STORE_AFTER_RETRY, first), STORE_DONE);
    struct store_attempt retry = take("me", first);
    (void)begin("you", second);
    assert_execution(0, EXECUTION_CANCELLED, first, 2);
    assert_int_equal(start("me", &retry), STORE_LOST);
}

/* ---- by hand ---- */

TEST(overlap_skip_of_a_run_by_hand)
{
    create(JOB_ATMOST_ONCE, "skip");
    (void)begin("me", first);
    (void)ASK("ZREM", TAG "due", A);
    int64_t at = run_by_hand("one");
    struct store_attempt other = take("you", at);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_execution(0, EXECUTION_SKIPPED, at, 1);
    assert_int_equal(due(), -1);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 0);
}

TEST(overlap_queue_of_a_run_by_hand)
{
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    (void)ASK("ZREM", TAG "due", A);
    int64_t at = run_by_hand("one");
    struct store_attempt other = take("you", at);
    assert_int_equal(start("you", &other), STORE_SETTLED);
    assert_places(first, at);
    (void)ASK("HSET", JOB, "state", "PAUSED"); /* which does not concern it */
    assert_int_equal(end("me", &running), STORE_DONE);
    other = begin("you", redis_now().ms);
    assert_int_equal(other.scheduled.ms, at);
}

TEST(overlap_cancel_by_a_run_by_hand)
{
    create(JOB_ATMOST_ONCE, "cancel");
    (void)begin("me", first);
    (void)ASK("ZREM", TAG "due", A);
    int64_t at = run_by_hand("one");
    (void)begin("you", at);
    assert_execution(0, EXECUTION_CANCELLED, first, 1);
    assert_int_equal(due(), -1);
}

/* ---- the holder dies ---- */

TEST(overlap_recover_of_one_that_is_lost_lets_the_next_one_in)
{
    create(JOB_ATMOST_ONCE, "queue");
    (void)begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    assert_int_equal(recover("me").lost, 1);
    assert_places(second, -1);
    (void)begin("you", redis_now().ms);
}

TEST(overlap_recover_of_one_that_is_tried_again_keeps_its_place)
{
    create(JOB_ATLEAST_ONCE, "queue");
    (void)begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    assert_int_equal(recover("me").handed_on, 1);
    assert_places(first, second);
    struct store_attempt retry = begin("you", redis_now().ms);
    assert_int_equal(retry.scheduled.ms, first);
    assert_int_equal(retry.number, 2);
    assert_int_equal(end("you", &retry), STORE_DONE);
    assert_places(second, -1);
}

/* It is one of the dead's claims: it looked whether its turn had come. */
TEST(overlap_recover_of_one_that_waits)
{
    create(JOB_ATMOST_ONCE, "queue");
    struct store_attempt running = begin("me", first);
    struct store_attempt waiting = take("you", second);
    assert_int_equal(start("you", &waiting), STORE_SETTLED);
    (void)ASK("ZREM", TAG "due", A);
    (void)take("you", first_in_retry());
    assert_int_equal(recover("you").handed_on, 1);
    assert_int_equal(end("me", &running), STORE_DONE);
    waiting = begin("me", redis_now().ms);
    assert_int_equal(waiting.scheduled.ms, second);
}

/* ---- one that was dead ---- */

TEST(overlap_of_one_that_is_redriven_waits_whatever_the_rule)
{
    static const char *const rules[] = {"skip", "queue", "cancel"};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        (void)ASK("FLUSHALL");
        create(JOB_ATLEAST_ONCE, rules[i]);
        struct store_attempt dead = begin("me", first);
        assert_int_equal(finish("me", &dead, STORE_AFTER_DEAD, first), STORE_DONE);
        struct store_attempt running = begin("me", second);
        (void)ASK("ZREM", TAG "due", A);
        struct cmd cmd;
        store_dead_redrive(&cmd, SHARD, STORE_ATTEMPTS, &(struct store_pace){0});
        store_dead_add(&cmd, &a, (struct wall_ms){first});
        call(&cmd);
        dead = take("you", redis_now().ms);
        assert_int_equal(start("you", &dead), STORE_SETTLED);
        assert_places(second, -1);
        assert_true(first_in_retry() > redis_now().ms);
        assert_int_equal(end("me", &running), STORE_DONE);
        (void)begin("you", first_in_retry());
        assert_places(first, -1);
    }
}
