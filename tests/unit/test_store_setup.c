/* The number of shards and the level of a database. */
#include "script_rig.h"

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(script_rig_set_up, NULL);

static struct mono_ms no_time(void *arg)
{
    (void)arg;
    return (struct mono_ms){1000};
}

/* A connection that does not check the database by itself, since these tests spoil it. */
static void connect_with(struct clock clock)
{
    redis_sync_free(redis);
    redis = redis_sync_new(&config, clock, &arena);
    assert_non_null(redis);
}

static enum err setup_says(int level, int *found)
{
    struct cmd cmd;
    store_setup(&cmd, level);
    exchange(&cmd);
    return store_setup_reply(reply, found, &info);
}

TEST(scripts_setup_fixes_the_number_of_shards)
{
    connect_with((struct clock){.wall = clock_system().wall, .mono = no_time});
    assert_int_equal(setup_says(0, NULL), ERR_OK);
    assert_int_equal(ASK("GET", "dronc:shards"), STORE_SHARDS);
    assert_int_equal(setup_says(0, NULL), ERR_OK);
    SAY("SET", "dronc:shards", "8");
    assert_int_equal(setup_says(1, NULL), ERR_CONFIG);
    assert_int_equal(ASK("GET", "dronc:shards"), 8);
    SAY("SET", "dronc:shards", "many");
    assert_int_equal(setup_says(1, NULL), ERR_PROTOCOL);
    SAY("DEL", "dronc:shards");
    connect_with(clock_system());
}

TEST(scripts_setup_raises_the_level_and_never_lowers_it)
{
    static const struct {
        int wanted;
        int found;
    } steps[] = {{0, 0}, {2, 2}, {1, 2}, {0, 2}, {3, 3}};
    int found = -1;
    connect_with((struct clock){.wall = clock_system().wall, .mono = no_time});
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(setup_says(steps[i].wanted, &found), ERR_OK);
        assert_int_equal(found, steps[i].found);
        assert_int_equal(ASK("GET", "dronc:shards"), steps[i].found * STORE_LEVEL_STEP + STORE_SHARDS);
    }
    SAY("DEL", "dronc:shards");
    assert_int_equal(setup_says(2, &found), ERR_OK); /* of a database that was emptied */
    assert_int_equal(found, 2);
    SAY("DEL", "dronc:shards");
    connect_with(clock_system());
}
