/* What goes to Redis names the right keys, and whatever comes back is either understood or refused. */
#include "store/store_database.h"
#include "store/store_dead.h"
#include "store/store_executions.h"
#include "store/store_job.h"
#include "store/store_rezone.h"
#include "store/store_runner.h"
#include "store/store_scripts.h"
#include "store/store_wake.h"

#include "job_maker.h"
#include "reply_maker.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define T0   1772953200000
#define NONE INT64_MAX
/* Ids whose first byte is 'c' (99): shard 3. */
#define ID    "cdefghijklmnopqrstuvwxyzABCDEFGH"
#define SHARD 3
#define TAG   "dronc:{3}:"

static const struct store_keep keep = {
    .executions = 100000, .age_ms = 86400000, .history = STORE_HISTORY_PER_JOB, .dead = 10000};

static const char *const GARBAGE_NUMBERS[] = {
    "", "x", "1x", " 1", "1.5", "1e3", "0x1", "99999999999999999999", NULL};
#define GARBAGE_COUNT (sizeof GARBAGE_NUMBERS / sizeof GARBAGE_NUMBERS[0])

static struct errinfo info;

static struct job_id the_id(void)
{
    struct job_id id;
    memcpy(id.bytes, ID, JOB_ID_SIZE);
    return id;
}

static struct store_attempt the_attempt(void)
{
    return (struct store_attempt){.job = the_id(), .scheduled = {T0}, .number = 2, .token = 77};
}

/* ---- builders ---- */

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

/* Where the argument of that name is; for one of a group, in the group number `group`. */
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

/* As Redis Cluster hashes: what stands between the first '{' and the '}' after it, and nothing else is
 * needed. */
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
    assert_argument(&cmd, 2, "5000");
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

/* ---- decoders: all of them ---- */

struct decoded {
    int64_t number;
    size_t count;
    struct store_claimed claimed;
    struct store_execution record;
    struct store_runner runner;
    struct store_recovered recovered;
    struct store_claim_left left;
    struct wall_ms instant;
    enum store_verdict verdict;
    enum store_creation creation;
    bool flag;
};

static struct decoded d;

static enum err decode_setup(const struct reply *r)
{
    return store_setup_reply(r, NULL, &info);
}

static enum err decode_created(const struct reply *r)
{
    return store_job_create_reply(r, &d.creation, &d.instant, &info);
}

static enum err decode_time(const struct reply *r)
{
    return store_time_reply(r, &d.instant, &info);
}

static enum err decode_history(const struct reply *r)
{
    return store_history_count(r, &d.count, &info);
}

static enum err decode_executions(const struct reply *r)
{
    return store_executions_count(r, &d.count, &info);
}

static enum err decode_claim(const struct reply *r)
{
    return store_claim_reply(r, &d.left, &d.count, &info);
}

static enum err decode_verdict(const struct reply *r)
{
    return store_verdict_at(r, 0, &d.verdict, &info);
}

static enum err decode_held(const struct reply *r)
{
    return store_held_count(r, &d.count, &info);
}

static enum err decode_heartbeat(const struct reply *r)
{
    return store_heartbeat_reply(r, &d.number, &d.count, &info);
}

static enum err decode_recover(const struct reply *r)
{
    return store_recover_reply(r, &d.recovered, &info);
}

static enum err (*const decoders[])(const struct reply *) = {
    decode_setup, decode_created, decode_time, decode_history,   decode_executions,
    decode_claim, decode_verdict, decode_held, decode_heartbeat, decode_recover,
};
#define DECODERS (sizeof decoders / sizeof decoders[0])

TEST(store_decoders_pass_on_what_redis_says)
{
    const struct reply refused = {.kind = REPLY_ERROR, .text = slice_of("READONLY no writes here")};
    const struct reply loading = {.kind = REPLY_ERROR, .text = slice_of("LOADING wait")};
    for (size_t i = 0; i < DECODERS; i++) {
        info = (struct errinfo){0};
        assert_int_equal(decoders[i](&refused), ERR_REFUSED);
        assert_non_null(strstr(info.text, "READONLY no writes here"));
        assert_int_equal(decoders[i](&loading), ERR_DOWN);
    }
}

TEST(store_decoders_refuse_other_kinds)
{
    static const struct reply replies[] = {
        {.kind = REPLY_NIL}, {.kind = REPLY_INTEGER, .integer = 3}, {.kind = REPLY_TEXT, .text = {"x", 1}}};
    for (size_t i = 0; i < DECODERS; i++) {
        for (size_t k = 0; k < 3; k++) {
            bool fits = decoders[i] == decode_created && replies[k].kind == REPLY_INTEGER;
            info = (struct errinfo){0};
            assert_int_equal(decoders[i](&replies[k]), fits ? ERR_OK : ERR_PROTOCOL);
            assert_int_equal(info.text[0] != '\0', !fits);
        }
    }
    assert_int_equal(decode_setup(MAKE_ARRAY("16")), ERR_PROTOCOL);
    assert_int_equal(decode_created(MAKE_ARRAY("1")), ERR_PROTOCOL);
}

/* What *_at is given beyond the end, or in a reply without items, is refused. */
TEST(store_decoders_refuse_an_index_past_the_end)
{
    const struct reply empty = {.kind = REPLY_ARRAY};
    struct job_id id = the_id();
    assert_int_equal(store_history_at(&empty, 0, &id, &d.record, &info), ERR_PROTOCOL);
    assert_int_equal(store_executions_at(&empty, 0, &d.record, &info), ERR_PROTOCOL);
    assert_int_equal(store_claim_at(&empty, 0, &d.claimed, &info), ERR_PROTOCOL);
    assert_int_equal(store_verdict_at(&empty, 0, &d.verdict, &info), ERR_PROTOCOL);
    assert_int_equal(store_held_at(&empty, 0, &d.claimed, &info), ERR_PROTOCOL);
    assert_int_equal(store_heartbeat_at(&empty, 0, &d.runner, &info), ERR_PROTOCOL);
}

/* ---- decoders: one by one ---- */

TEST(store_setup_reply_compares_the_number)
{
    static const struct {
        const char *text;
        enum err expected;
    } rows[] = {{"16", ERR_OK},        {"8", ERR_CONFIG},         {"17", ERR_CONFIG},
                {"0", ERR_CONFIG},     {"-16", ERR_CONFIG},       {"", ERR_PROTOCOL},
                {"16 ", ERR_PROTOCOL}, {"sixteen", ERR_PROTOCOL}, {"1e1", ERR_PROTOCOL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct reply reply = {.kind = REPLY_TEXT, .text = slice_of(rows[i].text)};
        assert_int_equal(store_setup_reply(&reply, NULL, &info), rows[i].expected);
    }
}

TEST(store_setup_reply_tells_the_level)
{
    static const struct {
        const char *text;
        enum err expected;
        int level;
        enum err check;
    } rows[] = {
        {"16", ERR_OK, 0, ERR_OK},          {"10016", ERR_OK, 1, ERR_OK},
        {"990016", ERR_OK, 99, ERR_CONFIG}, {"10008", ERR_CONFIG, -1, ERR_OK},
        {"10000", ERR_CONFIG, -1, ERR_OK},  {"999999999999990016", ERR_CONFIG, -1, ERR_OK},
        {"-9984", ERR_CONFIG, -1, ERR_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct reply reply = {.kind = REPLY_TEXT, .text = slice_of(rows[i].text)};
        int level = -1;
        assert_int_equal(store_setup_reply(&reply, &level, &info), rows[i].expected);
        assert_int_equal(level, rows[i].level);
        assert_int_equal(store_level_check(level, &info), rows[i].check);
    }
}

TEST(store_level_of_each_field)
{
    const struct slice text = slice_of("x");
    const struct job_number number = {.given = true};
    const struct job_fields plain = {.schedule = slice_of("@every 5m"), .overlap = text, .jitter_ms = {0}};
    const struct job_fields fields[] = {{.schedule = slice_of("@at 2030-01-01T00:00:00Z")},
                                        {.schedule = slice_of("CRON_TZ=UTC @in 5m")},
                                        {.max_runs = number},
                                        {.jitter_ms = number},
                                        {.starts_at = text},
                                        {.ends_at = text}};
    assert_int_equal(store_level_of(&plain), 0);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        assert_int_equal(store_level_of(&fields[i]), 1);
    }
    const struct job_fields secret[] = {
        {.schedule = plain.schedule, .signing = text},
        {.schedule = plain.schedule, .body = slice_of("{{secret.a|json}}")},
        {.max_runs = number, .headers = slice_of("{\"A\":\"{{secret.a}}\"}")}};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        assert_int_equal(store_level_of(&secret[i]), 2);
    }
}

TEST(store_level_messages_are_told_apart)
{
    unsigned shard;
    struct wall_ms due;
    assert_true(store_level_was_raised(slice_of("level 1")));
    assert_false(store_level_was_raised(slice_of("3 1772953200000")));
    assert_false(store_level_was_raised(slice_of("level")));
    assert_false(store_level_was_raised((struct slice){NULL, 0}));
    assert_false(store_wake_parse(slice_of("level 1"), &shard, &due));
    assert_false(store_wake_parse(slice_of(""), &shard, &due));
}

TEST(store_job_create_reply_tells_new_from_known)
{
    const struct reply one = {.kind = REPLY_INTEGER, .integer = 1};
    const struct reply zero = {.kind = REPLY_INTEGER, .integer = 0};
    const struct reply changed = {.kind = REPLY_INTEGER, .integer = -1};
    const struct reply late = {.kind = REPLY_INTEGER, .integer = -2};
    const struct reply taken = {.kind = REPLY_INTEGER, .integer = -T0};
    const struct reply wrong = {.kind = REPLY_INTEGER, .integer = T0 + 1};
    assert_int_equal(decode_created(&one), ERR_OK);
    assert_int_equal(d.creation, STORE_CREATED);
    assert_int_equal(decode_created(&zero), ERR_OK);
    assert_int_equal(d.creation, STORE_KNOWN);
    assert_int_equal(decode_created(&changed), ERR_OK);
    assert_int_equal(d.creation, STORE_CHANGED);
    assert_int_equal(decode_created(&late), ERR_OK);
    assert_int_equal(d.creation, STORE_LATE);
    assert_int_equal(decode_created(&taken), ERR_OK);
    assert_int_equal(d.creation, STORE_TAKEN);
    assert_int_equal(d.instant.ms, T0);
    assert_int_equal(decode_created(&wrong), ERR_OK);
    assert_int_equal(d.creation, STORE_WRONG_TIME);
    assert_int_equal(d.instant.ms, T0 + 1);
}

TEST(store_time_reply_reads_seconds_and_micros)
{
    assert_int_equal(decode_time(MAKE_ARRAY("1772953200", "1999")), ERR_OK);
    assert_int_equal(d.instant.ms, T0 + 1);
    assert_int_equal(decode_time(MAKE_ARRAY("1772953200", "x")), ERR_PROTOCOL);
    assert_int_equal(decode_time(MAKE_ARRAY("1772953200")), ERR_PROTOCOL);
    assert_int_equal(decode_time(MAKE_ARRAY("", "1")), ERR_PROTOCOL);
}

#define RECORD "o:s s:1772953200000 a:1 h:200"

TEST(store_history_reads_records)
{
    struct job_id id = the_id();
    const struct reply *reply = MAKE_ARRAY(RECORD, "garbage", NULL, "o:m s:5 n:3");
    assert_int_equal(decode_history(reply), ERR_OK);
    assert_int_equal(d.count, 4);
    assert_int_equal(store_history_at(reply, 0, &id, &d.record, &info), ERR_OK);
    assert_string_equal(d.record.position, "");
    assert_int_equal(d.record.execution.status, 200);
    assert_memory_equal(&d.record.execution.job, &id, sizeof id);
    assert_int_equal(store_history_at(reply, 1, &id, &d.record, &info), ERR_PROTOCOL);
    assert_non_null(strstr(info.text, "capi:63646566"));
    assert_int_equal(store_history_at(reply, 2, &id, &d.record, &info), ERR_PROTOCOL);
    assert_int_equal(store_history_at(reply, 3, &id, &d.record, &info), ERR_OK);
    assert_int_equal(d.record.execution.missed_count, 3);
}

TEST(store_executions_reads_records)
{
    const struct reply *reply = MAKE_ARRAY("1-1", ID, RECORD, "1-2", "short", RECORD, "1-3", ID, "x", NULL,
                                           ID, RECORD, "1-4", NULL, RECORD, "1-5", ID, NULL);
    assert_int_equal(decode_executions(reply), ERR_OK);
    assert_int_equal(d.count, 6);
    assert_int_equal(store_executions_at(reply, 0, &d.record, &info), ERR_OK);
    assert_string_equal(d.record.position, "1-1");
    assert_memory_equal(d.record.execution.job.bytes, ID, JOB_ID_SIZE);
    static const size_t bad[] = {1, 2, 4, 5};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(store_executions_at(reply, bad[i], &d.record, &info), ERR_PROTOCOL);
    }
}

TEST(store_executions_refuses_bad_shapes)
{
    char position[STORE_FEED_ID_MAX + 1];
    memset(position, '1', sizeof position);
    position[STORE_FEED_ID_MAX] = '\0';
    assert_int_equal(decode_executions(MAKE_ARRAY("1-1", ID)), ERR_PROTOCOL);
    assert_int_equal(decode_executions(MAKE_ARRAY("1-1", ID, RECORD, "1-2")), ERR_PROTOCOL);
    assert_int_equal(store_executions_at(MAKE_ARRAY(position, ID, RECORD), 0, &d.record, &info),
                     ERR_PROTOCOL);
    position[STORE_FEED_ID_MAX - 1] = '\0';
    assert_int_equal(store_executions_at(MAKE_ARRAY(position, ID, RECORD), 0, &d.record, &info), ERR_OK);
    assert_string_equal(d.record.position, position);
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

/* A job that is gone is still claimed, and has to be handed back. */
TEST(store_claim_at_without_definition)
{
    assert_int_equal(decode_one_claim(ID "1 1.1 1 c  "), ERR_OK);
    assert_null(d.claimed.fields.schedule.data);
    assert_memory_equal(d.claimed.attempt.job.bytes, ID, JOB_ID_SIZE);
}

/* And so is a broken job, which has to be marked: an empty schedule is one that job_restore refuses. */
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

TEST(store_verdicts)
{
    const struct reply *reply = MAKE_ARRAY("0", "1", "2", "3", "4", "-1", NULL, "x", "");
    static const enum store_verdict expected[] = {STORE_LOST, STORE_DONE, STORE_GONE, STORE_SETTLED};
    for (size_t i = 0; i < 9; i++) {
        enum err err = store_verdict_at(reply, i, &d.verdict, &info);
        assert_int_equal(err, i < 4 ? ERR_OK : ERR_PROTOCOL);
        assert_true(i >= 4 || d.verdict == expected[i]);
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

TEST(store_heartbeat_reads_clock_and_runners)
{
    const struct reply *reply = MAKE_ARRAY("1772953200000123", "a", "1772953205000", "b", "5");
    assert_int_equal(decode_heartbeat(reply), ERR_OK);
    assert_int_equal(d.number, 1772953200000123);
    assert_int_equal(d.count, 2);
    assert_int_equal(store_heartbeat_at(reply, 0, &d.runner, &info), ERR_OK);
    assert_string_equal(d.runner.id, "a");
    assert_int_equal(d.runner.expiry.ms, T0 + 5000);
    assert_int_equal(store_heartbeat_at(reply, 1, &d.runner, &info), ERR_OK);
    assert_string_equal(d.runner.id, "b");
    assert_int_equal(store_heartbeat_at(reply, 2, &d.runner, &info), ERR_PROTOCOL);
    const struct reply empty = {.kind = REPLY_ARRAY};
    assert_int_equal(decode_heartbeat(&empty), ERR_PROTOCOL);
    assert_int_equal(decode_heartbeat(MAKE_ARRAY("1", "a")), ERR_PROTOCOL);
    for (size_t i = 0; i < GARBAGE_COUNT; i++) {
        assert_int_equal(decode_heartbeat(MAKE_ARRAY(GARBAGE_NUMBERS[i])), ERR_PROTOCOL);
        const struct reply *bad = MAKE_ARRAY("1", "a", GARBAGE_NUMBERS[i]);
        assert_int_equal(store_heartbeat_at(bad, 0, &d.runner, &info), ERR_PROTOCOL);
    }
}

TEST(store_heartbeat_refuses_improper_ids)
{
    char id[STORE_RUNNER_ID_MAX + 2];
    memset(id, 'r', sizeof id);
    id[STORE_RUNNER_ID_MAX + 1] = '\0';
    assert_int_equal(store_heartbeat_at(MAKE_ARRAY("1", id, "5"), 0, &d.runner, &info), ERR_PROTOCOL);
    id[STORE_RUNNER_ID_MAX] = '\0';
    assert_int_equal(store_heartbeat_at(MAKE_ARRAY("1", id, "5"), 0, &d.runner, &info), ERR_OK);
    assert_string_equal(d.runner.id, id);
    assert_int_equal(store_heartbeat_at(MAKE_ARRAY("1", NULL, "5"), 0, &d.runner, &info), ERR_PROTOCOL);
    const struct slice items[] = {{"1", 1}, {"a\0b", 3}, {"5", 1}};
    const struct reply reply = {.kind = REPLY_ARRAY, .items = items, .count = 3};
    assert_int_equal(store_heartbeat_at(&reply, 0, &d.runner, &info), ERR_PROTOCOL);
}

TEST(store_recover_reply_reads_three_numbers)
{
    assert_int_equal(decode_recover(MAKE_ARRAY("7", "2", "1")), ERR_OK);
    assert_int_equal(d.recovered.handed_on, 7);
    assert_int_equal(d.recovered.lost, 2);
    assert_true(d.recovered.more);
    assert_int_equal(decode_recover(MAKE_ARRAY("0", "0", "0")), ERR_OK);
    assert_false(d.recovered.more);
    assert_int_equal(decode_recover(MAKE_ARRAY("7", "2")), ERR_PROTOCOL);
    for (size_t i = 0; i < GARBAGE_COUNT; i++) {
        for (size_t at = 0; at < 3; at++) {
            const char *items[] = {"7", "2", "1"};
            items[at] = GARBAGE_NUMBERS[i];
            assert_int_equal(decode_recover(make_array(items, 3)), ERR_PROTOCOL);
        }
    }
}

static const struct {
    const char *text;
    bool good;
    unsigned shard;
    int64_t due;
} wake_messages[] = {
    {"3 1772953200000", true, 3, T0},
    {"0 0", true, 0, 0},
    {"15 -1", true, 15, -1},
    {"16 5", false, 0, 0},
    {"-1 5", false, 0, 0},
    {"3", false, 0, 0},
    {"3 ", false, 0, 0},
    {"", false, 0, 0},
    {" 5", false, 0, 0},
    {" ", false, 0, 0},
    {"3  5", false, 0, 0},
    {"3 5 6", false, 0, 0},
    {"x 5", false, 0, 0},
    {"3 soon", false, 0, 0},
    {"3\n5", false, 0, 0},
    {"4294967299 5", false, 0, 0},
    {"3 99999999999999999999", false, 0, 0},
};

TEST(store_wake_messages)
{
    for (size_t i = 0; i < sizeof wake_messages / sizeof wake_messages[0]; i++) {
        unsigned shard = 99;
        struct wall_ms due = {0};
        assert_int_equal(store_wake_parse(slice_of(wake_messages[i].text), &shard, &due),
                         wake_messages[i].good);
        assert_true(!wake_messages[i].good ||
                    (shard == wake_messages[i].shard && due.ms == wake_messages[i].due));
    }
    unsigned shard;
    struct wall_ms due;
    assert_false(store_wake_parse((struct slice){NULL, 0}, &shard, &due));
}

#define HEX "0000000000000000000000000000000000000000000000000000000000000003"

static const struct {
    const char *text;
    bool good;
    struct store_attempt attempt; /* without the job */
} cancel_messages[] = {
    {"cancel " HEX ":1772953200000:1.7", true, {.scheduled = {T0}, .number = 1, .token = 7}},
    {"cancel " HEX ":5:12.9007199254740993",
     true,
     {.scheduled = {5}, .number = 12, .token = 9007199254740993}},
    {.text = "cancel " HEX ":5:1"},
    {.text = "cancel " HEX ":5:1."},
    {.text = "cancel " HEX ":5:1.x"},
    {.text = "cancel " HEX ":5:.7"},
    {.text = "cancel " HEX ":5.7"},
    {.text = "cancel 03:5:1.7"},
    {.text = "cancel " HEX ":5:1.99999999999999999999"},
    {.text = "cancel  " HEX ":5:1.7"},
    {.text = "cancel " HEX ":00000000000000000000000000000000000000000000000000000000005:1.7"},
    {.text = "cancel"},
    {.text = "cancel "},
    {.text = "."},
    {.text = "cancel."},
    {.text = ""},
    {.text = HEX ":5:1.7"},
    {.text = "3 1772953200000"},
};

TEST(store_cancel_messages)
{
    for (size_t i = 0; i < sizeof cancel_messages / sizeof cancel_messages[0]; i++) {
        struct store_attempt attempt = {0};
        const struct store_attempt *expected = &cancel_messages[i].attempt;
        assert_int_equal(store_cancel_parse(slice_of(cancel_messages[i].text), &attempt),
                         cancel_messages[i].good);
        if (cancel_messages[i].good) {
            assert_int_equal(attempt.job.bytes[JOB_ID_SIZE - 1], 3);
            assert_int_equal(attempt.scheduled.ms, expected->scheduled.ms);
            assert_int_equal(attempt.number, expected->number);
            assert_int_equal(attempt.token, expected->token);
        }
    }
    struct store_attempt attempt;
    assert_false(store_cancel_parse((struct slice){NULL, 0}, &attempt));
}
