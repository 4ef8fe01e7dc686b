/* spacing: do two instants of a schedule lie closer together than an installation allows?
 *
 * Looks at a bounded part of the schedule, in its local time, where no clock is put forward or back: a daily
 * job has a day between its instants, whatever daylight saving makes of it. A schedule repeats itself from
 * hour to hour and from day to day, so what is beyond looks like what was seen. Pure; any thread.
 */
#ifndef DRONC_SPACING_H
#define DRONC_SPACING_H

#include "job/when.h"

#include <stdbool.h>
#include <stdint.h>

#define SPACING_INSTANTS 4000 /* looked at, at most, … */
#define SPACING_DAYS     32   /* … on as many days that have any */

/* Returns true if the schedule, looked at from a moment on, has two neighbours less than min_s apart. Then
 * first and second are these, in the schedule's local time (@every: in UTC). */
NODISCARD bool spacing_find_close(const struct when *when, int64_t min_s, struct wall_ms from,
                                  struct wall_ms *first, struct wall_ms *second);

#endif
