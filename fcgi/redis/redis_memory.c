/* redis_memory: see redis_memory.h. The functions that hiredis' reader calls to make a reply. */
#include "redis/redis_memory.h"

#include <hiredis/hiredis.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct redis_memory {
    redisReplyObjectFunctions functions; /* what readers call */
    struct arena *arena;                 /* borrowed */
};

/* Returns NULL if memory is short. redis_limits bounds size. */
static void *take(const redisReadTask *task, size_t size)
{
    const struct redis_memory *memory = task->privdata;

    return arena_alloc(memory->arena, size);
}

/* Make a reply of that type. If it is an item of another reply, put it there. */
static redisReply *make(const redisReadTask *task, int type)
{
    redisReply *reply = take(task, sizeof *reply);

    if (reply == NULL) {
        return NULL;
    }
    *reply = (redisReply){.type = type};
    if (task->parent != NULL) {
        redisReply *parent = task->parent->obj;
        parent->element[task->idx] = reply;
    }
    return reply;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    redisReply *reply = make(task, task->type);
    char *copy = reply != NULL ? take(task, len + 1) : NULL;

    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    reply->str = copy;
    reply->len = len;
    return reply;
}

static void *create_array(const redisReadTask *task, element_count elements)
{
    size_t count = elements > 0 ? (size_t)elements : 0;
    redisReply *reply = make(task, task->type);
    redisReply **items = reply != NULL && count > 0 ? take(task, count * sizeof *items) : NULL;

    if (reply == NULL || (count > 0 && items == NULL)) {
        return NULL;
    }
    reply->elements = count;
    reply->element = items;
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = make(task, task->type);

    if (reply != NULL) {
        reply->integer = value;
    }
    return reply;
}

static void *create_nil(const redisReadTask *task)
{
    return make(task, REDIS_REPLY_NIL);
}

static void free_object(void *object)
{
    (void)object; /* it ends with the arena */
}

void redis_memory_serve(struct redis_memory *memory, struct redisReader *reader)
{
    memory->functions = *reader->fn;
    memory->functions.createString = create_string;
    memory->functions.createArray = create_array;
    memory->functions.createInteger = create_integer;
    memory->functions.createNil = create_nil;
    memory->functions.freeObject = free_object;
    reader->fn = &memory->functions;
    reader->privdata = memory;
}

struct redis_memory *redis_memory_new(struct arena *arena)
{
    struct redis_memory *memory = calloc(1, sizeof *memory);

    if (memory != NULL) {
        memory->arena = arena;
    }
    return memory;
}

void redis_memory_free(struct redis_memory *memory)
{
    free(memory);
}
