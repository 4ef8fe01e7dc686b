/* Jobs: what is taken and what is refused and why, which are the same, and when they are due. */
#include "job/job.h"

#include "net/targets.h"

#include "job_maker.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define T0     1772953200000 /* 2026-03-08T07:00:00Z */
#define MINUTE 60000

static struct zones *zones;
static struct job job;
static struct job_fault fault;

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

static bool build(const char *schedule, const char *api, const char *type)
{
    struct job_fields fields = job_maker_fields(schedule, api, type);
    memset(&fault, 0x55, sizeof fault);
    return job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault);
}

static void assert_built(const char *schedule, const char *api)
{
    if (!build(schedule, api, "ATMOST_ONCE")) {
        fail_msg("%s %s: %s", schedule, api, fault.text);
    }
}

static struct job_id id_of(const char *schedule, const char *api, const char *type)
{
    if (!build(schedule, api, type)) {
        fail_msg("%s %s %s: %s", schedule, api, type, fault.text);
    }
    return job.id;
}

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

#define GOOD   "0 7 * * *"
#define API    "http://example.com/"
#define ONCE   "ATMOST_ONCE"
#define ABSENT NULL

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

static struct slice field_of(const char *text)
{
    return text == ABSENT ? (struct slice){NULL, 0} : slice_of(text);
}

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

/* Whether it is too late for a schedule depends on the clock, which is the caller's. */
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
        fields.targets = &targets;
        assert_false(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
        assert_int_equal(fault.code, JOB_FAULT_VALIDATION_ERROR);
        assert_string_equal(fault.field, "api");
        assert_non_null(strstr(fault.text, rows[i].word));
        fields.targets = NULL;
        assert_int_equal(job_restore(&job, &id, &fields, (struct wall_ms){T0}, zones, &info), ERR_OK);
        job_fini(&job);
    }
    targets_fini(&targets);
}

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

/* ---- the time zone as a field of its own ---- */

static bool build_in(const char *schedule, const char *timezone, const char *otherwise)
{
    struct job_fields fields = job_maker_fields(schedule, API, ONCE);
    fields.timezone = field_of(timezone);
    fields.timezone_default = otherwise;
    memset(&fault, 0x55, sizeof fault);
    return job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault);
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

/* ---- catching up ---- */

#define LEAST "ATLEAST_ONCE"
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

/* As in Redis: a person may have edited it. */
TEST(job_restore_refuses_a_catch_up_that_is_none)
{
    const struct job_id id = {{1}};
    for (size_t i = 0; i < BAD_RULES; i++) {
        struct job_fields fields = fields_of(&bad_rules[i].rule);
        struct errinfo info = {0};
        assert_int_equal(job_restore(&job, &id, &fields, (struct wall_ms){T0}, zones, &info), ERR_PROTOCOL);
        assert_non_null(strstr(info.text, bad_rules[i].word));
    }
}

/* Negative numbers cannot be written in the tables above. */
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

/* What job_describe leaves out is what job_restore puts there again. */
TEST(job_describe_and_restore_are_inverse)
{
    for (size_t i = 0; i < RULES; i++) {
        static struct job again;
        struct job_fields fields;
        assert_true(build_rule(&rules[i].rule));
        job_describe(&job, &fields);
        assert_int_equal(job_restore(&again, &job.id, &fields, job.created, zones, NULL), ERR_OK);
        assert_int_equal(again.catch_up.policy, job.catch_up.policy);
        assert_int_equal(again.catch_up.window_ms, job.catch_up.window_ms);
        assert_int_equal(again.catch_up.max, job.catch_up.max);
        assert_string_equal(again.schedule, job.schedule);
        assert_string_equal(again.api, job.api);
        assert_int_equal(again.type, job.type);
        assert_ptr_equal(again.zone, job.zone);
    }
}

/* Jobs from before there was such a thing hold none of it, and neither do those at their default. */
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

/* ---- identity ---- */

/* Computed with the version before there was catching up: these jobs are the same ones for ever. */
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
    assert_true(build_rule(&one)); /* the same as the latest one within a minute */
    assert_memory_equal(&job.id, &ids[3], sizeof job.id);
}

/* Fields at their default are no part of what a job is; all else is. */
TEST(job_id_depends_on_the_call)
{
    static const struct {
        const char *method, *headers, *body, *base64;
        int same_as; /* an earlier row; -1: none */
    } rows[] = {
        {ABSENT, ABSENT, ABSENT, ABSENT, -1},
        {"GET", "{}", "", ABSENT, 0},
        {"POST", ABSENT, ABSENT, ABSENT, -1},
        {"PUT", ABSENT, ABSENT, ABSENT, -1},
        {ABSENT, "{\"a\":\"b\"}", ABSENT, ABSENT, -1},
        {ABSENT, "{\"A\":\"b\"}", ABSENT, ABSENT, 4},
        {ABSENT, "{\"a\":\"B\"}", ABSENT, ABSENT, -1},
        {ABSENT, ABSENT, "f", ABSENT, -1},
        {ABSENT, ABSENT, ABSENT, "Zg==", 7},
        {ABSENT, ABSENT, "{{attempt}}", ABSENT, -1},
        {ABSENT, ABSENT, ABSENT, "e3thdHRlbXB0fX0=", -1},
    };
    struct job_id ids[sizeof rows / sizeof rows[0]];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job_fields fields = job_maker_fields(GOOD, API, ONCE);
        fields.method = field_of(rows[i].method);
        fields.headers = field_of(rows[i].headers);
        fields.body = field_of(rows[i].body);
        fields.body_base64 = field_of(rows[i].base64);
        assert_true(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
        ids[i] = job.id;
        job_fini(&job);
        for (size_t k = 0; k < i; k++) {
            bool same = memcmp(&ids[i], &ids[k], sizeof ids[i]) == 0;
            if (same !=
                (rows[i].same_as == (int)k || (rows[i].same_as == rows[k].same_as && rows[i].same_as >= 0))) {
                fail_msg("rows %zu and %zu are %s job", i, k, same ? "the same" : "not the same");
            }
        }
    }
    struct job_id plain = id_of(GOOD, API, ONCE);
    assert_memory_equal(&ids[0], &plain, sizeof plain);
}

/* A name is all that a job with a name is. */
TEST(job_id_of_a_name_is_made_of_nothing_else)
{
    static const char *const rows[][3] = {
        {GOOD, ONCE, "a"}, {"@daily", "ATLEAST_ONCE", "a"}, {GOOD, ONCE, "b"}, {GOOD, ONCE, NULL}};
    struct job_id ids[4];
    for (size_t i = 0; i < 4; i++) {
        struct job_fields fields = job_maker_fields(rows[i][0], API, rows[i][1]);
        fields.name = field_of(rows[i][2]);
        assert_true(job_build(&job, &fields, (struct wall_ms){T0}, zones, &fault));
        ids[i] = job.id;
        job_fini(&job);
    }
    assert_memory_equal(&ids[0], &ids[1], sizeof ids[0]);
    assert_memory_not_equal(&ids[0], &ids[2], sizeof ids[0]);
    assert_memory_not_equal(&ids[0], &ids[3], sizeof ids[0]);
}

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
    assert_int_equal(job_restore(&again, &job.id, &told, job.created, zones, NULL), ERR_OK);
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

/* Every number of the table is taken from its smallest to its largest value, and not beyond. */
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

static const char *const same_jobs[][4] = {
    {"0 7 * * *", API, "00 07 * * *", API},
    {"0 7 * * *", API, "  0  7 *\t* * ", API},
    {"0 7 * * *", API, "0 0 7 * * *", API},
    {"0 0 * * *", API, "@daily", API},
    {"0 0 * * *", API, "@midnight", API},
    {"* * * * *", API, "*/1 * * * *", API},
    {"0 7 * * MON-FRI", API, "0 7 * * 1,2,3,4,5", API},
    {"0 7 * * 0", API, "0 7 * * sun", API},
    {"@every 60s", API, "@every 1m", API},
    {"0 7 * * *", API, "CRON_TZ=UTC 0 7 * * *", API},
    {"CRON_TZ=Europe/Berlin 0 7 * * *", API, "TZ=Europe/Berlin 0 7 * * *", API},
    {GOOD, "http://example.com", GOOD, "http://example.com/"},
    {GOOD, "http://EXAMPLE.com/", GOOD, "HTTP://example.COM/"},
    {GOOD, "http://example.com:80/", GOOD, "http://example.com/"},
    {GOOD, "https://example.com:443/", GOOD, "https://example.com/"},
    {GOOD, "http://example.com/#a", GOOD, "http://example.com/"},
    {GOOD, "http://example.com/a/../b", GOOD, "http://example.com/b"},
    {GOOD, "http://example.com/%2f", GOOD, "http://example.com/%2F"},
};

TEST(job_same_meaning_is_the_same_job)
{
    for (size_t i = 0; i < sizeof same_jobs / sizeof same_jobs[0]; i++) {
        struct job_id a = id_of(same_jobs[i][0], same_jobs[i][1], ONCE);
        struct job_id b = id_of(same_jobs[i][2], same_jobs[i][3], ONCE);
        if (memcmp(&a, &b, sizeof a) != 0) {
            fail_msg("not the same: %s %s, %s %s", same_jobs[i][0], same_jobs[i][1], same_jobs[i][2],
                     same_jobs[i][3]);
        }
    }
}

static const char *const other_jobs[][3] = {
    {GOOD, API, ONCE},
    {GOOD, API, "ATLEAST_ONCE"},
    {"1 7 * * *", API, ONCE},
    {"CRON_TZ=Europe/Berlin 0 7 * * *", API, ONCE},
    {"CRON_TZ=Europe/Dublin 0 7 * * *", API, ONCE},
    {"@every 60s", API, ONCE},
    {"* * * * *", API, ONCE},
    {GOOD, "https://example.com/", ONCE},
    {GOOD, "http://example.com:8080/", ONCE},
    {GOOD, "http://example.com/a", ONCE},
    {GOOD, "http://example.com/A", ONCE},
    {GOOD, "http://example.com/a/", ONCE},
    {GOOD, "http://example.com/?a", ONCE},
    {GOOD, "http://example.com/?A", ONCE},
    {GOOD, "http://user@example.com/", ONCE},
    {GOOD, "http://example.org/", ONCE},
};

TEST(job_other_meaning_is_another_job)
{
    struct job_id ids[sizeof other_jobs / sizeof other_jobs[0]];
    for (size_t i = 0; i < sizeof other_jobs / sizeof other_jobs[0]; i++) {
        ids[i] = id_of(other_jobs[i][0], other_jobs[i][1], other_jobs[i][2]);
        for (size_t j = 0; j < i; j++) {
            if (memcmp(&ids[i], &ids[j], sizeof ids[i]) == 0) {
                fail_msg("other_jobs %zu and %zu are the same job", i, j);
            }
        }
    }
}

TEST(job_identity_does_not_depend_on_when_it_was_made)
{
    struct job_id first = id_of(GOOD, API, ONCE);
    make_job(&job, zones, GOOD, JOB_ATMOST_ONCE, T0 + 12345);
    struct job_id other = job.id;
    struct job_fields fields = job_maker_fields(GOOD, API, ONCE);
    assert_true(job_build(&job, &fields, (struct wall_ms){1}, zones, &fault));
    assert_memory_equal(&job.id, &first, sizeof first);
    assert_memory_not_equal(&other, &first, sizeof first);
}

/* Ids are kept by clients and in Redis: they must stay what they are from version to version. */
TEST(job_identity_is_stable)
{
    char text[JOB_ID_TEXT_SIZE];
    struct job_id id =
        id_of("CRON_TZ=Europe/Berlin 30 7 * * MON-FRI", "https://example.com/a?b=c", "ATLEAST_ONCE");
    job_id_format(text, &id);
    assert_string_equal(text, "capi:a5a65bfeff0aac6c38fb73d92b9bb2a25cdf8a7f4e3971b2027867ad86031092");
}

TEST(job_id_text_goes_both_ways)
{
    char text[JOB_ID_TEXT_SIZE];
    struct job_id id;
    struct job_id back;
    for (size_t i = 0; i < JOB_ID_SIZE; i++) {
        id.bytes[i] = (uint8_t)(i * 37 + 200);
    }
    job_id_format(text, &id);
    assert_int_equal(strlen(text), JOB_ID_TEXT_LEN);
    assert_memory_equal(text, "capi:c8ed1237", 13);
    assert_true(job_id_parse(&back, slice_of(text)));
    assert_memory_equal(&back, &id, sizeof id);
}

TEST(job_id_parse_refuses_all_else)
{
#define HEX63 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
    static const char *const rows[] = {
        "",
        "capi:",
        "capi:" HEX63,
        "capi:" HEX63 "ff",
        "capi:" HEX63 "F",
        "capi:" HEX63 "g",
        "capi:" HEX63 " ",
        "CAPI:" HEX63 "f",
        "capi " HEX63 "f",
        "exec:" HEX63 "f",
        HEX63 "f",
        " capi:" HEX63 "f",
        "capi:" HEX63 "f ",
    };
    struct job_id id;
    assert_true(job_id_parse(&id, slice_of("capi:" HEX63 "f")));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (job_id_parse(&id, slice_of(rows[i]))) {
            fail_msg("taken for an id: \"%s\"", rows[i]);
        }
    }
    assert_false(job_id_parse(&id, (struct slice){NULL, 0}));
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

/* ---- reading back ---- */

TEST(job_restore_takes_id_and_creation_as_given)
{
    struct job_fields fields = job_maker_fields(GOOD, API, "ATLEAST_ONCE");
    const struct job_id id = {{1, 2, 3}};
    assert_int_equal(job_restore(&job, &id, &fields, (struct wall_ms){77}, zones, NULL), ERR_OK);
    assert_memory_equal(&job.id, &id, sizeof id);
    assert_int_equal(job.created.ms, 77);
    assert_string_equal(job.schedule, GOOD);
    assert_string_equal(job.api, API);
    assert_int_equal(job.type, JOB_ATLEAST_ONCE);
}

/* It may still have an occurrence under way. */
TEST(job_restore_takes_a_schedule_that_has_ended)
{
    struct job_fields fields = job_maker_fields("0 0 0 1 1 ? 2020", API, ONCE);
    const struct job_id id = {{1}};
    struct wall_ms next;
    assert_int_equal(job_restore(&job, &id, &fields, (struct wall_ms){T0}, zones, NULL), ERR_OK);
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
        assert_int_equal(job_restore(&job, &id, &fields, (struct wall_ms){T0}, zones, &info), ERR_PROTOCOL);
        assert_non_null(strstr(info.text, bad[i].word));
    }
}

/* ---- time ---- */

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
