/* survey: what there is behind a connection that is new: does this Redis keep what it takes, how many jobs
 * wait in it, and when is the next one due? Some forty cheap commands in one go; for the log at the start,
 * and for --check.
 *
 * What cannot be found out (a right that is missing) is left out. Loop thread only.
 */
#ifndef DRONC_SURVEY_H
#define DRONC_SURVEY_H

#include "redis/redis_link.h"
#include "store/store_durability.h"

typedef void survey_done_cb(void *arg);

/* Set up with survey_init, then read only. */
struct survey {
    struct redis_link *link; /* borrowed */
    survey_done_cb *on_done; /* all is answered. Not called where the link was lost before */
    void *arg;
    size_t waiting; /* answers */
    bool lost;      /* one of them never came */
    struct store_durability durability;
    struct store_durability warned; /* of what the log has had its warnings */
    int64_t jobs;                   /* how many wait for their next instant */
    struct wall_ms next;            /* the earliest of these; INT64_MAX: none */
};

/* link is borrowed for the survey's life. */
void survey_init(struct survey *survey, struct redis_link *link, survey_done_cb *on_done, void *arg);

/* The link is up (again): look anew. */
void survey_start(struct survey *survey);

/* "2026-03-08T07:00:00Z", or "none". */
void survey_describe_next(char out[CLOCK_RFC3339_SIZE], const struct survey *survey);

/* Warn in the log of how jobs may be lost, unless it has been said already. */
void survey_warn(struct survey *survey);

#endif
