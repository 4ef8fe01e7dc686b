/* when: one instant, a window, an offset: whatever is asked, the same instants. */
#include "job/when.h"

#include "job_maker.h"
#include "test.h"

#include <string.h>

#define CREATED INT64_C(1800000000123) /* 2027-01-15T08:00:00.123Z */

static struct zones *zones;

static void set_up(void)
{
    zones = zones_new(JOB_MAKER_ZONES);
    assert_non_null(zones);
}

static void tear_down(void)
{
    zones_free(zones);
}

ALL_TESTS(set_up, tear_down);

static bool build(struct job *job, const struct job_fields *more, const char *schedule,
                  struct job_fault *fault)
{
    struct job_fields fields = *more;
    fields.schedule = slice_of(schedule);
    fields.api = slice_of("http://example.com/x");
    fields.type = slice_of("ATLEAST_ONCE");
    return job_build(job, &fields, (struct wall_ms){CREATED}, zones, fault);
}

static struct job make(const struct job_fields *more, const char *schedule)
{
    struct job job;
    struct job_fault fault;
    if (!build(&job, more, schedule, &fault)) {
        fail_msg("%s: %s", schedule, fault.text);
    }
    return job;
}

static void assert_refused(const struct job_fields *more, const char *schedule, const char *field,
                           const char *text)
{
    struct job job;
    struct job_fault fault;
    assert_false(build(&job, more, schedule, &fault));
    assert_string_equal(fault.field, field);
    if (strstr(fault.text, text) == NULL) {
        fail_msg("%s does not say: %s", fault.text, text);
    }
}

static const struct job_fields nothing = {0};

/* ---- one instant ---- */

TEST(at_is_one_instant)
{
    struct job job = make(&nothing, "  @at 2027-01-31T09:00:00+01:00 ");
    struct wall_ms at;
    assert_string_equal(job.schedule, "@at 2027-01-31T09:00:00+01:00");
    assert_true(job_next(&job, (struct wall_ms){CREATED}, &at));
    assert_int_equal(at.ms, INT64_C(1801382400000));
    assert_false(job_next(&job, at, &at));
    assert_int_equal(job_count(&job, (struct when_range){{CREATED}, {INT64_MAX}}), 1);
    assert_int_equal(job_count(&job, (struct when_range){{CREATED}, {at.ms - 1}}), 0);
    job_fini(&job);
}

TEST(at_means_the_same_in_any_offset)
{
    struct job a = make(&nothing, "@at 2027-01-31T09:00:00+01:00");
    struct job b = make(&nothing, "@AT   2027-01-31T08:00:00.000z");
    assert_memory_equal(&a.id, &b.id, sizeof a.id);
    job_fini(&a);
    job_fini(&b);
}

TEST(in_becomes_the_instant)
{
    struct job job = make(&nothing, "@in 15m");
    assert_string_equal(job.schedule, "@at 2027-01-15T08:15:01Z"); /* rounded up */
    job_fini(&job);
    job = make(&(struct job_fields){.now_ms = CREATED + 86400000}, "@in 1.5h");
    assert_string_equal(job.schedule, "@at 2027-01-16T09:30:01Z");
    job_fini(&job);
}

TEST(what_is_no_instant)
{
    assert_refused(&nothing, "@at", "schedule", "@at: ");
    assert_refused(&nothing, "@at tomorrow", "schedule", "it looks like");
    assert_refused(&nothing, "@at 2027-01-31T09:00:00", "schedule", "@at: ");
    assert_refused(&nothing, "@at 2027-01-31T09:00:00.5Z", "schedule", "whole seconds");
    assert_refused(&nothing, "@in", "schedule", "expected a duration");
    assert_refused(&nothing, "@in 0s", "schedule", "expected a duration");
    assert_refused(&nothing, "@in 5 minutes", "schedule", "expected a duration");
    assert_refused(&nothing, "@in 400000000s", "schedule", "from 1s");
    assert_refused(&nothing, "@inn 5s", "schedule", "unknown macro");
}

/* ---- the window ---- */

TEST(both_ends_belong_to_the_window)
{
    const struct job_fields window = {.starts_at = slice_of("2027-02-01T01:00:00+01:00"),
                                      .ends_at = slice_of("2027-02-03T00:00:00Z")};
    struct job job = make(&window, "@daily");
    struct wall_ms at = {CREATED};
    for (int day = 0; day < 3; day++) {
        assert_true(job_next(&job, at, &at));
        assert_int_equal(at.ms, INT64_C(1801440000000) + day * INT64_C(86400000));
    }
    assert_false(job_next(&job, at, &at));
    struct job_fields told;
    job_describe(&job, &told);
    assert_true(slice_eq(told.starts_at, "2027-02-01T00:00:00Z"));
    assert_true(slice_eq(told.ends_at, "2027-02-03T00:00:00Z"));
    job_fini(&job);
}

TEST(every_counts_from_starts_at)
{
    struct job job = make(&(struct job_fields){.starts_at = slice_of("2027-02-01T00:00:07Z")}, "@every 90s");
    struct wall_ms at;
    assert_true(job_next(&job, (struct wall_ms){CREATED}, &at));
    assert_int_equal(at.ms, INT64_C(1801440007000));
    assert_true(job_next(&job, (struct wall_ms){at.ms + 100000}, &at));
    assert_int_equal(at.ms, INT64_C(1801440007000) + 180000);
    job_fini(&job);
}

TEST(what_is_no_window)
{
    assert_refused(&(struct job_fields){.starts_at = slice_of("soon")}, "@daily", "starts_at",
                   "it looks like");
    assert_refused(&(struct job_fields){.ends_at = slice_of(" ")}, "@daily", "ends_at", "empty");
    assert_refused(&(struct job_fields){.starts_at = slice_of("2027-02-02T00:00:00Z"),
                                        .ends_at = slice_of("2027-02-01T00:00:00Z")},
                   "@daily", "ends_at", "before starts_at");
    assert_refused(&(struct job_fields){.jitter_ms = {true, 3600001}}, "@daily", "jitter_ms", "from 0 to");
    assert_refused(&(struct job_fields){.max_runs = {true, 0}}, "@daily", "max_runs", "from 1 to");
}

/* ---- the offset ---- */

TEST(offset_stays_inside_the_interval)
{
    static const struct {
        const char *schedule;
        int64_t below_ms;
    } cases[] = {{"* * * * * *", 1000},        {"@every 7s", 7000},
                 {"@minutely", 60000},         {"0,20 * * * *", 1200000},
                 {"@daily", INT64_C(3600001)}, {"0 0 31 1 * 2031", INT64_C(3600001)}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct job job = make(&(struct job_fields){.jitter_ms = {true, 3600000}}, cases[i].schedule);
        for (unsigned seed = 0; seed < 100; seed++) {
            struct job_id id = {{0}};
            id.bytes[JOB_ID_SIZE - 1] = (uint8_t)(seed * 37);
            id.bytes[JOB_ID_SIZE - 3] = (uint8_t)(seed * 11);
            job_set_id(&job, &id);
            assert_true(job.when.offset_ms >= 0 && job.when.offset_ms < cases[i].below_ms);
        }
        job_fini(&job);
    }
}

TEST(offset_is_not_spent_on_few_values)
{
    struct job job = make(&(struct job_fields){.jitter_ms = {true, 3}}, "@daily");
    unsigned seen = 0;
    for (unsigned i = 0; i < 64; i++) {
        struct job_id id = {{0}};
        id.bytes[JOB_ID_SIZE - 1] = (uint8_t)i;
        job_set_id(&job, &id);
        seen |= 1U << job.when.offset_ms;
    }
    assert_int_equal(seen, 15); /* 0 to 3, both included */
    job_fini(&job);
}

/* Instants go in and out until 2199 ends: the offset moves none past that. */
TEST(offset_leads_to_no_instant_that_cannot_be_told)
{
    static const struct {
        const char *schedule;
        int64_t count; /* in the last hour */
    } rows[] = {
        {"@at 2199-12-31T23:59:59Z", 0}, {"59 59 23 31 12 ? 2199", 0}, {"@every 1h", 1}, {"*/30 * * * *", 2}};
    const int64_t end_ms = INT64_C(7258118400000);
    struct when_range hour = {{end_ms - 3600001}, {INT64_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job = make(&nothing, rows[i].schedule);
        struct wall_ms at = hour.after;
        job.when.offset_ms = 1999;
        if (cron_is_every(&job.when.cron)) {
            job.when.first_s = end_ms / 1000 - 3601;
        }
        int64_t count = 0;
        for (; job_next(&job, at, &at); count++) {
            assert_true(at.ms < end_ms);
        }
        assert_int_equal(count, rows[i].count);
        assert_int_equal(job_count(&job, hour), count);
        assert_true(job_nth_last(&job, hour, 1, &at) == (count > 0) && at.ms < end_ms);
        job_fini(&job);
    }
}

/* ---- all of it agrees ---- */

/* Step through the instants from `after`; then ask for their number, and for each of them from the end. */
static void check_agreement(const struct job *job)
{
    struct wall_ms seen[50];
    int64_t count = 0;
    struct wall_ms after = {job->created.ms - job->created.ms % 1000};
    struct wall_ms at = after;
    while (count < 50 && job_next(job, at, &at)) {
        assert_true(at.ms >= job->when.starts.ms && at.ms <= job->when.ends.ms);
        assert_int_equal((at.ms - job->when.offset_ms) % 1000, 0);
        seen[count++] = at;
    }
    struct when_range range = {after, count == 50 ? at : (struct wall_ms){INT64_C(7258118400000)}};
    struct wall_ms unused;
    assert_int_equal(job_count(job, range), count);
    for (int64_t i = 0; i < count; i++) {
        assert_true(job_nth_last(job, range, count - i, &at));
        assert_int_equal(at.ms, seen[i].ms);
        assert_int_equal(job_count(job, (struct when_range){after, {seen[i].ms - 1}}), i);
    }
    assert_false(job_nth_last(job, range, count + 1, &unused));
}

TEST(next_count_and_nth_last_agree)
{
    static const char *const schedules[] = {"* * * * * *",
                                            "*/7 * * * *",
                                            "30 2 * * *",
                                            "@every 61s",
                                            "0 9 L * *",
                                            "@in 1m",
                                            "@at 2027-01-15T09:00:00Z"};
    static const char *const starts[] = {NULL, "2027-01-15T08:20:00.5Z", "2027-03-01T00:00:00+02:00"};
    static const char *const ends[] = {NULL, "2027-03-01T09:00:00Z", "2027-05-05T00:00:00Z"};
    static const int64_t jitters[] = {0, 1, 999, 12345, 3600000};
    for (size_t i = 0; i < 7 * 3 * 3 * 5; i++) {
        const char *from = starts[i / 7 % 3];
        const char *to = ends[i / 21 % 3];
        const int64_t jitter = jitters[i / 63];
        struct job job =
            make(&(struct job_fields){.timezone = slice_of("Europe/Berlin"),
                                      .starts_at = from == NULL ? nothing.starts_at : slice_of(from),
                                      .ends_at = to == NULL ? nothing.ends_at : slice_of(to),
                                      .jitter_ms = {true, jitter}},
                 schedules[i % 7]);
        check_agreement(&job);
        job_fini(&job);
    }
}

TEST(stored_and_read_again_it_is_the_same)
{
    const struct job_fields all = {.starts_at = slice_of("2027-02-01T00:00:00+01:00"),
                                   .ends_at = slice_of("2028-02-01T00:00:00+01:00"),
                                   .jitter_ms = {true, 5000},
                                   .max_runs = {true, 7}};
    struct job job = make(&all, "@every 10s");
    struct job_fields told;
    struct job again;
    struct errinfo info = {0};
    job_describe(&job, &told);
    assert_int_equal(job_restore(&again, &(struct job_stored){&job.id, &told, job.created}, zones, &info),
                     ERR_OK);
    assert_int_equal(again.when.offset_ms, job.when.offset_ms);
    assert_int_equal(again.when.first_s, job.when.first_s);
    assert_int_equal(again.stateful.max_runs, 7);
    struct job_id id;
    assert_int_equal(job_identify(&again, &id), ERR_OK);
    assert_memory_equal(&id, &job.id, sizeof id);
    job_fini(&again);
    job_fini(&job);
}
