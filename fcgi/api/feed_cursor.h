/* feed_cursor: where a page of attempts ended, so that the next one begins there, whatever has been recorded
 * in between; and the text of it that clients carry around (docs/api.md calls it opaque).
 *
 * In the feed of all jobs records are passed in the order in which they were recorded, by the millisecond. So
 * one instant is enough for all shards (everything later is passed, nothing earlier is), but for those of
 * which records of that very millisecond were passed: of these, how far within it. In the history of one job,
 * which has no positions, it is the attempt itself.
 *
 * Pure.
 */
#ifndef DRONC_FEED_CURSOR_H
#define DRONC_FEED_CURSOR_H

#include "base/buffer.h"
#include "store/store_record.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_CURSOR_SIZE 400 /* bytes of the text, with the NUL */

enum feed_cursor_kind {
    FEED_CURSOR_NONE, /* the beginning: newest first, so the end of the list */
    FEED_CURSOR_FEED, /* all jobs */
    FEED_CURSOR_JOB   /* one job's history */
};

struct feed_cursor {
    enum feed_cursor_kind kind;
    int64_t ms;                   /* FEED: recorded later: passed; earlier: not yet */
    int64_t passed[STORE_SHARDS]; /* FEED: of those recorded at ms, the ones from this sequence number on are
                                   * passed; -1: none is */
    struct wall_ms scheduled;     /* JOB: the attempt that was passed last */
    int attempt;                  /* JOB: likewise */
};

/* The text, in characters that need no escaping in a URL. "" for NONE. */
void feed_cursor_format(char out[FEED_CURSOR_SIZE], const struct feed_cursor *cursor);
/* And back. False: it is no such text. */
NODISCARD bool feed_cursor_parse(struct feed_cursor *out, struct slice text);

/* The position before which shard is to be read on ("": from its end). */
void feed_cursor_before(char out[STORE_FEED_ID_MAX], const struct feed_cursor *cursor, unsigned shard);

#endif
