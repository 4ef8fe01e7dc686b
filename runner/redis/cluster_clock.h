/* cluster_clock: the time of the whole cluster, which is Redis' clock, as this runner follows it.
 *
 * Every heartbeat brings a stamp of Redis' clock. Between stamps, a runner goes on counting with its own
 * monotonic clock, sleep included. So a step of its wall clock has no effect, and runners whose clocks differ
 * agree on when an instant comes. A stamp was taken at some moment between sending and receiving. The
 * cluster_clock assumes the moment of receiving. So it is never ahead of Redis' clock, and behind it by no
 * more than the fastest of the latest answers took. Loop thread only.
 */
#ifndef DRONC_CLUSTER_CLOCK_H
#define DRONC_CLUSTER_CLOCK_H

#include "base/clock.h"

#include <stdbool.h>

/* How many of the latest stamps count. A drift between the clocks shows within as many heartbeats. */
#define CLUSTER_CLOCK_SAMPLES 16

struct cluster_clock {
    struct clock clock;
    int64_t offsets_us[CLUSTER_CLOCK_SAMPLES]; /* stamp minus own clock, the latest ones */
    unsigned count; /* of samples taken since the last step, at most CLUSTER_CLOCK_SAMPLES */
    unsigned next;  /* the index of the next one */
    /* The largest of them; until there is one, the own wall clock minus the own mono clock. */
    int64_t offset_us;
};

/* Start from the machine's own wall clock. */
void cluster_clock_init(struct cluster_clock *cluster_clock, struct clock clock);
/* Take a stamp of Redis' clock that was asked for at sent_us and arrived at received_us (both clock_mono_us).
 * Returns by how many ms the cluster_clock stepped back; 0 if it did not. Going forward is not a step. */
int64_t cluster_clock_sample(struct cluster_clock *cluster_clock, int64_t stamp_us, int64_t sent_us,
                             int64_t received_us);
/* Returns true if at least one stamp has come. */
bool cluster_clock_is_known(const struct cluster_clock *cluster_clock);

int64_t cluster_clock_now_us(const struct cluster_clock *cluster_clock);
struct wall_ms cluster_clock_now(const struct cluster_clock *cluster_clock);
/* Returns the runner's own time (clock_mono_us) at the instant `at`, as far as it is known now. */
int64_t cluster_clock_mono_us(const struct cluster_clock *cluster_clock, struct wall_ms at);

#endif
