/* API keys in Redis: what the scripts keep of them. */
#include "store/store_key.h"

#include "store/store_level.h"

#include "store_rig.h"
#include "test.h"

#include <string.h>

#define ID    "0123456789ab"
#define OTHER "abcdefghijkl"

static uint8_t hash[DIGEST_SHA256_SIZE] = {1}, hash2[DIGEST_SHA256_SIZE] = {2},
               hash3[DIGEST_SHA256_SIZE] = {3};

static struct slice bytes_of(const uint8_t digest[DIGEST_SHA256_SIZE])
{
    return (struct slice){(const char *)digest, DIGEST_SHA256_SIZE};
}

static void set_up(void)
{
    SAY("FLUSHALL");
}

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(set_up, NULL);

static enum store_keyed tell(struct cmd *cmd)
{
    enum store_keyed answer;
    call(cmd);
    assert_int_equal(store_keyed_reply(reply, &answer, &info), ERR_OK);
    return answer;
}

static enum store_keyed create(const char *id, const char *expires)
{
    struct key_fields fields = {
        .id = slice_of(id), .name = slice_of("ops"), .scopes = slice_of("*"), .hash = bytes_of(hash)};
    struct cmd cmd;
    fields.expires = expires != NULL ? slice_of(expires) : fields.expires;
    store_key_create(&cmd, &fields);
    return tell(&cmd);
}

static enum store_keyed revoke_key(const char *id)
{
    struct cmd cmd;
    store_key_revoke(&cmd, id);
    return tell(&cmd);
}

static enum store_keyed rotate(const char *id, const uint8_t *to)
{
    struct cmd cmd;
    store_key_rotate(&cmd, id, to, 60000);
    return tell(&cmd);
}

/* Returns false if there is none. */
static bool get(const char *id, struct key_fields *out)
{
    struct cmd cmd;
    bool found;
    store_key_get(&cmd, id);
    call(&cmd);
    assert_int_equal(store_key_get_reply(reply, id, out, &found, &info), ERR_OK);
    return found;
}

static size_t count(void)
{
    struct cmd cmd;
    size_t found;
    store_key_list(&cmd);
    call(&cmd);
    assert_int_equal(store_key_list_reply(reply, &found, &info), ERR_OK);
    return found;
}

static bool exist(void)
{
    struct cmd cmd;
    bool any;
    store_keys_exist(&cmd);
    call(&cmd);
    assert_int_equal(store_keys_exist_reply(reply, &any, &info), ERR_OK);
    return any;
}

TEST(store_key_that_is_created_can_be_looked_up)
{
    struct key_fields fields;
    struct key key;
    assert_false(exist());
    assert_false(get(ID, &fields));
    assert_int_equal(create(ID, NULL), STORE_KEYED_DONE);
    assert_true(exist());
    assert_true(get(ID, &fields));
    assert_true(key_read(&key, &fields));
    assert_true(slice_eq(fields.name, "ops"));
    assert_true(slice_same(fields.hash, bytes_of(hash)));
    assert_null(fields.revoked.data);
    assert_int_equal(count(), 1);
}

/* A handler from before keys would let everyone in. */
TEST(store_key_keeps_programs_away_that_know_none)
{
    struct key_fields fields = {.id = slice_of(ID)};
    struct cmd cmd;
    store_key_create(&cmd, &fields);
    assert_int_equal(cmd.level, STORE_LEVEL_KEYS);
    cmd_fini(&cmd);
}

TEST(store_key_that_is_revoked_stays_on_the_list)
{
    struct key_fields fields;
    struct key key;
    assert_int_equal(revoke_key(ID), STORE_KEYED_NONE);
    assert_int_equal(create(ID, NULL), STORE_KEYED_DONE);
    assert_int_equal(revoke_key(ID), STORE_KEYED_DONE);
    assert_true(get(ID, &fields));
    assert_true(key_read(&key, &fields));
    int64_t at = key.revoked.ms;
    assert_in_range(at, redis_now().ms - 5000, redis_now().ms);
    assert_int_equal(revoke_key(ID), STORE_KEYED_DONE);
    assert_true(get(ID, &fields) && key_read(&key, &fields));
    assert_int_equal(key.revoked.ms, at);
    assert_true(exist());
}

TEST(store_key_that_is_revoked_gives_way_to_another_of_its_id)
{
    struct key_fields fields;
    (void)create(ID, NULL);
    (void)revoke_key(ID);
    assert_int_equal(create(ID, NULL), STORE_KEYED_DONE);
    assert_true(get(ID, &fields));
    assert_null(fields.revoked.data);
}

TEST(store_key_rotation_keeps_one_old_token)
{
    struct key_fields fields;
    struct key key;
    assert_int_equal(rotate(ID, hash2), STORE_KEYED_NONE);
    (void)create(ID, NULL);
    assert_int_equal(rotate(ID, hash2), STORE_KEYED_DONE);
    assert_true(get(ID, &fields));
    assert_true(slice_same(fields.hash, bytes_of(hash2)));
    assert_true(slice_same(fields.hash2, bytes_of(hash)));
    assert_true(key_read(&key, &fields));
    assert_in_range(key.hash2_until.ms, redis_now().ms + 50000, redis_now().ms + 60000);
    assert_int_equal(rotate(ID, hash3), STORE_KEYED_DONE);
    assert_true(get(ID, &fields));
    assert_true(slice_same(fields.hash2, bytes_of(hash2)));
    (void)revoke_key(ID);
    assert_int_equal(rotate(ID, hash2), STORE_KEYED_NONE);
}

/* A connection that is lost before the answer makes the sender send again. */
TEST(store_key_commands_that_are_sent_twice_are_done_once)
{
    struct key_fields fields;
    assert_int_equal(create(ID, NULL), STORE_KEYED_DONE);
    assert_int_equal(create(ID, NULL), STORE_KEYED_DONE);
    assert_int_equal(rotate(ID, hash2), STORE_KEYED_DONE);
    assert_int_equal(rotate(ID, hash2), STORE_KEYED_DONE);
    assert_true(get(ID, &fields));
    assert_true(slice_same(fields.hash2, bytes_of(hash)));
    assert_int_equal(create(ID, NULL), STORE_KEYED_KNOWN);
}

TEST(store_key_of_a_certificate_has_no_token_to_rotate)
{
    struct key_fields fields = {.id = slice_of(ID), .scopes = slice_of("*"), .dn = slice_of("CN=ops")};
    struct cmd cmd;
    store_key_create(&cmd, &fields);
    assert_int_equal(tell(&cmd), STORE_KEYED_DONE);
    assert_int_equal(rotate(ID, hash2), STORE_KEYED_UNTOKENED);
    assert_true(get(ID, &fields));
    assert_null(fields.hash.data);
}

static enum store_keyed use(const char *id, int64_t day)
{
    struct cmd cmd;
    store_key_use(&cmd, id, day);
    return tell(&cmd);
}

TEST(store_key_use_is_the_last_day)
{
    struct key_fields fields;
    assert_int_equal(use(ID, 20000), STORE_KEYED_NONE);
    assert_int_equal(ASK("EXISTS", "dronc:key:" ID), 0);
    (void)create(ID, NULL);
    assert_int_equal(use(ID, 20001), STORE_KEYED_DONE);
    assert_int_equal(use(ID, 20000), STORE_KEYED_DONE);
    assert_true(get(ID, &fields));
    assert_true(slice_eq(fields.used, "20001"));
}

TEST(store_key_list_has_all)
{
    struct key_fields fields[2];
    assert_int_equal(count(), 0);
    (void)create(ID, "9999999999999");
    (void)create(OTHER, NULL);
    assert_int_equal(count(), 2);
    store_key_at(reply, 0, &fields[0]);
    store_key_at(reply, 1, &fields[1]);
    size_t first = slice_eq(fields[0].id, ID) ? 0 : 1;
    assert_true(slice_eq(fields[first].id, ID) && slice_eq(fields[1 - first].id, OTHER));
    assert_true(slice_eq(fields[first].expires, "9999999999999"));
    assert_null(fields[1 - first].expires.data);
}

/* What is full of keys that count takes no other; one that does not count makes room. */
TEST(store_keys_are_500_at_most)
{
    char id[TOKEN_ID_SIZE];
    for (int i = 0; i < STORE_KEYS_MAX; i++) {
        (void)snprintf(id, sizeof id, "%012d", i);
        assert_int_equal(create(id, i == 7 ? "9999999999999" : NULL), STORE_KEYED_DONE);
    }
    assert_int_equal(create(ID, NULL), STORE_KEYED_FULL);
    (void)revoke_key("000000000003");
    assert_int_equal(create(ID, NULL), STORE_KEYED_DONE);
    assert_int_equal(ASK("EXISTS", "dronc:key:000000000003"), 0);
    assert_int_equal(create(OTHER, NULL), STORE_KEYED_FULL);
    SAY("HSET", "dronc:key:000000000007", "expires", "1");
    assert_int_equal(create(OTHER, NULL), STORE_KEYED_DONE);
    assert_int_equal(count(), STORE_KEYS_MAX);
}
