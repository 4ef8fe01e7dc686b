/* redis_time: what time it is by Redis' clock, which rules everything (docs/redis.md, "Whose clock").
 *
 * Owns how far this machine's clock is off, and saying so in the log. Starts from the belief that it is
 * right; whoever is told Redis' time by an answer passes it on (redis_time_learn). From then on this process
 * counts by that, so that a clock that is wrong costs one request a second round trip, not each. Does not ask
 * Redis itself.
 *
 * Life cycle: redis_time_init, then the rest as often as needed; nothing to free. One thread.
 */
#ifndef DRONC_REDIS_TIME_H
#define DRONC_REDIS_TIME_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define REDIS_TIME_SAY_MS 60000 /* a clock that is wrong is told in the log once in so long */

struct redis_time {
    struct clock clock;
    int64_t ahead_ms;      /* Redis' clock minus this machine's, as far as is known */
    struct mono_ms silent; /* nothing is said before that */
};

void redis_time_init(struct redis_time *time, struct clock clock);

/* Now, by Redis' clock as far as it is known. */
struct wall_ms redis_time_now(const struct redis_time *time);

/* Redis has just said that it is `told`. True: that is another time than was believed (by more than
 * STORE_CLOCK_TOLERANCE_MS), and is believed from now on. */
bool redis_time_learn(struct redis_time *time, struct wall_ms told);

#endif
