/* status: see status.h. */
#include "status.h"

#include "store/store_level.h"

#include <stdio.h>

#define HEAD_SIZE 600

bool status_is_working(const struct status_of *of)
{
    return redis_link_is_up(of->link) && lease_is_valid(of->lease);
}

/* Why nothing is claimed. The log has the words of a Redis that answers and takes no heartbeat. */
static const char *trouble(const struct status_of *of)
{
    const char *error = redis_link_error(of->link);
    if (redis_link_is_up(of->link)) {
        return of->lease->complained ? "it takes no heartbeat" : "no heartbeat yet";
    }
    return error[0] != '\0' ? error : "connecting";
}

/* For a Redis that answers, though not as it should. */
static const char *preface(const struct status_of *of)
{
    bool up = redis_link_is_up(of->link);
    return !up && redis_link_trouble(of->link) == REDIS_READ_ONLY ? "it takes no heartbeat: " : "";
}

void status_describe(char out[STATUS_SIZE], const struct status_of *of)
{
    char where[CONFIG_REDIS_SIZE] = "";
    char head[HEAD_SIZE] = "";
    char tail[64] = "";
    size_t waiting = outbox_waiting(of->outbox);
    if (redis_link_is_up(of->link) && of->lease->outdated) {
        (void)snprintf(head, sizeof head,
                       "claiming nothing: a newer version uses this database (level %d, this runner reads up "
                       "to %d); ",
                       of->lease->level, STORE_LEVEL);
    } else if (!status_is_working(of)) {
        config_describe_redis(where, of->config);
        (void)snprintf(head, sizeof head, "waiting for Redis at %.200s: %s%.300s; ", where, preface(of),
                       trouble(of));
    }
    if (waiting > 0) {
        (void)snprintf(tail, sizeof tail, ", %zu not yet sent to Redis", waiting);
    }
    (void)snprintf(out, STATUS_SIZE, "%s%s%zu calls under way, %zu attempts held%s",
                   of->stopping ? "stopping; " : "", head, attempts_calling(of->attempts),
                   attempts_count(of->attempts), tail);
}
