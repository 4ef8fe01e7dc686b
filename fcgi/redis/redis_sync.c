/* redis_sync: uses only the reader of hiredis: bytes → replies. Not its connections: their time-outs apply to
 * each read and write instead of a whole call, and bound connecting over TCP only. redis_socket sends and
 * waits. The reader's interface is the same in hiredis 0.14 and 1.x. */
#include "redis/redis_sync.h"

#include "redis/redis_memory.h"
#include "redis/redis_socket.h"
#include "resp/redis_limits.h"
#include "resp/redis_login.h"
#include "resp/redis_reply.h"
#include "resp/redis_trouble.h"
#include "store/store_database.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECEIVE_SIZE 65536 /* bytes read from the socket at once; a page of the feed is less */

struct redis_sync {
    const struct config *config; /* borrowed */
    struct clock clock;
    int fd;                      /* -1: not connected */
    redisReader *reader;         /* owned; NULL: not connected */
    struct arena *arena;         /* borrowed: the memory of replies */
    struct redis_memory *memory; /* owned: makes the reader use the arena */
    struct redis_limits *limits; /* owned: bounds the reader's replies */
    size_t received;             /* bytes, of the replies of one exchange */
    bool reached;                /* a connection was set up once */
    struct mono_ms opened;       /* when the connection was made */
    struct mono_ms checked;      /* when the database was last checked */
    int level;                   /* of the database at that time */
    enum redis_trouble trouble;  /* why the last call failed */
    struct mono_ms pause_end;    /* calls fail until then; 0: no pause */
    struct buffer out;           /* the bytes to send */
    struct reply *flat;          /* in the arena: the replies to the latest commands */
};

/* Some commands of a call, at most REDIS_SYNC_PIPELINE_MAX. */
struct batch {
    const struct cmd *cmds;
    size_t count;
    bool with_source;                     /* send scripts in full */
    bool chosen[REDIS_SYNC_PIPELINE_MAX]; /* which of them to send */
};

struct redis_sync *redis_sync_new(const struct config *config, struct clock clock, struct arena *arena)
{
    struct redis_sync *redis = calloc(1, sizeof *redis);

    if (redis == NULL) {
        return NULL;
    }
    redis->config = config;
    redis->clock = clock;
    redis->fd = -1;
    buffer_init(&redis->out, 0);
    redis->arena = arena;
    redis->memory = redis_memory_new(arena);
    redis->limits = redis_limits_new();
    if (redis->memory == NULL || redis->limits == NULL) {
        redis_sync_free(redis);
        return NULL;
    }
    return redis;
}

const struct config *redis_sync_config(const struct redis_sync *redis)
{
    return redis->config;
}

static void drop_connection(struct redis_sync *redis)
{
    if (redis->fd >= 0) {
        close(redis->fd);
    }
    if (redis->reader != NULL) {
        redisReaderFree(redis->reader);
    }
    redis->fd = -1;
    redis->reader = NULL;
}

void redis_sync_free(struct redis_sync *redis)
{
    if (redis == NULL) {
        return;
    }
    drop_connection(redis);
    redis_memory_free(redis->memory);
    redis_limits_free(redis->limits);
    buffer_fini(&redis->out);
    free(redis);
}

/* ---- one exchange: bytes out, replies in ---- */

static enum err out_of_memory(struct errinfo *info)
{
    return err_set(info, ERR_NOMEM, "Redis' answer cannot be kept: out of memory");
}

static enum err render(struct redis_sync *redis, const struct batch *batch, struct errinfo *info)
{
    buffer_clear(&redis->out);
    for (size_t i = 0; i < batch->count; i++) {
        enum err err =
            batch->chosen[i] ? cmd_render(&batch->cmds[i], batch->with_source, &redis->out) : ERR_OK;
        if (err != ERR_OK) {
            return err_set(info, err, "a command could not be written: %s", err_name(err));
        }
    }
    return ERR_OK;
}

/* Feed the reader with the next bytes. */
static enum err receive(struct redis_sync *redis, const struct deadline *deadline, struct errinfo *info)
{
    char bytes[RECEIVE_SIZE];
    struct piece piece = {bytes, sizeof bytes, 0};
    enum err err = redis_socket_receive(redis->fd, &piece, deadline, info);

    if (err != ERR_OK) {
        return err;
    }
    redis->received += piece.len;
    if (redis->received > (size_t)REPLY_BYTES_MAX) {
        return err_set(info, ERR_PROTOCOL, "what Redis answers is too large: more than %d bytes",
                       REPLY_BYTES_MAX);
    }
    if (redisReaderFeed(redis->reader, bytes, piece.len) != REDIS_OK) {
        return err_set(info, ERR_NOMEM, "Redis' answer cannot be kept: %s", redis->reader->errstr);
    }
    return ERR_OK;
}

static enum err keep_reply(struct redis_sync *redis, size_t index, const struct redisReply *raw,
                           struct errinfo *info)
{
    struct slice *items;

    redis_reply_flatten(raw, &redis->flat[index], &items);
    return items == NULL || arena_own(redis->arena, free, items) ? ERR_OK : out_of_memory(info);
}

static enum err read_reply(struct redis_sync *redis, size_t index, const struct deadline *deadline,
                           struct errinfo *info)
{
    void *raw = NULL;

    for (;;) {
        bool good = redisReaderGetReply(redis->reader, &raw) == REDIS_OK;
        enum err err = raw != NULL ? ERR_OK : redis_limits_check(redis->limits, redis->reader, info);
        if (err != ERR_OK) {
            return err;
        }
        if (!good) {
            return err_set(info, ERR_PROTOCOL, "Redis' answer makes no sense: %s", redis->reader->errstr);
        }
        if (raw != NULL) {
            return keep_reply(redis, index, raw, info);
        }
        err = receive(redis, deadline, info);
        if (err != ERR_OK) {
            return err;
        }
    }
}

static enum err exchange(struct redis_sync *redis, const struct batch *batch, const struct deadline *deadline,
                         struct errinfo *info)
{
    enum err err = render(redis, batch, info);

    redis->received = 0;
    if (err == ERR_OK) {
        err = redis_socket_send(redis->fd, (struct slice){redis->out.data, redis->out.len}, deadline, info);
    }
    for (size_t i = 0; i < batch->count && err == ERR_OK; i++) {
        if (batch->chosen[i]) {
            err = read_reply(redis, i, deadline, info);
        }
    }
    if (err == ERR_OK && redis->reader->pos < redis->reader->len) {
        return err_set(info, ERR_PROTOCOL, "Redis answers more than it was asked");
    }
    return err;
}

/* ---- commands on an open connection ---- */

/* Choose the commands whose script Redis does not know. Returns false if there are none. */
static bool choose_unknown(const struct redis_sync *redis, struct batch *batch)
{
    bool any = false;

    for (size_t i = 0; i < batch->count; i++) {
        batch->chosen[i] = batch->cmds[i].script != NULL && reply_is_noscript(&redis->flat[i]);
        any = any || batch->chosen[i];
    }
    return any;
}

static enum err run(struct redis_sync *redis, const struct cmd *cmds, size_t count,
                    const struct deadline *deadline, struct errinfo *info)
{
    struct batch batch = {.cmds = cmds, .count = count};

    redis->flat = arena_alloc(redis->arena, count * sizeof *redis->flat);
    if (redis->flat == NULL) {
        return out_of_memory(info);
    }
    memset(batch.chosen, true, count);
    enum err err = exchange(redis, &batch, deadline, info);
    batch.with_source = true;
    return err == ERR_OK && choose_unknown(redis, &batch) ? exchange(redis, &batch, deadline, info) : err;
}

/* ---- connecting ---- */

/* Run one command of the set-up, and end it. An error reply is a failure. */
static enum err run_step(struct redis_sync *redis, struct cmd *cmd, const struct deadline *deadline,
                         struct errinfo *info)
{
    enum err err = run(redis, cmd, 1, deadline, info);

    cmd_fini(cmd);
    if (err == ERR_OK) {
        redis->trouble = redis_trouble_of(&redis->flat[0]);
        err = reply_check(&redis->flat[0], info);
    }
    return err;
}

static enum err log_in(struct redis_sync *redis, const struct deadline *deadline, struct errinfo *info)
{
    struct cmd cmd;

    return redis_login_auth(&cmd, redis->config) ? run_step(redis, &cmd, deadline, info) : ERR_OK;
}

static enum err select_db(struct redis_sync *redis, const struct deadline *deadline, struct errinfo *info)
{
    struct cmd cmd;

    return redis_login_select(&cmd, redis->config) ? run_step(redis, &cmd, deadline, info) : ERR_OK;
}

/* Check that this program can work with the database. Raises the database's level if it is lower. */
static enum err check_database(struct redis_sync *redis, int level, const struct deadline *deadline,
                               struct errinfo *info)
{
    struct cmd cmd;

    store_setup(&cmd, level);
    enum err err = run_step(redis, &cmd, deadline, info);
    err = err == ERR_OK ? store_setup_reply(&redis->flat[0], &redis->level, info) : err;
    err = err == ERR_OK ? store_level_check(redis->level, info) : err;
    redis->checked = clock_mono(&redis->clock);
    redis->trouble = err == ERR_CONFIG ? REDIS_FOREIGN : redis->trouble;
    return err;
}

static enum err connect_redis(struct redis_sync *redis, const struct deadline *deadline, struct errinfo *info)
{
    enum err err = redis_socket_open(&redis->fd, redis->config, deadline, info);

    if (err != ERR_OK) {
        return err;
    }
    redis->opened = clock_mono(&redis->clock);
    redis->reader = redisReaderCreate();
    if (redis->reader == NULL) {
        err = err_set(info, ERR_NOMEM, "out of memory for a connection to Redis");
    } else {
        redis_memory_serve(redis->memory, redis->reader);
        redis_limits_watch(redis->limits, redis->reader);
    }
    if (err == ERR_OK) {
        err = log_in(redis, deadline, info);
    }
    if (err == ERR_OK) {
        err = select_db(redis, deadline, info);
    }
    if (err == ERR_OK) {
        err = check_database(redis, STORE_LEVEL_AT_START, deadline, info);
    }
    if (err == ERR_OK) {
        redis->reached = true;
    }
    return err;
}

/* ---- calls ---- */

static int level_of(const struct cmd *cmds, size_t count)
{
    int level = 0;

    for (size_t i = 0; i < count; i++) {
        level = cmds[i].level > level ? cmds[i].level : level;
    }
    return level;
}

/* Check now and then whether another version has come to the database; and raise its level before storing
 * something that older programs would misread. */
static enum err look_at_level(struct redis_sync *redis, const struct cmd *cmds, size_t count,
                              const struct deadline *deadline, struct errinfo *info)
{
    int needed = level_of(cmds, count);
    bool due = clock_mono(&redis->clock).ms >= redis->checked.ms + REDIS_SYNC_CHECK_MS;

    return due || needed > redis->level ? check_database(redis, needed, deadline, info) : ERR_OK;
}

static enum err connect_and_run(struct redis_sync *redis, const struct cmd *cmds, size_t count,
                                const struct deadline *deadline, struct errinfo *info)
{
    enum err err = ERR_OK;

    if (redis->fd < 0) {
        err = connect_redis(redis, deadline, info);
    }
    if (err == ERR_OK) {
        err = look_at_level(redis, cmds, count, deadline, info);
    }
    if (err == ERR_OK) {
        err = run(redis, cmds, count, deadline, info);
    }
    if (err != ERR_OK) {
        drop_connection(redis);
    }
    return err;
}

/* After a call: note its trouble, start a pause, or drop a connection that has become useless. (Resolving a
 * name can take too long, too.) */
static void look_back(struct redis_sync *redis, enum err err, size_t count, const struct deadline *deadline)
{
    int64_t age_ms = clock_mono(&redis->clock).ms - redis->opened.ms;

    if (err != ERR_OK && redis->trouble == REDIS_FINE) {
        redis->trouble = REDIS_UNREACHABLE;
    }
    if (err == ERR_TIMEOUT || (err != ERR_OK && deadline_left_ms(deadline) == 0)) {
        redis->pause_end.ms = clock_mono(&redis->clock).ms + REDIS_SYNC_PAUSE_MS;
    }
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        if (redis_trouble_spoils(redis_trouble_of(&redis->flat[i]), age_ms)) {
            drop_connection(redis);
            return;
        }
    }
}

enum err redis_sync_call(struct redis_sync *redis, const struct cmd *cmds, size_t count, int budget_ms,
                         struct errinfo *info)
{
    struct deadline deadline = deadline_in(redis->clock, budget_ms);

    redis->trouble = REDIS_FINE;
    if (count == 0 || count > REDIS_SYNC_PIPELINE_MAX) {
        return err_set(info, ERR_BUG, "%zu commands in one call", count);
    }
    if (clock_mono(&redis->clock).ms < redis->pause_end.ms) {
        redis->trouble = REDIS_UNREACHABLE;
        return err_set(info, ERR_DOWN, "Redis did not answer in time a moment ago; not tried again yet");
    }
    if (redis->fd >= 0 && redis_socket_is_stale(redis->fd)) {
        drop_connection(redis);
    }
    bool kept = redis->fd >= 0;
    enum err err = connect_and_run(redis, cmds, count, &deadline, info);
    if (err == ERR_DOWN && kept) {
        err = connect_and_run(redis, cmds, count, &deadline, info);
    }
    look_back(redis, err, count, &deadline);
    return err;
}

const struct reply *redis_sync_reply(const struct redis_sync *redis, size_t index)
{
    return &redis->flat[index];
}

enum redis_trouble redis_sync_trouble(const struct redis_sync *redis)
{
    return redis->trouble;
}

void redis_sync_close(struct redis_sync *redis)
{
    drop_connection(redis);
}

bool redis_sync_was_reached(const struct redis_sync *redis)
{
    return redis->reached;
}
