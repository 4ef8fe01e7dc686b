/* feed_cursor: "f<ms>[.<shard>-<sequence>]…" for the feed, "a…" likewise for the trail,
 * "h<scheduled>.<attempt>" for a history. */
#include "api/feed_cursor.h"

#include <stdio.h>
#include <string.h>

/* How many streams the kind has; 0: it has none. */
static unsigned streams_of(enum feed_cursor_kind kind)
{
    return kind == FEED_CURSOR_FEED ? STORE_SHARDS : kind == FEED_CURSOR_AUDIT ? STORE_AUDIT_STREAMS : 0;
}

static void format_streams(char out[FEED_CURSOR_SIZE], const struct feed_cursor *cursor)
{
    char letter = cursor->kind == FEED_CURSOR_FEED ? 'f' : 'a';
    size_t len = (size_t)snprintf(out, FEED_CURSOR_SIZE, "%c%lld", letter, (long long)cursor->ms);

    for (unsigned stream = 0; stream < streams_of(cursor->kind); stream++) {
        if (cursor->passed[stream] >= 0) {
            len += (size_t)snprintf(out + len, FEED_CURSOR_SIZE - len, ".%u-%lld", stream,
                                    (long long)cursor->passed[stream]);
        }
    }
}

void feed_cursor_format(char out[FEED_CURSOR_SIZE], const struct feed_cursor *cursor)
{
    out[0] = '\0';
    if (streams_of(cursor->kind) > 0) {
        format_streams(out, cursor);
    } else if (cursor->kind == FEED_CURSOR_JOB) {
        snprintf(out, FEED_CURSOR_SIZE, "h%lld.%d", (long long)cursor->scheduled.ms, cursor->attempt);
    }
}

/* Take the number before the next mark off rest. Returns false if it is none, or negative. */
static bool take_number(struct slice *rest, char mark, int64_t *out)
{
    return slice_i64(slice_take_until(rest, mark), out) && *out >= 0;
}

static bool parse_streams(struct feed_cursor *out, struct slice rest)
{
    if (!take_number(&rest, '.', &out->ms) || out->ms == INT64_MAX) {
        return false;
    }
    while (rest.len > 0) {
        int64_t stream;
        int64_t sequence;
        if (!take_number(&rest, '-', &stream) || stream >= streams_of(out->kind) ||
            !take_number(&rest, '.', &sequence)) {
            return false;
        }
        out->passed[stream] = sequence;
    }
    return true;
}

static bool parse_job(struct feed_cursor *out, struct slice rest)
{
    int64_t attempt;

    if (!take_number(&rest, '.', &out->scheduled.ms) || !take_number(&rest, '.', &attempt) || rest.len > 0 ||
        attempt > STORE_ATTEMPT_MAX) {
        return false;
    }
    out->attempt = (int)attempt;
    return true;
}

bool feed_cursor_parse(struct feed_cursor *out, struct slice text)
{
    *out = feed_cursor_at(FEED_CURSOR_NONE, 0);
    if (text.len < 2) {
        return false;
    }
    struct slice rest = {text.data + 1, text.len - 1};
    switch (text.data[0]) {
    case 'f':
        out->kind = FEED_CURSOR_FEED;
        return parse_streams(out, rest);
    case 'a':
        out->kind = FEED_CURSOR_AUDIT;
        return parse_streams(out, rest);
    case 'h':
        out->kind = FEED_CURSOR_JOB;
        return parse_job(out, rest);
    default:
        return false;
    }
}

struct feed_cursor feed_cursor_at(enum feed_cursor_kind kind, int64_t ms)
{
    struct feed_cursor cursor = {.kind = kind, .ms = ms};

    memset(cursor.passed, -1, sizeof cursor.passed);
    return cursor;
}

void feed_cursor_before(char out[STORE_FEED_ID_MAX], const struct feed_cursor *cursor, unsigned stream)
{
    out[0] = '\0';
    if (streams_of(cursor->kind) == 0 || cursor->ms == INT64_MAX) {
        return;
    }
    if (cursor->passed[stream] >= 0) {
        snprintf(out, STORE_FEED_ID_MAX, "%lld-%lld", (long long)cursor->ms,
                 (long long)cursor->passed[stream]);
    } else {
        snprintf(out, STORE_FEED_ID_MAX, "%lld-0", (long long)cursor->ms + 1);
    }
}
