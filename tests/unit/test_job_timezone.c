/* A job's time zone: where it comes from, what is refused, and what it does to the job's identity. */
#include "job/job.h"
#include "job/job_json.h"

#include "job_maker.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define NOW \
    ((struct wall_ms){1772953200000}) /* 2026-03-08T07:00:00Z, when New York's clocks have just jumped */

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

static struct job_fields fields_of(const char *schedule, const char *timezone, const char *standard)
{
    struct job_fields fields = job_maker_fields(schedule, "http://h/", "ATMOST_ONCE");
    fields.timezone = timezone == NULL ? (struct slice){NULL, 0} : slice_of(timezone);
    fields.timezone_default = standard;
    return fields;
}

static struct job build(const char *schedule, const char *timezone, const char *standard)
{
    struct job_fields fields = fields_of(schedule, timezone, standard);
    struct job_fault fault;
    struct job job;
    if (!job_build(&job, &fields, NOW, zones, &fault)) {
        fail_msg("%s in %s: %s", schedule, timezone, fault.text);
    }
    return job;
}

TEST(timezone_comes_from_field_prefix_or_default)
{
    static const struct {
        const char *schedule, *timezone, *standard, *zone;
    } TABLE[] = {
        {"0 9 * * *", NULL, NULL, "UTC"},
        {"0 9 * * *", NULL, "", "UTC"},
        {"0 9 * * *", NULL, "Europe/Berlin", "Europe/Berlin"},
        {"0 9 * * *", "America/New_York", "Europe/Berlin", "America/New_York"},
        {"0 9 * * *", "UTC", "Europe/Berlin", "UTC"},
        {"CRON_TZ=America/New_York 0 9 * * *", NULL, "Europe/Berlin", "America/New_York"},
        {"TZ=America/New_York 0 9 * * *", "America/New_York", "Europe/Berlin", "America/New_York"},
        {"@every 5m", "America/New_York", NULL, "America/New_York"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct job job = build(TABLE[i].schedule, TABLE[i].timezone, TABLE[i].standard);
        assert_string_equal(zone_name(job.zone), TABLE[i].zone);
    }
}

TEST(timezone_moves_the_instants)
{
    struct job job = build("0 9 * * *", "America/New_York", NULL);
    struct wall_ms next;
    assert_true(job_next(&job, NOW, &next));
    assert_int_equal(next.ms, 1772974800000); /* 13:00 UTC */
}

static void assert_same(bool same, struct job a, struct job b)
{
    assert_int_equal(memcmp(&a.id, &b.id, sizeof a.id) == 0, same);
}

TEST(timezone_is_part_of_the_identity)
{
    struct job job = build("0 9 * * *", "Europe/Berlin", NULL);
    assert_same(true, job, build("CRON_TZ=Europe/Berlin 0 9 * * *", NULL, NULL));
    assert_same(true, job, build("TZ=Europe/Berlin 0 9 * * *", "Europe/Berlin", NULL));
    assert_same(true, job, build("0 9 * * *", NULL, "Europe/Berlin"));
    assert_same(false, job, build("0 9 * * *", NULL, NULL));
    assert_same(false, job, build("0 9 * * *", "Europe/Lisbon", NULL));
    assert_same(true, build("0 9 * * *", NULL, NULL), build("0 9 * * *", "UTC", "Europe/Berlin"));
}

TEST(timezone_refusals)
{
    static const struct {
        const char *schedule, *timezone, *standard;
        enum job_fault_code code;
        const char *field, *part;
    } TABLE[] = {
        {"0 9 * * *", "", NULL, JOB_FAULT_INVALID_REQUEST, "timezone", "must not be empty"},
        {"0 9 * * *", " ", NULL, JOB_FAULT_INVALID_REQUEST, "timezone", "must not be empty"},
        {"0 9 * * *", "Europe/Nowhere", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "Europe/Nowhere"},
        {"0 9 * * *", " Europe/Berlin", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "looks like"},
        {"0 9 * * *", "../../etc/passwd", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "looks like"},
        {"0 9 * * *", "/etc/localtime", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "looks like"},
        {"0 9 * * *", "+01:00", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "looks like"},
        {"0 9 * * *", "right/Europe/Berlin", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "looks like"},
        {"0 9 * * *", "Europe", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "Europe"},
        {"TZ=Europe/Nowhere 0 9 * * *", NULL, NULL, JOB_FAULT_CREATION_FAILED, "schedule", "Europe/Nowhere"},
        {"TZ=Europe/Paris 0 9 * * *", "Europe/Berlin", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone",
         "timezone is Europe/Berlin, but the schedule says Europe/Paris"},
        {"TZ=Europe/Paris 0 9 * * *", "UTC", NULL, JOB_FAULT_VALIDATION_ERROR, "timezone", "but"},
        {"0 9 * * *", NULL, "Europe/Nowhere", JOB_FAULT_SYSTEM, NULL, "Europe/Nowhere"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct job_fields fields = fields_of(TABLE[i].schedule, TABLE[i].timezone, TABLE[i].standard);
        struct job_fault fault;
        struct job job;
        assert_false(job_build(&job, &fields, NOW, zones, &fault));
        if (fault.code != TABLE[i].code || !strstr(fault.text, TABLE[i].part)) {
            fail_msg("%s in %s: %d %s", TABLE[i].schedule, TABLE[i].timezone, (int)fault.code, fault.text);
        }
        assert_int_equal(fault.field != NULL, TABLE[i].field != NULL);
        if (fault.field != NULL) {
            assert_string_equal(fault.field, TABLE[i].field);
        }
    }
}

TEST(timezone_is_restored)
{
    const struct job_id id = {{1}};
    struct job_fields fields = fields_of("0 9 * * *", "Europe/Berlin", NULL);
    struct errinfo info = {0};
    struct job job;
    assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, NOW}, zones, &info), ERR_OK);
    assert_string_equal(zone_name(job.zone), "Europe/Berlin");
    fields.timezone = slice_of("");
    assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, NOW}, zones, &info), ERR_PROTOCOL);
    fields.timezone = slice_of("Europe/Nowhere");
    assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, NOW}, zones, &info), ERR_PROTOCOL);
}

TEST(schedule_alone_needs_no_job)
{
    struct job_fields fields = {.schedule = slice_of(" 0 0 1 1 * 2000 "),
                                .timezone = slice_of("Europe/Berlin")};
    struct job_fault fault;
    struct job job;
    assert_true(job_build_schedule(&job, &fields, NOW, zones, &fault)); /* over, but it did fire */
    assert_string_equal(job.schedule, "0 0 1 1 * 2000");
    assert_string_equal(zone_name(job.zone), "Europe/Berlin");
    fields.schedule = slice_of("0 0 30 2 *");
    assert_false(job_build_schedule(&job, &fields, NOW, zones, &fault));
    assert_int_equal(fault.code, JOB_FAULT_CREATION_FAILED);
    fields.schedule = (struct slice){NULL, 0};
    assert_false(job_build_schedule(&job, &fields, NOW, zones, &fault));
    assert_int_equal(fault.code, JOB_FAULT_INVALID_REQUEST);
    assert_string_equal(fault.field, "schedule");
}

static void assert_json(struct job job, const char *part, bool holds)
{
    struct buffer text = {0};
    struct json_writer w;
    json_begin(&w, &text);
    job_json_write(&w, &job, false);
    assert_int_equal(buffer_error(&text), ERR_OK);
    if ((strstr(buffer_str(&text), part) != NULL) != holds) {
        fail_msg("%s", buffer_str(&text));
    }
    buffer_fini(&text);
}

TEST(answer_has_timezone_and_warnings)
{
    assert_json(build("0 9 * * *", NULL, NULL), ",\"timezone\":\"UTC\"}", true);
    assert_json(build("0 9 * * *", "Europe/Berlin", NULL), ",\"timezone\":\"Europe/Berlin\"}", true);
    assert_json(build("*/40 * * * *", NULL, NULL), ",\"warnings\":[\"a step does not", true);
    assert_json(build("*/40 * 1 * 1", NULL, NULL), ":00 and :40\",\"day-of-month and", true);
    assert_json(build("0 9 * * *", NULL, NULL), "warnings", false);
}
