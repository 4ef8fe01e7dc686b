/* What a claim hands out, in which order and how much of it, and what it leaves or drops. */
#include "script_rig.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

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

/* Otherwise the runner would take the job for deleted, release it, and claim it again, without end. */
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

/* The reply has the whole definition, whatever else a person wrote into the job's hash. */
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

/* An occurrence that this runner calls must end before the runner claims it again. */
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

/* An occurrence may stand in both sets, for whatever reason. */
TEST(scripts_claim_takes_an_occurrence_once)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    SAY("ZADD", TAG "retry", S, A S ":1.1000");
    assert_int_equal(claim("me"), 1);
    assert_int_equal(ASK("HLEN", TAG "claimed:me"), 1);
    assert_int_equal(ASK("ZCARD", TAG "due"), 0);
    assert_int_equal(ASK("ZCARD", TAG "retry"), 1);
}

/* The backlog and what is due now share a claim that has no room for both. */
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

/* A runner whose places become free one by one claims one attempt at a time. Neither the backlog nor the rest
 * may starve. */
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

/* Void entries of retry do not delay what stands behind them. */
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
