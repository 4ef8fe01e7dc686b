/* redis_health: would Redis take a job now, and is it one that keeps it? Asks what a POST needs, and changes
 * nothing. Leaves what is made of it to the deep health check (health) and to the program's start (main). One
 * thread.
 */
#ifndef DRONC_REDIS_HEALTH_H
#define DRONC_REDIS_HEALTH_H

#include "base/err.h"
#include "redis/redis_sync.h"
#include "resp/redis_trouble.h"
#include "store/store_durability.h"

#define REDIS_HEALTH_BUDGET_MS \
    700 /* so that the deep health check is answered within a second, whatever happens */

struct redis_health {
    enum redis_trouble trouble;         /* REDIS_FINE: a job would be stored */
    struct store_durability durability; /* as far as Redis tells */
    struct errinfo info;                /* of a trouble: for the log, with Redis' own words */
};

void redis_health_check(struct redis_sync *redis, struct redis_health *out);

/* What the trouble is, for a person who need not know what Redis said. Borrowed from health. */
const char *redis_health_reason(const struct redis_health *health);

#endif
