/* What is kept of an answer that is too long: ids and statuses, and nothing of what is no answer. */
#include "api/brief.h"

#include "test.h"

#define HEX_A          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define JOB(hex, rest) "{\"job_id\":\"capi:" hex "\"" rest "}"

static bool pack(const char *answer, struct buffer *out)
{
    buffer_clear(out);
    return brief_pack(slice_of(answer), out);
}

TEST(brief_keeps_ids_and_statuses)
{
    static const struct {
        const char *answer;
        size_t packed;
        const char *again;
    } TABLE[] = {
        {"", 0, ""},
        {JOB(HEX_A, ",\"schedule\":\"@daily\""), 33, JOB(HEX_A, "") "\n"},
        {JOB(HEX_A, ",\"api\":\"http://h/\\n\"") "\n" JOB(HEX_B, "") "\n", 66,
         JOB(HEX_A, "") "\n" JOB(HEX_B, "") "\n"},
        {"{\"line\":12,\"status\":400,\"error\":{\"code\":\"X\"}}\n" JOB(HEX_B, ",\"a\":1") "\n", 41,
         "{\"line\":12,\"status\":400}\n" JOB(HEX_B, "") "\n"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct buffer packed = {0};
        struct buffer again = {0};
        assert_true(pack(TABLE[i].answer, &packed));
        assert_int_equal(packed.len, TABLE[i].packed);
        assert_true(brief_unpack((struct slice){packed.data, packed.len}, &again));
        assert_string_equal(buffer_str(&again), TABLE[i].again);
        buffer_fini(&packed);
        buffer_fini(&again);
    }
}

TEST(brief_of_anything_else_is_refused)
{
    static const char *const TABLE[] = {"{}",
                                        "\n",
                                        "{\"job_id\":\"capi:12\"}",
                                        "{\"job_id\":\"" HEX_A,
                                        "{\"line\":x,\"status\":400,\"e\":1}",
                                        "{\"line\":1,\"status\":400}",
                                        "{\"line\":1,\"code\":400,"};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct buffer packed = {0};
        assert_false(pack(TABLE[i], &packed));
        buffer_fini(&packed);
    }
}

TEST(brief_that_is_damaged_is_refused)
{
    static const char *const TABLE[] = {"x", "j", "jshort", "e", "e1", "e1 2", "e1 x\n", "ex 2\n", "e1 2\nq"};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct buffer again = {0};
        assert_false(brief_unpack(slice_of(TABLE[i]), &again));
        buffer_fini(&again);
    }
}
