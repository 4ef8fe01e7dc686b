/* What attempts have for Redis: in batches, until Redis has it, and what its verdicts are. */
#include "run/outbox.h"

#include "heart_rig.h"
#include "test.h"

#define RUNS 1000

static struct attempt attempts[RUNS];
static enum store_verdict verdicts[RUNS];
static size_t verdict_count;

static void on_verdict(void *arg, struct attempt *attempt, enum store_verdict verdict)
{
    (void)arg;
    verdicts[attempt - attempts] = verdict;
    verdict_count++;
}

static void set_up(void)
{
    heart_open(1000, 100);
    outbox_on_verdict(&heart.outbox, on_verdict, NULL);
    memset(attempts, 0, sizeof attempts);
    verdict_count = 0;
    for (int i = 0; i < RUNS; i++) {
        memset(attempts[i].claim.job.bytes, 'j', JOB_ID_SIZE);
        attempts[i].claim = (struct store_attempt){
            .job = attempts[i].claim.job, .scheduled = {T0 + i}, .number = 1, .token = 1000 + i};
    }
}

static void tear_down(void)
{
    heart_close();
}

EACH_TEST(set_up, tear_down);

/* Attempt n enters state, in shard. */
static void put(int n, enum attempt_state state, unsigned shard)
{
    attempts[n].state = state;
    attempts[n].shard = shard;
    outbox_put(&heart.outbox, &attempts[n]);
}

static void put_many(int from, int count, enum attempt_state state, unsigned shard)
{
    for (int i = from; i < from + count; i++) {
        put(i, state, shard);
    }
}

static void turn(void)
{
    outbox_turn(&heart.outbox);
}

static bool has_attempt(const struct cmd *cmd, int n)
{
    char ticket[32];
    (void)snprintf(ticket, sizeof ticket, "1.%d", 1000 + n);
    return cmd_has(cmd, ticket);
}

/* As many verdicts as a batch may hold, all the same. */
static const struct reply *all(const char *verdict)
{
    const char *items[STORE_BATCH_MAX];
    for (size_t i = 0; i < STORE_BATCH_MAX; i++) {
        items[i] = verdict;
    }
    return make_array(items, STORE_BATCH_MAX);
}

/* ---- sending ---- */

TEST(outbox_sends_what_waits_for_the_same_in_one_command)
{
    put_many(0, 3, ATTEMPT_STARTING, 5);
    assert_int_equal(heart.link->count, 0); /* not before the turn */
    turn();
    assert_int_equal(heart.link->count, 1);
    const struct cmd *start = fake_link_first(heart.link, "start");
    assert_true(cmd_has(start, "dronc:{5}:due"));
    assert_true(has_attempt(start, 0) && has_attempt(start, 1) && has_attempt(start, 2));
}

TEST(outbox_sends_each_state_by_its_own_script)
{
    put(0, ATTEMPT_STARTING, 0);
    put(1, ATTEMPT_CONFIRMING, 0);
    put(2, ATTEMPT_FINISHING, 0);
    put(3, ATTEMPT_SKIPPING, 0);
    put(4, ATTEMPT_RELEASING, 0);
    turn();
    assert_true(has_attempt(fake_link_first(heart.link, "start"), 0));
    assert_true(has_attempt(fake_link_first(heart.link, "confirm"), 1));
    assert_true(has_attempt(fake_link_first(heart.link, "finish"), 2));
    assert_true(has_attempt(fake_link_first(heart.link, "skip"), 3));
    assert_true(has_attempt(fake_link_first(heart.link, "release"), 4));
}

TEST(outbox_sends_what_is_stateful_by_scripts_that_watch)
{
    attempts[0].job.stateful.overlap = attempts[1].job.stateful.overlap = OVERLAP_SKIP;
    attempts[2].is_notice = true;
    put(0, ATTEMPT_STARTING, 0);
    put(1, ATTEMPT_FINISHING, 0);
    put(2, ATTEMPT_FINISHING, 0);
    turn();
    assert_true(has_attempt(fake_link_first(heart.link, "start_stateful"), 0));
    assert_true(has_attempt(fake_link_first(heart.link, "finish_stateful"), 1));
    assert_true(has_attempt(fake_link_first(heart.link, "finish_notice"), 2));
}

/* It computes nothing: start and finish write the instant that the attempt has. */
TEST(outbox_writes_the_next_instant_that_the_run_has)
{
    attempts[0].following = attempts[1].following = (struct wall_ms){T0 + 60000};
    put(0, ATTEMPT_STARTING, 0);
    put(1, ATTEMPT_FINISHING, 0);
    turn();
    assert_true(cmd_has_number(fake_link_first(heart.link, "start"), T0 + 60000));
    assert_true(cmd_has_number(fake_link_first(heart.link, "finish"), T0 + 60000));
}

TEST(outbox_splits_what_is_more_than_a_batch)
{
    put_many(0, STORE_BATCH_MAX + 1, ATTEMPT_FINISHING, 5);
    turn();
    assert_int_equal(fake_link_count(heart.link, "finish"),
                     1); /* a queue once per turn: all get their chance */
    assert_int_equal(outbox_waiting(&heart.outbox), 1);
    turn();
    assert_int_equal(fake_link_count(heart.link, "finish"), 2);
    assert_true(has_attempt(fake_link_first(heart.link, "finish"), 0)); /* first in, first out */
    assert_false(has_attempt(fake_link_first(heart.link, "finish"), STORE_BATCH_MAX));
}

TEST(outbox_collects_while_enough_is_under_way)
{
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        put((int)shard, ATTEMPT_STARTING, shard);
    }
    turn();
    assert_int_equal(heart.link->count, OUTBOX_UNDER_WAY_MAX);
    put(100, ATTEMPT_STARTING, 15);
    turn();
    assert_int_equal(heart.link->count, OUTBOX_UNDER_WAY_MAX);
    fake_link_answer_all(heart.link, "start", all(DONE));
    turn();
    assert_int_equal(heart.link->count, OUTBOX_UNDER_WAY_MAX); /* the others, two of them together */
    assert_int_equal(outbox_waiting(&heart.outbox), 0);
}

TEST(outbox_withdraws_only_what_is_not_sent)
{
    put_many(0, 3, ATTEMPT_STARTING, 5);
    assert_true(outbox_withdraw(&heart.outbox, &attempts[1]));
    turn();
    assert_false(has_attempt(fake_link_first(heart.link, "start"), 1));
    assert_false(outbox_withdraw(&heart.outbox, &attempts[0]));
}

/* ---- verdicts ---- */

TEST(outbox_passes_on_the_verdict_on_each_run)
{
    put_many(0, 4, ATTEMPT_STARTING, 5);
    turn();
    fake_link_answer(heart.link, "start", MAKE_ARRAY(DONE, LOST, GONE, SETTLED));
    assert_int_equal(verdict_count, 4);
    assert_int_equal(verdicts[0], STORE_DONE);
    assert_int_equal(verdicts[1], STORE_LOST);
    assert_int_equal(verdicts[2], STORE_GONE);
    assert_int_equal(verdicts[3], STORE_SETTLED);
}

/* A claim that cannot be counted on is not called. */
TEST(outbox_takes_an_odd_verdict_for_a_lost_claim)
{
    put_many(0, 4, ATTEMPT_STARTING, 5);
    turn();
    fake_link_answer(heart.link, "start", MAKE_ARRAY("4", "yes", NULL)); /* and none for the fourth */
    assert_int_equal(verdict_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(verdicts[i], STORE_LOST);
    }
    assert_true(heart_logged("unreadable verdict"));
}

TEST(outbox_takes_an_odd_answer_for_lost_claims)
{
    put(0, ATTEMPT_STARTING, 5);
    turn();
    fake_link_answer(heart.link, "start", make_number(1));
    assert_int_equal(verdicts[0], STORE_LOST);
}

/* ---- trouble ---- */

TEST(outbox_waits_for_the_link)
{
    heart.link->up = false;
    put(0, ATTEMPT_FINISHING, 5);
    turn();
    assert_int_equal(outbox_waiting(&heart.outbox), 1);
    heart.link->up = true;
    turn();
    assert_true(has_attempt(fake_link_first(heart.link, "finish"), 0));
}

TEST(outbox_keeps_what_the_link_does_not_take)
{
    put_many(0, 2, ATTEMPT_FINISHING, 5);
    heart.link->refusal = ERR_BUSY;
    turn();
    assert_int_equal(outbox_waiting(&heart.outbox), 2);
    assert_true(outbox_withdraw(&heart.outbox, &attempts[0])); /* it is not under way */
    heart.link->refusal = ERR_OK;
    turn();
    assert_true(has_attempt(fake_link_first(heart.link, "finish"), 1));
    assert_false(attempts[1].sent_again);
}

/* What Redis did is not known: the scripts do nothing twice, so it is sent again. */
TEST(outbox_sends_again_what_got_no_answer)
{
    put_many(0, 2, ATTEMPT_FINISHING, 5);
    turn();
    fake_link_lose(heart.link);
    assert_int_equal(verdict_count, 0);
    assert_int_equal(outbox_waiting(&heart.outbox), 2);
    heart.link->up = true;
    turn();
    assert_true(has_attempt(fake_link_first(heart.link, "finish"), 0));
    assert_true(attempts[0].sent_again && attempts[1].sent_again);
    fake_link_answer(heart.link, "finish", all(DONE));
    assert_int_equal(verdict_count, 2);
}

TEST(outbox_pauses_only_the_queue_that_redis_refuses)
{
    put(0, ATTEMPT_FINISHING, 5);
    turn();
    fake_link_answer(heart.link, "finish", make_error("MISCONF the disk is full"));
    assert_int_equal(verdict_count, 0);
    assert_int_equal(heart.outbox.timer->at_ms, OUTBOX_RETRY_MS);
    put(1, ATTEMPT_FINISHING, 6);
    fake_at(OUTBOX_RETRY_MS - 1);
    turn();
    assert_int_equal(fake_link_count(heart.link, "finish"), 1);
    assert_true(has_attempt(fake_link_first(heart.link, "finish"), 1));
    fake_at(OUTBOX_RETRY_MS);
    turn();
    assert_int_equal(fake_link_count(heart.link, "finish"), 2);
    assert_false(attempts[0].sent_again); /* Redis has answered: it did nothing */
}

TEST(outbox_logs_trouble_once_and_its_end)
{
    put(0, ATTEMPT_FINISHING, 5);
    put(1, ATTEMPT_STARTING, 6);
    turn();
    fake_link_answer(heart.link, "start", make_error("READONLY"));
    fake_link_answer(heart.link, "finish", make_error("READONLY"));
    assert_int_equal(log_capture_lines(&heart.log), 1);
    fake_at(OUTBOX_RETRY_MS);
    turn();
    fake_link_answer(heart.link, "start", all(DONE));
    assert_int_equal(log_capture_lines(&heart.log), 1); /* the other one is still refused */
    fake_link_answer(heart.link, "finish", all(DONE));
    assert_int_equal(log_capture_lines(&heart.log), 2);
    assert_true(heart_logged("redis writes again"));
}
