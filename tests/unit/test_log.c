/* The log as its reader sees it: levels, both formats, buffering, and lines that were lost. */
#include "base/log.h"

#include <fcntl.h>

#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define T0 1772953200012 /* 2026-03-08T07:00:00.012Z */

static struct wall_ms fixed_wall(void *arg)
{
    (void)arg;
    return (struct wall_ms){T0};
}

/* A log of level info and no program name that writes to fd at a time that stands still. */
static void start(int fd, enum log_format format, bool buffered)
{
    struct log_options options = {
        .fd = fd, .level = LOG_INFO, .format = format, .buffered = buffered, .clock = {.wall = fixed_wall}};
    log_init(&options);
}

/* A pipe that holds what was logged. */
struct sink {
    int read_fd, write_fd;
    char text[200000];
};

static struct sink sink;

static int open_sink(void)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    (void)fcntl(fds[1], F_SETPIPE_SZ, 1 << 18);
    sink.read_fd = fds[0];
    sink.write_fd = fds[1];
    return fds[1];
}

/* What was written so far, without waiting for more. */
static const char *drain(void)
{
    int flags = fcntl(sink.read_fd, F_GETFL);
    (void)fcntl(sink.read_fd, F_SETFL, flags | O_NONBLOCK);
    size_t len = 0;
    ssize_t got;
    while ((got = read(sink.read_fd, sink.text + len, sizeof sink.text - 1 - len)) > 0) {
        len += (size_t)got;
    }
    sink.text[len] = '\0';
    return sink.text;
}

static void close_sink(void)
{
    log_fini();
    close(sink.read_fd);
    close(sink.write_fd);
}

TEST(log_writes_a_json_line)
{
    start(open_sink(), LOG_JSON, false);
    log_info("call succeeded", log_str("job", "capi:1"), log_i64("lateness_ms", -3), log_bool("retry", false),
             log_str("absent", NULL), log_bytes("part", "abcdef", 3), log_bool("last", true));
    assert_string_equal(
        drain(), "{\"time\":\"2026-03-08T07:00:00.012Z\",\"level\":\"info\",\"event\":\"call succeeded\","
                 "\"job\":\"capi:1\",\"lateness_ms\":-3,\"retry\":false,\"part\":\"abc\",\"last\":true}\n");
    close_sink();
}

TEST(log_names_the_program_in_json)
{
    struct log_options options = {
        .fd = open_sink(), .format = LOG_JSON, .clock = {.wall = fixed_wall}, .program = "dronc-runner"};
    log_init(&options);
    log_info("x", log_i64("n", INT64_MIN));
    assert_non_null(
        strstr(drain(), "\"event\":\"x\",\"program\":\"dronc-runner\",\"n\":-9223372036854775808}\n"));
    close_sink();
}

TEST(log_writes_aligned_text)
{
    start(open_sink(), LOG_TEXT, false);
    log_info("call succeeded", log_str("job", "capi:1"), log_i64("lateness_ms", 1), log_bool("retry", true));
    log_error("redis lost", log_str("why", NULL));
    log_warn("an event with a name that is long", log_i64("n", 1));
    assert_string_equal(
        drain(),
        "2026-03-08 07:00:00.012 INFO  call succeeded           job=capi:1 lateness_ms=1 retry=true\n"
        "2026-03-08 07:00:00.012 ERROR redis lost\n"
        "2026-03-08 07:00:00.012 WARN  an event with a name that is long n=1\n");
    close_sink();
}

TEST(log_colours_only_level_and_event)
{
    struct log_options options = {
        .fd = open_sink(), .format = LOG_TEXT, .colour = true, .clock = {.wall = fixed_wall}};
    log_init(&options);
    log_debug("d", log_i64("n", 1));
    log_error("redis lost", log_str("why", "x"));
    assert_string_equal(
        drain(),
        "2026-03-08 07:00:00.012 \x1b[2mDEBUG\x1b[0m \x1b[1md\x1b[0m                        n=1\n"
        "2026-03-08 07:00:00.012 \x1b[31mERROR\x1b[0m \x1b[1mredis lost\x1b[0m               why=x\n");
    close_sink();
}

TEST(log_writes_nothing_below_its_level)
{
    start(open_sink(), LOG_TEXT, false);
    log_debug("unseen", log_i64("n", 1));
    assert_string_equal(drain(), "");
    log_set_level(LOG_DEBUG);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_debug("seen", log_i64("n", 1));
    assert_non_null(strstr(drain(), "seen"));
    log_set_level(LOG_ERROR);
    log_warn("unseen", log_i64("n", 1));
    assert_string_equal(drain(), "");
    close_sink();
}

static int evaluated;

static int64_t evaluate(void)
{
    return ++evaluated;
}

TEST(log_does_not_evaluate_fields_that_nobody_will_see)
{
    start(open_sink(), LOG_TEXT, false);
    evaluated = 0;
    log_debug("unseen", log_i64("n", evaluate()));
    assert_int_equal(evaluated, 0);
    log_info("seen", log_i64("n", evaluate()));
    assert_int_equal(evaluated, 1);
    close_sink();
}

TEST(log_is_silent_before_init_and_after_fini)
{
    assert_int_equal(log_get_level(), LOG_LEVEL__COUNT);
    log_error("unseen", log_i64("n", 1));
    log_flush();
    int fd = open_sink();
    start(fd, LOG_TEXT, false);
    log_fini();
    log_error("unseen", log_i64("n", 1));
    assert_string_equal(drain(), "");
    close_sink();
}

TEST(log_level_name_knows_every_level)
{
    assert_string_equal(log_level_name(LOG_DEBUG), "debug");
    assert_string_equal(log_level_name(LOG_INFO), "info");
    assert_string_equal(log_level_name(LOG_WARN), "warn");
    assert_string_equal(log_level_name(LOG_ERROR), "error");
    assert_string_equal(log_level_name(LOG_LEVEL__COUNT), "unknown");
}

TEST(log_collects_lines_until_the_flush)
{
    start(open_sink(), LOG_TEXT, true);
    log_info("one", log_i64("n", 1));
    log_info("two", log_i64("n", 2));
    assert_string_equal(drain(), "");
    log_flush();
    const char *text = drain();
    assert_non_null(strstr(text, "one"));
    assert_non_null(strstr(text, "two"));
    log_info("three", log_i64("n", 3));
    log_fini();
    assert_non_null(strstr(drain(), "three"));
    close_sink();
}

TEST(log_flushes_by_itself_when_64_kib_wait)
{
    start(open_sink(), LOG_JSON, true);
    char value[1000];
    memset(value, 'x', sizeof value);
    for (int i = 0; i < 150; i++) {
        log_info("much", log_bytes("v", value, sizeof value), log_i64("i", i));
    }
    log_flush();
    const char *line = drain();
    for (int i = 0; i < 150; i++) { /* all there, in order */
        char number[32];
        (void)snprintf(number, sizeof number, "\"i\":%d}\n", i);
        line = strstr(line, number);
        assert_non_null(line);
    }
    close_sink();
}

TEST(log_says_how_many_lines_a_full_disk_lost)
{
    int full = open("/dev/full", O_WRONLY);
    int fd = open_sink();
    int target = dup(full);
    start(target, LOG_TEXT, false);
    log_info("lost 1", log_i64("n", 1));
    log_info("lost 2", log_i64("n", 1));
    log_info("lost 3", log_i64("n", 1));
    assert_int_equal(dup2(fd, target), target); /* the disk has room again */
    log_info("kept", log_i64("n", 1));
    log_info("kept too", log_i64("n", 1));
    assert_string_equal(drain(), "2026-03-08 07:00:00.012 WARN  log lines lost           lines=3\n"
                                 "2026-03-08 07:00:00.012 INFO  kept                     n=1\n"
                                 "2026-03-08 07:00:00.012 INFO  kept too                 n=1\n");
    close_sink();
    close(target);
    close(full);
}

TEST(log_says_at_its_end_what_was_lost_last)
{
    int fd = open_sink();
    int target = open("/dev/full", O_WRONLY);
    start(target, LOG_TEXT, true);
    log_info("lost", log_i64("n", 1));
    log_info("lost", log_i64("n", 2));
    log_flush();
    assert_int_equal(dup2(fd, target), target);
    log_fini();
    assert_non_null(strstr(drain(), "log lines lost           lines=2\n"));
    close_sink();
    close(target);
}

TEST(log_survives_a_closed_pipe)
{
    signal(SIGPIPE, SIG_IGN); /* main's business, here as there */
    int fd = open_sink();
    close(sink.read_fd);
    start(fd, LOG_TEXT, true);
    for (int i = 0; i < 5000; i++) { /* more than one buffer */
        log_info("to nobody", log_i64("n", i));
    }
    log_flush();
    log_fini();
    close(fd);
}

/* A pipe without room takes half a line: the next line has to start in the first column all the same. */
TEST(log_ends_a_line_that_was_cut_off)
{
    int fd = open_sink();
    (void)fcntl(fd, F_SETPIPE_SZ, 4096);
    (void)fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK);
    start(fd, LOG_TEXT, true);
    char value[1000];
    memset(value, 'x', sizeof value);
    for (int i = 0; i < 10; i++) { /* 10 kB into a pipe of 4 kB: less than 4 lines fit */
        log_info("much", log_bytes("v", value, sizeof value), log_i64("i", i));
    }
    log_flush();
    const char *text = drain();
    assert_int_equal(strlen(text), 4096);
    assert_int_not_equal(text[4095], '\n');
    log_info("next", log_i64("n", 1));
    log_flush();
    assert_string_equal(drain(), "\n"
                                 "2026-03-08 07:00:00.012 WARN  log lines lost           lines=7\n"
                                 "2026-03-08 07:00:00.012 INFO  next                     n=1\n");
    close_sink();
}

static void ignore_alarm(int number)
{
    (void)number;
}

/* A reader that is slower than the signals: write(2) is interrupted, and does only part of its work. */
TEST(log_goes_on_after_signals_and_partial_writes)
{
    int fd = open_sink();
    (void)fcntl(fd, F_SETPIPE_SZ, 4096);
    struct sigaction action = {.sa_handler = ignore_alarm}; /* without SA_RESTART */
    sigaction(SIGALRM, &action, NULL);
    if (fork() == 0) {
        struct itimerval every = {{0, 1000}, {0, 1000}};
        setitimer(ITIMER_REAL, &every, NULL);
        start(fd, LOG_JSON, true);
        for (int i = 0; i < 1000; i++) {
            log_info("slow", log_i64("i", i), log_str("v", "some text that makes the line a little longer"));
        }
        log_fini();
        _exit(0);
    }
    close(fd);
    size_t len = 0;
    ssize_t got;
    while ((got = read(sink.read_fd, sink.text + len, 777)) > 0) {
        len += (size_t)got;
        usleep(200);
    }
    size_t lines = 0;
    for (size_t i = 0; i < len; i++) {
        lines += sink.text[i] == '\n';
    }
    assert_int_equal(lines, 1000);
    sink.text[len] = '\0';
    assert_null(strstr(sink.text, "lost"));
    close(sink.read_fd);
}

/* JOURNAL_STREAM as systemd sets it for a process whose output is fd. */
static void name_journal(int fd)
{
    char name[64];
    struct stat stream;
    assert_int_equal(fstat(fd, &stream), 0);
    (void)snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)stream.st_dev, (uintmax_t)stream.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", name, 1), 0);
}

TEST(log_gives_the_journal_each_lines_level)
{
    name_journal(open_sink());
    start(sink.write_fd, LOG_TEXT, true);
    log_set_level(LOG_DEBUG);
    log_debug("a", log_str("x", NULL));
    log_info("b", log_str("x", NULL));
    log_warn("c", log_str("x", NULL));
    log_error("d", log_str("x", NULL));
    log_flush();
    assert_string_equal(drain(), "<7>2026-03-08 07:00:00.012 DEBUG a\n"
                                 "<6>2026-03-08 07:00:00.012 INFO  b\n"
                                 "<4>2026-03-08 07:00:00.012 WARN  c\n"
                                 "<3>2026-03-08 07:00:00.012 ERROR d\n");
    close_sink();
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

/* A process that was started by a service whose journal it does not write to: make run > file, in a unit. */
TEST(log_gives_levels_to_nobody_but_the_journal)
{
    int other[2];
    assert_int_equal(pipe(other), 0);
    name_journal(other[1]);
    start(open_sink(), LOG_TEXT, false);
    log_warn("c", log_str("x", NULL));
    assert_string_equal(drain(), "2026-03-08 07:00:00.012 WARN  c\n");
    close_sink();
    close(other[0]);
    close(other[1]);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

TEST(log_complains_to_the_journal_line_by_line)
{
    int terminal = dup(STDERR_FILENO);
    assert_int_equal(dup2(open_sink(), STDERR_FILENO), STDERR_FILENO);
    log_complain("A: bad\nB: bad\n");
    name_journal(STDERR_FILENO);
    log_complain("A: bad\nB: bad\n");
    assert_int_equal(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    assert_string_equal(drain(), "A: bad\nB: bad\n<3>A: bad\n<3>B: bad\n");
    close(terminal);
    close_sink();
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

/* ---- collecting ---- */

static struct mono_ms now;

static struct mono_ms stepped_mono(void *arg)
{
    (void)arg;
    return now;
}

static void start_collecting(void)
{
    struct log_options options = {.fd = open_sink(),
                                  .level = LOG_INFO,
                                  .format = LOG_JSON,
                                  .clock = {.wall = fixed_wall, .mono = stepped_mono}};
    now.ms = 5000;
    log_init(&options);
    log_collect();
}

TEST(log_collects_lines_for_a_moment)
{
    start_collecting();
    assert_int_equal(log_linger(), -1);
    log_info("one", log_i64("n", 1));
    now.ms += LOG_LINGER_MS - 1;
    log_info("two", log_i64("n", 2));
    assert_int_equal(log_linger(), 1); /* the first one's time counts */
    assert_string_equal(drain(), "");
    now.ms += 1;
    assert_int_equal(log_linger(), -1);
    const char *both = drain();
    assert_non_null(strstr(both, "\"one\""));
    assert_non_null(strstr(both, "\"two\""));
    log_info("three", log_i64("n", 3));
    assert_int_equal(log_linger(), LOG_LINGER_MS);
    close_sink(); /* log_fini writes the rest */
}

TEST(log_collects_no_warning)
{
    start_collecting();
    log_info("one", log_i64("n", 1));
    log_warn("two", log_i64("n", 2));
    const char *both = drain();
    assert_non_null(strstr(both, "\"one\""));
    assert_true(strstr(both, "\"one\"") < strstr(both, "\"two\""));
    assert_int_equal(log_linger(), -1);
    close_sink();
}
