/* What Redis publishes to runners is either understood or ignored. */
#include "store/store_database.h"
#include "store/store_wake.h"

#include "store_ids.h"
#include "test.h"

static const struct {
    const char *text;
    bool good;
    unsigned shard;
    int64_t due;
} wake_messages[] = {
    {"3 1772953200000", true, 3, T0},
    {"0 0", true, 0, 0},
    {"15 -1", true, 15, -1},
    {"16 5", false, 0, 0},
    {"-1 5", false, 0, 0},
    {"3", false, 0, 0},
    {"3 ", false, 0, 0},
    {"", false, 0, 0},
    {" 5", false, 0, 0},
    {" ", false, 0, 0},
    {"3  5", false, 0, 0},
    {"3 5 6", false, 0, 0},
    {"x 5", false, 0, 0},
    {"3 soon", false, 0, 0},
    {"3\n5", false, 0, 0},
    {"4294967299 5", false, 0, 0},
    {"3 99999999999999999999", false, 0, 0},
};

TEST(store_wake_messages)
{
    for (size_t i = 0; i < sizeof wake_messages / sizeof wake_messages[0]; i++) {
        unsigned shard = 99;
        struct wall_ms due = {0};
        assert_int_equal(store_wake_parse(slice_of(wake_messages[i].text), &shard, &due),
                         wake_messages[i].good);
        assert_true(!wake_messages[i].good ||
                    (shard == wake_messages[i].shard && due.ms == wake_messages[i].due));
    }
    unsigned shard;
    struct wall_ms due;
    assert_false(store_wake_parse((struct slice){NULL, 0}, &shard, &due));
}

#define HEX "0000000000000000000000000000000000000000000000000000000000000003"

static const struct {
    const char *text;
    bool good;
    struct store_attempt attempt; /* without the job */
} cancel_messages[] = {
    {"cancel " HEX ":1772953200000:1.7", true, {.scheduled = {T0}, .number = 1, .token = 7}},
    {"cancel " HEX ":5:12.9007199254740993",
     true,
     {.scheduled = {5}, .number = 12, .token = 9007199254740993}},
    {.text = "cancel " HEX ":5:1"},
    {.text = "cancel " HEX ":5:1."},
    {.text = "cancel " HEX ":5:1.x"},
    {.text = "cancel " HEX ":5:.7"},
    {.text = "cancel " HEX ":5.7"},
    {.text = "cancel 03:5:1.7"},
    {.text = "cancel " HEX ":5:1.99999999999999999999"},
    {.text = "cancel  " HEX ":5:1.7"},
    {.text = "cancel " HEX ":00000000000000000000000000000000000000000000000000000000005:1.7"},
    {.text = "cancel"},
    {.text = "cancel "},
    {.text = "."},
    {.text = "cancel."},
    {.text = ""},
    {.text = HEX ":5:1.7"},
    {.text = "3 1772953200000"},
};

TEST(store_cancel_messages)
{
    for (size_t i = 0; i < sizeof cancel_messages / sizeof cancel_messages[0]; i++) {
        struct store_attempt attempt = {0};
        const struct store_attempt *expected = &cancel_messages[i].attempt;
        assert_int_equal(store_cancel_parse(slice_of(cancel_messages[i].text), &attempt),
                         cancel_messages[i].good);
        if (cancel_messages[i].good) {
            assert_int_equal(attempt.job.bytes[JOB_ID_SIZE - 1], 3);
            assert_int_equal(attempt.scheduled.ms, expected->scheduled.ms);
            assert_int_equal(attempt.number, expected->number);
            assert_int_equal(attempt.token, expected->token);
        }
    }
    struct store_attempt attempt;
    assert_false(store_cancel_parse((struct slice){NULL, 0}, &attempt));
}

TEST(store_level_messages_are_told_apart)
{
    unsigned shard;
    struct wall_ms due;
    assert_true(store_level_was_raised(slice_of("level 1")));
    assert_false(store_level_was_raised(slice_of("3 1772953200000")));
    assert_false(store_level_was_raised(slice_of("level")));
    assert_false(store_level_was_raised((struct slice){NULL, 0}));
    assert_false(store_wake_parse(slice_of("level 1"), &shard, &due));
    assert_false(store_wake_parse(slice_of(""), &shard, &due));
}
