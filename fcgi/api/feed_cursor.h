/* feed_cursor: where a page of attempts ended, so that the next one begins there, whatever is recorded in
 * between; and its text, which clients carry (docs/api.md calls it opaque).
 *
 * Pages of the feed of all jobs pass records in the order in which they were recorded, by the millisecond. So
 * one instant describes all shards (everything later is passed, everything earlier is not), plus, for each
 * shard with passed records of that very millisecond, how many of them. A history of one job has no
 * positions; there, the cursor is the attempt itself. Pure.
 */
#ifndef DRONC_FEED_CURSOR_H
#define DRONC_FEED_CURSOR_H

#include "base/buffer.h"
#include "store/store_executions.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_CURSOR_SIZE 400 /* bytes of the text, with the NUL */

enum feed_cursor_kind {
    FEED_CURSOR_NONE, /* the newest record: a list begins there */
    FEED_CURSOR_FEED, /* all jobs */
    FEED_CURSOR_JOB   /* one job's history */
};

struct feed_cursor {
    enum feed_cursor_kind kind;
    int64_t ms; /* FEED: what was recorded later is passed, what was recorded earlier is not */
    int64_t passed[STORE_SHARDS]; /* FEED: of the records of that ms, those from this sequence number on are
                                     passed; -1: none is */
    struct wall_ms scheduled;     /* JOB: the attempt that was passed last, … */
    int attempt;                  /* … and its number */
};

/* The text of a cursor, in characters that need no escaping in a URL; "" for NONE. */
void feed_cursor_format(char out[FEED_CURSOR_SIZE], const struct feed_cursor *cursor);
/* The inverse. Returns false if the text is malformed. */
NODISCARD bool feed_cursor_parse(struct feed_cursor *out, struct slice text);

/* The position before which to read on in shard; "": from its end. */
void feed_cursor_before(char out[STORE_FEED_ID_MAX], const struct feed_cursor *cursor, unsigned shard);

#endif
