/* job_rezone: see job_rezone.h for the cases. Translates local time by the zones' segments; cron finds the
 * occurrences. */
#include "job/job_rezone.h"

#include "zone/civil.h"

/* The first instant in zone at which clocks show local_s (seconds since the epoch, as if local time were
 * UTC). If they jump over it, the last instant before the jump. */
static int64_t instant_of(const struct zone *zone, int64_t local_s)
{
    size_t count;
    const struct zone_segment *segments = zone_segments(zone, &count);
    size_t i = zone_segment_at(zone, local_s - ZONE_OFFSET_MAX);
    for (; i + 1 < count; i++) {
        int64_t at_s = local_s - segments[i].offset_s;
        if (at_s < segments[i].start_s) {
            return segments[i].start_s - 1;
        }
        if (at_s < segments[i + 1].start_s) {
            return at_s;
        }
    }
    int64_t at_s = local_s - segments[i].offset_s;
    return at_s < segments[i].start_s ? segments[i].start_s - 1 : at_s;
}

/* The job's first instant at or after at_s, both without its offset. */
static bool first_from(const struct job *job, int64_t at_s, int64_t *out)
{
    struct wall_ms next;
    bool found = job_next(job, (struct wall_ms){(at_s - 1) * 1000 + job->when.offset_ms}, &next);
    if (found) {
        *out = (next.ms - job->when.offset_ms) / 1000;
    }
    return found;
}

/* Z2: the second before a pending instant is the last moment of the wall clock that is settled.
 * (If the instant is the end of a gap, that is the second before the gap.) */
static bool translate(const struct job *job, const struct zone *was, int64_t pending_s, int64_t *out)
{
    int64_t done_s = pending_s - 1;
    int64_t local_s = done_s + zone_offset_at(was, done_s);
    return first_from(job, instant_of(job->zone, local_s) + 1, out);
}

/* Z3 */
static int64_t settle_past(int64_t target_ms, int64_t pending_ms, int64_t soon_ms, int64_t now_ms)
{
    if (target_ms > now_ms) {
        return target_ms;
    }
    if (pending_ms > now_ms) {
        return soon_ms < pending_ms ? soon_ms : pending_ms;
    }
    return target_ms > pending_ms ? target_ms : pending_ms;
}

/* All instants without the job's offset. */
static int64_t rezone(const struct job *job, const struct zone *was, int64_t pending_ms, int64_t now_ms)
{
    int64_t pending_s = civil_floor_div(pending_ms, 1000);
    int64_t soon_s = civil_floor_div(now_ms + JOB_REZONE_MARGIN_MS, 1000);
    int64_t target_s;
    bool same = first_from(job, pending_s, &target_s) && target_s == pending_s;
    if (same || cron_is_every(&job->when.cron)) {
        return pending_ms;
    }
    if (was == NULL || cron_is_hourly(&job->when.cron)) {
        bool found = pending_s > soon_s && first_from(job, soon_s, &target_s);
        return found ? target_s * 1000 : pending_ms;
    }
    if (!translate(job, was, pending_s, &target_s)) {
        return pending_ms;
    }
    return settle_past(target_s * 1000, pending_ms, soon_s * 1000, now_ms);
}

struct wall_ms job_rezone(const struct job *job, const struct zone *was, struct wall_ms pending,
                          struct wall_ms now)
{
    int64_t offset_ms = job->when.offset_ms;
    return (struct wall_ms){rezone(job, was, pending.ms - offset_ms, now.ms - offset_ms) + offset_ms};
}
