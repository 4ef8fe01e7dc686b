/* Going through the feed page by page: nothing is missed, nothing comes twice, whatever is recorded
 * meanwhile. */
#include "api/feed.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED    4711U
#define RECORDS 4000 /* in a shard, at most */

/* ---- the text ---- */

TEST(feed_cursor_text_comes_back)
{
    static const char *const texts[] = {
        "f1772953200003",   "f0",   "f1772953200003.0-0", "f5.3-17.15-9223372036854775807",
        "h1772953200000.1", "h0.0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct feed_cursor cursor;
        char text[FEED_CURSOR_SIZE];
        assert_true(feed_cursor_parse(&cursor, slice_of(texts[i])));
        feed_cursor_format(text, &cursor);
        assert_string_equal(text, texts[i]);
    }
}

TEST(feed_cursor_longest_text_fits)
{
    struct feed_cursor cursor = {.kind = FEED_CURSOR_FEED, .ms = INT64_MAX - 1};
    struct feed_cursor back;
    char text[FEED_CURSOR_SIZE];
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        cursor.passed[shard] = INT64_MAX - shard;
    }
    feed_cursor_format(text, &cursor);
    assert_true(feed_cursor_parse(&back, slice_of(text)));
    assert_memory_equal(back.passed, cursor.passed, sizeof back.passed);
}

TEST(feed_cursor_refuses_what_is_none)
{
    static const char *const texts[] = {
        "",     "f",       "h",       "x1",    "1772953200003", "f-1",     "fx",

        "f1.3", "f1.16-0", "f1.-1-0", "f1.3-", "f1.3-x",        "f1.3--1", "f9223372036854775807",
        "h1",   "h1.",     "h1.x",    "h-1.1", "h1.1.1",        "h1.-1",   "h1.99999999999",
        "f1 ",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct feed_cursor cursor;
        if (feed_cursor_parse(&cursor, slice_of(texts[i]))) {
            fail_msg("taken for a cursor: \"%s\"", texts[i]);
        }
    }
}

/* ---- a made-up Redis ---- */

struct entry {
    int64_t ms;
    int64_t sequence;
    bool wanted; /* it failed: what the filter of the tests is after */
    int seen;
};

static struct entry entries[STORE_SHARDS][RECORDS];
static int counts[STORE_SHARDS];
static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (random_state >> 8) % below;
}

/* Record one attempt in a shard at ms. One in `rarity` is wanted. */
static void record(unsigned shard, int64_t ms, uint32_t rarity)
{
    int at = counts[shard]++;
    struct entry *entry = &entries[shard][at];
    bool same = at > 0 && entries[shard][at - 1].ms == ms;
    assert_in_range(at, 0, RECORDS - 1);
    *entry = (struct entry){
        .ms = ms, .sequence = same ? entries[shard][at - 1].sequence + 1 : 0, .wanted = draw(rarity) == 0};
}

/* What Redis would answer to store_executions. */
static void answer(struct feed *feed, unsigned shard, size_t ask)
{
    static struct slice items[3 * RECORDS];
    static char texts[RECORDS][2][100];
    char id[JOB_ID_SIZE] = {(char)shard};
    struct reply reply = {.kind = REPLY_ARRAY, .items = items};
    struct errinfo info;
    long long ms = INT64_MAX;
    long long sequence = 0;
    if (feed->shards[shard].before[0]) {
        assert_int_equal(sscanf(feed->shards[shard].before, "%lld-%lld", &ms, &sequence), 2);
    }
    for (int i = counts[shard] - 1; i >= 0 && reply.count < 3 * ask; i--) {
        const struct entry *entry = &entries[shard][i];
        size_t at = reply.count / 3;
        if (entry->ms > ms || (entry->ms == ms && entry->sequence >= sequence)) {
            continue;
        }
        snprintf(texts[at][0], sizeof texts[at][0], "%lld-%lld", (long long)entry->ms,
                 (long long)entry->sequence);
        snprintf(texts[at][1], sizeof texts[at][1], "o:%c s:%d a:%u x:%lld", entry->wanted ? 'f' : 's', i,
                 shard, (long long)entry->ms);
        items[reply.count++] = slice_of(texts[at][0]);
        items[reply.count++] = (struct slice){id, sizeof id};
        items[reply.count++] = slice_of(texts[at][1]);
    }
    assert_int_equal(feed_fill(feed, shard, &reply, ask, &info), ERR_OK);
}

static struct arena arena;

static const struct feed_filter filters[] = {
    {.until = {INT64_MAX}},
    {.by_success = true, .until = {INT64_MAX}},
    {.by_outcome = true, .outcome = EXECUTION_FAILED, .until = {INT64_MAX}},
};

/* One page behind *cursor, which is taken to its end as clients do: by its text. Returns false after the
 * last one. */
static bool page(struct feed *feed, const struct feed_filter *filter, struct feed_cursor *cursor,
                 size_t limit)
{
    char text[FEED_CURSOR_SIZE];
    unsigned missing;
    arena_clear(&arena); /* a page is a request of its own */
    feed_begin(feed, &arena, filter, cursor, limit);
    while ((missing = feed_advance(feed)) != 0 && !feed_is_spent(feed)) {
        for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
            if (missing & 1U << shard) {
                answer(feed, shard, 1 + draw(40));
            }
        }
    }
    feed_end(feed);
    assert_in_range(feed->page_count, 0, limit);
    for (size_t i = 0; i < feed->page_count; i++) {
        const struct execution *execution = feed_at(feed, i);
        entries[execution->attempt][execution->scheduled.ms].seen++;
    }
    feed_cursor_format(text, &feed->next);
    return feed_cursor_parse(cursor, slice_of(text));
}

/* Some hundred attempts, many in the same millisecond, and now and then a batch in one shard. */
static int64_t record_many(int64_t ms, uint32_t count, uint32_t rarity)
{
    for (uint32_t i = 0; i < count; i++) {
        unsigned shard = draw(STORE_SHARDS);
        ms += draw(3) == 0 ? draw(5) : 0;
        for (uint32_t batch = draw(20) == 0 ? draw(60) : 1; batch > 0; batch--) {
            record(shard, ms, rarity);
        }
    }
    return ms;
}

static void check_round(uint32_t rarity, const struct feed_filter *filter)
{
    struct feed_cursor cursor = {.kind = FEED_CURSOR_NONE};
    struct feed feed;
    int old[STORE_SHARDS];
    int64_t ms;
    memset(counts, 0, sizeof counts);
    ms = record_many(1000, 50 + draw(1500), rarity);
    memcpy(old, counts, sizeof old);
    while (page(&feed, filter, &cursor, 1 + draw(60))) {
        ms = record_many(ms, draw(5), rarity); /* at first in the very millisecond of the latest */
    }
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        for (int i = 0; i < old[shard]; i++) {
            bool wanted = entries[shard][i].wanted || filter == &filters[0];
            if (entries[shard][i].seen != (wanted ? 1 : 0)) {
                fail_msg("record %d of shard %u was shown %d times", i, shard, entries[shard][i].seen);
            }
        }
        for (int i = old[shard]; i < counts[shard]; i++) {
            assert_in_range(entries[shard][i].seen, 0, 1);
        }
    }
    arena_fini(&arena);
}

TEST(feed_pages_miss_nothing_and_repeat_nothing)
{
    random_state = SEED;
    print_message("seed %u\n", SEED);
    for (int round = 0; round < 60; round++) {
        check_round(1 + draw(30), &filters[draw(3)]);
    }
}

/* What is rare is found in several short pages, none of which looks at all there is. */
TEST(feed_filter_reads_a_bounded_part_for_each_page)
{
    struct feed_cursor cursor = {.kind = FEED_CURSOR_NONE};
    struct feed feed;
    int pages = 0;
    memset(counts, 0, sizeof counts);
    random_state = SEED;
    for (int i = 0; i < 1000 * STORE_SHARDS; i++) {
        record((unsigned)i % STORE_SHARDS, 1000 + i, UINT32_MAX);
    }
    entries[3][7].wanted = true;
    for (bool more = true; more; pages++) {
        more = page(&feed, &filters[1], &cursor, 10);
        assert_in_range(feed.scanned, 0, FEED_SCAN_MAX + STORE_SHARDS * 40);
    }
    assert_int_equal(entries[3][7].seen, 1);
    assert_in_range(pages, 3, 6);
    arena_fini(&arena);
}

/* `since` ends the search, `until` begins it a while later than the instant it names. */
TEST(feed_filter_by_time_skips_what_lies_outside)
{
    struct feed_cursor cursor = {.kind = FEED_CURSOR_NONE};
    struct feed_filter filter = {.since = {500}, .until = {510}};
    struct feed feed;
    memset(counts, 0, sizeof counts);
    for (int i = 0; i < 1000; i++) {
        record(0, i, 1);
    }
    record(0, 510 + FEED_RECORD_LAG_MS, 1);
    record(0, 511 + FEED_RECORD_LAG_MS, 1);
    assert_false(page(&feed, &filter, &cursor, 100));
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(entries[0][i].seen, i >= 500 && i < 510);
    }
    assert_string_equal(feed.shards[0].before[0] ? "500-0" : "", feed.shards[0].before);
    arena_fini(&arena);
}

/* ---- one job ---- */

TEST(feed_history_pages_go_on_behind_the_attempt_they_ended_with)
{
    struct feed_cursor cursor = {.kind = FEED_CURSOR_NONE};
    struct job_id job = {{0}};
    struct errinfo info;
    struct feed feed;
    struct slice items[] = {slice_of("o:s s:9 a:1 x:9"), slice_of("o:s s:8 a:2 x:8"),
                            slice_of("o:f s:8 a:1 x:8"), slice_of("garbage"), slice_of("o:s s:7 a:1 x:7")};
    struct reply reply = {.kind = REPLY_ARRAY, .items = items + 1, .count = 4};
    feed_begin(&feed, &arena, &filters[0], &cursor, 2);
    assert_int_equal(feed_fill_history(&feed, &job, &reply, &info), ERR_OK);
    assert_int_equal(feed.page_count, 2);
    cursor = feed.next;
    assert_int_equal(cursor.scheduled.ms, 8);
    assert_int_equal(cursor.attempt, 1);
    reply = (struct reply){.kind = REPLY_ARRAY, .items = items, .count = 5}; /* one came in front */
    feed_begin(&feed, &arena, &filters[0], &cursor, 2);
    assert_int_equal(feed_fill_history(&feed, &job, &reply, &info), ERR_OK);
    assert_int_equal(feed.page_count, 1);
    assert_int_equal(feed_at(&feed, 0)->scheduled.ms, 7);
    assert_int_equal(feed.next.kind, FEED_CURSOR_NONE);
    reply.count = 2; /* what it names has gone, and all behind it */
    feed_begin(&feed, &arena, &filters[0], &cursor, 2);
    assert_int_equal(feed_fill_history(&feed, &job, &reply, &info), ERR_OK);
    assert_int_equal(feed.page_count, 0);
    arena_fini(&arena);
}
