/* Jobs as JSON: fields by name, and errors that say which. */
#include "job/job_json.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(job_json_reads_fields)
{
    struct job_json json;
    struct job_fault fault;
    assert_true(job_json_parse(
        &json, slice_of(" {\"api\":\"http:\\/\\/h\",\"schedule\":\"* * * * *\",\"type\":\"\\u00e9\"}\n"),
        &fault));
    assert_true(slice_eq(json.fields.schedule, "* * * * *"));
    assert_true(slice_eq(json.fields.api, "http://h"));
    assert_true(slice_eq(json.fields.type, "\xc3\xa9"));
    job_json_fini(&json);
}

TEST(job_json_reads_what_a_backup_says_besides)
{
    static const char text[] =
        "{\"job_id\":\"capi:1\",\"schedule\":\"* * * * *\",\"state\":\"PAUSED\",\"state_note\":\"n\"}";
    struct job_json json;
    struct job_fault fault;
    assert_true(job_json_parse_backup(&json, slice_of(text), &fault));
    assert_true(slice_eq(json.fields.schedule, "* * * * *"));
    assert_true(slice_eq(json.kept.job_id, "capi:1") && slice_eq(json.kept.state, "PAUSED"));
    assert_true(slice_eq(json.kept.note, "n"));
    assert_null(json.kept.reason.data);
    assert_null(json.kept.by.data);
    job_json_fini(&json);
    assert_false(job_json_parse(&json, slice_of(text), &fault)); /* no such fields but there */
    assert_string_equal(fault.field, "job_id");
    job_json_fini(&json);
    assert_false(job_json_parse_backup(&json, slice_of("{\"state\":null}"), &fault));
    assert_string_equal(fault.field, "state");
    job_json_fini(&json);
    assert_false(job_json_parse_backup(&json, slice_of("{\"version\":2}"), &fault));
    assert_string_equal(fault.field, "version");
    job_json_fini(&json);
}

TEST(job_json_writes_what_a_backup_keeps)
{
    struct job_backup kept = {
        .job_id = slice_of("not here"), .state = slice_of("PAUSED"), .note = slice_of("\"")};
    struct buffer out = {0};
    struct json_writer w;
    json_begin(&w, &out);
    json_object_begin(&w);
    job_json_write_kept(&w, &kept);
    json_object_end(&w);
    assert_string_equal(buffer_str(&out), "{\"state\":\"PAUSED\",\"state_note\":\"\\\"\"}");
    buffer_fini(&out);
}

TEST(job_json_reads_numbers)
{
    struct job_json json;
    struct job_fault fault;
    assert_true(job_json_parse(
        &json,
        slice_of("{\"catch_up\":\"all\",\"catch_up_window_s\":-5,\"catch_up_max\":9223372036854775807}"),
        &fault));
    assert_true(slice_eq(json.fields.catch_up, "all"));
    assert_true(json.fields.catch_up_window_s.given);
    assert_int_equal(json.fields.catch_up_window_s.value, -5);
    assert_int_equal(json.fields.catch_up_max.value, INT64_MAX);
    job_json_fini(&json);
    assert_true(
        job_json_parse(&json, slice_of("{\"retry_unsent\":true,\"retry_client_errors\":false}"), &fault));
    assert_true(json.fields.retry_unsent.given && json.fields.retry_client_errors.given);
    assert_int_equal(json.fields.retry_unsent.value, 1);
    assert_int_equal(json.fields.retry_client_errors.value, 0);
    job_json_fini(&json);
    assert_true(job_json_parse(&json, slice_of("{\"catch_up_max\":0}"), &fault));
    assert_true(json.fields.catch_up_max.given);
    assert_false(json.fields.catch_up_window_s.given);
    assert_null(json.fields.catch_up.data);
    job_json_fini(&json);
}

/* Objects are kept as text in one form: no spaces, and names in order. */
TEST(job_json_reads_objects)
{
    struct job_json json;
    struct job_fault fault;
    assert_true(job_json_parse(
        &json,
        slice_of("{\"headers\": {\"b\" : \"\\u00e9\\/\", \"a\" : [1.50, {\"d\":null, \"c\":true}, -7]}}"),
        &fault));
    assert_true(
        slice_eq(json.fields.headers, "{\"a\":[1.50,{\"c\":true,\"d\":null},-7],\"b\":\"\xc3\xa9/\"}"));
    job_json_fini(&json);
    assert_true(job_json_parse(&json, slice_of("{\"headers\":{}}"), &fault));
    assert_true(slice_eq(json.fields.headers, "{}"));
    job_json_fini(&json);
}

/* A change of an object changes the members that it names (RFC 7396). */
TEST(job_json_patch_merges_objects)
{
    static const char *const rows[][3] = {
        {"{\"a\":\"1\",\"b\":\"2\"}", "{\"b\":\"3\"}", "{\"a\":\"1\",\"b\":\"3\"}"},
        {"{\"a\":\"1\",\"b\":\"2\"}", "{\"a\":null,\"c\":null}", "{\"b\":\"2\"}"},
        {"{\"a\":\"1\"}", "{}", "{\"a\":\"1\"}"},
        {"{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"x\":null,\"z\":3}}", "{\"a\":{\"y\":2,\"z\":3}}"},
        {"{\"a\":1}", "{\"a\":{\"x\":null,\"y\":2}}", "{\"a\":{\"y\":2}}"},
        {"{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}"},
        {NULL, "{\"b\":\"3\"}", "{\"b\":\"3\"}"},
        {NULL, "{\"a\":null,\"b\":\"3\"}", "{\"b\":\"3\"}"}, /* what is not there can be taken away, too */
        {NULL, "{\"a\":null}", "{}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job_fields base = {.headers = {rows[i][0], rows[i][0] ? strlen(rows[i][0]) : 0}};
        char text[128];
        struct job_json json;
        struct job_fault fault;
        (void)snprintf(text, sizeof text, "{\"headers\":%s}", rows[i][1]);
        assert_true(job_json_parse_patch(&json, slice_of(text), &base, &fault));
        assert_true(slice_eq(json.fields.headers, rows[i][2]));
        job_json_fini(&json);
        assert_true(job_json_parse_patch(&json, slice_of("{\"headers\":null}"), &base, &fault));
        assert_null(json.fields.headers.data);
        job_json_fini(&json);
    }
}

TEST(job_json_leaves_absence_to_job_build)
{
    struct job_json json;
    struct job_fault fault;
    assert_true(job_json_parse(&json, slice_of("{\"api\":\"\"}"), &fault));
    assert_null(json.fields.schedule.data);
    assert_null(json.fields.type.data);
    assert_non_null(json.fields.api.data);
    assert_int_equal(json.fields.api.len, 0);
    job_json_fini(&json);
}

TEST(job_json_refusals)
{
    static const struct {
        const char *text;
        const char *field; /* NULL: none */
        const char *part;  /* of the message */
    } TABLE[] = {
        {"", NULL, "empty"},
        {" ", NULL, "not JSON"},
        {"{", NULL, "not JSON"},
        {"{} x", NULL, "not JSON"},
        {"{\"api\":\"a\",\"api\":\"b\"}", NULL, "\"api\""},
        {"{\"api\":\"a\\u0000b\"}", NULL, "not JSON"},
        {"\xef\xbb\xbf{}", NULL, "not JSON"},
        {"{\"api\":\"\xff\"}", NULL, "not JSON"},
        {"{\"api\":[[[[[[[[1]]]]]]]]}", NULL, "8"},
        {"[]", NULL, "an array"},
        {"null", NULL, "null"},
        {"\"x\"", NULL, "a string"},
        {"{\"schedule\":5}", "schedule", "must be a string"},
        {"{\"api\":null}", "api", "must be a string, not null"},
        {"{\"type\":[]}", "type", "must be a string, not an array"},
        {"{\"type\":{}}", "type", "must be a string, not an object"},
        {"{\"type\":true}", "type", "must be a string"},
        {"{\"catch_up\":1}", "catch_up", "must be a string, not a whole number"},
        {"{\"catch_up\":null}", "catch_up", "must be a string, not null"},
        {"{\"catch_up_max\":\"1\"}", "catch_up_max", "must be a whole number, not a string"},
        {"{\"catch_up_max\":null}", "catch_up_max", "must be a whole number, not null"},
        {"{\"catch_up_max\":1.5}", "catch_up_max", "fraction"},
        {"{\"catch_up_max\":1e-2}", "catch_up_max", "fraction"},
        {"{\"catch_up_max\":1e400}", "catch_up_max", "64 bits"},
        {"{\"catch_up_window_s\":99999999999999999999}", "catch_up_window_s", "64 bits"},
        {"{\"catch_up_window_s\":true}", "catch_up_window_s", "not a boolean"},
        {"{\"headers\":\"a: b\"}", "headers", "headers must be an object, not a string"},
        {"{\"headers\":[]}", "headers", "must be an object, not an array"},
        {"{\"headers\":null}", "headers", "must be an object, not null"},
        {"{\"headers\":{\"a\":\"1\",\"a\":\"2\"}}", NULL, "\"a\""},
        {"{\"body\":{}}", "body", "must be a string, not an object"},
        {"{\"retry_unsent\":1}", "retry_unsent", "must be true or false, not a whole number"},
        {"{\"retry_unsent\":\"true\"}", "retry_unsent", "must be true or false, not a string"},
        {"{\"tags\":\"a\"}", "tags", "must be an array, not a string"},
        {"{\"tags\":{}}", "tags", "must be an array, not an object"},
        {"{\"retry\":3}", "retry", "must be an object, not a whole number"},
        {"{\"timezone_default\":\"UTC\"}", "timezone_default", "unknown field"},
        {"{\"nope\":1}", "nope",
         "there are schedule, api, type, timezone, catch_up, catch_up_window_s, catch_up_max"},
        {"{\"shedule\":\"x\"}", "shedule", "unknown field \"shedule\""},
        {"{\"\":1}", "", "unknown field"},
        {"{\"API\":\"x\"}", "API", "unknown field"},
        {"{\"api\":1,\"nope\":1}", "api", "must be"}, /* the message names the first one */
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct job_json json;
        struct job_fault fault;
        assert_false(job_json_parse(&json, slice_of(TABLE[i].text), &fault));
        assert_int_equal(fault.code, JOB_FAULT_INVALID_REQUEST);
        assert_int_equal(fault.offset, -1);
        assert_non_null(strstr(fault.text, TABLE[i].part));
        if (TABLE[i].field) {
            assert_string_equal(fault.field, TABLE[i].field);
        } else {
            assert_null(fault.field);
        }
        job_json_fini(&json);
    }
}

TEST(job_json_cuts_a_long_name_between_characters)
{
    struct buffer text = {0};
    struct job_json json;
    struct job_fault fault;
    buffer_add_str(&text, "{\"a");
    for (int i = 0; i < 100; i++) {
        buffer_add_str(&text, "\xc3\xa9");
    }
    buffer_add_str(&text, "\":1}");
    assert_false(job_json_parse(&json, (struct slice){text.data, text.len}, &fault));
    assert_int_equal(strlen(fault.field), JOB_JSON_NAME_MAX - 1);
    assert_memory_equal(fault.field, text.data + 2, JOB_JSON_NAME_MAX - 1);
    job_json_fini(&json);
    buffer_fini(&text);
}

TEST(job_json_survives_ten_thousand_keys)
{
    struct buffer text = {0};
    struct job_json json;
    struct job_fault fault;
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&text, "%s\"k%d\":\"v\"", i ? "," : "{", i);
    }
    buffer_add_char(&text, '}');
    assert_false(job_json_parse(&json, (struct slice){text.data, text.len}, &fault));
    assert_string_equal(fault.field, "k0");
    job_json_fini(&json);
    buffer_fini(&text);
}

TEST(job_json_writes_what_it_was_given)
{
    struct job *job = calloc(1, sizeof *job);
    struct buffer out = {0};
    struct json_writer w;
    assert_non_null(job);
    memset(job->id.bytes, 0xab, sizeof job->id.bytes);
    job->type = JOB_ATLEAST_ONCE;
    job->catch_up = catch_up_default(true);
    assert_true(call_options_read(&job->call, &(struct job_fields){0}, &(struct job_fault){0}));
    job->zone = zone_utc();
    strcpy(job->schedule, "0 0 * * *");
    strcpy(job->api, "https://h/?q=\"x\"");
    json_begin(&w, &out);
    job_json_write(&w, job, false);
    assert_string_equal(
        buffer_str(&out),
        "{\"job_id\":\"capi:abababababababababababababababababababababababababababababababab\","
        "\"schedule\":\"0 0 * * "
        "*\",\"api\":\"https://h/?q=\\\"x\\\"\",\"type\":\"ATLEAST_ONCE\",\"timezone\":\"UTC\"}");
    buffer_clear(&out);
    job->catch_up = (struct catch_up){CATCH_UP_ALL, 60000, 7, true};
    json_begin(&w, &out);
    job_json_write(&w, job, false);
    assert_non_null(
        strstr(buffer_str(&out), ",\"timezone\":\"UTC\",\"catch_up_window_s\":60,\"catch_up_max\":7}"));
    buffer_clear(&out);
    job->catch_up = (struct catch_up){CATCH_UP_NONE, 0, 0, true};
    json_begin(&w, &out);
    job_json_write(&w, job, false);
    assert_non_null(strstr(buffer_str(&out), ",\"timezone\":\"UTC\",\"catch_up\":\"none\"}"));
    buffer_fini(&out);
    free(job);
}

TEST(job_json_patch_replaces_keeps_and_takes_away)
{
    struct job_fields base = {.schedule = slice_of("* * * * *"),
                              .api = slice_of("http://h/"),
                              .timezone = slice_of("UTC"),
                              .catch_up_max = {true, 5}};
    struct job_json json;
    struct job_fault fault;
    assert_true(job_json_parse_patch(
        &json, slice_of("{\"api\":\"http://i/\",\"timezone\":null,\"catch_up_max\":null}"), &base, &fault));
    assert_true(slice_eq(json.fields.schedule, "* * * * *"));
    assert_true(slice_eq(json.fields.api, "http://i/"));
    assert_null(json.fields.timezone.data);
    assert_false(json.fields.catch_up_max.given);
    job_json_fini(&json);
    assert_false(job_json_parse_patch(&json, slice_of("{\"api\":1}"), &base, &fault));
    assert_string_equal(fault.field, "api");
    job_json_fini(&json);
    assert_false(job_json_parse_patch(&json, slice_of("{\"nope\":null}"), &base, &fault));
    assert_string_equal(fault.field, "nope");
    job_json_fini(&json);
    assert_false(job_json_parse(&json, slice_of("{\"api\":null}"), &fault));
    job_json_fini(&json);
}
