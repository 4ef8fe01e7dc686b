/* survey: looks at Redis after a new connection: may it lose what it stores, how many jobs wait in it, and
 * when is the next one due? Some forty cheap commands at once, for the log at the start and for --check.
 *
 * Leaves out what it may not ask (a right is missing). Loop thread only.
 */
#ifndef DRONC_SURVEY_H
#define DRONC_SURVEY_H

#include "redis/redis_link.h"
#include "store/store_durability.h"

typedef void survey_done_cb(void *arg);

/* Set up with survey_init, then read only. */
struct survey {
    struct redis_link *link; /* borrowed */
    survey_done_cb *on_done; /* called when all is answered, but not if the link was lost first */
    void *arg;
    size_t waiting; /* answers */
    bool lost;      /* an answer never came */
    struct store_durability durability;
    struct store_durability warned; /* what the log has already warned of */
    int64_t jobs;                   /* how many wait for their next instant */
    struct wall_ms next;            /* the earliest of these; INT64_MAX: none */
};

/* Borrows link for the survey's life. */
void survey_init(struct survey *survey, struct redis_link *link, survey_done_cb *on_done, void *arg);

/* The link is up (again): look anew. */
void survey_start(struct survey *survey);

/* "2026-03-08T07:00:00Z", or "none". */
void survey_describe_next(char out[CLOCK_RFC3339_SIZE], const struct survey *survey);

/* Log how jobs may be lost, unless the log has these warnings already. */
void survey_warn(struct survey *survey);

#endif
