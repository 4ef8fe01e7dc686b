/* The connection to Redis, against a stand-in on a Unix socket that answers from a list: what is sent again,
 * what is not, and how long it takes. */
#include "redis/redis_sync.h"

#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SETUP_OK "$2\r\n16\r\n"
#define SILENCE  "" /* no answer, the connection stays open */
#define ANSWERS  6

/* One connection after the other; each answers what it receives with the next of its texts, and closes at
 * NULL. */
struct fake {
    char dir[32];
    int listener;
    pthread_t thread;
    const char *answers[4][ANSWERS]; /* per connection */
    int connections;                 /* how many were made */
    char last[65536];                /* what was received last */
};

static struct fake fake;
static struct config config;
static struct redis_sync *redis;
static struct errinfo info;

static void serve_connection(int fd, const char *const *answers)
{
    for (size_t i = 0; i < ANSWERS; i++) {
        ssize_t got = recv(fd, fake.last, sizeof fake.last - 1, 0);
        if (got <= 0 || !answers[i]) {
            break;
        }
        fake.last[got] = '\0';
        (void)send(fd, answers[i], strlen(answers[i]), MSG_NOSIGNAL);
    }
    close(fd);
}

static void *serve(void *arg)
{
    (void)arg;
    for (;;) {
        int fd = accept(fake.listener, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        serve_connection(fd, fake.answers[fake.connections++]);
    }
}

static void set_up(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    fake = (struct fake){.dir = "/tmp/dronc-test-XXXXXX"};
    config = (struct config){0};
    assert_non_null(mkdtemp(fake.dir));
    (void)snprintf(config.redis_socket, sizeof config.redis_socket, "%s/redis.sock", fake.dir);
    memcpy(addr.sun_path, config.redis_socket, sizeof config.redis_socket);
    fake.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fake.listener, (const struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(fake.listener, 5), 0);
    redis = redis_sync_new(&config, clock_system());
    assert_non_null(redis);
}

static void tear_down(void)
{
    redis_sync_free(redis);
    shutdown(fake.listener, SHUT_RDWR);
    pthread_join(fake.thread, NULL);
    close(fake.listener);
    unlink(config.redis_socket);
    rmdir(fake.dir);
}

EACH_TEST(set_up, tear_down);

/* Call when fake.answers is filled. */
static void start(void)
{
    assert_int_equal(pthread_create(&fake.thread, NULL, serve, NULL), 0);
}

static enum err ping(int budget_ms)
{
    struct cmd cmd;
    cmd_init(&cmd, "PING");
    enum err err = redis_sync_call(redis, &cmd, 1, budget_ms, &info);
    cmd_fini(&cmd);
    return err;
}

static int64_t now_ms(void)
{
    struct clock clock = clock_system();
    return clock_mono(&clock).ms;
}

TEST(redis_sync_connects_at_the_first_call)
{
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "+PONG\r\n", ":7\r\n"}, 3 * sizeof(char *));
    start();
    assert_false(redis_sync_was_reached(redis));
    assert_int_equal(ping(1000), ERR_OK);
    assert_true(slice_eq(redis_sync_reply(redis, 0)->text, "PONG"));
    assert_true(redis_sync_was_reached(redis));
    assert_int_equal(ping(1000), ERR_OK);
    assert_int_equal(redis_sync_reply(redis, 0)->integer, 7);
    assert_int_equal(fake.connections, 1);
}

TEST(redis_sync_logs_in_and_selects)
{
    strcpy(config.redis_username, "bob");
    strcpy(config.redis_password, "sesame");
    config.redis_db = 3;
    memcpy(fake.answers[0], (const char *[]){"+OK\r\n", "+OK\r\n", SETUP_OK, "+PONG\r\n"},
           4 * sizeof(char *));
    start();
    assert_int_equal(ping(1000), ERR_OK);
}

TEST(redis_sync_wrong_password_is_a_refusal)
{
    strcpy(config.redis_password, "sesame");
    fake.answers[0][0] = "-WRONGPASS invalid\r\n";
    start();
    assert_int_equal(ping(1000), ERR_REFUSED);
    assert_non_null(strstr(info.text, "WRONGPASS"));
    assert_null(strstr(info.text, "sesame"));
    assert_false(redis_sync_was_reached(redis));
}

TEST(redis_sync_other_number_of_shards_is_a_config_error)
{
    fake.answers[0][0] = "$1\r\n8\r\n";
    start();
    assert_int_equal(ping(1000), ERR_CONFIG);
}

TEST(redis_sync_sends_an_unknown_script_in_full)
{
    memcpy(fake.answers[0], (const char *[]){"-NOSCRIPT no\r\n", SETUP_OK, "+PONG\r\n"}, 3 * sizeof(char *));
    start();
    assert_int_equal(ping(1000), ERR_OK);
    assert_true(slice_eq(redis_sync_reply(redis, 0)->text, "PONG"));
}

TEST(redis_sync_sends_again_where_a_kept_connection_died)
{
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "+PONG\r\n"}, 2 * sizeof(char *)); /* then it closes */
    memcpy(fake.answers[1], (const char *[]){SETUP_OK, "+PONG\r\n"}, 2 * sizeof(char *));
    start();
    assert_int_equal(ping(1000), ERR_OK);
    assert_int_equal(ping(1000), ERR_OK);
    assert_int_equal(fake.connections, 2);
}

TEST(redis_sync_does_not_send_again_on_a_fresh_connection)
{
    fake.answers[0][0] = SETUP_OK; /* then it closes */
    start();
    assert_int_equal(ping(1000), ERR_DOWN);
    assert_int_equal(fake.connections, 1);
}

TEST(redis_sync_timeout_is_final_and_followed_by_a_pause)
{
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "+PONG\r\n", SILENCE}, 3 * sizeof(char *));
    start();
    assert_int_equal(ping(1000), ERR_OK);
    int64_t before = now_ms();
    assert_int_equal(ping(40), ERR_TIMEOUT);
    assert_in_range(now_ms() - before, 35, 200);
    before = now_ms();
    assert_int_equal(ping(1000), ERR_DOWN);
    assert_in_range(now_ms() - before, 0, 30);
    assert_int_equal(fake.connections, 1);
}

TEST(redis_sync_half_an_answer_is_a_timeout)
{
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "$100\r\nabc"}, 2 * sizeof(char *));
    start();
    assert_int_equal(ping(40), ERR_TIMEOUT);
}

TEST(redis_sync_refuses_what_makes_no_sense)
{
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "HTTP/1.1 200 OK\r\n"}, 2 * sizeof(char *));
    memcpy(fake.answers[1], (const char *[]){SETUP_OK, "+PONG\r\n+PONG\r\n"}, 2 * sizeof(char *));
    start();
    assert_int_equal(ping(1000), ERR_PROTOCOL);
    assert_int_equal(ping(1000), ERR_PROTOCOL);
    assert_int_equal(fake.connections, 2);
}

TEST(redis_sync_leaves_a_server_that_became_a_replica)
{
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "-READONLY no\r\n", "+PONG\r\n"}, 3 * sizeof(char *));
    memcpy(fake.answers[1], (const char *[]){SETUP_OK, "+PONG\r\n"}, 2 * sizeof(char *));
    start();
    assert_int_equal(ping(1000), ERR_OK);
    assert_int_equal(redis_sync_reply(redis, 0)->kind, REPLY_ERROR);
    assert_int_equal(ping(1000), ERR_OK);
    assert_int_equal(fake.connections, 2);
}

/* What an older program would misread is not stored before such programs are kept off. */
TEST(redis_sync_raises_the_level_before_it_sends_what_needs_it)
{
    struct cmd cmd;
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "$5\r\n10016\r\n", ":1\r\n", ":2\r\n"},
           4 * sizeof(char *));
    start();
    for (int i = 1; i <= 2; i++) { /* the second one finds it raised */
        cmd_init(&cmd, "X");
        cmd.level = 1;
        assert_int_equal(redis_sync_call(redis, &cmd, 1, 1000, &info), ERR_OK);
        assert_int_equal(redis_sync_reply(redis, 0)->integer, i);
        cmd_fini(&cmd);
    }
}

TEST(redis_sync_leaves_a_database_of_a_newer_version_alone)
{
    fake.answers[0][0] = "$6\r\n990016\r\n";
    start();
    assert_int_equal(ping(1000), ERR_CONFIG);
    assert_int_equal(redis_sync_trouble(redis), REDIS_FOREIGN);
    assert_non_null(strstr(info.text, "newer version"));
}

TEST(redis_sync_tells_the_trouble)
{
    static const struct {
        const char *answer;
        enum redis_trouble trouble;
    } rows[] = {{"-LOADING x\r\n", REDIS_LOADING},
                {"-CROSSSLOT x\r\n", REDIS_CLUSTER},
                {"-NOAUTH x\r\n", REDIS_NO_LOGIN},
                {"$1\r\n8\r\n", REDIS_FOREIGN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake.answers[i][0] = rows[i].answer;
    }
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_not_equal(ping(1000), ERR_OK);
        assert_int_equal(redis_sync_trouble(redis), rows[i].trouble);
    }
}

TEST(redis_sync_pipelines)
{
    struct cmd cmds[3];
    memcpy(fake.answers[0], (const char *[]){SETUP_OK, "+a\r\n*2\r\n:5\r\n$-1\r\n-ERR c\r\n"},
           2 * sizeof(char *));
    start();
    for (size_t i = 0; i < 3; i++) {
        cmd_init(&cmds[i], "X");
    }
    assert_int_equal(redis_sync_call(redis, cmds, 3, 1000, &info), ERR_OK);
    assert_true(slice_eq(redis_sync_reply(redis, 0)->text, "a"));
    assert_int_equal(redis_sync_reply(redis, 1)->count, 2);
    assert_true(slice_eq(redis_sync_reply(redis, 1)->items[0], "5"));
    assert_null(redis_sync_reply(redis, 1)->items[1].data);
    assert_int_equal(redis_sync_reply(redis, 2)->kind, REPLY_ERROR);
    for (size_t i = 0; i < 3; i++) {
        cmd_fini(&cmds[i]);
    }
    assert_int_equal(redis_sync_call(redis, cmds, 0, 1000, &info), ERR_BUG);
    assert_int_equal(redis_sync_call(redis, cmds, REDIS_SYNC_PIPELINE_MAX + 1, 1000, &info), ERR_BUG);
}

TEST(redis_sync_nobody_there)
{
    start();
    unlink(config.redis_socket);
    assert_int_equal(ping(1000), ERR_DOWN);
    config.redis_socket[0] = '\0';
    strcpy(config.redis_host, "127.0.0.1");
    config.redis_port = 1;
    assert_int_equal(ping(1000), ERR_DOWN);
}
