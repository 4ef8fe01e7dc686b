/* job_rezone: what becomes of a job's pending occurrence when the rules of its time zone change.
 *
 * The pending instant was computed by the old rules. What is owed is that moment on the job's wall clock, so
 * the occurrence goes to where the new rules put it. Six cases:
 *
 *   Z1 the same   The pending instant is one of the schedule by the new rules, too: it stays, even if it is
 *                 another one of several hours a day now. (So doing all this twice, or by several runners at
 *                 once, does no harm.) @every knows no zone: it stays.
 *
 *   Z2 moved      A wall-clock schedule (see cron.h): the pending local time is translated. The first
 *                 instant by the new rules whose local time is not before it takes its place, be it earlier
 *                 or later. Nothing that has run comes again, nothing is left out.
 *
 *   Z3 over       As Z2, but that instant is in the past (an update that came late). The occurrence is made
 *                 up for: in two seconds, or at the old instant if that is sooner; several that are over by
 *                 one call, as after a gap (D3 of cron.h). One that was overdue before stays overdue, at the
 *                 later of its two instants, so that its next one cannot be itself.
 *
 *   Z4 hourly     Schedules that run in all 24 hours keep real time: the first instant that is two seconds
 *                 or more away. One that is due before that stays.
 *
 *   Z5 unknown    Nobody knows the old rules: as Z4. That is what Z2 says, too, unless the change reaches
 *                 into the past.
 *
 *   Z6 none       The new rules leave no instant at all: the pending one stays.
 *
 * Two seconds: an occurrence is claimed a moment before its instant, and then the one after it is pending.
 * What is so near is left to the claim.
 *
 * Pure; any thread.
 */
#ifndef DRONC_JOB_REZONE_H
#define DRONC_JOB_REZONE_H

#include "base/clock.h"
#include "job/job.h"
#include "zone/zone.h"

#define JOB_REZONE_MARGIN_MS 2000

/* Where the occurrence that is pending at `pending` belongs; `pending` if it stays. job has the new zone; was
 * is the same zone by the rules that pending was computed with (NULL: not known); now is Redis' clock. */
struct wall_ms job_rezone(const struct job *job, const struct zone *was, struct wall_ms pending,
                          struct wall_ms now);

#endif
