/* merge: a page of entries, newest first, merged from streams of Redis.
 *
 * Owns the merging: which of the streams has the next entry, which of them must be asked for more first, and
 * where the page ends. Redis keeps each stream in the order in which it was written. Leaves talking to Redis,
 * and what an entry is and which ones are wanted, to its users (feed, audit_list).
 *
 * A filter that lets little through must not make a request read everything: after MERGE_SCAN_MAX entries a
 * page ends where it is, and its cursor leads on from there.
 *
 * What is made lasts as long as the arena, and may borrow from the replies, which must last as long.
 *
 * Life cycle: merge_begin; merge_advance returns the streams to ask, merge_fill takes their replies, until
 * merge_advance returns none or merge_is_spent; merge_end. Nothing to end.
 */
#ifndef DRONC_MERGE_H
#define DRONC_MERGE_H

#include "api/feed_cursor.h"
#include "base/arena.h"
#include "base/err.h"
#include "resp/cmd.h"

#include <stdbool.h>
#include <stddef.h>

/* The most entries in a page, and about how many are read for one (a reply is always read in full). */
#define MERGE_PAGE_MAX 200
#define MERGE_SCAN_MAX 4000

/* An entry that is wanted. */
struct merge_item {
    const void *entry;    /* what it is, for the user; in the page if it gets there */
    const char *position; /* in its stream; borrowed */
    int64_t ms;           /* when it was written */
    int64_t order;        /* of two of the same millisecond, in different streams, the larger is the newer */
};

/* What an entry of a reply turns out to be. */
enum merge_found {
    MERGE_WANTED,   /* item is filled */
    MERGE_UNWANTED, /* item's position is filled */
    MERGE_OVER      /* this entry and all older ones are too old, or it has no position to go on from */
};

/* Read the entry at index of a reply into *out. */
typedef enum merge_found merge_read_fn(void *arg, const struct reply *reply, size_t index,
                                       struct merge_item *out);

/* A reply: its entries, and who reads them. Borrowed. */
struct merge_reply {
    const struct reply *reply;
    size_t count;
    merge_read_fn *read;
    void *arg;
};

/* What is known of one stream. */
struct merge_stream {
    const struct merge_item *next;  /* the first of its entries that is not in the page yet */
    const struct merge_item *end;   /* past the last of them */
    bool more;                      /* Redis may hold older ones than these */
    char before[STORE_FEED_ID_MAX]; /* the position of the oldest entry that was read; at first, where to
                                       begin */
};

struct merge {
    struct arena *arena; /* borrowed */
    const void *page[MERGE_PAGE_MAX];
    size_t page_count;
    size_t limit;               /* the page is complete with so many */
    size_t scanned;             /* entries that were read */
    enum feed_cursor_kind kind; /* of its cursors: that of from, which is not NONE */
    struct feed_cursor from;    /* where this page began; while it fills, what is passed so far */
    struct feed_cursor next;    /* where it ended; NONE: it is the last page */
    struct merge_stream streams[FEED_CURSOR_STREAMS];
};

/* Start an empty page, of at most limit (and MERGE_PAGE_MAX) entries of those streams (a bit each), from that
 * cursor on. Copies from; borrows arena. */
void merge_begin(struct merge *merge, struct arena *arena, unsigned streams, const struct feed_cursor *from,
                 size_t limit);

/* Move entries to the page until it is complete, or until streams must be asked first. Returns those streams,
 * a bit each; 0: the page is complete. */
unsigned merge_advance(struct merge *merge);

/* Has enough been read for one request? */
bool merge_is_spent(const struct merge *merge);

/* Take the entries of a reply, for a stream that merge_advance returned, which was asked for `asked`
 * entries before streams[stream].before. ERR_NOMEM. */
NODISCARD enum err merge_fill(struct merge *merge, unsigned stream, size_t asked,
                              const struct merge_reply *entries, struct errinfo *info);

/* End the page, complete or not: find where the next one begins. */
void merge_end(struct merge *merge);

#endif
