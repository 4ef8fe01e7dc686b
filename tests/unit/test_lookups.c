/* Lookups: who asks, who waits, and for how long an answer is good. The name server is a fake. */
#include "http/lookups.h"

#include "fake_dns.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct lookups *lookups;
static int64_t now_ms;

/* ---- those who wait ---- */

static struct lookup_waiter waiters[8];
static int told[8];

static void on_done(void *arg, struct lookup_waiter *waiter)
{
    (void)arg;
    assert_null(waiter->lookup);
    told[waiter - waiters]++;
}

static struct mono_ms mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){now_ms};
}

static void set_up(void)
{
    now_ms = 1000;
    fake_question_count = 0;
    memset(waiters, 0, sizeof waiters);
    memset(told, 0, sizeof told);
    assert_int_equal(lookups_new(&lookups, NULL, (struct clock){.mono = mono}, on_done, NULL), ERR_OK);
}

static void tear_down(void)
{
    lookups_free(lookups);
}

EACH_TEST(set_up, tear_down);

static struct lookup *ask(const char *name)
{
    return lookups_ask(lookups, slice_of(name));
}

static void wait_for(const char *name, int waiter)
{
    struct lookup *lookup = ask(name);
    assert_non_null(lookup);
    assert_true(lookup->asking);
    lookups_wait(lookup, &waiters[waiter]);
}

/* A name that was found, and whose time to live is over. */
static struct lookup *old_one(void)
{
    (void)ask("a.test");
    fake_dns_answer(0, DNS_FOUND, "192.0.2.1", 5000);
    lookups_turn(lookups);
    now_ms += 5000;
    struct lookup *lookup = ask("a.test");
    assert_int_equal(fake_question_count, 2);
    return lookup;
}

TEST(lookups_are_for_names_only)
{
    static const struct {
        const char *host;
        bool needs;
    } table[] = {
        {"example.com", true}, {"example.com.", true},   {"a", true},
        {"1.a", true},         {"localhost.test", true}, {"notlocalhost", true},
        {"127.0.0.1", false},  {"[::1]", false},         {"localhost", false},
        {"LocalHost.", false}, {"x.localhost", false},   {"a.b.LOCALHOST", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (lookups_are_for(slice_of(table[i].host)) != table[i].needs) {
            fail_msg("%s", table[i].host);
        }
    }
}

TEST(lookups_ask_once_for_all_that_wait)
{
    wait_for("Example.com", 0);
    wait_for("EXAMPLE.COM", 1);
    wait_for("other.test", 2);
    assert_int_equal(fake_question_count, 2);
    assert_string_equal(fake_questions[0].name, "example.com");
    assert_int_equal(lookups_count(lookups), 2);
    fake_dns_answer(0, DNS_FOUND, "192.0.2.1,[2001:db8::1]", 30000);
    assert_int_equal(told[0] + told[1], 0); /* not before the turn */
    lookups_turn(lookups);
    assert_int_equal(told[0], 1);
    assert_int_equal(told[1], 1);
    assert_int_equal(told[2], 0);
    assert_int_equal(lookups_count(lookups), 1);
    assert_string_equal(ask("example.com")->addresses, "192.0.2.1,[2001:db8::1]");
    assert_int_equal(fake_question_count, 2);
}

TEST(lookups_who_leaves_is_not_told)
{
    for (int n = 0; n < 3; n++) {
        wait_for("a.test", n);
    }
    lookups_leave(&waiters[1]);
    lookups_leave(&waiters[1]); /* twice is fine */
    fake_dns_answer(0, DNS_ABSENT, "", 0);
    lookups_turn(lookups);
    assert_int_equal(told[0], 1);
    assert_int_equal(told[1], 0);
    assert_int_equal(told[2], 1);
}

/* How long an answer is good for. */
TEST(lookups_ask_again_when_an_answer_is_not_fresh)
{
    static const struct {
        enum dns_verdict verdict;
        int64_t ttl_ms;
        int64_t fresh_ms;
    } table[] = {
        {DNS_FOUND, 30000, 30000},
        {DNS_FOUND, 0, LOOKUPS_FRESH_MIN_MS},
        {DNS_FOUND, 86400000, LOOKUPS_FRESH_MAX_MS},
        {DNS_ABSENT, 0, LOOKUPS_ABSENT_MS},
        {DNS_FAILED, 0, LOOKUPS_ABSENT_MS},
        {DNS_SILENT, 0, LOOKUPS_SILENT_MS},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%zu.test", i);
        struct lookup *lookup = ask(name);
        fake_dns_answer(fake_question_count - 1, table[i].verdict,
                        table[i].verdict == DNS_FOUND ? "192.0.2.1" : "", table[i].ttl_ms);
        lookups_turn(lookups);
        now_ms += table[i].fresh_ms - 1;
        assert_ptr_equal(ask(name), lookup);
        assert_false(lookup->asking);
        assert_int_equal(lookup->state, table[i].verdict == DNS_FOUND ? LOOKUP_FOUND : LOOKUP_FAILED);
        now_ms += 1;
        assert_true(ask(name)->asking);
        fake_dns_answer(fake_question_count - 1, DNS_ABSENT, "", 0);
        lookups_turn(lookups);
    }
}

TEST(lookups_name_without_an_answer_fails_in_time_and_then_at_once)
{
    wait_for("silent.test", 0);
    now_ms += LOOKUPS_TIMEOUT_MS - 1;
    lookups_turn(lookups);
    assert_int_equal(told[0], 0);
    now_ms += 1;
    lookups_turn(lookups);
    assert_int_equal(told[0], 1);
    struct lookup *lookup = ask("silent.test");
    assert_int_equal(lookup->state, LOOKUP_FAILED);
    assert_string_equal(lookup->why, "no name server answers for it");
    assert_true(lookups_are_fresh(lookups, lookup));
    assert_int_equal(lookups_count(lookups), 1); /* it is still under way, for all that we know */
    assert_int_equal(fake_question_count, 1);
    fake_dns_answer(0, DNS_FOUND, "192.0.2.1", 30000); /* late, but good */
    lookups_turn(lookups);
    assert_int_equal(ask("silent.test")->state, LOOKUP_FOUND);
    assert_int_equal(lookups_count(lookups), 0);
}

TEST(lookups_old_addresses_serve_where_nobody_answers)
{
    struct lookup *lookup = old_one();
    assert_false(lookups_are_fresh(lookups, lookup));
    assert_true(lookups_have_old(lookups, lookup));
    fake_dns_answer(1, DNS_SILENT, "", 0);
    lookups_turn(lookups);
    assert_int_equal(lookup->state, LOOKUP_FAILED);
    assert_true(lookups_have_old(lookups, lookup));
    now_ms = 1000 + LOOKUPS_OLD_MS - 1;
    assert_true(lookups_have_old(lookups, lookup));
    now_ms += 1;
    assert_false(lookups_have_old(lookups, lookup));
}

TEST(lookups_old_addresses_go_where_a_name_server_says_so)
{
    struct lookup *lookup = old_one();
    fake_dns_answer(1, DNS_ABSENT, "", 0);
    assert_false(lookups_have_old(lookups, lookup));
}

TEST(lookups_under_way_are_bounded)
{
    (void)ask("known.test");
    fake_dns_answer(0, DNS_FOUND, "192.0.2.1", 1000);
    for (int n = 0; n < LOOKUPS_MAX; n++) {
        char name[24];
        (void)snprintf(name, sizeof name, "silent%d.test", n);
        assert_non_null(ask(name));
    }
    assert_null(ask("one-more.test"));
    now_ms += LOOKUPS_TIMEOUT_MS; /* no attempt waits for them any more, but they are there */
    lookups_turn(lookups);
    assert_null(ask("one-more.test"));
    struct lookup *known = ask("known.test");
    assert_non_null(known);
    assert_false(known->asking);
    assert_true(lookups_have_old(lookups, known));
    fake_dns_answer(1, DNS_SILENT, "", 0);
    assert_non_null(ask("one-more.test"));
}

TEST(lookups_remember_so_many_names)
{
    char name[24];
    wait_for("waited-for.test", 0);
    for (int n = 0; n < LOOKUPS_KEPT_MAX; n++) {
        (void)snprintf(name, sizeof name, "n%d.test", n);
        (void)ask(name);
        fake_dns_answer(1, DNS_FOUND, "192.0.2.1", 60000);
        lookups_turn(lookups);
        fake_question_count = 1;
    }
    assert_null(lookups_get(lookups, slice_of("n0.test")));
    assert_non_null(lookups_get(lookups, slice_of("n1.test")));
    assert_non_null(lookups_get(lookups, slice_of("waited-for.test")));
    lookups_leave(&waiters[0]);
}
