/* watch: what a job remembers from one of its occurrences to the next, and what it does with that:
 * `overlap`, `pause_after_failures`, `on_failure_url`, `on_recovery_url`, `max_runs`.
 *
 * A group of fields (group.h). Most jobs have none of them and remember nothing. A job that has one is
 * watched (watch_is_needed): scripts of its own start and finish its attempts
 * (lib/store/lua/start_watched.lua, finish_watched.lua), so that other jobs do not pay for it.
 *
 *     overlap               what happens to an occurrence that is due while an earlier one, from its first
 *                           attempt to its last, is under way: allow (it is called all the same), skip (it
 *                           is recorded as skipped), queue (one waits), cancel (the earlier one is aborted)
 *     pause_after_failures  how many failed occurrences in a row pause the job; 0: never
 *     on_failure_url        called when the job goes from healthy to failing
 *     on_recovery_url       called when it goes back
 *     max_runs              how many occurrences are called before the job is completed; 0: no limit
 *
 * Life cycle: watch_read makes one, watch_fini frees its memory. Pure; any thread.
 */
#ifndef DRONC_WATCH_H
#define DRONC_WATCH_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

enum watch_overlap {
    WATCH_ALLOW,
    WATCH_SKIP,
    WATCH_QUEUE,
    WATCH_CANCEL,
    WATCH_OVERLAP__COUNT
};

struct watch {
    enum watch_overlap overlap;
    int64_t pause_after_failures;
    int64_t max_runs;
    struct slice on_failure_url; /* as given; data NULL: none */
    struct slice on_recovery_url;
    char *memory; /* owned: what they point into, each with a NUL behind it; NULL: nothing */
};

/* See group.h. */
NODISCARD bool watch_read(struct watch *out, const struct job_fields *fields, struct job_fault *fault);
void watch_describe(const struct watch *watch, struct job_fields *fields);
void watch_print(const struct watch *watch, struct buffer *out);
void watch_fini(struct watch *watch);

/* True if the job must remember anything. */
bool watch_is_needed(const struct watch *watch);
/* True if the job counts consecutive failures. */
bool watch_counts_failures(const struct watch *watch);

#endif
