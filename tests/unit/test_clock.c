/* Instants as text against a table and against gmtime, the system's clock, and one that stands still. */
#include "base/clock.h"

#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

TEST(rfc3339_writes_known_instants)
{
    static const struct {
        int64_t ms;
        const char *text;
    } TABLE[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59Z"},
        {1772953200012, "2026-03-08T07:00:00.012Z"},
        {951782400000, "2000-02-29T00:00:00Z"},
        {951868800000, "2000-03-01T00:00:00Z"},
        {4107456000000, "2100-02-28T00:00:00Z"},
        {4107542400000, "2100-03-01T00:00:00Z"},
        {2147483648000, "2038-01-19T03:14:08Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {-62167219200000, "0000-01-01T00:00:00Z"},
        {-62167219200000 + INT64_C(86400000) * 31, "0000-02-01T00:00:00Z"},
        {-62167219200000 + INT64_C(86400000) * 59, "0000-02-29T00:00:00Z"},
        {-62167219200000 + INT64_C(86400000) * 60, "0000-03-01T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        char text[CLOCK_RFC3339_SIZE];
        size_t len = clock_format_rfc3339(text, (struct wall_ms){TABLE[i].ms});
        assert_string_equal(text, TABLE[i].text);
        assert_int_equal(len, strlen(text));
    }
}

TEST(rfc3339_stops_at_years_0_and_9999)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_format_rfc3339(text, (struct wall_ms){INT64_MIN});
    assert_string_equal(text, "0000-01-01T00:00:00Z");
    clock_format_rfc3339(text, (struct wall_ms){253402300800000});
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    clock_format_rfc3339(text, (struct wall_ms){INT64_MAX});
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

TEST(rfc3339_ms_always_has_milliseconds)
{
    char text[CLOCK_RFC3339_SIZE];
    assert_int_equal(clock_format_rfc3339_ms(text, (struct wall_ms){0}), 24);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    assert_int_equal(clock_format_rfc3339_ms(text, (struct wall_ms){1772953200012}), 24);
    assert_string_equal(text, "2026-03-08T07:00:00.012Z");
}

/* Days that are coprime to the length of every cycle, over all 10,000 years. */
TEST(rfc3339_agrees_with_gmtime)
{
    for (time_t at = -62167219200; at < 253402300800; at += 86400 * 17 + 3671) {
        struct tm tm;
        char want[64];
        char got[CLOCK_RFC3339_SIZE];
        assert_non_null(gmtime_r(&at, &tm));
        (void)snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        clock_format_rfc3339(got, (struct wall_ms){at * 1000});
        assert_string_equal(got, want);
    }
}

TEST(clock_system_tells_the_time_of_day)
{
    struct clock clock = clock_system();
    int64_t before = (int64_t)time(NULL) * 1000 - 1000; /* time(2) may lag by a tick */
    int64_t now = clock_wall(&clock).ms;
    int64_t after = (int64_t)time(NULL) * 1000 + 2000;
    assert_true(before <= now && now <= after);
}

TEST(clock_system_never_steps_back)
{
    struct clock clock = clock_system();
    struct mono_ms last = clock_mono(&clock);
    assert_true(last.ms > 0);
    for (int i = 0; i < 10000; i++) {
        struct mono_ms now = clock_mono(&clock);
        assert_true(now.ms >= last.ms);
        last = now;
    }
}

static struct wall_ms frozen_wall(void *arg)
{
    return (struct wall_ms){*(const int64_t *)arg};
}

static struct mono_ms frozen_mono(void *arg)
{
    return (struct mono_ms){*(const int64_t *)arg + 1};
}

TEST(clock_can_be_one_that_stands_still)
{
    int64_t at = 42;
    struct clock clock = {.wall = frozen_wall, .mono = frozen_mono, .arg = &at};
    assert_int_equal(clock_wall(&clock).ms, 42);
    assert_int_equal(clock_mono(&clock).ms, 43);
    at = 50;
    assert_int_equal(clock_wall(&clock).ms, 50);
}
