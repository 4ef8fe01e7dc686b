/* feed: see feed.h. */
#include "api/feed.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define ALL_SHARDS ((1U << STORE_SHARDS) - 1)

void feed_begin(struct feed *feed, struct arena *arena, const struct feed_filter *filter,
                const struct feed_cursor *from, size_t limit)
{
    struct feed_cursor start = *from;

    feed->filter = *filter;
    if (start.kind == FEED_CURSOR_NONE) {
        bool skip = filter->until.ms < INT64_MAX - FEED_RECORD_LAG_MS;
        start = feed_cursor_at(FEED_CURSOR_FEED, skip ? filter->until.ms + FEED_RECORD_LAG_MS : INT64_MAX);
    }
    merge_begin(&feed->merge, arena, ALL_SHARDS, &start, limit);
}

/* Returns room for count records; NULL: memory is short. */
static struct store_execution *make_records(struct feed *feed, size_t count, struct errinfo *info)
{
    struct store_execution *records = arena_alloc(feed->merge.arena, count * sizeof *records);

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

/* Where the records of a reply go. */
struct reading {
    const struct feed *feed;
    struct store_execution *room; /* for the next one */
};

/* merge_read_fn. A record that is too old ends the list, for all after it are, too (a call comes before its
 * record). */
static enum merge_found read_record(void *arg, const struct reply *reply, size_t index,
                                    struct merge_item *out)
{
    struct reading *reading = arg;
    struct store_execution *record = reading->room;
    struct errinfo why = {0};

    record->position[0] = '\0';
    enum err err = store_executions_at(reply, index, record, &why);
    if (!record->position[0] || record->recorded_ms < reading->feed->filter.since.ms) {
        return MERGE_OVER;
    }
    *out = (struct merge_item){record, record->position, record->recorded_ms, 0};
    if (!is_kept(reading->feed, record, err, &why)) {
        return MERGE_UNWANTED;
    }
    out->order = execution_instant(&record->execution).ms; /* the later call counts as the later record */
    reading->room++;
    return MERGE_WANTED;
}

enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                   struct errinfo *info)
{
    size_t count;
    enum err err = store_executions_count(reply, &count, info);

    if (err != ERR_OK) {
        return err;
    }
    struct reading reading = {feed, make_records(feed, count + 1, info)};
    if (reading.room == NULL) {
        return ERR_NOMEM;
    }
    const struct merge_reply entries = {reply, count, read_record, &reading};
    return merge_fill(&feed->merge, shard, asked, &entries, info);
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
    struct merge *merge = &feed->merge;
    bool is_past = merge->from.kind != FEED_CURSOR_JOB;
    struct errinfo why = {0};

    for (size_t i = 0; i < reply->count; i++) {
        enum err err = store_history_at(reply, i, job, room, &why);
        if (!is_past) {
            is_past = err == ERR_OK && is_passed_last(&merge->from, &room->execution);
        } else if (is_kept(feed, room, err, &why)) {
            if (merge->page_count == merge->limit) {
                const struct execution *last = feed_at(feed, merge->limit - 1);
                merge->next = (struct feed_cursor){
                    .kind = FEED_CURSOR_JOB, .scheduled = last->scheduled, .attempt = last->attempt};
                return;
            }
            merge->page[merge->page_count++] = room++;
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
    struct store_execution *room = make_records(feed, feed->merge.limit + 1, info);
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
    qsort(feed->merge.page, feed->merge.page_count, sizeof feed->merge.page[0], compare_calls);
}

const struct execution *feed_at(const struct feed *feed, size_t index)
{
    const struct store_execution *record = feed->merge.page[index];
    return &record->execution;
}
