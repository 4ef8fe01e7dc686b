/* What hiredis' reader is kept from taking in, fed as a socket would feed it. */
#include "resp/redis_limits.h"

#include "resp/cmd.h"

#include "test.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisReader *reader;
static struct redis_limits *limits;

static void set_up(void)
{
    reader = redisReaderCreate();
    limits = redis_limits_new();
    assert_non_null(reader);
    assert_non_null(limits);
    redis_limits_watch(limits, reader);
}

static void tear_down(void)
{
    redisReaderFree(reader);
    redis_limits_free(limits);
}

EACH_TEST(set_up, tear_down);

/* The verdict after some bytes; complete replies are read and thrown away. */
static enum err feed(const char *bytes, size_t len)
{
    void *reply = NULL;
    assert_int_equal(redisReaderFeed(reader, bytes, len), REDIS_OK);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
        freeReplyObject(reply);
        reply = NULL;
    }
    return redis_limits_check(limits, reader, NULL);
}

static enum err feed_text(const char *text)
{
    return feed(text, strlen(text));
}

/* count times the same. */
static enum err feed_many(const char *text, size_t count)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = feed_text(text);
    }
    return err;
}

TEST(redis_limits_let_ordinary_answers_pass)
{
    static const char *const answers[] = {
        "+OK\r\n", "-ERR no\r\n", ":1\r\n",     "$3\r\nabc\r\n",          "$-1\r\n", "*2\r\n:1\r\n+a\r\n",
        "*0\r\n",  "*-1\r\n",     "$0\r\n\r\n", "*1\r\n*1\r\n$1\r\na\r\n"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        assert_int_equal(feed_text(answers[i]), ERR_OK);
        assert_int_equal(reader->err, 0);
    }
}

TEST(redis_limits_refuse_an_announcement)
{
    struct errinfo info;
    assert_int_equal(feed_text("*262145\r\n"), ERR_PROTOCOL);
    assert_int_equal(redis_limits_check(limits, NULL, &info), ERR_PROTOCOL);
    assert_non_null(strstr(info.text, "too large"));
}

TEST(redis_limits_take_as_much_as_they_say)
{
    assert_int_equal(feed_text("*262144\r\n"), ERR_OK);
    assert_int_equal(feed_many(":1\r\n", REPLY_ITEMS_MAX), ERR_OK);
    assert_int_equal(reader->err, 0);
}

TEST(redis_limits_count_the_items_of_all_arrays)
{
    assert_int_equal(feed_text("*200000\r\n"), ERR_OK);
    assert_int_equal(feed_text("*60000\r\n"), ERR_OK);
    assert_int_equal(feed_text("*2145\r\n"), ERR_PROTOCOL);
}

TEST(redis_limits_count_each_answer_anew)
{
    for (int i = 0; i < 3; i++) {
        assert_int_equal(feed_text("*200000\r\n"), ERR_OK);
        assert_int_equal(feed_many(":1\r\n", 200000), ERR_OK);
    }
}

TEST(redis_limits_count_the_bytes_of_all_strings)
{
    const size_t len = 1000000;
    char *text = calloc(1, len + 16);
    assert_non_null(text);
    size_t head = (size_t)snprintf(text, 16, "$%zu\r\n", len);
    memset(text + head, 'x', len);
    memcpy(text + head + len, "\r\n", 2);
    assert_int_equal(feed_text("*1000\r\n"), ERR_OK);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(feed(text, head + len + 2), ERR_OK);
    }
    assert_int_equal(feed(text, head + len + 2), ERR_PROTOCOL);
    free(text);
}

TEST(redis_limits_notice_what_grows_without_an_end)
{
    static char piece[65536];
    memset(piece, 'x', sizeof piece);
    assert_int_equal(feed_text("$10737418240\r\n"), ERR_OK);
    for (int i = 0; i < 255; i++) {
        assert_int_equal(feed(piece, sizeof piece), ERR_OK);
    }
    assert_int_equal(feed(piece, sizeof piece), ERR_PROTOCOL);
}

TEST(redis_limits_notice_a_line_without_an_end)
{
    static char piece[32768];
    memset(piece, 'x', sizeof piece);
    assert_int_equal(feed_text("*1\r\n-ERR "), ERR_OK);
    assert_int_equal(feed(piece, sizeof piece), ERR_OK);
    assert_int_equal(feed(piece, sizeof piece), ERR_PROTOCOL);
}
