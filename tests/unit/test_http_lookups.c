/* What the HTTP client knows of names: addresses that it is given, names that were looked up in vain, and how
 * many look-ups redirects may cause. libcurl's getaddrinfo is the test's own. */
#include "http/http_client.h"

#include "http/http_names.h"
#include "http_stub.h"
#include "rig.h"
#include "test.h"

#include <netdb.h>
#include <sched.h>

#define CALLS 100

static struct rig rig;
static struct http_client *client;
static struct http_stub stub;
static struct http_request request;
static struct http_result results[CALLS];
static int told;

/* ---- the test's own resolver: it hangs until it is let go, and knows no name ---- */

static atomic_int looking, looked_up;
static atomic_bool let_go;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)node;
    (void)service;
    (void)hints;
    *out = NULL;
    looking++;
    looked_up++;
    while (!let_go) {
        (void)usleep(1000);
    }
    looking--;
    return EAI_NONAME;
}

static struct wall_ms now(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return clock_wall(&clock);
}

static void turn(void)
{
    http_client_turn(client);
}

static void set_up(void)
{
    rig_init(&rig);
    const struct http_client_options options = {
        .loop = rig.loop, .now = now, .clock = clock_system(), .max_calls = 8};
    assert_int_equal(http_client_new(&client, &options, NULL), ERR_OK);
    rig.turn = turn;
    told = 0;
    looked_up = 0;
    let_go = false;
    request = (struct http_request){.method = "GET",
                                    .user_agent = "test/1",
                                    .headers = {"A: b", 5},
                                    .timeout_ms = 4000,
                                    .connect_timeout_ms = 4000,
                                    .max_redirects = 5,
                                    .response_max = 10000};
}

static void tear_down(void)
{
    let_go = true;
    rig.turn = NULL;
    http_client_free(client);
    rig_fini(&rig);
    while (looking > 0) {
        (void)sched_yield(); /* abandoned threads of libcurl's */
    }
}

EACH_TEST(set_up, tear_down);

static void on_done(void *arg, const struct http_result *result)
{
    *(struct http_result *)arg = *result;
    told++;
}

static bool one_is_told(void)
{
    return told > 0;
}

static void begin(int n, const char *host, const char *path)
{
    struct http_call *call;
    char url[200];
    (void)snprintf(url, sizeof url, "http://%s:%d%s", host, stub.port, path);
    request.url = url;
    request.host = slice_of(host);
    request.port = (uint16_t)stub.port;
    assert_int_equal(http_client_call(client, &request, on_done, &results[n], &call), ERR_OK);
}

static const struct http_result *get(const char *host)
{
    told = 0;
    begin(0, host, "/");
    assert_true(rig_run(&rig, one_is_told, RIG_LIMIT_MS));
    return &results[0];
}

static void serve_ok(struct http_stub *s, int connection)
{
    (void)connection;
    stub_answer(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

TEST(http_lookups_given_addresses_are_called)
{
    static const char *const hosts[] = {"made-up.test", "Made-Up.TEST", "dot.test.", "a_b.test"};
    stub_open(&stub, serve_ok);
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        request.addresses = "127.0.0.1,[::1]";
        const struct http_result *result = get(hosts[i]);
        if (result->error != HTTP_OK || result->status != 200) {
            fail_msg("%s: %s", hosts[i], result->text);
        }
    }
    assert_int_equal(looked_up, 0);
    stub_close(&stub);
}

/* What moved is followed, with the next call that makes a connection. */
TEST(http_lookups_new_addresses_replace_old_ones)
{
    stub_open(&stub, serve_ok);
    request.addresses = "127.255.255.254"; /* nothing listens there */
    assert_int_equal(get("moved.test")->error, HTTP_ERROR_CONNECT);
    request.addresses = "127.0.0.1";
    assert_int_equal(get("moved.test")->status, 200);
    stub_close(&stub);
}

TEST(http_lookups_looked_up_in_vain_fail_at_once)
{
    stub_open(&stub, serve_ok);
    request.unreachable = HTTP_ERROR_TIMEOUT;
    request.why = "for a reason";
    const struct http_result *result = get("silent.test");
    assert_int_equal(result->error, HTTP_ERROR_TIMEOUT);
    assert_string_equal(result->text, "for a reason");
    assert_false(result->sent);
    assert_in_range(result->took_ms, 0, 1000);
    assert_int_equal(looked_up, 0);
    assert_int_equal(stub.connections, 0);
    stub_close(&stub);
}

/* ---- redirects ---- */

static void serve_redirect(struct http_stub *s, int connection)
{
    char text[200];
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 302 Found\r\nLocation: http://silent%d.test/\r\nContent-Length: 0\r\n"
                   "Connection: close\r\n\r\n",
                   connection);
    stub_answer(s, text);
}

static void serve_redirect_to_address(struct http_stub *s, int connection)
{
    char text[200];
    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n"
                   "Connection: close\r\n\r\n",
                   s->port);
    stub_answer(s, connection == 0 ? text : "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

static int calls; /* begun in all */

static bool all_came_to_something(void)
{
    return told + looked_up >= calls;
}

static bool all_are_told(void)
{
    return told == calls;
}

static int count_refused(int from, int to)
{
    int refused = 0;
    for (int n = from; n < to; n++) {
        refused += results[n].error == HTTP_ERROR_DNS && results[n].sent &&
                           strcmp(results[n].text, "too many hosts of redirects are being looked up") == 0
                       ? 1
                       : 0;
    }
    return refused;
}

/* libcurl abandons the threads of look-ups that took too long; they are there, and count. */
TEST(http_lookups_lookups_of_redirects_are_bounded)
{
    stub_open(&stub, serve_redirect);
    request.connect_timeout_ms = 300;
    calls = 50;
    for (int n = 0; n < calls; n++) {
        begin(n, "127.0.0.1", "/");
    }
    assert_true(rig_run(&rig, all_came_to_something, RIG_LIMIT_MS));
    assert_true(rig_run(&rig, all_are_told, RIG_LIMIT_MS));
    assert_int_equal(looking, HTTP_NAMES_MAX / 2); /* as many as it leaves */
    assert_int_equal(count_refused(0, calls), calls - HTTP_NAMES_MAX / 2);
    begin(calls++, "127.0.0.1", "/");
    begin(calls++, "localhost", "/"); /* another host of jobs has its share */
    assert_true(rig_run(&rig, all_are_told, RIG_LIMIT_MS));
    assert_int_equal(looked_up, HTTP_NAMES_MAX / 2 + 1);
    stub_close(&stub);
}

TEST(http_lookups_lookups_that_end_are_not_counted)
{
    let_go = true;
    stub_open(&stub, serve_redirect);
    for (int n = 0; n < 3 * HTTP_NAMES_MAX; n++) {
        const struct http_result *result = get("127.0.0.1");
        assert_int_equal(result->error, HTTP_ERROR_DNS);
        assert_string_not_equal(result->text, "too many hosts of redirects are being looked up");
    }
    assert_int_equal(looked_up, 3 * HTTP_NAMES_MAX);
    stub_close(&stub);
}

TEST(http_lookups_redirects_to_addresses_need_no_lookup)
{
    stub_open(&stub, serve_redirect_to_address);
    assert_int_equal(get("127.0.0.1")->status, 204);
    assert_int_equal(looked_up, 0);
    stub_close(&stub);
}
