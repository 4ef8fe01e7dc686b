/* redis_time: see redis_time.h. */
#include "redis/redis_time.h"

#include "base/log.h"
#include "store/store_database.h"
#include "store/store_job.h"

void redis_time_init(struct redis_time *time, struct clock clock)
{
    *time = (struct redis_time){.clock = clock, .silent = {INT64_MIN}};
}

struct wall_ms redis_time_now(const struct redis_time *time)
{
    return (struct wall_ms){clock_wall(&time->clock).ms + time->ahead_ms};
}

static bool differs(int64_t ms)
{
    return ms > STORE_CLOCK_TOLERANCE_MS || ms < -STORE_CLOCK_TOLERANCE_MS;
}

static void say(struct redis_time *time)
{
    struct mono_ms now = clock_mono(&time->clock);

    if (now.ms < time->silent.ms) {
        return;
    }
    time->silent.ms = now.ms + REDIS_TIME_SAY_MS;
    if (differs(time->ahead_ms)) {
        log_warn("clock differs from redis'", log_i64("redis_ahead_ms", time->ahead_ms),
                 log_str("effect", "none: jobs are made by redis' clock"));
    } else {
        log_info("clock agrees with redis' again", log_i64("redis_ahead_ms", time->ahead_ms));
    }
}

bool redis_time_learn(struct redis_time *time, struct wall_ms told)
{
    if (!differs(told.ms - redis_time_now(time).ms)) {
        return false;
    }
    time->ahead_ms = told.ms - clock_wall(&time->clock).ms;
    say(time);
    return true;
}
