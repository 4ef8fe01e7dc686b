/* redis_health: would Redis store a job now, and would it keep it? Asks for what a POST needs, and changes
 * nothing. The deep health check (health) and the start of the program (check) use the result. One thread. */
#ifndef DRONC_REDIS_HEALTH_H
#define DRONC_REDIS_HEALTH_H

#include "base/err.h"
#include "redis/redis_sync.h"
#include "resp/redis_trouble.h"
#include "store/store_durability.h"

#define REDIS_HEALTH_BUDGET_MS 700 /* so that the deep health check always answers within a second */

struct redis_health {
    enum redis_trouble trouble;         /* REDIS_FINE: a job would be stored */
    struct store_durability durability; /* as far as Redis reports it */
    struct errinfo info;                /* about the trouble, for the log, in Redis' own words */
};

void redis_health_check(struct redis_sync *redis, struct redis_health *out);

/* Describe the trouble without Redis' own words. Borrowed from health. */
const char *redis_health_reason(const struct redis_health *health);

#endif
