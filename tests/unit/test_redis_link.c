/* The runner's connection to Redis, against a real one that is killed, stopped, protected and mistaken for
 * another. */
#include "redis/redis_link.h"

#include "log_capture.h"
#include "redis_server.h"
#include "rig.h"
#include "store/store_runner.h"
#include "test.h"

#define NO_NAME "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.invalid"

static struct redis_server server;
static struct rig rig;
static struct config config;
static struct redis_link *the_link;
static struct log_capture capture;
static int64_t skew_ms; /* the link's clock runs ahead by so much */

/* What was told. */
static int ups, downs, fatals;
static int replies, lost;     /* callbacks with an answer, and with NULL */
static int replies_before_up; /* callbacks that had run when the link was last lost */
static char answers[4096];    /* their texts, joined by spaces */
static char messages[256];
static char fatal_text[256];

static struct mono_ms skewed_mono(void *arg)
{
    (void)arg;
    struct clock clock = clock_system();
    return (struct mono_ms){clock_mono(&clock).ms + skew_ms};
}

static void on_state(void *arg, bool up)
{
    (void)arg;
    *(up ? &ups : &downs) += 1;
    replies_before_up = replies + lost;
}

static void add_text(char *out, size_t size, struct slice text)
{
    size_t len = strlen(out);
    (void)snprintf(out + len, size - len, "%.*s ", (int)text.len, text.data);
}

static void on_message(void *arg, struct slice message)
{
    (void)arg;
    add_text(messages, sizeof messages, message);
}

static void on_fatal(void *arg, const struct errinfo *info)
{
    (void)arg;
    fatals++;
    assert_int_equal(info->code, ERR_CONFIG);
    (void)snprintf(fatal_text, sizeof fatal_text, "%s", info->text);
}

static void on_reply(void *arg, const struct reply *reply)
{
    int *own = arg;
    *(reply == NULL ? &lost : &replies) += 1;
    if (own != NULL) {
        *own += 1;
    }
    if (reply != NULL && strlen(answers) < sizeof answers - 100) {
        char number[24];
        (void)snprintf(number, sizeof number, "%lld", (long long)reply->integer);
        add_text(answers, sizeof answers, reply->text.data != NULL ? reply->text : slice_of(number));
    }
}

static void turn(void)
{
    redis_link_turn(the_link);
}

static void make_link(const char *channel)
{
    const struct redis_link_options options = {.loop = rig.loop,
                                               .config = &config,
                                               .clock = {.wall = clock_system().wall, .mono = skewed_mono},
                                               .name = "test",
                                               .channel = channel,
                                               .on_state = on_state,
                                               .on_message = on_message,
                                               .on_fatal = on_fatal};
    the_link = redis_link_new(&options);
    assert_non_null(the_link);
    rig.turn = turn;
}

static void free_link(void)
{
    rig.turn = NULL;
    redis_link_free(the_link);
    the_link = NULL;
}

static void set_up(void)
{
    redis_server_open(&server, NULL);
    config = redis_server_config(&server);
    rig_init(&rig);
    log_capture_begin(&capture, LOG_INFO);
    skew_ms = 0;
    ups = downs = fatals = replies = lost = replies_before_up = 0;
    answers[0] = messages[0] = fatal_text[0] = '\0';
}

static void tear_down(void)
{
    free_link();
    rig_fini(&rig);
    log_capture_end(&capture);
    redis_server_close(&server);
}

EACH_TEST(set_up, tear_down);

static bool is_up(void)
{
    return redis_link_is_up(the_link);
}

static bool is_down(void)
{
    return downs > 0 && !redis_link_is_up(the_link);
}

static bool has_failed(void)
{
    return redis_link_error(the_link)[0] != '\0';
}

static int wanted; /* callbacks */

static bool all_are_told(void)
{
    return replies + lost >= wanted;
}

static void come_up(void)
{
    make_link(NULL);
    redis_link_start(the_link);
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
}

static enum err submit(const char *name, const char *argument, int *own)
{
    struct cmd cmd;
    cmd_init(&cmd, name);
    if (argument != NULL) {
        cmd_arg_str(&cmd, argument);
    }
    return redis_link_submit(the_link, &cmd, on_reply, own);
}

static void run_until_told(int count)
{
    wanted = count;
    assert_true(rig_run(&rig, all_are_told, RIG_LIMIT_MS));
    assert_int_equal(replies + lost, count);
}

/* ---- coming up ---- */

TEST(redis_link_comes_up)
{
    make_link(NULL);
    assert_false(redis_link_is_up(the_link));
    assert_int_equal(submit("PING", NULL, NULL), ERR_DOWN);
    redis_link_start(the_link);
    assert_int_equal(submit("PING", NULL, NULL), ERR_DOWN);
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
    assert_int_equal(ups, 1);
    assert_int_equal(downs, 0);
    assert_string_equal(redis_link_error(the_link), "");
    assert_int_equal(log_capture_lines(&capture), 0);
}

TEST(redis_link_has_the_database_set_up)
{
    come_up();
    assert_int_equal(submit("GET", "dronc:shards", NULL), ERR_OK);
    assert_int_equal(submit("DBSIZE", NULL, NULL), ERR_OK);
    run_until_told(2);
    assert_string_equal(answers, "16 1 ");
}

TEST(redis_link_selects_the_database)
{
    config.redis_db = 3;
    come_up();
    assert_int_equal(submit("CLIENT", "INFO", NULL), ERR_OK);
    run_until_told(1);
    assert_non_null(strstr(answers, " db=3 "));
}

TEST(redis_link_waits_for_a_redis_that_is_not_there_yet)
{
    redis_server_kill(&server);
    make_link(NULL);
    redis_link_start(the_link);
    assert_true(rig_run(&rig, has_failed, RIG_LIMIT_MS));
    rig_idle(&rig, 120);
    assert_int_equal(downs, 0);
    redis_server_start(&server);
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
    assert_string_equal(redis_link_error(the_link), "");
    assert_int_equal(log_capture_lines(&capture), 2);
    assert_non_null(strstr(log_capture_text(&capture), "redis unreachable"));
    assert_non_null(strstr(log_capture_text(&capture), "redis is back"));
}

TEST(redis_link_name_that_does_not_resolve)
{
    config.redis_socket[0] = '\0';
    (void)snprintf(config.redis_host, sizeof config.redis_host, "%s", NO_NAME);
    make_link(NULL);
    redis_link_start(the_link);
    assert_true(rig_run(&rig, has_failed, RIG_LIMIT_MS));
    rig_idle(&rig, 120);
    assert_int_equal(ups, 0);
}

/* ---- commands ---- */

TEST(redis_link_replies_come_in_order)
{
    char expected[512] = "";
    char text[16];
    come_up();
    for (int i = 0; i < 50; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        assert_int_equal(submit("ECHO", text, NULL), ERR_OK);
        add_text(expected, sizeof expected, slice_of(text));
    }
    assert_int_equal(replies, 0);
    run_until_told(50);
    assert_string_equal(answers, expected);
    assert_int_equal(lost, 0);
}

TEST(redis_link_errors_are_replies)
{
    come_up();
    assert_int_equal(submit("NONSENSE", NULL, NULL), ERR_OK);
    assert_int_equal(submit("ECHO", "after", NULL), ERR_OK);
    run_until_told(2);
    assert_memory_equal(answers, "ERR ", 4);
    assert_true(is_up());
}

TEST(redis_link_callback_may_be_left_out)
{
    struct cmd cmd;
    come_up();
    cmd_init(&cmd, "SET");
    cmd_arg_str(&cmd, "k");
    cmd_arg(&cmd, "a\0b\r\n", 5);
    assert_int_equal(redis_link_submit(the_link, &cmd, NULL, NULL), ERR_OK);
    assert_int_equal(submit("STRLEN", "k", NULL), ERR_OK);
    run_until_told(1);
    assert_string_equal(answers, "5 ");
}

static void submit_forget(void)
{
    struct cmd cmd;
    store_forget(&cmd, "nobody", true);
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply, NULL), ERR_OK);
}

TEST(redis_link_sends_a_forgotten_script_again_with_its_source)
{
    come_up();
    submit_forget();
    run_until_told(1);
    assert_int_equal(submit("SCRIPT", "FLUSH", NULL), ERR_OK);
    submit_forget();
    assert_int_equal(submit("ECHO", "x", NULL), ERR_OK);
    submit_forget();
    run_until_told(5);
    /* What is sent again comes later than what was sent behind it. */
    assert_string_equal(answers, "0 OK x 0 0 ");
}

static void on_reply_submit(void *arg, const struct reply *reply)
{
    on_reply(NULL, reply);
    assert_int_equal(submit("ECHO", arg, NULL), reply != NULL ? ERR_OK : ERR_DOWN);
}

TEST(redis_link_callback_may_submit)
{
    struct cmd cmd;
    come_up();
    cmd_init(&cmd, "PING");
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply_submit, "more"), ERR_OK);
    run_until_told(2);
    assert_string_equal(answers, "PONG more ");
    (void)kill(server.pid, SIGSTOP);
    cmd_init(&cmd, "PING");
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply_submit, "refused"), ERR_OK);
    redis_link_close(the_link);
    assert_int_equal(lost, 1);
}

/* ---- being lost ---- */

TEST(redis_link_tells_every_pending_command_when_redis_dies)
{
    static int told[100];
    memset(told, 0, sizeof told);
    come_up();
    (void)kill(server.pid, SIGSTOP);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(submit("ECHO", "x", &told[i]), ERR_OK);
    }
    rig_idle(&rig, 5);
    assert_int_equal(replies + lost, 0);
    redis_server_kill(&server);
    assert_true(rig_run(&rig, is_down, RIG_LIMIT_MS));
    rig_idle(&rig, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(told[i], 1);
    }
    assert_int_equal(lost, 100);
    assert_int_equal(replies_before_up, 100);
    assert_int_equal(downs, 1);
    assert_int_equal(submit("PING", NULL, NULL), ERR_DOWN);
}

TEST(redis_link_comes_back_after_a_restart)
{
    come_up();
    redis_server_kill(&server);
    assert_true(rig_run(&rig, is_down, RIG_LIMIT_MS));
    redis_server_start(&server);
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
    assert_int_equal(ups, 2);
    assert_int_equal(downs, 1);
    submit_forget();
    run_until_told(1);
    assert_string_equal(answers, "0 ");
    assert_int_equal(log_capture_lines(&capture), 2);
}

/* Replication ends the connection's use, not the connection: what is asked counts as unanswered, and the link
 * is not up again with a server that takes no writes. */
TEST(redis_link_leaves_a_server_that_has_become_a_replica)
{
    struct cmd cmd;
    come_up();
    cmd_init(&cmd, "REPLICAOF");
    cmd_arg_str(&cmd, "127.0.0.1");
    cmd_arg_str(&cmd, "1");
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply, NULL), ERR_OK);
    submit_forget(); /* writes nothing, since there is no such runner: a replica takes that */
    store_heartbeat(&cmd, "me", 5000);
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply, NULL), ERR_OK);
    run_until_told(3);
    assert_int_equal(lost, 1);
    assert_true(rig_run(&rig, is_down, RIG_LIMIT_MS));
    rig_idle(&rig, 300);
    assert_int_equal(ups, 1);
    assert_non_null(strstr(redis_link_error(the_link), "READONLY"));
    assert_int_equal(redis_link_trouble(the_link), REDIS_READ_ONLY);
    assert_int_equal(log_capture_lines(&capture), 1);
}

/* A right that is missing is an answer; on a connection that is old enough, it is also the end of that. */
TEST(redis_link_asks_a_server_anew_that_denies_a_right)
{
    come_up();
    assert_int_equal(submit("ACL", "LOAD", NULL), ERR_OK); /* there is no file: an error like any other */
    run_until_told(1);
    assert_true(is_up());
    (void)snprintf(answers, sizeof answers, "%s", "");
    struct cmd cmd;
    cmd_init(&cmd, "ACL");
    const char *const words[] = {"SETUSER", "default", "-echo"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        cmd_arg_str(&cmd, words[i]);
    }
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply, NULL), ERR_OK);
    assert_int_equal(submit("ECHO", "x", NULL), ERR_OK);
    run_until_told(3);
    assert_non_null(strstr(answers, "NOPERM"));
    assert_true(is_up());
    skew_ms = REDIS_RIGHT_AGE_MS;
    assert_int_equal(submit("ECHO", "x", NULL), ERR_OK);
    assert_true(rig_run(&rig, is_down, RIG_LIMIT_MS));
    assert_int_equal(lost, 1);
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
    assert_int_equal(log_capture_lines(&capture), 1); /* not yet "back": it has to prove itself */
    rig.ticking = true;
    skew_ms += LINK_PROOF_MS;
    rig_idle(&rig, 20);
    assert_int_equal(log_capture_lines(&capture), 2);
}

/* By the link's own timer: nothing else happens on the loop. All but the end of the wait passes before the
 * link sets that timer. */
TEST(redis_link_notices_by_itself_that_redis_hangs)
{
    come_up();
    (void)kill(server.pid, SIGSTOP);
    assert_int_equal(submit("PING", NULL, NULL), ERR_OK);
    int64_t begin = skewed_mono(NULL).ms;
    skew_ms = LINK_ANSWER_MS - 200;
    assert_true(rig_run(&rig, is_down, RIG_LIMIT_MS));
    assert_in_range(skewed_mono(NULL).ms - begin, LINK_ANSWER_MS - 50, LINK_ANSWER_MS + 1000);
    assert_int_equal(lost, 1);
    assert_non_null(strstr(redis_link_error(the_link), "no answer"));
}

/* The clock jumps, as after a suspended machine: commands that wait are given up, an idle link is not. */
TEST(redis_link_idle_is_not_hanging)
{
    come_up();
    rig.ticking = true;
    skew_ms = 10 * LINK_ANSWER_MS;
    rig_idle(&rig, 20);
    assert_true(is_up());
    assert_int_equal(submit("PING", NULL, NULL), ERR_OK);
    run_until_told(1);
    assert_int_equal(lost, 0);
}

TEST(redis_link_gives_up_a_greeting_without_answer)
{
    (void)kill(server.pid, SIGSTOP);
    make_link(NULL);
    redis_link_start(the_link);
    rig.ticking = true;
    rig_idle(&rig, 20);
    assert_false(has_failed());
    skew_ms = LINK_CONNECT_MS;
    assert_true(rig_run(&rig, has_failed, RIG_LIMIT_MS));
    assert_non_null(strstr(redis_link_error(the_link), "no answer"));
    (void)kill(server.pid, SIGCONT);
    skew_ms += LINK_BACKOFF_MAX_MS;
    assert_true(rig_run(&rig, is_up, RIG_LIMIT_MS));
    assert_int_equal(downs, 0);
}

TEST(redis_link_takes_so_many_commands_and_no_more)
{
    come_up();
    (void)kill(server.pid, SIGSTOP);
    for (int i = 0; i < LINK_PENDING_MAX; i++) {
        assert_int_equal(submit("PING", NULL, NULL), ERR_OK);
    }
    assert_int_equal(submit("PING", NULL, NULL), ERR_BUSY);
    (void)kill(server.pid, SIGCONT);
    run_until_told(LINK_PENDING_MAX);
    assert_int_equal(lost, 0);
    assert_int_equal(submit("PING", NULL, NULL), ERR_OK);
    run_until_told(LINK_PENDING_MAX + 1);
}

/* ---- not let in ---- */

static void restart_with_password(const char *password)
{
    redis_server_close(&server);
    redis_server_open(&server, password);
    config = redis_server_config(&server);
}

TEST(redis_link_logs_in)
{
    restart_with_password("sesame");
    come_up();
    redis_link_close(the_link);
    free_link();
    (void)snprintf(config.redis_username, sizeof config.redis_username, "default");
    come_up();
}

TEST(redis_link_wrong_password_stays_down_with_the_reason)
{
    static const char *const passwords[][2] = {{"wrong", "WRONGPASS"}, {"", "NOAUTH"}};
    restart_with_password("sesame");
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(config.redis_password, sizeof config.redis_password, "%s", passwords[i][0]);
        make_link(NULL);
        redis_link_start(the_link);
        assert_true(rig_run(&rig, has_failed, RIG_LIMIT_MS));
        rig_idle(&rig, 200);
        assert_non_null(strstr(redis_link_error(the_link), passwords[i][1]));
        assert_int_equal(ups + downs + fatals, 0);
        assert_int_equal(log_capture_lines(&capture), i + 1);
        free_link();
    }
    assert_null(strstr(log_capture_text(&capture), "\"wrong"));
}

TEST(redis_link_other_number_of_shards_is_fatal)
{
    struct cmd cmd;
    come_up();
    cmd_init(&cmd, "SET");
    cmd_arg_str(&cmd, "dronc:shards");
    cmd_arg_str(&cmd, "8");
    assert_int_equal(redis_link_submit(the_link, &cmd, on_reply, NULL), ERR_OK);
    run_until_told(1);
    free_link();
    make_link(NULL);
    redis_link_start(the_link);
    assert_true(rig_run(&rig, has_failed, RIG_LIMIT_MS));
    rig_idle(&rig, 5);
    assert_int_equal(fatals, 1);
    assert_non_null(strstr(fatal_text, "8 shards"));
    assert_int_equal(ups, 1);
}

/* ---- subscriptions ---- */

static struct redis_link *publisher;

static void turn_both(void)
{
    redis_link_turn(the_link);
    redis_link_turn(publisher);
}

static bool both_are_up(void)
{
    return redis_link_is_up(the_link) && redis_link_is_up(publisher);
}

static bool three_messages(void)
{
    return strcmp(messages, "one two three ") == 0;
}

static void publish(const char *channel, const char *text)
{
    struct cmd cmd;
    cmd_init(&cmd, "PUBLISH");
    cmd_arg_str(&cmd, channel);
    cmd_arg_str(&cmd, text);
    assert_int_equal(redis_link_submit(publisher, &cmd, NULL, NULL), ERR_OK);
}

TEST(redis_link_delivers_messages)
{
    make_link(NULL);
    publisher = the_link;
    make_link("dronc:wake");
    rig.turn = turn_both;
    redis_link_start(publisher);
    redis_link_start(the_link);
    assert_true(rig_run(&rig, both_are_up, RIG_LIMIT_MS));
    publish("dronc:wake", "one");
    publish("dronc:other", "not this");
    publish("dronc:wake", "two");
    publish("dronc:wake", "three");
    assert_true(rig_run(&rig, three_messages, RIG_LIMIT_MS));
    redis_server_kill(&server);
    rig_idle(&rig, 5);
    redis_server_start(&server);
    assert_true(rig_run(&rig, both_are_up, RIG_LIMIT_MS));
    messages[0] = '\0';
    publish("dronc:wake", "one two three");
    assert_true(rig_run(&rig, three_messages, RIG_LIMIT_MS));
    rig.turn = NULL;
    redis_link_free(publisher);
}

/* ---- ending ---- */

TEST(redis_link_free_at_any_point_of_coming_up)
{
    static const char *const channels[] = {NULL, "dronc:wake"};
    for (int turns = 0; turns < 30; turns++) {
        make_link(channels[turns % 2]);
        redis_link_start(the_link);
        rig.ticking = true;
        for (int i = 0; i < turns / 2; i++) {
            redis_link_turn(the_link);
            rig_idle(&rig, i % 3 == 0 ? 1 : 0);
        }
        free_link();
    }
    make_link(NULL);
    free_link();
    redis_link_free(NULL);
    assert_int_equal(downs, 0);
}

TEST(redis_link_free_while_the_name_is_looked_up)
{
    static const char *const hosts[] = {"localhost", NO_NAME};
    config.redis_socket[0] = '\0';
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(config.redis_host, sizeof config.redis_host, "%s", hosts[i % 2]);
        make_link(NULL);
        redis_link_start(the_link);
        if (i >= 2) {
            redis_link_close(the_link);
        }
        free_link();
        rig_idle(&rig, 10);
    }
    assert_int_equal(ups + downs, 0);
}

TEST(redis_link_close_tells_pending_commands)
{
    come_up();
    (void)kill(server.pid, SIGSTOP);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(submit("PING", NULL, NULL), ERR_OK);
    }
    redis_link_close(the_link);
    assert_int_equal(lost, 10);
    assert_false(redis_link_is_up(the_link));
    assert_int_equal(submit("PING", NULL, NULL), ERR_DOWN);
    rig_idle(&rig, 100);
    assert_int_equal(ups, 1);
    redis_link_close(the_link);
    free_link();
    assert_int_equal(lost, 10);
}

TEST(redis_link_free_tells_pending_commands)
{
    come_up();
    (void)kill(server.pid, SIGSTOP);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(submit("PING", NULL, NULL), ERR_OK);
    }
    free_link();
    assert_int_equal(lost, 10);
    assert_int_equal(replies, 0);
}
