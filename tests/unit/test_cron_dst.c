/* Daylight saving: the cases of cron.h as examples, each with the local times one reads off the wall. */
#include "test.h"
#include "vectors.h"

/* After `from`, the schedule fires at these local times. */
struct example {
    const char *schedule, *zone, *from;
    const char *next[3];
};

static const struct example examples[] = {
    {"30 2 * * *",
     "America/New_York",
     "2026-03-08T06:00:00Z",
     {"2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00", "2026-03-10T02:30:00-04:00"}},
    {"0 2 * * *",
     "America/New_York",
     "2026-03-08T06:00:00Z",
     {"2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00", "2026-03-10T02:00:00-04:00"}},
    {"0,30 2 * * *",
     "America/New_York",
     "2026-03-08T06:00:00Z",
     {"2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00", "2026-03-09T02:30:00-04:00"}},
    {"30 1-3 * * *",
     "America/New_York",
     "2026-03-08T06:00:00Z",
     {"2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"}},
    {"*/15 2 * * *",
     "America/New_York",
     "2026-03-08T06:50:00Z",
     {"2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00", "2026-03-09T02:15:00-04:00"}},
    {"0 */2 * * *",
     "America/New_York",
     "2026-03-08T04:30:00Z",
     {"2026-03-08T00:00:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T04:00:00-04:00"}},
    {"30 * * * *",
     "America/New_York",
     "2026-03-08T06:00:00Z",
     {"2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00", "2026-03-08T04:30:00-04:00"}},
    {"*/30 * * * *",
     "America/New_York",
     "2026-03-08T06:10:00Z",
     {"2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"}},
    {"30 1 * * *",
     "America/New_York",
     "2026-11-01T05:00:00Z",
     {"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00", "2026-11-03T01:30:00-05:00"}},
    {"30 1 * * *",
     "America/New_York",
     "2026-11-01T06:10:00Z",
     {"2026-11-02T01:30:00-05:00", "2026-11-03T01:30:00-05:00", "2026-11-04T01:30:00-05:00"}},
    {"30 * * * *",
     "America/New_York",
     "2026-11-01T05:00:00Z",
     {"2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-01T02:30:00-05:00"}},
    {"*/30 1 * * *",
     "America/New_York",
     "2026-11-01T05:10:00Z",
     {"2026-11-01T01:30:00-04:00", "2026-11-02T01:00:00-05:00", "2026-11-02T01:30:00-05:00"}},
    {"0 0-23 * * *",
     "America/New_York",
     "2026-11-01T04:30:00Z",
     {"2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00"}},
    {"0 0 * * *",
     "America/Sao_Paulo",
     "2017-10-14T12:00:00Z",
     {"2017-10-15T01:00:00-02:00", "2017-10-16T00:00:00-02:00", "2017-10-17T00:00:00-02:00"}},
    {"30 23 * * *",
     "America/Sao_Paulo",
     "2018-02-17T12:00:00Z",
     {"2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00", "2018-02-19T23:30:00-03:00"}},
    {"15 2 * * *",
     "Australia/Lord_Howe",
     "2026-10-03T12:00:00Z",
     {"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00", "2026-10-06T02:15:00+11:00"}},
    {"0 * * * *",
     "Australia/Lord_Howe",
     "2026-10-03T14:00:00Z",
     {"2026-10-04T01:00:00+10:30", "2026-10-04T03:00:00+11:00", "2026-10-04T04:00:00+11:00"}},
    {"45 1 * * *",
     "Australia/Lord_Howe",
     "2026-04-04T12:00:00Z",
     {"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30", "2026-04-07T01:45:00+10:30"}},
    {"30 1 * * *",
     "Antarctica/Troll",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00", "2026-03-31T01:30:00+02:00"}},
    {"0 2 * * *",
     "Antarctica/Troll",
     "2026-10-25T00:30:00Z",
     {"2026-10-26T02:00:00+00:00", "2026-10-27T02:00:00+00:00", "2026-10-28T02:00:00+00:00"}},
    {"30 0 * * *",
     "America/St_Johns",
     "2009-03-07T12:00:00Z",
     {"2009-03-08T01:01:00-02:30", "2009-03-09T00:30:00-02:30", "2009-03-10T00:30:00-02:30"}},
    {"0 0 * * *",
     "America/St_Johns",
     "2008-11-01T12:00:00Z",
     {"2008-11-02T00:00:00-02:30", "2008-11-03T00:00:00-03:30", "2008-11-04T00:00:00-03:30"}},
    {"30 23 * * *",
     "America/Nuuk",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T00:00:00-01:00", "2026-03-29T23:30:00-01:00", "2026-03-30T23:30:00-01:00"}},
    {"30 2 * * *",
     "Africa/Casablanca",
     "2024-04-13T12:00:00Z",
     {"2024-04-14T03:00:00+01:00", "2024-04-15T02:30:00+01:00", "2024-04-16T02:30:00+01:00"}},
    {"30 2 * * *",
     "Africa/Casablanca",
     "2024-03-09T12:00:00Z",
     {"2024-03-10T02:30:00+01:00", "2024-03-11T02:30:00+00:00", "2024-03-12T02:30:00+00:00"}},
    {"0 12 * * *",
     "Pacific/Apia",
     "2011-12-29T12:00:00Z",
     {"2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00", "2012-01-01T12:00:00+14:00"}},
    {"0 12 30 * *",
     "Pacific/Apia",
     "2011-12-29T12:00:00Z",
     {"2012-01-30T12:00:00+14:00", "2012-03-30T12:00:00+14:00", "2012-04-30T12:00:00+13:00"}},
    {"0 0 * * *",
     "Asia/Kathmandu",
     "1985-12-31T12:00:00Z",
     {"1986-01-01T00:15:00+05:45", "1986-01-02T00:00:00+05:45", "1986-01-03T00:00:00+05:45"}},
    {"30 1 * * *",
     "Europe/Dublin",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00", "2026-03-31T01:30:00+01:00"}},
};

static struct zones *registry;

static void setup(void)
{
    registry = vectors_zones();
    assert_true(registry);
}

static void teardown(void)
{
    zones_free(registry);
}

ALL_TESTS(setup, teardown);

static const struct zone *zone_of(const char *name)
{
    const struct zone *zone = NULL;

    assert_int_equal(zones_get(registry, name, strlen(name), &zone), ZONE_OK);
    return zone;
}

static struct cron cron_of(const char *text)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;
    struct cron c;

    if (cron_parse(&c, zone_name, text, strlen(text), &error) != CRON_OK)
        fail_msg("%s: %s", text, error.message);
    return c;
}

TEST(dst_worked_examples)
{
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct zone *const zone = zone_of(examples[i].zone);
        const struct cron c = cron_of(examples[i].schedule);
        int64_t at_s = vectors_instant(examples[i].from);

        print_message("%s in %s\n", examples[i].schedule, examples[i].zone);
        for (size_t k = 0; k < 3; k++) {
            char local[ZONE_STAMP_SIZE];

            assert_true(cron_next(&c, zone, at_s, &at_s));
            assert_true(zone_format(zone, at_s, local));
            assert_string_equal(local, examples[i].next[k]);
        }
    }
}

static void check_how(const char *text, const char *from, const char *local, enum cron_how expected)
{
    const struct zone *const zone = zone_of("America/New_York");
    const struct cron c = cron_of(text);
    int64_t at_s = vectors_instant(from);
    enum cron_how how = CRON_HOW_PLAIN;
    char stamp[ZONE_STAMP_SIZE];

    assert_true(cron_next_info(&c, zone, at_s, &at_s, &how));
    assert_true(zone_format(zone, at_s, stamp));
    assert_string_equal(stamp, local);
    assert_int_equal(how, expected);
}

TEST(dst_gap_says_how_the_instant_came_about)
{
    const char *const eve = "2026-03-08T06:45:00Z"; /* 01:45 before 02:00 becomes 03:00 */
    const char *const gap_end = "2026-03-08T03:00:00-04:00";

    check_how("30 2 * * *", eve, gap_end, CRON_HOW_MOVED);
    check_how("0 2 * * *", eve, gap_end, CRON_HOW_MOVED);
    check_how("30 1-3 * * *", eve, gap_end, CRON_HOW_MOVED);
    check_how("0,30 2 * * *", eve, gap_end, CRON_HOW_MERGED);
    check_how("0 2,3 * * *", eve, gap_end, CRON_HOW_MERGED); /* a skipped one and 03:00 itself */
    check_how("0 3 * * *", eve, gap_end, CRON_HOW_PLAIN);
    check_how("0 * * * *", eve, gap_end, CRON_HOW_PLAIN);
    check_how("30 2 * * *", "2026-03-08T07:00:00Z", "2026-03-09T02:30:00-04:00", CRON_HOW_PLAIN);
}

TEST(dst_gap_date_must_match)
{
    const char *const eve = "2026-03-08T06:45:00Z"; /* a Sunday */

    check_how("30 2 * * SUN", eve, "2026-03-08T03:00:00-04:00", CRON_HOW_MOVED);
    check_how("30 2 * * MON", eve, "2026-03-09T02:30:00-04:00", CRON_HOW_PLAIN);
    check_how("30 2 8 3 *", eve, "2026-03-08T03:00:00-04:00", CRON_HOW_MOVED);
    check_how("30 2 9 3 *", eve, "2026-03-09T02:30:00-04:00", CRON_HOW_PLAIN);
}

TEST(dst_gap_instant_belongs_to_the_past_once_it_is_reached)
{
    const struct zone *const zone = zone_of("America/New_York");
    const struct cron c = cron_of("30 2 * * *");
    int64_t at_s = 0;

    assert_true(cron_next(&c, zone, 1772953199, &at_s));
    assert_int_equal(at_s, 1772953200);
    assert_true(cron_next(&c, zone, 1772953200, &at_s));
    assert_int_equal(at_s, 1773037800);
}

TEST(dst_class_is_decided_by_the_set_not_the_spelling)
{
    const char *const second_pass = "2026-11-01T06:10:00Z"; /* 01:10 for the second time */

    check_how("30 * * * *", second_pass, "2026-11-01T01:30:00-05:00", CRON_HOW_PLAIN);
    check_how("30 0-23 * * *", second_pass, "2026-11-01T01:30:00-05:00", CRON_HOW_PLAIN);
    check_how("30 */1 * * *", second_pass, "2026-11-01T01:30:00-05:00", CRON_HOW_PLAIN);
    check_how("30 12-11 * * *", second_pass, "2026-11-01T01:30:00-05:00", CRON_HOW_PLAIN);
    check_how("30 0-22 * * *", second_pass, "2026-11-01T02:30:00-05:00", CRON_HOW_PLAIN);
}

static size_t count_between(const struct cron *c, const struct zone *zone, int64_t from_s, int64_t to_s)
{
    size_t count = 0;

    while (cron_next(c, zone, from_s, &from_s) && from_s <= to_s)
        count++;
    return count;
}

/* 230 years of a daily schedule: once a day, never twice, in every zone that loses or repeats no whole day.
 */
TEST(dst_daily_fires_once_a_day_for_ever)
{
    static const char *const zones[] = {"America/New_York", "Europe/Dublin", "Australia/Lord_Howe",
                                        "Africa/Casablanca", "Antarctica/Troll"};
    static const char *const schedules[] = {"30 2 * * *", "30 1 * * *", "0 0 * * *", "59 23 * * *"};

    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 4; k++) {
            const struct cron c = cron_of(schedules[k]);

            assert_int_equal(count_between(&c, zone_of(zones[i]), INT64_MIN, INT64_MAX), 84006);
        }
    }
}
