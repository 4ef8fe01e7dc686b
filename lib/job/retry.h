/* retry: a job's rule for attempts that failed: how often they are made again, and how long to wait for that.
 *
 * Owns the fields `retry`, `retry_unsent` and `retry_client_errors`, the limits of what is in them, and what
 * holds where they are absent. What the rule means for a failure is decided by the runner's policy
 * (runner/run/policy.h).
 *
 *     {"max_attempts": 6, "min_backoff_ms": 1000, "max_backoff_ms": 30000, "multiplier": 2, "jitter": "full"}
 *
 * is the default; "max_duration_ms" may stand there, too. Each member may be left out.
 *
 * Life cycle: retry_read makes a rule, retry_fini gives its memory back. Pure; any thread.
 */
#ifndef DRONC_RETRY_H
#define DRONC_RETRY_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_ATTEMPTS         6 /* default; likewise the next four */
#define RETRY_BACKOFF_MIN_MS   1000
#define RETRY_BACKOFF_MAX_MS   30000 /* or min_backoff_ms, if that is more */
#define RETRY_MULTIPLIER_MILLI 2000
#define RETRY_ATTEMPTS_MAX     100
#define RETRY_BACKOFF_LIMIT_MS 86400000            /* a day: of both backoffs */
#define RETRY_DURATION_MAX_MS  INT64_C(2592000000) /* 30 days */

struct retry {
    int max_attempts; /* the first one counts */
    int64_t min_backoff_ms;
    int64_t max_backoff_ms;  /* at least min_backoff_ms */
    int multiplier_milli;    /* 1000 to 10000: thousandths */
    bool jitter;             /* waits are drawn from 0 to the backoff, else they are the backoff */
    int64_t max_duration_ms; /* from the occurrence's instant to the last attempt's begin; 0: no matter */
    bool unsent;             /* at most once: try again what provably was not sent */
    bool client_errors;      /* at least once: try again after 4xx and 501, too */
    struct slice text;       /* the field as JSON; data NULL: at its default */
    char *memory;            /* owned: what text points into */
};

/* What the fields say. ERR_INVALID: info says why; it is `retry` that is at fault. ERR_NOMEM. On failure
 * there is nothing to free. */
NODISCARD enum err retry_read(struct retry *out, const struct job_fields *fields, struct errinfo *info);
/* It must not be used after that; a zero-initialised one may be ended, too. */
void retry_fini(struct retry *rule);

/* The other way: fill the fields that are not at their default. Borrowed from rule. */
void retry_describe(const struct retry *rule, struct job_fields *fields);

/* Append the rule in one canonical form; nothing for the default one. */
void retry_print(const struct retry *rule, struct buffer *out);

/* A sentence about a rule that does nothing in a job of that type; NULL: it does something. Static. */
const char *retry_warning(const struct retry *rule, bool at_least_once);

#endif
