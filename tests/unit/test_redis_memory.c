/* Replies that hiredis' reader makes in an arena, of the bytes that a server would send. */
#include "redis/redis_memory.h"

#include "test.h"

#include "resp/cmd.h"
#include "resp/redis_limits.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct redis_memory *memory;
static struct redis_limits *limits;
static redisReader *reader;

/* As redis_sync has it: limits stand before memory. */
static void set_up(void)
{
    memory = redis_memory_new(&arena);
    limits = redis_limits_new();
    reader = redisReaderCreate();
    assert_true(memory && limits && reader);
    redis_memory_serve(memory, reader);
    redis_limits_watch(limits, reader);
}

static void tear_down(void)
{
    redisReaderFree(reader);
    redis_limits_free(limits);
    redis_memory_free(memory);
    arena_fini(&arena);
}

EACH_TEST(set_up, tear_down);

/* The next reply of what was fed so far; NULL: it is incomplete, or refused. */
static const redisReply *next(void)
{
    void *reply = NULL;
    (void)redisReaderGetReply(reader, &reply);
    return reply;
}

static const redisReply *reply_of(const char *bytes)
{
    assert_int_equal(redisReaderFeed(reader, bytes, strlen(bytes)), REDIS_OK);
    return next();
}

TEST(redis_memory_makes_every_kind_of_reply)
{
    const redisReply *all = reply_of("*6\r\n$3\r\none\r\n+OK\r\n:-17\r\n$-1\r\n*0\r\n-ERR no\r\n");
    assert_non_null(all);
    assert_int_equal(all->elements, 6);
    assert_string_equal(all->element[0]->str, "one");
    assert_int_equal(all->element[1]->type, REDIS_REPLY_STATUS);
    assert_int_equal(all->element[2]->integer, -17);
    assert_int_equal(all->element[3]->type, REDIS_REPLY_NIL);
    assert_int_equal(all->element[4]->elements, 0);
    assert_int_equal(all->element[5]->type, REDIS_REPLY_ERROR);
    assert_string_equal(all->element[5]->str, "ERR no");
}

TEST(redis_memory_keeps_replies_until_the_arena_is_cleared)
{
    const redisReply *first = reply_of("*2\r\n*1\r\n$1\r\na\r\n$1\r\nb\r\n");
    const redisReply *second = reply_of("$6\r\nsecond\r\n");
    assert_string_equal(first->element[0]->element[0]->str, "a");
    assert_string_equal(second->str, "second");
    arena_clear(&arena);
    assert_string_equal(reply_of("$5\r\nthird\r\n")->str, "third");
}

/* An announcement, then as many strings of that size: more than one piece, and some larger than any. */
TEST(redis_memory_grows_and_shrinks)
{
    static const struct {
        size_t count;
        size_t len;
    } sizes[] = {{3000, 200}, {2, 1000000}, {1, 5}, {100000, 1}};
    static char text[1000000];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char head[32];
        int len = snprintf(head, sizeof head, "*%zu\r\n", sizes[i].count);
        assert_int_equal(redisReaderFeed(reader, head, (size_t)len), REDIS_OK);
        len = snprintf(head, sizeof head, "$%zu\r\n", sizes[i].len);
        for (size_t n = 0; n < sizes[i].count; n++) {
            assert_int_equal(redisReaderFeed(reader, head, (size_t)len), REDIS_OK);
            assert_int_equal(redisReaderFeed(reader, text, sizes[i].len), REDIS_OK);
            assert_int_equal(redisReaderFeed(reader, "\r\n", 2), REDIS_OK);
        }
        const redisReply *reply = next();
        assert_non_null(reply);
        assert_int_equal(reply->elements, sizes[i].count);
        for (size_t n = 0; n < sizes[i].count; n++) {
            assert_int_equal(reply->element[n]->len, sizes[i].len);
            assert_memory_equal(reply->element[n]->str, text, sizes[i].len);
        }
        arena_clear(&arena);
    }
}

TEST(redis_memory_is_stateful_by_the_limits)
{
    assert_null(reply_of("*262145\r\n"));
    assert_int_equal(redis_limits_check(limits, reader, NULL), ERR_PROTOCOL);
}

TEST(redis_memory_of_an_answer_that_breaks_off_is_given_back)
{
    assert_null(reply_of("*2\r\n$1\r\na\r\n"));
    assert_null(reply_of("?\r\n"));
    assert_int_not_equal(reader->err, 0);
}
