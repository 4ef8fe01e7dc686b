/* job_batch: POST /v1/jobs:batch. Each line is a definition, and gets a line with the response that a POST of
 * it alone would get. Lines go to Redis many at a time (schedule_prepare). A line that needs more is done
 * alone when its turn comes, so that lines take effect in their order. After a failure of Redis the remaining
 * lines fail at once: a client must not wait for a thousand time-outs. */
#include "api/audit.h"
#include "api/idempotency.h"
#include "api/resources.h"
#include "api/schedule.h"
#include "base/log.h"
#include "job/job_json.h"

#include <string.h>

#define LINES_MAX      1000
#define TOGETHER       REDIS_SYNC_PIPELINE_MAX
#define TOGETHER_BYTES 262144 /* of the lines that are sent together, roughly */
#define BUDGET_MS      20000  /* for the whole request; nginx waits longer */

struct line {
    struct slice text;
    size_t number;                      /* from 1 */
    struct schedule_prepared *prepared; /* lasts as long as the group; NULL: do the line alone */
    bool stored;
};

struct batch {
    struct context *ctx;
    struct slice rest;           /* of the body, not yet read */
    size_t number;               /* of the line that was read last */
    struct line lines[TOGETHER]; /* a group */
    size_t count;                /* of the lines in the group */
    struct buffer out;           /* owned: the body of the response */
    size_t failed;               /* lines that failed because of Redis (5xx) */
    struct api_error down;       /* why the remaining lines fail; API_OK: they do not */
};

/* ---- lines ---- */

static bool is_blank(struct slice text)
{
    return text.len == 0 || strspn(text.data, " \t\r") >= text.len;
}

/* Take the next line that is not blank off rest, and count up *number. Returns false if there is none. */
static bool next_line(struct slice *rest, size_t *number, struct slice *text)
{
    while (rest->len > 0) {
        const char *end = memchr(rest->data, '\n', rest->len);
        size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
        size_t step = end != NULL ? len + 1 : len;

        *text = (struct slice){rest->data, len};
        rest->data += step;
        rest->len -= step;
        ++*number;
        if (!is_blank(*text)) {
            return true;
        }
    }
    return false;
}

/* Read the next lines, and prepare them. */
static void read_group(struct batch *b)
{
    size_t bytes = 0;
    struct slice text;

    b->count = 0;
    while (b->count < TOGETHER && bytes < TOGETHER_BYTES && next_line(&b->rest, &b->number, &text)) {
        struct line *line = &b->lines[b->count++];

        line->text = text;
        line->number = b->number;
        line->stored = false;
        line->prepared =
            b->down.code == API_OK && text.len <= REQUEST_BODY_MAX ? schedule_prepare(b->ctx, text) : NULL;
        bytes += text.len;
    }
}

/* ---- Redis ---- */

/* Send the prepared lines, and note which jobs are stored. */
static void send_group(struct batch *b)
{
    struct cmd cmds[TOGETHER];
    const struct reply *replies;
    struct errinfo info = {0};
    size_t sent = 0;

    for (size_t i = 0; i < b->count; i++) {
        struct schedule_prepared *prepared = b->lines[i].prepared;
        if (prepared != NULL) {
            cmds[sent++] = prepared->cmd;
            prepared->cmd = (struct cmd){0};
        }
    }
    if (sent == 0) {
        return;
    }
    if (context_ask(b->ctx, cmds, sent, &replies, &info) != ERR_OK) {
        (void)api_error_redis(&b->down, API_STORAGE_ERROR, "the job is not known to be stored", &info);
        return;
    }
    sent = 0;
    for (size_t i = 0; i < b->count; i++) {
        struct line *line = &b->lines[i];
        if (line->prepared != NULL) {
            line->stored = schedule_is_stored(b->ctx, line->prepared, &replies[sent++]);
        }
    }
}

/* ---- answers ---- */

static void write_error(struct batch *b, const struct line *line, const struct api_error *error)
{
    int status = api_code_status(error->code);
    struct json_writer w;

    audit_refused(b->ctx, error->code);
    b->failed += api_code_is_failure(error->code) ? 1 : 0;
    json_begin(&w, &b->out);
    json_object_begin(&w);
    json_key(&w, "line");
    json_put_i64(&w, (int64_t)line->number);
    json_key(&w, "status");
    json_put_i64(&w, status);
    response_put_error(&w, error);
    json_object_end(&w);
}

/* Do a line that could not be done together with others. What it reads, such as the history of the job that it
 * replaces, ends with it: the lines of a group read tens of megabytes together. */
static void do_alone(struct batch *b, const struct line *line)
{
    struct arena_mark mark = arena_mark(&b->ctx->memory);
    struct api_error error;

    api_error_clear(&error);
    if (b->down.code != API_OK) {
        write_error(b, line, &b->down);
    } else if (line->text.len > REQUEST_BODY_MAX) {
        api_error_set(&error, API_PAYLOAD_TOO_LARGE, "the line is longer than %d bytes", REQUEST_BODY_MAX);
        write_error(b, line, &error);
    } else if (schedule_store(b->ctx, line->text, true, &error)) {
        buffer_add(&b->out, b->ctx->response.body.data, b->ctx->response.body.len);
    } else {
        write_error(b, line, &error);
        if (api_code_is_failure(error.code)) {
            b->down = error;
            b->down.field = (struct slice){NULL, 0}; /* it may point into error */
        }
    }
    arena_release(&b->ctx->memory, mark);
}

static void answer_group(struct batch *b)
{
    struct json_writer w;

    for (size_t i = 0; i < b->count; i++) {
        struct line *line = &b->lines[i];
        if (line->stored) {
            json_begin(&w, &b->out);
            job_json_write(&w, line->prepared->job, false);
        } else {
            do_alone(b, line);
        }
        buffer_add_char(&b->out, '\n');
    }
}

/* ---- the request ---- */

/* Returns false if there are too many; error is filled. */
static bool count_lines(struct slice body, struct api_error *error)
{
    size_t number = 0;
    size_t count = 0;
    struct slice text;

    while (next_line(&body, &number, &text)) {
        count++;
    }
    return count <= LINES_MAX || api_error_set(error, API_PAYLOAD_TOO_LARGE,
                                               "the body has %zu lines; there may be %d", count, LINES_MAX);
}

/* Do the next lines. Returns false if there are none. */
static bool do_group(struct batch *b)
{
    struct arena_mark mark = arena_mark(&b->ctx->memory);

    read_group(b);
    if (b->count > 0) {
        send_group(b);
        answer_group(b);
    }
    arena_release(&b->ctx->memory, mark);
    return b->count > 0;
}

static void finish(struct batch *b)
{
    struct response *res = &b->ctx->response;
    struct buffer unused = res->body;

    if (b->failed > 0) {
        log_error("lines of a batch failed", log_i64("lines", (int64_t)b->failed),
                  log_str("code", api_code_name(b->down.code)), log_str("error", b->down.text),
                  log_str("detail", b->down.detail[0] ? b->down.detail : NULL));
    }
    response_lines(res, 200);
    res->body = b->out;
    b->out = unused;
    res->etag[0] = '\0';
    res->transient = b->failed > 0;
}

static void end_batch(void *thing)
{
    struct batch *b = thing;

    buffer_fini(&b->out);
}

static bool store_lines(struct context *ctx, struct api_error *error)
{
    const struct slice body = {buffer_str(&ctx->request.body), ctx->request.body.len};

    if (!count_lines(body, error)) {
        return false;
    }
    struct batch *b = context_new(ctx, sizeof *b, end_batch, error);
    if (b == NULL) {
        return false;
    }
    b->ctx = ctx;
    b->rest = body;
    context_allow_bulk(ctx, BUDGET_MS);
    while (do_group(b)) {
    }
    finish(b);
    return true;
}

bool jobs_batch(struct context *ctx, struct api_error *error)
{
    return request_read_lines(&ctx->request, error) && idempotency_serve(ctx, store_lines, error);
}
