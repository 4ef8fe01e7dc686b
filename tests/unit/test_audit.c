/* Refused requests on their way into the trail: through a real Redis, and without one. */
#include "api/audit.h"

#include "fake_source.h"
#include "log_capture.h"
#include "redis_server.h"
#include "serve/app.h"
#include "test.h"

static struct redis_server server;
static struct config config;
static struct app app;
static struct context *ctx = &app.context;
static struct mono_ms now; /* of the handler */

static struct mono_ms get_mono(void *arg)
{
    (void)arg;
    return now;
}

static void set_up(void)
{
    struct clock clock = clock_system();
    clock.mono = get_mono;
    clock.mono_us = NULL;
    now.ms = 1000000;
    redis_server_open(&server, NULL);
    config = redis_server_config(&server);
    config.audit_max = 1600;
    assert_int_equal(app_init(&app, &config, clock, "tests/vectors/zoneinfo"), ERR_OK);
}

static void tear_down(void)
{
    app_fini(&app);
    redis_server_close(&server);
}

EACH_TEST(set_up, tear_down);

/* A refused request. */
static void refuse(const char *address, enum api_code code)
{
    struct fake_request fake = {
        .method = "POST", .uri = "/v1/x", .extra = {{"REMOTE_ADDR", address}, {"HTTP_X_REQUEST_ID", "a b"}}};
    struct api_error error;
    assert_true(request_read_head(&ctx->request, fake_source(&fake), &error));
    audit_begin(ctx);
    audit_set_route(ctx, "/v1/x");
    audit_set_who(ctx, slice_of("key7"));
    audit_refused(ctx, code);
}

/* Read the trail of refusals. */
static const struct reply *entries(size_t *count)
{
    const struct reply *reply;
    struct errinfo info;
    struct cmd cmd;
    ctx->ask_ms = 1000;
    ctx->deadline.ms = now.ms + 1000;
    store_audit(&cmd, STORE_AUDIT_REFUSALS, "", 100);
    assert_int_equal(context_ask(ctx, &cmd, 1, &reply, &info), ERR_OK);
    assert_int_equal(store_audit_count(reply, count, &info), ERR_OK);
    return reply;
}

static struct store_audit_entry entry_at(const struct reply *reply, size_t index)
{
    struct store_audit_entry entry;
    struct errinfo info;
    assert_int_equal(store_audit_at(reply, STORE_AUDIT_REFUSALS, index, &entry, &info), ERR_OK);
    return entry;
}

TEST(audit_notes_refusals_once_a_minute_with_their_number)
{
    size_t count;
    refuse("192.0.2.1", API_FORBIDDEN);
    assert_int_equal(audit_flush(ctx, false), -1);
    for (int i = 0; i < 1000; i++) {
        refuse("192.0.2.1", API_FORBIDDEN);
        assert_int_equal(audit_flush(ctx, false), REFUSALS_EACH_MS);
    }
    now.ms += REFUSALS_EACH_MS;
    assert_int_equal(audit_flush(ctx, false), -1);
    const struct reply *reply = entries(&count);
    assert_int_equal(count, 2);
    struct store_audit_entry latest = entry_at(reply, 0);
    assert_int_equal(latest.count, 1000);
    assert_int_equal(entry_at(reply, 1).count, 1);
    assert_true(slice_eq(latest.action, "refuse") && slice_eq(latest.error, "FORBIDDEN"));
    assert_true(slice_eq(latest.who, "key7") && slice_eq(latest.address, "192.0.2.1"));
    assert_true(slice_eq(latest.method, "POST") && slice_eq(latest.route, "/v1/x"));
    assert_true(!latest.is_job && latest.object.data == NULL && latest.request_id.data == NULL);
}

TEST(audit_counts_only_what_is_a_refusal)
{
    struct fake_request fake = {.method = "GET", .uri = "/nope"};
    (void)app_answer(&app, fake_source(&fake));
    assert_int_equal(ctx->refusals.waiting, 0);
    static const enum api_code CODES[] = {API_UNAUTHORIZED,  API_FORBIDDEN,           API_FORBIDDEN_ORIGIN,
                                          API_SELF_CALL,     API_MISDIRECTED_REQUEST, API_TOO_MANY_REQUESTS,
                                          API_QUOTA_EXCEEDED};
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++) {
        refuse("192.0.2.1", CODES[i]);
        assert_int_equal(ctx->refusals.waiting, i + 1);
    }
    refuse("192.0.2.1", API_VALIDATION_ERROR);
    refuse("192.0.2.1", API_STORAGE_ERROR);
    assert_int_equal(ctx->refusals.waiting, sizeof CODES / sizeof CODES[0]);
}

TEST(audit_keeps_the_count_while_redis_is_away)
{
    struct log_capture capture;
    size_t count;
    redis_server_kill(&server);
    refuse("192.0.2.1", API_FORBIDDEN);
    log_capture_begin(&capture, LOG_WARN);
    assert_int_equal(audit_flush(ctx, false), REFUSALS_EACH_MS);
    assert_non_null(strstr(log_capture_text(&capture), "\"refusals not in the trail\""));
    log_capture_end(&capture);
    redis_server_start(&server);
    now.ms += REFUSALS_EACH_MS;
    refuse("192.0.2.1", API_FORBIDDEN);
    assert_int_equal(audit_flush(ctx, false), -1);
    const struct reply *reply = entries(&count);
    assert_int_equal(count, 1);
    assert_int_equal(entry_at(reply, 0).count, 2);
}

TEST(audit_bounds_what_a_flood_of_addresses_leaves)
{
    char address[32];
    size_t count;
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(address, sizeof address, "2001:db8::%x", i);
        refuse(address, API_FORBIDDEN);
    }
    assert_int_equal(audit_flush(ctx, false), -1);
    const struct reply *reply = entries(&count);
    assert_int_equal(count, REFUSALS_MAX + 1);
    assert_true(slice_eq(entry_at(reply, 0).address, REFUSALS_OTHERS));
}

TEST(audit_of_a_child_leaves_the_counts_to_its_parent)
{
    size_t count;
    refuse("192.0.2.1", API_FORBIDDEN);
    audit_forget(ctx);
    assert_int_equal(audit_flush(ctx, true), -1);
    (void)entries(&count);
    assert_int_equal(count, 0);
}

TEST(audit_logs_a_change_in_one_line)
{
    struct log_capture capture;
    struct job_id job = {{0xab}};
    refuse("192.0.2.1", API_FORBIDDEN);
    log_capture_begin(&capture, LOG_INFO);
    audit_changed(ctx, STORE_ACTION_CREATE, &job, 0);
    assert_int_equal(log_capture_lines(&capture), 1);
    const char *line = log_capture_text(&capture);
    assert_non_null(strstr(line, "\"event\":\"audit\""));
    assert_non_null(strstr(line, "\"action\":\"create\",\"job_id\":\"capi:ab00"));
    assert_non_null(
        strstr(line, "\"by\":\"key7\",\"address\":\"192.0.2.1\",\"method\":\"POST\",\"route\":\"/v1/x\""));
    log_capture_end(&capture);
}
