/* http_client_rig: an HTTP client on a loop, a target that a test scripts (http_stub.h), and one function
 * that makes a call and waits for its end. EACH_TEST(set_up, tear_down) gives each test a new client. */
#ifndef DRONC_HTTP_CLIENT_RIG_H
#define DRONC_HTTP_CLIENT_RIG_H

#include "http/http_client.h"

#include "http_stub.h"
#include "rig.h"

#include <stdlib.h>

#define OK_200 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define CALLS  16

/* A list of headers, each with a NUL behind it. */
#define HEADERS(text)          \
    (struct slice)             \
    {                          \
        text, sizeof(text) - 1 \
    }

static struct rig rig;
static struct http_client *client;
static struct http_stub stub;
static struct http_request request; /* what begin and get call with; set_up fills it */
static struct errinfo info;
static bool may_send;                   /* what the runner's lease allows */
static const struct targets *may_go_to; /* where requests may go; NULL: anywhere */

/* The calls of a test, and how each ended. */
static struct call {
    struct http_call *handle;
    struct http_result result;
    int ended;
    char kept[64]; /* a copy of what result.kept held */
} calls[CALLS];
static int ended; /* how many ended, all together */

/* ---- the client ---- */

static inline struct wall_ms now(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return clock_wall(&clock);
}

static inline bool ask_may_send(void *arg)
{
    (void)arg;
    return may_send;
}

/* The client's clock runs with the machine's, and leaps ahead when a test adds to this. */
static atomic_llong leapt_ms;

static inline struct mono_ms leaping_mono(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return (struct mono_ms){clock_mono(&clock).ms + leapt_ms};
}

static inline struct clock leaping_clock(void)
{
    struct clock clock = clock_system();
    clock.mono = leaping_mono;
    clock.mono_us = NULL;
    return clock;
}

static inline void turn(void)
{
    http_client_turn(client);
}

static inline void set_up(void)
{
    rig_init(&rig);
    const struct http_client_options options = {.loop = rig.loop,
                                                .now = now,
                                                .may_send = ask_may_send,
                                                .targets = may_go_to,
                                                .clock = leaping_clock(),
                                                .max_calls = 8};
    may_send = true;
    leapt_ms = 0;
    assert_int_equal(http_client_new(&client, &options, &info), ERR_OK);
    rig.turn = turn;
    memset(calls, 0, sizeof calls);
    ended = 0;
    request = (struct http_request){.method = "GET",
                                    .user_agent = "test/1",
                                    .headers = HEADERS("X-One: 1\0X-Two: 2\0"),
                                    .timeout_ms = 4000,
                                    .connect_timeout_ms = 4000,
                                    .max_redirects = 5,
                                    .response_max = 10000};
}

static inline void tear_down(void)
{
    rig.turn = NULL;
    http_client_free(client);
    rig_fini(&rig);
}

/* ---- calls ---- */

static inline void on_done(void *arg, const struct http_result *result)
{
    struct call *call = arg;
    call->result = *result;
    (void)snprintf(call->kept, sizeof call->kept, "%.*s", (int)result->kept.len,
                   result->kept.len > 0 ? result->kept.data : "");
    call->ended++;
    ended++;
}

/* body NULL: none. */
static inline void ask_for(const char *method, const char *body)
{
    request.method = method;
    request.body = body != NULL ? slice_of(body) : (struct slice){NULL, 0};
}

/* Start call number i at path on the stub; path may be a whole URL. */
static inline void begin(size_t i, const char *path)
{
    char url[512];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", stub.port, path);
    request.url = path[0] == '/' ? url : path;
    assert_int_equal(http_client_call(client, &request, on_done, &calls[i], &calls[i].handle), ERR_OK);
    assert_int_equal(calls[i].ended, 0);
}

static inline bool one_has_ended(void)
{
    return ended > 0;
}

static inline bool stub_has_a_request(void)
{
    return stub.count > 0;
}

/* Make one call and wait for its end. */
static inline const struct http_result *get(const char *path)
{
    ended = 0;
    calls[0] = (struct call){0};
    begin(0, path);
    assert_true(rig_run(&rig, one_has_ended, RIG_LIMIT_MS));
    assert_int_equal(calls[0].ended, 1);
    return &calls[0].result;
}

static inline void assert_result(const struct http_result *result, enum http_error error)
{
    if (result->error != error) {
        fail_msg("\"%s\", not \"%s\": %s", http_error_name(result->error), http_error_name(error),
                 result->text);
    }
    assert_true(result->text[0] != '\0' || error == HTTP_OK);
}

/* Does a request that a stub read end in tail? */
static inline bool ends_in(const char *text, const char *tail)
{
    size_t len = strlen(text);
    return len >= strlen(tail) && strcmp(text + len - strlen(tail), tail) == 0;
}

/* ---- what targets do ---- */

static inline void serve_ok(struct http_stub *s, int connection)
{
    (void)connection;
    stub_answer(s, OK_200);
}

static const char *location; /* where serve_location leads */

static inline void serve_location(struct http_stub *s, int connection)
{
    (void)connection;
    char answer[512];
    (void)snprintf(answer, sizeof answer, "HTTP/1.1 301 X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                   location);
    stub_answer(s, answer);
}

/* One answer for each connection. */
static inline void serve_one_each(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        (void)stub_send(s, OK_200);
    }
}

static const char *bytes; /* the answer of serve_bytes */

/* One answer for each connection, whatever it is. */
static inline void serve_bytes(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        (void)stub_send(s, bytes);
    }
}

/* Read one request, and never answer. */
static inline void serve_nothing(struct http_stub *s, int connection)
{
    (void)connection;
    if (stub_read(s)) {
        stub_hang(s);
    }
}

/* ---- targets far away: libcurl reads an answer that comes at once without waiting for it ---- */

static atomic_int turns; /* of the loop, while count_turn is the rig's turn */

static inline void count_turn(void)
{
    turns++;
    turn();
}

/* For a stub: wait until the client sleeps over its call. The loop must tick. */
static inline void wait_until_it_sleeps(void)
{
    for (int until = turns + 3; turns < until;) {
        stub_pause();
    }
}

#endif
