/* redis_limits: see redis_limits.h. Stands between hiredis' reader and the functions that make its replies.
 */
#include "resp/redis_limits.h"

#include "resp/cmd.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

/* Of a status, an error or a number: hiredis takes quadratic time for long ones. */
#define LINE_BYTES_MAX 65536U

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct redis_limits {
    redisReplyObjectFunctions functions;       /* what the reader calls */
    const redisReplyObjectFunctions *original; /* the reader's own, which do the work */
    void *privdata;                            /* likewise: what these want to see */
    size_t items;                              /* of the answer that is being read */
    size_t bytes;                              /* of its strings */
    bool exceeded;
};

struct redis_limits *redis_limits_new(void)
{
    return calloc(1, sizeof(struct redis_limits));
}

void redis_limits_free(struct redis_limits *limits)
{
    free(limits);
}

/* Count what is about to be made. Returns false if it is too much. */
static bool count(const redisReadTask *task, size_t items, size_t bytes)
{
    struct redis_limits *limits = task->privdata;
    if (task->parent == NULL) { /* a new answer */
        limits->items = 0;
        limits->bytes = 0;
    }
    limits->items += items;
    limits->bytes += bytes;
    limits->exceeded = limits->exceeded || limits->items > (size_t)REPLY_ITEMS_MAX ||
                       limits->bytes > (size_t)REPLY_BYTES_MAX;
    return !limits->exceeded;
}

/* The task as the reader's own functions would get it. */
static redisReadTask own_task(const redisReadTask *task)
{
    const struct redis_limits *limits = task->privdata;
    redisReadTask own = *task;
    own.privdata = limits->privdata;
    return own;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    const struct redis_limits *limits = task->privdata;
    redisReadTask own = own_task(task);
    return count(task, 0, len) ? limits->original->createString(&own, text, len) : NULL;
}

static void *create_array(const redisReadTask *task, element_count elements)
{
    const struct redis_limits *limits = task->privdata;
    redisReadTask own = own_task(task);
    size_t items = elements > 0 ? (size_t)elements : 0;
    return count(task, items, 0) ? limits->original->createArray(&own, elements) : NULL;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    const struct redis_limits *limits = task->privdata;
    redisReadTask own = own_task(task);
    return limits->original->createInteger(&own, value);
}

static void *create_nil(const redisReadTask *task)
{
    const struct redis_limits *limits = task->privdata;
    redisReadTask own = own_task(task);
    return limits->original->createNil(&own);
}

void redis_limits_watch(struct redis_limits *limits, struct redisReader *reader)
{
    *limits =
        (struct redis_limits){.functions = *reader->fn, .original = reader->fn, .privdata = reader->privdata};
    limits->functions.createString = create_string;
    limits->functions.createArray = create_array;
    limits->functions.createInteger = create_integer;
    limits->functions.createNil = create_nil;
    reader->fn = &limits->functions;
    reader->privdata = limits;
}

/* The beginning of an item, up to its first line end, is searched from the start whenever more has come. */
static bool is_endless_line(const redisReader *reader)
{
    size_t left = reader->len - reader->pos;
    return left > LINE_BYTES_MAX && memchr(reader->buf + reader->pos, '\n', LINE_BYTES_MAX) == NULL;
}

enum err redis_limits_check(const struct redis_limits *limits, const struct redisReader *reader,
                            struct errinfo *info)
{
    bool grows = reader != NULL && (reader->len > (size_t)REPLY_BYTES_MAX || is_endless_line(reader));
    if (limits->exceeded || grows) {
        return err_set(info, ERR_PROTOCOL, "an answer of Redis' is too large: more than %d items or %d bytes",
                       REPLY_ITEMS_MAX, REPLY_BYTES_MAX);
    }
    return ERR_OK;
}
