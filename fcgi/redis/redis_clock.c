/* redis_clock: see redis_clock.h. */
#include "redis/redis_clock.h"

#include "base/log.h"
#include "store/store.h"

void redis_clock_init(struct redis_clock *own, struct clock clock)
{
    *own = (struct redis_clock){.clock = clock, .next_log = {INT64_MIN}};
}

struct wall_ms redis_clock_now(const struct redis_clock *own)
{
    return (struct wall_ms){clock_wall(&own->clock).ms + own->ahead_ms};
}

static bool differs(int64_t ms)
{
    return ms > STORE_CLOCK_TOLERANCE_MS || ms < -STORE_CLOCK_TOLERANCE_MS;
}

static void log_difference(struct redis_clock *own)
{
    struct mono_ms now = clock_mono(&own->clock);

    if (now.ms < own->next_log.ms) {
        return;
    }
    own->next_log.ms = now.ms + REDIS_CLOCK_LOG_MS;
    if (differs(own->ahead_ms)) {
        log_warn("clock differs from redis'", log_i64("redis_ahead_ms", own->ahead_ms),
                 log_str("effect", "none: jobs are made by redis' clock"));
    } else {
        log_info("clock agrees with redis' again", log_i64("redis_ahead_ms", own->ahead_ms));
    }
}

bool redis_clock_learn(struct redis_clock *own, struct wall_ms now)
{
    if (!differs(now.ms - redis_clock_now(own).ms)) {
        return false;
    }
    own->ahead_ms = now.ms - clock_wall(&own->clock).ms;
    log_difference(own);
    return true;
}
