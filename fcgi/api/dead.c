/* dead: see dead.h. A cursor is "d<shard>.<next>", and ".<died>.<64 hex>.<scheduled>" where there is a
 * position.
 */
#include "api/dead.h"

#include "api/track_query.h"
#include "text/digest.h"
#include "text/rfc3339.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define RATE_DEFAULT  100 /* calls a second */
#define RATE_MAX      10000

void dead_id_format(char out[DEAD_ID_SIZE], const struct job_id *job, struct wall_ms scheduled)
{
    char hex[2 * JOB_ID_SIZE + 1];

    digest_hex(hex, job->bytes, JOB_ID_SIZE);
    snprintf(out, DEAD_ID_SIZE, "dead:%s:%lld", hex, (long long)scheduled.ms);
}

/* 64 hex digits. */
static bool parse_hex(struct slice hex, struct job_id *job)
{
    char text[JOB_ID_TEXT_SIZE];

    if (hex.len != (size_t)2 * JOB_ID_SIZE) {
        return false;
    }
    snprintf(text, sizeof text, "capi:%.*s", (int)hex.len, hex.data);
    return job_id_parse(job, slice_of(text));
}

bool dead_id_parse(struct slice id, struct job_id *job, struct wall_ms *scheduled)
{
    const size_t head = strlen("dead:");
    const size_t hex = (size_t)2 * JOB_ID_SIZE;
    char text[DEAD_ID_SIZE];

    if (id.data == NULL || id.len <= head + hex + 1 || id.len >= sizeof text ||
        !parse_hex((struct slice){id.data + head, hex}, job) ||
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
        char hex[2 * JOB_ID_SIZE + 1];
        digest_hex(hex, cursor->position.job.bytes, JOB_ID_SIZE);
        snprintf(out + len, DEAD_CURSOR_SIZE - len, ".%lld.%s.%lld", (long long)cursor->position.died.ms, hex,
                 (long long)cursor->position.scheduled.ms);
    }
}

/* Take what is before the next dot (or all) off rest. */
static struct slice next_part(struct slice *rest)
{
    const char *dot = rest->len > 0 ? memchr(rest->data, '.', rest->len) : NULL;
    struct slice part = *rest;
    size_t used = rest->len;

    if (dot) {
        part.len = (size_t)(dot - rest->data);
        used = part.len + 1;
    }
    *rest = (struct slice){rest->data + used, rest->len - used};
    return part;
}

bool dead_cursor_parse(struct dead_cursor *out, struct slice text)
{
    struct slice rest = {text.data + 1, text.len - 1};
    int64_t shard;

    *out = (struct dead_cursor){0};
    if (text.len < 2 || text.data[0] != 'd' || !slice_i64(next_part(&rest), &shard) || shard < 0 ||
        shard >= STORE_SHARDS || !slice_i64(next_part(&rest), &out->next_us) || out->next_us < 0) {
        return false;
    }
    out->shard = (unsigned)shard;
    out->inside = rest.len > 0;
    return !out->inside ||
           (slice_i64(next_part(&rest), &out->position.died.ms) && out->position.died.ms >= 0 &&
            parse_hex(next_part(&rest), &out->position.job) && slice_i64(rest, &out->position.scheduled.ms));
}

static bool refuse(struct api_error *error, const char *name, const char *text)
{
    api_error_set(error, API_INVALID_REQUEST, "%s", text);
    return api_error_at(error, slice_of(name));
}

static bool read_before(struct wall_ms *out, const struct request *req, struct api_error *error)
{
    struct slice text = request_param(req, "before");
    struct errinfo info;

    out->ms = INT64_MAX;
    if (!text.data || rfc3339_parse(out, text, &info) == ERR_OK) {
        return true;
    }
    api_error_set(error, API_INVALID_REQUEST, "before: %s (RFC 3339; a + in a query is written %%2B)",
                  info.text);
    return api_error_at(error, slice_of("before"));
}

static bool read_rate(int64_t *step_us, const struct request *req, struct api_error *error)
{
    int64_t rate = RATE_DEFAULT;

    if (!request_param_whole(req, "rate", 1, RATE_MAX, &rate, error)) {
        return false;
    }
    *step_us = 1000000 / rate;
    return true;
}

bool dead_query_read(struct dead_query *out, const struct request *req, struct api_error *error)
{
    struct slice cursor = request_param(req, "cursor");

    *out = (struct dead_query){.limit = LIMIT_DEFAULT};
    if (!track_query_job_id(req, &out->job, &out->one_job, error) ||
        !track_query_limit(req, LIMIT_DEFAULT, STORE_DEAD_PAGE_MAX, &out->limit, error) ||
        !read_before(&out->before, req, error) || !read_rate(&out->step_us, req, error)) {
        return false;
    }
    return !cursor.data || dead_cursor_parse(&out->from, cursor) ||
           refuse(error, "cursor", "cursor must be the next_cursor of an answer to the same query");
}
