/* The trail through the scripts: each change has its entry, and what changes nothing has none. (What happens
 * in any order: tests/system/test_scripts_model.py.) */
#include "life_rig.h"
#include "store/store_dead.h"
#include "test.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(life_rig_set_up, NULL);

static struct store_audit_entry last;

static void read_last(void)
{
    struct cmd cmd;
    store_audit(&cmd, SHARD, "", 1);
    call(&cmd);
    assert_int_equal(store_audit_at(reply, SHARD, 0, &last, &info), ERR_OK);
}

/* The trail has count entries, the last of which is about the job, and says so. */
static void check(int64_t count, const char *action, int64_t version)
{
    assert_int_equal(ASK("XLEN", TAG "audit"), count);
    read_last();
    assert_true(last.is_job);
    assert_memory_equal(last.job.bytes, a.bytes, JOB_ID_SIZE);
    if (!slice_eq(last.action, action) || last.version != version) {
        fail_msg("%.*s of version %lld", (int)last.action.len, last.action.data, (long long)last.version);
    }
}

TEST(audit_entry_says_who_from_where_and_what)
{
    create(JOB_ATLEAST_ONCE);
    check(1, "create", 1);
    assert_true(slice_eq(last.who, "someone") && slice_eq(last.address, "192.0.2.1"));
    assert_true(slice_eq(last.method, "POST") && slice_eq(last.route, "/v1/x"));
    assert_true(slice_eq(last.request_id, "r1"));
    assert_true(last.at_us / 1000 - last.recorded_ms <= 0);
    assert_in_range(redis_now().ms - last.at_us / 1000, 0, 5000);
}

TEST(audit_has_each_change_once)
{
    create(JOB_ATLEAST_ONCE);
    assert_int_equal(create_at(JOB_ATLEAST_ONCE, soon_at), STORE_KNOWN);
    check(1, "create", 1);
    assert_int_equal(change(&the_job, STORE_TIME_KEPT, soon_at), STORE_ANSWER_DONE);
    check(2, "change", 2);
    (void)pause_it();
    check(3, "pause", 2);
    (void)pause_it();
    check(3, "pause", 2);
    (void)resume_at((struct wall_ms){redis_now().ms + 90000});
    check(4, "resume", 2);
    (void)delete_it();
    check(5, "delete", 2);
    (void)delete_it();
    check(5, "delete", 2);
}

TEST(audit_has_no_entry_of_what_was_refused)
{
    enum store_answer answer;
    struct store_job read;
    struct wall_ms taken;
    struct cmd cmd;
    size_t records;
    create(JOB_ATLEAST_ONCE);
    assert_true(get(&read, &records));
    assert_int_equal(change(&the_job, STORE_TIME_KEPT, soon_at), STORE_ANSWER_DONE);
    const struct store_change stale = {.read = &read, .definition = &the_job};
    store_job_change(&cmd, &stale, SOMEONE);
    call(&cmd);
    assert_int_equal(store_job_change_reply(reply, &answer, &taken, &info), ERR_OK);
    assert_int_equal(answer, STORE_ANSWER_OTHER);
    store_job_delete(&cmd, &a, 1, SOMEONE);
    call(&cmd);
    assert_int_equal(reply->integer, STORE_ANSWER_OTHER);
    check(2, "change", 2);
}

TEST(audit_is_trimmed)
{
    struct store_actor actor = *SOMEONE;
    actor.keep = 50;
    SAY("CONFIG", "SET", "stream-node-max-entries", "10");
    create(JOB_ATLEAST_ONCE);
    for (int i = 0; i < 3000; i++) {
        char request[16];
        struct cmd cmd;
        (void)snprintf(request, sizeof request, "q%d", i);
        store_job_run(&cmd, &a, request, 0, &actor);
        call(&cmd);
    }
    assert_in_range(ASK("XLEN", TAG "audit"), 50, 1500); /* some 130: it is trimmed now and then */
    SAY("CONFIG", "SET", "stream-node-max-entries", "100");
}

TEST(audit_text_is_cut_and_cleaned)
{
    char longest[200];
    struct store_actor actor = {.who = {"a b\n\xff", 5}, .keep = 100};
    struct cmd cmd;
    memset(longest, 'x', sizeof longest);
    actor.request_id = (struct slice){longest, sizeof longest};
    create(JOB_ATLEAST_ONCE);
    store_job_delete(&cmd, &a, 0, &actor);
    call(&cmd);
    check(2, "delete", 1);
    assert_true(slice_eq(last.who, "a_b__"));
    assert_int_equal(last.request_id.len, STORE_ACTOR_TEXT_MAX);
    assert_true(last.address.data == NULL && last.method.data == NULL && last.route.data == NULL);
}

TEST(audit_of_a_manual_run_names_its_occurrence)
{
    enum store_answer answer;
    struct wall_ms scheduled;
    struct cmd cmd;
    create(JOB_ATLEAST_ONCE);
    for (int i = 0; i < 2; i++) { /* sent again, it is the same */
        store_job_run(&cmd, &a, "q", 0, SOMEONE);
        call(&cmd);
        assert_int_equal(store_job_run_reply(reply, &answer, &scheduled, &info), ERR_OK);
    }
    check(2, "run", 0);
    assert_true(last.has_scheduled);
    assert_int_equal(last.scheduled.ms, scheduled.ms);
}

static void plant_dead(const char *scheduled)
{
    char member[64];
    (void)snprintf(member, sizeof member, "%s%s", A, scheduled);
    SAY("ZADD", TAG "dead", "1", member);
}

static void drop(const int64_t *scheduled, size_t count)
{
    struct cmd cmd;
    store_dead_drop(&cmd, SHARD, SOMEONE);
    for (size_t i = 0; i < count; i++) {
        store_dead_add(&cmd, &a, (struct wall_ms){scheduled[i]});
    }
    call(&cmd);
}

TEST(audit_of_dead_occurrences_has_an_entry_for_each_job)
{
    create(JOB_ATLEAST_ONCE);
    plant_dead("1001");
    plant_dead("1002");
    plant_dead("1003");
    drop((const int64_t[]){1001}, 1);
    check(2, "drop", 0);
    assert_true(last.has_scheduled && last.scheduled.ms == 1001 && last.count == 0);
    drop((const int64_t[]){1001, 1002, 1003}, 3);
    check(3, "drop", 0);
    assert_true(!last.has_scheduled && last.count == 2);
    drop((const int64_t[]){1001, 1002, 1003}, 3);
    check(3, "drop", 0);
}

TEST(audit_of_a_full_redis_has_what_is_deleted)
{
    create(JOB_ATLEAST_ONCE);
    SAY("CONFIG", "SET", "maxmemory", "1");
    assert_int_equal(delete_it(), STORE_ANSWER_DONE);
    SAY("CONFIG", "SET", "maxmemory", "0");
    check(2, "delete", 1);
}

/* They are noted after they were answered: of what happened in the same millisecond they are the last. */
TEST(audit_of_refused_requests_comes_after_what_happened)
{
    const struct store_actor actor = {.who = slice_of("someone"), .method = "GET", .route = "/v1/x"};
    struct store_audit_entry entry;
    struct cmd cmd;
    store_audit_refuse(&cmd, &actor, "FORBIDDEN", 3);
    call(&cmd);
    store_audit(&cmd, STORE_AUDIT_REFUSALS, "", 1);
    call(&cmd);
    assert_int_equal(store_audit_at(reply, STORE_AUDIT_REFUSALS, 0, &entry, &info), ERR_OK);
    assert_int_equal(entry.at_us, entry.recorded_ms * 1000 + 999);
}

TEST(audit_entry_that_cannot_be_read_has_a_position)
{
    static const char *const texts[] = {"", "v:1", "a:create v:x", "garbage"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct store_audit_entry entry;
        struct cmd cmd;
        SAY("XADD", TAG "audit", "*", "j", A, "r", texts[i]);
        store_audit(&cmd, SHARD, "", 1);
        call(&cmd);
        assert_int_equal(store_audit_at(reply, SHARD, 0, &entry, &info), ERR_PROTOCOL);
        assert_true(entry.position[0] != '\0' && entry.recorded_ms > 0);
    }
    SAY("XADD", TAG "audit", "*", "j", A, "r", "a:new-word y:unknown w:x");
    read_last();
    assert_true(slice_eq(last.action, "new-word") && slice_eq(last.who, "x"));
}
