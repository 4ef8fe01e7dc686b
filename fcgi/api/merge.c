/* merge: a k-way merge by position in Redis' streams ("<ms>-<sequence>"). Positions are comparable across
 * streams because one clock makes them all. */
#include "api/merge.h"

#include <stdio.h>
#include <string.h>

void merge_begin(struct merge *merge, struct arena *arena, unsigned streams, const struct feed_cursor *from,
                 size_t limit)
{
    merge->arena = arena;
    merge->page_count = 0;
    merge->limit = limit < MERGE_PAGE_MAX ? limit : MERGE_PAGE_MAX;
    merge->scanned = 0;
    merge->kind = from->kind;
    merge->from = *from;
    merge->next = (struct feed_cursor){.kind = FEED_CURSOR_NONE};
    for (unsigned stream = 0; stream < FEED_CURSOR_STREAMS; stream++) {
        merge->streams[stream] = (struct merge_stream){.more = (streams & 1U << stream) != 0};
        feed_cursor_before(merge->streams[stream].before, from, stream);
    }
}

/* When the entry of a position ("<ms>-<sequence>") was written, by Redis' clock. */
static int64_t position_ms(const char *position)
{
    int64_t ms;

    return slice_i64((struct slice){position, strcspn(position, "-")}, &ms) ? ms : 0;
}

/* The number of a position within its millisecond; comparable within one stream only. */
static int64_t position_sequence(const char *position)
{
    const char *dash = strchr(position, '-');
    int64_t sequence;

    return dash != NULL && slice_i64(slice_of(dash + 1), &sequence) ? sequence : 0;
}

/* Was a written after b, an entry of another stream? */
static bool is_newer(const struct merge_item *a, const struct merge_item *b)
{
    return a->ms != b->ms ? a->ms > b->ms : a->order > b->order;
}

/* Returns the streams of which no entry is left here, though Redis may have more. */
static unsigned missing_streams(const struct merge *merge)
{
    unsigned missing = 0;

    for (unsigned stream = 0; stream < FEED_CURSOR_STREAMS; stream++) {
        if (merge->streams[stream].next == merge->streams[stream].end && merge->streams[stream].more) {
            missing |= 1U << stream;
        }
    }
    return missing;
}

/* Returns the stream whose next entry is the newest of all; NULL: no entry is left. */
static struct merge_stream *newest_stream(struct merge *merge)
{
    struct merge_stream *best = NULL;

    for (unsigned stream = 0; stream < FEED_CURSOR_STREAMS; stream++) {
        struct merge_stream *s = &merge->streams[stream];
        if (s->next < s->end && (best == NULL || is_newer(s->next, best->next))) {
            best = s;
        }
    }
    return best;
}

/* Note that everything in the stream at or after position is passed. */
static void pass(struct merge *merge, unsigned stream, const char *position)
{
    struct feed_cursor *cursor = &merge->from;
    int64_t ms = position_ms(position);

    if (ms != cursor->ms) {
        memset(cursor->passed, -1, sizeof cursor->passed);
        cursor->ms = ms;
    }
    cursor->kind = merge->kind;
    cursor->passed[stream] = position_sequence(position);
}

static void take(struct merge *merge, struct merge_stream *stream)
{
    pass(merge, (unsigned)(stream - merge->streams), stream->next->position);
    merge->page[merge->page_count++] = stream->next++->entry;
}

unsigned merge_advance(struct merge *merge)
{
    while (merge->page_count < merge->limit) {
        unsigned missing = missing_streams(merge);
        if (missing) {
            return missing;
        }
        struct merge_stream *stream = newest_stream(merge);
        if (stream == NULL) {
            return 0;
        }
        take(merge, stream);
    }
    return 0;
}

bool merge_is_spent(const struct merge *merge)
{
    return merge->scanned >= MERGE_SCAN_MAX;
}

/* Of the missing streams, returns the one that is known least far back: before that, the entries of all
 * streams together are unknown. */
static unsigned least_known(const struct merge *merge, unsigned missing)
{
    unsigned least = FEED_CURSOR_STREAMS;

    for (unsigned stream = 0; stream < FEED_CURSOR_STREAMS; stream++) {
        if (missing & 1U << stream &&
            (least == FEED_CURSOR_STREAMS ||
             position_ms(merge->streams[stream].before) > position_ms(merge->streams[least].before))) {
            least = stream;
        }
    }
    return least;
}

/* End the page before what is missing: take what is newer than that. */
static void end_short(struct merge *merge, unsigned missing)
{
    int64_t known = position_ms(merge->streams[least_known(merge, missing)].before);
    struct merge_stream *stream;

    while (merge->page_count < merge->limit && (stream = newest_stream(merge)) != NULL &&
           stream->next->ms > known) {
        take(merge, stream);
    }
    for (unsigned i = 0; i < FEED_CURSOR_STREAMS && merge->page_count < merge->limit; i++) {
        if (missing & 1U << i && position_ms(merge->streams[i].before) == known) {
            pass(merge, i, merge->streams[i].before);
        }
    }
}

void merge_end(struct merge *merge)
{
    unsigned missing = missing_streams(merge);

    if (merge->page_count < merge->limit && missing) {
        end_short(merge, missing);
    }
    if (missing || newest_stream(merge) != NULL) {
        merge->next = merge->from;
    }
}

enum err merge_fill(struct merge *merge, unsigned stream, size_t asked, const struct merge_reply *entries,
                    struct errinfo *info)
{
    struct merge_stream *s = &merge->streams[stream];
    struct merge_item *items = arena_alloc(merge->arena, (entries->count + 1) * sizeof *items);

    if (items == NULL) {
        return err_set(info, ERR_NOMEM, "out of memory for %zu entries", entries->count);
    }
    s->next = items;
    s->more = entries->count >= asked;
    for (size_t i = 0; i < entries->count; i++) {
        enum merge_found found = entries->read(entries->arg, entries->reply, i, items);
        if (found == MERGE_OVER) {
            s->more = false;
            continue;
        }
        (void)snprintf(s->before, sizeof s->before, "%s", items->position);
        items += found == MERGE_WANTED ? 1 : 0;
    }
    s->end = items;
    merge->scanned += entries->count;
    return ERR_OK;
}
