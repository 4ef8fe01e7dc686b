/* dead: what the paths about dead occurrences (attempts exhausted, not retried automatically) have in common:
 * ids, the parameters of a query, and the cursor from one request to the next. Pure.
 *
 * dead_list.c lists them; dead_act.c redrives or deletes them.
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

/* Where a request ended. A list merges all shards; redriving and deleting many go through one shard after the
 * other. */
struct dead_cursor {
    unsigned shard;                      /* redriving, deleting: where to go on; list: 0 */
    int64_t next_us;                     /* redriving: when to call the next one; 0: now */
    bool inside;                         /* position is set */
    struct store_dead_position position; /* go on after it; else from the beginning */
};
#define DEAD_CURSOR_SIZE 160
void dead_cursor_format(char out[DEAD_CURSOR_SIZE], const struct dead_cursor *cursor);
NODISCARD bool dead_cursor_parse(struct dead_cursor *out, struct slice text);

struct dead_query {
    bool one_job; /* job is set */
    struct job_id job;
    struct wall_ms before; /* only those that died earlier; INT64_MAX: all */
    struct dead_cursor from;
    int limit;       /* list: the most entries in a page */
    int64_t step_us; /* redriving: the time from one call to the next */
};
/* Read "job_id", "before", "cursor", "limit" and "rate"; the route decides which of them a path has. Returns
 * false on failure; error is filled. */
NODISCARD bool dead_query_read(struct dead_query *out, const struct request *req, struct api_error *error);

#endif
