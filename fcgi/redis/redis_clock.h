/* redis_clock: the time by Redis' clock, which decides everything (docs/redis.md, "Whose clock").
 *
 * Owns how far this machine's clock differs from Redis', and logging that. Assumes at first that it does not
 * differ. A caller that learns Redis' time from a reply passes it on (redis_clock_learn); so a wrong clock
 * costs one request a second round trip, not every request. Does not ask Redis itself.
 *
 * Life cycle: redis_clock_init, then the rest as often as needed; nothing to free. One thread.
 */
#ifndef DRONC_REDIS_CLOCK_H
#define DRONC_REDIS_CLOCK_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

#define REDIS_CLOCK_LOG_MS 60000 /* the shortest time between two log lines about the difference */

struct redis_clock {
    struct clock clock;
    int64_t ahead_ms;        /* Redis' clock minus this machine's, as far as it is known */
    struct mono_ms next_log; /* no log line before that */
};

void redis_clock_init(struct redis_clock *own, struct clock clock);

/* Now, by Redis' clock as far as it is known. */
struct wall_ms redis_clock_now(const struct redis_clock *own);

/* Redis' clock has just shown `now`. Returns true if that differs from redis_clock_now by more than
 * STORE_CLOCK_TOLERANCE_MS; redis_clock_now then follows it. */
bool redis_clock_learn(struct redis_clock *own, struct wall_ms now);

#endif
