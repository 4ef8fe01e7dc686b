/* What Redis says that this runner holds, beside the attempts that it has: what is unknown goes back, what
 * was started and forgotten is ended. */
#include "cluster/reconcile.h"

#include "heart_rig.h"
#include "test.h"

static struct reconcile reconcile;

static void set_up(void)
{
    heart_open(100, 100);
    reconcile_init(&reconcile, &heart.context, &heart.attempts);
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

/* The field of a claim in Redis: an id of 32 bytes, and the instant. */
#define FIELD                          \
    "00000000000000000000000000000000" \
    "1772953200000"

/* Redis answers the oldest look with one claim; NULL: with none. */
static void answer(const char *claim)
{
    if (claim == NULL) {
        fake_link_answer(heart.link, "HGETALL", make_array(NULL, 0));
    } else {
        fake_link_answer(heart.link, "HGETALL", MAKE_ARRAY(FIELD, claim));
    }
}

static void assert_judged(bool started, int64_t token, enum reconcile_finding expected)
{
    static const int64_t tokens[] = {3, 5, 9};
    const struct store_claimed claim = {.attempt = {.token = token}, .started = started};
    assert_int_equal(reconcile_judge(&claim, tokens, 3), expected);
}

/* ---- what a claim means ---- */

TEST(reconcile_knows_a_claim_by_its_token)
{
    assert_judged(false, 5, RECONCILE_KNOWN);
    assert_judged(true, 5, RECONCILE_KNOWN);
    assert_judged(false, 4, RECONCILE_UNKNOWN);
    assert_judged(true, 4, RECONCILE_LOST);
    assert_int_equal(reconcile_judge(&(struct store_claimed){0}, (int64_t[]){0}, 0),
                     RECONCILE_UNKNOWN); /* no attempt */
}

/* ---- when it looks ---- */

TEST(reconcile_looks_at_all_shards_when_the_link_comes_up)
{
    reconcile_all(&reconcile);
    assert_int_equal(sent("HGETALL"), STORE_SHARDS);
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        char key[32];
        (void)snprintf(key, sizeof key, "dronc:{%u}:claimed:" RUNNER, shard);
        assert_true(cmd_has(&heart.link->waiting[shard].cmd, key));
    }
}

TEST(reconcile_looks_at_one_shard_with_each_heartbeat)
{
    reconcile_turn(&reconcile, 0);
    assert_int_equal(sent("HGETALL"), 0);
    reconcile_turn(&reconcile, 1);
    reconcile_turn(&reconcile, 1);
    assert_int_equal(sent("HGETALL"), 1);
    reconcile_turn(&reconcile, 2);
    assert_true(cmd_has(&heart.link->waiting[1].cmd, "dronc:{1}:claimed:" RUNNER));
}

/* ---- what it does ---- */

TEST(reconcile_hands_back_a_claim_whose_answer_was_lost)
{
    reconcile_turn(&reconcile, 1);
    answer("c 1.77 L 1772953200500 5");
    const struct cmd *release = fake_link_first(heart.link, "release");
    assert_true(cmd_has(release, "1.77"));
    assert_true(cmd_has_number(release, T0 + 500)); /* due when it was */
    assert_true(heart_logged("claims handed back whose answer was lost"));
}

/* Redis has lost the record: no other runner would ever end the call. */
TEST(reconcile_ends_a_started_claim_that_no_run_has)
{
    reconcile_turn(&reconcile, 1);
    answer("s 1.77 L 1772953200500 5");
    const struct cmd *recover = fake_link_first(heart.link, "recover");
    assert_true(cmd_has(recover, RUNNER));
    assert_true(cmd_has(recover, "1.77")); /* this one only */
    assert_int_equal(sent("release"), 0);  /* it may have been sent */
    assert_true(heart_logged("calls handed on whose record Redis has lost"));
}

TEST(reconcile_leaves_alone_what_a_run_has)
{
    struct store_claimed claimed = make_claim(1000);
    char text[64];
    memset(claimed.attempt.job.bytes, '0', JOB_ID_SIZE);
    assert_int_equal(attempts_add(&heart.attempts, store_shard(&claimed.attempt.job), &claimed), ERR_OK);
    (void)snprintf(text, sizeof text, "c 1.%lld L 1772953201000 5", (long long)claimed.attempt.token);
    reconcile_turn(&reconcile, 1);
    answer(text);
    text[0] = 's';
    reconcile_turn(&reconcile, 2);
    answer(text);
    assert_int_equal(heart.link->count, 0);
}

/* What another program left there must not hide the others of its shard. */
TEST(reconcile_hands_back_a_claim_behind_one_that_it_cannot_read)
{
    reconcile_turn(&reconcile, 1);
    fake_link_answer(heart.link, "HGETALL",
                     MAKE_ARRAY("gibberish", "", FIELD, "c", FIELD, "c 1.77 L 1772953200500 5"));
    assert_true(cmd_has(fake_link_first(heart.link, "release"), "1.77"));
    assert_int_equal(sent("release"), 1);
}

TEST(reconcile_does_nothing_without_an_answer_or_with_an_odd_one)
{
    reconcile_all(&reconcile);
    answer(NULL);
    answer("gibberish");
    fake_link_answer(heart.link, "HGETALL", make_error("LOADING"));
    fake_link_answer(heart.link, "HGETALL", make_number(3));
    assert_int_equal(sent("HGETALL"), heart.link->count);
    fake_link_lose(heart.link);
    assert_int_equal(reconcile.looks, 0);
    assert_int_equal(log_capture_lines(&heart.log), 0);
}

TEST(reconcile_logs_once_what_all_its_looks_found)
{
    reconcile_all(&reconcile);
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        answer("c 1.77 L 1772953200500 5");
    }
    assert_int_equal(sent("release"), STORE_SHARDS);
    assert_int_equal(log_capture_lines(&heart.log), 1);
    assert_true(heart_logged("\"count\":16"));
}
