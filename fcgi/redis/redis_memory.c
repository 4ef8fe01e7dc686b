/* redis_memory: see redis_memory.h. Puts one thing behind the other, and makes hiredis' replies of them. */
#include "redis/redis_memory.h"

#include <hiredis/hiredis.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_SIZE 262144U /* bytes; what is larger gets a piece of its own */

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct piece {
    struct piece *older;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

struct redis_memory {
    redisReplyObjectFunctions functions; /* what readers call */
    struct piece *newest;                /* owned, and all older ones; NULL: none yet */
};

/* ---- memory ---- */

static struct piece *add_piece(struct redis_memory *memory, size_t size)
{
    struct piece *piece = malloc(sizeof *piece + size);

    if (piece) {
        piece->older = memory->newest;
        piece->size = size;
        piece->used = 0;
        memory->newest = piece;
    }
    return piece;
}

/* NULL: out of memory. size is bounded by redis_limits. */
static void *take(struct redis_memory *memory, size_t size)
{
    size_t aligned = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct piece *piece = memory->newest;
    char *taken;

    if (!piece || piece->size - piece->used < aligned) {
        piece = add_piece(memory, aligned > PIECE_SIZE ? aligned : PIECE_SIZE);
    }
    if (!piece) {
        return NULL;
    }
    taken = piece->bytes + piece->used;
    piece->used += aligned;
    return taken;
}

static void drop_newest(struct redis_memory *memory)
{
    struct piece *piece = memory->newest;

    memory->newest = piece->older;
    free(piece);
}

/* One piece of the usual size is kept. */
void redis_memory_clear(struct redis_memory *memory)
{
    while (memory->newest && (memory->newest->older || memory->newest->size > PIECE_SIZE)) {
        drop_newest(memory);
    }
    if (memory->newest) {
        memory->newest->used = 0;
    }
}

/* ---- replies ---- */

/* A reply of that type, in its place where it is an item of another. */
static redisReply *make(const redisReadTask *task, int type)
{
    redisReply *reply = take(task->privdata, sizeof *reply);

    if (!reply) {
        return NULL;
    }
    *reply = (redisReply){.type = type};
    if (task->parent) {
        redisReply *parent = task->parent->obj;
        parent->element[task->idx] = reply;
    }
    return reply;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    redisReply *reply = make(task, task->type);
    char *copy = reply ? take(task->privdata, len + 1) : NULL;

    if (!copy) {
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
    redisReply **items = reply && count > 0 ? take(task->privdata, count * sizeof(redisReply *)) : NULL;

    if (!reply || (count > 0 && !items)) {
        return NULL;
    }
    reply->elements = count;
    reply->element = items;
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = make(task, task->type);

    if (reply) {
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
    (void)object; /* with all others */
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

/* ---- life ---- */

struct redis_memory *redis_memory_new(void)
{
    return calloc(1, sizeof(struct redis_memory));
}

void redis_memory_free(struct redis_memory *memory)
{
    while (memory && memory->newest) {
        drop_newest(memory);
    }
    free(memory);
}
