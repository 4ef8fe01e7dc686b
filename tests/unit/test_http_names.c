// LIBS: -lcurl
/* A name that moves is followed, although the server at its old address goes on answering.
 *
 * The resolver and the clocks are the test's own: libcurl finds these functions in this program before it
 * finds those of the C library. */
#include "http/http_client.h"

#include "http_stub.h"
#include "rig.h"
#include "test.h"

#include <netdb.h>
#include <sys/syscall.h>
#include <time.h>

#define NAME     "moves.example"
#define STEP_MS  310 /* between two calls: connections are kept for longer */
#define BOUND_MS 62000

static atomic_uint address; /* what the name leads to, in network order */
static atomic_int look_ups;
static atomic_llong leapt_ms;

/* ---- in place of the C library's ---- */

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    struct made {
        struct addrinfo info;
        struct sockaddr_in in;
    } *made = calloc(1, sizeof *made);
    if (made == NULL || strcmp(node, NAME) != 0) {
        free(made);
        return EAI_NONAME;
    }
    made->in = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_port = htons((uint16_t)atoi(service != NULL ? service : "")),
                                    .sin_addr.s_addr = address};
    made->info = (struct addrinfo){.ai_family = AF_INET,
                                   .ai_socktype = hints != NULL ? hints->ai_socktype : SOCK_STREAM,
                                   .ai_protocol = IPPROTO_TCP,
                                   .ai_addrlen = sizeof made->in,
                                   .ai_addr = (struct sockaddr *)&made->in};
    look_ups++;
    *result = &made->info;
    return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
    free(info); /* the first member of what was made */
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    long rc = syscall(SYS_clock_gettime, id, out);
    out->tv_sec += leapt_ms / 1000;
    out->tv_nsec += leapt_ms % 1000 * 1000000;
    out->tv_sec += out->tv_nsec / 1000000000;
    out->tv_nsec %= 1000000000;
    return (int)rc;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

/* ---- the test ---- */

static struct rig rig;
static struct http_client *client;
static struct http_stub before; /* at 127.0.0.1 */
static struct http_stub after;  /* at 127.0.0.2, with the same port */
static atomic_int turns;        /* of the loop */
static int told;

/* Answers when the client waits for it: one that comes at once does not show it that the connection is in
 * use. */
static void serve_ok(struct http_stub *s, int connection)
{
    (void)connection;
    while (stub_read(s)) {
        for (int until = turns + 3; turns < until;) {
            stub_pause();
        }
        (void)stub_send(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
}

static struct wall_ms now(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return clock_wall(&clock);
}

static void turn(void)
{
    turns++;
    http_client_turn(client);
}

static bool is_told(void)
{
    return told > 0;
}

static void on_done(void *arg, const struct http_result *result)
{
    (void)arg;
    assert_string_equal(result->text, "");
    assert_int_equal(result->status, 200);
    told++;
}

static void call(void)
{
    char url[64];
    struct http_call *handle;
    (void)snprintf(url, sizeof url, "http://" NAME ":%d/", before.port);
    const struct http_request request = {.method = "GET",
                                         .url = url,
                                         .user_agent = "test/1",
                                         .timeout_ms = 4000,
                                         .connect_timeout_ms = 4000,
                                         .response_max = 100};
    told = 0;
    assert_int_equal(http_client_call(client, &request, on_done, NULL, &handle), ERR_OK);
    assert_true(rig_run(&rig, is_told, RIG_LIMIT_MS));
}

TEST(http_client_follows_a_name_that_moves)
{
    const struct http_client_options options = {
        .loop = rig.loop, .now = now, .clock = clock_system(), .max_calls = 8};
    assert_int_equal(http_client_new(&client, &options, NULL), ERR_OK);
    rig.turn = turn;
    rig.ticking = true;
    stub_open(&before, serve_ok);
    stub_open_at(&after, "127.0.0.2", before.port, serve_ok);
    address = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < 10; i++) {
        call();
        leapt_ms += STEP_MS;
    }
    assert_int_equal(before.count, 10);
    assert_int_equal(before.connections, 1);
    assert_int_equal(look_ups, 1);
    address = htonl(INADDR_LOOPBACK + 1);
    int64_t waited_ms = 0;
    for (; after.count == 0 && waited_ms <= BOUND_MS; waited_ms += STEP_MS) {
        call();
        leapt_ms += STEP_MS;
    }
    assert_int_equal(after.count, 1);
}

static void set_up(void)
{
    rig_init(&rig);
}

static void tear_down(void)
{
    rig.turn = NULL;
    turns += 3; /* nothing waits for more */
    http_client_free(client);
    stub_close(&after);
    stub_close(&before);
    rig_fini(&rig);
}

EACH_TEST(set_up, tear_down);
