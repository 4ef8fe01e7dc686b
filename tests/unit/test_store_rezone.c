/* Moving next instants: what goes to Redis names the right keys, and whatever comes back is understood or
 * refused. */
#include "store/store_job.h"
#include "store/store_rezone.h"

#include "actor.h"
#include "job_maker.h"
#include "reply_maker.h"
#include "test.h"

#include <string.h>

/* An id whose first byte is 'c' (99): shard 3. */
#define ID    "cdefghijklmnopqrstuvwxyzABCDEFGH"
#define ENTRY ID, "1772953200000", "77.2", "77", "0 9 * * *", "http://h/", "ATMOST_ONCE"
#define USUAL NULL, NULL, NULL, NO_OTHER_FIELDS /* nothing about catching up, or anything else */

static void assert_arguments(const struct cmd *cmd, const char *const *expected, size_t count, size_t keys)
{
    assert_int_equal(cmd->argc, count);
    assert_int_equal(cmd->script->key_count, keys);
    for (size_t i = 0; i < count; i++) {
        assert_true(slice_eq(cmd_argument(cmd, i), expected[i]));
    }
}

TEST(due_page_names_its_shard)
{
    static const char *const EXPECTED[] = {"dronc:{3}:due", "dronc:{3}:job:", "42", "64"};
    struct cmd cmd;
    store_due_page(&cmd, 3, "42");
    assert_string_equal(cmd.script->name, "due_page");
    assert_arguments(&cmd, EXPECTED, 4, 1);
    cmd_fini(&cmd);
}

TEST(rezone_compares_before_it_sets)
{
    static const char *const EXPECTED[] = {"dronc:{3}:due",  "dronc:{3}:executions", "3",
                                           "dronc:{3}:job:", "dronc:{3}:history:",   ID,
                                           "77.2",           "1772953200000",        "1772956800000"};
    struct store_pending pending = {.due = {1772953200000}, .stamp = slice_of("77.2")};
    struct cmd cmd;
    memcpy(pending.job.bytes, ID, JOB_ID_SIZE);
    store_rezone(&cmd, 3);
    store_rezone_add(&cmd, &pending, (struct wall_ms){1772956800000});
    assert_string_equal(cmd.script->name, "rezone");
    assert_arguments(&cmd, EXPECTED, 9, 2);
    cmd_fini(&cmd);
}

TEST(job_create_stores_the_zone_but_utc)
{
    static const char *const TABLE[][2] = {
        {"0 9 * * *", NULL}, {"TZ=UTC 0 9 * * *", NULL}, {"TZ=Europe/Berlin 0 9 * * *", "Europe/Berlin"}};
    struct zones *zones = zones_new(JOB_MAKER_ZONES);
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct job job;
        struct cmd cmd;
        make_job(&job, zones, TABLE[i][0], JOB_ATMOST_ONCE, 0);
        store_job_create(&cmd, &job, (struct wall_ms){1}, SOMEONE);
        bool stored = slice_eq(cmd_argument(&cmd, cmd.argc - 2), "timezone");
        assert_int_equal(stored, TABLE[i][1] != NULL);
        assert_true(!stored || slice_eq(cmd_argument(&cmd, cmd.argc - 1), TABLE[i][1]));
        cmd_fini(&cmd);
    }
    zones_free(zones);
}

TEST(due_page_reply_is_read)
{
    const struct reply *reply =
        MAKE_ARRAY("17", ENTRY, "Europe/Berlin", "latest", "60", NULL, NO_OTHER_FIELDS, ENTRY, NULL, USUAL);
    char cursor[STORE_CURSOR_SIZE];
    struct store_pending pending;
    struct errinfo info;
    size_t count;
    assert_int_equal(store_due_page_reply(reply, cursor, &count, &info), ERR_OK);
    assert_string_equal(cursor, "17");
    assert_int_equal(count, 2);
    assert_int_equal(store_due_page_at(reply, 0, &pending, &info), ERR_OK);
    assert_memory_equal(pending.job.bytes, ID, JOB_ID_SIZE);
    assert_int_equal(pending.due.ms, 1772953200000);
    assert_int_equal(pending.created.ms, 77);
    assert_true(slice_eq(pending.stamp, "77.2"));
    assert_true(slice_eq(pending.fields.schedule, "0 9 * * *"));
    assert_true(slice_eq(pending.fields.api, "http://h/"));
    assert_true(slice_eq(pending.fields.type, "ATMOST_ONCE"));
    assert_true(slice_eq(pending.fields.timezone, "Europe/Berlin"));
    assert_true(slice_eq(pending.fields.catch_up, "latest"));
    assert_int_equal(pending.fields.catch_up_window_s.value, 60);
    assert_int_equal(store_due_page_at(reply, 1, &pending, &info), ERR_OK);
    assert_null(pending.fields.timezone.data);
    assert_int_equal(store_due_page_at(reply, 2, &pending, &info), ERR_PROTOCOL);
    assert_int_equal(store_due_page_reply(MAKE_ARRAY("0"), cursor, &count, &info), ERR_OK);
    assert_int_equal(count, 0);
}

TEST(due_page_reply_refuses_garbage)
{
    char cursor[STORE_CURSOR_SIZE];
    struct store_pending pending;
    struct errinfo info;
    size_t count;
    const struct reply error = {.kind = REPLY_ERROR, .text = slice_of("ERR no")};
    assert_int_equal(store_due_page_reply(&error, cursor, &count, &info), ERR_REFUSED);
    assert_int_equal(store_due_page_reply(MAKE_ARRAY("0", ENTRY), cursor, &count, &info), ERR_PROTOCOL);
    assert_int_equal(store_due_page_reply(MAKE_ARRAY(""), cursor, &count, &info), ERR_PROTOCOL);
    assert_int_equal(store_due_page_reply(MAKE_ARRAY(NULL, ENTRY, NULL, USUAL), cursor, &count, &info),
                     ERR_PROTOCOL);
    assert_int_equal(store_due_page_reply(MAKE_ARRAY("123456789012345678901234"), cursor, &count, &info),
                     ERR_PROTOCOL);
    const char *items[] = {"0", ENTRY, NULL, USUAL};
    static const size_t PLACES[] = {1, 2, 4};
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        const char *good = items[PLACES[i]];
        items[PLACES[i]] = "x";
        assert_int_equal(
            store_due_page_at(make_array(items, sizeof items / sizeof items[0]), 0, &pending, &info),
            ERR_PROTOCOL);
        items[PLACES[i]] = NULL;
        assert_int_equal(
            store_due_page_at(make_array(items, sizeof items / sizeof items[0]), 0, &pending, &info),
            ERR_PROTOCOL);
        items[PLACES[i]] = good;
    }
}

TEST(rezone_reply_counts_moves)
{
    struct errinfo info;
    int64_t moved;
    const struct reply number = {.kind = REPLY_INTEGER, .integer = 1};
    assert_int_equal(store_rezone_reply(MAKE_ARRAY("1", "0", "1"), &moved, &info), ERR_OK);
    assert_int_equal(moved, 2);
    assert_int_equal(store_rezone_reply(&number, &moved, &info), ERR_PROTOCOL);
}
