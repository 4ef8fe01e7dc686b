/* Which definitions are the same job, and how an id is written. */
#include "job_rig.h"

#include <string.h>

ALL_TESTS(job_rig_start, job_rig_stop);

/* Fields at their default do not change the id; all others do. */
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

/* The id of a job with a name is made of the name alone. */
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

/* Clients and Redis keep ids, so a new version must not change them. */
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
