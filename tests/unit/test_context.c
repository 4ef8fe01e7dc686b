/* The memory of a request: what a handler makes and forgets ends with the request, and what Redis replied
 * stays readable until then. */
#include "api/context.h"

#include "fake_source.h"
#include "redis_server.h"
#include "serve/app.h"
#include "store/store.h"
#include "test.h"

static struct redis_server server;
static struct config config;
static struct app app;
static int ended;

static void set_up(void)
{
    ended = 0;
    redis_server_open(&server, NULL);
    config = redis_server_config(&server);
    assert_int_equal(app_init(&app, &config, clock_system(), "tests/vectors/zoneinfo"), ERR_OK);
}

static void tear_down(void)
{
    app_fini(&app);
    redis_server_close(&server);
}

EACH_TEST(set_up, tear_down);

static void end_text(void *thing)
{
    char **text = thing;
    free(*text);
    ended++;
}

/* Make what owns memory, as a handler that forgets to end it. */
static void make_and_forget(struct context *ctx)
{
    struct api_error error;
    char **text = context_new(ctx, sizeof *text, end_text, &error);
    assert_non_null(text);
    *text = strdup("owned");
}

static const struct reply *echo(struct context *ctx, const char *word)
{
    const struct reply *reply;
    struct errinfo info;
    struct cmd cmd;
    cmd_init(&cmd, "ECHO");
    cmd_arg_str(&cmd, word);
    assert_int_equal(context_ask(ctx, &cmd, 1, &reply, &info), ERR_OK);
    return reply;
}

TEST(context_ends_what_a_handler_forgets)
{
    context_begin(&app.context);
    make_and_forget(&app.context);
    make_and_forget(&app.context);
    assert_int_equal(ended, 0);
    context_end(&app.context);
    assert_int_equal(ended, 2);
    make_and_forget(&app.context);
    context_begin(&app.context);
    assert_int_equal(ended, 3);
}

TEST(context_replies_stay_readable_whatever_is_asked_next)
{
    context_begin(&app.context);
    const struct reply *first = echo(&app.context, "first");
    const struct reply *second = echo(&app.context, "second");
    assert_true(slice_eq(first->text, "first"));
    assert_true(slice_eq(second->text, "second"));
    redis_sync_close(app.context.redis);
    assert_true(slice_eq(echo(&app.context, "third")->text, "third"));
    assert_true(slice_eq(first->text, "first"));
}

/* app_admit_fn: stands for a handler that forgets, in the middle of a request about many jobs. */
static bool forget(void *arg)
{
    make_and_forget(arg);
    return true;
}

static void ask(const char *method, const char *uri, const char *body)
{
    struct fake_request fake = {.method = method, .uri = uri, .body = body};
    app.admit = forget;
    app.admit_arg = &app.context;
    assert_non_null(app_answer(&app, fake_source(&fake)).data);
}

#define BATCH "/v1/jobs:batch"

/* Jobs of several shards, so that an export goes on. */
static void store_jobs(void)
{
    struct buffer body = {0};
    for (int i = 0; i < 200; i++) {
        buffer_printf(&body, "{\"schedule\":\"@daily\",\"api\":\"http://h/%d\",\"type\":\"ATMOST_ONCE\"}\n",
                      i);
    }
    ask("POST", BATCH, buffer_str(&body));
    buffer_fini(&body);
    assert_non_null(strstr(app.wire.data, "Status: 200 "));
    ended = 0;
}

TEST(app_ends_what_a_request_made_when_its_response_is_there)
{
    static const char *const bodies[] = {
        "", "{}\n", "{\"schedule\":\"@daily\",\"api\":\"http://h/\",\"type\":\"ATMOST_ONCE\"}"};
    for (int i = 0; i < 3; i++) {
        ask("POST", BATCH, bodies[i]);
        assert_int_equal(ended, i + 1);
        assert_null(app.context.memory.latest);
    }
}

TEST(app_ends_what_a_refused_request_made)
{
    struct buffer body = {0};
    for (int i = 0; i < 1001; i++) {
        buffer_add_str(&body, "{}\n");
    }
    ask("POST", BATCH, buffer_str(&body));
    assert_non_null(strstr(app.wire.data, "PAYLOAD_TOO_LARGE"));
    assert_int_equal(ended, 1);
    buffer_fini(&body);
}

TEST(app_keeps_the_memory_of_a_response_that_goes_on)
{
    int pieces = 0;
    store_jobs();
    ask("GET", "/v1/jobs:export", NULL);
    for (; app_has_more(&app); pieces++) {
        assert_int_equal(ended, 0);
        assert_non_null(app_go_on(&app).data);
    }
    assert_int_equal(ended, 1);
    assert_in_range(pieces, 1, STORE_SHARDS);
}

TEST(app_ends_a_response_that_is_given_up)
{
    store_jobs();
    ask("GET", "/v1/jobs:export", NULL);
    assert_int_equal(ended, 0);
    ask("GET", "/health", NULL);
    assert_int_equal(ended, 1);
    assert_false(app_has_more(&app));
}

TEST(app_ends_a_response_without_a_body)
{
    store_jobs();
    ask("HEAD", "/v1/jobs:export", NULL);
    assert_int_equal(ended, 1);
    assert_null(app_go_on(&app).data);
}
