/* Jobs: which definitions are accepted or refused, how a job is restored, and when it is due. */
#include "job_rig.h"
#include "net/targets.h"

#include <stdio.h>
#include <string.h>

ALL_TESTS(job_rig_start, job_rig_stop);

#define MINUTE 60000

TEST(job_build_keeps_what_was_given)
{
    assert_true(build(" \t0 7 * * *\r\n", "HTTP://Example.COM:80/a?b#c", "ATLEAST_ONCE"));
    assert_int_equal(fault.code, JOB_FAULT_NONE);
    assert_string_equal(job.schedule, "0 7 * * *");
    assert_string_equal(job.api, "HTTP://Example.COM:80/a?b#c");
    assert_int_equal(job.type, JOB_ATLEAST_ONCE);
    assert_int_equal(job.created.ms, T0);
    assert_ptr_equal(job.zone, zone_utc());
    assert_true(build("CRON_TZ=Europe/Berlin 0 7 * * *", "http://h", "ATMOST_ONCE"));
    assert_string_equal(zone_name(job.zone), "Europe/Berlin");
    assert_string_equal(job.schedule, "CRON_TZ=Europe/Berlin 0 7 * * *");
}

static const struct {
    const char *schedule, *api, *type;
    enum job_fault_code code;
    const char *field;
    int64_t offset;
    const char *word; /* in the text for a person */
} bad[] = {
    {ABSENT, API, ONCE, JOB_FAULT_INVALID_REQUEST, "schedule", -1, "required"},
    {GOOD, ABSENT, ONCE, JOB_FAULT_INVALID_REQUEST, "api", -1, "required"},
    {GOOD, API, ABSENT, JOB_FAULT_INVALID_REQUEST, "type", -1, "required"},
    {ABSENT, ABSENT, ABSENT, JOB_FAULT_INVALID_REQUEST, "schedule", -1, "required"},
    {"", API, ONCE, JOB_FAULT_INVALID_REQUEST, "schedule", -1, "empty"},
    {" \t\r\n", API, ONCE, JOB_FAULT_INVALID_REQUEST, "schedule", -1, "empty"},
    {GOOD, "", ONCE, JOB_FAULT_INVALID_REQUEST, "api", -1, "empty"},
    {GOOD, "  ", ONCE, JOB_FAULT_INVALID_REQUEST, "api", -1, "empty"},
    {GOOD, API, "", JOB_FAULT_INVALID_REQUEST, "type", -1, "empty"},
    {"x", "y", "", JOB_FAULT_INVALID_REQUEST, "type", -1, "empty"},
    {GOOD, API, "atmost_once", JOB_FAULT_VALIDATION_ERROR, "type", -1, "ATMOST_ONCE"},
    {GOOD, API, "ATMOST_ONCE ", JOB_FAULT_VALIDATION_ERROR, "type", -1, "ATLEAST_ONCE"},
    {GOOD, API, "ATMOST", JOB_FAULT_VALIDATION_ERROR, "type", -1, "ATLEAST_ONCE"},
    {GOOD, "not a url", ONCE, JOB_FAULT_VALIDATION_ERROR, "api", -1, "api: "},
    {GOOD, "http://", ONCE, JOB_FAULT_VALIDATION_ERROR, "api", -1, "api: "},
    {GOOD, " http://h/", ONCE, JOB_FAULT_VALIDATION_ERROR, "api", -1, "api: "},
    {GOOD, "localhost:8080/x", ONCE, JOB_FAULT_VALIDATION_ERROR, "api", -1, "api: "},
    {GOOD, "ftp://example.com/", ONCE, JOB_FAULT_CREATION_FAILED, "api", -1, "api: "},
    {GOOD, "file:///etc/passwd", ONCE, JOB_FAULT_CREATION_FAILED, "api", -1, "api: "},
    {"0 99 * * *", API, ONCE, JOB_FAULT_CREATION_FAILED, "schedule", 2, "99"},
    {"  0 99 * * *", API, ONCE, JOB_FAULT_CREATION_FAILED, "schedule", 4, "99"},
    {"0 0 7 * * Frog", API, ONCE, JOB_FAULT_CREATION_FAILED, "schedule", 10, "Frog"},
    {"@reboot", API, ONCE, JOB_FAULT_CREATION_FAILED, "schedule", 0, "reboot"},
    {"0 0 30 2 *", API, ONCE, JOB_FAULT_CREATION_FAILED, "schedule", -1, "never fires"},
    {"CRON_TZ=Mars/Olympus 0 7 * * *", API, ONCE, JOB_FAULT_CREATION_FAILED, "schedule", -1, "Mars/Olympus"},
    {"0 99 * * *", "ftp://h", "x", JOB_FAULT_VALIDATION_ERROR, "type", -1, "type"},
    {"0 99 * * *", "ftp://h", ONCE, JOB_FAULT_CREATION_FAILED, "api", -1, "api: "},
};

TEST(job_build_names_every_fault)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct job_fields fields = {.schedule = field_of(bad[i].schedule),
                                    .api = field_of(bad[i].api),
                                    .type = field_of(bad[i].type)};
        memset(&fault, 0x55, sizeof fault);
        if (job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault)) {
            fail_msg("row %zu was taken", i);
        }
        if (fault.code != bad[i].code || strcmp(fault.field, bad[i].field) != 0 ||
            fault.offset != bad[i].offset || strstr(fault.text, bad[i].word) == NULL) {
            fail_msg("row %zu: code %d, field %s, offset %lld: %s", i, (int)fault.code, fault.field,
                     (long long)fault.offset, fault.text);
        }
    }
}

/* A new definition is judged by where its call goes. What is stored is not: that happens when it is called. */
TEST(job_build_refuses_where_no_call_may_go)
{
    static const struct {
        const char *api, *word;
    } rows[] = {{"http://10.1.2.3/", "api: 10.1.2.3 is a private address"},
                {"http://169.254.169.254/latest", "api: 169.254.169.254 is a link-local or metadata address"},
                {"http://localhost:8080/", "api: 127.0.0.1 is a loopback address"},
                {"http://0.0.0.0/", "api: 0.0.0.0 is a special-purpose address"},
                {"http://[::]/", "api: :: is a special-purpose address"},
                {"http://[::ffff:10.1.2.3]:1/", "is a private address"}};
    struct targets targets;
    const struct targets_settings settings = {.mode = TARGETS_PUBLIC};
    assert_true(targets_init(&targets, &settings));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job_fields fields = job_maker_fields(GOOD, rows[i].api, ONCE);
        struct errinfo info = {0};
        const struct job_id id = {0};
        const struct job_stored stored = {&id, &fields, {T0}};
        fields.targets = &targets;
        assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
        assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
        assert_string_equal(fault.field, "api");
        assert_non_null(strstr(fault.text, rows[i].word));
        fields.targets = NULL;
        assert_int_equal(job_restore(&job, &stored, zones, &info), ERR_OK);
        job_fini(&job);
    }
    targets_fini(&targets);
}

/* Whether a schedule is over depends on the clock, so the caller decides it. */
TEST(job_build_leaves_what_is_over_to_job_next)
{
    struct wall_ms next;
    assert_built("0 0 0 1 1 ? 2020", API);
    assert_false(job_next(&job, (struct wall_ms){T0}, &next));
}

TEST(job_schedule_may_be_as_long_as_stated)
{
    char text[JOB_SCHEDULE_MAX + 40];
    size_t tail = strlen(" * * * *");
    memset(text, ' ', sizeof text);
    for (size_t i = 0; i < JOB_SCHEDULE_MAX - tail; i++) {
        text[10 + i] = i % 2 == 0 ? '5' : ',';
    }
    text[10 + JOB_SCHEDULE_MAX - tail - 1] = '5';
    memcpy(text + 10 + JOB_SCHEDULE_MAX - tail, " * * * *", tail);
    text[sizeof text - 1] = '\0';
    assert_built(text, API);
    assert_int_equal(strlen(job.schedule), JOB_SCHEDULE_MAX);
    memcpy(text + 10 + JOB_SCHEDULE_MAX, "/1", 2);
    assert_false(build(text, API, ONCE));
    assert_int_equal(fault.code, JOB_FAULT_CREATION_FAILED);
    assert_string_equal(fault.field, "schedule");
}

TEST(job_api_may_be_as_long_as_stated)
{
    char text[URL_MAX + 2];
    memset(text, 'a', sizeof text);
    memcpy(text, "http://h/", 9);
    text[URL_MAX] = '\0';
    assert_built(GOOD, text);
    assert_int_equal(strlen(job.api), URL_MAX);
    text[URL_MAX] = 'a';
    text[URL_MAX + 1] = '\0';
    assert_false(build(GOOD, text, ONCE));
    assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
    assert_string_equal(fault.field, "api");
}

/* A NUL inside a field must not hide what is behind it. */
TEST(job_build_refuses_nul_bytes)
{
    struct job_fields fields = job_maker_fields(GOOD, API, ONCE);
    fields.schedule = (struct slice){GOOD "\0x", sizeof GOOD + 1};
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_string_equal(fault.field, "schedule");
    fields = job_maker_fields(GOOD, API, ONCE);
    fields.api = (struct slice){API "\0x", sizeof API + 1};
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_string_equal(fault.field, "api");
    fields = job_maker_fields(GOOD, API, ONCE);
    fields.type = (struct slice){ONCE "\0", sizeof ONCE};
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_string_equal(fault.field, "type");
}

TEST(job_timezone_comes_from_field_prefix_or_default)
{
    static const struct {
        const char *schedule, *timezone, *otherwise, *expected;
    } rows[] = {
        {GOOD, ABSENT, NULL, "UTC"},
        {GOOD, ABSENT, "", "UTC"},
        {GOOD, ABSENT, "Europe/Berlin", "Europe/Berlin"},
        {GOOD, "Europe/Dublin", "Europe/Berlin", "Europe/Dublin"},
        {GOOD, "UTC", "Europe/Berlin", "UTC"},
        {"TZ=Europe/Dublin 0 7 * * *", ABSENT, "Europe/Berlin", "Europe/Dublin"},
        {"TZ=UTC 0 7 * * *", ABSENT, "Europe/Berlin", "UTC"},
        {"TZ=Europe/Dublin 0 7 * * *", "Europe/Dublin", NULL, "Europe/Dublin"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!build_in(rows[i].schedule, rows[i].timezone, rows[i].otherwise)) {
            fail_msg("row %zu: %s", i, fault.text);
        }
        assert_string_equal(zone_name(job.zone), rows[i].expected);
    }
}

TEST(job_timezone_faults)
{
    static const struct {
        const char *schedule, *timezone;
        enum job_fault_code code;
    } rows[] = {
        {GOOD, "", JOB_FAULT_INVALID_REQUEST},
        {GOOD, " ", JOB_FAULT_INVALID_REQUEST},
        {GOOD, "Mars/Olympus", JOB_FAULT_VALIDATION_ERROR},
        {GOOD, "../../etc/passwd", JOB_FAULT_VALIDATION_ERROR},
        {GOOD, " Europe/Berlin", JOB_FAULT_VALIDATION_ERROR},
        {"TZ=Europe/Dublin 0 7 * * *", "Europe/Berlin", JOB_FAULT_VALIDATION_ERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_false(build_in(rows[i].schedule, rows[i].timezone, NULL));
        assert_int_equal(fault.code, rows[i].code);
        assert_string_equal(fault.field, "timezone");
    }
    assert_false(build_in(GOOD, ABSENT, "Mars/Olympus"));
    assert_int_equal(fault.code, JOB_FAULT_SYSTEM);
}

/* Wherever the zone was named, the job is the same. */
TEST(job_timezone_field_and_prefix_are_the_same_job)
{
    assert_true(build_in("TZ=Europe/Berlin 0 7 * * *", ABSENT, NULL));
    struct job_id id = job.id;
    assert_true(build_in(GOOD, "Europe/Berlin", NULL));
    assert_memory_equal(&job.id, &id, sizeof id);
    assert_true(build_in(GOOD, ABSENT, "Europe/Berlin"));
    assert_memory_equal(&job.id, &id, sizeof id);
    assert_true(build_in(GOOD, ABSENT, NULL));
    assert_memory_not_equal(&job.id, &id, sizeof id);
}

TEST(job_types_have_names)
{
    enum job_type type;
    for (unsigned i = 0; i < JOB_TYPE__COUNT; i++) {
        assert_true(job_type_parse(&type, slice_of(job_type_name((enum job_type)i))));
        assert_int_equal(type, i);
    }
    assert_string_equal(job_type_name(JOB_ATMOST_ONCE), "ATMOST_ONCE");
    assert_string_equal(job_type_name(JOB_TYPE__COUNT), "unknown");
    assert_false(job_type_parse(&type, slice_of("unknown")));
    assert_false(job_type_parse(&type, slice_of("")));
    assert_false(job_type_parse(&type, (struct slice){NULL, 0}));
}

TEST(job_restore_takes_id_and_creation_as_given)
{
    struct job_fields fields = job_maker_fields(GOOD, API, "ATLEAST_ONCE");
    const struct job_id id = {{1, 2, 3}};
    assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, {77}}, zones, NULL), ERR_OK);
    assert_memory_equal(&job.id, &id, sizeof id);
    assert_int_equal(job.created.ms, 77);
    assert_string_equal(job.schedule, GOOD);
    assert_string_equal(job.api, API);
    assert_int_equal(job.type, JOB_ATLEAST_ONCE);
}

/* A job whose schedule is over may still have an occurrence under way. */
TEST(job_restore_takes_a_schedule_that_has_ended)
{
    struct job_fields fields = job_maker_fields("0 0 0 1 1 ? 2020", API, ONCE);
    const struct job_id id = {{1}};
    struct wall_ms next;
    assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, {T0}}, zones, NULL), ERR_OK);
    assert_false(job_next(&job, (struct wall_ms){T0}, &next));
}

TEST(job_restore_refuses_a_broken_job)
{
    const struct job_id id = {{1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct job_fields fields = {.schedule = field_of(bad[i].schedule),
                                    .api = field_of(bad[i].api),
                                    .type = field_of(bad[i].type)};
        struct errinfo info = {0};
        assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, {T0}}, zones, &info),
                         ERR_PROTOCOL);
        assert_non_null(strstr(info.text, bad[i].word));
    }
}

static void assert_next(const char *schedule, int64_t after_ms, int64_t expected_ms)
{
    struct wall_ms next;
    assert_built(schedule, API);
    if (!job_next(&job, (struct wall_ms){after_ms}, &next)) {
        fail_msg("%s is never due after %lld", schedule, (long long)after_ms);
    }
    assert_int_equal(next.ms, expected_ms);
}

TEST(job_next_is_strictly_later)
{
    assert_next("* * * * *", T0 - 1, T0);
    assert_next("* * * * *", T0, T0 + MINUTE);
    assert_next("* * * * *", T0 + 1, T0 + MINUTE);
    assert_next("* * * * *", T0 + MINUTE - 1, T0 + MINUTE);
    assert_next("@secondly", T0 + 999, T0 + 1000);
    assert_next("@secondly", T0 + 1000, T0 + 2000);
    assert_next("* * * * *", 0, MINUTE);
}

TEST(job_next_follows_the_zone)
{
    /* 2026-03-08: New York goes from 02:00 EST to 03:00 EDT at 07:00 UTC. */
    assert_next("CRON_TZ=America/New_York 0 9 * * *", T0, T0 + 6 * 60 * MINUTE);
    assert_next("CRON_TZ=America/New_York 30 2 * * *", T0 - 60 * MINUTE, T0);
}

TEST(job_next_every_steps_from_instant_to_instant)
{
    assert_next("@every 90s", T0, T0 + 90000);
    assert_next("@every 90s", T0 + 90000, T0 + 180000);
    /* The creation time has milliseconds, instants have none. */
    assert_next("@every 90s", T0 + 999, T0 + 90000);
}

TEST(job_next_ends_with_the_schedule)
{
    struct wall_ms next = {42};
    assert_built("0 0 0 1 1 ? 2027", API);
    assert_true(job_next(&job, (struct wall_ms){T0}, &next));
    assert_int_equal(next.ms, 1798761600000);
    assert_false(job_next(&job, next, &next));
    assert_int_equal(next.ms, 1798761600000);
}
