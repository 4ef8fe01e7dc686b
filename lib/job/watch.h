/* watch: what a job remembers from one of its occurrences to the next, and what it does about that:
 * `overlap`, `pause_after_failures`, `on_failure_url`, `on_recovery_url`, `max_runs`.
 *
 * Owns the fields and their limits. Most jobs have none of them and remember nothing; those that have one are
 * watched (watch_is_needed): their attempts are started and finished by scripts of their own
 * (lib/store/lua/start_watched.lua, finish_watched.lua), so that nobody else pays for it.
 *
 *     overlap               what becomes of an occurrence that is due while an earlier one is not over, from
 *                           its first attempt to its last: allow (called all the same), skip (recorded as
 *                           skipped), queue (one waits), cancel (the earlier one is aborted)
 *     pause_after_failures  so many failed occurrences in a row pause the job; 0: none do
 *     on_failure_url        called when the job goes from well to failing
 *     on_recovery_url       called when it goes back
 *     max_runs              how many occurrences are called, then the job is completed; 0: no limit
 *
 * Life cycle: watch_read, watch_fini. Pure; any thread.
 */
#ifndef DRONC_WATCH_H
#define DRONC_WATCH_H

#include "base/buffer.h"
#include "base/err.h"
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

/* What the fields say; those of numbers have been held to the table's limits. ERR_INVALID: *field (static) is
 * the one at fault, info says why; values are not repeated, for a URL may hold a password. ERR_NOMEM. On
 * failure there is nothing to free. */
NODISCARD enum err watch_read(struct watch *out, const struct job_fields *fields, const char **field,
                              struct errinfo *info);
/* It must not be used after that; a zero-initialised one may be ended, too. */
void watch_fini(struct watch *watch);

/* Is anything to be remembered? */
bool watch_is_needed(const struct watch *watch);
/* Is it counted how many occurrences fail in a row? */
bool watch_counts_failures(const struct watch *watch);

/* The other way: fill the fields; those at their default are left absent. Texts are borrowed from watch. */
void watch_describe(const struct watch *watch, struct job_fields *fields);

/* Append it in one canonical form; nothing where all is at its default. */
void watch_print(const struct watch *watch, struct buffer *out);

#endif
