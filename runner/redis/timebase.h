/* timebase: the time of the whole cluster, which is Redis' clock, as this runner follows it.
 *
 * Every heartbeat brings a stamp of Redis' clock. Between stamps, a runner goes on counting with its own
 * monotonic clock, sleep included. So a step of its wall clock has no effect, and runners whose clocks differ
 * agree on when an instant is. A stamp was taken at some moment between sending and receiving. The timebase
 * assumes the moment of receiving; so it is never ahead of Redis' clock, and behind by no more than the
 * fastest of the last answers took. Loop thread only.
 */
#ifndef DRONC_TIMEBASE_H
#define DRONC_TIMEBASE_H

#include "base/clock.h"

#include <stdbool.h>

/* How many of the latest stamps count. A drift between the clocks shows within as many heartbeats. */
#define TIMEBASE_SAMPLES 16

struct timebase {
    struct clock clock;
    int64_t offsets_us[TIMEBASE_SAMPLES]; /* stamp minus own clock, the latest ones */
    unsigned count;                       /* of samples taken since the last step, at most TIMEBASE_SAMPLES */
    unsigned next;                        /* the index of the next one */
    /* The largest of them; until there is one, the own wall clock minus the own mono clock. */
    int64_t offset_us;
};

/* Start from the machine's own wall clock. */
void timebase_init(struct timebase *timebase, struct clock clock);
/* Take a stamp of Redis' clock that was asked for at sent_us and arrived at received_us (both clock_mono_us).
 * Returns by how many ms the timebase stepped back; 0 if it did not. Going forward is not a step. */
int64_t timebase_sample(struct timebase *timebase, int64_t stamp_us, int64_t sent_us, int64_t received_us);
/* True if at least one stamp has come. */
bool timebase_is_known(const struct timebase *timebase);

int64_t timebase_now_us(const struct timebase *timebase);
struct wall_ms timebase_now(const struct timebase *timebase);
/* The runner's own time (clock_mono_us) at the instant `at`, as far as it is known now. */
int64_t timebase_mono_us(const struct timebase *timebase, struct wall_ms at);

#endif
