/* feed: a page of attempts, newest first, put together from what the shards of Redis hold.
 *
 * Owns the merging: which of sixteen lists has the next record, which of them must be asked for more before
 * that can be told, which records are wanted, and where the page ends. The page is picked by when attempts
 * were recorded (that is the order Redis keeps them in) and then ordered by when the calls were made. Leaves
 * talking to Redis to track. Records that cannot be read are logged and left out.
 *
 * A filter that lets little through must not make a request read everything: after FEED_SCAN_MAX records a
 * page ends where it is, and its cursor leads on from there.
 *
 * Life cycle: feed_init once. For a page of all jobs: feed_begin; feed_advance says which shards to ask,
 * feed_fill takes their replies, until feed_advance says none or feed_is_spent; feed_end, feed_sort. For one
 * job: feed_begin, feed_fill_history, feed_sort. feed_fini.
 */
#ifndef DRONC_FEED_H
#define DRONC_FEED_H

#include "api/feed_cursor.h"
#include "base/err.h"
#include "resp/cmd.h"
#include "store/store_record.h"

#include <stdbool.h>
#include <stddef.h>

/* Records in a page; records that are read for one, about (what was asked for is looked at in full). */
#define FEED_PAGE_MAX 200
#define FEED_SCAN_MAX 4000

/* A record is made after its call, but hardly ever by more than this: a call takes half an hour at most. So
 * records of calls before an instant need not be looked for behind that. */
#define FEED_RECORD_LAG_MS INT64_C(3600000)

/* Which records are wanted: those that all of it is true of. */
struct feed_filter {
    bool by_success;                /* success counts */
    bool success;                   /* succeeded, or anything else */
    bool by_outcome;                /* outcome counts */
    enum execution_outcome outcome; /* this one */
    struct wall_ms since;           /* called (or, if not, due) then or later; 0: whenever */
    struct wall_ms until;           /* and earlier than that; INT64_MAX: whenever */
};

/* All records. */
#define FEED_FILTER_ALL ((struct feed_filter){.until = {INT64_MAX}})

/* What is known of one shard's list. */
struct feed_shard {
    size_t next;                    /* the first of its records in the pool that is not in the page yet */
    size_t end;                     /* past the last of its records in the pool */
    bool more;                      /* Redis may hold older ones than these */
    char before[STORE_FEED_ID_MAX]; /* the position of the oldest that was read; at first where to begin */
};

struct feed_texts;

struct feed {
    struct store_record *pool; /* owned; the wanted ones of all that was read, each reply's together */
    size_t pool_count;
    size_t pool_size;
    struct feed_texts *texts;   /* owned; what the pool's records of an earlier reply borrow */
    size_t page[FEED_PAGE_MAX]; /* indexes into pool */
    size_t page_count;
    size_t scanned; /* records that were read */
    struct feed_filter filter;
    struct feed_cursor from; /* where this page began; while it is filled, what is passed so far */
    struct feed_cursor next; /* where it ended; NONE: there is nothing behind it */
    struct feed_shard shards[STORE_SHARDS];
};

/* Does not allocate. */
void feed_init(struct feed *feed);
void feed_fini(struct feed *feed);

/* Start an empty page of what filter lets through, behind from; nothing is known of any shard. Both are
 * copied. Keeps the memory. */
void feed_begin(struct feed *feed, const struct feed_filter *filter, const struct feed_cursor *from);

/* Move records into the page until it holds limit (at most FEED_PAGE_MAX), or until a shard must be asked
 * first. Returns those shards, a bit each; 0: the page is complete. */
unsigned feed_advance(struct feed *feed, size_t limit);

/* Has enough been read for one request? */
bool feed_is_spent(const struct feed *feed);

/* Take the reply to store_executions(shard, feed->shards[shard].before, asked). Only for shards that
 * feed_advance named. ERR_REFUSED, ERR_DOWN: Redis' error. ERR_PROTOCOL, ERR_NOMEM. */
NODISCARD enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                             struct errinfo *info);

/* The page is done, complete or not: find out where the next one begins. */
void feed_end(struct feed *feed, size_t limit);

/* Make the page, at most limit records and where the next one begins, of the reply to store_history(job),
 * which must hold more than limit records where there are. Failures as feed_fill's. */
NODISCARD enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                                     size_t limit, struct errinfo *info);

/* Order the page: newest call first. */
void feed_sort(struct feed *feed);

/* The record at index of the page. Borrowed until the next fill; of feed_fill_history, what is kept of an
 * answer only until the next question to Redis. */
const struct execution *feed_at(const struct feed *feed, size_t index);

#endif
