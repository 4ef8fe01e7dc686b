/* feed: a k-way merge by position in Redis' streams ("<ms>-<sequence>"), which are comparable across shards
 * because one clock makes them all. */
#include "feed.h"

#include "log.h"

#include <stdlib.h>
#include <string.h>

void feed_init(struct feed *feed)
{
    memset(feed, 0, sizeof *feed);
}

void feed_fini(struct feed *feed)
{
    free(feed->pool);
    feed->pool = NULL;
    feed->pool_size = 0;
}

void feed_begin(struct feed *feed)
{
    feed->pool_count = 0;
    feed->page_count = 0;
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        feed->shards[shard] = (struct feed_shard){.more = true};
    }
}

/* When the call was made; where none was, when it should have been. */
static int64_t call_ms(const struct execution *execution)
{
    if (execution->started.ms > 0) {
        return execution->started.ms;
    }
    return execution->outcome == EXECUTION_MISSED ? execution->missed_until.ms : execution->scheduled.ms;
}

/* When it was recorded, by Redis' clock. The sequence behind the dash counts within one shard only. */
static int64_t recorded_ms(const struct store_record *record)
{
    const char *text = record->position;
    int64_t ms;

    return slice_i64((struct slice){text, strcspn(text, "-")}, &ms) ? ms : 0;
}

/* Was a recorded after b, which is another shard's? Within a millisecond the later call counts as the later
 * record. */
static bool is_newer(const struct store_record *a, const struct store_record *b)
{
    int64_t ms_a = recorded_ms(a);
    int64_t ms_b = recorded_ms(b);

    return ms_a != ms_b ? ms_a > ms_b : call_ms(&a->execution) > call_ms(&b->execution);
}

/* Shards of which nothing is left in the pool, though Redis may have more. */
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

/* The shard whose next record is the newest of all; NULL: none has one. */
static struct feed_shard *newest_shard(struct feed *feed)
{
    struct feed_shard *best = NULL;

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        struct feed_shard *s = &feed->shards[shard];
        if (s->next < s->end && (!best || is_newer(&feed->pool[s->next], &feed->pool[best->next]))) {
            best = s;
        }
    }
    return best;
}

unsigned feed_advance(struct feed *feed, size_t limit)
{
    size_t goal = limit < FEED_PAGE_MAX ? limit : FEED_PAGE_MAX;

    while (feed->page_count < goal) {
        unsigned missing = missing_shards(feed);
        struct feed_shard *shard;
        if (missing) {
            return missing;
        }
        shard = newest_shard(feed);
        if (!shard) {
            return 0;
        }
        feed->page[feed->page_count++] = shard->next++;
    }
    return 0;
}

/* Make room for count more records. */
static enum err reserve(struct feed *feed, size_t count, struct errinfo *info)
{
    size_t wanted = feed->pool_count + count;
    struct store_record *pool;

    if (wanted <= feed->pool_size) {
        return ERR_OK;
    }
    pool = realloc(feed->pool, wanted * sizeof *pool);
    if (!pool) {
        return err_set(info, ERR_NOMEM, "out of memory for %zu records", wanted);
    }
    feed->pool = pool;
    feed->pool_size = wanted;
    return ERR_OK;
}

/* Keep the record that was decoded into the pool's next place, or say that it could not be. */
static void keep_or_skip(struct feed *feed, enum err err, const struct errinfo *info)
{
    if (err == ERR_OK) {
        feed->pool_count++;
    } else {
        log_warn("record skipped", log_str("error", info->text));
    }
}

enum err feed_fill(struct feed *feed, unsigned shard, const struct reply *reply, size_t asked,
                   struct errinfo *info)
{
    struct feed_shard *s = &feed->shards[shard];
    size_t count;
    enum err err = store_executions_count(reply, &count, info);

    if (err == ERR_OK) {
        err = reserve(feed, count, info);
    }
    if (err != ERR_OK) {
        return err;
    }
    s->next = feed->pool_count;
    s->more = count >= asked;
    for (size_t i = 0; i < count; i++) {
        struct store_record *record = &feed->pool[feed->pool_count];
        struct errinfo why = {0};
        record->position[0] = '\0';
        err = store_executions_at(reply, i, record, &why);
        if (record->position[0]) {
            memcpy(s->before, record->position, sizeof s->before);
        } else {
            s->more = false; /* without a position there is no way to go on from here */
        }
        keep_or_skip(feed, err, &why);
    }
    s->end = feed->pool_count;
    return ERR_OK;
}

enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                           struct errinfo *info)
{
    size_t count;
    enum err err = store_history_count(reply, &count, info);

    feed_begin(feed);
    if (err == ERR_OK) {
        err = reserve(feed, count, info);
    }
    if (err != ERR_OK) {
        return err;
    }
    for (size_t i = 0; i < count && feed->pool_count < FEED_PAGE_MAX; i++) {
        struct errinfo why = {0};
        err = store_history_at(reply, i, job, &feed->pool[feed->pool_count], &why);
        keep_or_skip(feed, err, &why);
    }
    for (feed->page_count = 0; feed->page_count < feed->pool_count; feed->page_count++) {
        feed->page[feed->page_count] = feed->page_count;
    }
    return ERR_OK;
}

/* qsort_r over indexes into the pool. What was called in the same millisecond stays together by job, its
 * latest attempt first. */
static int compare_calls(const void *a, const void *b, void *arg)
{
    const struct store_record *pool = arg;
    const struct execution *x = &pool[*(const size_t *)a].execution;
    const struct execution *y = &pool[*(const size_t *)b].execution;
    int64_t difference = call_ms(y) - call_ms(x);

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
    qsort_r(feed->page, feed->page_count, sizeof feed->page[0], compare_calls, feed->pool);
}

const struct execution *feed_at(const struct feed *feed, size_t index)
{
    return &feed->pool[feed->page[index]].execution;
}
