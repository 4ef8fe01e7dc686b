/* cluster_clock: see cluster_clock.h. Computes with offsets only; reads no clock but the given one. */
#include "redis/cluster_clock.h"

void cluster_clock_init(struct cluster_clock *cluster_clock, struct clock clock)
{
    *cluster_clock = (struct cluster_clock){.clock = clock};
    cluster_clock->offset_us = clock_wall(&clock).ms * 1000 - clock_mono_us(&clock);
}

static void take_largest(struct cluster_clock *cluster_clock)
{
    cluster_clock->offset_us = cluster_clock->offsets_us[0];
    for (unsigned i = 1; i < cluster_clock->count; i++) {
        if (cluster_clock->offsets_us[i] > cluster_clock->offset_us) {
            cluster_clock->offset_us = cluster_clock->offsets_us[i];
        }
    }
}

int64_t cluster_clock_sample(struct cluster_clock *cluster_clock, int64_t stamp_us, int64_t sent_us,
                             int64_t received_us)
{
    int64_t lowest = stamp_us - received_us;
    int64_t highest = stamp_us - sent_us;
    int64_t before = cluster_clock->offset_us;
    bool stepped_back = cluster_clock->count > 0 && highest < before;
    if (stepped_back) {
        cluster_clock->count = 0;
        cluster_clock->next = 0;
    }
    cluster_clock->offsets_us[cluster_clock->next] = lowest;
    cluster_clock->next = (cluster_clock->next + 1) % CLUSTER_CLOCK_SAMPLES;
    if (cluster_clock->count < CLUSTER_CLOCK_SAMPLES) {
        cluster_clock->count++;
    }
    take_largest(cluster_clock);
    return stepped_back ? (before - cluster_clock->offset_us) / 1000 : 0;
}

bool cluster_clock_is_known(const struct cluster_clock *cluster_clock)
{
    return cluster_clock->count > 0;
}

int64_t cluster_clock_now_us(const struct cluster_clock *cluster_clock)
{
    return clock_mono_us(&cluster_clock->clock) + cluster_clock->offset_us;
}

struct wall_ms cluster_clock_now(const struct cluster_clock *cluster_clock)
{
    int64_t us = cluster_clock_now_us(cluster_clock);
    return (struct wall_ms){us / 1000};
}

int64_t cluster_clock_mono_us(const struct cluster_clock *cluster_clock, struct wall_ms at)
{
    return at.ms * 1000 - cluster_clock->offset_us;
}
