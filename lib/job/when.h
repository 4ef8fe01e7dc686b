/* when: the instants at which a job is due: its schedule, and the fields that narrow or shift it.
 *
 * Owns the schedules that are one instant (`@at 2027-01-31T09:00:00+01:00`, `@in 15m`), and a group of
 * fields (group.h): `starts_at`, `ends_at`, `jitter_ms`. They change the instants that cron finds:
 *
 *     starts_at  drops instants before it. @every counts from it, and has its first instant there; without
 *                it, @every counts from the job's creation
 *     jitter_ms  makes all instants later by one offset, which follows from the job's id: from 0 to
 *                jitter_ms, and less than the shortest distance between two neighbours among the first 65
 *                instants of the schedule after the beginning of 2001 (@every: than its interval)
 *     ends_at    drops instants that are later than it, offset included
 *
 * An instant at either end of the window belongs to it. No instant is later than the year 2199, offset
 * included: later years can be neither shown nor asked for.
 *
 * Life cycle: none; plain data without pointers. Pure; any thread.
 */
#ifndef DRONC_WHEN_H
#define DRONC_WHEN_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "cron/cron.h"
#include "job/job_fault.h"
#include "job/job_fields.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

struct when {
    struct cron cron;      /* the schedule; unused if it is one instant */
    struct wall_ms once;   /* the one instant; 0: there is a schedule */
    struct wall_ms starts; /* 0: no limit */
    struct wall_ms ends;   /* INT64_MAX: no limit */
    int64_t first_s;       /* @every: its first instant, without the offset; -1: unknown (not anchored) */
    int64_t jitter_ms;
    int64_t offset_ms;                    /* how much later than the schedule's instants */
    char starts_text[CLOCK_RFC3339_SIZE]; /* starts and ends in UTC, as the API shows them; "": no limit */
    char ends_text[CLOCK_RFC3339_SIZE];
};

#define WHEN_PRINT_MAX    CRON_PRINT_MAX /* buffers that always suffice */
#define WHEN_DESCRIBE_MAX CRON_DESCRIBE_MAX

/* True if the text starts with @at or @in. No spaces around it. */
bool when_is_once(struct slice schedule);

/* Read such a schedule. @in counts from now, and is rounded up to a whole second. ERR_INVALID: info has the
 * mistake. An instant in the past is fine. */
NODISCARD enum err when_read_once(struct when *out, struct slice schedule, struct wall_ms now,
                                  struct errinfo *info);

/* See group.h. They leave the schedule alone; when_read needs it to be there: out->once from when_read_once,
 * or out->cron. Instants are right only after when_shift. */
NODISCARD bool when_read(struct when *out, const struct job_fields *fields, struct job_fault *fault);
void when_describe(const struct when *when, struct job_fields *fields);
void when_print(const struct when *when, struct buffer *out);
void when_fini(struct when *when);

/* Choose the offset, the same one for the same seed, and anchor @every if a field asks for it. */
void when_shift(struct when *when, const struct zone *zone, struct wall_ms created, uint64_t seed);

/* The schedule in its one canonical form ("@at 2027-01-31T08:00:00Z"; else as cron_print), and in English.
 * Buffer and result as in cron_print. */
size_t when_print_schedule(const struct when *when, char *buf, size_t size);
size_t when_describe_schedule(const struct when *when, char *buf, size_t size);

/* True for an @every whose first instant is known. Without it, instants are found only from one to the
 * next. */
bool when_is_anchored(const struct when *when);

/* The first instant later than `after`. Returns false if there is none. For @every that is not anchored,
 * `after` must be one of its instants, or the one that it counts from. how (may be NULL): as in
 * cron_next_info. */
NODISCARD bool when_next(const struct when *when, const struct zone *zone, struct wall_ms after,
                         struct wall_ms *next, enum cron_how *how);

/* The instants later than `after` and not later than until. */
struct when_range {
    struct wall_ms after, until;
};
/* The number of instants in range; cheap, however many. */
int64_t when_count(const struct when *when, const struct zone *zone, struct when_range range);
/* The instant in range with nth - 1 later ones. Returns false if there are fewer. */
NODISCARD bool when_nth_last(const struct when *when, const struct zone *zone, struct when_range range,
                             int64_t nth, struct wall_ms *at);

#endif
