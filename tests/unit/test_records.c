/* records: when a FastCGI request is whole, and which ones libfcgi never gets to see. */
#include "serve/records.h"

#include <string.h>

#include "test.h"

#define BEGIN      "\1\1\0\1\0\x08\0\0\0\1\0\0\0\0\0\0"
#define END_PARAMS "\1\4\0\1\0\0\0\0"
#define END_STDIN  "\1\5\0\1\0\0\0\0"
#define PAIR       "\1\4\0\1\0\x05\3\0\1\2abc\0\0\0" /* a=bc, and padding */
#define BYTES(text)           \
    {                         \
        text, sizeof text - 1 \
    }

static enum records_state read_all(struct slice bytes)
{
    struct records records = {0};
    return records_read(&records, bytes);
}

TEST(records_whole_request)
{
    static const struct slice TABLE[] = {
        BYTES(BEGIN END_PARAMS END_STDIN),
        BYTES(BEGIN PAIR PAIR END_PARAMS END_STDIN),
        BYTES(BEGIN PAIR END_PARAMS "\1\5\0\1\0\2\6\0{}\0\0\0\0\0\0" END_STDIN),
        BYTES(BEGIN "\1\4\0\1\0\2\0\0\1\2"
                    "\1\4\0\1\0\3\0\0"
                    "abc" END_PARAMS END_STDIN),
        BYTES(BEGIN "\1\4\0\1\0\x0b\0\0\x80\0\0\1\x80\0\0\2abc" END_PARAMS END_STDIN),
        BYTES(BEGIN END_PARAMS END_STDIN "what is behind it is nobody's business"),
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        if (read_all(TABLE[i]) != RECORDS_WHOLE) {
            fail_msg("row %zu", i);
        }
    }
}

TEST(records_come_byte_by_byte)
{
    static const struct slice bytes = BYTES(BEGIN PAIR END_PARAMS "\1\5\0\1\0\2\0\0{}" END_STDIN);
    struct records records = {0};

    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(records_read(&records, (struct slice){bytes.data, len}), RECORDS_MORE);
    }
    assert_int_equal(records_read(&records, bytes), RECORDS_WHOLE);
    assert_int_equal(records.id, 1);
}

TEST(records_refused)
{
    static const struct slice TABLE[] = {
        BYTES("G"),
        BYTES("\2"),
        BYTES("\1\1\0\1\0\x08\1\0\0\1\0\0\0\0\0\0\0"), /* padding */
        BYTES("\1\1\0\1\0\x09\0\0\0\1\0\0\0\0\0\0\0"),
        BYTES("\1\1\0\0\0\x08\0\0\0\1\0\0\0\0\0\0"), /* no id */
        BYTES("\1\1\0\1\0\x08\0\0\0\2\0\0\0\0\0\0"), /* an authorizer */
        BYTES("\1\x09\0\0\0\0\0\0"),
        BYTES(END_PARAMS),
        BYTES(BEGIN BEGIN),
        BYTES(BEGIN END_STDIN),
        BYTES(BEGIN "\1\2\0\1\0\0\0\0"), /* aborted */
        BYTES(BEGIN "\1\4\0\2\0\0\0\0"), /* of another request */
        BYTES(BEGIN END_PARAMS END_PARAMS),
        BYTES(BEGIN "\2\4\0\1\0\0\0\0"),
        /* lengths: of nothing, in half, of more than there is, of which the sum overflows an int */
        BYTES(BEGIN "\1\4\0\1\0\1\0\0\0" END_PARAMS),
        BYTES(BEGIN "\1\4\0\1\0\3\0\0\1\x80\0" END_PARAMS),
        BYTES(BEGIN "\1\4\0\1\0\4\0\0\1\2ab" END_PARAMS),
        BYTES(BEGIN "\1\4\0\1\0\x08\0\0\xff\xff\xff\xfe\xff\xff\xff\xfe" END_PARAMS),
        BYTES(BEGIN "\1\4\0\1\0\x08\0\0\xff\xff\xff\xff\xff\xff\xff\xff" END_PARAMS),
        BYTES(BEGIN "\1\4\0\1\0\x09\0\0\xbf\xff\xff\xff\xbf\xff\xff\xffx" END_PARAMS),
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct records records = {0};
        if (records_read(&records, TABLE[i]) != RECORDS_BAD || !records.problem) {
            fail_msg("row %zu", i);
        }
    }
}

TEST(records_parameters_without_end)
{
    static const char head[8] = {1, 4, 0, 1, (char)0xff, (char)0xff, 0, 0};
    static const char content[65535];
    struct buffer bytes = {0};
    struct records records = {0};
    enum records_state got = RECORDS_MORE;

    buffer_add(&bytes, BEGIN, sizeof BEGIN - 1);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(got, RECORDS_MORE);
        buffer_add(&bytes, head, sizeof head);
        buffer_add(&bytes, content, sizeof content);
        got = records_read(&records, (struct slice){bytes.data, bytes.len});
    }
    assert_int_equal(got, RECORDS_BAD);
    buffer_fini(&bytes);
}

TEST(records_answer_is_one_that_ends)
{
    static const struct slice expected = BYTES("\1\6\1\2\0\3\0\0abc"
                                               "\1\6\1\2\0\0\0\0"
                                               "\1\3\1\2\0\x08\0\0\0\0\0\0\0\0\0\0");
    struct buffer out = {0};

    records_answer(&out, 0x102, "abc");
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, expected.len);
    buffer_fini(&out);
}
