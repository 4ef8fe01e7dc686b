/* retry: a job's rule for failed attempts: how often they are retried, and after which backoff.
 *
 * A group of fields (group.h): `retry`, `retry_unsent`, `retry_client_errors`. The runner's policy
 * (runner/run/policy.h) applies the rule to a failure. The default is
 *
 *     {"max_attempts": 6, "min_backoff_ms": 1000, "max_backoff_ms": 30000, "multiplier": 2, "jitter": "full"}
 *
 * with no "max_duration_ms". Each member may be left out.
 *
 * Life cycle: retry_read makes a rule, retry_fini frees its memory. Pure; any thread.
 */
#ifndef DRONC_RETRY_H
#define DRONC_RETRY_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_ATTEMPTS         6 /* default; likewise the next three */
#define RETRY_BACKOFF_MIN_MS   1000
#define RETRY_BACKOFF_MAX_MS   30000 /* or min_backoff_ms, if that is more */
#define RETRY_MULTIPLIER_MILLI 2000
#define RETRY_ATTEMPTS_MAX     100
#define RETRY_BACKOFF_LIMIT_MS 86400000            /* a day: of both backoffs */
#define RETRY_DURATION_MAX_MS  INT64_C(2592000000) /* 30 days */

struct retry {
    int max_attempts; /* the first one included */
    int64_t min_backoff_ms;
    int64_t max_backoff_ms;  /* at least min_backoff_ms */
    int multiplier_milli;    /* 1000 to 10000: thousandths */
    bool jitter;             /* true: the wait is random, from 0 to the backoff; false: it is the backoff */
    int64_t max_duration_ms; /* from the occurrence's instant to the start of the last attempt; 0: no limit */
    bool unsent;             /* ATMOST_ONCE: retry what provably was not sent */
    bool client_errors;      /* ATLEAST_ONCE: retry after 4xx and 501, too */
    struct slice text;       /* the field as JSON; data NULL: at its default */
    char *memory;            /* owned: what text points into */
};

/* See group.h. */
NODISCARD bool retry_read(struct retry *out, const struct job_fields *fields, struct job_fault *fault);
void retry_describe(const struct retry *rule, struct job_fields *fields);
void retry_print(const struct retry *rule, struct buffer *out);
void retry_fini(struct retry *rule);

/* A sentence that warns of a rule without effect in a job of that type; NULL if it has one. Static. */
const char *retry_warning(const struct retry *rule, bool at_least_once);

#endif
