/* A new tzdata in the runner, with a real Redis: the scripts compare before they set, the walk sees every
 * job, and comes again for what was written by old rules in the meantime. */
#include "cluster/rezone.h"
#include "store/store_job.h"

#include "actor.h"
#include "job_maker.h"
#include "redis/redis_sync.h"
#include "redis_server.h"
#include "rig.h"
#include "test.h"

#include <limits.h>
#include <string.h>

#define NINE_NEW_YORK \
    INT64_C(32493949200000) /* 2999-09-02T13:00:00Z: 09:00 in New York, were there a schedule so late */
#define ID "cAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* of shard 3 */

static struct redis_server server;
static struct config config;
static struct arena arena; /* of replies */
static struct redis_sync *redis;
static struct rig rig;
static struct cluster_clock cluster_clock;
static struct runner_context context = {.cluster_clock = &cluster_clock};
static struct attempts attempts;
static struct rezone rezone;
static char folder[] = "/tmp/dronc-zones-XXXXXX";
static struct errinfo info;
static const struct reply *reply;

/* ---- helpers ---- */

static void call(struct cmd *cmd)
{
    assert_int_equal(redis_sync_call(redis, cmd, 1, 5000, &info), ERR_OK);
    cmd_fini(cmd);
    reply = redis_sync_reply(redis, 0);
    assert_int_not_equal(reply->kind, REPLY_ERROR);
}

/* The one zone of these tests, called Test, is a link to one of the vectors. */
static void set_rules(const char *name)
{
    char target[PATH_MAX], path[64], fresh[64];
    (void)snprintf(target, sizeof target, "%s/%s", JOB_MAKER_ZONES, name);
    char *real = realpath(target, NULL);
    (void)snprintf(path, sizeof path, "%s/Test", folder);
    (void)snprintf(fresh, sizeof fresh, "%s/new", folder);
    assert_non_null(real);
    assert_int_equal(symlink(real, fresh), 0);
    assert_int_equal(rename(fresh, path), 0);
    free(real);
}

/* Store a job with the id `c<number>…` in zone ("": UTC); returns when it is due. */
static int64_t create(int number, const char *schedule, const char *zone)
{
    static struct job job;
    struct job_fault fault;
    struct job_fields fields = job_maker_fields(schedule, "http://h/", "ATMOST_ONCE");
    struct wall_ms due;
    struct cmd cmd;
    fields.timezone_default = zone;
    assert_true(job_build(&job, &fields, cluster_clock_now(&cluster_clock), context.zones, &fault));
    assert_true(job_next(&job, job.created, &due));
    (void)snprintf((char *)job.id.bytes, JOB_ID_SIZE, "c%030d", number);
    store_job_create(&cmd, &job, due, SOMEONE);
    call(&cmd);
    return due.ms;
}

static int64_t due_of(int number)
{
    char id[JOB_ID_SIZE];
    struct cmd cmd;
    int64_t at;
    memset(id, 0, sizeof id);
    (void)snprintf(id, sizeof id, "c%030d", number);
    cmd_init(&cmd, "ZSCORE");
    cmd_arg_str(&cmd, "dronc:{3}:due");
    cmd_arg(&cmd, id, sizeof id);
    call(&cmd);
    return reply->kind == REPLY_TEXT && slice_i64(reply->text, &at) ? at : -1;
}

static void turn(void)
{
    redis_link_turn(context.link);
    rezone_turn(&rezone);
}

static void on_state(void *arg, bool up)
{
    (void)arg;
    (void)up;
}

static bool is_up(void)
{
    return redis_link_is_up(context.link);
}

static bool is_idle(void)
{
    return rezone.state == REZONE_IDLE;
}

static bool is_waiting(void)
{
    return rezone.state == REZONE_WAITING;
}

static void set_up(void)
{
    redis_server_open(&server, NULL);
    config = redis_server_config(&server);
    redis = redis_sync_new(&config, clock_system(), &arena);
    (void)snprintf(folder, sizeof folder, "/tmp/dronc-zones-XXXXXX");
    assert_non_null(mkdtemp(folder));
    set_rules("America/New_York");
    cluster_clock_init(&cluster_clock, clock_system());
    attempts = (struct attempts){0};
    context.zones = zones_new(folder);
    rig_init(&rig);
    const struct redis_link_options options = {
        .loop = rig.loop, .config = &config, .clock = clock_system(), .name = "test", .on_state = on_state};
    context.link = redis_link_new(&options);
    rezone_init(&rezone, &context, &attempts);
    rig.turn = turn;
    redis_link_start(context.link);
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
}

static void tear_down(void)
{
    char path[64];
    rig.turn = NULL;
    redis_link_free(context.link);
    rig_fini(&rig);
    zones_free(context.zones);
    redis_sync_free(redis);
    arena_fini(&arena);
    (void)snprintf(path, sizeof path, "%s/Test", folder);
    (void)unlink(path);
    (void)rmdir(folder);
    redis_server_close(&server);
}

EACH_TEST(set_up, tear_down);

/* ---- the scripts ---- */

/* The job's hash field, cut to what fits; "" where it is absent. */
static void hash_field(const char *id, const char *field, char out[32])
{
    char key[64] = "dronc:{3}:job:";
    size_t len = strlen(key);
    struct cmd cmd;
    memcpy(key + len, id, JOB_ID_SIZE);
    cmd_init(&cmd, "HGET");
    cmd_arg(&cmd, key, len + JOB_ID_SIZE);
    cmd_arg_str(&cmd, field);
    call(&cmd);
    (void)snprintf(out, 32, "%.*s", (int)reply->text.len, reply->kind == REPLY_TEXT ? reply->text.data : "");
}

static int64_t move_if(const char *id, const char *stamp, int64_t was, int64_t due)
{
    struct store_pending pending = {.due = {was}, .stamp = slice_of(stamp)};
    struct cmd cmd;
    int64_t moved;
    memcpy(pending.job.bytes, id, JOB_ID_SIZE);
    store_rezone(&cmd, 3);
    store_rezone_add(&cmd, &pending, (struct wall_ms){due});
    call(&cmd);
    assert_int_equal(store_rezone_reply(reply, &moved, &info), ERR_OK);
    return moved;
}

static int64_t move(const char *id, int64_t was, int64_t due)
{
    char created[32];
    hash_field(id, "created", created);
    return move_if(id, created, was, due);
}

TEST(rezone_script_leaves_what_has_another_schedule_by_now)
{
    char id[JOB_ID_SIZE] = {0};
    char stamp[32];
    int64_t due = create(8, "0 9 1 1 *", "");
    (void)snprintf(id, sizeof id, "c%030d", 8);
    hash_field(id, "created", stamp);
    strcat(stamp, ".1");
    assert_int_equal(move_if(id, stamp, due, due + 1000), 0);
    assert_int_equal(due_of(8), due);
}

TEST(rezone_script_moves_only_what_was_not_touched)
{
    const struct store_keep keep = STORE_KEEP_STANDARD;
    char id[JOB_ID_SIZE] = {0};
    struct cmd cmd;
    int64_t due = create(7, "0 9 1 1 *", "");
    (void)snprintf(id, sizeof id, "c%030d", 7);
    assert_int_equal(move(id, due, due + 1000), 1);
    assert_int_equal(due_of(7), due + 1000);
    assert_int_equal(move(id, due, due + 2000), 0); /* another runner was first */
    assert_int_equal(due_of(7), due + 1000);
    const struct store_claim_bounds bounds = {.until = {NINE_NEW_YORK}, .limit = 1};
    store_claim(&cmd, 3, "me", &bounds, &keep);
    call(&cmd);
    assert_int_equal(move(id, due + 1000, due), 0); /* claimed */
    assert_int_equal(due_of(7), -1);
    assert_int_equal(move(ID, 1, 2), 0); /* never was */
}

TEST(due_page_shows_what_has_a_zone)
{
    char cursor[STORE_CURSOR_SIZE];
    struct store_pending pending;
    struct cmd cmd;
    size_t count;
    int64_t due = create(1, "0 9 1 1 *", "Test");
    (void)create(2, "0 9 1 1 *", "");
    (void)create(3, "TZ=Test 0 10 1 1 *", "");
    cmd_init(&cmd, "ZADD"); /* garbage: a job that there is not, and one that is none */
    cmd_arg_str(&cmd, "dronc:{3}:due");
    cmd_arg_str(&cmd, "1");
    cmd_arg_str(&cmd, ID);
    call(&cmd);
    store_due_page(&cmd, 3, "0");
    call(&cmd);
    assert_int_equal(store_due_page_reply(reply, cursor, &count, &info), ERR_OK);
    assert_string_equal(cursor, "0");
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(store_due_page_at(reply, i, &pending, &info), ERR_OK);
        assert_true(slice_eq(pending.fields.timezone, "Test"));
        assert_true(pending.job.bytes[30] != '1' || pending.due.ms == due);
    }
}

/* ---- the walk ---- */

TEST(rezone_moves_all_jobs_of_a_zone)
{
    static int64_t due[300];
    for (int i = 0; i < 300; i++) {
        due[i] = create(i, "0 9 1 1 *", "Test");
    }
    int64_t utc = create(300, "0 9 1 1 *", "");
    set_rules("America/Chicago");
    rezone_start(&rezone);
    assert_true(rig_run(&rig, is_idle, RIG_LIMIT_MS));
    for (int i = 0; i < 300; i++) {
        assert_int_equal(due_of(i), due[i] + 3600000);
    }
    assert_int_equal(due_of(300), utc);
    assert_int_equal(rezone.moved, 300);
}

TEST(rezone_comes_again_for_runs_with_old_rules)
{
    struct attempt attempt = {.state = ATTEMPT_CLAIMED};
    int64_t due = create(1, "0 9 1 1 *", "Test");
    int64_t untouched = create(2, "0 9 1 1 *", "Test");
    assert_int_equal(zones_get(context.zones, "Test", 4, &attempt.job.zone), ZONE_OK);
    list_append(&attempts.all, &attempt.in_set);
    set_rules("America/Chicago");
    rezone_start(&rezone);
    assert_true(rig_run(&rig, is_waiting, RIG_LIMIT_MS));
    assert_int_equal(due_of(1), due + 3600000);
    char id[JOB_ID_SIZE] = {0};
    (void)snprintf(id, sizeof id, "c%030d", 1);
    assert_int_equal(move(id, due + 3600000, due), 1); /* the attempt's start writes what it believes */
    attempt.state = ATTEMPT_READY;
    rig.ticking = true;
    assert_true(rig_run(&rig, is_idle, RIG_LIMIT_MS));
    assert_int_equal(due_of(1), due + 3600000);
    assert_int_equal(due_of(2), untouched + 3600000);
    assert_int_equal(rezone.moved, 1);
}

TEST(rezone_begins_anew_when_redis_comes_back)
{
    int64_t due = create(1, "0 9 1 1 *", "Test");
    set_rules("America/Chicago");
    rezone_start(&rezone);
    rezone_turn(&rezone); /* asks */
    assert_true(rezone.asking);
    struct cmd cmd;
    cmd_init(&cmd, "CLIENT");
    cmd_arg_str(&cmd, "KILL");
    cmd_arg_str(&cmd, "TYPE");
    cmd_arg_str(&cmd, "normal");
    call(&cmd);
    assert_true(rig_run(&rig, is_idle, RIG_LIMIT_MS));
    assert_int_equal(due_of(1), due + 3600000);
}

TEST(rezone_twice_in_a_row_ends_with_the_last_rules)
{
    int64_t due = create(1, "0 9 1 1 *", "Test");
    set_rules("America/Chicago");
    rezone_start(&rezone);
    rezone_turn(&rezone);
    set_rules("America/Phoenix");
    rezone_start(&rezone);
    assert_true(rig_run(&rig, is_idle, RIG_LIMIT_MS));
    assert_int_equal(due_of(1), due + 2 * 3600000);
}
