/* feed: a k-way merge by position in Redis' streams ("<ms>-<sequence>"). Positions are comparable across
 * shards because one clock makes them all. */
#include "api/feed.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

void feed_begin(struct feed *feed, struct arena *arena, const struct feed_filter *filter,
                const struct feed_cursor *from, size_t limit)
{
    struct feed_cursor start = *from;

    feed->arena = arena;
    feed->page_count = 0;
    feed->limit = limit < FEED_PAGE_MAX ? limit : FEED_PAGE_MAX;
    feed->scanned = 0;
    feed->filter = *filter;
    if (start.kind == FEED_CURSOR_NONE) {
        bool skip = filter->until.ms < INT64_MAX - FEED_RECORD_LAG_MS;
        start.kind = skip ? FEED_CURSOR_FEED : FEED_CURSOR_NONE;
        start.ms = skip ? filter->until.ms + FEED_RECORD_LAG_MS : INT64_MAX;
        memset(start.passed, -1, sizeof start.passed);
    }
    feed->from = start;
    feed->next = (struct feed_cursor){.kind = FEED_CURSOR_NONE};
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        feed->shards[shard] = (struct feed_shard){.more = true};
        feed_cursor_before(feed->shards[shard].before, &start, shard);
    }
}

/* When a position ("<ms>-<sequence>") was recorded, by Redis' clock. */
static int64_t position_ms(const char *position)
{
    int64_t ms;

    return slice_i64((struct slice){position, strcspn(position, "-")}, &ms) ? ms : 0;
}

/* The number of a position within its millisecond; comparable within one shard only. */
static int64_t position_sequence(const char *position)
{
    const char *dash = strchr(position, '-');
    int64_t sequence;

    return dash != NULL && slice_i64(slice_of(dash + 1), &sequence) ? sequence : 0;
}

/* Was a recorded after b, a record of another shard? Within a millisecond the later call counts as the later
 * record. */
static bool is_newer(const struct store_execution *a, const struct store_execution *b)
{
    return a->recorded_ms != b->recorded_ms
               ? a->recorded_ms > b->recorded_ms
               : execution_instant(&a->execution).ms > execution_instant(&b->execution).ms;
}

/* Returns the shards of which no record is left here, though Redis may have more. */
static unsigned missing_shards(const struct feed *feed)
{
    unsigned missing = 0;

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (feed->shards[shard].next == feed->shards[shard].end && feed->shards[shard].more) {
            missing |= 1U << shard;
        }
    }
    return missing;
}

/* Returns the shard whose next record is the newest of all; NULL: no record is left. */
static struct feed_shard *newest_shard(struct feed *feed)
{
    struct feed_shard *best = NULL;

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        struct feed_shard *s = &feed->shards[shard];
        if (s->next < s->end && (best == NULL || is_newer(s->next, best->next))) {
            best = s;
        }
    }
    return best;
}

/* Note in cursor that everything of `shard` recorded at or after position is passed. */
static void pass(struct feed_cursor *cursor, unsigned shard, const char *position)
{
    int64_t ms = position_ms(position);

    if (ms != cursor->ms) {
        memset(cursor->passed, -1, sizeof cursor->passed);
        cursor->ms = ms;
    }
    cursor->kind = FEED_CURSOR_FEED;
    cursor->passed[shard] = position_sequence(position);
}

static void take(struct feed *feed, struct feed_shard *shard)
{
    pass(&feed->from, (unsigned)(shard - feed->shards), shard->next->position);
    feed->page[feed->page_count++] = shard->next++;
}

unsigned feed_advance(struct feed *feed)
{
    while (feed->page_count < feed->limit) {
        unsigned missing = missing_shards(feed);
        if (missing) {
            return missing;
        }
        struct feed_shard *shard = newest_shard(feed);
        if (shard == NULL) {
            return 0;
        }
        take(feed, shard);
    }
    return 0;
}

bool feed_is_spent(const struct feed *feed)
{
    return feed->scanned >= FEED_SCAN_MAX;
}

/* Of the missing shards, returns the one that is known least far back: before that, the records of all shards
 * together are unknown. */
static unsigned least_known(const struct feed *feed, unsigned missing)
{
    unsigned least = STORE_SHARDS;

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (missing & 1U << shard && (least == STORE_SHARDS || position_ms(feed->shards[shard].before) >
                                                                   position_ms(feed->shards[least].before))) {
            least = shard;
        }
    }
    return least;
}

/* End the page before what is missing: take what is newer than that. */
static void end_short(struct feed *feed, unsigned missing)
{
    int64_t known = position_ms(feed->shards[least_known(feed, missing)].before);
    struct feed_shard *shard;

    while (feed->page_count < feed->limit && (shard = newest_shard(feed)) != NULL &&
           shard->next->recorded_ms > known) {
        take(feed, shard);
    }
    for (unsigned i = 0; i < STORE_SHARDS && feed->page_count < feed->limit; i++) {
        if (missing & 1U << i && position_ms(feed->shards[i].before) == known) {
            pass(&feed->from, i, feed->shards[i].before);
        }
    }
}

void feed_end(struct feed *feed)
{
    unsigned missing = missing_shards(feed);

    if (feed->page_count < feed->limit && missing) {
        end_short(feed, missing);
    }
    if (missing || newest_shard(feed) != NULL) {
        feed->next = feed->from;
    }
}

/* Returns room for count records; NULL: memory is short. */
static struct store_execution *make_records(struct feed *feed, size_t count, struct errinfo *info)
{
    struct store_execution *records = arena_alloc(feed->arena, count * sizeof *records);

    if (records == NULL) {
        (void)err_set(info, ERR_NOMEM, "out of memory for %zu records", count);
    }
    return records;
}

/* Does the record pass the filter? */
static bool is_wanted(const struct feed_filter *filter, const struct execution *execution)
{
    int64_t instant = execution_instant(execution).ms;

    return (!filter->by_success || filter->success == (execution->outcome == EXECUTION_SUCCEEDED)) &&
           (!filter->by_outcome || filter->outcome == execution->outcome) && instant >= filter->since.ms &&
           instant < filter->until.ms;
}

/* Was the record decoded, and is it wanted? Logs one that could not be decoded. */
static bool is_kept(const struct feed *feed, const struct store_execution *record, enum err err,
                    const struct errinfo *info)
{
    if (err != ERR_OK) {
        log_warn("record skipped", log_str("error", info->text));
        return false;
    }
    return is_wanted(&feed->filter, &record->execution);
}

/* Decode the record at index of the reply into *end, and move *end past it if it is wanted. Returns false if
 * the list ends here for this page: this record and all after it are too old (a call comes before its
 * record), or it has no position to go on from. */
static bool take_record(struct feed *feed, struct feed_shard *s, const struct reply *reply, size_t index,
                        struct store_execution **end)
{
    struct store_execution *record = *end;
    struct errinfo why = {0};

    record->position[0] = '\0';
    enum err err = store_executions_at(reply, index, record, &why);
    if (!record->position[0] || record->recorded_ms < feed->filter.since.ms) {
        return false;
    }
    memcpy(s->before, record->position, sizeof s->before);
    *end += is_kept(feed, record, err, &why) ? 1 : 0;
    return true;
}

enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                   struct errinfo *info)
{
    struct feed_shard *s = &feed->shards[shard];
    size_t count;
    enum err err = store_executions_count(reply, &count, info);

    if (err != ERR_OK) {
        return err;
    }
    struct store_execution *records = make_records(feed, count, info);
    if (records == NULL) {
        return ERR_NOMEM;
    }
    s->next = records;
    s->more = count >= asked;
    for (size_t i = 0; i < count; i++) {
        s->more = take_record(feed, s, reply, i, &records) && s->more;
    }
    s->end = records;
    feed->scanned += count;
    return ERR_OK;
}

/* Did the page before end with this record? */
static bool is_passed_last(const struct feed_cursor *from, const struct execution *execution)
{
    return execution->scheduled.ms == from->scheduled.ms && execution->attempt == from->attempt;
}

/* Decode records into room, and add the wanted ones after `from` to the page. If the record that the cursor
 * names is gone, so are all older ones. */
static void page_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                         struct store_execution *room)
{
    bool is_past = feed->from.kind != FEED_CURSOR_JOB;
    struct errinfo why = {0};

    for (size_t i = 0; i < reply->count; i++) {
        enum err err = store_history_at(reply, i, job, room, &why);
        if (!is_past) {
            is_past = err == ERR_OK && is_passed_last(&feed->from, &room->execution);
        } else if (is_kept(feed, room, err, &why)) {
            if (feed->page_count == feed->limit) {
                const struct execution *last = &feed->page[feed->limit - 1]->execution;
                feed->next = (struct feed_cursor){
                    .kind = FEED_CURSOR_JOB, .scheduled = last->scheduled, .attempt = last->attempt};
                return;
            }
            feed->page[feed->page_count++] = room++;
        }
    }
}

enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                           struct errinfo *info)
{
    size_t count;
    enum err err = store_history_count(reply, &count, info);

    if (err != ERR_OK) {
        return err;
    }
    struct store_execution *room = make_records(feed, feed->limit + 1, info);
    if (room == NULL) {
        return ERR_NOMEM;
    }
    page_history(feed, job, reply, room);
    return ERR_OK;
}

/* qsort over a page. Calls of the same millisecond stay together by job, the latest attempt first. */
static int compare_calls(const void *a, const void *b)
{
    const struct execution *x = &(*(const struct store_execution *const *)a)->execution;
    const struct execution *y = &(*(const struct store_execution *const *)b)->execution;
    int64_t difference = execution_instant(y).ms - execution_instant(x).ms;

    if (difference != 0) {
        return difference > 0 ? 1 : -1;
    }
    difference = memcmp(x->job.bytes, y->job.bytes, sizeof x->job.bytes);
    if (difference == 0) {
        difference = y->attempt - x->attempt;
    }
    return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

void feed_sort(struct feed *feed)
{
    qsort(feed->page, feed->page_count, sizeof(const struct store_execution *), compare_calls);
}

const struct execution *feed_at(const struct feed *feed, size_t index)
{
    return &feed->page[index]->execution;
}
