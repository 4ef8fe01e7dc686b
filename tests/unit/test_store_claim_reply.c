/* Claims in Redis' replies, handed out or listed as held, are either understood or refused. */
#include "store/store_runner.h"

#include "reply_maker.h"
#include "store_ids.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct errinfo info;

/* What was read last. */
static struct {
    size_t count;
    struct store_claim_left left;
    struct store_claimed claimed;
} d;

static enum err decode_claim(const struct reply *r)
{
    return store_claim_reply(r, &d.left, &d.count, &info);
}

static enum err decode_held(const struct reply *r)
{
    return store_held_count(r, &d.count, &info);
}

#define PACKED(schedule, api, type) "0 " schedule "\n1 " api "\n2 " type "\n"
#define MINIMAL                     PACKED("9 0 7 * * *", "9 http://h/", "12 ATLEAST_ONCE")
#define CLAIM_HEAD                  ID "1772953200000 2.77 1772953200500 c 77 "
#define CLAIM                                       \
    CLAIM_HEAD PACKED("9 0 7 * * *", "9 http://h/", \
                      "11 ATMOST_ONCE") "3 13 Europe/Berlin\n4 3 all\n5 4 3600\n6 1 7\n9 9 two\nlines\n"

static enum err decode_one_claim(const char *text)
{
    return store_claim_at(MAKE_ARRAY("", "", text), 0, &d.claimed, &info);
}

TEST(store_claim_reply_counts_and_tells_the_next_instant)
{
    assert_int_equal(decode_claim(MAKE_ARRAY("", "")), ERR_OK);
    assert_int_equal(d.count, 0);
    assert_int_equal(d.left.next.ms, NONE);
    assert_false(d.left.backlog);
    assert_int_equal(decode_claim(MAKE_ARRAY("1772953200001", "1", CLAIM, CLAIM)), ERR_OK);
    assert_int_equal(d.count, 2);
    assert_int_equal(d.left.next.ms, T0 + 1);
    assert_true(d.left.backlog);
    const struct reply empty = {.kind = REPLY_ARRAY};
    assert_int_equal(decode_claim(&empty), ERR_PROTOCOL);
    assert_int_equal(decode_claim(MAKE_ARRAY("soon", "")), ERR_PROTOCOL);
    assert_int_equal(decode_claim(MAKE_ARRAY("")), ERR_PROTOCOL);
}

TEST(store_claim_at_reads_attempt_and_definition)
{
    assert_int_equal(decode_one_claim(CLAIM), ERR_OK);
    assert_memory_equal(d.claimed.attempt.job.bytes, ID, JOB_ID_SIZE);
    assert_int_equal(d.claimed.attempt.scheduled.ms, T0);
    assert_int_equal(d.claimed.attempt.number, 2);
    assert_int_equal(d.claimed.attempt.token, 77);
    assert_int_equal(d.claimed.due.ms, T0 + 500);
    assert_true(slice_eq(d.claimed.fields.schedule, "0 7 * * *"));
    assert_true(slice_eq(d.claimed.fields.api, "http://h/"));
    assert_true(slice_eq(d.claimed.fields.type, "ATMOST_ONCE"));
    assert_true(slice_eq(d.claimed.fields.timezone, "Europe/Berlin"));
    assert_true(slice_eq(d.claimed.fields.catch_up, "all"));
    assert_true(d.claimed.fields.catch_up_window_s.given);
    assert_int_equal(d.claimed.fields.catch_up_window_s.value, 3600);
    assert_true(d.claimed.fields.catch_up_max.given);
    assert_int_equal(d.claimed.fields.catch_up_max.value, 7);
    assert_true(slice_eq(d.claimed.fields.body, "two\nlines"));
    assert_int_equal(d.claimed.created.ms, 77);
    assert_false(d.claimed.from_retry);
}

TEST(store_claim_at_reads_an_attempt_from_retry)
{
    assert_int_equal(decode_one_claim(ID "5 1000000.9007199254740992 6 r 1 " MINIMAL), ERR_OK);
    assert_int_equal(d.claimed.attempt.number, STORE_ATTEMPT_MAX);
    assert_true(d.claimed.from_retry);
    assert_null(d.claimed.notice.data);
    assert_null(d.claimed.fields.timezone.data);
    assert_null(d.claimed.fields.catch_up.data);
    assert_false(d.claimed.fields.catch_up_window_s.given);
    assert_false(d.claimed.fields.catch_up_max.given);
}

TEST(store_claim_at_reads_a_notice)
{
    assert_int_equal(decode_one_claim(ID "5 1.7 6 n 1 13 f 3 o:f s:5\n?\n" MINIMAL), ERR_OK);
    assert_true(slice_eq(d.claimed.notice, "f 3 o:f s:5\n?"));
    assert_true(d.claimed.from_retry);
    assert_true(slice_eq(d.claimed.fields.api, "http://h/"));
    assert_int_equal(decode_one_claim(ID "5 1.7 6 n 1 " MINIMAL), ERR_OK);
    assert_int_equal(decode_one_claim(ID "5 1.7 6 n 1 "), ERR_PROTOCOL);
    assert_int_equal(decode_one_claim(ID "5 1.7 6 n 1 999 f\n"), ERR_PROTOCOL);
}

/* An id is 32 bytes of any value, and a blank is one. */
TEST(store_claim_at_reads_an_id_with_blanks)
{
    assert_int_equal(decode_one_claim("  efghijklmnopqrstuvwxyzABCDEFG 5 1.7 6 c 1 " MINIMAL), ERR_OK);
    assert_memory_equal(d.claimed.attempt.job.bytes, "  efghijklmnopqrstuvwxyzABCDEFG ", JOB_ID_SIZE);
    assert_int_equal(d.claimed.attempt.scheduled.ms, 5);
}

TEST(store_claim_at_past_the_end_is_refused)
{
    assert_int_equal(store_claim_at(MAKE_ARRAY("", "", CLAIM), 1, &d.claimed, &info), ERR_PROTOCOL);
    assert_int_equal(store_claim_at(MAKE_ARRAY("", "", NULL), 0, &d.claimed, &info), ERR_PROTOCOL);
}

/* The claim of a deleted job is read, because the runner must release it. */
TEST(store_claim_at_without_definition)
{
    assert_int_equal(decode_one_claim(ID "1 1.1 1 c  "), ERR_OK);
    assert_null(d.claimed.fields.schedule.data);
    assert_memory_equal(d.claimed.attempt.job.bytes, ID, JOB_ID_SIZE);
}

/* So is that of a broken job, because the runner must mark it. job_restore refuses an empty schedule. */
TEST(store_claim_at_with_a_broken_definition)
{
    static const char *const definitions[] = {
        "0 0 0 \n",
        "yesterday " MINIMAL,
        "77 " MINIMAL "5 0 \n",
        "77 " MINIMAL "5 7 an hour\n",
        "77 " MINIMAL "6 2 7 \n",
        "77 " MINIMAL "5 1 1\n6 3 1.5\n",
        "77 " MINIMAL "all",
        "77 " MINIMAL "4 3 all",
        "77 " MINIMAL "4 4 all\n",
        "77 " MINIMAL "4 -1 all\n",
        "77 " MINIMAL "400 3 all\n",
        "77 " MINIMAL "4 99999999999999999999 all\n",
        "77 " MINIMAL "4",
        "77 " MINIMAL "4 3 all\n4",
        "77 ",
        "77",
        "77 1 9 http://h/\n2 12 ATLEAST_ONCE\n",
    };
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, ID "1 1.1 1 c %s", definitions[i]);
        assert_int_equal(decode_one_claim(text), ERR_OK);
        assert_non_null(d.claimed.fields.schedule.data);
        assert_int_equal(d.claimed.fields.schedule.len, 0);
    }
}

TEST(store_claim_at_refuses_garbage)
{
    static const char *const tickets[] = {"0.1", "-1.1", "1000001.1", "4294967297.1", "9223372036854775807.1",
                                          "1",   "1.",   ".1",        "1.x",          "1.1.1"};
    static const char *const heads[] = {"",         "short 1 1.1 1 c 77 ", ID, ID " ", ID "1", ID "1 1.1",
                                        ID "1 1.1 "};
    char text[256];
    for (size_t i = 0; i < GARBAGE_COUNT; i++) {
        const char *number = GARBAGE_NUMBERS[i] != NULL ? GARBAGE_NUMBERS[i] : "-";
        (void)snprintf(text, sizeof text, ID "%s 1.1 1 c 77 " MINIMAL, number);
        assert_int_equal(decode_one_claim(text), ERR_PROTOCOL);
        (void)snprintf(text, sizeof text, ID "1 1.1 %s c 77 " MINIMAL, number);
        assert_int_equal(decode_one_claim(text), ERR_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof tickets / sizeof tickets[0]; i++) {
        (void)snprintf(text, sizeof text, ID "1 %s 1 c 77 " MINIMAL, tickets[i]);
        assert_int_equal(decode_one_claim(text), ERR_PROTOCOL);
    }
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        assert_int_equal(decode_one_claim(heads[i]), ERR_PROTOCOL);
    }
}

TEST(store_held_reads_claims)
{
    const struct reply *reply =
        MAKE_ARRAY(ID "1772953200000", "s 3.42 L 1772953200500 77", ID "-5", "c 1.1 M 9");
    assert_int_equal(decode_held(reply), ERR_OK);
    assert_int_equal(d.count, 2);
    assert_int_equal(store_held_at(reply, 0, &d.claimed, &info), ERR_OK);
    assert_memory_equal(d.claimed.attempt.job.bytes, ID, JOB_ID_SIZE);
    assert_int_equal(d.claimed.attempt.scheduled.ms, T0);
    assert_int_equal(d.claimed.attempt.number, 3);
    assert_int_equal(d.claimed.attempt.token, 42);
    assert_true(d.claimed.started);
    assert_int_equal(d.claimed.due.ms, T0 + 500);
    assert_int_equal(store_held_at(reply, 1, &d.claimed, &info), ERR_OK);
    assert_false(d.claimed.started);
    assert_int_equal(d.claimed.attempt.scheduled.ms, -5);
    assert_int_equal(store_held_at(reply, 2, &d.claimed, &info), ERR_PROTOCOL);
    assert_int_equal(decode_held(MAKE_ARRAY(ID "1")), ERR_PROTOCOL);
}

TEST(store_held_refuses_garbage)
{
    static const char *const rows[][2] = {
        {ID, "c 1.1 M 5 0"},
        {"short", "c 1.1 M 5 0"},
        {NULL, "c 1.1 M 5 0"},
        {ID "x", "c 1.1 M 5 0"},
        {ID "1x", "c 1.1 M 5 0"},
        {ID "1", NULL},
        {ID "1", ""},
        {ID "1", "c"},
        {ID "1", "c 1.1"},
        {ID "1", "c 1.1 M"},
        {ID "1", "c 1.1 M "},
        {ID "1", "c x.1 M 5 0"},
        {ID "1", "c 0.1 M 5 0"},
        {ID "1", "c -1.1 M 5 0"},
        {ID "1", "c 1000001.1 M 5 0"},
        {ID "1", "c 1.1 M x 0"},
        {ID "1", "c  1.1 M 5 0"},
        {ID "1", " "},
        {ID "1", "c 1 M 5 0"},
        {ID "1", "c 1. M 5 0"},
        {ID "1", "c 1.x M 5 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (store_held_at(MAKE_ARRAY(rows[i][0], rows[i][1]), 0, &d.claimed, &info) != ERR_PROTOCOL) {
            fail_msg("row %zu was read", i);
        }
    }
}
