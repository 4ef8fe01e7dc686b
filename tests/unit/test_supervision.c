/* What the supervisor learns, in which datagram, and when: with a clock that the test moves. */
#include "supervision.h"
#include "test.h"

#include "log_capture.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct rig rig;
static struct supervision supervision;
static struct log_capture capture;
static int64_t now_ms;
static int supervisor; /* a socket */
static char name[64];
static char last[1024]; /* the datagram that was read last */

static struct mono_ms mono(void *arg)
{
    (void)arg;
    return (struct mono_ms){now_ms};
}

static void listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    supervisor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(supervisor, (const struct sockaddr *)&address, sizeof address), 0);
}

static void set_up(void)
{
    rig_init(&rig);
    log_capture_begin(&capture, LOG_INFO);
    now_ms = 1000;
    (void)snprintf(name, sizeof name, "/tmp/dronc-notify-%ld", (long)getpid());
    listen_at(name);
    (void)setenv("NOTIFY_SOCKET", name, 1);
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

static void tear_down(void)
{
    supervision_fini(&supervision);
    close(supervisor);
    (void)unlink(name);
    log_capture_end(&capture);
    rig_fini(&rig);
}

EACH_TEST(set_up, tear_down);

static void begin(void)
{
    const struct clock clock = {.wall = clock_system().wall, .mono = mono};
    assert_int_equal(supervision_init(&supervision, rig.loop, clock), ERR_OK);
}

/* The next datagram; "" where there is none. */
static const char *told(void)
{
    ssize_t got = recv(supervisor, last, sizeof last - 1, 0);
    last[got > 0 ? got : 0] = '\0';
    return last;
}

static void turn(bool working, const char *status)
{
    const struct supervision_news news = {.working = working, .status = status};
    supervision_turn(&supervision, &news);
}

static void stop(const char *status)
{
    const struct supervision_news news = {.stopping = true, .stop_ms = 1500, .status = status};
    supervision_turn(&supervision, &news);
}

TEST(supervision_tells_ready_and_status_in_one)
{
    begin();
    turn(true, "fine");
    assert_string_equal(told(), "READY=1\nSTATUS=fine\n");
    turn(true, "fine");
    assert_string_equal(told(), "");
}

TEST(supervision_is_patient_for_so_long)
{
    begin();
    turn(false, "waiting");
    assert_string_equal(told(), "STATUS=waiting\n");
    now_ms += SUPERVISION_PATIENCE_MS - 1;
    turn(false, "waiting");
    assert_string_equal(told(), "");
    now_ms += 1;
    turn(false, "waiting");
    assert_string_equal(told(), "READY=1\nSTATUS=waiting\n");
}

TEST(supervision_tells_the_latest_status_once_a_second)
{
    begin();
    turn(true, "1");
    assert_string_equal(told(), "READY=1\nSTATUS=1\n");
    turn(true, "2");
    turn(true, "3");
    assert_string_equal(told(), "");
    now_ms += SUPERVISION_STATUS_MS;
    turn(true, "4");
    assert_string_equal(told(), "STATUS=4\n");
}

TEST(supervision_tells_the_stop_at_once)
{
    begin();
    turn(true, "fine");
    assert_string_equal(told(), "READY=1\nSTATUS=fine\n");
    stop("stopping");
    assert_string_equal(told(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000\nSTATUS=stopping\n");
    stop("stopping");
    assert_string_equal(told(), "");
}

/* What Redis answers stands in a status: a line end in it would begin another assignment. */
TEST(supervision_status_is_one_line)
{
    begin();
    turn(true, "ERR\nMAINPID=1\r\x7f");
    assert_string_equal(told(), "READY=1\nSTATUS=ERR?MAINPID=1??\n");
}

TEST(supervision_cuts_a_long_status)
{
    char status[2 * SUPERVISION_STATUS_SIZE];
    memset(status, 'x', sizeof status);
    status[sizeof status - 1] = '\0';
    begin();
    turn(true, status);
    assert_int_equal(strlen(told()), strlen("READY=1\nSTATUS=\n") + SUPERVISION_STATUS_SIZE - 1);
    now_ms += SUPERVISION_STATUS_MS;
    turn(true, status);
    assert_string_equal(told(), "");
}

TEST(supervision_pings_every_third)
{
    (void)setenv("WATCHDOG_USEC", "3000000", 1);
    begin();
    turn(true, "fine");
    assert_string_equal(told(), "WATCHDOG=1\n");
    assert_string_equal(told(), "READY=1\nSTATUS=fine\n");
    now_ms += 999;
    turn(true, "fine");
    assert_string_equal(told(), "");
    now_ms += 1;
    turn(true, "fine");
    assert_string_equal(told(), "WATCHDOG=1\n");
}

/* As with a supervisor that is being replaced. */
TEST(supervision_tells_later_what_it_could_not_tell)
{
    begin();
    (void)unlink(name);
    close(supervisor);
    turn(true, "1");
    turn(true, "2");
    listen_at(name);
    now_ms += SUPERVISION_RETRY_MS - 1;
    turn(true, "3");
    assert_string_equal(told(), "");
    now_ms += 1;
    turn(true, "4");
    assert_string_equal(told(), "READY=1\nSTATUS=4\n");
    const char *log = log_capture_text(&capture);
    const char *first = strstr(log, "supervisor not reached");
    assert_non_null(first);
    assert_null(strstr(first + 1, "supervisor not reached"));
}

TEST(supervision_without_a_socket_is_nothing)
{
    (void)unsetenv("NOTIFY_SOCKET");
    begin();
    assert_false(supervision_is_wanted(&supervision));
    turn(true, "fine");
    assert_string_equal(log_capture_text(&capture), "");
}
