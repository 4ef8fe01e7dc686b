/* policy: see policy.h. */
#include "policy.h"

/* Evenly from 0 to max. */
static int64_t draw(int64_t max, uint32_t random)
{
    return (int64_t)((uint64_t)(max + 1) * random >> 32);
}

int64_t policy_backoff_ms(int attempt, uint32_t random)
{
    int64_t backoff = POLICY_BACKOFF_MIN_MS;
    for (int i = 1; i < attempt && backoff < POLICY_BACKOFF_MAX_MS; i++) {
        backoff *= 2;
    }
    if (backoff > POLICY_BACKOFF_MAX_MS) {
        backoff = POLICY_BACKOFF_MAX_MS;
    }
    return draw(backoff, random);
}

int64_t policy_put_off_ms(int64_t late_ms, uint32_t random)
{
    int64_t wait = late_ms > POLICY_PUT_OFF_MIN_MS ? late_ms : POLICY_PUT_OFF_MIN_MS;
    wait = wait < POLICY_PUT_OFF_MAX_MS ? wait : POLICY_PUT_OFF_MAX_MS;
    return wait / 2 + draw(wait - wait / 2, random);
}

static struct wall_ms later(struct wall_ms a, struct wall_ms b)
{
    return a.ms > b.ms ? a : b;
}

/* The first occurrence at or after `at`, of a schedule that has one at scheduled (before at). @every has its
 * instants only from one to the next, so the steps that lie between are leapt over. ms = INT64_MAX: there is
 * none. */
static struct wall_ms first_from(const struct job *job, struct wall_ms scheduled, struct wall_ms at)
{
    struct wall_ms from = {at.ms - 1};
    struct wall_ms next = {INT64_MAX};
    int64_t every_ms = (int64_t)cron_every_s(&job->cron) * 1000;
    if (every_ms > 0) {
        from.ms = scheduled.ms + (at.ms - 1 - scheduled.ms) / every_ms * every_ms;
    }
    return job_next(job, from, &next) ? next : (struct wall_ms){INT64_MAX};
}

/* Of the occurrences from first to now, the one with POLICY_CATCH_UP_MAX - 1 others behind it; first where
 * there are fewer. */
static struct wall_ms first_of_latest(const struct job *job, struct wall_ms first, struct wall_ms now)
{
    struct wall_ms latest[POLICY_CATCH_UP_MAX];
    int64_t count = 0;
    for (struct wall_ms at = first; at.ms <= now.ms;) {
        latest[count % POLICY_CATCH_UP_MAX] = at;
        count++;
        if (!job_next(job, at, &at)) {
            break;
        }
    }
    return count <= POLICY_CATCH_UP_MAX ? first : latest[count % POLICY_CATCH_UP_MAX];
}

static struct policy_gap measure(const struct job *job, struct wall_ms scheduled, struct wall_ms next)
{
    struct policy_gap gap = {.next = next, .until = scheduled};
    for (struct wall_ms at = scheduled; at.ms < next.ms && gap.count < POLICY_COUNT_MAX; gap.count++) {
        gap.until = at;
        if (!job_next(job, at, &at)) {
            at.ms = INT64_MAX;
        }
    }
    return gap;
}

struct policy_gap policy_lateness(const struct job *job, struct wall_ms scheduled, struct wall_ms now)
{
    struct policy_gap none = {0};
    if (now.ms - scheduled.ms <= POLICY_GRACE_MS) {
        return none;
    }
    struct wall_ms keep;
    if (job->type == JOB_ATMOST_ONCE) {
        keep = first_from(job, scheduled, (struct wall_ms){now.ms - POLICY_GRACE_MS});
    } else {
        struct wall_ms oldest = {now.ms - POLICY_CATCH_UP_WINDOW_MS};
        struct wall_ms first = oldest.ms <= scheduled.ms ? scheduled : first_from(job, scheduled, oldest);
        keep = first_of_latest(job, later(first, scheduled), now);
    }
    return keep.ms <= scheduled.ms ? none : measure(job, scheduled, keep);
}
