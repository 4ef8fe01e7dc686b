/* A job as a whole in a real Redis: what becomes of its occurrences when it is changed, paused, resumed,
 * deleted or created again at any point of their lives, and manual runs. */
#include "life_rig.h"
#include "test.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(life_rig_set_up, NULL);

/* ---- an occurrence that was claimed, and not started ---- */

TEST(life_pause_voids_what_is_claimed)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(start_it("me", &got[0]), STORE_GONE);
    assert_nothing_pending();
}

TEST(life_delete_voids_what_is_claimed)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(start_it("me", &got[0]), STORE_GONE);
    assert_nothing_pending();
    assert_int_equal(ASK("EXISTS", TAG "job:" A, TAG "history:" A, TAG "executions"), 0);
}

TEST(life_another_time_voids_what_is_claimed)
{
    struct wall_ms later = {redis_now().ms + 90000};
    enum store_verdict (*const acts[])(const char *, const struct store_claimed *) = {start_it, skip_it};
    for (size_t i = 0; i < 3; i++) {
        life_rig_set_up();
        create(JOB_ATMOST_ONCE);
        assert_int_equal(claim("me"), 1);
        assert_int_equal(change(&the_job, STORE_TIME_DUE, later), STORE_ANSWER_DONE);
        assert_int_equal(i < 2 ? acts[i]("me", &got[0]) : release("me", &got[0], soon_at), STORE_GONE);
        assert_int_equal(due_now(), later.ms);
        assert_int_equal(ASK("EXISTS", TAG "claimed:me", TAG "executions", TAG "retry"), 0);
    }
}

TEST(life_recover_gives_no_void_claim_back)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(recover("other").handed_on, 0);
    assert_nothing_pending();
}

TEST(life_other_fields_leave_claims_as_they_are)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(change(&the_job, STORE_TIME_KEPT, soon_at), STORE_ANSWER_DONE);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(due_now(), soon_at.ms + 1000);
}

TEST(life_what_was_put_off_is_void_after_a_change)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(release("me", &got[0], (struct wall_ms){soon_at.ms + 2000}), STORE_DONE);
    assert_int_equal(claim("me"), 1); /* it is made in the end */
    assert_false(got[0].from_retry);
    assert_int_equal(release("me", &got[0], (struct wall_ms){soon_at.ms + 2000}), STORE_DONE);
    assert_int_equal(change(&the_job, STORE_TIME_DUE, (struct wall_ms){redis_now().ms + 90000}),
                     STORE_ANSWER_DONE);
    assert_int_equal(claim("me"), 0);
    assert_int_equal(retries(), 0);
}

TEST(life_what_was_put_off_is_void_after_a_pause)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(release("me", &got[0], (struct wall_ms){soon_at.ms + 2000}), STORE_DONE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_nothing_pending();
}

/* ---- a call that is under way ---- */

TEST(life_call_under_way_ends_and_is_recorded_after_a_pause)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(finish("me", &got[0], STORE_AFTER_NOTHING), STORE_DONE);
    assert_latest(EXECUTION_FAILED, 1);
    assert_nothing_pending();
}

TEST(life_call_of_a_deleted_job_is_told_by_the_feed_alone)
{
    static const enum store_after afters[] = {STORE_AFTER_NOTHING, STORE_AFTER_RETRY, STORE_AFTER_DEAD};
    for (size_t i = 0; i < 3; i++) {
        life_rig_set_up();
        create(JOB_ATLEAST_ONCE);
        assert_int_equal(claim("me"), 1);
        assert_int_equal(start_it("me", &got[0]), STORE_DONE);
        assert_int_equal(delete_it(), STORE_ANSWER_DONE);
        assert_int_equal(finish("me", &got[0], afters[i]), STORE_DONE);
        assert_int_equal(ASK("XLEN", TAG "executions"), 1);
        assert_int_equal(ASK("EXISTS", TAG "job:" A, TAG "history:" A, TAG "dead"), 0);
        assert_nothing_pending();
    }
}

TEST(life_call_of_a_deleted_job_belongs_to_no_successor)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    while (redis_now().ms == the_job.created.ms) {
    }
    assert_int_equal(create_at(JOB_ATLEAST_ONCE, (struct wall_ms){redis_now().ms + 90000}), STORE_CREATED);
    assert_int_equal(finish("me", &got[0], STORE_AFTER_RETRY), STORE_DONE);
    assert_int_equal(ASK("XLEN", TAG "executions"), 1);
    assert_int_equal(ASK("EXISTS", TAG "history:" A), 0);
    assert_int_equal(retries(), 0);
}

TEST(life_dead_runner_of_a_deleted_job_leaves_nothing_but_the_record)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(start_it("other", &got[0]), STORE_DONE);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(recover("other").lost, 1);
    assert_int_equal(ASK("XLEN", TAG "executions"), 1);
    assert_int_equal(ASK("EXISTS", TAG "history:" A), 0);
    assert_nothing_pending();
}

TEST(life_started_and_handed_back_after_a_delete_is_gone)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(release("me", &got[0], soon_at), STORE_GONE);
    assert_nothing_pending();
}

/* ---- retries ---- */

/* The job's first attempt has failed, and the second one waits. */
static void fail_once(void)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(finish("me", &got[0], STORE_AFTER_RETRY), STORE_DONE);
    assert_int_equal(retries(), 1);
}

TEST(life_retry_survives_another_time)
{
    fail_once();
    assert_int_equal(change(&the_job, STORE_TIME_DUE, (struct wall_ms){redis_now().ms + 90000}),
                     STORE_ANSWER_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(got[0].attempt.number, 2);
    assert_int_equal(change(&the_job, STORE_TIME_DUE, (struct wall_ms){redis_now().ms + 91000}),
                     STORE_ANSWER_DONE); /* while it is claimed */
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(finish("me", &got[0], STORE_AFTER_RETRY), STORE_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(got[0].attempt.number, 3);
}

TEST(life_retry_of_a_paused_job_is_cancelled_and_recorded)
{
    fail_once();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(claim("me"), 0);
    assert_latest(EXECUTION_CANCELLED, 2);
    assert_nothing_pending();
}

TEST(life_retry_that_was_claimed_before_a_pause_is_cancelled)
{
    fail_once();
    assert_int_equal(claim_until("me", redis_now().ms), 1);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(start_it("me", &got[0]), STORE_GONE);
    assert_int_equal(claim("me"), 0);
    assert_latest(EXECUTION_CANCELLED, 2);
    assert_nothing_pending();
}

TEST(life_retry_outlives_a_short_pause)
{
    fail_once();
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at((struct wall_ms){redis_now().ms + 90000}), STORE_ANSWER_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
}

TEST(life_retry_of_a_deleted_job_is_not_its_successors)
{
    fail_once();
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    while (redis_now().ms == the_job.created.ms) {
    }
    assert_int_equal(create_at(JOB_ATLEAST_ONCE, (struct wall_ms){redis_now().ms + 90000}), STORE_CREATED);
    assert_int_equal(claim("me"), 0);
    assert_int_equal(retries(), 0);
    assert_int_equal(ASK("EXISTS", TAG "history:" A), 0);
}

/* ---- the instant at which a job goes on ---- */

TEST(life_resume_makes_due_what_was_only_claimed)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    struct store_claimed before = got[0];
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_DONE);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(start_it("me", &before), STORE_GONE);
    assert_int_equal(start_it("other", &got[0]), STORE_DONE);
}

TEST(life_resume_does_not_call_again_what_is_started)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
    assert_int_equal(due_now(), -1);
    assert_int_equal(resume_at((struct wall_ms){soon_at.ms + 1000}), STORE_ANSWER_DONE);
    assert_int_equal(due_now(), soon_at.ms + 1000);
}

TEST(life_resume_does_not_call_twice_what_was_handed_back)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE); /* a runner that drains */
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
    life_rig_set_up();
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(release("me", &got[0], soon_at), STORE_DONE);
    assert_int_equal(claim_until("other", soon_at.ms), 1); /* claimed again */
    assert_true(got[0].from_retry);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(resume_at(soon_at), STORE_ANSWER_TAKEN);
}

TEST(life_job_made_again_does_not_call_again_what_is_started)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(create_at(JOB_ATMOST_ONCE, soon_at), STORE_TAKEN);
    assert_int_equal(ASK("EXISTS", TAG "job:" A), 0);
    assert_int_equal(create_at(JOB_ATMOST_ONCE, (struct wall_ms){soon_at.ms + 1000}), STORE_CREATED);
}

TEST(life_job_made_again_does_not_call_again_what_is_over)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    while (redis_now().ms < soon_at.ms) {
    }
    assert_int_equal(finish("me", &got[0], STORE_AFTER_NOTHING), STORE_DONE);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    /* A handler that is slow, or whose clock is a bit behind. */
    make_job(&the_job, zones, "* * * * * *", JOB_ATMOST_ONCE, soon_at.ms - 1);
    the_job.id = a;
    struct wall_ms now;
    enum store_creation creation;
    struct cmd cmd;
    store_job_create(&cmd, &the_job, soon_at);
    call(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, &now, &info), ERR_OK);
    assert_int_equal(creation, STORE_LATE);
}

TEST(life_change_to_an_instant_that_is_over_is_refused)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(change(&the_job, STORE_TIME_DUE, redis_now()), STORE_ANSWER_LATE);
    assert_int_equal(due_now(), soon_at.ms);
}

/* ---- changes ---- */

TEST(life_change_stores_the_definition_and_counts)
{
    struct store_job job;
    struct job other;
    size_t records;
    create(JOB_ATLEAST_ONCE);
    make_job(&other, zones, "0 7 * * *", JOB_ATMOST_ONCE, the_job.created.ms);
    assert_int_equal(change(&other, STORE_TIME_DUE, (struct wall_ms){soon_at.ms + 5}), STORE_ANSWER_DONE);
    assert_true(get(&job, &records));
    assert_true(slice_eq(job.fields.schedule, "0 7 * * *"));
    assert_true(slice_eq(job.fields.type, "ATMOST_ONCE"));
    assert_int_equal(job.version, 2);
    assert_int_equal(job.epoch, 1);
    assert_int_equal(job.due.ms, soon_at.ms + 5);
    assert_int_equal(change(&other, STORE_TIME_KEPT, soon_at), STORE_ANSWER_DONE);
    assert_true(get(&job, &records));
    assert_int_equal(job.version, 3);
    assert_int_equal(job.epoch, 1);
}

TEST(life_change_of_what_was_changed_meanwhile_is_refused)
{
    struct store_job read;
    size_t records;
    struct cmd cmd;
    for (int i = 0; i < 3; i++) {
        life_rig_set_up();
        create(JOB_ATLEAST_ONCE);
        assert_true(get(&read, &records));
        read.state = (struct slice){NULL, 0};
        assert_int_equal(i == 0   ? pause_it()
                         : i == 1 ? change(&the_job, STORE_TIME_KEPT, soon_at)
                                  : delete_it(),
                         STORE_ANSWER_DONE);
        struct store_change what = {.read = &read, .definition = &the_job, .timing = STORE_TIME_KEPT};
        store_job_change(&cmd, &what);
        assert_int_equal(answer(&cmd), i == 2 ? STORE_ANSWER_NONE : STORE_ANSWER_OTHER);
    }
}

TEST(life_change_of_a_paused_job_makes_nothing_due)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(change(&the_job, STORE_TIME_PAUSED, soon_at), STORE_ANSWER_DONE);
    assert_nothing_pending();
}

TEST(life_delete_of_another_version_is_refused)
{
    struct cmd cmd;
    create(JOB_ATLEAST_ONCE);
    store_job_delete(&cmd, &a, 2);
    assert_int_equal(answer(&cmd), STORE_ANSWER_OTHER);
    store_job_delete(&cmd, &a, 1);
    assert_int_equal(answer(&cmd), STORE_ANSWER_DONE);
    assert_int_equal(delete_it(), STORE_ANSWER_NONE);
}

TEST(life_pause_says_why_and_changes_nothing_the_second_time)
{
    struct store_job job;
    size_t records;
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    assert_true(get(&job, &records));
    assert_true(slice_eq(job.state, "PAUSED"));
    assert_true(slice_eq(job.reason, "user"));
    assert_true(slice_eq(job.note, "why not"));
    assert_int_equal(job.epoch, 1);
    assert_int_equal(job.version, 1);
}

TEST(life_last_occurrence_completes_the_job)
{
    struct store_job job;
    size_t records;
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start("me", &got[0], (struct wall_ms){INT64_MAX}), STORE_DONE);
    assert_true(get(&job, &records));
    assert_true(slice_eq(job.state, "COMPLETED"));
    assert_int_equal(finish("me", &got[0], STORE_AFTER_RETRY), STORE_DONE);
    assert_int_equal(claim("me"), 1); /* its retries are made all the same */
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(change(&the_job, STORE_TIME_DUE, (struct wall_ms){redis_now().ms + 5000}),
                     STORE_ANSWER_DONE);
    assert_true(get(&job, &records));
    assert_null(job.state.data);
}

TEST(life_mark_broken_of_a_deleted_job_leaves_nothing)
{
    struct cmd cmd;
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    store_mark_broken(&cmd, SHARD, "me", &got[0].attempt);
    call(&cmd);
    assert_int_equal(ASK("EXISTS", TAG "broken"), 0);
    assert_nothing_pending();
}

/* What could not be read is not what was made anew meanwhile. */
TEST(life_mark_broken_of_a_job_that_was_made_anew_leaves_that_alone)
{
    struct cmd cmd;
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(claim("me"), 1);
    (void)ASK("HINCRBY", TAG "job:" A, "epoch", "1"); /* as any change of its time does */
    store_mark_broken(&cmd, SHARD, "me", &got[0].attempt);
    call(&cmd);
    assert_int_equal(ASK("EXISTS", TAG "broken", TAG "claimed:me"), 0);
}

/* ---- manual runs ---- */

TEST(life_run_is_made_while_the_job_is_paused)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    int64_t scheduled = run_as("one", 0);
    assert_int_equal(claim_until("me", redis_now().ms), 1);
    assert_int_equal(got[0].attempt.scheduled.ms, scheduled);
    assert_int_equal(got[0].attempt.number, 1);
    assert_true(got[0].from_retry);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(due_now(), -1);
}

TEST(life_run_stays_one_by_hand_wherever_it_goes)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    (void)run_as("one", 0);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(release("me", &got[0], redis_now()), STORE_DONE);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(recover("other").handed_on, 1);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(release("me", &got[0], redis_now()), STORE_DONE);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
    assert_int_equal(finish("me", &got[0], STORE_AFTER_RETRY), STORE_DONE);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(got[0].attempt.number, 2);
    assert_int_equal(start_it("other", &got[0]), STORE_DONE);
    assert_int_equal(recover("other").handed_on, 1);
    assert_int_equal(claim("me"), 1);
    assert_int_equal(got[0].attempt.number, 3);
    assert_int_equal(start_it("me", &got[0]), STORE_DONE);
}

TEST(life_run_of_a_job_at_most_once_is_not_handed_on)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(pause_it(), STORE_ANSWER_DONE);
    (void)run_as("one", 0);
    assert_int_equal(claim("other"), 1);
    assert_int_equal(start_it("other", &got[0]), STORE_DONE);
    assert_int_equal(recover("other").handed_on, 0);
    assert_latest(EXECUTION_LOST, 1);
    assert_nothing_pending();
}

TEST(life_run_asked_for_twice_by_one_request_is_made_once)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(run_as("one", 0), run_as("one", 0));
    assert_int_equal(retries(), 1);
    int64_t second = run_as("two", 0);
    assert_true(run_as("three", 0) > second);
    assert_int_equal(retries(), 3);
}

TEST(life_run_never_takes_an_instant_of_the_schedule)
{
    create(JOB_ATMOST_ONCE);
    for (int i = 0; i < 3000; i++) {
        char request[16];
        int offset = i % 10;
        (void)snprintf(request, sizeof request, "%d", i);
        int64_t at = run_as(request, offset);
        if (at % 1000 == offset) {
            fail_msg("%lld", (long long)at);
        }
    }
    assert_int_equal(retries(), 3000);
}

TEST(life_run_of_a_deleted_job_is_none)
{
    create(JOB_ATLEAST_ONCE);
    (void)run_as("one", 0);
    assert_int_equal(claim_until("me", redis_now().ms), 1);
    (void)run_as("two", 0);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(start_it("me", &got[0]), STORE_GONE);
    assert_nothing_pending();
    assert_int_equal(run_as("three", 0), -(int64_t)STORE_ANSWER_NONE);
}

/* Were the runners told of anything since CONFIG RESETSTAT? */
static bool runners_were_told(void)
{
    struct cmd cmd;
    cmd_init(&cmd, "INFO");
    cmd_arg_str(&cmd, "commandstats");
    call(&cmd);
    return memmem(reply->text.data, reply->text.len, "cmdstat_publish:calls=1", 23) != NULL;
}

TEST(life_run_wakes_the_runners)
{
    create(JOB_ATMOST_ONCE);
    (void)ASK("CONFIG", "RESETSTAT");
    (void)run_as("one", 0);
    assert_true(runners_were_told());
}

/* Each asks every shard twice a minute in any case. */
TEST(life_create_wakes_the_runners_only_for_what_is_soon)
{
    (void)ASK("CONFIG", "RESETSTAT");
    assert_int_equal(create_at(JOB_ATMOST_ONCE, (struct wall_ms){redis_now().ms + 90000}), STORE_CREATED);
    assert_false(runners_were_told());
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(create_at(JOB_ATMOST_ONCE, (struct wall_ms){redis_now().ms + 30000}), STORE_CREATED);
    assert_true(runners_were_told());
}

/* ---- the index ---- */

static void make_many(int count)
{
    struct job job;
    for (int i = 0; i < count; i++) {
        enum store_creation creation;
        struct wall_ms now;
        struct cmd cmd;
        make_job(&job, zones, "0 7 * * *", JOB_ATMOST_ONCE, redis_now().ms);
        job.id = a;
        job.id.bytes[1] = (uint8_t)(i * 37);
        job.id.bytes[2] = (uint8_t)(i * 11);
        job.id.bytes[31] = (uint8_t)i;
        store_job_create(&cmd, &job, (struct wall_ms){now.ms = redis_now().ms + 90000});
        call(&cmd);
        assert_int_equal(store_job_create_reply(reply, &creation, &now, &info), ERR_OK);
        assert_int_equal(creation, STORE_CREATED);
    }
}

/* Go through all jobs, `limit` at a time: how many there are, each seen once. */
static int walk(int limit)
{
    struct store_job job = {0};
    struct job_id last;
    bool seen[256] = {false};
    int total = 0;
    size_t count = 1;
    while (count > 0) {
        struct store_job_head head;
        struct cmd cmd;
        store_job_page(&cmd, SHARD, total == 0 ? NULL : &last, limit);
        call(&cmd);
        assert_int_equal(store_job_page_reply(reply, &head, &info), ERR_OK);
        count = head.count;
        assert_true(count <= (size_t)limit);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(store_job_page_at(reply, i, &job, &info), ERR_OK);
            assert_false(seen[job.id.bytes[31]]);
            assert_true(slice_eq(job.fields.schedule, "0 7 * * *"));
            seen[job.id.bytes[31]] = true;
            last = job.id;
            total++;
        }
    }
    return total;
}

TEST(life_index_holds_each_job_once)
{
    make_many(200);
    assert_int_equal(walk(1), 200);
    assert_int_equal(walk(7), 200);
    assert_int_equal(walk(200), 200);
}

TEST(life_index_forgets_what_is_deleted)
{
    create(JOB_ATMOST_ONCE);
    assert_int_equal(ASK("BITCOUNT", TAG "jobs"), 1);
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    assert_int_equal(ASK("BITCOUNT", TAG "jobs"), 0);
    assert_int_equal(walk(10), 0);
}

TEST(life_index_takes_in_what_an_older_version_stored)
{
    create(JOB_ATMOST_ONCE);
    (void)ASK("DEL", TAG "jobs", TAG "jobs:261"); /* 'A' * 4 + 'A' / 64 */
    assert_int_equal(walk(10), 0);
    assert_int_equal(create_at(JOB_ATMOST_ONCE, soon_at), STORE_KNOWN);
    assert_int_equal(ASK("BITCOUNT", TAG "jobs"), 1);
}

TEST(life_index_loses_what_was_deleted_by_hand)
{
    make_many(100);
    create(JOB_ATMOST_ONCE);
    (void)ASK("DEL", TAG "job:" A);
    assert_int_equal(walk(3), 100);
}

/* ---- restored from a backup ---- */

static enum store_creation restore(const struct store_restored *restored)
{
    enum store_creation creation;
    struct wall_ms now;
    struct cmd cmd;
    make_job(&the_job, zones, "* * * * * *", JOB_ATLEAST_ONCE, redis_now().ms);
    the_job.id = a;
    store_job_restore(&cmd, &the_job, restored);
    call(&cmd);
    assert_int_equal(store_job_create_reply(reply, &creation, &now, &info), ERR_OK);
    return creation;
}

TEST(life_restored_as_paused_it_is_not_due)
{
    const struct store_restored paused = {
        .due = {INT64_MAX}, .state = slice_of("PAUSED"), .note = slice_of("n"), .changed = true};
    struct store_job job;
    size_t records;
    assert_int_equal(restore(&paused), STORE_CREATED);
    assert_int_equal(claim("r1"), 0);
    assert_true(get(&job, &records));
    assert_true(slice_eq(job.state, "PAUSED") && slice_eq(job.note, "n"));
    assert_int_equal(job.version, 2);
    assert_int_equal(job.due.ms, INT64_MAX);
    assert_int_equal(job.since.ms, job.created.ms);
    assert_int_equal(restore(&paused), STORE_CHANGED); /* it is there */
}

TEST(life_restored_as_active_it_is_as_created)
{
    const struct store_restored active = {.due = {redis_now().ms + 500}};
    struct store_job job;
    size_t records;
    assert_int_equal(restore(&active), STORE_CREATED);
    assert_true(get(&job, &records));
    assert_null(job.state.data);
    assert_int_equal(job.version, 1);
    assert_int_equal(claim("r1"), 1);
    assert_int_equal(restore(&active), STORE_KNOWN);
}
