/* log: one line per event, for a person at a terminal or for a machine.
 *
 * A line has a level, an event (a short constant text, "call succeeded") and fields (key, value). As JSON it
 * is one object {"time","level","event","program",…fields}; as text it is aligned columns, in colour if asked
 * for. Every value is escaped, so that hostile input can neither start a new line nor send a control
 * sequence. A line has at most LOG_LINE_MAX bytes. The JSON stays well-formed: values are cut, not the line;
 * a last field, left_out, counts the fields that find no room.
 *
 * log_flush writes the lines collected so far (the runner flushes once per loop turn); with `buffered` off,
 * each line is written at once, unless log_collect says otherwise (a handler under load: a write for each line
 * is a tenth of what a request costs). Main thread only. Nothing is logged before log_init.
 *
 * If the descriptor is systemd's journal, each line begins with its level as the journal reads it ("<4>" is a
 * warning), so that `journalctl -p warning` shows the right lines.
 */
#ifndef DRONC_LOG_H
#define DRONC_LOG_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX  4096 /* bytes, the newline included */
#define LOG_VALUE_MAX 1024 /* bytes of one value after escaping; longer ones end in "…" */

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
    LOG_LEVEL__COUNT
};

enum log_format {
    LOG_TEXT, /* 2026-03-08 07:00:00.012 INFO  call succeeded   job=… lateness_ms=1 … */
    LOG_JSON
};

struct log_options {
    int fd; /* where lines go; borrowed */
    enum log_level level;
    enum log_format format;
    bool colour;         /* text only */
    bool buffered;       /* collect lines until log_flush or 64 KiB */
    struct clock clock;  /* its wall time stamps the lines */
    const char *program; /* borrowed for ever: "dronc-runner"; in JSON lines; NULL: left out */
};

/* One field of a line, made by one of the functions below. */
struct log_field {
    const char *key; /* a constant in lower case with underscores; not escaped */
    enum {
        LOG_FIELD_STR,
        LOG_FIELD_I64,
        LOG_FIELD_BOOL
    } kind;
    const char *str; /* borrowed during the call; NULL leaves the field out */
    size_t len;
    int64_t i64;
};

struct log_field log_str(const char *key, const char *value);
struct log_field log_bytes(const char *key, const char *value, size_t len);
struct log_field log_i64(const char *key, int64_t value);
struct log_field log_bool(const char *key, bool value);

/* Start logging. main calls it once; a test may call it again after log_fini. */
void log_init(const struct log_options *options);
/* Flush, report how many lines were lost, if any, and log nothing from here on. */
void log_fini(void);
/* Set or get the level at run time. Before log_init it is LOG_LEVEL__COUNT, which no event reaches. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* "debug", "info", "warn", "error"; "unknown" for any other value. Static storage. */
const char *log_level_name(enum log_level level);

/* Report without a log, before log_init or after log_fini: write lines (one or more, each with its newline)
 * to standard error. The journal gets them as errors. */
void log_complain(const char *lines);

/* Write one line. Use the macros: log_info("job stored", log_str("job", id), log_i64("next", ms)); */
void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t count);
/* Write the collected lines. A write that fails loses them (a full disk must not stop the runner); a line
 * before the next one reports how many were lost. Interrupted and partial writes are continued; a descriptor
 * that would block counts as failed. */
void log_flush(void);

/* From now on, collect lines up to LOG_INFO until they have waited for LOG_LINGER_MS. A warning or an error is
 * written at once, after what waits. */
#define LOG_LINGER_MS 20
void log_collect(void);
/* Write what has waited long enough. Returns the ms until the rest has; -1: nothing waits. */
int log_linger(void);

#define LOG_FIELDS_(...) ((const struct log_field[]){__VA_ARGS__})
#define LOG_AT_(level, event, ...)                                                     \
    ((level) < log_get_level() ? (void)0                                               \
                               : log_event((level), (event), LOG_FIELDS_(__VA_ARGS__), \
                                           sizeof LOG_FIELDS_(__VA_ARGS__) / sizeof(struct log_field)))
/* At least one field each. */
#define log_debug(event, ...) LOG_AT_(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...)  LOG_AT_(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...)  LOG_AT_(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_AT_(LOG_ERROR, event, __VA_ARGS__)

#endif
