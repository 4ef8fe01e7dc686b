/* status: describes the runner's state in one line, for a person who looks at it at three in the morning:
 *
 *  - 3 calls under way, 12 attempts held
 *  - waiting for Redis at 127.0.0.1:6379: Connection refused; 3 calls under way, 12 attempts held
 *  - claiming nothing: a newer version uses this database (level 9, this runner reads up to 1); 0 calls …
 *  - stopping; 1 calls under way, 2 attempts held, 1 not yet sent to Redis
 *
 * Reads only.
 */
#ifndef DRONC_STATUS_H
#define DRONC_STATUS_H

#include "cluster/lease.h"
#include "redis/redis_link.h"
#include "run/attempts.h"
#include "run/outbox.h"

#include <stdbool.h>

#define STATUS_SIZE 1024

/* All borrowed. */
struct status_of {
    const struct config *config;
    const struct redis_link *link;
    const struct lease *lease;
    const struct attempts *attempts;
    const struct outbox *outbox;
    bool stopping;
};

/* Returns true if the runner may claim and send. */
bool status_is_working(const struct status_of *of);
void status_describe(char out[STATUS_SIZE], const struct status_of *of);

#endif
