/* job: what a user asked for, its limits, its identity, and when it is due next.
 *
 * A job is built from text (job_build, from an API request) or read back from Redis (job_restore); both check
 * everything, because neither source is trusted. Its identity is a SHA-256 over the canonical definition: two
 * requests that mean the same (another spelling of the schedule, a host in capitals, a default port) are the
 * same job. A job with a name is the same job as any other of that name, whatever else they say. A job must
 * not move in memory once it is built. Pure but for the zone files read through `zones`. Not thread-safe with
 * respect to zones.
 */
#ifndef DRONC_JOB_H
#define DRONC_JOB_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"
#include "job/call_spec.h"
#include "job/catch_up.h"
#include "job/job_fields.h"
#include "job/labels.h"
#include "job/retry.h"
#include "job/success.h"
#include "job/watch.h"
#include "job/when.h"
#include "text/url.h"
#include "zone/zone.h"

#include <stdbool.h>
#include <stdint.h>

#define JOB_SCHEDULE_MAX CRON_TEXT_MAX /* bytes */
#define JOB_ID_SIZE      32            /* bytes: how Redis knows it */
#define JOB_ID_TEXT_LEN  69            /* "capi:" and 64 hex digits: how the world knows it */
#define JOB_ID_TEXT_SIZE (JOB_ID_TEXT_LEN + 1)
#define JOB_ID_HEX_SIZE  (2 * JOB_ID_SIZE + 1) /* of the hex digits alone, with their NUL */

struct job_id {
    uint8_t bytes[JOB_ID_SIZE];
};

enum job_type {
    JOB_ATMOST_ONCE,  /* no occurrence is ever sent twice */
    JOB_ATLEAST_ONCE, /* every occurrence is attempted until it succeeds or its retries are spent */
    JOB_TYPE__COUNT
};

struct job {
    struct job_id id;
    enum job_type type;
    struct wall_ms created;              /* when the first POST of it was taken; @every counts from here */
    struct when when;                    /* schedule, parsed, and what narrows it */
    struct catch_up catch_up;            /* which late occurrences are still called */
    struct call_spec call;               /* what the call is, besides api */
    struct success success;              /* which answers to it are good ones */
    struct retry retry;                  /* what becomes of the others */
    struct labels labels;                /* what people wrote on it */
    struct watch watch;                  /* what is remembered from one occurrence to the next */
    const struct zone *zone;             /* borrowed from the registry it was built with; never NULL */
    struct url url;                      /* the parts of api: views into it */
    char schedule[JOB_SCHEDULE_MAX + 1]; /* as given, trimmed; of @in the @at that it stands for */
    char api[URL_MAX + 1];               /* as given; its query may hold templates (template.h) */
};

/* The three kinds of mistakes that the API tells apart (docs/api.md). */
enum job_fault_code {
    JOB_FAULT_NONE = 0,
    JOB_FAULT_INVALID_REQUEST,  /* missing or empty */
    JOB_FAULT_VALIDATION_ERROR, /* not a URL (or too long for one), an unknown type, a time zone that does not
                                   exist or is another one than the schedule's prefix says, or a value that
                                   one of the other fields cannot have */
    JOB_FAULT_CREATION_FAILED,  /* a schedule that does not parse or never fires, or a scheme other than http
                                   and https */
    JOB_FAULT_SYSTEM            /* nothing wrong with the input: out of memory, or no default time zone */
};

struct job_fault {
    enum job_fault_code code;
    const char *field; /* a name of job_fields' table; static. NULL: none of them */
    int64_t offset;    /* of the offending text in the field, in bytes from 0; -1: not known */
    char text[512];    /* for a person */
};

/* Build a job as of now from what a user sent; end it with job_fini. False: fault (must not be NULL) says
 * what is wrong; out is then not to be used, and there is nothing to end. A schedule that has fired for the
 * last time before now is fine here: job_next says so. zones is borrowed for as long as the job lives. */
NODISCARD bool job_build(struct job *out, const struct job_fields *fields, struct wall_ms now,
                         struct zones *zones, struct job_fault *fault);

/* The part of job_build that is about time, for a look at a schedule: reads schedule and timezone only, fills
 * when, zone, schedule and created, and leaves nothing to end. A schedule that does not fire any more is
 * fine; one that never fires is not. False: as job_build. */
NODISCARD bool job_build_schedule(struct job *out, const struct job_fields *fields, struct wall_ms now,
                                  struct zones *zones, struct job_fault *fault);

/* Build a job from what Redis holds: as job_build, but with the id and creation time given, and the id is not
 * computed again. ERR_PROTOCOL with info where the stored text is not a job, ERR_NOMEM: there is nothing to
 * end then. */
NODISCARD enum err job_restore(struct job *out, const struct job_id *id, const struct job_fields *fields,
                               struct wall_ms created, struct zones *zones, struct errinfo *info);

/* Give back what a job owns. It must not be used after that; a zero-initialised one may be ended, too. */
void job_fini(struct job *job);

/* The id that a job with this definition is given when it is made. A job that was changed since keeps its
 * own. */
NODISCARD enum err job_identify(const struct job *job, struct job_id *out);

/* Give a job the id that it is stored under, where that is not the one that job_build has made. */
void job_set_id(struct job *job, const struct job_id *id);

/* The other way: the fields that job_restore needs to make job again, besides id and created; what is at its
 * default is absent (UTC is the time zone's, but where the schedule's prefix names another). Texts are
 * borrowed from job. */
void job_describe(const struct job *job, struct job_fields *out);

/* The first instant after `after` at which job is due. False: it is never due again. For @every, `after` must
 * be an instant of the schedule or the creation time. Pure. */
NODISCARD bool job_next(const struct job *job, struct wall_ms after, struct wall_ms *next);

/* How many instants of job are later than `after` and not later than until; cheap, however many. For @every
 * as in job_next. Pure. */
int64_t job_count(const struct job *job, struct wall_ms after, struct wall_ms until);

/* Of those the one with nth - 1 later ones: 1 is the last of them. False: there are fewer. Pure. */
NODISCARD bool job_nth_last(const struct job *job, struct wall_ms after, struct wall_ms until, int64_t nth,
                            struct wall_ms *at);

/* "ATMOST_ONCE" or "ATLEAST_ONCE". */
const char *job_type_name(enum job_type type);
/* False: not the name of a type (case counts). */
NODISCARD bool job_type_parse(enum job_type *out, struct slice name);

/* "capi:<64 hex digits>" and back. Upper-case digits are not ids. */
void job_id_format(char out[JOB_ID_TEXT_SIZE], const struct job_id *id);
NODISCARD bool job_id_parse(struct job_id *out, struct slice text);
/* The hex digits alone. */
void job_id_format_hex(char out[JOB_ID_HEX_SIZE], const struct job_id *id);
NODISCARD bool job_id_parse_hex(struct job_id *out, struct slice hex);

#endif
