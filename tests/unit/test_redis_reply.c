/* From hiredis' replies to our own, read from the bytes that a server would send. */
#include "resp/redis_reply.h"

#include "test.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

struct flat {
    redisReply *tree;
    struct reply reply;
    struct slice *items;
};

/* End with drop. */
static struct flat flatten_bytes(const char *bytes, size_t len)
{
    struct flat flat = {0};
    void *tree = NULL;
    redisReader *reader = redisReaderCreate();
    assert_int_equal(redisReaderFeed(reader, bytes, len), REDIS_OK);
    assert_int_equal(redisReaderGetReply(reader, &tree), REDIS_OK);
    assert_non_null(tree);
    redisReaderFree(reader);
    flat.tree = tree;
    redis_reply_flatten(flat.tree, &flat.reply, &flat.items);
    return flat;
}

#define FLATTEN(text) flatten_bytes(text, sizeof(text) - 1)

static void drop(struct flat *flat)
{
    free(flat->items);
    freeReplyObject(flat->tree);
}

static const struct {
    const char *bytes;
    enum reply_kind kind;
    const char *text; /* NULL: none */
    int64_t integer;
} simple_kinds[] = {
    {"+OK\r\n", REPLY_TEXT, "OK", 0},
    {"+\r\n", REPLY_TEXT, "", 0},
    {"$5\r\nhello\r\n", REPLY_TEXT, "hello", 0},
    {"$0\r\n\r\n", REPLY_TEXT, "", 0},
    {"$-1\r\n", REPLY_NIL, NULL, 0},
    {"*-1\r\n", REPLY_NIL, NULL, 0},
    {":42\r\n", REPLY_INTEGER, NULL, 42},
    {":-9223372036854775808\r\n", REPLY_INTEGER, NULL, INT64_MIN},
    {":9223372036854775807\r\n", REPLY_INTEGER, NULL, INT64_MAX},
    {"-ERR no\r\n", REPLY_ERROR, "ERR no", 0},
    {"*0\r\n", REPLY_ARRAY, NULL, 0},
};

TEST(redis_reply_flattens_simple_kinds)
{
    for (size_t i = 0; i < sizeof simple_kinds / sizeof simple_kinds[0]; i++) {
        struct flat flat = flatten_bytes(simple_kinds[i].bytes, strlen(simple_kinds[i].bytes));
        assert_int_equal(flat.reply.kind, simple_kinds[i].kind);
        assert_int_equal(flat.reply.integer, simple_kinds[i].integer);
        assert_true(simple_kinds[i].text == NULL ? flat.reply.text.data == NULL
                                                 : slice_eq(flat.reply.text, simple_kinds[i].text));
        assert_int_equal(flat.reply.count, 0);
        assert_null(flat.items);
        drop(&flat);
    }
}

TEST(redis_reply_keeps_bytes_as_they_are)
{
    struct flat flat = FLATTEN("$6\r\na\0\r\n\xff*\r\n");
    assert_int_equal(flat.reply.text.len, 6);
    assert_memory_equal(flat.reply.text.data, "a\0\r\n\xff*", 6);
    drop(&flat);
}

TEST(redis_reply_array_items_are_text)
{
    struct flat flat = FLATTEN("*6\r\n$1\r\na\r\n:-9223372036854775808\r\n$-1\r\n+s\r\n$0\r\n\r\n:7\r\n");
    assert_int_equal(flat.reply.kind, REPLY_ARRAY);
    assert_int_equal(flat.reply.count, 6);
    assert_ptr_equal(flat.reply.items, flat.items);
    assert_true(slice_eq(flat.reply.items[0], "a"));
    assert_true(slice_eq(flat.reply.items[1], "-9223372036854775808"));
    assert_null(flat.reply.items[2].data);
    assert_int_equal(flat.reply.items[2].len, 0);
    assert_true(slice_eq(flat.reply.items[3], "s"));
    assert_non_null(flat.reply.items[4].data);
    assert_int_equal(flat.reply.items[4].len, 0);
    assert_true(slice_eq(flat.reply.items[5], "7"));
    drop(&flat);
}

TEST(redis_reply_entry_of_a_stream_is_position_and_two_values)
{
    struct flat flat = FLATTEN("*4\r\n*2\r\n$3\r\n9-1\r\n*6\r\n$1\r\nj\r\n$2\r\nid\r\n$1\r\nr\r\n$"
                               "4\r\ntext\r\n$1\r\nx\r\n$1\r\ny\r\n"
                               "*2\r\n$3\r\n8-1\r\n*2\r\n$1\r\nj\r\n$0\r\n\r\n"
                               "*2\r\n$3\r\n7-1\r\n*0\r\n"
                               "*2\r\n$3\r\n6-1\r\n*-1\r\n");
    static const char *const expected[] = {"9-1", "id", "text", "8-1", "",   NULL,
                                           "7-1", NULL, NULL,   "6-1", NULL, NULL};
    assert_int_equal(flat.reply.kind, REPLY_ARRAY);
    assert_int_equal(flat.reply.count, 12);
    for (size_t i = 0; i < 12; i++) {
        assert_true(expected[i] == NULL ? flat.reply.items[i].data == NULL
                                        : slice_eq(flat.reply.items[i], expected[i]));
    }
    drop(&flat);
}

TEST(redis_reply_refuses_what_is_nested)
{
    static const char *const rows[] = {
        "*1\r\n*0\r\n",
        "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
        "*2\r\n:1\r\n-ERR inside\r\n",
        "*1\r\n*2\r\n:1\r\n*0\r\n",
        "*2\r\n*2\r\n$3\r\n1-1\r\n*0\r\n$1\r\na\r\n",
        "*2\r\n$1\r\na\r\n*2\r\n$3\r\n1-1\r\n*0\r\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct flat flat = flatten_bytes(rows[i], strlen(rows[i]));
        assert_int_equal(flat.reply.kind, REPLY_ERROR);
        assert_int_not_equal(flat.reply.text.len, 0);
        assert_null(flat.items);
        drop(&flat);
    }
}

TEST(redis_reply_of_an_unknown_type_is_an_error)
{
    redisReply tree = {.type = 99};
    struct reply reply;
    struct slice *items;
    redis_reply_flatten(&tree, &reply, &items);
    assert_int_equal(reply.kind, REPLY_ERROR);
    assert_null(items);
}

TEST(redis_reply_flattens_many_items)
{
    struct buffer bytes = {0};
    buffer_add_str(&bytes, "*5000\r\n");
    for (int i = 0; i < 5000; i++) {
        buffer_printf(&bytes, ":%lld\r\n", i * 1000003LL);
    }
    struct flat flat = flatten_bytes(bytes.data, bytes.len);
    assert_int_equal(flat.reply.count, 5000);
    for (int i = 0; i < 5000; i++) {
        int64_t value;
        assert_true(slice_i64(flat.reply.items[i], &value));
        assert_int_equal(value, i * 1000003LL);
    }
    drop(&flat);
    buffer_fini(&bytes);
}
