/* log: see log.h. The log of this process: its level, its pending lines, and how they are written.
 *
 * Keeps lines in one static buffer and allocates nothing. A line is written whole, or counted as lost.
 * log_line formats the lines; main ignores SIGPIPE.
 */
#include "base/log.h"

#include "base/log_line.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PENDING_SIZE 65536 /* bytes of pending lines */
#define PATIENCE_MS  50    /* how long one write may wait for the reader */
#define PRIORITY_LEN 3     /* "<6>", from which the journal takes a line's level */

/* The log of this process. Until log_init, level is LOG_LEVEL__COUNT, which no event reaches. */
static struct {
    struct log_options options;
    enum log_level level;
    size_t used;          /* bytes of pending */
    int64_t lost;         /* lines that were lost and not reported yet */
    int64_t reported;     /* how many of them the first pending line reports; 0: it is another line */
    bool stuck;           /* the reader has stopped: the last write did not go through */
    bool mends;           /* pending begins with the end of a line that was cut off */
    bool inside_line;     /* the last write ended in the middle of a line */
    bool to_journal;      /* each line begins with its priority */
    bool collects;        /* lines up to LOG_INFO wait for log_linger */
    struct mono_ms since; /* when the first pending line was logged, if it collects */
    char pending[PENDING_SIZE + 1]; /* lines, after the end of a broken one */
} self = {.level = LOG_LEVEL__COUNT};

struct log_field log_str(const char *key, const char *value)
{
    return log_bytes(key, value, value != NULL ? strlen(value) : 0);
}

struct log_field log_bytes(const char *key, const char *value, size_t len)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_STR, .str = value, .len = len};
}

struct log_field log_i64(const char *key, int64_t value)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_I64, .i64 = value};
}

struct log_field log_bool(const char *key, bool value)
{
    return (struct log_field){.key = key, .kind = LOG_FIELD_BOOL, .i64 = value};
}

/* True if JOURNAL_STREAM, which systemd sets for its services, names fd ("<device>:<inode>"). */
static bool is_named_as_journal(int fd)
{
    char name[48];
    struct stat stream;
    const char *journal = getenv("JOURNAL_STREAM");
    if (journal == NULL || fstat(fd, &stream) != 0) {
        return false;
    }
    (void)snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)stream.st_dev, (uintmax_t)stream.st_ino);
    return strcmp(name, journal) == 0;
}

/* True if fd is connected to the journal. Debian 12's systemd-cat does not set JOURNAL_STREAM. */
static bool is_connected_to_journal(int fd)
{
    struct sockaddr_un peer = {0};
    socklen_t len = sizeof peer - 1;
    return getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sun_family == AF_UNIX &&
           strcmp(peer.sun_path, "/run/systemd/journal/stdout") == 0;
}

static bool is_journal(int fd)
{
    return is_named_as_journal(fd) || is_connected_to_journal(fd);
}

/* The levels as syslog numbers them. */
static const char *priority(enum log_level level)
{
    static const char *const PRIORITIES[LOG_LEVEL__COUNT] = {
        [LOG_DEBUG] = "<7>",
        [LOG_INFO] = "<6>",
        [LOG_WARN] = "<4>",
        [LOG_ERROR] = "<3>",
    };
    return PRIORITIES[level];
}

void log_complain(const char *lines)
{
    const char *prefix = is_journal(STDERR_FILENO) ? priority(LOG_ERROR) : "";
    for (size_t len; *lines != '\0'; lines += len) {
        const char *end = strchr(lines, '\n');
        len = end != NULL ? (size_t)(end - lines) + 1 : strlen(lines);
        (void)fprintf(stderr, "%s%.*s", prefix, (int)len, lines);
    }
}

void log_init(const struct log_options *options)
{
    self.options = *options;
    self.to_journal = is_journal(options->fd);
    self.level = options->level;
    self.used = 0;
    self.lost = 0;
    self.reported = 0;
    self.inside_line = false;
    self.collects = false;
}

void log_collect(void)
{
    self.collects = true;
}

void log_set_level(enum log_level level)
{
    self.level = level;
}

enum log_level log_get_level(void)
{
    return self.level;
}

const char *log_level_name(enum log_level level)
{
    static const char *const NAMES[LOG_LEVEL__COUNT] = {
        [LOG_DEBUG] = "debug",
        [LOG_INFO] = "info",
        [LOG_WARN] = "warn",
        [LOG_ERROR] = "error",
    };
    return (unsigned)level < LOG_LEVEL__COUNT ? NAMES[level] : "unknown";
}

/* Append a line to the pending ones. The caller has made room. */
static void append(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
    struct log_head head = {
        .format = self.options.format,
        .colour = self.options.colour,
        .time = clock_wall(&self.options.clock),
        .level = level,
        .event = event,
        .program = self.options.program,
    };
    if (self.used == 0 && self.inside_line) {
        /* End the line that a failure cut off, so that this one starts in the first column. */
        self.pending[self.used++] = '\n';
        self.mends = true;
    }
    if (self.to_journal) {
        memcpy(self.pending + self.used, priority(level), PRIORITY_LEN);
        self.used += PRIORITY_LEN;
    }
    self.used += log_line_format(self.pending + self.used, &head, fields, count);
}

/* Report lost lines, if there are any. The report is always the first pending line, so that it
 * can be distinguished from the others if it is lost, too. */
static void append_notice(void)
{
    if (self.lost > 0 && self.used == 0) {
        struct log_field lines = log_i64("lines", self.lost);
        append(LOG_WARN, "log lines lost", &lines, 1);
        self.reported = self.lost;
        self.lost = 0;
    }
}

/* True if a write will go through at once, or after a short wait. The reader of a pipe may have stopped,
 * which must not stop us; but a burst of lines must not lose any. After a write that did not go through,
 * there is no wait until the reader reads again. */
static bool is_writable(void)
{
    struct pollfd fd = {.fd = self.options.fd, .events = POLLOUT};
    self.stuck = poll(&fd, 1, self.stuck ? 0 : PATIENCE_MS) == 0;
    return !self.stuck;
}

/* write(2), repeated if a signal interrupts it. Returns -1 with errno if it fails. */
static ssize_t write_some(const char *data, size_t len)
{
    ssize_t written;
    do {
        written = write(self.options.fd, data, len);
    } while (written < 0 && errno == EINTR);
    return written;
}

/* Note what has been written: data[0] to data[len - 1]. */
static void note_written(const char *data, size_t len)
{
    self.inside_line = data[len - 1] != '\n';
    if (memchr(data, '\n', len) != NULL) {
        self.reported = 0;
    }
}

/* Give up the lines in data, including the rest of a line that was begun. */
static void lose(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        self.lost += data[i] == '\n';
    }
    if (self.reported > 0) { /* the report was among them: what it counted is not reported yet */
        self.lost += self.reported - 1;
        self.reported = 0;
    }
}

static void write_pending(void)
{
    size_t done = 0;
    while (done < self.used) {
        /* A pipe that is ready takes this many bytes without blocking (POSIX, PIPE_BUF). */
        size_t len = self.used - done < PIPE_BUF ? self.used - done : PIPE_BUF;
        ssize_t written = is_writable() ? write_some(self.pending + done, len) : -1;
        if (written <= 0) {
            lose(self.pending + done, self.used - done);
            self.lost -= self.mends && done == 0 ? 1 : 0; /* the broken line has been counted */
            break;
        }
        note_written(self.pending + done, (size_t)written);
        done += (size_t)written;
    }
    self.used = 0;
    self.mends = false;
}

void log_flush(void)
{
    if (self.used > 0) {
        write_pending();
    }
}

void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
    if (level < self.level || (unsigned)level >= LOG_LEVEL__COUNT) {
        return;
    }
    append_notice();
    if (PENDING_SIZE - self.used < PRIORITY_LEN + LOG_LINE_MAX) {
        log_flush();
        append_notice();
    }
    if (self.collects && self.used == 0) {
        self.since = clock_mono(&self.options.clock);
    }
    append(level, event, fields, count);
    if (self.collects ? level > LOG_INFO : !self.options.buffered) {
        log_flush();
    }
}

int log_linger(void)
{
    if (self.used == 0) {
        return -1;
    }
    int64_t left = self.since.ms + LOG_LINGER_MS - clock_mono(&self.options.clock).ms;
    if (left > 0) {
        return (int)left;
    }
    write_pending();
    return -1;
}

void log_fini(void)
{
    log_flush();
    append_notice();
    log_flush();
    self.level = LOG_LEVEL__COUNT;
}
