/* query: the parameters of a query that resources have in common, read in one way.
 *
 * Each function returns false if its parameter is malformed; error (400) then names it. If the parameter is
 * absent, what the caller has set stays. Leaves to route which parameters a path has. Pure.
 */
#ifndef DRONC_QUERY_H
#define DRONC_QUERY_H

#include "base/clock.h"
#include "http/api_error.h"
#include "http/request.h"
#include "job/job.h"

#include <stdbool.h>

#define QUERY_LIMIT_DEFAULT 50
#define QUERY_LIMIT_MAX     200 /* a larger limit means this */

struct query_range {
    int64_t min;
    int64_t max; /* INT64_MAX: no limit; a larger number becomes INT64_MAX */
};

/* A whole number, however it is written (20, 20.0, 2e1). */
NODISCARD bool query_whole(const struct request *req, const char *name, struct query_range range,
                           int64_t *value, struct api_error *error);

/* "limit", the most items in a page: 1 to QUERY_LIMIT_MAX. Sets QUERY_LIMIT_DEFAULT if it is absent. */
NODISCARD bool query_limit(const struct request *req, int *limit, struct api_error *error);

/* "job_id". *given: it is present. */
NODISCARD bool query_job_id(const struct request *req, struct job_id *id, bool *given,
                            struct api_error *error);

/* An instant (RFC 3339). */
NODISCARD bool query_instant(const struct request *req, const char *name, struct wall_ms *at,
                             struct api_error *error);
/* The same, required. */
NODISCARD bool query_required_instant(const struct request *req, const char *name, struct wall_ms *at,
                                      struct api_error *error);

/* "true" or "false". *given: it is present. */
NODISCARD bool query_bool(const struct request *req, const char *name, bool *given, bool *value,
                          struct api_error *error);

/* A text of 1 to max bytes. */
NODISCARD bool query_text(const struct request *req, const char *name, size_t max, struct slice *text,
                          struct api_error *error);

/* Fill error: "cursor" does not belong to this query. Always returns false. */
bool query_refuse_cursor(struct api_error *error);

/* Fill error with the parameter and what is wrong with it. Always returns false. */
bool query_refuse(struct api_error *error, const char *name, const char *text);

#endif
