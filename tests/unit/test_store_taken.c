/* The rule "an instant that was taken stays taken" (lib/store/lua/part/taken.lua) in a real Redis: whatever
 * is done to a job, no instant at which something was started or recorded is given to it again, nor to a
 * later job of its id. */
#include "life_rig.h"
#include "test.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(life_rig_set_up, NULL);

static const struct wall_ms none = {INT64_MAX};

/* Redis' clock was set back by an hour: what the feed tells of is from then. */
static void set_clock_back(void)
{
    char position[32];
    (void)snprintf(position, sizeof position, "%lld-1", (long long)redis_now().ms + 3600000);
    SAY("XADD", TAG "executions", position, "j", A, "r", "o:s s:1 a:1 x:0 t:0 h:0 l:0");
}

static void remember(const char *record)
{
    SAY("LPUSH", TAG "history:" A, record);
}

/* One occurrence, started and still to be sent. */
static void start_one(void)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
}

/* The same, its instant half a minute ahead: nothing that follows is so slow that it would be over. */
static void start_one_far_ahead(void)
{
    soon_at.ms = redis_now().ms + 30000;
    assert_int_equal(create_at(JOB_ATMOST_ONCE, soon_at), STORE_CREATED);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
}

/* The definition as it was, made as of `created` (ms). */
static enum store_creation make_as_of(int64_t created, struct wall_ms due, struct wall_ms *at)
{
    enum store_creation creation;
    struct cmd cmd;
    make_job(&the_job, zones, "* * * * * *", JOB_ATMOST_ONCE, created);
    the_job.id = a;
    store_job_create(&cmd, &the_job, due, SOMEONE);
    call(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, at, &info), ERR_OK);
    return creation;
}

static void make_again_in_the_same_ms_at(struct wall_ms due)
{
    struct wall_ms at;
    int64_t created = the_job.created.ms;
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(make_as_of(created, due, &at), STORE_CREATED);
    assert_int_equal(the_job.created.ms, created);
}

static void make_again_in_the_same_ms(void)
{
    make_again_in_the_same_ms_at(soon_at);
}

/* ---- which job it is ---- */

TEST(taken_job_made_again_in_the_same_ms_is_another_one)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    struct store_claimed before = got[0];
    make_again_in_the_same_ms();
    assert_int_equal(claim("other"), 1);
    assert_int_equal(start_it("me", &before), STORE_GONE);
    assert_int_equal(start_it("other", &got[0]), STORE_DONE);
}

TEST(taken_job_made_again_and_changed_as_often_is_another_one)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_DONE);
    assert_int_equal(claim("me"), 1);
    struct store_claimed before = got[0];
    make_again_in_the_same_ms();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_DONE);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(start_it("me", &before), STORE_GONE);
    assert_int_equal(start_it("other", &got[0]), STORE_DONE);
}

TEST(taken_job_made_again_gets_nothing_that_waits_for_the_one_before)
{
    start_one();
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE); /* handed back: attempt 1 in retry */
    assert_int_equal(retries(), 1);
    make_again_in_the_same_ms_at((struct wall_ms){soon_at.ms + 1});
    assert_int_equal(claim("other"), 1);
    assert_false(got[0].from_retry);
    assert_int_equal(retries(), 0);
}

TEST(taken_job_that_was_read_before_it_was_made_again_is_not_changed)
{
    struct store_job read;
    size_t records;
    struct cmd cmd;
    create(JOB_ATMOST_ONCE);
    assert_true(get(&read, &records));
    struct store_change what = {.read = &read, .definition = &the_job, .timing = STORE_TIME_KEPT};
    store_job_change(&cmd, &what, SOMEONE);
    make_again_in_the_same_ms();
    assert_int_equal(answer(&cmd), STORE_ANSWER_OTHER);
}

/* ---- create ---- */

TEST(taken_job_made_again_does_not_get_what_is_started)
{
    struct wall_ms at;
    start_one();
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(make_as_of(redis_now().ms, soon_at, &at), STORE_TAKEN);
    assert_int_equal(at.ms, soon_at.ms);
    assert_int_equal(make_as_of(redis_now().ms, (struct wall_ms){soon_at.ms + 1}, &at), STORE_CREATED);
}

/* However often it goes: what was taken from one is taken from all that follow. */
TEST(taken_floor_outlives_several_jobs_of_an_id)
{
    struct wall_ms at;
    create(JOB_ATMOST_ONCE);
    SAY("HSET", TAG "job:" A, "floor", "9999999999999");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(delete_it(), STORE_ANSWER_DONE);
        assert_int_equal(make_as_of(redis_now().ms, soon_at, &at), STORE_TAKEN);
        assert_int_equal(at.ms, 9999999999999);
        assert_int_equal(make_as_of(redis_now().ms, (struct wall_ms){at.ms + 1 + i}, &at), STORE_CREATED);
    }
}

TEST(taken_job_made_again_behind_a_clock_that_was_set_back_waits)
{
    struct wall_ms at;
    create(JOB_ATMOST_ONCE);
    int64_t called = soon_at.ms + 1800000;
    char record[64];
    (void)snprintf(record, sizeof record, "o:s s:%lld a:1 x:0 t:0 h:200 l:0", (long long)called);
    remember(record);
    set_clock_back();
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(make_as_of(redis_now().ms, soon_at, &at), STORE_TAKEN);
    assert_int_equal(at.ms, called);
}

/* Started before the DELETE, over behind it; then Redis' clock is set back. */
TEST(taken_job_made_again_does_not_get_what_ended_after_the_delete)
{
    struct wall_ms at;
    start_one();
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    while (redis_now().ms <= soon_at.ms) {
    }
    assert_int_equal(finish("me", &got[0], STORE_AFTER_NOTHING), STORE_DONE);
    assert_int_equal(ASK("ZSCORE", TAG "gone", A), soon_at.ms);
    set_clock_back();
    assert_int_equal(make_as_of(redis_now().ms, (struct wall_ms){redis_now().ms + 1000}, &at), STORE_CREATED);
    assert_int_equal(ASK("HGET", TAG "job:" A, "floor"), soon_at.ms);
}

TEST(taken_job_that_was_broken_and_made_anew_does_not_get_what_is_started)
{
    struct wall_ms at;
    start_one();
    SAY("ZADD", TAG "broken", "1", A);
    assert_int_equal(make_as_of(redis_now().ms, soon_at, &at), STORE_TAKEN);
    assert_int_equal(ASK("EXISTS", TAG "job:" A), 1);
}

TEST(taken_memory_of_deleted_jobs_is_bounded)
{
    SAY("EVAL",
        "for i = 1, 10010 do redis.call('ZADD', KEYS[1], 9000000000000 + i, 'x' .. i) end "
        "redis.call('ZADD', KEYS[1], 1000, 'long ago')",
        "1", TAG "gone");
    create(JOB_ATMOST_ONCE);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(ASK("ZCARD", TAG "gone"), 10000);
    assert_int_equal(ASK("ZSCORE", TAG "gone", "long ago"), -1);
}

TEST(taken_delete_comes_through_without_memory)
{
    create(JOB_ATMOST_ONCE);
    SAY("CONFIG", "SET", "maxmemory", "1");
    enum store_answer done = delete_it();
    SAY("CONFIG", "SET", "maxmemory", "0");
    assert_int_equal(done, STORE_ANSWER_DONE);
    assert_int_equal(ASK("ZCARD", TAG "gone"), 1);
}

/* ---- change and resume ---- */

TEST(taken_resume_does_not_get_what_was_handed_back_many_changes_ago)
{
    start_one_far_ahead();
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(pause_it(), STORE_ANSWER_DONE);
        assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
        assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 1000}), STORE_ANSWER_DONE);
    }
}

/* An older version hands back without raising the floor. */
TEST(taken_resume_does_not_get_what_an_older_version_handed_back)
{
    start_one_far_ahead();
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
    SAY("HDEL", TAG "job:" A, "floor");
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
}

/* Nor an earlier instant, from which the schedule would come to that one. */
TEST(taken_resume_does_not_begin_before_what_was_handed_back)
{
    start_one_far_ahead();
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms - 10000}), STORE_ANSWER_TAKEN);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 1}), STORE_ANSWER_DONE);
}

/* The same once another runner has claimed it. */
TEST(taken_job_made_again_does_not_get_what_was_started_and_handed_back_after_the_delete)
{
    start_one_far_ahead();
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(release("me", &got[0], soon_at), STORE_GONE);
    assert_int_equal(create_at(JOB_ATMOST_ONCE, soon_at), STORE_TAKEN);
}

TEST(taken_resume_does_not_begin_before_what_was_handed_on)
{
    start_one_far_ahead();
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
    assert_int_equal(claim_until("other", soon_at.ms), 1);
    assert_true(got[0].from_retry);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms - 10000}), STORE_ANSWER_TAKEN);
}

TEST(taken_resume_does_not_begin_before_what_is_under_way)
{
    start_one_far_ahead();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms - 10000}), STORE_ANSWER_TAKEN);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 1}), STORE_ANSWER_DONE);
}

/* The call is under way, and Redis' clock was set back, so that its instant is far ahead. */
TEST(taken_resume_does_not_get_what_is_under_way_far_ahead)
{
    start_one_far_ahead();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
}

/* As above; and it ends before its instant has come again. */
TEST(taken_resume_does_not_get_what_has_ended_before_its_instant)
{
    start_one();
    assert_int_equal(finish("me", &got[0], STORE_AFTER_NOTHING), STORE_DONE);
    SAY("DEL", TAG "history:" A); /* which does not reach back for ever */
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 1}), STORE_ANSWER_DONE);
}

/* The feed gives a record the latest position that it had, if Redis' clock does not say more. */
TEST(taken_floor_has_what_ended_in_the_ms_of_its_instant)
{
    char position[32];
    start_one_far_ahead();
    (void)snprintf(position, sizeof position, "%lld-0", (long long)soon_at.ms);
    SAY("XADD", TAG "executions", position, "j", A, "r", "x");
    assert_int_equal(finish("me", &got[0], STORE_AFTER_NOTHING), STORE_DONE);
    assert_int_equal(ASK("HGET", TAG "job:" A, "floor"), soon_at.ms);
}

TEST(taken_resume_does_not_get_what_was_lost_before_its_instant)
{
    start_one();
    assert_int_equal(recover("me").lost, 1);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
}

/* It was handed back, and recorded as cancelled because the job was paused. */
TEST(taken_resume_does_not_get_what_was_cancelled_by_a_pause)
{
    start_one();
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(claim("other"), 0);
    assert_latest(EXECUTION_CANCELLED, 1);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
}

TEST(taken_change_tells_how_far_ahead_all_is_taken)
{
    struct store_job read;
    size_t records;
    struct wall_ms taken;
    enum store_answer out;
    struct cmd cmd;
    create(JOB_ATMOST_ONCE);
    SAY("HSET", TAG "job:" A, "floor", "9999999999999");
    assert_true(get(&read, &records));
    struct store_change what = {.read = &read, .timing = STORE_TIME_DUE, .due = soon_at};
    store_job_change(&cmd, &what, SOMEONE);
    call(&cmd);
    assert_int_equal(store_job_change_reply(reply, &out, &taken, &info), ERR_OK);
    assert_int_equal(out, STORE_ANSWER_TAKEN);
    assert_int_equal(taken.ms, 9999999999999);
}

TEST(taken_resume_behind_a_clock_that_was_set_back_asks_the_history)
{
    create(JOB_ATMOST_ONCE);
    char record[80];
    (void)snprintf(record, sizeof record, "o:m s:%lld a:0 x:0 t:0 h:0 l:0 u:%lld n:5", (long long)soon_at.ms,
                   (long long)soon_at.ms + 5000);
    remember(record);
    remember("o:s s:1000 a:1 x:0 t:0 h:200 l:0");
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_DONE); /* the clock runs: nothing there is ahead */
    set_clock_back();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 5000}), STORE_ANSWER_TAKEN);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 5001}), STORE_ANSWER_DONE);
}

/* ---- manual runs ---- */

/* The instants up to this one (ms) are taken by manual runs. */
static void take_up_to(int64_t instant)
{
    char taken[40];
    (void)snprintf(taken, sizeof taken, "%lld before", (long long)instant);
    SAY("HSET", TAG "job:" A, "manual", taken);
}

TEST(taken_run_by_hand_does_not_get_what_is_under_way)
{
    start_one_far_ahead();
    take_up_to(soon_at.ms - 1);
    assert_true(run_as("one", -1) > soon_at.ms);
}

/* More than one in each ms: their names are ahead of the clock, and they are made at once all the same. */
TEST(taken_runs_by_hand_are_due_at_once_however_many)
{
    char before[40];
    create(JOB_ATMOST_ONCE);
    int64_t latest = redis_now().ms + 60000; /* so many were made already */
    (void)snprintf(before, sizeof before, "%lld before", (long long)latest);
    SAY("HSET", TAG "job:" A, "manual", before);
    for (int i = 0; i < 200; i++) {
        char request[16];
        (void)snprintf(request, sizeof request, "%d", i);
        int64_t instant = run_as(request, 0);
        assert_true(instant > latest);
        latest = instant;
    }
    assert_true(latest > redis_now().ms);
    char now[24];
    (void)snprintf(now, sizeof now, "%lld", (long long)redis_now().ms);
    assert_int_equal(ASK("ZCOUNT", TAG "retry", "-inf", now), 200);
}

/* Where the instants of most schedules are, whatever the job's own is by now. */
TEST(taken_run_by_hand_is_never_at_a_full_second)
{
    create(JOB_ATMOST_ONCE);
    int64_t second = redis_now().ms / 1000 * 1000 + 60000;
    take_up_to(second - 1);
    assert_int_equal(run_as("one", -1), second + 1);
}

/* The job was given another schedule after the handler had read it, so the offset is not its own. */
TEST(taken_run_by_hand_is_never_at_the_next_instant)
{
    int64_t due = redis_now().ms / 1000 * 1000 + 60437;
    create_at(JOB_ATMOST_ONCE, (struct wall_ms){due});
    take_up_to(due - 1);
    assert_int_equal(run_as("one", 250), due + 1);
}

TEST(taken_run_by_hand_of_a_job_made_again_has_a_name_of_its_own)
{
    create(JOB_ATMOST_ONCE);
    int64_t latest = 0;
    for (int i = 0; i < 50; i++) {
        char request[16];
        (void)snprintf(request, sizeof request, "%d", i);
        latest = run_as(request, 0);
    }
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(create_at(JOB_ATMOST_ONCE, (struct wall_ms){latest + 5000}), STORE_CREATED);
    assert_true(run_as("again", 0) > latest);
}

/* ---- Redis' data went back ---- */

/* As after a failover to a replica that was behind: the counter is older than the claims that were made by
 * it. */
TEST(taken_token_does_not_come_again_when_the_counter_goes_back)
{
    int64_t latest = 0;
    create(JOB_ATMOST_ONCE);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(claim("me"), 1);
        assert_true(got[0].attempt.token > latest);
        latest = got[0].attempt.token;
        assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
        if (i == 2) {
            SAY("SET", TAG "token", "1");
        }
    }
}

/* Nor when the clock does. */
TEST(taken_token_is_larger_than_the_last_one_whatever_the_clock)
{
    create(JOB_ATMOST_ONCE);
    SAY("SET", TAG "token", "5000000000000000");
    assert_int_equal(claim("me"), 1);
    assert_int_equal(got[0].attempt.token, 5000000000000001);
}

static enum store_verdict finish_with(const struct store_claimed *what, struct wall_ms next)
{
    struct execution record = {.job = a, .scheduled = what->attempt.scheduled, .attempt = 1};
    struct cmd cmd;
    store_finish(&cmd, SHARD, "me", &keep);
    store_finish_add(&cmd, &what->attempt, &record, &(struct store_ending){.next = next});
    return verdict(&cmd);
}

/* The start was acknowledged, and lost: the claim is there, unstarted, and the job stands nowhere else. */
TEST(taken_finish_makes_up_for_a_start_that_was_lost)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(due_now(), -1);
    assert_int_equal(finish_with(&got[0], (struct wall_ms){soon_at.ms + 1000}), STORE_DONE);
    assert_int_equal(due_now(), soon_at.ms + 1000);
}

TEST(taken_finish_of_the_last_occurrence_completes_the_job_though_its_start_was_lost)
{
    struct store_job job;
    size_t records;
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(finish_with(&got[0], none), STORE_DONE);
    assert_true(get(&job, &records));
    assert_true(slice_eq(job.state, "COMPLETED"));
}

/* A job that was paused meanwhile is not made due by it. */
TEST(taken_finish_whose_start_was_lost_leaves_a_changed_job_alone)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    struct store_claimed before = got[0];
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(finish_with(&before, (struct wall_ms){soon_at.ms + 1000}), STORE_DONE);
    assert_int_equal(due_now(), -1);
}

static enum store_verdict confirm(const char *runner, const struct store_claimed *what)
{
    struct cmd cmd;
    store_confirm(&cmd, SHARD, runner);
    store_confirm_add(&cmd, &what->attempt);
    return verdict(&cmd);
}

static void give_up(const char *runner, const struct store_claimed *what)
{
    struct cmd cmd;
    store_recover_lost(&cmd, runner, &what->attempt, &keep);
    call(&cmd);
}

/* The call was recorded, and the record is gone: the claim alone is left, and its runner has forgotten it. */
TEST(taken_started_claim_whose_record_was_lost_is_ended)
{
    start_one();
    struct store_claimed stale = got[0];
    stale.attempt.token++;
    give_up("me", &stale);
    assert_int_equal(confirm("me", &got[0]), STORE_DONE); /* that was about another claim */
    give_up("me", &got[0]);
    assert_latest(EXECUTION_LOST, 1);
    assert_int_equal(confirm("me", &got[0]), STORE_LOST);
    assert_int_equal(due_now(), soon_at.ms + 1000);
}

/* ---- confirm ---- */

TEST(taken_confirm_tells_a_started_claim_from_all_others)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(confirm("me", &got[0]), STORE_LOST);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(confirm("me", &got[0]), STORE_DONE);
    assert_int_equal(confirm("other", &got[0]), STORE_LOST);
    got[0].attempt.token++;
    assert_int_equal(confirm("me", &got[0]), STORE_LOST);
    SAY("DEL", TAG "claimed:me");
    got[0].attempt.token--;
    assert_int_equal(confirm("me", &got[0]), STORE_LOST);
}

TEST(taken_confirm_finds_a_job_that_was_paused_or_deleted_since_the_start)
{
    start_one();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(confirm("me", &got[0]), STORE_GONE);
    delete_it();
    assert_int_equal(confirm("me", &got[0]), STORE_GONE);
}

/* ---- what cannot be looked at ---- */

/* A key that Redis does not let a script look at (a replica, a slot on its way: here, an ACL) is not taken
 * for gone. */
TEST(taken_error_other_than_a_wrong_type_does_not_drop_the_claim)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    struct store_claimed claimed = got[0];
    SAY("ACL", "SETUSER", "default", "-hmget");
    struct cmd cmd;
    store_start(&cmd, SHARD, "me");
    store_start_add(&cmd, &claimed.attempt, (struct wall_ms){soon_at.ms + 1000});
    exchange(&cmd);
    bool refused = reply->kind == REPLY_ERROR;
    store_release(&cmd, SHARD, "me");
    store_release_add(&cmd, &claimed.attempt, soon_at);
    exchange(&cmd);
    bool kept = reply->kind == REPLY_ERROR;
    SAY("ACL", "SETUSER", "default", "+@all");
    assert_true(refused && kept);
    assert_int_equal(start_it("me", &claimed), STORE_DONE);
}
