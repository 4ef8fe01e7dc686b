/* The life of an occurrence in the runner, from its claim to its record: between a Redis, a target and a
 * clock that do what a test says. */
#include "run/attempts.h"

#include "heart_rig.h"
#include "test.h"

#define INSTANT 1000 /* when the occurrences of these tests are due, in ms after the test began */
#define LEAD    (INSTANT - ATTEMPTS_START_LEAD_MS)

/* A hundred calls at once, two to one host. */
static void set_up(void)
{
    heart_open(100, 2);
}

static void tear_down(void)
{
    heart_close();
}

EACH_TEST(set_up, tear_down);

static size_t sent(const char *name)
{
    return fake_link_count(heart.link, name);
}

/* An occurrence that is claimed, and whose start waits for Redis' answer. */
static void claim_and_ask(struct store_claimed claimed)
{
    heart_claim(&claimed);
    heart_at(LEAD);
    assert_int_equal(sent("start") + sent("start_stateful"), 1);
}

/* One that is being called. */
static void claim_and_call(struct store_claimed claimed)
{
    claim_and_ask(claimed);
    heart_answer(sent("start") > 0 ? "start" : "start_stateful", DONE);
    heart_at(INSTANT);
}

static struct store_claimed watched(const char *overlap)
{
    struct store_claimed claimed = make_claim(INSTANT);
    claimed.fields.overlap = slice_of(overlap);
    return claimed;
}

static void assert_over(void)
{
    assert_int_equal(attempts_count(&heart.attempts), 0);
    assert_int_equal(attempts_calling(&heart.attempts), 0);
    assert_int_equal(heart.attempts.gate.inside + heart.attempts.gate.outside, 0);
}

/* ---- from the claim to the call ---- */

TEST(attempts_asks_for_the_start_shortly_before_the_instant)
{
    struct store_claimed claimed = make_claim(INSTANT);
    heart_claim(&claimed);
    assert_int_equal(heart.attempts.alarm->at_ms, LEAD);
    heart_at(LEAD - 1);
    assert_int_equal(sent("start"), 0);
    heart_at(LEAD);
    assert_int_equal(sent("start"), 1);
    assert_true(
        cmd_has_number(fake_link_first(heart.link, "start"), T0 + 60000)); /* the job's next instant */
}

TEST(attempts_calls_at_the_instant_once_the_start_is_acknowledged)
{
    claim_and_ask(make_claim(INSTANT));
    heart_answer("start", DONE);
    assert_int_equal(heart.attempts.alarm->at_ms, INSTANT);
    heart_at(INSTANT - 1);
    assert_int_equal(fake_call_count, 0);
    heart_at(INSTANT);
    assert_int_equal(fake_call_count, 1);
    assert_string_equal(fake_calls[0].url, "http://192.0.2.1/");
}

/* Start before send: a call that Redis knows nothing of could be made twice. */
TEST(attempts_sends_nothing_before_the_start_is_acknowledged)
{
    claim_and_ask(make_claim(INSTANT));
    heart_at(INSTANT + 2000);
    assert_int_equal(fake_call_count, 0);
    fake_link_lose(heart.link); /* whether it was started is not known now */
    heart_turn();
    heart.link->up = true;
    heart_turn();
    assert_int_equal(fake_call_count, 0);
    assert_int_equal(sent("start"), 1);
    heart_answer("start", DONE); /* perhaps it was, two seconds ago */
    assert_int_equal(fake_call_count, 0);
    heart_answer("confirm", DONE);
    assert_int_equal(fake_call_count, 1);
}

/* Its start was acknowledged in time, but its instant comes later than it was to come then. */
TEST(attempts_hands_back_what_has_waited_and_is_not_wanted_any_more)
{
    claim_and_ask(make_claim(INSTANT));
    heart_answer("start", DONE);
    heart_at(INSTANT + ATTEMPT_STARTED_MS);
    assert_int_equal(fake_call_count, 0);
    heart_answer("confirm", GONE);
    assert_int_equal(fake_call_count, 0);
    heart_answer("release", DONE);
    assert_int_equal(fake_call_count, 0);
}

TEST(attempts_calls_nothing_that_redis_did_not_start)
{
    static const char *const verdicts[] = {LOST, GONE, SETTLED, "no verdict"};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        fake_at(0);
        claim_and_ask(make_claim(INSTANT));
        heart_answer("start", verdicts[i]);
        heart_at(INSTANT);
        assert_int_equal(fake_call_count, 0);
        assert_int_equal(heart.link->count, 0);
        assert_over();
    }
}

TEST(attempts_tells_due_of_the_next_instant_once_it_is_written)
{
    claim_and_ask(make_claim(INSTANT));
    assert_int_equal(heart.due_count, 0);
    heart_answer("start", DONE);
    assert_int_equal(heart.due_count, 1);
    assert_int_equal(heart.due_at.ms, T0 + 60000);
    fake_at(0);
    claim_and_ask(make_claim(INSTANT));
    heart_answer("start", SETTLED); /* not called, but its job goes on */
    assert_int_equal(heart.due_count, 2);
    fake_at(0);
    claim_and_ask(make_claim(INSTANT));
    heart_answer("start", GONE);
    assert_int_equal(heart.due_count, 2);
}

TEST(attempts_waits_for_the_address_of_a_name)
{
    struct store_claimed claimed = make_claim(INSTANT);
    claimed.fields.api = slice_of("http://example.com/");
    heart_claim(&claimed);
    assert_int_equal(fake_question_count, 1);
    assert_string_equal(fake_questions[0].name, "example.com");
    assert_int_equal(attempts_load(&heart.attempts).placed, 0); /* it takes no place meanwhile */
    heart_at(LEAD);
    assert_int_equal(sent("start"), 0);
    fake_dns_answer(0, DNS_FOUND, "192.0.2.7", 60000);
    heart_turn();
    assert_int_equal(attempts_load(&heart.attempts).placed, 1);
    assert_int_equal(sent("start"), 1);
}

/* ---- the record ---- */

TEST(attempts_records_a_success_and_is_done)
{
    claim_and_call(make_claim(INSTANT));
    heart_at(INSTANT + 40);
    fake_call_answer(0, 200);
    heart_turn();
    const struct cmd *finish = fake_link_first(heart.link, "finish");
    assert_true(cmd_has_number(finish, T0 + 60000)); /* the same as start wrote */
    assert_int_equal(attempts_calling(&heart.attempts), 0);
    assert_int_equal(attempts_count(&heart.attempts), 1); /* until Redis has it */
    heart_answer("finish", DONE);
    assert_over();
}

TEST(attempts_keeps_a_record_until_redis_has_it)
{
    claim_and_call(make_claim(INSTANT));
    fake_link_lose(heart.link);
    fake_call_answer(0, 200);
    heart_at(INSTANT + 60000);
    assert_int_equal(attempts_count(&heart.attempts), 1);
    heart.link->up = true;
    heart_turn();
    heart_answer("finish", DONE);
    assert_over();
}

TEST(attempts_tells_due_of_a_retry)
{
    claim_and_call(make_claim(INSTANT));
    heart.due_count = 0;
    fake_call_fail(0, HTTP_ERROR_CONNECT, false);
    heart_turn();
    int64_t retry_ms = LIST_OWNER(heart.attempts.all.first, struct attempt, in_set)->next_due.ms;
    assert_true(cmd_has_number(fake_link_first(heart.link, "finish"), retry_ms));
    assert_int_equal(heart.due_count, 0);
    heart_answer("finish", DONE);
    assert_int_equal(heart.due_count, 1);
    assert_int_equal(heart.due_at.ms, retry_ms);
}

TEST(attempts_retries_nothing_whose_record_is_refused)
{
    claim_and_call(make_claim(INSTANT));
    heart.due_count = 0;
    fake_call_fail(0, HTTP_ERROR_CONNECT, false);
    heart_turn();
    heart_answer("finish", LOST); /* another runner has taken the claim over */
    assert_int_equal(heart.due_count, 0);
    assert_true(heart_logged("record refused"));
    assert_over();
}

TEST(attempts_records_a_call_that_could_not_be_started)
{
    claim_and_ask(make_claim(INSTANT));
    heart_answer("start", DONE);
    fake_calls_fail = true;
    heart_at(INSTANT);
    assert_int_equal(sent("finish"), 1);
}

/* ---- the lease ---- */

TEST(attempts_hands_back_what_is_not_sent_when_the_lease_is_lost)
{
    struct store_claimed claimed = make_claim(INSTANT);
    heart_claim(&claimed);
    attempts_set_lease(&heart.attempts, false);
    heart_turn();
    assert_true(cmd_has_number(fake_link_first(heart.link, "release"), T0 + INSTANT));
    heart_answer("release", DONE);
    /* any runner with a lease may claim it: perhaps we again */
    assert_int_equal(heart.due_at.ms, T0 + INSTANT);
    assert_over();
}

TEST(attempts_withdraws_a_start_that_has_not_left)
{
    struct store_claimed claimed = make_claim(INSTANT);
    heart_claim(&claimed);
    heart.link->refusal = ERR_BUSY;
    heart_at(LEAD);
    attempts_set_lease(&heart.attempts, false);
    heart.link->refusal = ERR_OK;
    heart_turn();
    assert_int_equal(sent("start"), 0);
    assert_int_equal(sent("release"), 1);
}

TEST(attempts_hands_back_a_start_that_is_answered_after_the_lease_was_lost)
{
    claim_and_ask(make_claim(INSTANT));
    attempts_set_lease(&heart.attempts, false);
    heart_turn();
    assert_int_equal(sent("release"), 0); /* what Redis makes of the start decides */
    fake_at(INSTANT);
    heart_answer("start", DONE);
    assert_int_equal(fake_call_count, 0);
    assert_int_equal(sent("release"), 1);
}

/* A machine that was asleep: by the time it wakes, the instant is over and so is the lease. */
TEST(attempts_sends_nothing_after_a_sleep_that_outlasted_the_lease)
{
    claim_and_ask(make_claim(INSTANT));
    heart_answer("start", DONE);
    fake_pass(3600000);
    attempts_set_lease(&heart.attempts, false); /* the turn asks the lease first: test_lease.c */
    heart_turn();
    assert_int_equal(fake_call_count, 0);
    assert_int_equal(sent("release"), 1);
    assert_int_equal(heart.attempts.alarm->at_ms, FAKE_UNSET);
}

TEST(attempts_finishes_what_was_sent_before_the_lease_was_lost)
{
    claim_and_call(make_claim(INSTANT));
    attempts_set_lease(&heart.attempts, false);
    heart_turn();
    assert_false(fake_calls[0].cancelled);
    fake_call_answer(0, 200);
    heart_turn();
    assert_int_equal(sent("finish"), 1); /* Redis decides whether the claim is still ours */
    assert_int_equal(sent("release"), 0);
}

/* ---- draining ---- */

TEST(attempts_drain_hands_back_what_is_not_sent_and_waits_for_calls)
{
    claim_and_call(make_claim(INSTANT));
    struct store_claimed claimed = make_claim(INSTANT + 500);
    heart_claim(&claimed);
    attempts_drain(&heart.attempts);
    heart_at(INSTANT + 500);
    assert_int_equal(sent("release"), 1);
    assert_int_equal(sent("start"), 0);
    assert_int_equal(attempts_calling(&heart.attempts), 1);
    attempts_abort(&heart.attempts);
    assert_true(fake_calls[0].cancelled);
}

TEST(attempts_drain_hands_back_what_is_claimed_meanwhile)
{
    attempts_drain(&heart.attempts);
    struct store_claimed claimed = make_claim(INSTANT); /* Redis had this claim before it knew */
    heart_claim(&claimed);
    assert_int_equal(sent("release"), 1);
}

/* ---- cancelled by a later occurrence ---- */

TEST(attempts_cancel_ends_what_waits_for_its_instant)
{
    struct store_claimed claimed = watched("cancel");
    claim_and_ask(claimed);
    heart_answer("start_stateful", DONE);
    attempts_cancel(&heart.attempts, &claimed.attempt);
    heart_at(INSTANT);
    assert_int_equal(fake_call_count, 0);
    assert_int_equal(heart.link->count, 0); /* nothing is recorded: the later one has done that */
    assert_over();
}

TEST(attempts_cancel_aborts_a_call_and_records_nothing)
{
    struct store_claimed claimed = watched("cancel");
    claim_and_call(claimed);
    heart_answer("confirm", DONE);
    attempts_cancel(&heart.attempts, &claimed.attempt);
    assert_true(fake_calls[0].cancelled);
    fake_call_fail(0, HTTP_ERROR_ABORTED, true);
    heart_turn();
    assert_int_equal(heart.link->count, 0);
    assert_over();
}

TEST(attempts_cancel_is_for_one_claim_only)
{
    struct store_claimed claimed = make_claim(INSTANT);
    claim_and_call(claimed);
    claimed.attempt.token++;
    attempts_cancel(&heart.attempts, &claimed.attempt); /* another claim of the same occurrence */
    assert_false(fake_calls[0].cancelled);
}

TEST(attempts_confirms_where_a_later_occurrence_may_have_the_claim)
{
    claim_and_call(watched("cancel"));
    assert_int_equal(fake_call_count, 0);
    heart_answer("confirm", LOST);
    assert_int_equal(fake_call_count, 0);
    assert_over();
    fake_at(0);
    claim_and_call(watched("cancel"));
    heart_answer("confirm", DONE);
    assert_int_equal(fake_call_count, 1);
}

/* A process that was stopped finds an answer that tells what was so before. */
TEST(attempts_confirms_again_where_the_answer_is_old)
{
    claim_and_call(watched("cancel"));
    fake_pass(ATTEMPT_CONFIRMED_MS + 1);
    heart_answer("confirm", DONE);
    assert_int_equal(fake_call_count, 0);
    assert_int_equal(sent("confirm"), 1);
    heart_answer("confirm", DONE);
    assert_int_equal(fake_call_count, 1);
}

/* ---- too late, and broken ---- */

TEST(attempts_skips_a_gap_and_is_due_behind_it)
{
    struct store_claimed claimed = make_claim(-10 * 60000);
    claimed.fields.catch_up = slice_of("latest");
    heart_claim(&claimed);
    assert_true(cmd_has_number(fake_link_first(heart.link, "skip"), T0)); /* the last of them is called */
    assert_int_equal(sent("start"), 0);
    heart_answer("skip", DONE);
    assert_int_equal(heart.due_at.ms, T0);
    assert_true(heart_logged("occurrences missed"));
    assert_over();
}

TEST(attempts_records_as_missed_what_was_handed_back_and_is_too_old)
{
    struct store_claimed claimed = make_claim(-26 * INT64_C(3600000));
    claimed.from_retry = true;
    heart_claim(&claimed);
    assert_int_equal(sent("finish"), 1);
    assert_int_equal(sent("skip"), 0); /* the job has gone on long ago */
}

TEST(attempts_reports_a_job_that_cannot_be_read)
{
    struct store_claimed claimed = make_claim(INSTANT);
    claimed.fields.schedule = slice_of("now and then");
    heart_claim(&claimed);
    assert_string_not_equal(heart.broken, "");
    assert_over();
}

TEST(attempts_hands_back_a_claim_whose_job_is_gone)
{
    struct store_claimed claimed = make_claim(INSTANT);
    claimed.fields.schedule = (struct slice){NULL, 0};
    heart_claim(&claimed);
    assert_int_equal(sent("release"), 1);
}

/* ---- hosts that let nothing more through ---- */

TEST(attempts_puts_off_what_its_host_lets_not_through)
{
    for (int i = 0; i < 4; i++) {
        struct store_claimed claimed = make_claim(INSTANT);
        heart_claim(&claimed);
    }
    assert_int_equal(attempts_load(&heart.attempts).placed, 2);
    assert_int_equal(attempts_load(&heart.attempts).outside, 2);
    heart_at(LEAD);
    fake_link_answer(heart.link, "start", MAKE_ARRAY(DONE, DONE));
    heart_at(INSTANT);
    assert_int_equal(fake_call_count, 2);
    heart_at(INSTANT + ATTEMPTS_QUEUE_MS - 1);
    assert_int_equal(sent("release"), 0);
    heart_at(INSTANT + ATTEMPTS_QUEUE_MS);
    assert_int_equal(sent("release"), 1); /* both, in one batch */
    assert_false(cmd_has_number(fake_link_first(heart.link, "release"), T0 + INSTANT)); /* due later */
    assert_true(heart_logged("calls put off"));
}

TEST(attempts_lets_in_what_waits_when_a_call_ends)
{
    for (int i = 0; i < 3; i++) {
        struct store_claimed claimed = make_claim(INSTANT);
        heart_claim(&claimed);
    }
    heart_at(LEAD);
    fake_link_answer(heart.link, "start", MAKE_ARRAY(DONE, DONE));
    heart_at(INSTANT);
    fake_call_answer(0, 200);
    heart_turn();
    heart_turn();
    assert_int_equal(sent("start"), 1);
}

static void claim_at(int64_t at_ms, const char *url)
{
    struct store_claimed claimed = make_claim(at_ms);
    claimed.fields.api = slice_of(url);
    heart_claim(&claimed);
}

/* Many that may hang begin at the same instant: those of a host that answers do not wait for them. */
TEST(attempts_of_a_host_that_answers_come_first)
{
    claim_and_call(make_claim(INSTANT));
    fake_call_answer(0, 200);
    heart_turn();
    heart_answer("finish", DONE);
    claim_at(2 * INSTANT, "http://192.0.2.2/");
    claim_at(2 * INSTANT, "http://192.0.2.3/");
    claim_at(2 * INSTANT, "http://192.0.2.1/");
    claim_at(2 * INSTANT, "http://192.0.2.4/");
    heart_at(INSTANT + LEAD);
    fake_link_answer(heart.link, "start", MAKE_ARRAY(DONE, DONE, DONE, DONE));
    heart_at(2 * INSTANT);
    assert_int_equal(fake_call_count, 5);
    assert_string_equal(fake_calls[1].url, "http://192.0.2.1/");
}

/* ---- how many there are ---- */

TEST(attempts_counts_a_backlog_and_its_tokens)
{
    struct store_claimed late = make_claim(-ATTEMPTS_BACKLOG_MS - 1);
    struct store_claimed fresh = make_claim(INSTANT);
    int64_t tokens[2];
    heart_claim(&late);
    heart_claim(&fresh);
    assert_int_equal(attempts_load(&heart.attempts).backlog, 1);
    assert_int_equal(attempts_tokens(&heart.attempts, 0, tokens), 2);
    assert_int_equal(tokens[0] + tokens[1], late.attempt.token + fresh.attempt.token);
    assert_int_equal(attempts_tokens(&heart.attempts, 1, tokens), 0);
}

TEST(attempts_uses_a_zone_until_the_next_instant_is_written)
{
    struct store_claimed claimed = make_claim(INSTANT);
    const struct zone *zone;
    claimed.fields.timezone = slice_of("Europe/Berlin");
    assert_int_equal(zones_get(heart.context.zones, "Europe/Berlin", 13, &zone), ZONE_OK);
    claim_and_ask(claimed);
    assert_true(attempts_use_zone(&heart.attempts, zone));
    heart_answer("start", DONE);
    assert_false(attempts_use_zone(&heart.attempts, zone));
}
