/* log_capture: what is logged goes into memory, for tests of what a log line says. */
#ifndef DRONC_LOG_CAPTURE_H
#define DRONC_LOG_CAPTURE_H

#include "base/log.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct log_capture {
    int fd;
    char text[65536];
};

static inline void log_capture_begin(struct log_capture *capture, enum log_level level)
{
    capture->fd = memfd_create("log", 0);
    log_init(&(struct log_options){
        .fd = capture->fd, .level = level, .format = LOG_JSON, .clock = clock_system()});
}

/* Everything that was logged so far. */
static inline const char *log_capture_text(struct log_capture *capture)
{
    ssize_t len = pread(capture->fd, capture->text, sizeof capture->text - 1, 0);
    capture->text[len > 0 ? len : 0] = '\0';
    return capture->text;
}

static inline size_t log_capture_lines(struct log_capture *capture)
{
    size_t lines = 0;
    for (const char *p = log_capture_text(capture); (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    return lines;
}

static inline void log_capture_end(struct log_capture *capture)
{
    log_fini();
    close(capture->fd);
}

#endif
