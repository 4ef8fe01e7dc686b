/* dead: see dead.h. A cursor is "d<shard>.<next>", followed by ".<died>.<64 hex>.<scheduled>" if it has a
 * position. */
#include "api/dead.h"

#include "http/query.h"

#include <stdio.h>
#include <string.h>

_Static_assert(QUERY_LIMIT_MAX <= STORE_DEAD_PAGE_MAX, "a page has room for it");

#define RATE_DEFAULT 100 /* calls a second */
#define RATE_MAX     10000

void dead_id_format(char out[DEAD_ID_SIZE], const struct job_id *job, struct wall_ms scheduled)
{
    char hex[JOB_ID_HEX_SIZE];

    job_id_format_hex(hex, job);
    snprintf(out, DEAD_ID_SIZE, "dead:%s:%lld", hex, (long long)scheduled.ms);
}

bool dead_id_parse(struct slice id, struct job_id *job, struct wall_ms *scheduled)
{
    const size_t head = strlen("dead:");
    const size_t hex = (size_t)2 * JOB_ID_SIZE;
    char text[DEAD_ID_SIZE];

    if (id.data == NULL || id.len <= head + hex + 1 || id.len >= sizeof text ||
        !job_id_parse_hex(job, (struct slice){id.data + head, hex}) ||
        !slice_i64((struct slice){id.data + head + hex + 1, id.len - head - hex - 1}, &scheduled->ms)) {
        return false;
    }
    dead_id_format(text, job, *scheduled);
    return slice_eq(id, text);
}

void dead_cursor_format(char out[DEAD_CURSOR_SIZE], const struct dead_cursor *cursor)
{
    size_t len =
        (size_t)snprintf(out, DEAD_CURSOR_SIZE, "d%u.%lld", cursor->shard, (long long)cursor->next_us);

    if (cursor->inside) {
        char hex[JOB_ID_HEX_SIZE];
        job_id_format_hex(hex, &cursor->position.job);
        snprintf(out + len, DEAD_CURSOR_SIZE - len, ".%lld.%s.%lld", (long long)cursor->position.died.ms, hex,
                 (long long)cursor->position.scheduled.ms);
    }
}

/* Take the number before the next dot off rest. Returns false if it is none, or negative. */
static bool take_number(struct slice *rest, int64_t *out)
{
    return slice_i64(slice_take_until(rest, '.'), out) && *out >= 0;
}

bool dead_cursor_parse(struct dead_cursor *out, struct slice text)
{
    *out = (struct dead_cursor){0};
    if (text.len < 2 || text.data[0] != 'd') {
        return false;
    }
    struct slice rest = {text.data + 1, text.len - 1};
    int64_t shard;
    if (!take_number(&rest, &shard) || shard >= STORE_SHARDS || !take_number(&rest, &out->next_us)) {
        return false;
    }
    out->shard = (unsigned)shard;
    out->inside = rest.len > 0;
    return !out->inside || (take_number(&rest, &out->position.died.ms) &&
                            job_id_parse_hex(&out->position.job, slice_take_until(&rest, '.')) &&
                            slice_i64(rest, &out->position.scheduled.ms));
}

static bool read_cursor(struct dead_cursor *out, const struct request *req, struct api_error *error)
{
    struct slice text = request_param(req, "cursor");
    return text.data == NULL || dead_cursor_parse(out, text) || query_refuse_cursor(error);
}

static bool read_rate(int64_t *step_us, const struct request *req, struct api_error *error)
{
    int64_t rate = RATE_DEFAULT;
    if (!query_whole(req, "rate", (struct query_range){1, RATE_MAX}, &rate, error)) {
        return false;
    }
    *step_us = 1000000 / rate;
    return true;
}

bool dead_query_read(struct dead_query *out, const struct request *req, struct api_error *error)
{
    *out = (struct dead_query){.before = {INT64_MAX}};
    return query_job_id(req, &out->job, &out->one_job, error) && query_limit(req, &out->limit, error) &&
           query_instant(req, "before", &out->before, error) && read_rate(&out->step_us, req, error) &&
           read_cursor(&out->from, req, error);
}
