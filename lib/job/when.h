/* when: the instants at which a job is called: its schedule, and what narrows or moves that.
 *
 * Owns the schedules that are one instant (`@at 2027-01-31T09:00:00+01:00`, `@in 15m`), the fields
 * `starts_at`, `ends_at` and `jitter_ms`, and what all of them do to the instants that cron finds:
 *
 *     starts_at  instants before it are none. @every counts from it, and has its first instant there; without
 *                it, from when the job was created
 *     jitter_ms  all instants are later by the same offset, which follows from the job's id: from 0 to
 *                jitter_ms, and less than the shortest distance between two neighbours among the first 65
 *                instants of the schedule after 2001 began (@every: than its interval)
 *     ends_at    instants after it, offset included, are none
 *
 * Both ends of the window belong to it. No instant is later than the year 2199, offset included: that is as
 * far as they can be told and asked for. Life cycle: none; plain data without pointers. Pure; any thread.
 */
#ifndef DRONC_WHEN_H
#define DRONC_WHEN_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "cron/cron.h"
#include "job/job_fields.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

struct when {
    struct cron cron;      /* the schedule; of one instant: nothing */
    struct wall_ms once;   /* the one instant; 0: there is a schedule */
    struct wall_ms starts; /* 0: nothing is said */
    struct wall_ms ends;   /* INT64_MAX: nothing is said */
    int64_t first_s; /* @every: its first instant, without the offset; -1: from one instant to the next */
    int64_t jitter_ms;
    int64_t offset_ms;                    /* how much later than the schedule says */
    char starts_text[CLOCK_RFC3339_SIZE]; /* as they are told: in UTC; "": nothing is said */
    char ends_text[CLOCK_RFC3339_SIZE];
};

#define WHEN_PRINT_MAX    CRON_PRINT_MAX /* buffers that always suffice */
#define WHEN_DESCRIBE_MAX CRON_DESCRIBE_MAX

/* Is a schedule (without blanks around it) one instant, by how it begins? */
bool when_is_once(struct slice schedule);
/* Read such a one; @in counts from now, and is rounded up to a whole second. ERR_INVALID: info says what is
 * wrong with it. What is over is fine. */
NODISCARD enum err when_read_once(struct when *out, struct slice schedule, struct wall_ms now,
                                  struct errinfo *info);

/* Read the other fields; numbers have been held to the table's limits. The schedule must have been read: by
 * when_read_once, or cron_parse into out->cron. ERR_INVALID: *field (static) is at fault, info says why. */
NODISCARD enum err when_read(struct when *out, const struct job_fields *fields, struct wall_ms created,
                             const char **field, struct errinfo *info);

/* Choose the offset: the same for the same seed. To be called after when_read. */
void when_shift(struct when *when, const struct zone *zone, struct wall_ms created, uint64_t seed);

/* The other way: fill the fields, all but schedule; those at their default are left absent. Texts are
 * borrowed. */
void when_describe(const struct when *when, struct job_fields *fields);
/* Append the same in one canonical form; nothing where all is at its default. */
void when_print(const struct when *when, struct buffer *out);
/* The schedule in its one canonical form ("@at 2027-01-31T08:00:00Z"; else as cron_print), and in English.
 * Buffer and result as in cron_print. */
size_t when_print_schedule(const struct when *when, char *buf, size_t size);
size_t when_describe_schedule(const struct when *when, char *buf, size_t size);

/* Does @every know its first instant? Else its instants are found from one to the next only. */
bool when_is_anchored(const struct when *when);

/* The first instant later than `after`. For @every that is not anchored, `after` must be one of its instants,
 * or the one that it counts from. how (may be NULL): as in cron_next_info. False: there is none. */
NODISCARD bool when_next(const struct when *when, const struct zone *zone, struct wall_ms after,
                         struct wall_ms *next, enum cron_how *how);
/* How many instants are later than `after` and not later than until; cheap, however many. */
int64_t when_count(const struct when *when, const struct zone *zone, struct wall_ms after,
                   struct wall_ms until);
/* Of those the one with nth - 1 later ones. False: there are fewer. */
NODISCARD bool when_nth_last(const struct when *when, const struct zone *zone, struct wall_ms after,
                             struct wall_ms until, int64_t nth, struct wall_ms *at);

#endif
