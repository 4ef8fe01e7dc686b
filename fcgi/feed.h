/* feed: a page of attempts, newest first, put together from what the shards of Redis hold.
 *
 * Owns the merging: which of sixteen lists has the next record, and which of them must be asked for more
 * before that can be told. The page is picked by when attempts were recorded (that is the order Redis keeps
 * them in) and then ordered by when the calls were made. Leaves talking to Redis to track. Records that
 * cannot be read are logged and left out.
 *
 * Life cycle: feed_init once. For a page of all jobs: feed_begin; feed_advance says which shards to ask,
 * feed_fill takes their replies, until feed_advance says none; feed_sort. For one job: feed_fill_history,
 * feed_sort. feed_fini.
 */
#ifndef DRONC_FEED_H
#define DRONC_FEED_H

#include "cmd.h"
#include "err.h"
#include "store.h"

#include <stdbool.h>
#include <stddef.h>

#define FEED_PAGE_MAX STORE_HISTORY_PER_JOB /* records in a page */

/* What is known of one shard's list. */
struct feed_shard {
    size_t next;                    /* the first of its records in the pool that is not in the page yet */
    size_t end;                     /* past the last of its records in the pool */
    bool more;                      /* Redis may hold older ones than these */
    char before[STORE_FEED_ID_MAX]; /* the position of the oldest that was read; "" : none was */
};

struct feed {
    struct store_record *pool; /* owned; all that was read, each reply's records together */
    size_t pool_count;
    size_t pool_size;
    size_t page[FEED_PAGE_MAX]; /* indexes into pool */
    size_t page_count;
    struct feed_shard shards[STORE_SHARDS];
};

/* Does not allocate. */
void feed_init(struct feed *feed);
void feed_fini(struct feed *feed);

/* Start an empty page; nothing is known of any shard. Keeps the memory. */
void feed_begin(struct feed *feed);

/* Move records into the page until it holds limit (at most FEED_PAGE_MAX), or until a shard must be asked
 * first. Returns those shards, a bit each; 0: the page is complete. */
unsigned feed_advance(struct feed *feed, size_t limit);

/* Take the reply to store_executions(shard, feed->shards[shard].before, asked). Only for shards that
 * feed_advance named. ERR_REFUSED, ERR_DOWN: Redis' error. ERR_PROTOCOL, ERR_NOMEM. */
NODISCARD enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                             struct errinfo *info);

/* Make the reply to store_history(job) the page. Failures as feed_fill's. */
NODISCARD enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                                     struct errinfo *info);

/* Order the page: newest call first. */
void feed_sort(struct feed *feed);

/* The record at index of the page. Borrowed until the next fill. */
const struct execution *feed_at(const struct feed *feed, size_t index);

#endif
