/* A job's instants as of any moment, and what counts as another time. */
#include "job/job_plan.h"

#include "job_maker.h"
#include "test.h"

#define T0 INT64_C(1772953200000) /* 2026-03-08T07:00:00Z */

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

static int64_t first(const char *schedule, int64_t created, int64_t after)
{
    struct job job;
    struct wall_ms at;
    make_job(&job, zones, schedule, JOB_ATMOST_ONCE, created);
    return job_plan_first(&job, (struct wall_ms){after}, &at) ? at.ms : -1;
}

TEST(plan_first_is_later_than_after)
{
    assert_int_equal(first("* * * * *", T0, T0), T0 + 60000);
    assert_int_equal(first("* * * * *", T0, T0 - 1), T0);
    assert_int_equal(first("0 0 7 8 3 ? 2026", T0, T0), -1);
}

TEST(plan_every_counts_from_the_creation_wherever_it_is_asked)
{
    assert_int_equal(first("@every 90s", T0 + 345, T0 + 345), T0 + 90000);
    assert_int_equal(first("@every 90s", T0 + 345, T0 - 500000), T0 + 90000);
    assert_int_equal(first("@every 90s", T0 + 345, T0 + 89999), T0 + 90000);
    assert_int_equal(first("@every 90s", T0 + 345, T0 + 90000), T0 + 180000);
    assert_int_equal(first("@every 90s", T0 + 345, T0 + 90000000001), T0 + 90000090000);
}

TEST(plan_same_tells_time_from_the_rest)
{
    struct job a;
    struct job b;
    make_job(&a, zones, "* * * * *", JOB_ATMOST_ONCE, T0);
    make_job(&b, zones, "* * * * *", JOB_ATLEAST_ONCE, T0 + 5);
    assert_true(job_plan_same(&a, &b, true));
    assert_false(job_plan_same(&a, &b, false));
    assert_true(job_plan_same(&a, &a, false));
    make_job(&b, zones, "*/2 * * * *", JOB_ATMOST_ONCE, T0);
    assert_false(job_plan_same(&a, &b, true));
    make_job(&b, zones, "TZ=Europe/Berlin * * * * *", JOB_ATMOST_ONCE, T0);
    assert_false(job_plan_same(&a, &b, true));
}
