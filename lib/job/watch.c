/* watch: see watch.h. */
#include "job/watch.h"

#include "job/group.h"
#include "text/template.h"
#include "text/url.h"

#include <stdlib.h>

static const char *const overlap_names[WATCH_OVERLAP__COUNT] = {
    [WATCH_ALLOW] = "allow", [WATCH_SKIP] = "skip", [WATCH_QUEUE] = "queue", [WATCH_CANCEL] = "cancel"};

static bool read_overlap(enum watch_overlap *out, struct slice name, struct job_fault *fault)
{
    *out = WATCH_ALLOW;
    if (name.data == NULL) {
        return true;
    }
    for (unsigned i = 0; i < WATCH_OVERLAP__COUNT; i++) {
        if (slice_eq(name, overlap_names[i])) {
            *out = (enum watch_overlap)i;
            return true;
        }
    }
    return job_fault_invalid(fault, "overlap", "overlap must be allow, skip, queue or cancel");
}

static bool check_url(struct slice text, const char *field, struct job_fault *fault)
{
    struct url url;
    struct errinfo why = {0};
    return text.data == NULL ||
           (url_parse(&url, text, &why) == URL_OK && template_check(url.query, &why) == ERR_OK) ||
           job_fault_invalid(fault, field, "%s: %s", field, why.text);
}

static bool keep_urls(struct watch *out, const struct job_fields *fields, struct job_fault *fault)
{
    out->on_failure_url = fields->on_failure_url;
    out->on_recovery_url = fields->on_recovery_url;
    return group_keep(&out->memory, (struct slice *[]){&out->on_failure_url, &out->on_recovery_url}, 2) ||
           job_fault_nomem(fault, "on_recovery_url");
}

bool watch_read(struct watch *out, const struct job_fields *fields, struct job_fault *fault)
{
    *out = (struct watch){.pause_after_failures =
                              fields->pause_after_failures.given ? fields->pause_after_failures.value : 0,
                          .max_runs = fields->max_runs.given ? fields->max_runs.value : 0};
    return read_overlap(&out->overlap, fields->overlap, fault) &&
           check_url(fields->on_failure_url, "on_failure_url", fault) &&
           check_url(fields->on_recovery_url, "on_recovery_url", fault) && keep_urls(out, fields, fault);
}

void watch_fini(struct watch *watch)
{
    free(watch->memory);
    *watch = (struct watch){0};
}

bool watch_is_needed(const struct watch *watch)
{
    return watch->overlap != WATCH_ALLOW || watch->max_runs > 0 || watch_counts_failures(watch);
}

bool watch_counts_failures(const struct watch *watch)
{
    return watch->pause_after_failures > 0 || watch->memory != NULL;
}

void watch_describe(const struct watch *watch, struct job_fields *fields)
{
    if (watch->overlap != WATCH_ALLOW) {
        fields->overlap = slice_of(overlap_names[watch->overlap]);
    }
    fields->pause_after_failures =
        (struct job_number){watch->pause_after_failures > 0, watch->pause_after_failures};
    fields->on_failure_url = watch->on_failure_url;
    fields->on_recovery_url = watch->on_recovery_url;
    fields->max_runs = (struct job_number){watch->max_runs > 0, watch->max_runs};
}

static void print_url(const char *name, struct slice url, struct buffer *out)
{
    if (url.data != NULL) {
        buffer_printf(out, "%s %s\n", name, url.data);
    }
}

void watch_print(const struct watch *watch, struct buffer *out)
{
    if (watch->overlap != WATCH_ALLOW) {
        buffer_printf(out, "overlap %s\n", overlap_names[watch->overlap]);
    }
    if (watch->pause_after_failures > 0) {
        buffer_printf(out, "pause after %lld failures\n", (long long)watch->pause_after_failures);
    }
    print_url("on failure", watch->on_failure_url, out);
    print_url("on recovery", watch->on_recovery_url, out);
    if (watch->max_runs > 0) {
        buffer_printf(out, "max runs %lld\n", (long long)watch->max_runs);
    }
}
