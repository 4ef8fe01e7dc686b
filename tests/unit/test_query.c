/* Parameters that resources have in common: each has one meaning, wherever it stands. */
#include "http/query.h"

#include "fake_source.h"
#include "test.h"

#include <stdio.h>

static const char *const params[] = {"limit", "job_id", "at", "flag", "text", "n", NULL};

static struct request req;
static struct api_error error;

static void set_up(void)
{
    request_init(&req);
}

static void tear_down(void)
{
    request_fini(&req);
}

EACH_TEST(set_up, tear_down);

/* Read the query. */
static void read(const char *query)
{
    static struct fake_request fake;
    static char uri[256];
    (void)snprintf(uri, sizeof uri, "/?%s", query);
    fake = (struct fake_request){.method = "GET", .uri = uri};
    api_error_clear(&error);
    assert_true(request_read_head(&req, fake_source(&fake), &error));
    assert_true(request_read_query(&req, params, &error));
}

static void check_refusal(const char *name, const char *text)
{
    assert_int_equal(error.code, API_INVALID_REQUEST);
    assert_true(slice_eq(error.field, name));
    assert_string_equal(error.text, text);
}

TEST(query_limit_more_than_the_most_means_the_most)
{
    static const struct {
        const char *query;
        int limit;
    } TABLE[] = {
        {"", 50},         {"limit=1", 1},    {"limit=200", 200}, {"limit=201", 200},
        {"limit=007", 7}, {"limit=2e1", 20}, {"limit=20.0", 20}, {"limit=99999999999999999999999", 200}};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        int limit = 0;
        read(TABLE[i].query);
        assert_true(query_limit(&req, &limit, &error));
        assert_int_equal(limit, TABLE[i].limit);
    }
}

TEST(query_limit_refuses_what_is_no_number_of_items)
{
    static const char *const TABLE[] = {"limit=0", "limit=-1", "limit=", "limit=x", "limit=1.5", "limit"};
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        int limit;
        read(TABLE[i]);
        assert_false(query_limit(&req, &limit, &error));
        check_refusal("limit", "limit must be a whole number from 1 on");
    }
}

TEST(query_whole_keeps_to_its_range)
{
    const struct query_range range = {2, 10};
    int64_t value = 5;
    read("");
    assert_true(query_whole(&req, "n", range, &value, &error));
    assert_int_equal(value, 5);
    read("n=10");
    assert_true(query_whole(&req, "n", range, &value, &error));
    assert_int_equal(value, 10);
    read("n=11");
    assert_false(query_whole(&req, "n", range, &value, &error));
    check_refusal("n", "n must be a whole number from 2 to 10");
    assert_int_equal(value, 10);
}

TEST(query_job_id_is_given_or_not)
{
    struct job_id id;
    bool given = true;
    read("");
    assert_true(query_job_id(&req, &id, &given, &error));
    assert_false(given);
    read("job_id=capi:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_true(query_job_id(&req, &id, &given, &error));
    assert_true(given);
    assert_int_equal(id.bytes[31], 0x1f);
    read("job_id=capi:00");
    assert_false(query_job_id(&req, &id, &given, &error));
    check_refusal("job_id", "job_id must be \"capi:\" and 64 lower-case hex digits");
}

TEST(query_instant_may_have_to_be_there)
{
    struct wall_ms at = {7};
    read("");
    assert_true(query_instant(&req, "at", &at, &error));
    assert_int_equal(at.ms, 7);
    assert_false(query_required_instant(&req, "at", &at, &error));
    check_refusal("at", "at: is required (RFC 3339; a + in a query is written %2B)");
    read("at=1970-01-01T00:00:01Z");
    assert_true(query_required_instant(&req, "at", &at, &error));
    assert_int_equal(at.ms, 1000);
    read("at=");
    assert_false(query_required_instant(&req, "at", &at, &error));
    assert_true(slice_eq(error.field, "at"));
}

TEST(query_bool_is_true_or_false)
{
    bool given = true;
    bool value = true;
    read("");
    assert_true(query_bool(&req, "flag", &given, &value, &error));
    assert_false(given);
    read("flag=false");
    assert_true(query_bool(&req, "flag", &given, &value, &error));
    assert_true(given);
    assert_false(value);
    read("flag=true");
    assert_true(query_bool(&req, "flag", &given, &value, &error));
    assert_true(value);
    read("flag=1");
    assert_false(query_bool(&req, "flag", &given, &value, &error));
    check_refusal("flag", "flag must be true or false");
}

TEST(query_text_has_a_length)
{
    struct slice text = {NULL, 0};
    read("");
    assert_true(query_text(&req, "text", 3, &text, &error));
    assert_null(text.data);
    read("text=a%20b");
    assert_true(query_text(&req, "text", 3, &text, &error));
    assert_true(slice_eq(text, "a b"));
    read("text=");
    assert_false(query_text(&req, "text", 3, &text, &error));
    check_refusal("text", "text must have 1 to 3 bytes");
    read("text=abcd");
    assert_false(query_text(&req, "text", 3, &text, &error));
}

TEST(query_cursor_is_refused_in_one_way)
{
    assert_false(query_refuse_cursor(&error));
    check_refusal("cursor", "cursor must be the next_cursor of an answer to the same query");
}
