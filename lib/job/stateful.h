/* stateful: what a job remembers from one of its occurrences to the next, and what it does with that:
 * `overlap`, `pause_after_failures`, `on_failure_url`, `on_recovery_url`, `max_runs`.
 *
 * A group of fields (group.h). Most jobs have none of them and remember nothing. A job that has one is
 * stateful (stateful_is_needed): scripts of its own start and finish its attempts
 * (lib/store/lua/start_stateful.lua, finish_stateful.lua), so that other jobs do not pay for it.
 *
 *     overlap               what happens to an occurrence that is due while an earlier one, from its first
 *                           attempt to its last, is under way: allow (it is called all the same), skip (it
 *                           is recorded as skipped), queue (one waits), cancel (the earlier one is aborted)
 *     pause_after_failures  how many failed occurrences in a row pause the job; 0: never
 *     on_failure_url        called when the job goes from healthy to failing
 *     on_recovery_url       called when it goes back
 *     max_runs              how many occurrences are called before the job is completed; 0: no limit
 *
 * Life cycle: stateful_read makes one, stateful_fini frees its memory. Pure; any thread.
 */
#ifndef DRONC_STATEFUL_H
#define DRONC_STATEFUL_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

enum overlap {
    OVERLAP_ALLOW,
    OVERLAP_SKIP,
    OVERLAP_QUEUE,
    OVERLAP_CANCEL,
    OVERLAP__COUNT
};

struct stateful {
    enum overlap overlap;
    int64_t pause_after_failures;
    int64_t max_runs;
    struct slice on_failure_url; /* as given; data NULL: none */
    struct slice on_recovery_url;
    char *memory; /* owned: what they point into, each followed by a NUL; NULL: nothing */
};

/* See group.h. */
NODISCARD bool stateful_read(struct stateful *out, const struct job_fields *fields, struct job_fault *fault);
void stateful_describe(const struct stateful *stateful, struct job_fields *fields);
void stateful_print(const struct stateful *stateful, struct buffer *out);
void stateful_fini(struct stateful *stateful);

/* True if the job must remember anything. */
bool stateful_is_needed(const struct stateful *stateful);
/* True if the job counts consecutive failures. */
bool stateful_counts_failures(const struct stateful *stateful);

#endif
