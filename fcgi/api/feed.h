/* feed: a page of attempts, newest first, merged from what the shards of Redis hold.
 *
 * Owns the merging: which of the shards' lists has the next record, which of them must be asked for more
 * first, which records are wanted, and where the page ends. The page is picked by when attempts were recorded
 * (Redis keeps them in that order) and then ordered by when the calls were made. Leaves talking to Redis to
 * track. Logs and skips records that cannot be read.
 *
 * A filter that lets little through must not make a request read everything: after FEED_SCAN_MAX records a
 * page ends where it is, and its cursor leads on from there.
 *
 * Records are made in the arena, and borrow from the replies, which must last as long as the feed.
 *
 * Life cycle, for a page of all jobs: feed_begin; feed_advance returns the shards to ask, feed_fill takes
 * their replies, until feed_advance returns none or feed_is_spent; feed_end, feed_sort. For one job:
 * feed_begin, feed_fill_history, feed_sort. Nothing to end.
 */
#ifndef DRONC_FEED_H
#define DRONC_FEED_H

#include "api/feed_cursor.h"
#include "base/arena.h"
#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_executions.h"

#include <stdbool.h>
#include <stddef.h>

/* The most records in a page, and about how many are read for one (a reply is always read in full). */
#define FEED_PAGE_MAX 200
#define FEED_SCAN_MAX 4000

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

/* What is known of one shard's list. */
struct feed_shard {
    const struct store_execution *next; /* the first of its records that is not in the page yet */
    const struct store_execution *end;  /* past the last of them */
    bool more;                          /* Redis may hold older ones than these */
    char before[STORE_FEED_ID_MAX];     /* the position of the oldest record that was read; at first, where to
                                        begin */
};

struct feed {
    struct arena *arena; /* borrowed */
    const struct store_execution *page[FEED_PAGE_MAX];
    size_t page_count;
    size_t limit;   /* the page is complete with so many */
    size_t scanned; /* records that were read */
    struct feed_filter filter;
    struct feed_cursor from; /* where this page began; while it fills, what is passed so far */
    struct feed_cursor next; /* where it ended; NONE: it is the last page */
    struct feed_shard shards[STORE_SHARDS];
};

/* Start an empty page of at most limit (and FEED_PAGE_MAX) records that pass filter, from that cursor on.
 * Copies filter and from; borrows arena. */
void feed_begin(struct feed *feed, struct arena *arena, const struct feed_filter *filter,
                const struct feed_cursor *from, size_t limit);

/* Move records to the page until it is complete, or until shards must be asked first. Returns those shards, a
 * bit each; 0: the page is complete. */
unsigned feed_advance(struct feed *feed);

/* Has enough been read for one request? */
bool feed_is_spent(const struct feed *feed);

/* Take the reply to store_executions(shard, feed->shards[shard].before, asked), for a shard that feed_advance
 * returned. ERR_REFUSED, ERR_DOWN: the reply is an error. ERR_PROTOCOL, ERR_NOMEM. */
NODISCARD enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                             struct errinfo *info);

/* End the page, complete or not: find where the next one begins. */
void feed_end(struct feed *feed);

/* Make the page, and find where the next one begins, from the reply to store_history(job), which must have
 * asked for more records than the page takes. Fails as feed_fill does. */
NODISCARD enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                                     struct errinfo *info);

/* Sort the page: newest call first. */
void feed_sort(struct feed *feed);

/* Returns the execution at index of the page. */
const struct execution *feed_at(const struct feed *feed, size_t index);

#endif
