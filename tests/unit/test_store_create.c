/* What the script that creates a job stores, refuses and leaves alone, and how its definition comes back. */
#include "script_rig.h"

#include <stdio.h>
#include <stdlib.h>

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

/* A value that only the field at index has. */
static void value_for(size_t index, char out[16])
{
    (void)snprintf(out, 16, "%s%zu", job_field_is_slice(job_field_at(index)) ? "text " : "10", index);
}

/* Each field has the value that value_for made for it. */
static void assert_fields(struct job_fields *fields)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        char expected[16];
        value_for(i, expected);
        if (job_field_is_slice(field)) {
            assert_true(slice_eq(*job_field_text(fields, field), expected));
        } else {
            assert_true(job_field_number(fields, field)->given);
            assert_int_equal(job_field_number(fields, field)->value, atoi(expected));
        }
    }
}

TEST(scripts_create_stores_a_job_once)
{
    assert_true(create(A, JOB_ATLEAST_ONCE, T0));
    assert_false(create_at(A, JOB_ATMOST_ONCE, T1, 2000));
    assert_int_equal(due_of(A), T0);
    assert_int_equal(ASK("HGET", TAG "job:" A, "created"), 1000);
    SAY("HGET", TAG "job:" A, "type");
    assert_true(slice_eq(reply->text, "ATLEAST_ONCE"));
    assert_int_equal(ASK("ZCARD", TAG "due"), 1);
}

TEST(scripts_create_after_a_deletion_makes_it_again)
{
    assert_true(create(A, JOB_ATMOST_ONCE, T0));
    SAY("DEL", TAG "job:" A);
    assert_true(create_at(A, JOB_ATMOST_ONCE, T1, 2000));
    assert_int_equal(due_of(A), T1);
}

/* A handler whose clock is wrong must not decide when a job begins. */
TEST(scripts_create_wants_the_time_to_be_redis_own)
{
    static const int64_t off_ms[] = {-3600000, -1500, 1500, 3600000};
    static struct job job;
    struct wall_ms now = {0};
    for (size_t i = 0; i < 4; i++) {
        struct wall_ms before = redis_now();
        make_job(&job, zones, "* * * * *", JOB_ATMOST_ONCE, before.ms + off_ms[i]);
        memcpy(job.id.bytes, A, JOB_ID_SIZE);
        assert_int_equal(store_as(&job, T0, &now), STORE_WRONG_TIME);
        assert_in_range(now.ms, before.ms, redis_now().ms);
        assert_int_equal(ASK("DBSIZE"), 0);
    }
    job.created = now;
    assert_int_equal(store_as(&job, T0, &now), STORE_CREATED);
    /* What is there stays as it is, whatever the time. */
    job.created.ms = 0;
    assert_int_equal(store_as(&job, T0, &now), STORE_KNOWN);
    assert_int_equal(due_of(A), T0);
}

TEST(scripts_create_at_a_wrong_time_leaves_a_broken_job_alone)
{
    static struct job job;
    struct wall_ms now;
    (void)create(A, JOB_ATMOST_ONCE, T0);
    SAY("ZADD", TAG "broken", "1", A);
    make_job(&job, zones, "* * * * *", JOB_ATMOST_ONCE, 1000);
    memcpy(job.id.bytes, A, JOB_ID_SIZE);
    assert_int_equal(store_as(&job, T1, &now), STORE_WRONG_TIME);
    assert_int_equal(ASK("ZCARD", TAG "broken"), 1);
    assert_int_equal(due_of(A), T0);
    assert_true(store(&job, T1));
    assert_int_equal(ASK("ZCARD", TAG "broken"), 0);
    assert_int_equal(due_of(A), T1);
}

/* Runners read back every field that a definition can have: the scripts and lib/job/job_fields.c agree on which
 * fields there are, and on their order. */
TEST(scripts_definition_comes_back_whole)
{
    struct store_pending pending;
    char cursor[STORE_CURSOR_SIZE];
    size_t count;
    struct cmd cmd;
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        char value[16];
        value_for(i, value);
        SAY("HSET", TAG "job:" A, job_field_at(i)->name, value);
    }
    store_due_page(&cmd, SHARD, "0");
    exchange(&cmd);
    assert_int_equal(store_due_page_reply(reply, cursor, &count, &info), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_due_page_at(reply, 0, &pending, &info), ERR_OK);
    assert_fields(&pending.fields);
    assert_int_equal(claim("me"), 1);
    assert_fields(&got.at[0].fields);
    assert_int_equal(got.at[0].created.ms, pending.created.ms);
}

/* The script stores each field under the name that runners read it by. */
TEST(scripts_create_stores_what_is_not_usual)
{
    struct job_fields fields = job_maker_fields("0 7 * * *", "http://example.com/x", "ATLEAST_ONCE");
    struct job_fault fault;
    static struct job job;
    fields.timezone = slice_of("Europe/Berlin");
    fields.catch_up_window_s = (struct job_number){true, 7200};
    fields.method = slice_of("POST");
    fields.headers = slice_of("{\"X-A\":\"b\"}");
    fields.body = slice_of("a\r\nb");
    assert_true(job_build(&job, &fields, (struct wall_ms){1000}, zones, &fault));
    memcpy(job.id.bytes, A, JOB_ID_SIZE);
    store(&job, T0);
    job_fini(&job);
    assert_int_equal(ASK("HLEN", TAG "job:" A), 9);
    assert_int_equal(claim("me"), 1);
    assert_true(slice_eq(got.at[0].fields.timezone, "Europe/Berlin"));
    assert_int_equal(got.at[0].fields.catch_up_window_s.value, 7200);
    assert_true(slice_eq(got.at[0].fields.method, "POST"));
    assert_true(slice_eq(got.at[0].fields.headers, "{\"X-A\":\"b\"}"));
    assert_true(slice_eq(got.at[0].fields.body, "a\r\nb"));
}

/* A field at its default takes no memory. */
TEST(scripts_create_stores_nothing_that_is_usual)
{
    (void)create(A, JOB_ATLEAST_ONCE, T0);
    (void)create(B, JOB_ATMOST_ONCE, T0);
    assert_int_equal(ASK("HLEN", TAG "job:" A), 4);
    assert_int_equal(ASK("HLEN", TAG "job:" B), 4);
}
