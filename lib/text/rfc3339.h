/* rfc3339: reads instants as people write them, strictly: "2026-03-08T03:00:00-04:00".
 *
 * The grammar is RFC 3339, section 5.6: a date, `T`, a time of day with seconds, perhaps a fraction, and `Z`
 * or an offset. `t` and `z` are accepted; a space instead of the `T` is not. clock and zone write instants.
 * Pure; any thread.
 */
#ifndef DRONC_RFC3339_H
#define DRONC_RFC3339_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/err.h"

/* Read all of text; the first three digits of a fraction count. ERR_INVALID, with the mistake in info
 * ("there is no such day"), for another form, a date or time that does not exist, a leap second (:60;
 * Dronc's instants have none), and an instant before 1970 or after 2199 (in UTC); then *out is untouched. */
NODISCARD enum err rfc3339_parse(struct wall_ms *out, struct slice text, struct errinfo *info);

#endif
