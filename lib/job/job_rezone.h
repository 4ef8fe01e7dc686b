/* job_rezone: where a job's pending occurrence goes when the rules of its time zone change.
 *
 * The pending instant was computed by the old rules. The job is owed that moment on its wall clock, so the
 * occurrence moves to where the new rules put it. Six cases:
 *
 *   Z1 the same   The pending instant is one of the schedule by the new rules, too: it stays, even if it is
 *                 now another one of several hours a day. (So it does no harm to do all this twice, or by
 *                 several runners at once.) @every does not depend on a zone: it stays.
 *
 *   Z2 moved      A wall-clock schedule (see cron.h): the pending local time is translated. The occurrence
 *                 moves, earlier or later, to the first instant by the new rules whose local time is not
 *                 before it. Nothing that has run is repeated, and nothing is left out.
 *
 *   Z3 over       As Z2, but that instant is in the past (the update came late). The occurrence is caught
 *                 up: in two seconds, or at the old instant if that is sooner. One call stands for several
 *                 missed ones, as after a gap (D3 of cron.h). One that was overdue before stays overdue, at
 *                 the later of its two instants, so that its next instant cannot be itself.
 *
 *   Z4 hourly     Schedules that run in all 24 hours keep real time: the first instant that is two seconds
 *                 or more away. One that is due before that stays.
 *
 *   Z5 unknown    The old rules are not known: as Z4. Z2 would give the same, unless the change reaches into
 *                 the past.
 *
 *   Z6 none       The new rules leave no instant at all: the pending one stays.
 *
 * Why two seconds: an occurrence is claimed a moment before its instant, and then the one after it is
 * pending. What is so near is left to the claim.
 *
 * Pure; any thread.
 */
#ifndef DRONC_JOB_REZONE_H
#define DRONC_JOB_REZONE_H

#include "base/clock.h"
#include "job/job.h"
#include "zone/zone.h"

#define JOB_REZONE_MARGIN_MS 2000

/* The instant that the occurrence pending at `pending` moves to; `pending` if it stays. job has the new zone.
 * was: the same zone by the rules that pending was computed with; NULL: not known. now: by Redis' clock. */
struct wall_ms job_rezone(const struct job *job, const struct zone *was, struct wall_ms pending,
                          struct wall_ms now);

#endif
