/* Are two instants of a schedule too close? What a bounded look finds, and what it does not take for close. */
#include "job/spacing.h"

#include "test.h"

#include <string.h>

#define FROM_MS INT64_C(1790000000000) /* 2026-09-21T14:13:20Z */

static struct when when_of(const char *schedule)
{
    struct when when = {.ends = {INT64_MAX}};
    char zone[CRON_ZONE_MAX + 1];
    assert_int_equal(cron_parse(&when.cron, zone, schedule, strlen(schedule), NULL), CRON_OK);
    return when;
}

/* The distance of the two that are found; 0: none are. */
static int64_t find(const char *schedule, int64_t min_s)
{
    struct when when = when_of(schedule);
    struct wall_ms first;
    struct wall_ms second;
    bool found = spacing_find_close(&when, min_s, (struct wall_ms){FROM_MS}, &first, &second);
    return found ? (second.ms - first.ms) / 1000 : 0;
}

TEST(spacing_finds_neighbours_that_are_too_close)
{
    static const struct {
        const char *schedule;
        int64_t min_s;
        int64_t apart_s;
    } TABLE[] = {
        {"* * * * * *", 1, 0},
        {"* * * * * *", 2, 1},
        {"* * * * *", 60, 0},
        {"* * * * *", 61, 60},
        {"@every 59s", 60, 59},
        {"@every 60s", 60, 0},
        {"0,59 * * * * *", 60, 1},
        {"0,59 0-58/2 * * * *", 60, 59},
        {"59 0-58/2 * * * *", 120, 0},
        {"0 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40,42,44,46,48,50,52,54,56,58,59 * * * *",
         120, 60},
        {"0 0 0,23 * * *", 7200, 3600}, /* from one day to the next */
        {"0 0 0,23 * * MON", 7200, 0},
        {"0 0 0,23 1,15,16 * ?", 7200, 3600},
        {"0 0 0,23 L,1 * ?", 7200, 3600},
        {"0 0 0 * * *", 86400, 0},
        {"0,30 0 0 1 1 ? 2190", 60, 30},
        {"0 0 0 1 1 ? 2190", 86400, 0},
        {"0 0 0 1 1 ? 1999", 86400, 0},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        int64_t apart_s = find(TABLE[i].schedule, TABLE[i].min_s);
        if (apart_s != TABLE[i].apart_s) {
            fail_msg("%s: %lld s apart", TABLE[i].schedule, (long long)apart_s);
        }
    }
}

TEST(spacing_of_one_instant_is_never_too_close)
{
    struct when when = {.once = {FROM_MS + 1000}, .ends = {INT64_MAX}};
    struct wall_ms first;
    struct wall_ms second;
    assert_false(spacing_find_close(&when, 86400, (struct wall_ms){FROM_MS}, &first, &second));
}

TEST(spacing_looks_at_a_bounded_part)
{
    /* 86,400 instants a day, each of them far enough from the next. */
    struct when when = when_of("*/2 * * * * *");
    struct wall_ms first;
    struct wall_ms second;
    for (int i = 0; i < 100; i++) {
        assert_false(spacing_find_close(&when, 2, (struct wall_ms){FROM_MS}, &first, &second));
    }
}
