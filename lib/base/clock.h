/* clock: the two kinds of time, which must never be mixed.
 *
 * A `struct wall_ms` is an instant: UTC, milliseconds since the epoch; due times, records and everything in
 * Redis are of this kind. A `struct mono_ms` counts milliseconds since boot, sleep included (CLOCK_BOOTTIME),
 * and never steps: time-outs and intervals are of this kind. No other module asks the system for the time.
 *
 * The clock is a value, so that a test can pass one that stands still. Any thread.
 */
#ifndef DRONC_CLOCK_H
#define DRONC_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct wall_ms {
    int64_t ms; /* since 1970-01-01T00:00:00Z; leap seconds do not count (POSIX time) */
};

struct mono_ms {
    int64_t ms; /* since boot */
};

/* Where time comes from. Start with clock_system(), or set wall and mono; zero-initialised is not a clock. */
struct clock {
    struct wall_ms (*wall)(void *arg);
    struct mono_ms (*mono)(void *arg);
    int64_t (*mono_us)(void *arg); /* the same clock in microseconds; NULL: made of mono's milliseconds */
    void *arg;                     /* borrowed; passed to all three */
};

/* The machine's own clock. */
struct clock clock_system(void);

/* Now, by this clock. */
struct wall_ms clock_wall(const struct clock *clock);
struct mono_ms clock_mono(const struct clock *clock);
/* Microseconds since boot, for comparing clocks with each other. */
int64_t clock_mono_us(const struct clock *clock);

/* A buffer that always suffices for clock_format_rfc3339, NUL included. */
#define CLOCK_RFC3339_SIZE 32

/* Write an instant as RFC 3339 in UTC: "2026-03-08T07:00:00Z", with ".123" only if the milliseconds are not
 * zero. An instant outside the years 0 to 9999 is written as the nearest one inside. Returns the length. */
size_t clock_format_rfc3339(char out[CLOCK_RFC3339_SIZE], struct wall_ms at);
/* The same, always with the milliseconds ("….000Z"), so that a column of them stays aligned. */
size_t clock_format_rfc3339_ms(char out[CLOCK_RFC3339_SIZE], struct wall_ms at);

#endif
