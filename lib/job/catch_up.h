/* catch_up: a job's rule for misfires: which late occurrences are still called.
 *
 * A group of fields (group.h): `catch_up`, `catch_up_window_s`, `catch_up_max`. The runner's policy
 * (runner/run/policy.h) applies the rule to an occurrence that is late:
 *
 *     all      the latest `max` occurrences within the window are called, in order
 *     latest   only the latest occurrence is called, if it is within the window
 *     none     an occurrence that is later than a short grace is not called
 *
 * Defaults: ATLEAST_ONCE has `all`, the latest 100 within a day; ATMOST_ONCE has `none`. A policy that is
 * given without a window or a max has the same ones.
 *
 * Plain data, pure.
 */
#ifndef DRONC_CATCH_UP_H
#define DRONC_CATCH_UP_H

#include "base/buffer.h"
#include "job/job_fault.h"
#include "job/job_fields.h"

#include <stdbool.h>
#include <stdint.h>

#define CATCH_UP_WINDOW_S 86400 /* default; likewise the next one */
#define CATCH_UP_MAX      100

enum catch_up_policy {
    CATCH_UP_ALL,
    CATCH_UP_LATEST, /* the same as ALL with a max of 1 */
    CATCH_UP_NONE,
    CATCH_UP__COUNT
};

struct catch_up {
    enum catch_up_policy policy;
    int64_t window_ms;  /* how late an occurrence may be; NONE: 0 */
    int max;            /* how many of them are called; LATEST: 1, NONE: 0 */
    bool at_least_once; /* the job's type, on which the default depends */
};

/* The rule of a job that gives none. */
struct catch_up catch_up_default(bool at_least_once);

/* See group.h. catch_up_read also needs fields->type, which must be valid. */
NODISCARD bool catch_up_read(struct catch_up *out, const struct job_fields *fields, struct job_fault *fault);
void catch_up_describe(const struct catch_up *rule, struct job_fields *fields);
void catch_up_print(const struct catch_up *rule, struct buffer *out);
void catch_up_fini(struct catch_up *rule);

#endif
