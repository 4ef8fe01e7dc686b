/* How much of the past is kept, and who is asked to trim the rest. */
#include "cluster/retention.h"

#include "heart_rig.h"
#include "test.h"

static struct retention retention;

static void set_up(void)
{
    heart_open(100, 100);
    heart.context.keep = (struct store_keep){.executions = 777, .age_ms = 888};
    retention_init(&retention, &heart.context);
}

static void tear_down(void)
{
    heart_close();
}

EACH_TEST(set_up, tear_down);

TEST(retention_keeps_what_the_settings_say)
{
    const struct config config = {.executions_max = 1600000, .executions_days = 30, .history_per_job = 50};
    struct store_keep keep = retention_keep(&config);
    assert_int_equal(keep.executions, 100000); /* of each shard */
    assert_int_equal(keep.age_ms, INT64_C(30) * 86400 * 1000);
    assert_int_equal(keep.history, 50);
    assert_int_equal(keep.dead, STORE_KEEP_STANDARD.dead);
}

TEST(retention_keeps_any_age_where_the_settings_have_no_days)
{
    assert_int_equal(retention_keep(&(struct config){.executions_max = 16}).age_ms, 0);
}

TEST(retention_trims_one_shard_with_each_heartbeat)
{
    retention_turn(&retention, 0);
    assert_int_equal(heart.link->count, 0);
    for (unsigned beat = 1; beat <= STORE_SHARDS + 1; beat++) {
        char key[32];
        (void)snprintf(key, sizeof key, "dronc:{%u}:executions", (beat - 1) % STORE_SHARDS);
        retention_turn(&retention, beat);
        retention_turn(&retention, beat);
        assert_int_equal(heart.link->count, beat);
        assert_true(cmd_has(&heart.link->waiting[beat - 1].cmd, key));
        assert_true(cmd_has(&heart.link->waiting[beat - 1].cmd, "777"));
        assert_true(cmd_has(&heart.link->waiting[beat - 1].cmd, "888"));
    }
}

TEST(retention_goes_on_with_the_next_shard_where_one_could_not_be_asked)
{
    heart.link->up = false;
    retention_turn(&retention, 1);
    heart.link->up = true;
    retention_turn(&retention, 2);
    assert_true(cmd_has(fake_link_first(heart.link, "trim"), "dronc:{1}:executions"));
}
