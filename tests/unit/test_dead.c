/* The names of dead occurrences, and where a request about them ended, as text. */
#include "api/dead.h"

#include "test.h"

#include <string.h>

#define HEX "ab01ff1000000000000000000000000000000000000000000000000000000000"

static const struct job_id job = {{0xab, 0x01, 0xff, 0x10}};

TEST(dead_ids_are_read_as_they_are_written)
{
    static const char *const none[] = {"",
                                       "dead",
                                       "dead:" HEX,
                                       "dead:" HEX ":",
                                       "dead:" HEX ":05",
                                       "exec:" HEX ":5",
                                       "dead:" HEX ":5:1",
                                       "dead:" HEX "0:5",
                                       "dead:ab01:5",
                                       "dead:" HEX ":x",
                                       "dead:" HEX ":99999999999999999999",
                                       "dead:" HEX ":+5"};
    struct wall_ms scheduled;
    struct job_id id;
    char text[DEAD_ID_SIZE];
    dead_id_format(text, &job, (struct wall_ms){1772953200000});
    assert_string_equal(text, "dead:" HEX ":1772953200000");
    assert_true(dead_id_parse(slice_of(text), &id, &scheduled));
    assert_memory_equal(id.bytes, job.bytes, JOB_ID_SIZE);
    assert_int_equal(scheduled.ms, 1772953200000);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        if (dead_id_parse(slice_of(none[i]), &id, &scheduled)) {
            fail_msg("taken for an id: \"%s\"", none[i]);
        }
    }
    assert_false(dead_id_parse((struct slice){NULL, 0}, &id, &scheduled));
}

TEST(dead_cursors_come_back)
{
    static const char *const texts[] = {
        "d0.0", "d15.1772953200000000", "d3.7.1772953200000." HEX ".1772953100000",
        "d15.9223372036854775807.9223372036854775807." HEX ".-9223372036854775808"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct dead_cursor cursor;
        char text[DEAD_CURSOR_SIZE];
        assert_true(dead_cursor_parse(&cursor, slice_of(texts[i])));
        dead_cursor_format(text, &cursor);
        assert_string_equal(text, texts[i]);
    }
}

TEST(dead_refuses_what_is_no_cursor)
{
    static const char *const texts[] = {"",
                                        "d",
                                        "d.",
                                        "d0",
                                        "d0.",
                                        "d16.0",
                                        "d-1.0",
                                        "d0.-1",
                                        "x0.0",
                                        "d0.0.1",
                                        "d0.0.1." HEX,
                                        "d0.0.1." HEX ".",
                                        "d0.0.-1." HEX ".1",
                                        "d0.0.1." HEX ".1.1",
                                        "d0.0.1.ab.1",
                                        "f1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct dead_cursor cursor;
        if (dead_cursor_parse(&cursor, slice_of(texts[i]))) {
            fail_msg("taken for a cursor: \"%s\"", texts[i]);
        }
    }
}

/* The order is Redis': by instant, then byte by byte, in which a longer number may come before a shorter one.
 */
TEST(dead_places_have_the_order_of_redis)
{
    const struct job_id higher = {{0xac}};
    const struct store_dead_position places[] = {
        {{5}, job, {10}}, {{5}, job, {9}}, {{5}, job, {90}}, {{5}, higher, {1}}, {{6}, job, {1}}};
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            int difference = store_dead_compare(&places[i], &places[k]);
            assert_int_equal((difference > 0) - (difference < 0), (i > k) - (i < k));
        }
    }
}
