/* What INFO and CONFIG say of a Redis that may lose jobs, and what is made of it. */
#include "store/store_durability.h"

#include "test.h"

#include <string.h>

static void take(struct store_durability *out, const char *info)
{
    struct reply reply = {.kind = REPLY_TEXT, .text = slice_of(info)};
    store_durability_take(out, &reply);
}

TEST(store_durability_warns_of_each_way_to_lose_jobs)
{
    static const struct {
        const char *info;
        const char *fsync;
        const char *warnings[STORE_WARNINGS_MAX];
    } TABLE[] = {
        {"# Persistence\r\nloading:0\r\naof_enabled:1\r\n", "always", {NULL}},
        {"aof_enabled:1\r\nmaxmemory_policy:noeviction\r\n", "everysec", {NULL}},
        {"aof_enabled:0\r\n", "always", {"appendonly is no"}},
        {"aof_enabled:0", "no", {"appendonly is no"}},
        {"aof_enabled:1\n", "no", {"appendfsync is no"}},
        {"x:1\r\nmaxmemory_policy:allkeys-lru\r\ny:2\r\n", "", {"maxmemory-policy is allkeys-lru"}},
        {"maxmemory_policy:volatile-ttl\r\naof_enabled:0\r\n",
         "",
         {"appendonly is no", "maxmemory-policy is volatile-ttl"}},
        {"not_aof_enabled:0\r\naof_enabled_too:0\r\n", "", {NULL}},
        {"", "", {NULL}},
        {"aof_enabled", "", {NULL}},
        {"\r\n\r\n:\r\n", "", {NULL}},
        {"total_system_memory:8000\r\nmaxmemory:0\r\n", "", {"maxmemory is 0, it should be from 1 to 6000"}},
        {"maxmemory:6001\r\ntotal_system_memory:8000\r\n", "", {"maxmemory is 6001"}},
        {"maxmemory:6000\r\ntotal_system_memory:8000\r\n", "", {NULL}},
        {"maxmemory:1\r\ntotal_system_memory:8000\r\n", "", {NULL}},
        {"maxmemory:0\r\n", "", {NULL}},
        {"maxmemory_human:0B\r\ntotal_system_memory:8000\r\n", "", {NULL}},
        {"maxmemory:0\r\ntotal_system_memory:8000\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n",
         "",
         {"appendonly is no", "maxmemory-policy is allkeys-lru", "maxmemory is 0"}},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        const struct slice pair[] = {slice_of("appendfsync"), slice_of(TABLE[i].fsync)};
        struct reply fsync = {.kind = REPLY_ARRAY, .items = pair, .count = 2};
        struct store_durability found = {0};
        struct store_warning warning;
        size_t count = 0;
        take(&found, TABLE[i].info);
        store_durability_take(&found, &fsync);
        for (; store_durability_warn(&found, count, &warning); count++) {
            assert_non_null(TABLE[i].warnings[count]);
            assert_non_null(strstr(warning.text, TABLE[i].warnings[count]));
        }
        assert_true(count == STORE_WARNINGS_MAX || TABLE[i].warnings[count] == NULL);
    }
}

TEST(store_durability_asks_for_the_configuration_as_the_default_user_alone)
{
    static const struct {
        struct config config;
        size_t commands;
    } TABLE[] = {
        {{.redis_username = ""}, 3}, {{.redis_username = "default"}, 3}, {{.redis_username = "dronc"}, 2}};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct cmd cmds[STORE_DURABILITY_COMMANDS];
        struct store_durability found;
        size_t count = store_durability(cmds, &TABLE[i].config, &found);
        assert_int_equal(count, TABLE[i].commands);
        assert_int_equal(found.is_fsync_asked, count == 3);
        for (size_t k = 0; k < count; k++) {
            cmd_fini(&cmds[k]);
        }
    }
}

TEST(store_durability_of_a_refusal_is_not_known)
{
    struct store_durability found = {0};
    struct reply refusal = {.kind = REPLY_ERROR, .text = slice_of("NOPERM aof_enabled:0")};
    struct store_warning warning;
    store_durability_take(&found, &refusal);
    assert_string_equal(found.append_only, "");
    assert_false(store_durability_warn(&found, 0, &warning));
}

TEST(store_durability_cuts_what_is_too_long)
{
    struct store_durability found = {0};
    take(&found, "maxmemory_policy:a-policy-with-a-name-that-is-longer-than-any\r\n");
    assert_int_equal(strlen(found.eviction), sizeof found.eviction - 1);
}

TEST(store_durability_describe_leaves_out_what_is_not_known)
{
    static const struct {
        struct store_durability found;
        const char *text;
    } TABLE[] = {
        {{"", "", "", true, 0, 0}, "unknown"},
        {{"", "", "", false, 0, 0}, "unknown"},
        {{"yes", "", "", true, 0, 0}, "appendonly yes"},
        {{"yes", "", "noeviction", false, 0, 0},
         "appendonly yes, appendfsync not known to this user, maxmemory-policy noeviction"},
        {{"", "always", "noeviction", true, 0, 0}, "appendfsync always, maxmemory-policy noeviction"},
        {{"yes", "everysec", "allkeys-lru", true, 0, 0},
         "appendonly yes, appendfsync everysec, maxmemory-policy allkeys-lru"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char text[STORE_DURABILITY_SIZE];
        store_durability_describe(text, &TABLE[i].found);
        assert_string_equal(text, TABLE[i].text);
    }
}
