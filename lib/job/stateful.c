/* stateful: see stateful.h. */
#include "job/stateful.h"

#include "job/group.h"
#include "job/job_url.h"

#include <stdlib.h>

static const char *const overlap_names[OVERLAP__COUNT] = {[OVERLAP_ALLOW] = "allow",
                                                          [OVERLAP_SKIP] = "skip",
                                                          [OVERLAP_QUEUE] = "queue",
                                                          [OVERLAP_CANCEL] = "cancel"};

static bool read_overlap(enum overlap *out, struct slice name, struct job_fault *fault)
{
    *out = OVERLAP_ALLOW;
    if (name.data == NULL) {
        return true;
    }
    for (unsigned i = 0; i < OVERLAP__COUNT; i++) {
        if (slice_eq(name, overlap_names[i])) {
            *out = (enum overlap)i;
            return true;
        }
    }
    return job_fault_invalid(fault, "overlap", "overlap must be allow, skip, queue or cancel");
}

static bool check_url(struct slice text, const char *field, const struct targets *targets,
                      struct job_fault *fault)
{
    struct url url;
    struct errinfo why = {0};
    return text.data == NULL || job_url_parse(&url, text, targets, &why) == URL_OK ||
           job_fault_invalid(fault, field, "%s: %s", field, why.text);
}

static bool keep_urls(struct stateful *out, const struct job_fields *fields, struct job_fault *fault)
{
    out->on_failure_url = fields->on_failure_url;
    out->on_recovery_url = fields->on_recovery_url;
    return group_keep(&out->memory, (struct slice *[]){&out->on_failure_url, &out->on_recovery_url}, 2) ||
           job_fault_nomem(fault, "on_recovery_url");
}

bool stateful_read(struct stateful *out, const struct job_fields *fields, struct job_fault *fault)
{
    *out = (struct stateful){.pause_after_failures =
                                 fields->pause_after_failures.given ? fields->pause_after_failures.value : 0,
                             .max_runs = fields->max_runs.given ? fields->max_runs.value : 0};
    return read_overlap(&out->overlap, fields->overlap, fault) &&
           check_url(fields->on_failure_url, "on_failure_url", fields->targets, fault) &&
           check_url(fields->on_recovery_url, "on_recovery_url", fields->targets, fault) &&
           keep_urls(out, fields, fault);
}

void stateful_fini(struct stateful *stateful)
{
    free(stateful->memory);
    *stateful = (struct stateful){0};
}

bool stateful_is_needed(const struct stateful *stateful)
{
    return stateful->overlap != OVERLAP_ALLOW || stateful->max_runs > 0 || stateful_counts_failures(stateful);
}

bool stateful_counts_failures(const struct stateful *stateful)
{
    return stateful->pause_after_failures > 0 || stateful->memory != NULL;
}

void stateful_describe(const struct stateful *stateful, struct job_fields *fields)
{
    if (stateful->overlap != OVERLAP_ALLOW) {
        fields->overlap = slice_of(overlap_names[stateful->overlap]);
    }
    fields->pause_after_failures =
        (struct job_number){stateful->pause_after_failures > 0, stateful->pause_after_failures};
    fields->on_failure_url = stateful->on_failure_url;
    fields->on_recovery_url = stateful->on_recovery_url;
    fields->max_runs = (struct job_number){stateful->max_runs > 0, stateful->max_runs};
}

static void print_url(const char *name, struct slice url, struct buffer *out)
{
    if (url.data != NULL) {
        buffer_printf(out, "%s %s\n", name, url.data);
    }
}

void stateful_print(const struct stateful *stateful, struct buffer *out)
{
    if (stateful->overlap != OVERLAP_ALLOW) {
        buffer_printf(out, "overlap %s\n", overlap_names[stateful->overlap]);
    }
    if (stateful->pause_after_failures > 0) {
        buffer_printf(out, "pause after %lld failures\n", (long long)stateful->pause_after_failures);
    }
    print_url("on failure", stateful->on_failure_url, out);
    print_url("on recovery", stateful->on_recovery_url, out);
    if (stateful->max_runs > 0) {
        buffer_printf(out, "max runs %lld\n", (long long)stateful->max_runs);
    }
}
