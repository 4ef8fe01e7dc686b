/* feed_cursor: "f<ms>[.<shard>-<sequence>]…" for the feed, "h<scheduled>.<attempt>" for a history. */
#include "api/feed_cursor.h"

#include <stdio.h>
#include <string.h>

static void format_feed(char out[FEED_CURSOR_SIZE], const struct feed_cursor *cursor)
{
    size_t len = (size_t)snprintf(out, FEED_CURSOR_SIZE, "f%lld", (long long)cursor->ms);

    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        if (cursor->passed[shard] >= 0) {
            len += (size_t)snprintf(out + len, FEED_CURSOR_SIZE - len, ".%u-%lld", shard,
                                    (long long)cursor->passed[shard]);
        }
    }
}

void feed_cursor_format(char out[FEED_CURSOR_SIZE], const struct feed_cursor *cursor)
{
    out[0] = '\0';
    if (cursor->kind == FEED_CURSOR_FEED) {
        format_feed(out, cursor);
    } else if (cursor->kind == FEED_CURSOR_JOB) {
        snprintf(out, FEED_CURSOR_SIZE, "h%lld.%d", (long long)cursor->scheduled.ms, cursor->attempt);
    }
}

/* Take the number before the next mark off rest. Returns false if it is none, or negative. */
static bool take_number(struct slice *rest, char mark, int64_t *out)
{
    return slice_i64(slice_take_until(rest, mark), out) && *out >= 0;
}

static bool parse_feed(struct feed_cursor *out, struct slice rest)
{
    out->kind = FEED_CURSOR_FEED;
    if (!take_number(&rest, '.', &out->ms) || out->ms == INT64_MAX) {
        return false;
    }
    while (rest.len > 0) {
        int64_t shard;
        int64_t sequence;
        if (!take_number(&rest, '-', &shard) || shard >= STORE_SHARDS ||
            !take_number(&rest, '.', &sequence)) {
            return false;
        }
        out->passed[shard] = sequence;
    }
    return true;
}

static bool parse_job(struct feed_cursor *out, struct slice rest)
{
    int64_t attempt;

    out->kind = FEED_CURSOR_JOB;
    if (!take_number(&rest, '.', &out->scheduled.ms) || !take_number(&rest, '.', &attempt) || rest.len > 0 ||
        attempt > STORE_ATTEMPT_MAX) {
        return false;
    }
    out->attempt = (int)attempt;
    return true;
}

bool feed_cursor_parse(struct feed_cursor *out, struct slice text)
{
    *out = (struct feed_cursor){0};
    for (unsigned shard = 0; shard < STORE_SHARDS; shard++) {
        out->passed[shard] = -1;
    }
    if (text.len < 2) {
        return false;
    }
    struct slice rest = {text.data + 1, text.len - 1};
    return text.data[0] == 'f' ? parse_feed(out, rest) : text.data[0] == 'h' && parse_job(out, rest);
}

void feed_cursor_before(char out[STORE_FEED_ID_MAX], const struct feed_cursor *cursor, unsigned shard)
{
    out[0] = '\0';
    if (cursor->kind != FEED_CURSOR_FEED) {
        return;
    }
    if (cursor->passed[shard] >= 0) {
        snprintf(out, STORE_FEED_ID_MAX, "%lld-%lld", (long long)cursor->ms,
                 (long long)cursor->passed[shard]);
    } else {
        snprintf(out, STORE_FEED_ID_MAX, "%lld-0", (long long)cursor->ms + 1);
    }
}
