/* catch_up: a job's rule for occurrences that nobody called in time: which of them are still to be called.
 *
 * Owns the three fields of a definition that say so, their limits, and what holds where they are absent. What
 * the rule means for an occurrence that is late is decided by the runner's policy (runner/run/policy.h):
 *
 *     all      of the occurrences within the window the latest `max` are called, in order
 *     latest   only the latest one is called, if it is within the window
 *     none     what is later than a short grace is not called
 *
 * Defaults: at least once: `all`, the latest 100 within a day. At most once: `none`. Whoever asks for another
 * policy gets the same window and max, where he says nothing of them.
 *
 * Plain data, pure.
 */
#ifndef DRONC_CATCH_UP_H
#define DRONC_CATCH_UP_H

#include "base/buffer.h"
#include "base/err.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

#define CATCH_UP_WINDOW_S     86400   /* default */
#define CATCH_UP_WINDOW_S_MAX 2592000 /* 30 days; at least 1 */
#define CATCH_UP_MAX          100     /* default */
#define CATCH_UP_MAX_MAX      1000    /* at least 1 */

enum catch_up_policy {
    CATCH_UP_ALL,
    CATCH_UP_LATEST, /* the same as ALL with a max of 1 */
    CATCH_UP_NONE,
    CATCH_UP__COUNT
};

struct catch_up {
    enum catch_up_policy policy;
    int64_t window_ms; /* how late an occurrence may be; NONE: 0 */
    int max;           /* how many of them are called; LATEST: 1, NONE: 0 */
};

/* The rule of jobs that do not say one. */
struct catch_up catch_up_default(bool at_least_once);

/* The rule that the three fields say. ERR_INVALID: *field (static) is the one at fault, info says why; *out
 * is then not to be used. */
NODISCARD enum err catch_up_read(struct catch_up *out, const struct job_fields *fields, bool at_least_once,
                                 const char **field, struct errinfo *info);

/* The other way: fill the three fields so that catch_up_read gives the rule again; those at their default are
 * left absent. Texts are static. */
void catch_up_describe(const struct catch_up *rule, bool at_least_once, struct job_fields *fields);

/* True if both mean the same, whatever they are called. */
bool catch_up_equal(const struct catch_up *a, const struct catch_up *b);

/* Append the rule in one canonical form: rules that mean the same print equally. */
void catch_up_print(const struct catch_up *rule, struct buffer *out);

#endif
