/* fake_link: a link to Redis that keeps what is sent to it until a test answers. It takes the place of the
 * runner's redis_link when a test is linked, so include it in one file of a program.
 *
 *     struct redis_link *link = fake_link_new();
 *     …                                                          what is tested submits commands
 *     assert_int_equal(fake_link_count(link, "claim"), 4);
 *     assert_has(fake_link_first(link, "claim"), "dronc:{0}:due");
 *     fake_link_answer(link, "claim", MAKE_ARRAY("", ""));       the oldest one gets this
 *     fake_link_lose(link);                                      all others get NULL
 */
#ifndef DRONC_FAKE_LINK_H
#define DRONC_FAKE_LINK_H

#include "redis/redis_link.h"

#include "reply_maker.h"

#include <stdio.h>

#define FAKE_LINK_MAX 128

struct fake_command {
    struct cmd cmd;
    redis_link_cb *cb;
    void *arg;
};

struct redis_link {
    bool up;
    enum err refusal;                           /* not ERR_OK: what submitting a command returns */
    struct fake_command waiting[FAKE_LINK_MAX]; /* for an answer, the oldest first */
    size_t count;
    char error[160];   /* what redis_link_error says */
    char dropped[160]; /* why redis_link_drop was called last; "": it was not */
};

/* ---- what the runner calls ---- */

bool redis_link_is_up(const struct redis_link *link)
{
    return link->up;
}

enum err redis_link_submit(struct redis_link *link, struct cmd *cmd, redis_link_cb *cb, void *arg)
{
    if (!link->up || link->refusal != ERR_OK) {
        cmd_fini(cmd);
        return link->up ? link->refusal : ERR_DOWN;
    }
    assert_true(link->count < FAKE_LINK_MAX);
    link->waiting[link->count++] = (struct fake_command){*cmd, cb, arg};
    return ERR_OK;
}

void redis_link_drop(struct redis_link *link, const char *why)
{
    (void)snprintf(link->dropped, sizeof link->dropped, "%s", why);
}

const char *redis_link_error(const struct redis_link *link)
{
    return link->error;
}

enum redis_trouble redis_link_trouble(const struct redis_link *link)
{
    return link->up ? REDIS_FINE : REDIS_READ_ONLY;
}

/* ---- what tests call ---- */

/* A link that is up. */
static inline struct redis_link *fake_link_new(void)
{
    struct redis_link *link = calloc(1, sizeof *link);
    link->up = true;
    return link;
}

/* "claim", "HGETALL". */
static inline bool fake_is(const struct cmd *cmd, const char *name)
{
    return cmd->script != NULL ? strcmp(cmd->script->name, name) == 0 : slice_eq(cmd_argument(cmd, 0), name);
}

/* Where the oldest of this name waits. */
static inline size_t fake_link_find(const struct redis_link *link, const char *name)
{
    size_t i = 0;
    while (i < link->count && !fake_is(&link->waiting[i].cmd, name)) {
        i++;
    }
    return i;
}

/* How many of this name wait for an answer. */
static inline size_t fake_link_count(const struct redis_link *link, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < link->count; i++) {
        count += fake_is(&link->waiting[i].cmd, name) ? 1 : 0;
    }
    return count;
}

/* The oldest of this name that waits for an answer. */
static inline const struct cmd *fake_link_first(const struct redis_link *link, const char *name)
{
    size_t i = fake_link_find(link, name);
    if (i == link->count) {
        fail_msg("no %s was sent", name);
    }
    return &link->waiting[i].cmd;
}

static inline void fake_link_answer_at(struct redis_link *link, size_t at, const struct reply *reply)
{
    struct fake_command command = link->waiting[at];
    link->count--;
    memmove(&link->waiting[at], &link->waiting[at + 1], (link->count - at) * sizeof link->waiting[0]);
    cmd_fini(&command.cmd);
    if (command.cb != NULL) {
        command.cb(command.arg, reply);
    }
}

static inline void fake_link_answer(struct redis_link *link, const char *name, const struct reply *reply)
{
    (void)fake_link_first(link, name);
    fake_link_answer_at(link, fake_link_find(link, name), reply);
}

/* Answer all of this name that wait now. */
static inline void fake_link_answer_all(struct redis_link *link, const char *name, const struct reply *reply)
{
    for (size_t left = fake_link_count(link, name); left > 0; left--) {
        fake_link_answer(link, name, reply);
    }
}

/* The connection is lost: what waits gets no answer. */
static inline void fake_link_lose(struct redis_link *link)
{
    link->up = false;
    while (link->count > 0) {
        fake_link_answer_at(link, 0, NULL);
    }
}

static inline void fake_link_free(struct redis_link *link)
{
    fake_link_lose(link);
    free(link);
}

static inline const struct reply *make_error(const char *text)
{
    static struct reply reply;
    reply = (struct reply){.kind = REPLY_ERROR, .text = slice_of(text)};
    return &reply;
}

static inline const struct reply *make_number(int64_t value)
{
    static struct reply reply;
    reply = (struct reply){.kind = REPLY_INTEGER, .integer = value};
    return &reply;
}

/* How many arguments of cmd read so. */
static inline size_t cmd_count(const struct cmd *cmd, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < cmd->argc; i++) {
        count += slice_eq(cmd_argument(cmd, i), text) ? 1 : 0;
    }
    return count;
}

static inline bool cmd_has(const struct cmd *cmd, const char *text)
{
    return cmd_count(cmd, text) > 0;
}

static inline bool cmd_has_number(const struct cmd *cmd, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    return cmd_has(cmd, text);
}

#endif
