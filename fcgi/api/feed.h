/* feed: a page of attempts, newest first, merged from what the shards of Redis hold.
 *
 * Owns which records are wanted, and their order: the page is picked by when attempts were recorded (Redis
 * keeps them in that order) and then ordered by when the calls were made. Leaves the merging to merge, and
 * talking to Redis to track. Logs and skips records that cannot be read.
 *
 * Records are made in the arena, and borrow from the replies, which must last as long as the feed.
 *
 * Life cycle, for a page of all jobs: feed_begin; merge_advance returns the shards to ask, feed_fill takes
 * their replies, until merge_advance returns none or merge_is_spent; merge_end, feed_sort. For one job:
 * feed_begin, feed_fill_history, feed_sort. Nothing to end.
 */
#ifndef DRONC_FEED_H
#define DRONC_FEED_H

#include "api/merge.h"
#include "base/arena.h"
#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_executions.h"

#include <stdbool.h>
#include <stddef.h>

/* A record is made at most about this long after its call, which takes half an hour at most. So the records
 * of calls before an instant are found before that instant plus this. */
#define FEED_RECORD_LAG_MS INT64_C(3600000)

/* Which records are wanted; all conditions must hold. */
struct feed_filter {
    bool by_success;                /* filter by success */
    bool success;                   /* true: succeeded; false: any other outcome */
    bool by_outcome;                /* filter by outcome */
    enum execution_outcome outcome; /* this one */
    struct wall_ms since; /* called (or, if not called, due) at this instant or later; 0: at any time */
    struct wall_ms until; /* and before this instant; INT64_MAX: at any time */
};

/* All records. */
#define FEED_FILTER_ALL ((struct feed_filter){.until = {INT64_MAX}})

struct feed {
    struct feed_filter filter;
    struct merge merge; /* its page has struct store_execution */
};

/* Start an empty page of at most limit (and MERGE_PAGE_MAX) records that pass filter, from that cursor on.
 * Copies filter and from; borrows arena. */
void feed_begin(struct feed *feed, struct arena *arena, const struct feed_filter *filter,
                const struct feed_cursor *from, size_t limit);

/* Take the reply to store_executions(shard, merge.streams[shard].before, asked), for a shard that
 * merge_advance returned. ERR_REFUSED, ERR_DOWN: the reply is an error. ERR_PROTOCOL, ERR_NOMEM. */
NODISCARD enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                             struct errinfo *info);

/* Make the page, and find where the next one begins, from the reply to store_history(job), which must have
 * asked for more records than the page takes. Fails as feed_fill does. */
NODISCARD enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                                     struct errinfo *info);

/* Sort the page: newest call first. */
void feed_sort(struct feed *feed);

/* Returns the execution at index of the page. */
const struct execution *feed_at(const struct feed *feed, size_t index);

#endif
