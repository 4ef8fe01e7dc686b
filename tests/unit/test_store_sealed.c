/* Secrets and signing keys in Redis: a change is made to what was read, is counted, and is announced. */
#include "store/store_sealed.h"

#include "store/store_wake.h"

#include "actor.h"
#include "store_rig.h"
#include "test.h"

#define KEY "dronc:secret:{default}"

static void set_up(void)
{
    SAY("FLUSHALL");
}

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(set_up, NULL);

static enum store_sealed_answer put(const char *name, int64_t known, const char *content)
{
    enum store_sealed_answer answer;
    struct cmd cmd;
    const struct store_sealed sealed = {slice_of(name), slice_of(content)};
    store_sealed_put(&cmd, STORE_SECRETS, &sealed, known, SOMEONE);
    call(&cmd);
    assert_int_equal(store_sealed_put_reply(reply, &answer, &info), ERR_OK);
    return answer;
}

static bool drop(const char *name)
{
    struct cmd cmd;
    bool there;
    store_sealed_drop(&cmd, STORE_SECRETS, slice_of(name), SOMEONE);
    call(&cmd);
    assert_int_equal(store_sealed_drop_reply(reply, &there, &info), ERR_OK);
    return there;
}

static int64_t changes(enum store_sealed_kind kind)
{
    struct cmd cmd;
    int64_t count;
    store_sealed_count(&cmd, kind);
    call(&cmd);
    assert_int_equal(store_sealed_count_reply(reply, &count, &info), ERR_OK);
    return count;
}

static void assert_stored(const char *name, const char *content)
{
    struct slice found;
    struct cmd cmd;
    store_sealed_get(&cmd, STORE_SECRETS, slice_of(name));
    call(&cmd);
    assert_int_equal(store_sealed_get_reply(reply, &found, &info), ERR_OK);
    assert_true(content == NULL ? found.data == NULL : slice_eq(found, content));
}

/* Of two requests that read the same, the second must read again. */
TEST(sealed_is_stored_only_over_what_was_read)
{
    assert_int_equal(put("a", 0, "1 {}"), STORE_SEALED_STORED);
    assert_int_equal(put("a", 0, "1 {\"other\":1}"), STORE_SEALED_OTHER);
    assert_int_equal(put("a", 1, "2 {}"), STORE_SEALED_STORED);
    assert_int_equal(put("a", 1, "2 {\"other\":1}"), STORE_SEALED_OTHER);
    assert_int_equal(put("b", 1, "2 {}"), STORE_SEALED_OTHER);
    assert_stored("a", "2 {}");
    assert_stored("b", NULL);
    assert_stored("c", NULL);
}

TEST(sealed_changes_are_counted)
{
    assert_int_equal(changes(STORE_SECRETS), 0);
    (void)put("a", 0, "1 {}");
    (void)put("a", 0, "1 {}");
    assert_int_equal(changes(STORE_SECRETS), 1);
    assert_true(drop("a"));
    assert_false(drop("a"));
    assert_int_equal(changes(STORE_SECRETS), 2);
    assert_int_equal(changes(STORE_SIGNING), 0);
}

/* The trail has this many entries, the latest of which says so. */
static void check_trail(int64_t entries, const char *action, int64_t version)
{
    struct store_audit_entry last;
    struct cmd cmd;
    assert_int_equal(ASK("XLEN", "dronc:audit"), entries);
    store_audit(&cmd, STORE_AUDIT_INSTALL, "", 1);
    call(&cmd);
    assert_int_equal(store_audit_at(reply, STORE_AUDIT_INSTALL, 0, &last, &info), ERR_OK);
    assert_true(slice_eq(last.object, "secret:a") && slice_eq(last.action, action));
    assert_int_equal(last.version, version);
    assert_true(slice_eq(last.who, "someone"));
}

TEST(sealed_changes_are_in_the_trail)
{
    (void)put("a", 0, "1 {}");
    check_trail(1, STORE_ACTION_CREATE, 1);
    (void)put("a", 0, "1 {}");
    check_trail(1, STORE_ACTION_CREATE, 1);
    (void)put("a", 1, "2 {}");
    check_trail(2, STORE_ACTION_CHANGE, 2);
    assert_true(drop("a"));
    check_trail(3, STORE_ACTION_DELETE, 0);
    assert_false(drop("a"));
    check_trail(3, STORE_ACTION_DELETE, 0);
}

TEST(sealed_names_have_a_limit)
{
    static const char fill[] = "for i = 1, tonumber(ARGV[1]) do redis.call('HSET', KEYS[1], i, '1 {}') end "
                               "return redis.call('HSET', KEYS[1], '#', 1)";
    SAY("EVAL", fill, "1", KEY, "999");
    assert_int_equal(put("a", 0, "1 {}"), STORE_SEALED_STORED);
    assert_int_equal(put("b", 0, "1 {}"), STORE_SEALED_TOO_MANY);
    assert_int_equal(put("a", 1, "2 {}"), STORE_SEALED_STORED);
}

TEST(sealed_all_leaves_the_count_out)
{
    struct store_sealed sealed;
    size_t count;
    size_t names = 0;
    int64_t found = 0;
    struct cmd cmd;
    (void)put("a", 0, "1 {}");
    (void)put("b", 0, "1 {}");
    store_sealed_all(&cmd, STORE_SECRETS);
    call(&cmd);
    assert_int_equal(store_sealed_all_reply(reply, &count, &info), ERR_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        names += store_sealed_at(reply, i, &sealed, &found) ? 1 : 0;
    }
    assert_int_equal(names, 2);
    assert_int_equal(found, 2);
}

TEST(sealed_message_is_told_apart)
{
    assert_true(store_sealed_was_changed(slice_of("sealed secret")));
    assert_true(store_sealed_was_changed(slice_of("sealed signing")));
    assert_false(store_sealed_was_changed(slice_of("level 3")));
    assert_false(store_sealed_was_changed(slice_of("3 1772953200000")));
    assert_false(store_sealed_was_changed((struct slice){NULL, 0}));
    assert_false(store_level_was_raised(slice_of("sealed secret")));
}
