/* timebase: see timebase.h. Computes with offsets only; reads no clock but the given one. */
#include "redis/timebase.h"

void timebase_init(struct timebase *timebase, struct clock clock)
{
    *timebase = (struct timebase){.clock = clock};
    timebase->offset_us = clock_wall(&clock).ms * 1000 - clock_mono_us(&clock);
}

static void take_largest(struct timebase *timebase)
{
    timebase->offset_us = timebase->offsets_us[0];
    for (unsigned i = 1; i < timebase->count; i++) {
        if (timebase->offsets_us[i] > timebase->offset_us) {
            timebase->offset_us = timebase->offsets_us[i];
        }
    }
}

int64_t timebase_sample(struct timebase *timebase, int64_t stamp_us, int64_t sent_us, int64_t received_us)
{
    int64_t lowest = stamp_us - received_us;
    int64_t highest = stamp_us - sent_us;
    int64_t before = timebase->offset_us;
    bool stepped_back = timebase->count > 0 && highest < before;
    if (stepped_back) {
        timebase->count = 0;
        timebase->next = 0;
    }
    timebase->offsets_us[timebase->next] = lowest;
    timebase->next = (timebase->next + 1) % TIMEBASE_SAMPLES;
    if (timebase->count < TIMEBASE_SAMPLES) {
        timebase->count++;
    }
    take_largest(timebase);
    return stepped_back ? (before - timebase->offset_us) / 1000 : 0;
}

bool timebase_is_known(const struct timebase *timebase)
{
    return timebase->count > 0;
}

int64_t timebase_now_us(const struct timebase *timebase)
{
    return clock_mono_us(&timebase->clock) + timebase->offset_us;
}

struct wall_ms timebase_now(const struct timebase *timebase)
{
    int64_t us = timebase_now_us(timebase);
    return (struct wall_ms){us / 1000};
}

int64_t timebase_mono_us(const struct timebase *timebase, struct wall_ms at)
{
    return at.ms * 1000 - timebase->offset_us;
}
