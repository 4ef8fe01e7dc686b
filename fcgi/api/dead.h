/* dead: what the paths about dead occurrences (attempts spent, nobody tries again by himself) have in common:
 * their ids, the parameters of a query, and the cursor that leads from one request to the next. Pure.
 *
 * dead_list.c shows them, dead_act.c gives them another round of attempts or forgets them.
 */
#ifndef DRONC_DEAD_H
#define DRONC_DEAD_H

#include "http/api_error.h"
#include "http/request.h"
#include "store/store_dead.h"

#include <stdbool.h>

/* "dead:<64 hex>:<scheduled ms>" */
#define DEAD_ID_SIZE 96
void dead_id_format(char out[DEAD_ID_SIZE], const struct job_id *job, struct wall_ms scheduled);
NODISCARD bool dead_id_parse(struct slice id, struct job_id *job, struct wall_ms *scheduled);

/* Where a request ended. A list is one of all shards, in one order; what acts upon many goes through one
 * shard after the other. */
struct dead_cursor {
    unsigned shard;                      /* acting: where to go on; list: 0 */
    int64_t next_us;                     /* redriving: when the next one is to be called; 0: now */
    bool inside;                         /* position counts: */
    struct store_dead_position position; /* go on behind it; else with the beginning */
};
#define DEAD_CURSOR_SIZE 160
void dead_cursor_format(char out[DEAD_CURSOR_SIZE], const struct dead_cursor *cursor);
NODISCARD bool dead_cursor_parse(struct dead_cursor *out, struct slice text);

struct dead_query {
    bool one_job; /* job counts */
    struct job_id job;
    struct wall_ms before; /* only those that died earlier; INT64_MAX: whenever */
    struct dead_cursor from;
    int limit;       /* list: 1 … STORE_DEAD_PAGE_MAX */
    int64_t step_us; /* redriving: from one call to the next */
};
/* Read the parameters "job_id", "before", "cursor", "limit" and "rate", of which the route decides what there
 * may be. False: error is filled. */
NODISCARD bool dead_query_read(struct dead_query *out, const struct request *req, struct api_error *error);

#endif
