/* rfc3339: instants as people write them, read strictly: "2026-03-08T03:00:00-04:00".
 *
 * Owns the grammar (RFC 3339, section 5.6: a date, `T`, a time of day with seconds, perhaps a fraction, `Z`
 * or an offset; `t` and `z` will do; a blank instead of the `T` will not) and the years that Dronc knows.
 * Leaves writing to clock and zone. Pure; any thread.
 */
#ifndef DRONC_RFC3339_H
#define DRONC_RFC3339_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"

/* Read all of text. Of a fraction three digits count. ERR_INVALID with what is wrong in info ("there is no
 * such day"): another form, a date or time that does not exist, a leap second (:60; instants here have none),
 * an instant before 1970 or after 2199 (in UTC). Then *out is untouched. */
NODISCARD enum err rfc3339_parse(struct wall_ms *out, struct slice text, struct errinfo *info);

#endif
