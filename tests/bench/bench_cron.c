/* bench_cron: nanoseconds per cron_next and cron_parse, beside a naive evaluator that steps through time.
 *
 *   cc -O2 -Ilib tests/bench/bench_cron.c build/libdronc.a -o bench_cron && ./bench_cron
 *
 * Reads America/New_York from $TZDIR, tests/vectors/zoneinfo or the system. The schedules are those of the
 * speed anchors, each with its bar. Prints a table; exits 1 if a bar is missed. The median of 5 runs counts.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "cron/cron.h"
#include "zone/civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_S 1700000000 /* 2023-11-14 */
#define ROUNDS  5

struct row {
    const char *text;
    double bar_ns;  /* for cron_next with a zone */
    int step_s;     /* of the naive evaluator: what divides all its times */
    int naive_runs; /* nexts to time it with; 0: it would take minutes */
};

static const struct row rows[] = {
    {"0 * * * * *", 100, 1, 20000},  {"0 */5 * * * *", 100, 1, 5000},  {"0 0 * * * *", 100, 1, 500},
    {"0 30 2 * * *", 100, 60, 2000}, {"0 0 9 * * 1-5", 100, 60, 2000}, {"0 0 0 1 * *", 150, 60, 100},
    {"0 0 0 1 1 *", 150, 60, 10},    {"0 0 0 29 2 *", 150, 60, 3},     {"*/10 * * * * *", 100, 1, 50000},
    {"0 0 0 L * *", 150, 60, 100},   {"0 0 0 15W * *", 150, 60, 100},  {"0 0 0 * * 5#2", 150, 60, 100},
    {"0 0 0 30 2 *", 3000, 60, 0},
};

static volatile int64_t sink; /* keeps the compiler from dropping what is measured */

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(values[0]), by_value);
    return values[ROUNDS / 2];
}

static void must_parse(struct cron *c, const char *text)
{
    char zone_name[CRON_ZONE_MAX + 1];
    struct cron_error error;

    if (cron_parse(c, zone_name, text, strlen(text), &error) == CRON_OK)
        return;
    fprintf(stderr, "%s: %s\n", text, error.message);
    exit(2);
}

static double time_next(const struct cron *c, const struct zone *zone)
{
    const int count = 1000000;
    double ns[ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_ns();
        int64_t at_s = START_S;

        for (int i = 0; i < count; i++) {
            if (!cron_next(c, zone, at_s, &at_s))
                at_s = START_S;
        }
        sink = at_s;
        ns[round] = (now_ns() - start) / count;
    }
    return median(ns);
}

static double time_parse(const char *text)
{
    const int count = 200000;
    double ns[ROUNDS];
    struct cron c;

    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_ns();

        for (int i = 0; i < count; i++) {
            must_parse(&c, text);
            sink = c.month;
        }
        ns[round] = (now_ns() - start) / count;
    }
    return median(ns);
}

/* The naive evaluator: the schedule as the simplest expansion, asked at every step. */
struct naive {
    bool second[60], minute[60], hour[24], dom[32], month[13], dow[7];
    bool either;
};

static void naive_field(bool *values, const char *text, int low, int high)
{
    int first = low;
    int last = high;
    int step = 1;

    if (text[0] != '*') {
        first = last = atoi(text);
        if (strchr(text, '-'))
            last = atoi(strchr(text, '-') + 1);
    }
    if (strchr(text, '/'))
        step = atoi(strchr(text, '/') + 1);
    for (int value = first; value <= last; value += step)
        values[value] = true;
}

static void naive_parse(struct naive *n, const char *text)
{
    char field[6][16];

    memset(n, 0, sizeof(*n));
    if (sscanf(text, "%15s %15s %15s %15s %15s %15s", field[0], field[1], field[2], field[3], field[4],
               field[5]) != 6)
        exit(2);
    naive_field(n->second, field[0], 0, 59);
    naive_field(n->minute, field[1], 0, 59);
    naive_field(n->hour, field[2], 0, 23);
    naive_field(n->dom, field[3], 1, 31);
    naive_field(n->month, field[4], 1, 12);
    naive_field(n->dow, field[5], 0, 6);
    n->either = field[3][0] != '*' && field[5][0] != '*';
}

static bool naive_matches(const struct naive *n, int64_t local_s)
{
    const int64_t day = civil_floor_div(local_s, CIVIL_DAY_S);
    const unsigned time = (unsigned)(local_s - day * CIVIL_DAY_S);

    if (!n->second[time % 60] || !n->minute[time / 60 % 60] || !n->hour[time / 3600])
        return false;
    const struct civil_date date = civil_date_of(day);
    const bool dom = n->dom[date.day];
    const bool dow = n->dow[civil_weekday(day)];

    return n->month[date.month] && (n->either ? dom || dow : dom && dow);
}

static double time_naive(const struct row *row, const struct zone *zone)
{
    struct naive n;
    int64_t at_s = START_S;
    const double start = now_ns();

    if (row->naive_runs == 0 || strpbrk(row->text, "LW#"))
        return 0;
    naive_parse(&n, row->text);
    for (int i = 0; i < row->naive_runs; i++) {
        do {
            at_s += row->step_s - at_s % row->step_s;
        } while (!naive_matches(&n, at_s + zone_offset_at(zone, at_s)));
    }
    sink = at_s;
    return (now_ns() - start) / row->naive_runs;
}

static struct zone *load_new_york(void)
{
    const char *const dirs[] = {getenv("TZDIR"), "tests/vectors/zoneinfo", NULL};
    struct zone *zone = NULL;

    for (size_t i = 0; i < 3; i++) {
        if ((dirs[i] || i == 2) && zone_load(&zone, dirs[i], "America/New_York") == ZONE_OK)
            return zone;
    }
    fprintf(stderr, "no zone America/New_York\n");
    exit(2);
}

static bool bench_row(const struct row *row, const struct zone *zone)
{
    struct cron c;
    char naive[32] = "-";

    must_parse(&c, row->text);
    const double utc_ns = time_next(&c, NULL);
    const double zone_ns = time_next(&c, zone);
    const double parse_ns = time_parse(row->text);
    const double naive_ns = time_naive(row, zone);
    const double parse_bar_ns = cron_never(&c) ? 3000 : 1000;
    const bool good = zone_ns <= row->bar_ns && parse_ns <= parse_bar_ns;

    if (naive_ns > 0)
        snprintf(naive, sizeof(naive), "%.0f", naive_ns);
    printf("%-16s %8.1f %8.1f %8.0f %10.1f %14s  %s\n", row->text, utc_ns, zone_ns, row->bar_ns, parse_ns,
           naive, good ? "" : "MISSED");
    return good;
}

int main(void)
{
    struct zone *const zone = load_new_york();
    bool good = true;

    printf("ns per call; zone: America/New_York; sizeof(struct cron) = %zu\n", sizeof(struct cron));
    printf("%-16s %8s %8s %8s %10s %14s\n", "schedule", "UTC", "zone", "bar", "parse", "naive, zone");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        good &= bench_row(&rows[i], zone);
    zone_free(zone);
    return good ? 0 : 1;
}
