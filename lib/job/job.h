/* job: what a user scheduled, its identity, and when it is due next.
 *
 * A job is built from an API request (job_build), or read back from Redis (job_restore). Both check
 * everything, because neither source is trusted. Its identity is a SHA-256 over the canonical definition:
 * two requests of equal meaning (another spelling of the schedule, a host in capitals, a default port) are
 * the same job. Jobs of the same name are the same job, whatever else their definitions say.
 *
 * A job must not move in memory once it is built. Pure, except that zone files are read through `zones`. Not
 * thread-safe with respect to zones.
 */
#ifndef DRONC_JOB_H
#define DRONC_JOB_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "job/call_options.h"
#include "job/catch_up.h"
#include "job/job_fault.h"
#include "job/job_fields.h"
#include "job/job_type.h"
#include "job/labels.h"
#include "job/retry.h"
#include "job/stateful.h"
#include "job/success.h"
#include "job/when.h"
#include "text/url.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

#define JOB_SCHEDULE_MAX CRON_TEXT_MAX /* bytes */
#define JOB_ID_SIZE      32            /* bytes: the id in Redis */
#define JOB_ID_TEXT_LEN  69            /* "capi:" and 64 hex digits: the id in the API */
#define JOB_ID_TEXT_SIZE (JOB_ID_TEXT_LEN + 1)
#define JOB_ID_HEX_SIZE  (2 * JOB_ID_SIZE + 1) /* of the hex digits alone, with their NUL */

struct job_id {
    uint8_t bytes[JOB_ID_SIZE];
};

struct job {
    struct job_id id;
    enum job_type type;
    struct wall_ms created;              /* when it was first stored; @every counts from here */
    struct when when;                    /* the parsed schedule, and what narrows it */
    struct catch_up catch_up;            /* which late occurrences are still called */
    struct call_options call;            /* what the call is, besides api */
    struct success success;              /* which answers to it count as success */
    struct retry retry;                  /* what happens after the others */
    struct labels labels;                /* what people wrote on it */
    struct stateful stateful;            /* what it remembers from one occurrence to the next */
    const struct zone *zone;             /* borrowed from the registry it was built with; never NULL */
    struct url url;                      /* the parts of api: views into it */
    char schedule[JOB_SCHEDULE_MAX + 1]; /* as given, trimmed; @in becomes the @at that it stands for */
    char api[URL_MAX + 1];               /* as given; its query may hold templates (template.h) */
};

/* Build a job as of now from what a user sent; end it with job_fini. Returns false if the definition is
 * wrong; then fault (must not be NULL) has the mistake, and there is nothing to end. A schedule whose last
 * instant is over is fine here: job_next reports it. zones is borrowed for as long as the job lives. */
NODISCARD bool job_build(struct job *out, const struct job_fields *fields, struct wall_ms now,
                         struct zones *zones, struct job_fault *fault);

/* The part of job_build that is about time, for a look at a schedule: reads schedule and timezone only, fills
 * when, zone, schedule and created, and leaves nothing to end. A schedule that has no future instant is fine;
 * one that never fires is not. Returns as job_build does. */
NODISCARD bool job_build_schedule(struct job *out, const struct job_fields *fields, struct wall_ms now,
                                  struct zones *zones, struct job_fault *fault);

/* A job as Redis holds it: its definition, the id that it is stored under, and when it was first stored. */
struct job_stored {
    const struct job_id *id;         /* borrowed */
    const struct job_fields *fields; /* borrowed; not validated */
    struct wall_ms created;
};

/* Build a job from what Redis holds: as job_build, but with the stored id and creation time; the id is not
 * computed again. ERR_PROTOCOL with info if the stored text is not a job, ERR_NOMEM; then there is nothing to
 * end. */
NODISCARD enum err job_restore(struct job *out, const struct job_stored *stored, struct zones *zones,
                               struct errinfo *info);

/* Free what a job owns. It must not be used after that. A zero-initialised job may be ended, too. */
void job_fini(struct job *job);

/* The id that a job with this definition gets when it is created. A job that was changed since keeps its own.
 */
NODISCARD enum err job_identify(const struct job *job, struct job_id *out);

/* Give a job the id that it is stored under, if job_build computed another one. */
void job_set_id(struct job *job, const struct job_id *id);

/* The inverse: fill the fields that job_restore needs besides id and created. Fields at their default stay
 * absent; so does the time zone UTC, unless the schedule's prefix names another. Texts are borrowed from job.
 */
void job_describe(const struct job *job, struct job_fields *out);

/* The first instant after `after` at which job is due. Returns false if it is never due again. For @every,
 * `after` must be an instant of the schedule or the creation time. Pure. */
NODISCARD bool job_next(const struct job *job, struct wall_ms after, struct wall_ms *next);

/* The number of instants of job in range; cheap, however many. For @every, range.after is as `after` of
 * job_next. Pure. */
int64_t job_count(const struct job *job, struct when_range range);

/* Of those, the one with nth - 1 later ones: 1 is the last of them. Returns false if there are fewer.
 * Pure. */
NODISCARD bool job_nth_last(const struct job *job, struct when_range range, int64_t nth, struct wall_ms *at);

/* "capi:<64 hex digits>" and back. Upper-case digits are not ids. */
void job_id_format(char out[JOB_ID_TEXT_SIZE], const struct job_id *id);
NODISCARD bool job_id_parse(struct job_id *out, struct slice text);
/* The hex digits alone. */
void job_id_format_hex(char out[JOB_ID_HEX_SIZE], const struct job_id *id);
NODISCARD bool job_id_parse_hex(struct job_id *out, struct slice hex);

#endif
