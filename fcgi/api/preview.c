/* preview: GET /v1/schedule/preview. Shows what a schedule means and when it fires next, without a job and
 * without Redis. lib/job decides what a schedule may be. */
#include "api/context.h"
#include "api/resources.h"
#include "http/query.h"
#include "job/job.h"
#include "job/job_json.h"

#define COUNT_DEFAULT 5
#define COUNT_MAX     100

/* Fill the part of job that is about time. */
static bool read_schedule(const struct context *ctx, struct job *job, struct wall_ms from,
                          struct api_error *error)
{
    struct job_fields fields = {.schedule = request_param(&ctx->request, "schedule"),
                                .timezone = request_param(&ctx->request, "timezone"),
                                .timezone_default = ctx->timezone};
    struct job_fault fault;

    return job_build_schedule(job, &fields, from, ctx->zones, &fault) || api_error_job(error, &fault);
}

static void put_instant(struct json_writer *w, const struct zone *zone, struct wall_ms at, enum cron_how how)
{
    char local[ZONE_STAMP_SIZE];

    json_object_begin(w);
    json_key(w, "unix");
    json_put_i64(w, at.ms / 1000);
    json_member_time(w, "utc", at);
    json_member_str(w, "local", zone_format(zone, at.ms / 1000, local) ? local : NULL);
    if (how != CRON_HOW_PLAIN) {
        json_member_str(w, "dst", how == CRON_HOW_MOVED ? "moved" : "merged");
    }
    json_object_end(w);
}

/* Write the instants of the schedule after `from`, count of them at most. */
static void put_next(struct json_writer *w, const struct job *job, struct wall_ms from, int64_t count)
{
    struct wall_ms at = from;
    enum cron_how how;

    json_array_begin(w);
    while (count-- > 0 && when_next(&job->when, job->zone, at, &at, &how)) {
        put_instant(w, job->zone, at, how);
    }
    json_array_end(w);
}

static void write_preview(struct context *ctx, const struct job *job, struct wall_ms from, int64_t count)
{
    char normalized[WHEN_PRINT_MAX];
    char description[WHEN_DESCRIBE_MAX];
    struct json_writer w;

    response_json(&ctx->response, 200, &w);
    json_object_begin(&w);
    json_member_str(&w, "schedule", job->schedule);
    (void)when_print_schedule(&job->when, normalized, sizeof normalized);
    json_member_str(&w, "normalized", normalized);
    json_member_str(&w, "timezone", zone_name(job->zone));
    (void)when_describe_schedule(&job->when, description, sizeof description);
    json_member_str(&w, "description", description);
    json_key(&w, "warnings");
    job_json_write_warnings(&w, &job->when.cron);
    json_key(&w, "next");
    put_next(&w, job, from, count);
    json_object_end(&w);
}

bool preview_schedule(struct context *ctx, struct api_error *error)
{
    struct wall_ms from = clock_wall(&ctx->clock);
    int64_t count = COUNT_DEFAULT;
    struct job job;

    if (!query_whole(&ctx->request, "count", (struct query_range){1, COUNT_MAX}, &count, error) ||
        !query_instant(&ctx->request, "from", &from, error) || !read_schedule(ctx, &job, from, error)) {
        return false;
    }
    write_preview(ctx, &job, from, count);
    return true;
}
