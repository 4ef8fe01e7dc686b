/* What a job's call is made of: its way to Redis and back, its faults, and the limits of numbers. */
#include "job_rig.h"

#include <stdio.h>
#include <string.h>

ALL_TESTS(job_rig_start, job_rig_stop);

TEST(job_call_goes_to_redis_and_back)
{
    static struct job again;
    struct job_fields fields = job_maker_fields(GOOD, API "?{{job_id}}", ONCE);
    struct job_fields told;
    fields.method = slice_of("POST");
    fields.headers = slice_of("{\"a\":\"b\"}");
    fields.body = slice_of("c");
    assert_true(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    job_describe(&job, &told);
    assert_int_equal(job_restore(&again, &(struct job_stored){&job.id, &told, job.created}, zones, NULL),
                     ERR_OK);
    job_fini(&job);
    assert_int_equal(again.call.method, CALL_POST);
    assert_true(slice_eq(again.call.headers, "{\"a\":\"b\"}"));
    assert_true(slice_eq(again.call.body, "c"));
    assert_string_equal(again.api, API "?{{job_id}}");
    job_fini(&again);
}

TEST(job_call_faults_are_told)
{
    struct job_fields fields = job_maker_fields(GOOD, API, ONCE);
    fields.headers = slice_of("{\"Host\":\"h\"}");
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
    assert_string_equal(fault.field, "headers");
    fields = job_maker_fields(GOOD, API, ONCE);
    fields.method = slice_of(" ");
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_int_equal(fault.code, JOB_FAULT_INVALID_REQUEST);
    fields = job_maker_fields(GOOD, API "?a={{nope}}", ONCE);
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
    assert_string_equal(fault.field, "api");
    assert_non_null(strstr(fault.text, "{{nope}}"));
}

static void set_field(struct job_fields *fields, const char *name, int64_t value)
{
    *job_field_number(fields, job_field_find(slice_of(name))) = (struct job_number){true, value};
}

/* Each number of the table is accepted from its smallest to its largest value, and not beyond. */
TEST(job_numbers_have_limits)
{
    for (size_t i = 0; i < JOB_FIELD_COUNT; i++) {
        const struct job_field *field = job_field_at(i);
        const int64_t values[] = {field->min - 1, field->min, field->max,
                                  field->max + 1, INT64_MIN,  INT64_MAX};
        for (size_t k = 0; k < 6 && field->kind == JOB_FIELD_NUMBER; k++) {
            struct job_fields fields = job_maker_fields(GOOD, API, "ATLEAST_ONCE");
            set_field(&fields, field->name, values[k]);
            bool good = job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault);
            assert_int_equal(good, k == 1 || k == 2);
            if (good) {
                job_fini(&job);
                continue;
            }
            char range[64];
            (void)snprintf(range, sizeof range, "must be from %lld to %lld", (long long)field->min,
                           (long long)field->max);
            assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
            assert_string_equal(fault.field, field->name);
            assert_true(strstr(fault.text, range) != NULL);
        }
    }
}

TEST(job_success_faults_are_told)
{
    struct job_fields fields = job_maker_fields(GOOD, API, ONCE);
    fields.success = slice_of("{\"status\":[]}");
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
    assert_string_equal(fault.field, "success");
    fields.success = slice_of("{\"body_contains\":\"x\"}");
    fields.method = slice_of("HEAD");
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_string_equal(fault.field, "success");
    assert_non_null(strstr(fault.text, "HEAD"));
}
