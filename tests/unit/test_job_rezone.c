/* New rules for a time zone: where pending occurrences go. Another zone stands for the same one by other
 * rules. */
#include "job/job_rezone.h"

#include "job_maker.h"
#include "test.h"
#include "text/rfc3339.h"

#include <string.h>

#define NEW_YORK "America/New_York"
#define CHICAGO  "America/Chicago" /* an hour west of it */
#define PHOENIX  "America/Phoenix" /* no daylight saving */

static struct zones *zones;

static void set_up(void)
{
    zones = zones_new(JOB_MAKER_ZONES);
    assert_true(zones != NULL);
}

static void tear_down(void)
{
    zones_free(zones);
}

ALL_TESTS(set_up, tear_down);

static const struct zone *zone_of(const char *name)
{
    const struct zone *zone = NULL;
    if (name != NULL && zones_get(zones, name, strlen(name), &zone) != ZONE_OK) {
        fail_msg("no zone %s", name);
    }
    return zone;
}

static struct wall_ms at(const char *text)
{
    struct wall_ms instant;
    struct errinfo info = {0};
    if (rfc3339_parse(&instant, slice_of(text), &info) != ERR_OK) {
        fail_msg("%s: %s", text, info.text);
    }
    return instant;
}

struct example {
    const char *schedule, *was, *is, *pending, *now, *expected;
};

static void check(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct example *e = &examples[i];
        char text[CLOCK_RFC3339_SIZE];
        struct job job;
        make_job(&job, zones, e->schedule, JOB_ATMOST_ONCE, 0);
        job.zone = zone_of(e->is);
        (void)clock_format_rfc3339(text, job_rezone(&job, zone_of(e->was), at(e->pending), at(e->now)));
        if (strcmp(text, e->expected) != 0) {
            fail_msg("%s, %s -> %s, pending %s, now %s: %s instead of %s", e->schedule, e->was, e->is,
                     e->pending, e->now, text, e->expected);
        }
    }
}

#define CHECK(...)                               \
    check((const struct example[]){__VA_ARGS__}, \
          sizeof((const struct example[]){__VA_ARGS__}) / sizeof(struct example))

TEST(rezone_keeps_what_is_an_instant_by_the_new_rules)
{
    CHECK({"0 9 * * *", NEW_YORK, NEW_YORK, "2026-01-15T14:00:00Z", "2026-01-15T12:00:00Z",
           "2026-01-15T14:00:00Z"},
          {"30 * * * *", NEW_YORK, CHICAGO, "2026-01-15T14:30:00Z", "2026-01-15T12:00:00Z",
           "2026-01-15T14:30:00Z"},
          {"@every 90s", NEW_YORK, CHICAGO, "2026-01-15T14:00:07Z", "2026-01-15T12:00:00Z",
           "2026-01-15T14:00:07Z"});
}

TEST(rezone_moves_the_local_time)
{
    CHECK(/* later, earlier */
          {"0 9 * * *", NEW_YORK, CHICAGO, "2026-01-15T14:00:00Z", "2026-01-15T12:00:00Z",
           "2026-01-15T15:00:00Z"},
          {"0 9 * * *", CHICAGO, NEW_YORK, "2026-01-15T15:00:00Z", "2026-01-15T12:00:00Z",
           "2026-01-15T14:00:00Z"},
          /* today's has run: today's 09:00 by the new rules must not come */
          {"0 9 * * *", NEW_YORK, CHICAGO, "2026-01-16T14:00:00Z", "2026-01-15T14:30:00Z",
           "2026-01-16T15:00:00Z"},
          /* far away */
          {"0 0 1 1 *", NEW_YORK, PHOENIX, "2027-01-01T05:00:00Z", "2026-01-15T12:00:00Z",
           "2027-01-01T07:00:00Z"});
}

TEST(rezone_follows_gaps_that_come_and_go)
{
    CHECK(/* it was to run at the end of a gap that there is not any more */
          {"30 2 * * *", NEW_YORK, PHOENIX, "2026-03-08T07:00:00Z", "2026-03-08T06:00:00Z",
           "2026-03-08T09:30:00Z"},
          {"30 2 * * *", PHOENIX, NEW_YORK, "2026-03-08T09:30:00Z", "2026-03-08T06:00:00Z",
           "2026-03-08T07:00:00Z"},
          {"0 2 * * *", PHOENIX, NEW_YORK, "2026-03-08T09:00:00Z", "2026-03-08T06:00:00Z",
           "2026-03-08T07:00:00Z"},
          {"0 3 * * *", PHOENIX, NEW_YORK, "2026-03-08T10:00:00Z", "2026-03-08T06:00:00Z",
           "2026-03-08T07:00:00Z"},
          /* an overlap: the first pass */
          {"30 1 * * *", PHOENIX, NEW_YORK, "2026-11-01T08:30:00Z", "2026-11-01T04:00:00Z",
           "2026-11-01T05:30:00Z"});
}

TEST(rezone_makes_up_for_what_is_over)
{
    CHECK({"0 9 * * *", CHICAGO, NEW_YORK, "2026-01-15T15:00:00Z", "2026-01-15T14:30:00.7Z",
           "2026-01-15T14:30:02Z"},
          {"0,10,20 9 * * *", CHICAGO, NEW_YORK, "2026-01-15T15:00:00Z", "2026-01-15T14:15:00Z",
           "2026-01-15T14:15:02Z"},
          {"0 9 * * *", CHICAGO, NEW_YORK, "2026-01-15T15:00:00Z", "2026-01-15T14:59:59.5Z",
           "2026-01-15T15:00:00Z"});
}

TEST(rezone_overdue_runs_stay_overdue)
{
    CHECK({"0 9 * * *", CHICAGO, NEW_YORK, "2026-01-15T15:00:00Z", "2026-01-15T15:10:00Z",
           "2026-01-15T15:00:00Z"},
          {"0 9 * * *", NEW_YORK, CHICAGO, "2026-01-15T14:00:00Z", "2026-01-15T15:10:00Z",
           "2026-01-15T15:00:00Z"},
          {"0 9 * * *", NEW_YORK, CHICAGO, "2026-01-15T14:00:00Z", "2026-01-15T14:10:00Z",
           "2026-01-15T15:00:00Z"},
          {"30 * * * *", NEW_YORK, "America/St_Johns", "2026-01-15T14:30:00Z", "2026-01-15T14:31:00Z",
           "2026-01-15T14:30:00Z"});
}

TEST(rezone_hourly_keeps_real_time)
{
    CHECK({"30 * * * *", NEW_YORK, "America/St_Johns", "2026-01-15T14:30:00Z", "2026-01-15T13:45:00Z",
           "2026-01-15T14:00:00Z"},
          {"30 * * * *", NEW_YORK, "America/St_Johns", "2026-01-15T14:30:00Z", "2026-01-15T13:59:58Z",
           "2026-01-15T14:00:00Z"},
          {"30 * * * *", NEW_YORK, "America/St_Johns", "2026-01-15T14:30:00Z", "2026-01-15T14:29:58Z",
           "2026-01-15T14:30:00Z"});
}

TEST(rezone_without_the_old_rules)
{
    CHECK(
        {"0 9 * * *", NULL, CHICAGO, "2026-01-15T15:00:00Z", "2026-01-15T12:00:00Z", "2026-01-15T15:00:00Z"},
        {"0 9 * * *", NULL, CHICAGO, "2026-01-15T14:00:00Z", "2026-01-15T12:00:00Z", "2026-01-15T15:00:00Z"},
        {"0 9 * * *", NULL, CHICAGO, "2026-01-15T14:00:00Z", "2026-01-15T13:59:58Z", "2026-01-15T14:00:00Z"},
        {"0 9 * * *", NULL, CHICAGO, "2026-01-15T14:00:00Z", "2026-01-15T14:10:00Z", "2026-01-15T14:00:00Z"});
}

TEST(rezone_keeps_the_last_one_of_a_schedule)
{
    /* 2011-12-30 never was in Apia. */
    CHECK({"0 12 30 12 * 2011", "Pacific/Auckland", "Pacific/Apia", "2011-12-29T23:00:00Z",
           "2011-12-29T20:00:00Z", "2011-12-29T23:00:00Z"});
}

/* Whatever the rules: nothing is put into the past, and doing it a second time changes nothing. */
TEST(rezone_settles)
{
    static const char *const SCHEDULES[] = {"0 9 * * *", "*/20 1-3 * * *", "30 2 * * SUN", "15 * * * *",
                                            "0 0 1 * *", "0 */2 * * *",    "5 0,12 L * *"};
    static const char *const NAMES[] = {NEW_YORK,
                                        CHICAGO,
                                        PHOENIX,
                                        "America/St_Johns",
                                        "Africa/Casablanca",
                                        "Europe/Dublin",
                                        "Pacific/Apia",
                                        "Australia/Lord_Howe"};
    const size_t count = sizeof NAMES / sizeof NAMES[0];
    for (size_t i = 0; i < count * count * sizeof SCHEDULES / sizeof SCHEDULES[0]; i++) {
        const struct zone *was = zone_of(NAMES[i % count]);
        const struct zone *is = zone_of(NAMES[i / count % count]);
        struct wall_ms now = {1772953200000 - (int64_t)(i % 300) * 86400000 + (int64_t)i * 977};
        struct job job;
        make_job(&job, zones, SCHEDULES[i / count / count], JOB_ATMOST_ONCE, 0);
        job.zone = was;
        struct wall_ms pending = now;
        for (int step = 0; step < 20 && job_next(&job, pending, &pending); step++) {
            job.zone = is;
            struct wall_ms first = job_rezone(&job, was, pending, now);
            struct wall_ms second = job_rezone(&job, was, first, now);
            job.zone = was;
            if (first.ms <= now.ms || second.ms != first.ms) {
                fail_msg("%s, %s -> %s, pending %lld, now %lld: %lld, then %lld", job.schedule,
                         NAMES[i % count], NAMES[i / count % count], (long long)pending.ms, (long long)now.ms,
                         (long long)first.ms, (long long)second.ms);
            }
        }
    }
}

/* As test_rezone_moves_the_local_time, but later by the same offset before and after. */
TEST(rezone_keeps_the_offset)
{
    struct job_fields fields = job_maker_fields("0 9 * * *", "http://example.com/x", "ATMOST_ONCE");
    struct job_fault fault;
    struct job job;
    fields.jitter_ms = (struct job_number){true, 3600000};
    assert_true(job_build(&job, &fields, (struct wall_ms){0}, zones, &fault));
    job.zone = zone_of(CHICAGO);
    int64_t offset_ms = job.when.offset_ms;
    assert_int_not_equal(offset_ms % 1000, 0);
    struct wall_ms pending = {at("2026-07-02T13:00:00Z").ms + offset_ms};
    struct wall_ms moved = job_rezone(&job, zone_of(NEW_YORK), pending, at("2026-07-01T20:00:00Z"));
    assert_int_equal(moved.ms, at("2026-07-02T14:00:00Z").ms + offset_ms);
    assert_int_equal(job_rezone(&job, zone_of(NEW_YORK), moved, at("2026-07-01T20:00:00Z")).ms, moved.ms);
    job_fini(&job);
}
