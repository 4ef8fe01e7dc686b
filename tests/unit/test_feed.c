/* The page of attempts: merged from shards, asked for no more than needed, ordered by call. */
#include "api/feed.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static const struct feed_filter all = {.until = {INT64_MAX}};
static const struct feed_cursor beginning = {.kind = FEED_CURSOR_NONE};

#define ALL_SHARDS ((1U << STORE_SHARDS) - 1)

/* A reply made of text: three items a record, as the script `executions` answers. */
struct fake_reply {
    struct reply reply;
    struct slice items[30];
    char text[30][120];
    char id[JOB_ID_SIZE];
};

static void fake_begin(struct fake_reply *fake, unsigned shard)
{
    memset(fake, 0, sizeof *fake);
    fake->id[0] = (char)shard;
    fake->reply = (struct reply){.kind = REPLY_ARRAY, .items = fake->items};
}

/* Add a record at stream position ms-0, of a call made at that instant; text NULL: one that can be read. */
static void fake_add(struct fake_reply *fake, int ms, const char *text)
{
    size_t at = fake->reply.count;
    (void)snprintf(fake->text[at], sizeof fake->text[at], "%d-0", ms);
    (void)snprintf(fake->text[at + 2], sizeof fake->text[at + 2], "o:s s:%d x:%d t:1 h:200 a:1 l:0 r:w", ms,
                   ms);
    fake->items[at] = slice_of(fake->text[at]);
    fake->items[at + 1] = (struct slice){fake->id, sizeof fake->id};
    fake->items[at + 2] = slice_of(text ? text : fake->text[at + 2]);
    fake->reply.count += 3;
}

/* Fill a shard with records at the instants (ended by 0). */
static void fill(struct feed *feed, unsigned shard, size_t asked, const int *instants)
{
    struct fake_reply fake;
    struct errinfo info;
    fake_begin(&fake, shard);
    for (; *instants; instants++) {
        fake_add(&fake, *instants, NULL);
    }
    assert_int_equal(feed_fill(feed, shard, &fake.reply, asked, &info), ERR_OK);
}

static void fill_rest_empty(struct feed *feed, unsigned from)
{
    for (unsigned shard = from; shard < STORE_SHARDS; shard++) {
        fill(feed, shard, 2, (const int[]){0});
    }
}

static void check_page(const struct feed *feed, const int *instants)
{
    size_t count = 0;
    for (; instants[count]; count++) {
        assert_int_equal(feed_at(feed, count)->started.ms, instants[count]);
    }
    assert_int_equal(feed->page_count, count);
}

TEST(feed_merges_newest_first)
{
    struct feed feed;
    feed_begin(&feed, &arena, &all, &beginning, 10);
    assert_int_equal(feed_advance(&feed), ALL_SHARDS);
    fill(&feed, 0, 5, (const int[]){90, 40, 0});
    fill(&feed, 1, 5, (const int[]){80, 70, 10, 0});
    fill_rest_empty(&feed, 2);
    assert_int_equal(feed_advance(&feed), 0);
    check_page(&feed, (const int[]){90, 80, 70, 40, 10, 0});
    arena_fini(&arena);
}

TEST(feed_asks_again_only_where_more_may_be)
{
    struct feed feed;
    feed_begin(&feed, &arena, &all, &beginning, 4);
    fill(&feed, 0, 2, (const int[]){90, 80, 0});
    fill(&feed, 1, 2, (const int[]){20, 10, 0});
    fill_rest_empty(&feed, 2);
    assert_int_equal(feed_advance(&feed), 1U << 0);
    assert_string_equal(feed.shards[0].before, "80-0");
    assert_int_equal(feed.page_count, 2);
    fill(&feed, 0, 4, (const int[]){70, 5, 0});
    assert_int_equal(feed_advance(&feed), 0);
    check_page(&feed, (const int[]){90, 80, 70, 20, 0});
    arena_fini(&arena);
}

TEST(feed_stops_at_the_limit)
{
    struct feed feed;
    feed_begin(&feed, &arena, &all, &beginning, 1);
    fill(&feed, 0, 2, (const int[]){90, 80, 0});
    fill_rest_empty(&feed, 1);
    assert_int_equal(feed_advance(&feed), 0);
    check_page(&feed, (const int[]){90, 0});
    feed_begin(&feed, &arena, &all, &beginning, 1);
    assert_int_equal(feed.page_count, 0);
    assert_int_equal(feed_advance(&feed), ALL_SHARDS);
    arena_fini(&arena);
}

TEST(feed_skips_what_cannot_be_read_and_goes_on_behind_it)
{
    struct feed feed;
    struct fake_reply fake;
    struct errinfo info;
    feed_begin(&feed, &arena, &all, &beginning, 5);
    fake_begin(&fake, 0);
    fake_add(&fake, 90, NULL);
    fake_add(&fake, 80, "garbage");
    assert_int_equal(feed_fill(&feed, 0, &fake.reply, 2, &info), ERR_OK);
    fill_rest_empty(&feed, 1);
    assert_int_equal(feed_advance(&feed), 1U << 0);
    assert_string_equal(feed.shards[0].before, "80-0");
    fill(&feed, 0, 5, (const int[]){0});
    assert_int_equal(feed_advance(&feed), 0);
    check_page(&feed, (const int[]){90, 0});
    arena_fini(&arena);
}

TEST(feed_gives_up_on_a_shard_without_positions)
{
    struct feed feed;
    struct fake_reply fake;
    struct errinfo info;
    feed_begin(&feed, &arena, &all, &beginning, 5);
    fake_begin(&fake, 0);
    fake_add(&fake, 90, NULL);
    fake.items[0] = (struct slice){NULL, 0};
    assert_int_equal(feed_fill(&feed, 0, &fake.reply, 1, &info), ERR_OK);
    fill_rest_empty(&feed, 1);
    assert_int_equal(feed_advance(&feed), 0);
    arena_fini(&arena);
}

TEST(feed_reports_what_redis_refuses)
{
    struct feed feed;
    struct errinfo info;
    struct reply error = {.kind = REPLY_ERROR, .text = slice_of("WRONGTYPE no")};
    struct job_id job = {{0}};
    feed_begin(&feed, &arena, &all, &beginning, 5);
    assert_int_equal(feed_fill(&feed, 0, &error, 5, &info), ERR_REFUSED);
    assert_int_equal(feed_fill_history(&feed, &job, &error, &info), ERR_REFUSED);
    arena_fini(&arena);
}

#define CROWD 200 /* records, one in each millisecond; most of them in few of the shards */

/* Answer for a shard as Redis does: its newest records before that place, at most `ask`. */
static void serve(struct feed *feed, unsigned shard, size_t ask)
{
    int instants[CROWD + 1] = {0};
    const char *position = feed->shards[shard].before; /* "": the beginning */
    long before = position[0] ? strtol(position, NULL, 10) : CROWD + 1;
    size_t count = 0;
    for (int ms = CROWD; ms > 0 && count < ask; ms--) {
        if ((unsigned)(ms * ms) % STORE_SHARDS == shard && ms < before) {
            instants[count++] = ms;
        }
    }
    fill(feed, shard, ask, instants);
}

TEST(feed_pages_are_the_same_however_little_is_asked_for_at_a_time)
{
    struct feed feed;
    for (size_t ask = 1; ask <= 10; ask++) {
        struct feed_cursor from = beginning;
        for (int newest = CROWD; newest > 0; newest -= 50) {
            unsigned missing;
            feed_begin(&feed, &arena, &all, &from, 50);
            while ((missing = feed_advance(&feed)) != 0) {
                for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
                    if (missing & 1U << shard) {
                        serve(&feed, shard, ask);
                    }
                }
            }
            feed_end(&feed);
            assert_int_equal(feed.page_count, 50);
            for (int i = 0; i < 50; i++) {
                assert_int_equal(feed_at(&feed, (size_t)i)->started.ms, newest - i);
            }
            from = feed.next;
        }
    }
    arena_fini(&arena);
}

TEST(feed_history_is_ordered_by_call)
{
    struct feed feed;
    struct errinfo info;
    struct job_id job = {{0}};
    struct slice items[] = {
        slice_of("o:s s:100 x:300 t:1 h:200 a:1 l:0"), slice_of("nonsense"),
        slice_of("o:s s:100 x:500 t:1 h:200 a:2 l:0"), slice_of("o:l s:400 a:1"),
        slice_of("o:m s:100 u:900 n:3 a:0"),
    };
    struct reply reply = {.kind = REPLY_ARRAY, .items = items, .count = sizeof items / sizeof items[0]};
    feed_begin(&feed, &arena, &all, &beginning, 5);
    assert_int_equal(feed_fill_history(&feed, &job, &reply, &info), ERR_OK);
    feed_sort(&feed);
    assert_int_equal(feed.page_count, 4);
    assert_int_equal(feed_at(&feed, 0)->outcome, EXECUTION_MISSED);
    assert_int_equal(feed_at(&feed, 1)->started.ms, 500);
    assert_int_equal(feed_at(&feed, 2)->outcome, EXECUTION_LOST);
    assert_int_equal(feed_at(&feed, 3)->started.ms, 300);
    arena_fini(&arena);
}
