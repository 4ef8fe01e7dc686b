/* Each command to Redis names keys of its own shard, and its arguments stand where the script reads them. */
#include "store/store_database.h"
#include "store/store_dead.h"
#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_runner.h"
#include "store/store_scripts.h"

#include "job_maker.h"
#include "reply_maker.h"
#include "store_ids.h"
#include "test.h"

#include <string.h>

static const struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

static struct store_attempt the_attempt(void)
{
    return (struct store_attempt){.job = the_id(), .scheduled = {T0}, .number = 2, .token = 77};
}

static bool starts(struct slice text, const char *with)
{
    return text.len >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0;
}

static void assert_argument(const struct cmd *cmd, size_t index, const char *expected)
{
    struct slice argument = cmd_argument(cmd, index);
    if (!slice_eq(argument, expected)) {
        fail_msg("argument %zu is %.*s, not %s", index, (int)argument.len, argument.data, expected);
    }
}

/* The index of the argument of that name: of a repeated group's, in its repetition number `group`. */
static size_t argument_index(const struct cmd *cmd, enum store_arg name, size_t group)
{
    const struct store_script *script = (const struct store_script *)(const void *)cmd->script;
    size_t fixed = cmd->script->arg_count;
    for (size_t i = 0; i < fixed + cmd->script->group; i++) {
        if (script->args[i] == name) {
            return cmd->script->key_count + i + (i < fixed ? 0 : group * cmd->script->group);
        }
    }
    fail_msg("%s has no such argument", cmd->script->name);
    return 0;
}

#define ASSERT_ARG(cmd, name, expected) assert_argument(cmd, argument_index(cmd, ARG_##name, 0), expected)
#define ASSERT_EACH(cmd, group, name, expected) \
    assert_argument(cmd, argument_index(cmd, ARG_##name, group), expected)

/* Redis Cluster hashes what stands between the first '{' and the '}' after it. */
static void assert_keys_in_shard(const struct cmd *cmd, const char *script)
{
    struct buffer rendered = {0};
    size_t keys = cmd->script->key_count;
    assert_string_equal(cmd->script->name, script);
    assert_int_equal(cmd_render(cmd, false, &rendered), ERR_OK);
    buffer_fini(&rendered);
    for (size_t i = 0; i < keys; i++) {
        if (!starts(cmd_argument(cmd, i), TAG)) {
            fail_msg("%s: KEYS[%zu] is not in the shard", script, i + 1);
        }
    }
}

TEST(store_shard_spreads_over_all)
{
    unsigned seen = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        struct job_id id = {{(uint8_t)byte}};
        assert_true(store_shard(&id) < STORE_SHARDS);
        seen |= 1U << store_shard(&id);
    }
    assert_int_equal(seen, (1U << STORE_SHARDS) - 1);
    struct job_id id = the_id();
    assert_int_equal(store_shard(&id), SHARD);
}

TEST(store_job_create_names_its_shard)
{
    struct zones *zones = zones_new(JOB_MAKER_ZONES);
    struct job job;
    struct cmd cmd;
    make_job(&job, zones, "0 7 * * *", JOB_ATLEAST_ONCE, T0);
    job.id = the_id();
    store_job_create(&cmd, &job, (struct wall_ms){T0 + 5});
    assert_keys_in_shard(&cmd, "job_create");
    assert_argument(&cmd, 0, TAG "job:" ID);
    assert_argument(&cmd, 1, TAG "due");
    ASSERT_ARG(&cmd, shard, "3");
    ASSERT_ARG(&cmd, job_id, ID);
    ASSERT_ARG(&cmd, job_prefix, TAG "job:");
    ASSERT_ARG(&cmd, history_prefix, TAG "history:");
    ASSERT_ARG(&cmd, claimed_prefix, TAG "claimed:");
    ASSERT_ARG(&cmd, first_due, "1772953200005");
    ASSERT_ARG(&cmd, created, "1772953200000");
    static const char *const fields[][2] = {
        {"schedule", "0 7 * * *"}, {"api", "http://example.com/x"}, {"type", "ATLEAST_ONCE"}};
    for (size_t i = 0; i < 3; i++) {
        ASSERT_EACH(&cmd, i, field, fields[i][0]);
        ASSERT_EACH(&cmd, i, value, fields[i][1]);
    }
    assert_int_equal(cmd.argc, argument_index(&cmd, ARG_field, 3));
    cmd_fini(&cmd);
    zones_free(zones);
}

TEST(store_claim_names_its_shard)
{
    struct cmd cmd;
    const struct store_claim_bounds bounds = {
        .until = {T0}, .limit = 7, .fresh_from = {T0 - 1150}, .backlog_limit = 5};
    store_claim(&cmd, SHARD, "me", &bounds, &keep);
    assert_keys_in_shard(&cmd, "claim");
    assert_argument(&cmd, 0, TAG "due");
    assert_argument(&cmd, 1, TAG "retry");
    assert_argument(&cmd, 2, TAG "claimed:me");
    ASSERT_ARG(&cmd, runner, "me");
    ASSERT_ARG(&cmd, until_ms, "1772953200000");
    ASSERT_ARG(&cmd, limit, "7");
    ASSERT_ARG(&cmd, job_prefix, TAG "job:");
    ASSERT_ARG(&cmd, fresh_from, "1772953198850");
    ASSERT_ARG(&cmd, backlog_limit, "5");
    ASSERT_ARG(&cmd, history_prefix, TAG "history:");
    cmd_fini(&cmd);
}

TEST(store_start_takes_several_attempts)
{
    struct store_attempt attempt = the_attempt();
    struct cmd cmd;
    store_start(&cmd, SHARD, "me");
    store_start_add(&cmd, &attempt, (struct wall_ms){T0 + 60000});
    store_start_add(&cmd, &attempt, (struct wall_ms){NONE});
    assert_keys_in_shard(&cmd, "start");
    assert_argument(&cmd, 0, TAG "claimed:me");
    ASSERT_EACH(&cmd, 0, member, ID "1772953200000");
    ASSERT_EACH(&cmd, 0, ticket, "2.77");
    ASSERT_EACH(&cmd, 0, next_due, "1772953260000");
    ASSERT_EACH(&cmd, 1, next_due, "");
    assert_int_equal(cmd.argc, argument_index(&cmd, ARG_member, 2));
    cmd_fini(&cmd);
}

TEST(store_finish_says_what_is_next)
{
    static const char *const words[] = {"n", "r", "d", "g"};
    struct store_attempt attempt = the_attempt();
    struct execution execution = {.job = the_id(), .scheduled = {T0}, .attempt = 2, .status = 200};
    struct cmd cmd;
    store_finish(&cmd, SHARD, "me", &keep);
    for (unsigned after = STORE_AFTER_NOTHING; after <= STORE_AFTER_GONE; after++) {
        store_finish_add(&cmd, &attempt, &execution,
                         &(struct store_ending){.after = (enum store_after)after,
                                                .retry_at = {T0 + 1},
                                                .api = "http://x/",
                                                .next = {T0 + 2}});
    }
    assert_keys_in_shard(&cmd, "finish");
    ASSERT_ARG(&cmd, history_prefix, TAG "history:");
    for (size_t i = 0; i < 4; i++) {
        ASSERT_EACH(&cmd, i, member, ID "1772953200000");
        ASSERT_EACH(&cmd, i, ticket, "2.77");
        ASSERT_EACH(&cmd, i, record, "o:s s:1772953200000 a:2 x:0 t:0 h:200 l:0");
        ASSERT_EACH(&cmd, i, after, words[i]);
        ASSERT_EACH(&cmd, i, at, i == STORE_AFTER_GONE ? "http://x/" : "1772953200001");
        ASSERT_EACH(&cmd, i, next_due, "1772953200002");
    }
    assert_int_equal(cmd.argc, argument_index(&cmd, ARG_member, 4));
    cmd_fini(&cmd);
}

TEST(store_says_how_much_is_kept)
{
    struct cmd cmd;
    store_trim(&cmd, SHARD, &keep);
    assert_keys_in_shard(&cmd, "trim");
    ASSERT_ARG(&cmd, executions_max, "100000");
    ASSERT_ARG(&cmd, age_ms, "86400000");
    cmd_fini(&cmd);
    store_finish(&cmd, SHARD, "me", &keep);
    ASSERT_ARG(&cmd, executions_max, "100000");
    ASSERT_ARG(&cmd, history_max, "200");
    ASSERT_ARG(&cmd, dead_max, "10000");
    cmd_fini(&cmd);
}

TEST(store_dead_commands_name_their_shard)
{
    const struct store_dead_position position = {{T0 + 9}, the_id(), {T0}};
    const struct store_dead_query query = {.newest_first = true,
                                           .after = &position,
                                           .job = &position.job,
                                           .before = {NONE},
                                           .limit = 5,
                                           .look_at = 6};
    const struct store_pace pace = {7, 8};
    struct cmd cmd;
    store_dead_page(&cmd, SHARD, &query);
    assert_keys_in_shard(&cmd, "dead_page");
    ASSERT_ARG(&cmd, order, "new");
    ASSERT_ARG(&cmd, after_died, "1772953200009");
    ASSERT_ARG(&cmd, after_member, ID "1772953200000");
    ASSERT_ARG(&cmd, only_id, ID);
    ASSERT_ARG(&cmd, before_died, "");
    ASSERT_ARG(&cmd, limit, "5");
    ASSERT_ARG(&cmd, look_at, "6");
    cmd_fini(&cmd);
    store_dead_redrive(&cmd, SHARD, 6, &pace);
    store_dead_add(&cmd, &position.job, position.scheduled);
    assert_keys_in_shard(&cmd, "dead_redrive");
    ASSERT_ARG(&cmd, attempts, "6");
    ASSERT_ARG(&cmd, first_us, "7");
    ASSERT_ARG(&cmd, step_us, "8");
    ASSERT_EACH(&cmd, 0, member, ID "1772953200000");
    cmd_fini(&cmd);
    store_dead_drop(&cmd, SHARD);
    store_dead_add(&cmd, &position.job, position.scheduled);
    assert_keys_in_shard(&cmd, "dead_drop");
    cmd_fini(&cmd);
}

TEST(store_skip_release_and_mark_broken_name_their_shard)
{
    struct execution execution = {.job = the_id(), .scheduled = {T0}, .outcome = EXECUTION_MISSED};
    struct store_attempt attempt = the_attempt();
    struct cmd cmd;
    store_skip(&cmd, SHARD, "me", &keep);
    store_skip_add(&cmd, &attempt, &execution, (struct wall_ms){NONE});
    assert_keys_in_shard(&cmd, "skip");
    ASSERT_EACH(&cmd, 0, member, ID "1772953200000");
    ASSERT_EACH(&cmd, 0, ticket, "2.77");
    ASSERT_EACH(&cmd, 0, next_due, "");
    cmd_fini(&cmd);
    store_release(&cmd, SHARD, "me");
    store_release_add(&cmd, &attempt, (struct wall_ms){T0 + 9});
    assert_keys_in_shard(&cmd, "release");
    ASSERT_EACH(&cmd, 0, member, ID "1772953200000");
    ASSERT_EACH(&cmd, 0, due, "1772953200009");
    cmd_fini(&cmd);
    store_mark_broken(&cmd, SHARD, "me", &attempt);
    assert_keys_in_shard(&cmd, "mark_broken");
    ASSERT_EACH(&cmd, 0, member, ID "1772953200000");
    cmd_fini(&cmd);
}

TEST(store_recover_names_its_shard)
{
    struct cmd cmd;
    store_recover(&cmd, SHARD, "dead", &keep);
    assert_keys_in_shard(&cmd, "recover");
    assert_argument(&cmd, 0, TAG "claimed:dead");
    ASSERT_ARG(&cmd, runner, "dead");
    ASSERT_ARG(&cmd, attempts, "6");
    cmd_fini(&cmd);
}

TEST(store_executions_read_backwards_from_before_a_position)
{
    static const char *const rows[][2] = {{"", "+"}, {"1-2", "(1-2"}};
    for (size_t i = 0; i < 2; i++) {
        struct cmd cmd;
        store_executions(&cmd, SHARD, rows[i][0], 50);
        assert_argument(&cmd, 0, "XREVRANGE");
        assert_argument(&cmd, 1, TAG "executions");
        assert_argument(&cmd, 2, rows[i][1]);
        assert_argument(&cmd, 3, "-");
        assert_argument(&cmd, 4, "COUNT");
        assert_argument(&cmd, 5, "50");
        cmd_fini(&cmd);
    }
}

TEST(store_plain_commands_name_their_shard)
{
    struct job_id id = the_id();
    struct cmd cmd;
    store_history(&cmd, &id, 20);
    assert_argument(&cmd, 0, "LRANGE");
    assert_argument(&cmd, 1, TAG "history:" ID);
    assert_argument(&cmd, 2, "0");
    assert_argument(&cmd, 3, "19");
    cmd_fini(&cmd);
    store_held(&cmd, SHARD, "me");
    assert_argument(&cmd, 0, "HGETALL");
    assert_argument(&cmd, 1, TAG "claimed:me");
    cmd_fini(&cmd);
    store_holders(&cmd, SHARD);
    assert_argument(&cmd, 0, "SMEMBERS");
    assert_argument(&cmd, 1, TAG "holders");
    cmd_fini(&cmd);
}

TEST(store_runner_commands_are_not_in_a_shard)
{
    struct cmd cmd;
    store_heartbeat(&cmd, "me", 5000);
    assert_argument(&cmd, 0, "dronc:runners");
    assert_argument(&cmd, 1, "dronc:keys");
    assert_argument(&cmd, 3, "5000");
    cmd_fini(&cmd);
    store_forget(&cmd, "me", true);
    assert_argument(&cmd, 0, "dronc:runners");
    assert_argument(&cmd, 2, "1");
    cmd_fini(&cmd);
    store_forget(&cmd, "me", false);
    assert_argument(&cmd, 2, "0");
    cmd_fini(&cmd);
    store_setup(&cmd, 0);
    assert_argument(&cmd, 0, "dronc:shards");
    assert_argument(&cmd, 1, "dronc:runners"); /* another slot: no node of a cluster takes both */
    assert_argument(&cmd, 2, "16");
    cmd_fini(&cmd);
}

TEST(store_longest_runner_id_fits_into_keys)
{
    char id[STORE_RUNNER_ID_MAX + 1];
    struct cmd cmd;
    memset(id, 'r', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    const struct store_claim_bounds bounds = {.until = {T0}, .limit = 1};
    store_claim(&cmd, STORE_SHARDS - 1, id, &bounds, &keep);
    assert_int_equal(cmd_argument(&cmd, 2).len, strlen("dronc:{15}:claimed:") + STORE_RUNNER_ID_MAX);
    cmd_fini(&cmd);
}
