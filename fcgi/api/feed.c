/* feed: a k-way merge by position in Redis' streams ("<ms>-<sequence>"), which are comparable across shards
 * because one clock makes them all. */
#include "api/feed.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

void feed_init(struct feed *feed)
{
    memset(feed, 0, sizeof *feed);
}

/* Copies of what records borrow from a reply, which is gone when the next shards are asked. */
struct feed_texts {
    struct feed_texts *next;
    char bytes[];
};

static void free_texts(struct feed *feed)
{
    while (feed->texts) {
        struct feed_texts *next = feed->texts->next;
        free(feed->texts);
        feed->texts = next;
    }
}

void feed_fini(struct feed *feed)
{
    free_texts(feed);
    free(feed->pool);
    feed->pool = NULL;
    feed->pool_size = 0;
}

void feed_begin(struct feed *feed, const struct feed_filter *filter, const struct feed_cursor *from)
{
    struct feed_cursor start = *from;

    free_texts(feed);
    feed->pool_count = 0;
    feed->page_count = 0;
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

/* When it was recorded, by Redis' clock: a position is "<ms>-<sequence>". */
static int64_t position_ms(const char *position)
{
    int64_t ms;

    return slice_i64((struct slice){position, strcspn(position, "-")}, &ms) ? ms : 0;
}

/* Its number among those of that millisecond; it counts within one shard only. */
static int64_t position_sequence(const char *position)
{
    const char *dash = strchr(position, '-');
    int64_t sequence;

    return dash && slice_i64(slice_of(dash + 1), &sequence) ? sequence : 0;
}

/* Was a recorded after b, which is another shard's? Within a millisecond the later call counts as the later
 * record. */
static bool is_newer(const struct store_record *a, const struct store_record *b)
{
    return a->recorded_ms != b->recorded_ms
               ? a->recorded_ms > b->recorded_ms
               : execution_instant(&a->execution).ms > execution_instant(&b->execution).ms;
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

/* Everything of `shard` that was recorded at or after position is passed. */
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
    pass(&feed->from, (unsigned)(shard - feed->shards), feed->pool[shard->next].position);
    feed->page[feed->page_count++] = shard->next++;
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
        take(feed, shard);
    }
    return 0;
}

bool feed_is_spent(const struct feed *feed)
{
    return feed->scanned >= FEED_SCAN_MAX;
}

/* The shard of those that must be asked that is known least far back: nothing is known of what all shards
 * have recorded before that. */
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

/* Stop short of what is missing: what is newer than that can still be taken, and all of it is passed. */
static void end_short(struct feed *feed, unsigned missing, size_t goal)
{
    int64_t known = position_ms(feed->shards[least_known(feed, missing)].before);
    struct feed_shard *shard;

    while (feed->page_count < goal && (shard = newest_shard(feed)) != NULL &&
           feed->pool[shard->next].recorded_ms > known) {
        take(feed, shard);
    }
    for (unsigned i = 0; i < STORE_SHARDS && feed->page_count < goal; i++) {
        if (missing & 1U << i && position_ms(feed->shards[i].before) == known) {
            pass(&feed->from, i, feed->shards[i].before);
        }
    }
}

void feed_end(struct feed *feed, size_t limit)
{
    size_t goal = limit < FEED_PAGE_MAX ? limit : FEED_PAGE_MAX;
    unsigned missing = missing_shards(feed);

    if (feed->page_count < goal && missing) {
        end_short(feed, missing, goal);
    }
    if (missing || newest_shard(feed)) {
        feed->next = feed->from;
    }
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

/* Does the filter let it through? */
static bool is_wanted(const struct feed_filter *filter, const struct execution *execution)
{
    int64_t instant = execution_instant(execution).ms;

    return (!filter->by_success || filter->success == (execution->outcome == EXECUTION_SUCCEEDED)) &&
           (!filter->by_outcome || filter->outcome == execution->outcome) && instant >= filter->since.ms &&
           instant < filter->until.ms;
}

/* Keep the record that was decoded into the pool's next place if it is wanted, or say that it could not be
 * read. */
static void keep_or_skip(struct feed *feed, enum err err, const struct errinfo *info)
{
    if (err != ERR_OK) {
        log_warn("record skipped", log_str("error", info->text));
    } else if (is_wanted(&feed->filter, &feed->pool[feed->pool_count].execution)) {
        feed->pool_count++;
    }
}

/* Take the record at index of the reply. False: it was made before anything that is wanted, as all that
 * follow were (a call comes before its record), or has no position, so that there is no way to go on. */
static bool take_record(struct feed *feed, struct feed_shard *s, const struct reply *reply, size_t index)
{
    struct store_record *record = &feed->pool[feed->pool_count];
    struct errinfo why = {0};
    enum err err;

    record->position[0] = '\0';
    err = store_executions_at(reply, index, record, &why);
    if (!record->position[0] || record->recorded_ms < feed->filter.since.ms) {
        return false;
    }
    memcpy(s->before, record->position, sizeof s->before);
    keep_or_skip(feed, err, &why);
    return true;
}

/* Make what the pool's records from first on borrow the feed's own. */
static enum err own_texts(struct feed *feed, size_t first, struct errinfo *info)
{
    struct feed_texts *texts;
    size_t len = 0;
    char *at;

    for (size_t i = first; i < feed->pool_count; i++) {
        len += feed->pool[i].execution.response.len;
    }
    if (len == 0) {
        return ERR_OK;
    }
    texts = malloc(sizeof *texts + len);
    if (!texts) {
        feed->pool_count = first;
        return err_set(info, ERR_NOMEM, "out of memory for %zu bytes of answers", len);
    }
    texts->next = feed->texts;
    feed->texts = texts;
    at = texts->bytes;
    for (size_t i = first; i < feed->pool_count; i++) {
        struct slice *response = &feed->pool[i].execution.response;
        if (response->len > 0) {
            memcpy(at, response->data, response->len);
            response->data = at;
            at += response->len;
        }
    }
    return ERR_OK;
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
        s->more = take_record(feed, s, reply, i) && s->more;
    }
    feed->scanned += count;
    err = own_texts(feed, s->next, info);
    s->end = feed->pool_count;
    return err;
}

/* Is it the record that the page before ended with? */
static bool is_passed_last(const struct feed_cursor *from, const struct execution *execution)
{
    return execution->scheduled.ms == from->scheduled.ms && execution->attempt == from->attempt;
}

/* A place for the records behind from. What the cursor names may be gone by now: then all behind it is. */
static void page_history(struct feed *feed, const struct job_id *job, const struct reply *reply, size_t limit)
{
    bool behind = feed->from.kind != FEED_CURSOR_JOB;
    size_t goal = limit < FEED_PAGE_MAX ? limit : FEED_PAGE_MAX;
    struct store_record *record = &feed->pool[0];
    struct errinfo why = {0};
    size_t count = reply->count;

    for (size_t i = 0; i < count; i++, record = &feed->pool[feed->pool_count]) {
        enum err err = store_history_at(reply, i, job, record, &why);
        if (!behind) {
            behind = err == ERR_OK && is_passed_last(&feed->from, &record->execution);
            continue;
        }
        keep_or_skip(feed, err, &why);
        if (feed->pool_count > goal) {
            const struct execution *last = &feed->pool[goal - 1].execution;
            feed->next = (struct feed_cursor){
                .kind = FEED_CURSOR_JOB, .scheduled = last->scheduled, .attempt = last->attempt};
            return;
        }
    }
}

enum err feed_fill_history(struct feed *feed, const struct job_id *job, const struct reply *reply,
                           size_t limit, struct errinfo *info)
{
    size_t count;
    enum err err = store_history_count(reply, &count, info);

    if (err == ERR_OK) {
        err = reserve(feed, count + 1, info);
    }
    if (err != ERR_OK) {
        return err;
    }
    page_history(feed, job, reply, limit);
    while (feed->page_count < feed->pool_count && feed->page_count < limit &&
           feed->page_count < FEED_PAGE_MAX) {
        feed->page[feed->page_count] = feed->page_count;
        feed->page_count++;
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
    qsort_r(feed->page, feed->page_count, sizeof feed->page[0], compare_calls, feed->pool);
}

const struct execution *feed_at(const struct feed *feed, size_t index)
{
    return &feed->pool[feed->page[index]].execution;
}
