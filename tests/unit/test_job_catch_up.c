/* The catch-up of a job: its defaults, its faults, its way to Redis and back, and what it does to the id. */
#include "job_rig.h"

#include <string.h>

ALL_TESTS(job_rig_start, job_rig_stop);

#define DAY_S 86400

struct rule {
    const char *type, *catch_up; /* catch_up: ABSENT is none given */
    int64_t window_s, max;       /* -1: not given */
};

static struct job_fields fields_of(const struct rule *rule)
{
    struct job_fields fields = job_maker_fields(GOOD, API, rule->type);
    fields.catch_up = field_of(rule->catch_up);
    fields.catch_up_window_s = (struct job_number){rule->window_s >= 0, rule->window_s};
    fields.catch_up_max = (struct job_number){rule->max >= 0, rule->max};
    return fields;
}

static bool build_rule(const struct rule *rule)
{
    struct job_fields fields = fields_of(rule);
    memset(&fault, 0x55, sizeof fault);
    return job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault);
}

static const struct {
    struct rule rule;
    enum catch_up_policy policy;
    int64_t window_s;
    int max;
} rules[] = {
    {{ONCE, ABSENT, -1, -1}, CATCH_UP_NONE, 0, 0},
    {{ONCE, "none", -1, -1}, CATCH_UP_NONE, 0, 0},
    {{ONCE, "all", -1, -1}, CATCH_UP_ALL, DAY_S, 100},
    {{ONCE, "all", 1, 1000}, CATCH_UP_ALL, 1, 1000},
    {{ONCE, "latest", -1, -1}, CATCH_UP_LATEST, DAY_S, 1},
    {{LEAST, ABSENT, -1, -1}, CATCH_UP_ALL, DAY_S, 100},
    {{LEAST, "all", DAY_S, 100}, CATCH_UP_ALL, DAY_S, 100},
    {{LEAST, ABSENT, 2592000, -1}, CATCH_UP_ALL, 2592000, 100},
    {{LEAST, ABSENT, -1, 1}, CATCH_UP_ALL, DAY_S, 1},
    {{LEAST, "latest", 3600, -1}, CATCH_UP_LATEST, 3600, 1},
    {{LEAST, "none", -1, -1}, CATCH_UP_NONE, 0, 0},
};
#define RULES (sizeof rules / sizeof rules[0])

TEST(job_catch_up_has_defaults_by_type)
{
    for (size_t i = 0; i < RULES; i++) {
        if (!build_rule(&rules[i].rule)) {
            fail_msg("row %zu: %s", i, fault.text);
        }
        assert_int_equal(job.catch_up.policy, rules[i].policy);
        assert_int_equal(job.catch_up.window_ms, rules[i].window_s * 1000);
        assert_int_equal(job.catch_up.max, rules[i].max);
    }
}

static const struct {
    struct rule rule;
    const char *field;
    const char *word; /* in the text for a person */
} bad_rules[] = {
    {{LEAST, "some", -1, -1}, "catch_up", "all, latest or none"},
    {{LEAST, "ALL", -1, -1}, "catch_up", "all, latest or none"},
    {{LEAST, " all", -1, -1}, "catch_up", "all, latest or none"},
    {{LEAST, ABSENT, 0, -1}, "catch_up_window_s", "from 1 to 2592000"},
    {{LEAST, ABSENT, 2592001, -1}, "catch_up_window_s", "from 1 to 2592000"},
    {{LEAST, ABSENT, INT64_MAX, -1}, "catch_up_window_s", "from 1 to 2592000"},
    {{LEAST, "all", -1, 0}, "catch_up_max", "from 1 to 1000"},
    {{LEAST, "all", -1, 1001}, "catch_up_max", "from 1 to 1000"},
    {{LEAST, "latest", -1, 1}, "catch_up_max", "where catch_up is latest"},
    {{LEAST, "none", 60, -1}, "catch_up_window_s", "where catch_up is none"},
    {{LEAST, "none", -1, 5}, "catch_up_max", "where catch_up is none"},
    {{ONCE, "none", 60, 5}, "catch_up_window_s", "where catch_up is none"},
    {{ONCE, ABSENT, 60, -1}, "catch_up_window_s", "is for this type unless it is given"},
    {{ONCE, ABSENT, -1, 5}, "catch_up_max", "is for this type unless it is given"},
};
#define BAD_RULES (sizeof bad_rules / sizeof bad_rules[0])

TEST(job_catch_up_names_every_fault)
{
    for (size_t i = 0; i < BAD_RULES; i++) {
        if (build_rule(&bad_rules[i].rule)) {
            fail_msg("row %zu was taken", i);
        }
        assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
        assert_int_equal(fault.offset, -1);
        assert_string_equal(fault.field, bad_rules[i].field);
        assert_non_null(strstr(fault.text, bad_rules[i].word));
    }
    assert_false(build_rule(&(struct rule){LEAST, "", -1, -1}));
    assert_int_equal(fault.code, JOB_FAULT_INVALID_REQUEST);
    assert_string_equal(fault.field, "catch_up");
}

/* A person may have edited the job in Redis. */
TEST(job_restore_refuses_a_catch_up_that_is_none)
{
    const struct job_id id = {{1}};
    for (size_t i = 0; i < BAD_RULES; i++) {
        struct job_fields fields = fields_of(&bad_rules[i].rule);
        struct errinfo info = {0};
        assert_int_equal(job_restore(&job, &(struct job_stored){&id, &fields, {T0}}, zones, &info),
                         ERR_PROTOCOL);
        assert_non_null(strstr(info.text, bad_rules[i].word));
    }
}

/* In the tables above a negative number means that none is given. */
TEST(job_catch_up_refuses_negative_numbers)
{
    struct job_fields fields = job_maker_fields(GOOD, API, LEAST);
    fields.catch_up_max = (struct job_number){true, INT64_MIN};
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_string_equal(fault.field, "catch_up_max");
    fields = job_maker_fields(GOOD, API, LEAST);
    fields.catch_up_window_s = (struct job_number){true, -1};
    assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
    assert_string_equal(fault.field, "catch_up_window_s");
}

/* job_restore fills in what job_describe leaves out. */
TEST(job_describe_and_restore_are_inverse)
{
    for (size_t i = 0; i < RULES; i++) {
        static struct job again;
        struct job_fields fields;
        assert_true(build_rule(&rules[i].rule));
        job_describe(&job, &fields);
        assert_int_equal(
            job_restore(&again, &(struct job_stored){&job.id, &fields, job.created}, zones, NULL), ERR_OK);
        assert_int_equal(again.catch_up.policy, job.catch_up.policy);
        assert_int_equal(again.catch_up.window_ms, job.catch_up.window_ms);
        assert_int_equal(again.catch_up.max, job.catch_up.max);
        assert_string_equal(again.schedule, job.schedule);
        assert_string_equal(again.api, job.api);
        assert_int_equal(again.type, job.type);
        assert_ptr_equal(again.zone, job.zone);
    }
}

/* A job at its defaults stores none of the fields, as one from before there was catch-up. */
TEST(job_describe_leaves_out_what_is_usual)
{
    static const size_t usual[] = {0, 1, 5, 6};
    struct job_fields fields;
    for (size_t i = 0; i < 4; i++) {
        assert_true(build_rule(&rules[usual[i]].rule));
        job_describe(&job, &fields);
        assert_null(fields.timezone.data);
        assert_null(fields.catch_up.data);
        assert_false(fields.catch_up_window_s.given);
        assert_false(fields.catch_up_max.given);
    }
    assert_true(build_in(GOOD, "Europe/Berlin", NULL));
    job_describe(&job, &fields);
    assert_true(slice_eq(fields.timezone, "Europe/Berlin"));
}

/* Ids from before there was catch-up: they must never change. */
TEST(job_ids_of_jobs_at_their_default_stay)
{
    static const char *const ids[] = {
        [JOB_ATMOST_ONCE] = "capi:ecdee0d57d33d545efa0d18fe2d2e1c66683d404d491f36c0ff47d55f12fbc4c",
        [JOB_ATLEAST_ONCE] = "capi:6c3897ecbedb8b452b831bfc188f7c294fb329ca88a3c2eac4fa4483dcc0c009",
    };
    static const size_t usual[] = {0, 1, 5, 6};
    for (size_t i = 0; i < 4; i++) {
        char text[JOB_ID_TEXT_SIZE];
        assert_true(build_rule(&rules[usual[i]].rule));
        job_id_format(text, &job.id);
        assert_string_equal(text, ids[job.type]);
    }
}

TEST(job_id_depends_on_what_catch_up_means)
{
    static const struct rule other[] = {{LEAST, ABSENT, -1, -1},   {LEAST, "none", -1, -1},
                                        {LEAST, "latest", -1, -1}, {LEAST, "latest", 60, -1},
                                        {LEAST, "all", 60, -1},    {LEAST, "all", -1, 60},
                                        {ONCE, ABSENT, -1, -1},    {ONCE, "all", -1, -1}};
    static const struct rule one = {LEAST, "all", 60, 1};
    struct job_id ids[8];
    for (size_t i = 0; i < 8; i++) {
        assert_true(build_rule(&other[i]));
        ids[i] = job.id;
        for (size_t k = 0; k < i; k++) {
            assert_memory_not_equal(&ids[i], &ids[k], sizeof ids[i]);
        }
    }
    assert_true(build_rule(&one)); /* as the latest one within a minute */
    assert_memory_equal(&job.id, &ids[3], sizeof job.id);
}
