/* The line for a person: what the runner does, and what it waits for. */
#include "status.h"

#include "heart_rig.h"
#include "test.h"

static struct lease lease;
static struct config config = {.redis_host = "127.0.0.1", .redis_port = 6379};
static struct status_of of;
static char text[STATUS_SIZE];

static void set_up(void)
{
    heart_open(100, 100);
    assert_int_equal(lease_init(&lease, &heart.context), ERR_OK);
    lease.until.ms = INT64_MAX;
    of = (struct status_of){.config = &config,
                            .link = heart.link,
                            .lease = &lease,
                            .attempts = &heart.attempts,
                            .outbox = &heart.outbox};
}

static void tear_down(void)
{
    heart_close();
    lease_fini(&lease);
}

EACH_TEST(set_up, tear_down);

static void assert_status(const char *expected)
{
    status_describe(text, &of);
    assert_string_equal(text, expected);
}

TEST(status_counts_calls_and_attempts)
{
    struct store_claimed claimed = make_claim(1000);
    assert_true(status_is_working(&of));
    assert_status("0 calls under way, 0 attempts held");
    heart_claim(&claimed);
    assert_status("0 calls under way, 1 attempts held");
}

TEST(status_says_what_redis_does_not_have_yet)
{
    struct store_claimed claimed = make_claim(1000);
    heart_claim(&claimed);
    attempts_drain(&heart.attempts);
    of.stopping = true;
    assert_status("stopping; 0 calls under way, 1 attempts held, 1 not yet sent to Redis");
}

TEST(status_says_why_the_runner_waits)
{
    lease.until.ms = 0;
    assert_false(status_is_working(&of));
    assert_status(
        "waiting for Redis at 127.0.0.1:6379: no heartbeat yet; 0 calls under way, 0 attempts held");
    lease.complained = true;
    assert_status(
        "waiting for Redis at 127.0.0.1:6379: it takes no heartbeat; 0 calls under way, 0 attempts held");
    heart.link->up = false;
    assert_status("waiting for Redis at 127.0.0.1:6379: it takes no heartbeat: connecting; "
                  "0 calls under way, 0 attempts held");
    (void)snprintf(heart.link->error, sizeof heart.link->error, "READONLY");
    assert_status("waiting for Redis at 127.0.0.1:6379: it takes no heartbeat: READONLY; "
                  "0 calls under way, 0 attempts held");
}

TEST(status_says_that_a_newer_version_is_there)
{
    lease.outdated = true;
    lease.level = 9;
    assert_status(
        "claiming nothing: a newer version uses this database (level 9, this runner reads up to 3); "
        "0 calls under way, 0 attempts held");
}
