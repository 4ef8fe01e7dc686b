/* How many requests a client may send: what it is told by headers, what one too many gets, and what happens when Redis cannot say. */
#include "api/rate.h"
#include "store_rig.h"
#include "test.h"

#include <string.h>

static struct context ctx;
static struct api_error error;

static void set_up(void)
{
    SAY("FLUSHDB");
    assert_int_equal(context_init(&ctx, &config, clock_system(), JOB_MAKER_ZONES), ERR_OK);
    context_begin(&ctx);
    api_error_clear(&error);
}

static void tear_down(void)
{
    context_fini(&ctx);
}

ALL_TESTS(store_rig_start, store_rig_stop);
EACH_TEST(set_up, tear_down);

static bool take(const char *id, int64_t per_s, int64_t burst)
{
    const struct store_rate rate = {per_s, burst};
    response_clear(&ctx.response);
    return rate_take(&ctx, id, &rate, &error);
}

/* The value of a header of the response; "": it has none. */
static const char *header(const char *name)
{
    static char value[128];
    struct buffer out = {0};
    value[0] = '\0';
    response_empty(&ctx.response, 204);
    assert_int_equal(response_render(&ctx.response, false, &out), ERR_OK);
    const char *at = strstr(buffer_str(&out), name);
    if (at != NULL) {
        at += strlen(name) + 2;
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
    }
    buffer_fini(&out);
    return value;
}

TEST(rate_counts_each_request_and_says_what_is_left)
{
    assert_true(take("k", 1, 3));
    assert_string_equal(header("RateLimit-Policy"), "\"key\";q=3;w=3");
    assert_string_equal(ctx.response.rate, "\"key\";r=2;t=1");
    assert_true(take("k", 1, 3));
    assert_string_equal(ctx.response.rate, "\"key\";r=1;t=2");
    assert_string_equal(header("Retry-After"), "");
}

TEST(rate_refuses_one_too_many_with_the_time_to_wait)
{
    assert_true(take("k", 1, 2) && take("k", 1, 2));
    assert_false(take("k", 1, 2));
    assert_int_equal(error.code, API_TOO_MANY_REQUESTS);
    assert_int_equal(api_code_status(error.code), 429);
    assert_string_equal(header("Retry-After"), "1");
    assert_string_equal(ctx.response.rate, "\"key\";r=0;t=1");
    response_error(&ctx.response, &error);
    assert_int_equal(ctx.response.retry_after_s, 1);
}

TEST(rate_is_of_each_client)
{
    assert_true(take("one", 1, 1));
    assert_false(take("one", 1, 1));
    assert_true(take("another", 1, 1));
    assert_int_equal(ASK("EXISTS", "dronc:rate:{one}", "dronc:rate:{another}"), 2);
}

TEST(rate_without_a_limit_asks_nothing)
{
    assert_true(take("k", 0, 0));
    assert_string_equal(header("RateLimit"), "");
    assert_int_equal(ASK("DBSIZE"), 0);
}

TEST(rate_lets_a_request_go_on_when_redis_cannot_say)
{
    SAY("CONFIG", "SET", "maxmemory", "1");
    bool allowed = take("k", 1, 1) && take("k", 1, 1);
    SAY("CONFIG", "SET", "maxmemory", "0");
    assert_true(allowed);
    assert_string_equal(header("RateLimit"), "");
}

TEST(rate_garbage_gives_way)
{
    SAY("SET", "dronc:rate:{k}", "no number");
    assert_true(take("k", 1, 1));
    SAY("DEL", "dronc:rate:{k}");
    SAY("LPUSH", "dronc:rate:{k}", "no string");
    assert_true(take("k", 1, 1));
    assert_false(take("k", 1, 1));
}
