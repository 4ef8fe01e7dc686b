/* spacing: see spacing.h. The zone NULL makes local time of UTC. */
#include "job/spacing.h"

#define DAY_S 86400

static bool find_close_in_cron(const struct cron *cron, int64_t min_s, int64_t from_s, int64_t *first_s,
                               int64_t *second_s)
{
    int days = 0;
    int64_t last_s;
    int64_t next_s;
    if (!cron_next(cron, NULL, from_s, &last_s)) {
        return false;
    }
    for (int i = 0; i < SPACING_INSTANTS && days < SPACING_DAYS; i++) {
        if (!cron_next(cron, NULL, last_s, &next_s)) {
            return false;
        }
        if (next_s - last_s < min_s) {
            *first_s = last_s;
            *second_s = next_s;
            return true;
        }
        days += next_s / DAY_S != last_s / DAY_S;
        last_s = next_s;
    }
    return false;
}

bool spacing_find_close(const struct when *when, int64_t min_s, struct wall_ms from, struct wall_ms *first,
                        struct wall_ms *second)
{
    int64_t first_s = from.ms / 1000;
    int64_t second_s;
    if (min_s <= 1 || when->once.ms > 0) {
        return false; /* no two instants are closer than a second */
    }
    if (cron_is_every(&when->cron)) {
        first_s += cron_every_s(&when->cron);
        second_s = first_s + cron_every_s(&when->cron);
        if (second_s - first_s >= min_s) {
            return false;
        }
    } else if (!find_close_in_cron(&when->cron, min_s, first_s, &first_s, &second_s)) {
        return false;
    }
    first->ms = first_s * 1000;
    second->ms = second_s * 1000;
    return true;
}
