/* The handler as a whole, without a transport and without a Redis: a request in, an answer out. */
#include "serve/app.h"

#include "fake_source.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define SCHEDULE  "/v1/schedule/api-caller"
#define GOOD_BODY "{\"schedule\":\"* * * * *\",\"api\":\"http://h/\",\"type\":\"ATMOST_ONCE\"}"

static struct app app;
static struct config config;

static void set_up(void)
{
    config = (struct config){.redis_socket = "/nonexistent/redis.sock", .api_hosts = "dronc.test"};
    assert_int_equal(app_init(&app, &config, clock_system(), NULL), ERR_OK);
}

static void tear_down(void)
{
    app_fini(&app);
}

EACH_TEST(set_up, tear_down);

/* The answer must begin and end like this, and hold part. */
static void check(struct fake_request fake, const char *status, const char *part)
{
    struct slice answer = app_answer(&app, fake_source(&fake));
    assert_non_null(answer.data);
    if (strncmp(answer.data, status, strlen(status)) != 0 || !strstr(answer.data, part)) {
        fail_msg("%s %s: got\n%s\ninstead of %s … %s", fake.method, fake.uri, answer.data, status, part);
    }
}

TEST(app_answers_without_redis)
{
    static const struct {
        struct fake_request request;
        const char *status;
        const char *part;
    } TABLE[] = {
        {{.method = "GET", .uri = "/"}, "Status: 200 ", "\r\n\r\nDronc - Redis-backed Job Scheduler"},
        {{.method = "GET", .uri = "/health"}, "Status: 200 ", "\r\n\r\n{\"status\":\"healthy\"}"},
        {{.method = "GET", .uri = "/health/deep"},
         "Status: 503 ",
         "{\"status\":\"unhealthy\",\"checks\":{\"redis\":\"unreachable\"}}"},
        {{.method = "GET", .uri = "/nope"}, "Status: 404 ", "NOT_FOUND"},
        {{.method = "GET", .uri = "/health?x=1"}, "Status: 200 ", "healthy"},
        {{.method = "GET", .uri = "/%"}, "Status: 400 ", "INVALID_REQUEST"},
        {{.method = "PUT", .uri = "/health"}, "Status: 405 ", "\r\nAllow: GET, HEAD\r\n"},
        {{.method = "GET", .uri = SCHEDULE}, "Status: 405 ", "\r\nAllow: POST\r\n"},
        {{.method = "POST", .uri = SCHEDULE, .body = GOOD_BODY}, "Status: 500 ", "STORAGE_ERROR"},
        {{.method = "POST", .uri = SCHEDULE "?x", .body = GOOD_BODY}, "Status: 400 ", "\"field\":\"x\""},
        {{.method = "POST", .uri = SCHEDULE, .body = GOOD_BODY, .type = "text/plain"},
         "Status: 415 ",
         "UNSUPPORTED_MEDIA_TYPE"},
        {{.method = "POST", .uri = SCHEDULE, .body = GOOD_BODY, .length = "65537"},
         "Status: 413 ",
         "PAYLOAD_TOO_LARGE"},
        {{.method = "POST", .uri = SCHEDULE, .body = "{}"}, "Status: 400 ", "\"field\":\"schedule\""},
        {{.method = "POST", .uri = SCHEDULE, .body = "{\"x\":1}"}, "Status: 400 ", "\"field\":\"x\""},
        {{.method = "POST", .uri = SCHEDULE, .body = GOOD_BODY, .extra = {{"HTTP_IDEMPOTENCY_KEY", "a b"}}},
         "Status: 400 ",
         "Idempotency-Key"},
        {{.method = "GET", .uri = "/v1/jobs:export"}, "Status: 500 ", "STORAGE_ERROR"},
        {{.method = "POST", .uri = "/v1/jobs:batch", .body = "{}\n" GOOD_BODY},
         "Status: 200 ",
         "\n{\"line\":2,\"status\":500,"},
        {{.method = "GET", .uri = "/v1/track/executions"}, "Status: 500 ", "REDIS_NOT_INITIALIZED"},
        {{.method = "GET", .uri = "/v1/track/executions?limit=0"}, "Status: 400 ", "\"field\":\"limit\""},
        {{.method = "GET", .uri = "/v1/track/executions?limit="}, "Status: 400 ", "\"field\":\"limit\""},
        {{.method = "GET", .uri = "/v1/track/executions?limit=-1"}, "Status: 400 ", "\"field\":\"limit\""},
        {{.method = "GET", .uri = "/v1/track/executions?limit=99999999999999999999"},
         "Status: 500 ",
         "REDIS_NOT_INITIALIZED"},
        {{.method = "GET", .uri = "/v1/track/executions?job_id=capi:1"},
         "Status: 400 ",
         "\"field\":\"job_id\""},
        {{.method = NULL}, "Status: 404 ", "NOT_FOUND"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        check(TABLE[i].request, TABLE[i].status, TABLE[i].part);
    }
}

TEST(app_asks_where_a_request_comes_from)
{
#define PAGE                                \
    {                                       \
        "HTTP_SEC_FETCH_SITE", "cross-site" \
    }
#define JOB                           \
    {                                 \
        "HTTP_DRONC_JOB_ID", "capi:1" \
    }
    static const struct {
        struct fake_request request;
        const char *status;
        const char *part;
    } TABLE[] = {
        {{.method = "GET", .uri = "/health", .extra = {PAGE}}, "Status: 200 ", "healthy"},
        {{.method = "GET", .uri = "/health/deep", .extra = {PAGE}}, "Status: 503 ", "unhealthy"},
        {{.method = "POST", .uri = "/health", .extra = {PAGE}}, "Status: 403 Forbidden", "FORBIDDEN_ORIGIN"},
        {{.method = "GET", .uri = "/", .extra = {PAGE}}, "Status: 403 ", "FORBIDDEN_ORIGIN"},
        {{.method = "GET", .uri = "/openapi.json", .extra = {PAGE}}, "Status: 403 ", "FORBIDDEN_ORIGIN"},
        {{.method = "GET", .uri = "/v1/jobs", .extra = {PAGE}}, "Status: 403 ", "FORBIDDEN_ORIGIN"},
        {{.method = "OPTIONS", .uri = "/v1/jobs", .extra = {PAGE}}, "Status: 403 ", "FORBIDDEN_ORIGIN"},
        {{.method = "GET", .uri = "/nope", .extra = {PAGE}}, "Status: 403 ", "FORBIDDEN_ORIGIN"},
        {{.method = "GET", .uri = "/health", .extra = {JOB}}, "Status: 200 ", "healthy"},
        {{.method = "GET", .uri = "/health/deep", .extra = {JOB}}, "Status: 503 ", "unhealthy"},
        {{.method = "GET", .uri = "/", .extra = {JOB}}, "Status: 200 ", "Dronc"},
        {{.method = "GET", .uri = "/openapi.json", .extra = {JOB}}, "Status: 200 ", "openapi"},
        {{.method = "GET", .uri = "/v1/jobs", .extra = {JOB}}, "Status: 403 ", "SELF_CALL"},
        {{.method = "POST", .uri = SCHEDULE, .body = GOOD_BODY, .extra = {JOB}}, "Status: 403 ", "SELF_CALL"},
        {{.method = "GET", .uri = "/nope", .extra = {JOB}}, "Status: 403 ", "SELF_CALL"},
        {{.method = "GET", .uri = "/health", .extra = {{"HTTP_HOST", "evil.example"}}},
         "Status: 421 Misdirected Request",
         "MISDIRECTED_REQUEST"},
        {{.method = "GET", .uri = "/health", .extra = {{"HTTP_HOST", "dronc.test"}}},
         "Status: 200 ",
         "healthy"},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        check(TABLE[i].request, TABLE[i].status, TABLE[i].part);
    }
}

TEST(app_schedule_faults_by_code)
{
    static const char *const TABLE[][3] = {
        {"{\"schedule\":\"* * * * *\",\"api\":\"nope\",\"type\":\"ATMOST_ONCE\"}", "VALIDATION_ERROR",
         "\"field\":\"api\""},
        {"{\"schedule\":\"* * * * *\",\"api\":\"ftp://h/\",\"type\":\"ATMOST_ONCE\"}", "JOB_CREATION_FAILED",
         "\"field\":\"api\""},
        {"{\"schedule\":\"* * * * *\",\"api\":\"http://h/\",\"type\":\"TWICE\"}", "VALIDATION_ERROR",
         "\"field\":\"type\""},
        {"{\"schedule\":\"1 99 * * *\",\"api\":\"http://h/\",\"type\":\"ATMOST_ONCE\"}",
         "JOB_CREATION_FAILED", "\"field\":\"schedule\",\"offset\":2"},
        {"{\"schedule\":\"0 0 30 2 *\",\"api\":\"http://h/\",\"type\":\"ATMOST_ONCE\"}",
         "JOB_CREATION_FAILED", "\"field\":\"schedule\""},
    };
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++) {
        struct fake_request request = {.method = "POST", .uri = SCHEDULE, .body = TABLE[i][0]};
        check(request, "Status: 400 ", TABLE[i][1]);
        check(request, "Status: 400 ", TABLE[i][2]);
    }
}

TEST(app_head_is_get_without_a_body)
{
    static const char *const PATHS[] = {"/",     "/health", "/health/deep", "/v1/track/executions",
                                        "/nope", SCHEDULE};
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        struct fake_request get = {.method = "GET", .uri = PATHS[i]};
        struct fake_request head = {.method = "HEAD", .uri = PATHS[i]};
        char headers[512];
        size_t len;
        (void)app_answer(&app, fake_source(&get));
        len = (size_t)(strstr(app.wire.data, "\r\n\r\n") + 4 - app.wire.data);
        assert_in_range(len, 1, sizeof headers);
        memcpy(headers, app.wire.data, len);
        (void)app_answer(&app, fake_source(&head));
        assert_int_equal(app.wire.len, len);
        assert_memory_equal(app.wire.data, headers, len);
    }
}

/* Bodies of random bytes, and good ones with random damage: an answer each time, and never a 500 that is not
 * Redis'. */
TEST(app_survives_random_bodies)
{
    srand(1);
    for (int i = 0; i < 20000; i++) {
        char body[128] = GOOD_BODY;
        size_t len = strlen(body);
        for (int damage = rand() % 4; damage >= 0; damage--) {
            body[(size_t)rand() % len] = (char)rand();
        }
        struct fake_request fake = {
            .method = "POST", .uri = SCHEDULE, .body = body, .body_len = (size_t)rand() % (len + 1)};
        struct slice answer = app_answer(&app, fake_source(&fake));
        assert_non_null(answer.data);
        assert_true(strncmp(answer.data, "Status: 400 ", 12) == 0 || strstr(answer.data, "STORAGE_ERROR"));
    }
}
