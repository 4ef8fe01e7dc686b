/* The chunked coding: what is one, what is none, and that it matters nowhere where the network cut it. */
#include "http/http_chunks.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

static char body[64];
static size_t body_len;

static void take(void *arg, const char *data, size_t len)
{
    (void)arg;
    assert_true(body_len + len < sizeof body);
    memcpy(body + body_len, data, len);
    body_len += len;
    body[body_len] = '\0';
}

/* Feed text, step bytes at a time. */
static struct http_chunks feed(const char *text, size_t step)
{
    struct http_chunks chunks = {0};
    size_t len = strlen(text);
    body_len = 0;
    body[0] = '\0';
    for (size_t at = 0; at < len; at += step) {
        size_t piece = len - at < step ? len - at : step;
        bool good = http_chunks_feed(&chunks, text + at, piece, take, NULL);
        assert_int_equal(good, chunks.state != HTTP_CHUNKS_BAD);
        if (!good) {
            break;
        }
    }
    return chunks;
}

static void assert_state(const char *text, enum http_chunks_state state, const char *wanted)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        struct http_chunks chunks = feed(text, step);
        if (chunks.state != state || (wanted != NULL && strcmp(body, wanted) != 0)) {
            fail_msg("%s (by %zu): state %d, body %s", text, step, (int)chunks.state, body);
        }
    }
}

TEST(http_chunks_reads_what_is_one)
{
    assert_state("5\r\nhello\r\n0\r\n\r\n", HTTP_CHUNKS_END, "hello");
    assert_state("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", HTTP_CHUNKS_END, "hello");
    assert_state("0\r\n\r\n", HTTP_CHUNKS_END, "");
    assert_state("000A\r\n0123456789\r\n0\r\n\r\n", HTTP_CHUNKS_END, "0123456789");
    assert_state("5;a=\"b\";c\r\nhello\r\n0;x\r\n\r\n", HTTP_CHUNKS_END, "hello");
    assert_state("5  \r\nhello\r\n0 \t;x\r\n\r\n", HTTP_CHUNKS_END, "hello");
    assert_state("5\r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\n", HTTP_CHUNKS_END, "hello");
    assert_state("5\r\n\r\n\r\n\r\r\n0\r\n\r\n", HTTP_CHUNKS_END, "\r\n\r\n\r");
}

TEST(http_chunks_refuses_what_is_none)
{
    static const char *const bad[] = {
        "\r\n",
        "x",
        " 5\r\n",
        "-5\r\n",
        "+5\r\n",
        "0x5\r\n",
        "5zz\r\n",
        "5 x\r\n",
        "5\nhello",
        "5\r\r\n",
        "5;a\nhello",
        "5\r\nhello\n",
        "4\r\nhello\r\n",
        "5\r\nhelloo",
        "6\r\nhello\r\n0",
        "5\r\nhello0",
        "5\r\nhello\r\r\n",
        "5\r\nhello\r\n\r\n",
        "0\r\nxyz\r\n",
        "0\r\nX y: z",
        "0\r\n folded: x",
        "0\r\n\n",
        "0\r\n\r\r",
        "FFFFFFFFFFFFFFFF\r\n",
        "10000000000000005\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_state(bad[i], HTTP_CHUNKS_BAD, NULL);
    }
}

TEST(http_chunks_knows_that_more_is_to_come)
{
    const char *text = "5;x\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for (size_t len = 1; len < strlen(text); len++) {
        char begin[32] = "";
        memcpy(begin, text, len);
        enum http_chunks_state reached = feed(begin, len).state;
        assert_true(reached != HTTP_CHUNKS_END && reached != HTTP_CHUNKS_BAD);
    }
}

TEST(http_chunks_sees_what_is_behind_the_end)
{
    assert_false(feed("0\r\n\r\n", 1).excess);
    assert_true(feed("0\r\n\r\nH", 1).excess);
    assert_true(feed("0\r\n\r\nHTTP/1.1 200 OK\r\n", 100).excess);
}

/* Neither extensions nor trailers are a way to send without end. */
TEST(http_chunks_bounds_what_is_no_body)
{
    static const char *const begins[] = {"5;", "0\r\nX: "};
    for (size_t i = 0; i < 2; i++) {
        struct http_chunks chunks = {0};
        bool good = http_chunks_feed(&chunks, begins[i], strlen(begins[i]), take, NULL);
        int fed = 0;
        for (; good && fed < 2 * HTTP_CHUNK_EXTRAS_MAX; fed++) {
            good = http_chunks_feed(&chunks, "y", 1, take, NULL);
        }
        assert_in_range(fed, HTTP_CHUNK_EXTRAS_MAX - 8, HTTP_CHUNK_EXTRAS_MAX + 8);
    }
}
