/* store_rig: a real Redis of a test program's own, for tests of lib/store's scripts: what they are sent
 * through, and what came back. One for each program. */
#ifndef DRONC_STORE_RIG_H
#define DRONC_STORE_RIG_H

#include "job_maker.h"
#include "redis/redis_sync.h"
#include "redis_server.h"
#include "store/store_database.h"

static struct redis_server server;
static struct config config;
static struct arena arena; /* of replies */
static struct redis_sync *redis;
static struct zones *zones;
static struct errinfo info;
static const struct reply *reply; /* what came back last */

/* For ALL_TESTS. */
static inline void store_rig_start(void)
{
    redis_server_open(&server, NULL);
    config = redis_server_config(&server);
    redis = redis_sync_new(&config, clock_system(), &arena);
    zones = zones_new(JOB_MAKER_ZONES);
    assert_true(redis != NULL && zones != NULL);
}

static inline void store_rig_stop(void)
{
    zones_free(zones);
    redis_sync_free(redis);
    arena_fini(&arena);
    redis_server_close(&server);
}

/* Send cmd, and end it; an error of Redis' is an answer like any other. */
static inline void exchange(struct cmd *cmd)
{
    arena_clear(&arena);
    enum err err = redis_sync_call(redis, cmd, 1, 5000, &info);
    cmd_fini(cmd);
    if (err != ERR_OK) {
        fail_msg("%s: %s", err_name(err), info.text);
    }
    reply = redis_sync_reply(redis, 0);
}

/* The same; an error is a failure. */
static inline void call(struct cmd *cmd)
{
    exchange(cmd);
    if (reply->kind == REPLY_ERROR) {
        fail_msg("%.*s", (int)reply->text.len, reply->text.data);
    }
}

static inline void say_list(const char *const *words, size_t count)
{
    struct cmd cmd;
    cmd_init(&cmd, words[0]);
    for (size_t i = 1; i < count; i++) {
        cmd_arg_str(&cmd, words[i]);
    }
    call(&cmd);
}

/* The number that came back, as such or as text; -1: none. */
static inline int64_t number(void)
{
    int64_t value = -1;
    if (reply->kind == REPLY_INTEGER) {
        return reply->integer;
    }
    return reply->kind == REPLY_TEXT && slice_i64(reply->text, &value) ? value : -1;
}

/* Send a command. */
#define SAY(...)                                 \
    say_list((const char *const[]){__VA_ARGS__}, \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* The number that a command answers with. */
#define ASK(...) (SAY(__VA_ARGS__), number())

/* What time it is, by Redis' clock. */
static inline struct wall_ms redis_now(void)
{
    struct wall_ms now;
    struct cmd cmd;
    store_time(&cmd);
    call(&cmd);
    assert_int_equal(store_time_reply(reply, &now, &info), ERR_OK);
    return now;
}

#endif
